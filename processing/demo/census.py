"""Layer `census_units`: the people of the demonstration quarter by age, a unit for each block."""

from __future__ import annotations

from functools import lru_cache

import geopandas as gpd
import numpy as np
import shapely

from processing.demo import buildings
from processing.demo.city import Array, Chunk
from processing.demo.frame import integers, strings, to_frame
from processing.demo.plan import LATTICE, STEP_M, Plan
from processing.demo.streets import LONGEST_SEGMENT_M

SHARES = {"age_0_6": 0.078, "age_7_17": 0.128, "age_65_up": 0.162}
"""Mean shares of the age groups; those of 18 to 64 are the rest."""
SPREAD = 0.25
"""How far a unit's share may lie from the mean, as a part of it."""


@lru_cache(maxsize=4)
def _units(plan: Plan) -> Array:
    """Return the units of a plan, Polygon (m): squares round the blocks, or the whole outskirts."""
    if not plan.mains:
        return np.array([plan.ground], dtype=object)
    corners = [(STEP_M * i, STEP_M * j) for j in range(LATTICE) for i in range(LATTICE)]
    return np.array([shapely.box(x, y, x + STEP_M, y + STEP_M) for x, y in corners], dtype=object)


@lru_cache(maxsize=4)
def _home(plan: Plan) -> Array:
    """Return for each building of a plan the unit that its middle lies in."""
    middles = shapely.centroid([b.shape for b in plan.buildings])
    place = np.zeros(len(middles), dtype=int)
    building, unit = shapely.STRtree(_units(plan)).query(middles, predicate="intersects")
    place[building[::-1]] = unit[::-1]  # of two that share a border the first
    return place


def frame(chunk: Chunk) -> gpd.GeoDataFrame:
    """Return the units of a chunk, MultiPolygon, EPSG:4326; the ages of each sum to its people."""
    units = _units(chunk.plan)
    member = _home(chunk.plan)[:, None] == np.arange(len(units))
    there = chunk.standing(np.arange(len(chunk.plan.buildings)))
    facts = buildings.facts(chunk)
    people = ((facts.residents * there) @ member).ravel()
    groups = {}
    for name, share in SHARES.items():
        luck = 2 * chunk.chance(f"census {name}", len(units)).ravel() - 1
        groups[name] = np.floor(people * share * (1 + SPREAD * luck)).astype(np.int64)
    adults = people - sum(groups.values())
    area = chunk.city.area.number
    names = [
        f"ПУ-{area:03d}-{q + 1}-{i + 1:02d}"
        for q in chunk.numbers.tolist()
        for i in range(len(units))
    ]
    columns = {
        "unit_id": strings(names),
        "population": integers(people),
        "age_0_6": integers(groups["age_0_6"]),
        "age_7_17": integers(groups["age_7_17"]),
        "age_18_64": integers(adults),
        "age_65_up": integers(groups["age_65_up"]),
        "households": integers(((facts.dwellings * there) @ member).ravel()),
    }
    shapes = shapely.segmentize(units, LONGEST_SEGMENT_M)
    return to_frame(columns, chunk.place(shapely.multipolygons([[s] for s in shapes])).geographic)
