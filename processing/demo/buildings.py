"""Layer `buildings`: footprints, storeys, flats and people of the demonstration quarter."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from processing.demo.city import Array, Chunk, Moves, Placed
from processing.demo.frame import integers, strings, to_frame
from processing.demo.plan import MAIN_STREETS_ROUND, Plan
from processing.demo.sketch import ROLES, Building
from processing.demo.streets import street_names

RESIDENTS_PER_DWELLING = 2.3
SECTION_M = 20.0
"""Length of one section (stairwell) of a slab."""

HOUSES_PER_MAIN_STREET = 60
"""House numbers each quarter takes on one side of a main street."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """The buildings of a plan as arrays, one entry per building."""

    shapes: Array
    roles: tuple[str, ...]
    loose: Array
    flats_per_floor: Array
    area_m2: Array
    street: Array
    number: Array


@dataclass(frozen=True, eq=False)
class Facts:
    """Figures of buildings, arrays of shape (quarters, buildings of the plan)."""

    storeys: Array
    year_built: Array
    dwellings: Array
    residents: Array
    floor_area_m2: Array


@lru_cache(maxsize=4)
def drawn(plan: Plan) -> Drawn:
    """Return the buildings of a plan as arrays."""
    shapes = np.array([b.shape for b in plan.buildings])
    roles = tuple(b.role for b in plan.buildings)
    street, number = _addresses(plan)
    return Drawn(
        shapely.multipolygons([[s] for s in shapes]),
        roles,
        np.array([ROLES[r].loose for r in roles]),
        np.array([_flats_per_floor(b) for b in plan.buildings]),
        shapely.area(shapes),
        street,
        number,
    )


def _flats_per_floor(building: Building) -> float:
    role = ROLES[building.role]
    if building.role.startswith("slab"):
        x0, y0, x1, y1 = building.shape.bounds
        sections = max(1, round(max(float(x1 - x0), float(y1 - y0)) / SECTION_M))
        return role.flats_per_floor * sections
    return role.flats_per_floor or float(building.role == "house")


def _addresses(plan: Plan) -> tuple[Array, Array]:
    """Give every building its nearest named street, and a number: even on the left, odd right."""
    named = [w for w in plan.ways if w.street >= 0] + list(MAIN_STREETS_ROUND if plan.mains else ())
    if not named:
        return np.full(len(plan.buildings), -1), np.arange(1, len(plan.buildings) + 1)
    tree = shapely.STRtree([w.line for w in named])
    centres = shapely.centroid([b.shape for b in plan.buildings])
    nearest = tree.nearest(centres)
    rows = []
    for i, (centre, j) in enumerate(zip(centres, nearest, strict=True)):
        (x0, y0), (x1, y1) = named[j].line.coords[0], named[j].line.coords[-1]
        left = (x1 - x0) * (centre.y - y0) - (y1 - y0) * (centre.x - x0) > 0
        along = centre.y if x0 == x1 else centre.x
        rows.append((named[j].street, left, along, i))
    table = pd.DataFrame(rows, columns=["street", "left", "along", "i"])
    rank = table.groupby(["street", "left"])["along"].rank(method="first").astype(int)
    number = np.where(table["left"], 2 * rank, 2 * rank - 1)
    # On a main street the plan knows one side only; the city decides which numbers that side has.
    return table["street"].to_numpy(), np.where(table["street"] < 4, rank, number)


def facts(chunk: Chunk) -> Facts:
    """Draw the figures of all buildings of a chunk, standing or not."""
    plan = drawn(chunk.plan)
    count = len(plan.roles)
    pick, year, people = (chunk.chance(s, count) for s in ("storeys", "built", "residents"))
    storeys = np.zeros(pick.shape, dtype=np.int64)
    built = np.zeros(pick.shape, dtype=np.int64)
    for name in dict.fromkeys(plan.roles):
        role, at = ROLES[name], np.array([r == name for r in plan.roles])
        storeys[:, at] = np.array(role.storeys)[(pick[:, at] * len(role.storeys)).astype(int)]
        low, high = role.built
        built[:, at] = low + (year[:, at] * (high - low + 1)).astype(int)
    dwellings = np.round(plan.flats_per_floor * storeys).astype(np.int64)
    # Single houses differ a lot (1 to 4 people), big ones hardly: the spread falls with the size.
    spread = 3.4 / np.sqrt(np.maximum(dwellings, 1))
    share = RESIDENTS_PER_DWELLING + spread * (people - 0.5)
    residents = np.round(dwellings * share).astype(np.int64)
    floor = plan.area_m2 * moves(chunk).scale ** 2 * storeys * 0.88
    return Facts(storeys, built, dwellings, residents, np.round(floor, 1))


def moves(chunk: Chunk) -> Moves:
    """Return what makes single houses and sheds stand a little out of line; slabs stay."""
    plan = drawn(chunk.plan)
    count = len(plan.roles)
    names = ("angle", "scale", "east", "north")
    angle, scale, east, north = (chunk.chance(s, count) * 2 - 1 for s in names)
    return Moves(
        angle * 0.07 * plan.loose,
        1 + 0.10 * scale * plan.loose,
        1.2 * east * plan.loose,
        1.2 * north * plan.loose,
    )


def footprints(chunk: Chunk) -> Placed:
    """Return the footprints of all buildings of a chunk, standing or not."""
    return chunk.place(drawn(chunk.plan).shapes, moves(chunk))


def ids(chunk: Chunk) -> Array:
    """Return the feature id of every building, shape (quarters, buildings); 0 where none stands."""
    standing = chunk.standing(np.arange(len(chunk.plan.buildings)))
    serial = chunk.first + np.cumsum(standing.ravel()).reshape(standing.shape)
    return np.where(standing, chunk.city.area.feature_id(0) + serial, 0)


def addresses(chunk: Chunk) -> list[str]:
    """Return the address of every building of a chunk, flat, quarter by quarter."""
    plan = drawn(chunk.plan)
    names = street_names(chunk)
    numbers = np.repeat(plan.number[None, :], chunk.quarters, axis=0)
    for side in range(4):
        here = plan.street == side
        turned = (side + chunk.turns) % 4
        along = np.where(turned % 2 == 0, chunk.column + chunk.city.reach, chunk.row)
        odd = np.isin(turned, (1, 2))[:, None]
        base = plan.number[here][None, :] + (HOUSES_PER_MAIN_STREET * along)[:, None]
        numbers[:, here] = 2 * base - odd
    street = names[np.arange(chunk.quarters)[:, None], plan.street[None, :]]
    pairs = zip(street.ravel().tolist(), numbers.ravel().tolist(), strict=True)
    return [f"{name}, {number}" for name, number in pairs]


def title_of(text: str | None, quarter_number: int) -> str | None:
    """Fill the quarter's number into the name of a public building or service."""
    return text.replace("{n}", str(quarter_number + 1)) if text else None


def frame(chunk: Chunk) -> gpd.GeoDataFrame:
    """Return the standing buildings of a chunk, MultiPolygon, EPSG:4326."""
    plan, made = drawn(chunk.plan), facts(chunk)
    standing = chunk.standing(np.arange(len(plan.roles))).ravel()
    titles = [ROLES[r].title for r in plan.roles]
    storeys = made.storeys.ravel()
    lived_in = made.dwellings.ravel() > 0
    columns = {
        "kind": strings(chunk.repeat(np.array([ROLES[r].kind for r in plan.roles], object))),
        "name": strings([title_of(t, n) for n in chunk.numbers.tolist() for t in titles]),
        "address": strings(addresses(chunk)),
        "storeys": integers(storeys),
        "height_m": storeys * 3.0 + np.where(chunk.repeat(plan.loose), 1.5, 2.0),
        "year_built": integers(made.year_built.ravel()),
        "dwellings": integers(made.dwellings.ravel(), lived_in),
        "residents": integers(made.residents.ravel(), lived_in),
        "floor_area_m2": made.floor_area_m2.ravel(),
        "source_id": strings([None] * len(storeys)),
    }
    return to_frame(columns, footprints(chunk).geographic, keep=standing)
