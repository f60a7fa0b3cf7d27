"""What a load of a timetable tells: each table's findings where they belong, facts, places."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

import geopandas as gpd
import pandas as pd

from layers.ingest.gtfs import service
from layers.ingest.gtfs.feed import Feed
from layers.ingest.reported import Intake
from layers.ingest.vector import place
from layers.ingest.vector.finding import Finding
from layers.ingest.vector.load_report import Fact
from layers.message import message
from layers.model import Area

TABLES: Mapping[str, tuple[str, ...]] = {
    "transit_stops": ("stops",),
    "transit_lines": ("routes", "shapes"),
    "transit_departures": ("stop_times", "trips", "frequencies", "calendar"),
}
"""The tables of a feed whose faults each layer tells; the first one is counted."""


@dataclass(frozen=True)
class Loading:
    """A feed on the way into its layers: all stops of trips, the departures of one day, rows."""

    feed: Feed
    area: Area
    day: date
    times: pd.DataFrame
    departures: pd.DataFrame
    rows: Mapping[str, gpd.GeoDataFrame]


def intakes(file: str, checksum: str, loading: Loading) -> dict[str, Intake]:
    """Return what is told of a feed, by layer."""
    feed = loading.feed
    findings = [*feed.findings, *_outside(loading), *_without_way(loading), *_idle(feed)]
    if not feed.read["shapes"]:
        code = "gtfs.no_shapes"
        findings.append(Finding(code, "shapes.txt", "noted", message=message(code)))
    placed = list(_placed(findings, loading))
    refused = {
        "transit_stops": feed.read["stops"] - len(feed["stops"]),
        "transit_lines": feed.read["routes"] - len(loading.rows["transit_lines"]),
        "transit_departures": feed.read["stop_times"] - len(loading.times),
    }
    return {
        layer: Intake(
            file=file,
            checksum=checksum,
            read=feed.read[tables[0]],
            refused=refused[layer],
            findings=[one for one in placed if _table(one) in tables],
            encoding="utf-8",
            facts=_facts(layer, loading),
        )
        for layer, tables in TABLES.items()
    }


def _table(finding: Finding) -> str:
    return finding.feature.partition(".txt")[0]


def _outside(loading: Loading) -> Iterator[Finding]:
    stops = loading.rows["transit_stops"]
    code, points = "gtfs.outside_area", stops.geometry.get_coordinates().to_numpy()
    for stop in stops.loc[~place.within(points, place.box(loading.area)), "stop_id"]:
        yield Finding(code, f"stops.txt {stop}", "noted", message=message(code))


def _without_way(loading: Loading) -> Iterator[Finding]:
    """Name the routes that make no line."""
    routes, lines = loading.feed["routes"], loading.rows["transit_lines"]["line_id"]
    code = "gtfs.no_way"
    for route in routes.loc[~routes["route_id"].isin(lines), "route_id"]:
        yield Finding(code, f"routes.txt {route}", "refused", message=message(code))


def _idle(feed: Feed) -> Iterator[Finding]:
    code = "gtfs.no_day"
    for name, trips in service.idle(feed).items():
        yield Finding(code, f"calendar.txt {name}", "noted", message=message(code, trips=trips))


def _placed(findings: Iterable[Finding], loading: Loading) -> Iterator[Finding]:
    """Give findings of stops their place, those of trips that of the first stop that is known."""
    feed = loading.feed
    stops = feed["stops"].dropna(subset=["lon", "lat"]).drop_duplicates("stop_id")
    at_stop = stops.set_index("stop_id")[["lon", "lat"]]
    known = {"stops": at_stop} | dict.fromkeys(("stop_times", "trips", "frequencies"), feed.starts)
    for one in findings:
        places, name = known.get(_table(one)), one.feature.partition(" ")[2]
        if places is None or name not in places.index:
            yield one
        else:
            lon, lat = places.loc[[name]].to_numpy(float)[0]
            yield replace(one, lon=float(lon), lat=float(lat))


def _facts(layer: str, loading: Loading) -> tuple[Fact, ...]:
    found: list[Fact] = [
        ("fact.day", f"{loading.day}"),
        ("fact.days", " – ".join(map(str, service.span(loading.feed)))),
    ]
    if layer != "transit_stops":
        running = loading.departures["trip_id"].nunique()
        found += [("fact.trips", loading.feed.read["trips"]), ("fact.running", running)]
    if layer != "transit_lines":
        found.append(("fact.departures", len(loading.departures)))
    return (*found, ("fact.rows", len(loading.rows[layer])))
