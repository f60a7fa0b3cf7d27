"""People of an age group by building: the shares of a census unit, applied to its buildings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from processing.checks import require_columns, require_geometry
from processing.network import Floats, Geometries

if TYPE_CHECKING:
    from geopandas import GeoDataFrame


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
    place, unit = shapely.STRtree(ordered.geometry.to_numpy()).query(doors, predicate="intersects")
    order = np.lexsort((unit, place))
    inside, first = np.unique(place[order], return_index=True)
    of = np.full(len(doors), len(ordered))
    of[inside] = unit[order][first]
    persons: Floats = residents * share[of]
    return persons
