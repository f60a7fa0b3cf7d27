"""Census units and the buildings in them: ages by share, people by residential floor area."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from processing.checks import require_columns, require_geometry
from processing.network import NONE, Floats, Geometries, Ints

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

DECIMALS = 9
"""Parts of persons are rounded so before they are compared: no last bit decides who lives where."""


@dataclass(frozen=True, slots=True)
class Placed:
    """People of census units in buildings.

    `residents` are whole persons per building, NaN outside of all units and in a unit of unknown
    population; `unplaced` whole persons per unit that has no floor to live on, NaN where the
    population is not known. Both together sum to the known population, exactly.
    """

    residents: Floats
    unplaced: Floats


def unit_of(points: Geometries, units: Geometries) -> Ints:
    """Return for each Point the position of the polygon it lies in, NONE where there is none.

    On a border the first of the polygons counts; one CRS.
    """
    place, unit = shapely.STRtree(units).query(points, predicate="intersects")
    order = np.lexsort((unit, place))
    inside, first = np.unique(place[order], return_index=True)
    of = np.full(len(points), NONE, dtype=np.int64)
    of[inside] = unit[order][first]
    return of


def of_age(doors: Geometries, residents: Floats, units: GeoDataFrame, age_group: str) -> Floats:
    """Return the persons of an age group in every building.

    Residents (NaN = not known) times the group's share of the population of the unit in which the
    building's point lies; on a border the unit with the lowest id. NaN outside of all units, in a
    unit without population, and where residents are not known. `units` are polygons in the CRS of
    the points with `population` and the group as columns. Raises MissingColumn, BadGeometry.
    """
    require_columns(units, ("population", age_group), name="census_units")
    require_geometry(units, ("Polygon", "MultiPolygon"), name="census_units")
    ordered = units.sort_index()
    population = ordered["population"].to_numpy(dtype=np.float64, na_value=np.nan)
    group = ordered[age_group].to_numpy(dtype=np.float64, na_value=np.nan)
    share = np.full(len(ordered) + 1, np.nan)  # the last one for outside of all units
    np.divide(group, population, out=share[:-1], where=population > 0)
    persons: Floats = residents * share[unit_of(doors, ordered.geometry.to_numpy())]
    return persons


def place_people(population: Floats, unit: Ints, floor_area_m2: Floats) -> Placed:
    """Place the population of units in their buildings by residential floor area.

    `population` per unit (whole persons, NaN = not known), `unit` the position of each building's
    unit or NONE, `floor_area_m2` its residential floor area, 0 = nobody lives there. Each unit is
    shared out by largest remainder (Hamilton's method); of equal remainders the first building's
    counts. Only ratios of floor areas matter, so any unit of area does.
    """
    residents = np.full(len(unit), np.nan)
    unplaced = population.copy()
    by_unit = np.argsort(unit, kind="stable")
    starts = np.searchsorted(unit[by_unit], np.arange(len(population) + 1))
    for number in np.flatnonzero(np.isfinite(population)).tolist():
        members = by_unit[starts[number] : starts[number + 1]]
        floor = floor_area_m2[members]
        residents[members] = 0.0
        if floor.sum() > 0:
            residents[members] = largest_remainder(int(population[number]), floor)
            unplaced[number] = 0.0
    return Placed(residents, unplaced)


def largest_remainder(total: int, weights: Floats) -> Ints:
    """Return whole numbers in proportion to the weights (sum above 0) that sum to the total."""
    quota = np.round(total * (weights / weights.sum()), DECIMALS)
    whole: Ints = np.floor(quota).astype(np.int64)
    remainder = np.round(quota - whole, DECIMALS)
    whole[np.argsort(-remainder, kind="stable")[: total - int(whole.sum())]] += 1
    return whole
