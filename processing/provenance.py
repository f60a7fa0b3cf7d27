"""Where a result comes from: the identity of a run, its inputs, and the row that is kept of it.

Imports neither numpy nor geopandas, so asking whether a run is needed costs milliseconds.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row, tuple_row
from psycopg.types.json import Jsonb
from pydantic import BaseModel

from layers.model import Area, Layer, Licence, Origin, Status
from layers.raster import RasterDefinition, load_rasters
from layers.unfinished import FinishedTiles, Unfinished, begun
from layers.version import SELECT_RASTERS, SELECT_VERSIONS, Version
from processing.distributed import Tiling
from processing.errors import EmptyInput
from processing.pipelines import Pipeline
from processing.pipelines.model import optional
from processing.versions import code_version, libraries

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_OID, "geoportal-by runs")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will read; equal content gives an equal `id`, whenever and wherever it is run."""

    id: str
    pipeline: Pipeline
    area: Area
    params: BaseModel
    versions: Mapping[str, Version]
    seeds: Mapping[str, str]

    @property
    def crs(self) -> str:
        """The CRS in which lengths are measured."""
        return f"EPSG:{self.area.srid}"

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters as JSON, defaults written out."""
        return self.params.model_dump(mode="json")

    @property
    def inputs(self) -> dict[str, Any]:
        """Every input with its checksum: layers with their versions, seed tables."""
        layers = {
            name: {"version": v.version, "checksum": v.checksum, "rows": v.row_count}
            for name, v in self.versions.items()
        }
        return layers | {f"seed:{name}": {"checksum": sum_} for name, sum_ in self.seeds.items()}


def plan(conn: Connection, pipeline: Pipeline, area: Area, params: BaseModel) -> Plan:
    """Look up the inputs of a run; raises EmptyInput naming one that is not loaded for the area."""
    found = _versions(conn, area)
    may_lack = optional(pipeline)
    for argument, name in pipeline.INPUTS.items():
        if name not in found and argument not in may_lack:
            kind = "raster" if name in load_rasters() else "layer"
            message = f"{kind} {name} is not loaded for area {area.id}"
            raise EmptyInput(f"{message}; load it first, e.g. with `geoportal load`")
    versions = {name: found[name] for name in pipeline.INPUTS.values() if name in found}
    seeds = {name: _sum(value) for name, value in pipeline.seeds().items()}
    identity = [
        pipeline.NAME,
        pipeline.VERSION,
        area.id,
        area.srid,
        params.model_dump(mode="json"),
        {name: version.checksum for name, version in versions.items()},
        seeds,
    ]
    return Plan(
        id=str(uuid.uuid5(_NAMESPACE, _canonical(identity))),
        pipeline=pipeline,
        area=area,
        params=params,
        versions=versions,
        seeds=seeds,
    )


@contextmanager
def kept_tiles(conn: Connection, planned: Plan, tiling: Tiling) -> Iterator[FinishedTiles | None]:
    """Give the finished tiles of a run, None when none are to be kept.

    Their key tells inputs, parameters, code and tiles, so pieces made from something else are never
    taken. Raises StoreFailure as `begun` does.
    """
    if not tiling.keep:
        yield None
        return
    key = _sum([planned.id, code_version(), tiling.tile_m])
    run = Unfinished(key, planned.id, planned.pipeline.NAME, planned.area.id, tiling.tile_m)
    with begun(conn, run, resume=tiling.resume) as kept:
        yield kept


def published(conn: Connection, planned: Plan) -> bool:
    """Tell whether the outputs now published are those of this very plan."""
    with conn.transaction(), conn.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute("SELECT outputs FROM runs.run WHERE id = %s", (planned.id,)).fetchone()
    if row is None:
        return False
    now = _versions(conn, planned.area)
    return all(
        layer in now and now[layer].checksum == published["checksum"]
        for layer, published in row[0].items()
    )


@dataclass(frozen=True, slots=True)
class Record:
    """What is known only after a run."""

    outputs: Mapping[str, Any]
    quality: Mapping[str, Any]
    result_checksum: str
    started_at: datetime
    finished_at: datetime


def record(conn: Connection, planned: Plan, done: Record) -> None:
    """Write the row of a run; the same run again leaves the first row as it is."""
    row = {
        "id": planned.id,
        "pipeline": planned.pipeline.NAME,
        "version": planned.pipeline.VERSION,
        "area": planned.area.id,
        "parameters": Jsonb(planned.parameters),
        "inputs": Jsonb(planned.inputs),
        "outputs": Jsonb(dict(done.outputs)),
        "libraries": Jsonb(libraries()),
        "crs": planned.crs,
        "quality": Jsonb(dict(done.quality)),
        "result_checksum": done.result_checksum,
        "started_at": done.started_at,
        "finished_at": done.finished_at,
    }
    conn.execute(_INSERT, row)


def keep_reports(conn: Connection, planned: Plan, reports: Mapping[tuple[str, str], bytes]) -> None:
    """Store the reports of a run, by language and format, in place of those of the run before."""
    for (language, format_), content in reports.items():
        conn.execute(
            "INSERT INTO runs.report (area, pipeline, language, format, run_id, content)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (area, pipeline, language, format)"
            " DO UPDATE SET run_id = excluded.run_id, content = excluded.content, made_at = now()",
            (planned.area.id, planned.pipeline.NAME, language, format_, planned.id, content),
        )


_INSERT = """
    INSERT INTO runs.run AS run (id, pipeline, version, area, parameters, inputs, outputs,
        libraries, crs, quality, result_checksum, started_at, finished_at)
    VALUES (%(id)s, %(pipeline)s, %(version)s, %(area)s, %(parameters)s, %(inputs)s, %(outputs)s,
        %(libraries)s, %(crs)s, %(quality)s, %(result_checksum)s, %(started_at)s, %(finished_at)s)
    ON CONFLICT (id) DO UPDATE SET
        inputs = excluded.inputs, outputs = excluded.outputs, libraries = excluded.libraries,
        quality = excluded.quality, result_checksum = excluded.result_checksum,
        started_at = excluded.started_at, finished_at = excluded.finished_at
    WHERE run.result_checksum <> excluded.result_checksum
        OR run.outputs <> excluded.outputs OR run.inputs <> excluded.inputs
"""


def get_run(conn: Connection, run_id: str) -> dict[str, Any] | None:
    """Return the recorded row of a run, or None."""
    with conn.transaction(), conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute("SELECT * FROM runs.run WHERE id = %s", (run_id,)).fetchone()


def origin(planned: Plan, layers: Mapping[str, Layer], output: Layer, checksum: str) -> Origin:
    """Say where a result comes from.

    The attributions and a share-alike licence (ODbL) of the inputs go on to the result.
    """
    versions = planned.versions.values()
    known: dict[str, Layer | RasterDefinition] = {**layers, **load_rasters()}
    named = [v.attribution or known[v.layer].attribution for v in versions]
    sources = ", ".join(f"{v.layer} ({v.status})" for v in versions)
    return Origin(
        status=status(planned),
        source=f"{planned.pipeline.NAME} {planned.pipeline.VERSION}, run {planned.id}: {sources}",
        checksum=checksum,
        licence=_share_alike(v.licence or known[v.layer].licence for v in versions),
        attribution="; ".join(dict.fromkeys([output.attribution, *named])),
    )


def status(planned: Plan) -> Status:
    """Return the status of the result: what is made from demonstration data is demonstration."""
    demonstration = any(v.status == "demonstration" for v in planned.versions.values())
    return "demonstration" if demonstration else "derived"


def _share_alike(licences: Iterable[Licence]) -> Licence | None:
    return next((licence for licence in licences if licence.id.startswith("ODbL")), None)


def _versions(conn: Connection, area: Area) -> dict[str, Version]:
    with conn.transaction(), conn.cursor(row_factory=tuple_row) as cursor:
        rows = [Version.from_row(row) for row in cursor.execute(SELECT_VERSIONS)]
        rows += [Version.from_row(row) for row in cursor.execute(SELECT_RASTERS)]
    return {version.layer: version for version in rows if version.area == area.id}


def _sum(seed: Any) -> str:
    return hashlib.sha256(_canonical(seed).encode()).hexdigest()


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(f"{type(value).__name__} has no canonical form")
