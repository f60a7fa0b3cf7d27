"""From layers to a scene: roofs over terrain, points before walls, cells of a grid."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from layers.message import message
from processing.errors import BadParameter
from processing.network import Geometries, Ints
from processing.radio import line_of_sight, profile
from processing.radio.loss import Bools, Floats
from processing.radio.models import Scene
from processing.radio.stations import above_0
from processing.raster import Raster

STOREY_M = 3.0
WALL_M = 3.0
"""How far before a wall a building is looked at from outdoors."""
SPACING_M = 8.0
MARGIN_M = 100.0
"""How far cells reach beyond the buildings."""
MOST_CELLS = 400_000
GROUND_M, CLUTTER_M = (-500.0, 9_000.0), (0.0, 1_000.0)
"""No ground, no house or tree is lower or higher: -9999 or 32767 in a raster is a hole of it."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where levels are computed, metric CRS: points before walls and their building, cells."""

    walls: Floats
    building: Ints
    cells: Geometries
    centres: Floats


def heights(buildings: gpd.GeoDataFrame) -> tuple[Floats, Bools]:
    """Return the height (m) of each building, and whether it is known.

    `height_m`, else `storeys` of 3 m; a building of which neither is known (above 0) counts as one
    storey.
    """
    found = above_0(buildings, "height_m")
    found = np.where(np.isnan(found), STOREY_M * above_0(buildings, "storeys"), found)
    known = np.isfinite(found)
    return np.where(known, found, STOREY_M), known


def build(
    footprints: Geometries,
    height_m: Floats,
    rasters: tuple[Raster | None, Raster | None],
    *,
    cell_m: float,
    latitude_deg: float,
) -> Scene:
    """Return the scene of footprints (metric CRS) and of rasters (terrain, clutter) in it.

    Without a terrain model the ground is flat. Raises BadParameter when there would be too many
    cells.
    """
    west, south, east, north = shapely.total_bounds(footprints)
    far = MARGIN_M + WALL_M
    bounds = (west - far, south - far, east + far, north + far)
    flat = line_of_sight.roofs(footprints, height_m, bounds, cell_m)
    terrain, clutter = (None if raster is None else profile.grid(raster) for raster in rasters)
    for grid, lowest_m, highest_m in ((terrain, *GROUND_M), (clutter, *CLUTTER_M)):
        if grid is not None:
            grid.values[(grid.values < lowest_m) | (grid.values > highest_m)] = np.nan
    if terrain is None:
        return Scene(flat, None, clutter, latitude_deg)
    ground, _ = profile.sample(terrain, *line_of_sight.centres(flat))
    top: NDArray[np.float32] = (flat.top_m + ground).astype(np.float32)
    risen = line_of_sight.surface(top, (flat.west, flat.north), cell_m)
    return Scene(risen, terrain, clutter, latitude_deg)


def known_share(clutter: profile.Grid | None, points: Floats) -> float | None:
    """Return the share of points (n x 2) whose clutter is known; None where none is loaded."""
    if clutter is None or not len(points):
        return None
    column = np.floor((points[:, 0] - clutter.west) / clutter.width_m)
    row = np.floor((clutter.north - points[:, 1]) / clutter.height_m)
    rows, columns = clutter.values.shape
    inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    cells = clutter.values[row[inside].astype(np.int64), column[inside].astype(np.int64)]
    return round(float(np.isfinite(cells).sum()) / len(points), 4)


def places(footprints: Geometries, *, cell_m: float) -> Places:
    """Return points before the walls of each footprint and the cells around all of them.

    Points and centres of cells that lie in a building are no outdoor places and are left out.
    Raises BadParameter when there would be more than MOST_CELLS cells.
    """
    tree = shapely.STRtree(footprints)
    rings = shapely.get_exterior_ring(_largest(shapely.buffer(footprints, WALL_M)))
    counts = np.maximum(np.ceil(shapely.length(rings) / SPACING_M).astype(np.int64), 4)
    building = np.repeat(np.arange(len(rings)), counts)
    within = np.arange(len(building)) - np.repeat(np.cumsum(counts) - counts, counts)
    share = (within + 0.5) / counts[building]
    walls = shapely.line_interpolate_point(rings[building], share, normalized=True)
    outdoors = _outdoors(tree, walls)
    cells, centres = _cells(shapely.total_bounds(footprints), cell_m)
    open_ = _outdoors(tree, shapely.points(centres))
    return Places(
        walls=shapely.get_coordinates(walls[outdoors]),
        building=building[outdoors],
        cells=cells[open_],
        centres=centres[open_],
    )


def _largest(shapes: Geometries) -> Geometries:
    """Return the largest polygon of each shape."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    order = np.lexsort((shapely.area(parts), owner))
    last = np.append(np.diff(owner[order]) != 0, [True])
    largest: Geometries = parts[order[last]]
    return largest


def _outdoors(tree: shapely.STRtree, points: Geometries) -> Bools:
    inside = np.zeros(len(points), dtype=bool)
    inside[tree.query(points, predicate="intersects")[0]] = True
    return ~inside


def _cells(bounds: Floats, cell_m: float) -> tuple[Geometries, Floats]:
    """Return squares on multiples of their size, so that neighbouring areas share them."""
    west, south = np.floor((bounds[:2] - MARGIN_M) / cell_m)
    east, north = np.ceil((bounds[2:] + MARGIN_M) / cell_m)
    if (east - west) * (north - south) > MOST_CELLS:
        cells = int((east - west) * (north - south))
        raise BadParameter(
            message("input.radio_cells", cell_m=cell_m, cells=cells, most=MOST_CELLS)
        )
    column, row = np.meshgrid(np.arange(west, east), np.arange(south, north))
    x, y = column.ravel() * cell_m, row.ravel() * cell_m
    return shapely.box(x, y, x + cell_m, y + cell_m), np.column_stack([x, y]) + cell_m / 2
