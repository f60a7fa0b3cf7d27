"""What a load of readings tells: its findings with the place of their station, facts, measures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd

from layers.ingest.reported import Intake
from layers.ingest.series.gaps import Gaps
from layers.ingest.series.read import Readings, named, station_of
from layers.ingest.vector.finding import Finding
from layers.ingest.vector.load_report import Fact
from layers.ingest.vector.source import checksum
from layers.message import message
from layers.quality import Measured
from layers.quality.measures import OMISSION

GAP = "series.gap"
SHORT_TIME = "%Y-%m-%d %H:%M"


@dataclass(frozen=True)
class Placed:
    """Rows at their stations; `refused` records are of unknown ones.

    `places` has longitude and latitude of the stations by `station_key` of their names.
    """

    rows: gpd.GeoDataFrame
    findings: Sequence[Finding]
    refused: int
    places: Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Merged:
    """All rows of a layer after a load; `refused` ones had nothing but values that differ."""

    frame: gpd.GeoDataFrame
    added: int
    late: int
    changed: int
    refused: int
    findings: Sequence[Finding]


def station_key(written: str) -> str:
    """Return what two ways of writing a station have in common."""
    return " ".join(str(written).split()).casefold()


def intake_of(
    file: Path, readings: Readings, placed: Placed, merged: Merged, found: Sequence[Gaps]
) -> Intake:
    """Return what is told of a file of readings; gaps are those of the whole layer after it."""
    findings = [
        *readings.findings,
        *placed.findings,
        *merged.findings,
        *(_gap(one) for one in found if one.longest),
    ]
    missing = sum(one.missing for one in found)
    return Intake(
        file=file.name,
        checksum=checksum(file),
        read=readings.read,
        refused=readings.refused + placed.refused + merged.refused,
        findings=tuple(_at_stations(findings, placed.places)),
        counted={"series.repeated": readings.identical},
        unmapped=readings.unused,
        encoding=readings.encoding,
        facts=_facts(readings, placed.rows, merged, found),
        measures=(
            Measured(OMISSION, 6, "number of missing items: readings in gaps", missing),
            Measured(
                OMISSION, 7, "rate of missing items: readings in gaps",
                missing / (missing + len(merged.frame)), rate=True,
            ),
        ),
    )  # fmt: skip


def _gap(one: Gaps) -> Finding:
    assert one.longest is not None  # noqa: S101 - asked before
    start, end = one.longest
    said = message(
        GAP, step=str(one.step), count=one.count, missing=one.missing, end=f"{end:{SHORT_TIME}}"
    )
    return Finding(GAP, named(one.station, start), "noted", field="time", message=said)


def _at_stations(
    findings: Iterable[Finding], places: Mapping[str, tuple[float, float]]
) -> Iterable[Finding]:
    for one in findings:
        place = places.get(station_key(station_of(one.feature)))
        yield replace(one, lon=place[0], lat=place[1]) if place else one


def _facts(
    readings: Readings, rows: gpd.GeoDataFrame, merged: Merged, found: Sequence[Gaps]
) -> tuple[Fact, ...]:
    times = rows["time"]
    return (
        ("fact.stations", rows.geometry.nunique()),
        ("fact.begin", f"{times.min():{SHORT_TIME}} UTC"),
        ("fact.end", f"{times.max():{SHORT_TIME}} UTC"),
        ("fact.late", merged.late),
        ("fact.filled", merged.changed),
        ("fact.repeated", readings.identical),
        ("fact.gaps", sum(one.count for one in found)),
        ("fact.missing", sum(one.missing for one in found)),
    )
