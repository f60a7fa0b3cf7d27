"""Where one enters a green area: crossings of its border, and streets beside it.

The indicator "300 m to 0.5 ha of public green" (WHO Regional Office for Europe, Urban green spaces:
a brief for action, 2017) is measured along the streets to such an entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from processing.network import Geometries, Ints, Streets

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

SPACING_M = 20.0
"""So far apart are the points of a border from which a street beside it is sought."""

TOUCHING_M = 1.0
"""Green areas so near to each other are one: a path's width is often left out between them."""


@dataclass(frozen=True, slots=True)
class Entries:
    """Points where green areas are entered; `green[i]` is the area's position, `areas` how many."""

    points: Geometries
    green: Ints
    areas: int


def large(green_areas: GeoDataFrame, *, least_m2: float) -> Geometries:
    """Return the public green of at least `least_m2`, adjoining areas joined, as polygons.

    Polygons in a metric CRS with the column `public` (boolean; missing is no). Ordered by place, so
    the order of rows does not matter.
    """
    public = green_areas[green_areas["public"].fillna(False).astype(bool)]
    shapes = public.geometry.to_numpy()
    shapes = shapes[~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)]
    if not len(shapes):
        return np.empty(0, dtype=object)
    united = shapely.union_all(shapely.make_valid(shapes))
    joined = shapely.get_parts(shapely.buffer(united, TOUCHING_M / 2))
    area = shapely.area(shapely.intersection(joined, united))
    kept = joined[area >= least_m2]
    corner = shapely.bounds(kept)[:, :2] if len(kept) else np.empty((0, 2))
    ordered: Geometries = kept[np.lexsort((corner[:, 1], corner[:, 0]))]
    return ordered


def entries(green: Geometries, streets: Streets, *, gap_m: float) -> Entries:
    """Return the entries: where passable streets cross a border or run within `gap_m` of it.

    An area that no street comes near has none: it is public but cannot be walked to.
    """
    borders = shapely.boundary(green)
    tree = shapely.STRtree(streets.lines)
    area, street = tree.query(borders, predicate="intersects")
    crossings, at = shapely.get_parts(
        shapely.intersection(borders[area], streets.lines[street]), return_index=True
    )
    crossings, at = shapely.point_on_surface(crossings), area[at]
    beside, by = shapely.get_coordinates(shapely.segmentize(borders, SPACING_M), return_index=True)
    points = shapely.points(beside)
    near = np.unique(tree.query(points, predicate="dwithin", distance=gap_m)[0])
    return Entries(
        points=np.concatenate([crossings, points[near]]),
        green=np.concatenate([at, by[near]]).astype(np.int64),
        areas=len(green),
    )
