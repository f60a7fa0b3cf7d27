"""Layer `utility_meters`: the house meters of every building that people live or work in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from processing.demo import buildings
from processing.demo.city import Array, Chunk, Moves
from processing.demo.frame import integers, strings, to_frame
from processing.demo.plan import Plan
from processing.demo.sketch import ROLES

LIVE_SHARE = 0.8
NOW = pd.Timestamp("2026-10-15T00:00:00Z")
"""The moment the demonstration was read; the clock is never asked."""

RESOURCES = ("electricity", "cold_water", "hot_water", "heat", "gas")
LETTERS = dict(zip(RESOURCES, "ЭХГТП", strict=True))
PROTOCOLS: dict[str, tuple[str, ...]] = {
    "electricity": ("plc", "plc", "nb_iot"),
    "cold_water": ("lorawan", "nb_iot", "mbus"),
    "hot_water": ("lorawan", "mbus", "mbus"),
    "heat": ("mbus", "mbus", "lorawan"),
    "gas": ("nb_iot", "nb_iot", "lorawan"),
}
"""How live meters of a resource are read, each as likely as the next."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """The meters of a plan: building (place in the list), resource, Point in the house (m)."""

    building: Array
    resource: Array
    point: Array


def _resources(kind: str, role: str) -> tuple[str, ...]:
    if role == "house":
        return ("electricity", "cold_water", "gas")
    if kind in ("garage", "utility") or role in ("annex", "kiosk", "shed"):
        return ("electricity",) if role in ("boiler", "heat_point", "garages", "kiosk") else ()
    if kind == "industrial":
        return ("electricity", "cold_water", "heat")
    return ("electricity", "cold_water", "hot_water", "heat")


@lru_cache(maxsize=4)
def fitted(plan: Plan) -> Fitted:
    """Return the meters of a plan."""
    building, resource, point = [], [], []
    for i, b in enumerate(plan.buildings):
        wanted = _resources(ROLES[b.role].kind, b.role)
        x0, y0, x1, y1 = b.shape.bounds
        middle = b.shape.representative_point()
        for k, name in enumerate(wanted):
            # Side by side along the house, so that every one can be seen and picked.
            step = (k - (len(wanted) - 1) / 2) * 1.5
            along = (step, 0.0) if x1 - x0 >= y1 - y0 else (0.0, step)
            building.append(i)
            resource.append(name)
            point.append(shapely.Point(middle.x + along[0], middle.y + along[1]))
    return Fitted(np.array(building), np.array(resource, object), np.array(point, object))


def frame(chunk: Chunk) -> gpd.GeoDataFrame:
    """Return the meters of a chunk, Point, EPSG:4326."""
    made = fitted(chunk.plan)
    count = len(made.building)
    live = (chunk.chance("meter_live", count) < LIVE_SHARE).ravel()
    ages = chunk.chance("meter_age", count).ravel()
    choice = (chunk.chance("meter_protocol", count) * 3).astype(int).ravel()
    house = buildings.ids(chunk)[:, made.building].ravel()
    table = np.array([PROTOCOLS[r] for r in made.resource], dtype=object)
    protocol = table[np.tile(np.arange(count), chunk.quarters), choice]
    # A live meter reported within the last hours, another was read by a person weeks ago.
    hours = np.where(live, 1 + np.floor(ages * 6), 24 * (7 + np.floor(ages * 45)))
    letters = chunk.repeat(np.array([LETTERS[r] for r in made.resource], dtype=object))
    columns = {
        "meter_id": strings([f"{a}-{b}" for a, b in zip(letters, house.tolist(), strict=True)]),
        "resource": strings(chunk.repeat(made.resource)),
        "building_id": integers(house),
        "live": live,
        "protocol": strings(np.where(live, protocol, "manual")),
        "last_reading_at": NOW - pd.to_timedelta(hours, unit="h"),
    }
    return to_frame(columns, _points(chunk, made), keep=house > 0)


def _points(chunk: Chunk, made: Fitted) -> Array:
    moved = buildings.moves(chunk)
    # A meter goes where its house goes; its own centre does not turn.
    shift = Moves(
        moved.angle_rad[:, made.building] * 0,
        np.ones((chunk.quarters, len(made.building))),
        moved.east_m[:, made.building],
        moved.north_m[:, made.building],
    )
    return chunk.place(made.point, shift).geographic
