"""Layers `service_points` and `smart_quarters` of the demonstration quarter."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import shapely

from processing.demo import buildings
from processing.demo.city import Array, Chunk
from processing.demo.frame import integers, strings, to_frame
from processing.demo.sketch import Spot

VISITS_PER_DOCTOR = 85
"""Visits of a shift that make one full-time doctor."""


_ACCESSIBILITY = {
    "clinic": ("step_free", "ramp", "tactile_paving", "hearing_loop", "toilet"),
    "school": ("ramp", "tactile_paving", "toilet"),
    "kindergarten": ("ramp",),
    "post_office": ("ramp", "hearing_loop"),
    "bank": ("step_free", "hearing_loop"),
    "pharmacy": ("step_free",),
    "shop": ("step_free",),
    "stop": ("tactile_paving",),
}
"""What a service point of each class has once it was made accessible."""
_POINTS_PER_BARRIER = 4
"""Of so many one was not made accessible yet."""


def standing(chunk: Chunk) -> Array:
    """Return per quarter and service point whether it is there: its building may not stand."""
    return chunk.standing(np.array([s.building for s in chunk.plan.spots], dtype=int))


def points(chunk: Chunk) -> Array:
    """Return the service points of a chunk, Point, EPSG:4326, flat, standing or not."""
    return chunk.place(np.array([s.point for s in chunk.plan.spots])).geographic


def frame(chunk: Chunk) -> gpd.GeoDataFrame | None:
    """Return the service points of a chunk, Point, EPSG:4326."""
    spots = chunk.plan.spots
    if not spots:
        return None
    house = np.array([s.building for s in spots])
    capacity = np.array([s.capacity or 0 for s in spots])
    address = np.array(buildings.addresses(chunk), dtype=object).reshape(chunk.quarters, -1)
    indoors = chunk.repeat(house >= 0)
    names = [buildings.title_of(s.name, n) for n in chunk.numbers.tolist() for s in spots]
    columns = {
        "service_class": strings(chunk.repeat(np.array([s.service for s in spots], object))),
        "name": strings(names),
        "address": strings(address[:, house].ravel(), indoors),
        "capacity": integers(chunk.repeat(capacity), chunk.repeat(capacity > 0)),
        "doctors": chunk.repeat(_doctors(spots)),
        "accessibility": _accessibility(chunk),
        "source_id": strings([None] * len(names)),
    }
    return to_frame(columns, points(chunk), keep=standing(chunk).ravel())


def _doctors(spots: Sequence[Spot]) -> Array:
    """A clinic has a doctor for every so many visits in a shift; NaN where there are none."""
    clinics = [s.service == "clinic" and s.capacity is not None for s in spots]
    visits = np.array([s.capacity or 0 for s in spots])
    doctors: Array = np.where(clinics, np.round(visits / VISITS_PER_DOCTOR), np.nan)
    return doctors


def _accessibility(chunk: Chunk) -> Array:
    """A list per quarter and service point, empty for some; None where nobody looked."""
    lists = (
        _listed(spot.service, number + n)
        for number in chunk.numbers.tolist()
        for n, spot in enumerate(chunk.plan.spots)
    )
    return np.fromiter(lists, dtype=object)


def _listed(service: str, turn: int) -> list[str] | None:
    if service not in _ACCESSIBILITY:
        return None
    return list(_ACCESSIBILITY[service]) if turn % _POINTS_PER_BARRIER else []


def quarters(chunk: Chunk) -> gpd.GeoDataFrame | None:
    """Return the outlines of a chunk's quarters with their people and buildings, MultiPolygon.

    The outskirts belong to the first quarter.
    """
    if not chunk.plan.mains:
        return None
    people = _residents(chunk)
    houses = chunk.kept.copy()
    ground = np.array([shapely.MultiPolygon([shapely.segmentize(chunk.plan.ground, 60.0)])])
    placed = chunk.place(ground)
    metric, shapes = placed.metric.copy(), placed.geographic.copy()
    if chunk.city.outskirts and chunk.numbers[0] == 0:
        rim = chunk.city.rim()
        around = rim.place(
            np.array([shapely.MultiPolygon([shapely.segmentize(rim.plan.ground, 60.0)])])
        )
        people[0] += _residents(rim)[0]
        houses[0] += rim.kept[0]
        metric[0] = _joined(metric[0], around.metric[0])
        shapes[0] = _joined(shapes[0], around.geographic[0])
    area, numbers = chunk.city.area.title, chunk.numbers.tolist()
    columns = {
        "name_be": strings([f"{area.be}: мікрараён № {n + 1}" for n in numbers]),
        "name_ru": strings([f"{area.ru}: микрорайон № {n + 1}" for n in numbers]),
        "name_en": strings([f"{area.en}: microdistrict No. {n + 1}" for n in numbers]),
        "residents": integers(people),
        "buildings": integers(houses),
        "area_m2": np.round(shapely.area(metric), 1),
        "programme": strings(["Умные города Беларуси"] * len(numbers)),
    }
    return to_frame(columns, shapes)


def _joined(one: shapely.MultiPolygon, other: shapely.MultiPolygon) -> shapely.MultiPolygon:
    whole = shapely.union(one, other)
    return whole if whole.geom_type == "MultiPolygon" else shapely.MultiPolygon([whole])


def _residents(chunk: Chunk) -> Array:
    there = chunk.standing(np.arange(len(chunk.plan.buildings)))
    total: Array = (buildings.facts(chunk).residents * there).sum(axis=1)
    return total
