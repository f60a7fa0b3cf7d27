"""Land: what covers it, how densely it is built up, what lies beyond the red lines.

Arrays in, arrays out; all shapes in one planar CRS in metres, which the callers see to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import momepy
import numpy as np
import pandas as pd
import shapely
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource

from processing.errors import BadParameter
from processing.network import Bools, Floats, Geometries, Ints
from processing.raster import Raster


@dataclass(frozen=True, slots=True)
class Cover:
    """Land cover of sites: `area_m2` by class value, and the area of cells that hold a value.

    Where `known_m2` is less than a site's area, the raster ends there or has holes.
    """

    area_m2: Mapping[int, Floats]
    known_m2: Floats

    def share(self, *values: int) -> Floats:
        """Return the share (0..1) of classes in the known part; NaN where nothing is known."""
        total = sum((self.area_m2[value] for value in values), np.zeros(len(self.known_m2)))
        found = np.full(len(total), np.nan)
        np.divide(total, self.known_m2, out=found, where=self.known_m2 > 0)
        return found


@dataclass(frozen=True, slots=True)
class Conflicts:
    """Buildings that cross a red line (positions, ascending), and how much of each lies beyond.

    `beyond_m2` is None where the lines do not close: which side is the street is not known.
    """

    building: Ints
    beyond_m2: Floats | None


@dataclass(frozen=True, slots=True)
class Density:
    """Coverage ratio (built ground / ground) and floor area ratio (floors / ground) of sites."""

    coverage_ratio: Floats
    floor_area_ratio: Floats


def cover(sites: Geometries, raster: Raster, classes: tuple[int, ...]) -> Cover:
    """Return the area of every class in polygons; cells cut by an edge count with their part.

    Exact coverage fractions by `exactextract`. Raises BadParameter when a cell holds a value that
    is none of the classes.
    """
    require_classes(raster, classes)
    values, holds = raster.values, _holds(raster)
    a, e = raster.transform[0], raster.transform[4]
    west, south, east, north = raster.bounds
    frame = gpd.GeoDataFrame(geometry=sites, crs=raster.crs)
    area = {}
    for value in classes:
        # One mask for each class: sums of cell fractions are exact to the last digits.
        mask = (holds & (values == value)).astype(np.float64)
        source = NumPyRasterSource(mask, west, south, east, north, srs_wkt=frame.crs.to_wkt())
        cells = exact_extract(source, frame, ["sum"], output="pandas")["sum"]
        area[value] = cells.fillna(0.0).to_numpy(dtype=np.float64) * abs(a * e)
    return Cover(area, np.sum(list(area.values()), axis=0))


def require_classes(raster: Raster, classes: tuple[int, ...]) -> None:
    """Raise BadParameter when a cell holds a value that is none of the classes."""
    strange = np.setdiff1d(raster.values[_holds(raster)], classes)
    if len(strange):
        raise BadParameter(f"land cover: the raster holds {strange[0]:g}, which is no class of it")


def _holds(raster: Raster) -> Bools:
    """Tell which cells hold a value."""
    finite: Bools = np.isfinite(raster.values)
    return finite if raster.nodata is None else finite & (raster.values != raster.nodata)


def overlay_m2(sites: Geometries, shapes: Geometries) -> Floats:
    """Return how much of each site (polygons) the shapes cover; overlapping shapes count once."""
    united = shapely.union_all(shapes)
    shapely.prepare(united)
    found: Floats = shapely.area(shapely.intersection(sites, united))
    return found


def summed(values: Floats, site: Ints, sites: int) -> Floats:
    """Return the sum of the values in each site by `momepy.describe_agg`; 0 where there is none."""
    inside = site >= 0
    if not inside.any():
        return np.zeros(sites)
    made = momepy.describe_agg(
        pd.Series(values[inside]), pd.Series(site[inside]), statistics=["sum"]
    )
    found: Floats = made["sum"].reindex(np.arange(sites), fill_value=0.0).to_numpy()
    return found


def density(ground_m2: Floats, built_m2: Floats, floor_m2: Floats, site: Ints) -> Density:
    """Return coverage and floor area ratio of sites.

    `ground_m2` per site (above 0); `built_m2`, `floor_m2` and `site` (position, NONE = in no site)
    per building or part of one. The floor area ratio is NaN in a site with a building of unknown
    floor area.
    """
    built = summed(built_m2, site, len(ground_m2))
    floors = summed(np.nan_to_num(floor_m2), site, len(ground_m2))
    unknown = summed(np.isnan(floor_m2).astype(np.float64), site, len(ground_m2)) > 0
    return Density(built / ground_m2, np.where(unknown, np.nan, floors / ground_m2))


def parts(sites: Geometries, buildings: Geometries) -> tuple[Ints, Ints, Floats]:
    """Return the pieces of buildings in sites: site and building (positions), area (m2)."""
    building, site = shapely.STRtree(sites).query(buildings, predicate="intersects")
    area = shapely.area(shapely.intersection(sites[site], buildings[building]))
    order = np.lexsort((building, site))[area[np.lexsort((building, site))] > 0]
    return site[order], building[order], area[order]


def red_line_conflicts(buildings: Geometries, lines: Geometries) -> Conflicts:
    """Return the buildings (polygons) that cross a red line, and what of them lies beyond (m2).

    Red lines (LineStrings or MultiLineStrings) that close round a block have the street outside. A
    building that only touches the line stands on it, it does not cross.
    """
    tree = shapely.STRtree(buildings)
    crossing: Ints = np.unique(tree.query(lines, predicate="crosses")[1]).astype(np.int64)
    pieces = shapely.get_parts(lines)
    if not len(pieces) or not shapely.is_closed(pieces).all():
        return Conflicts(crossing, None)
    rings = [shapely.linearrings(shapely.get_coordinates(piece)) for piece in pieces]
    blocks = shapely.union_all(shapely.polygons(rings))
    return Conflicts(crossing, shapely.area(shapely.difference(buildings[crossing], blocks)))


def floors_m2(footprint_m2: Floats, storeys: Floats, counted: Bools) -> Floats:
    """Return floor area = footprint x storeys of the counted buildings, 0 of the others (m2).

    NaN where the storeys are not known.
    """
    return np.where(counted, footprint_m2 * storeys, 0.0)
