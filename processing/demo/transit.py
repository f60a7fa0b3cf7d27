"""Layers `transit_stops`, `transit_lines` and `transit_departures` of the demonstration quarter.

The stops are the service points of the class `stop`, each for both sides of its street. Buses of
every quarter run along its main streets with stops, there and back. A departure is what is one in a
loaded timetable (layers/ingest/gtfs): the last stop of a trip has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.ops import substring

from processing.demo.city import Array, Chunk
from processing.demo.frame import integers, strings, to_frame
from processing.demo.plan import Plan
from processing.demo.sketch import SIDE_M
from processing.demo.streets import LONGEST_SEGMENT_M

DAY = date(2026, 10, 7)
"""The Wednesday of the timetable."""
ZONE = "Europe/Minsk"
BUS_M_S = 5.0
"""18 km/h, stops included: ordinary for buses in towns, chosen by us."""

_AXIS = shapely.LineString([(SIDE_M, 0), (0, 0), (0, SIDE_M), (SIDE_M, SIDE_M)])
"""The main streets with stops: south, west and north."""


@dataclass(frozen=True)
class Bus:
    """A line: its first and last stop along the main streets, and trips each way by hour."""

    first: int
    last: int
    trips_by_hour: tuple[int, ...]


BUSES = (
    Bus(0, 5, (0, 0, 0, 0, 0, 2, 4, 6, 6, 4, 4, 4, 4, 4, 4, 4, 6, 6, 6, 4, 3, 2, 2, 1)),
    Bus(0, 3, (0, 0, 0, 0, 0, 0, 2, 3, 3, 1, 1, 1, 1, 1, 1, 2, 3, 3, 2, 1, 1, 1, 0, 0)),
)
"""Every ten minutes all round in the rush hours, and every twenty along the south and the west."""


@dataclass(frozen=True, eq=False)
class Stops:
    """Stops of a plan in their order along the main streets: places among its spots, metres."""

    spot: Array
    along_m: Array


@lru_cache(maxsize=4)
def _stops(plan: Plan) -> Stops:
    spots = np.array([i for i, s in enumerate(plan.spots) if s.service == "stop"], dtype=int)
    along = shapely.line_locate_point(_AXIS, [plan.spots[i].point for i in spots])
    order = np.argsort(along)
    return Stops(spots[order], along[order])


@lru_cache(maxsize=4)
def _departures(plan: Plan) -> pd.DataFrame:
    """Return every departure of the day: bus, stop, hour, and whether a trip begins with it."""
    along_m, parts = _stops(plan).along_m, []
    for number, bus in enumerate(BUSES):
        start_s = np.concatenate(
            [3600.0 * (hour + np.arange(n) / n) for hour, n in enumerate(bus.trips_by_hour) if n]
        )
        there = np.arange(bus.first, bus.last + 1)
        for stops in (there, there[::-1]):
            ride_s = np.abs(along_m[stops] - along_m[stops[0]]) / BUS_M_S
            hour = (start_s[:, None] + ride_s[:-1]).astype(int) // 3600
            table = {"bus": number, "stop": np.tile(stops[:-1], len(hour)), "hour": hour.ravel()}
            table["begins"] = table["stop"] == stops[0]
            parts.append(pd.DataFrame(table))
    return pd.concat(parts, ignore_index=True)


def stops(chunk: Chunk) -> gpd.GeoDataFrame | None:
    """Return the stops of a chunk with their departures of the day, Point, EPSG:4326."""
    found = _stops(chunk.plan).spot
    if not len(found):
        return None
    by_stop = _departures(chunk.plan).groupby("stop")
    peak = by_stop["hour"].agg(lambda hours: hours.value_counts().max())
    count = chunk.quarters * len(found)
    columns = {
        "stop_id": strings(_stop_ids(chunk)),
        "name": strings(chunk.repeat(_names(chunk.plan))),
        "code": strings([None] * count),
        "kind": strings(["stop"] * count),
        "station_id": strings([None] * count),
        "service_date": np.full(count, DAY, dtype=object),
        "departures": integers(chunk.repeat(by_stop.size().to_numpy())),
        "peak_per_hour": integers(chunk.repeat(peak.to_numpy())),
        "lines": integers(chunk.repeat(by_stop["bus"].nunique().to_numpy())),
    }
    return to_frame(columns, _points(chunk))


def lines(chunk: Chunk) -> gpd.GeoDataFrame | None:
    """Return the ways of the buses of a chunk, MultiLineString, EPSG:4326; length_m metric."""
    along_m = _stops(chunk.plan).along_m
    if not len(along_m):
        return None
    names = [name.removeprefix("Остановка ") for name in _names(chunk.plan)]
    ways = [substring(_AXIS, along_m[bus.first], along_m[bus.last]) for bus in BUSES]
    ways = shapely.segmentize(ways, LONGEST_SEGMENT_M)
    placed = chunk.place(shapely.multilinestrings([[way] for way in ways]))
    begun = _departures(chunk.plan).query("begins")
    peak = begun.groupby("bus")["hour"].agg(lambda hours: hours.value_counts().max())
    count = chunk.quarters * len(BUSES)
    whole = np.array([f"{names[bus.first]} — {names[bus.last]}" for bus in BUSES], dtype=object)
    columns = {
        "line_id": strings(_line_ids(chunk)),
        "short_name": strings(_numbers(chunk)),
        "long_name": strings(chunk.repeat(whole)),
        "mode": strings(["bus"] * count),
        "agency": strings([None] * count),
        "service_date": np.full(count, DAY, dtype=object),
        "trips": integers(chunk.repeat(begun.groupby("bus").size().to_numpy())),
        "peak_per_hour": integers(chunk.repeat(peak.to_numpy())),
        "length_m": np.round(shapely.length(placed.metric), 1),
    }
    return to_frame(columns, placed.geographic)


def departures(chunk: Chunk) -> gpd.GeoDataFrame | None:
    """Return departures per hour, stop and line of a chunk, Point, EPSG:4326; times in UTC."""
    found = _stops(chunk.plan).spot
    if not len(found):
        return None
    hourly = _departures(chunk.plan).groupby(["stop", "bus", "hour"], as_index=False).size()
    # One row for each of these in every quarter; stops and lines of a quarter lie together.
    quarter = np.repeat(np.arange(chunk.quarters), len(hourly))
    stop = quarter * len(found) + chunk.repeat(hourly["stop"].to_numpy())
    line = quarter * len(BUSES) + chunk.repeat(hourly["bus"].to_numpy())
    hour = chunk.repeat(hourly["hour"].to_numpy())
    midnight = pd.Timestamp(DAY, tz=ZONE).tz_convert("UTC")
    columns = {
        "stop_id": strings(_stop_ids(chunk)[stop]),
        "stop_name": strings(chunk.repeat(_names(chunk.plan))[stop]),
        "line_id": strings(_line_ids(chunk)[line]),
        "line_name": strings(_numbers(chunk)[line]),
        "time": midnight + pd.to_timedelta(hour, unit="h"),
        "hour": integers(hour),
        "departures": integers(chunk.repeat(hourly["size"].to_numpy())),
    }
    return to_frame(columns, _points(chunk)[stop])


def _points(chunk: Chunk) -> Array:
    spots = [chunk.plan.spots[i].point for i in _stops(chunk.plan).spot]
    return chunk.place(np.array(spots)).geographic


def _names(plan: Plan) -> Array:
    return np.array([plan.spots[i].name for i in _stops(plan).spot], dtype=object)


def _stop_ids(chunk: Chunk) -> Array:
    return _ids(chunk, "ОП", len(_stops(chunk.plan).spot))


def _line_ids(chunk: Chunk) -> Array:
    return _ids(chunk, "М", len(BUSES))


def _ids(chunk: Chunk, kind: str, count: int) -> Array:
    area = chunk.city.area.number
    made = [
        f"{kind}-{area:03d}-{q + 1}-{i + 1:02d}"
        for q in chunk.numbers.tolist()
        for i in range(count)
    ]
    return np.array(made, dtype=object)


def _numbers(chunk: Chunk) -> Array:
    """Number the lines of a city through: 1 and 2 in the first quarter."""
    first = chunk.numbers * len(BUSES)
    return (first[:, None] + np.arange(len(BUSES)) + 1).astype(str).astype(object).ravel()
