"""Layers `street_lights` and `light_cabinets`: lamps along the ways, each fed by a cabinet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from processing.demo.city import Array, Chunk
from processing.demo.frame import integers, strings, to_frame
from processing.demo.plan import MAIN_STREETS_ROUND, Plan

FAULTY_LAMPS_SHARE = 0.02
UNKNOWN_LAMPS_SHARE = 0.01
FAULTY_CABINETS_SHARE = 0.04
REMOTE_CABINETS_SHARE = 0.7
MOST_LAMPS_PER_CABINET = 40


@dataclass(frozen=True)
class Row:
    """How lamps stand along one highway class: spacing and distance from the axis (m)."""

    spacing_m: float
    offset_m: float
    height_m: float
    power_w: float
    lamp: str
    both_sides: bool = True
    arm_m: float = 1.5
    luminaire: str = "street"


ROWS: dict[str, Row] = {
    # Each quarter lights its own side of a main street, so the sides alternate by themselves.
    "primary": Row(34, 8.5, 10.0, 150.0, "led", both_sides=False, arm_m=2.5),
    "residential": Row(35, 5.0, 8.0, 90.0, "led"),
    "living_street": Row(32, 4.5, 6.0, 60.0, "led", arm_m=1.0),
    "pedestrian": Row(28, 4.0, 4.5, 40.0, "led", arm_m=0.0, luminaire="park"),
    "service": Row(40, 3.5, 7.0, 100.0, "sodium"),
    "footway": Row(36, 2.0, 4.0, 70.0, "sodium", arm_m=0.0, luminaire="park"),
}
"""Lamp rows by highway class of the plan."""


@dataclass(frozen=True, eq=False)
class Network:
    """The lamps and cabinets of a plan; `cabinet` is the place of a lamp's cabinet in the list.

    `feet` are the points of the ways that the lamps look at.
    """

    lamps: Array
    feet: Array
    rows: tuple[Row, ...]
    cabinet: Array
    cabinets: Array


def _along(line: shapely.LineString, row: Row) -> list[tuple[shapely.Point, shapely.Point]]:
    """Return the lamps along a way, each with the point of the axis that it looks at."""
    count = int((line.length - row.spacing_m / 2) // row.spacing_m) + 1
    start = (line.length - (count - 1) * row.spacing_m) / 2
    out = []
    for i in range(count):
        at = start + i * row.spacing_m
        here, ahead = line.interpolate(at), line.interpolate(min(at + 0.5, line.length))
        back = line.interpolate(max(at - 0.5, 0))
        dx, dy = ahead.x - back.x, ahead.y - back.y
        side = -1 if row.both_sides and i % 2 else 1
        scale = side * row.offset_m / max(np.hypot(dx, dy), 1e-9)
        lamp = shapely.Point(round(here.x - dy * scale, 2), round(here.y + dx * scale, 2))
        out.append((lamp, here))
    return out


@lru_cache(maxsize=4)
def network(plan: Plan) -> Network:
    """Put lamps along the ways, not into houses or onto other ways, and feed them."""
    rows, points, feet = [], [], []
    ways = (*(MAIN_STREETS_ROUND if plan.mains else ()), *(plan.ways if plan.mains else ()))
    for way in ways:
        # The sidewalk round the quarter is lit by the main street, the hamlet not at all.
        if way.highway == "footway" and way.line.is_ring:
            continue
        for point, foot in _along(way.line, ROWS[way.highway]):
            points.append(point)
            feet.append(foot)
            rows.append(ROWS[way.highway])
    free = _free(plan, points)
    lamps = np.array(points, dtype=object)[free]
    cabinet = _circuits(shapely.get_coordinates(lamps))
    stands = [_beside(lamps[cabinet == i]) for i in range(cabinet.max(initial=-1) + 1)]
    return Network(
        lamps=lamps,
        feet=np.array(feet, dtype=object)[free],
        rows=tuple(np.array(rows, object)[free]),
        cabinet=cabinet,
        cabinets=np.array(stands, dtype=object),
    )


def _free(plan: Plan, points: list[shapely.Point]) -> Array:
    """Return which points are clear of houses, of ways and of lamps named before."""
    if not points:
        return np.zeros(0, bool)
    houses = shapely.STRtree([b.shape for b in plan.buildings])
    axes = shapely.STRtree([w.line for w in plan.ways])
    clear = np.ones(len(points), bool)
    clear[houses.query(points, predicate="dwithin", distance=1.0)[0]] = False
    clear[axes.query(points, predicate="dwithin", distance=1.2)[0]] = False
    pairs = shapely.STRtree(points).query(points, predicate="dwithin", distance=12.0)
    for a, b in zip(*pairs, strict=True):
        if b < a and clear[a] and clear[b]:
            clear[a] = False
    return clear


def _circuits(xy: Array) -> Array:
    """Return the number of each lamp's circuit: halves across the longer side, by turns."""
    if len(xy) <= MOST_LAMPS_PER_CABINET:
        return np.zeros(len(xy), dtype=int)
    axis = int(np.argmax(np.ptp(xy, axis=0)))
    order = np.argsort(xy[:, axis], kind="stable")
    out = np.zeros(len(xy), dtype=int)
    first, second = np.array_split(order, 2)
    out[first] = _circuits(xy[first])
    out[second] = _circuits(xy[second]) + out[first].max() + 1
    return out


def _beside(lamps: Array) -> shapely.Point:
    """Return the place of a cabinet: a step from the lamp in the middle of its circuit."""
    xy = shapely.get_coordinates(lamps)
    middle = xy[np.argmin(np.linalg.norm(xy - xy.mean(axis=0), axis=1))]
    return shapely.Point(middle[0] + 0.6, middle[1] + 0.6)


def _codes(chunk: Chunk, letter: str, count: int) -> Array:
    area = chunk.city.area.number
    codes = [
        f"{letter}{area:03d}-{q + 1}-{i + 1:03d}"
        for q in chunk.numbers.tolist()
        for i in range(count)
    ]
    return np.array(codes, dtype=object).reshape(chunk.quarters, count)


def _cabinet_states(chunk: Chunk, count: int) -> Array:
    broken = chunk.chance("cabinets", count) < FAULTY_CABINETS_SHARE
    return np.where(broken, "fault", "working").astype(object)


def _lamp_states(chunk: Chunk, made: Network) -> Array:
    luck = chunk.chance("lamps", len(made.lamps))
    state = np.where(luck < FAULTY_LAMPS_SHARE + UNKNOWN_LAMPS_SHARE, "unknown", "working")
    state = np.where(luck < FAULTY_LAMPS_SHARE, "fault", state).astype(object)
    dark = _cabinet_states(chunk, len(made.cabinets))[:, made.cabinet] == "fault"
    return np.where(dark, "fault", state)


def frame(chunk: Chunk) -> gpd.GeoDataFrame | None:
    """Return the lamps of a chunk, Point, EPSG:4326; a faulty cabinet darkens all its lamps."""
    made = network(chunk.plan)
    if not len(made.lamps):
        return None
    count = len(made.lamps)
    sodium = np.array([r.lamp == "sodium" for r in made.rows])
    old = chunk.chance("lamp_type", count)
    lamp = np.where(sodium & (old < 0.55), "sodium", "led")
    lamp = np.where(sodium & (old < 0.08), "mercury", lamp).astype(object)
    power = np.array([r.power_w for r in made.rows])
    # The lamps that were replaced by LED need about half the power.
    power = np.where(sodium & (lamp == "led"), power * 0.5, power)
    year = np.where(lamp == "led", 2018, 1998) + (chunk.chance("lamp_year", count) * 8).astype(int)
    cabinets = _codes(chunk, "ШУО-", len(made.cabinets))[:, made.cabinet]
    columns = {
        "lamp_id": strings(_codes(chunk, "С-", count).ravel()),
        "lamp_type": strings(lamp.ravel()),
        "power_w": power.ravel(),
        "height_m": chunk.repeat(np.array([r.height_m for r in made.rows])),
        "cabinet": strings(cabinets.ravel()),
        "state": strings(_lamp_states(chunk, made).ravel()),
        "installed_year": integers(year.ravel()),
        "source_id": strings([None] * cabinets.size),
        **_mounting(chunk, made, lamp),
    }
    return to_frame(columns, chunk.place(made.lamps).geographic)


def _mounting(chunk: Chunk, made: Network, lamp: Array) -> dict[str, Any]:
    """Return what luminaire each lamp is and how it hangs; `lamp` are the types, by quarter."""
    park = np.array([r.luminaire == "park" for r in made.rows])
    luminaire = np.where(lamp == "sodium", "sodium_street_asym", "mercury_old").astype(object)
    luminaire[lamp == "led"] = "led_street_asym"
    luminaire[(lamp == "led") & park] = "led_park_sym"
    asymmetric = np.char.endswith(luminaire.astype(str), "asym")
    here, there = chunk.place(made.lamps).xy_m, chunk.place(made.feet).xy_m
    towards = np.degrees(np.arctan2(*(there - here).T)) % 360.0
    factor = np.select([lamp == "led", lamp == "sodium"], [0.8, 0.7], 0.6)
    return {
        "luminaire": strings(luminaire.ravel()),
        "arm_m": chunk.repeat(np.array([r.arm_m for r in made.rows])),
        "tilt_deg": np.where(asymmetric, np.where(lamp == "led", 5.0, 15.0), 0.0).ravel(),
        "azimuth_deg": np.round(towards, 2) % 360.0,
        "maintenance_factor": factor.ravel(),
    }


def cabinets(chunk: Chunk) -> gpd.GeoDataFrame | None:
    """Return the cabinets of a chunk with the lamps they feed, Point, EPSG:4326."""
    made = network(chunk.plan)
    if not len(made.lamps):
        return None
    count = len(made.cabinets)
    lamps = np.bincount(made.cabinet, minlength=count)
    load = np.bincount(made.cabinet, [r.power_w for r in made.rows], minlength=count) / 1000
    columns = {
        "cabinet": strings(_codes(chunk, "ШУО-", count).ravel()),
        "lamps": integers(chunk.repeat(lamps)),
        # A cabinet is built for its lamps, a quarter of reserve and whole kilowatts.
        "power_kw": chunk.repeat(np.ceil(load * 1.25)),
        "state": strings(_cabinet_states(chunk, count).ravel()),
        "remote": (chunk.chance("cabinet_remote", count) < REMOTE_CABINETS_SHARE).ravel(),
    }
    return to_frame(columns, chunk.place(made.cabinets).geographic)
