"""The report of a load of a raster: facts of its file and of its cells, voids, measures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import numpy as np

from layers.ingest.raster_survey import Range, Survey
from layers.ingest.vector.finding import Finding
from layers.ingest.vector.findings import Findings
from layers.ingest.vector.load_report import Counts, Decision, Fact, LoadReport
from layers.message import Message, message
from layers.model import Area
from layers.quality import Measured
from layers.quality.measures import DOMAIN, NONCONFORMING, OMISSION
from layers.raster import Raster, RasterDefinition
from layers.raster_store import LoadedRaster


@dataclass(frozen=True)
class Loading:
    """Cells on the way into a raster of an area; `surveyed` is None when no file held them.

    `file` is its name, or that of the source of the cells; `checksum` that of its bytes.
    """

    definition: RasterDefinition
    area: Area
    raster: Raster
    file: str
    checksum: str
    surveyed: Survey | None = None


def report(
    loading: Loading, decision: Decision, said: Message | None, done: LoadedRaster | None
) -> LoadReport:
    """Return the report of a load; `done` is None when the cells were refused."""
    surveyed, raster = loading.surveyed, loading.raster
    cells = surveyed.cells if surveyed else raster.values.size
    voids = surveyed.voids if surveyed else _empty(raster)
    findings = _findings(loading)
    strange = sum(one.cells for one in surveyed.strangers) if surveyed else 0
    measures = [
        Measured(OMISSION, 6, "number of missing items", voids),
        Measured(OMISSION, 7, "rate of missing items", voids / cells, rate=True),
    ]
    if loading.definition.classes:
        measures.append(Measured(DOMAIN, 16, NONCONFORMING, strange))
    return LoadReport(
        layer=loading.definition.id,
        area=loading.area.id,
        file=loading.file,
        checksum=loading.checksum,
        time=datetime.now(UTC),
        crs=surveyed.crs if surveyed else "",
        counts=Counts(read=cells, loaded=cells - voids if done else 0, refused=strange),
        findings=tuple(findings.kept),
        measures=tuple(asdict(one) for one in measures),
        decision=decision,
        why=said,
        counted="cells",
        facts=tuple(_facts(loading, done)),
        totals={kind: number for kind, number in findings.named().items() if number},
    )


def _findings(loading: Loading) -> Findings:
    found, surveyed = Findings(), loading.surveyed
    if surveyed is None:
        return found
    for one in surveyed.strangers:
        code, name = "raster.unknown_class", f"{one.value:g}"
        told = message(code, value=one.value, cells=one.cells)
        found.add(Finding(code, name, "refused", message=told, lon=one.lon, lat=one.lat))
    for one in surveyed.patches:
        code, name = "raster.void", f"{one.column}, {one.row}"
        told = message(code, cells=one.cells, column=one.column, row=one.row)
        found.add(Finding(code, name, "noted", message=told, lon=one.lon, lat=one.lat))
    found.count("raster.void", "noted", surveyed.patch_count - len(surveyed.patches))
    return found


def _facts(loading: Loading, done: LoadedRaster | None) -> Iterator[Fact]:
    surveyed, raster = loading.surveyed, loading.raster
    if surveyed:
        yield "fact.size_in", message("raster.size", columns=surveyed.columns, rows=surveyed.rows)
        yield "fact.bands", len(surveyed.ranges)
        yield "fact.type", surveyed.type
        nodata = surveyed.nodata
        yield "fact.nodata", message("raster.not_said") if nodata is None else _nodata(nodata)
        yield "fact.voids", surveyed.voids
        yield "fact.ranges", _ranges(surveyed.ranges)
        continuous = loading.definition.kind == "continuous"
        yield "fact.resampled", message("raster.bilinear" if continuous else "raster.nearest")
    rows, columns = raster.values.shape
    yield "fact.crs_out", raster.crs
    yield "fact.size_out", message("raster.size", columns=columns, rows=rows)
    yield "fact.cell_m", round(raster.transform[0], 3)
    known = ~_none(raster)
    if known.any():
        low = float(raster.values.min(where=known, initial=np.inf))
        high = float(raster.values.max(where=known, initial=-np.inf))
        yield "fact.range_out", message("raster.between", low=low, high=high)
    yield "fact.empty_out", _empty(raster)
    if done:
        marked = message("raster.whole")
        if raster.nodata is not None:
            marked = message("raster.marked", nodata=_nodata(raster.nodata))
        yield "fact.made", message("raster.made", overviews=done.overviews, cells=marked)


def _nodata(value: float) -> str:
    return "NaN" if np.isnan(value) else f"{value:g}"


def _ranges(ranges: tuple[Range, ...]) -> Message:
    told = [
        message("raster.no_range", band=band)
        if one is None
        else message("raster.range", band=band, low=one[0], high=one[1])
        for band, one in enumerate(ranges, 1)
    ]
    return message("raster.ranges", bands=told)


def _none(raster: Raster) -> np.ndarray:
    """Return which cells hold no value."""
    none = np.isnan(raster.values)
    return none if raster.nodata is None else none | (raster.values == raster.nodata)


def _empty(raster: Raster) -> int:
    return int(_none(raster).sum())
