"""Terrain profiles: what lies between a station and each receiver, read from rasters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from processing.radio.kernel import compiled
from processing.radio.loss import Codes, Floats, Reason
from processing.raster import Raster


class Grid(NamedTuple):
    """A raster for compiled loops: NaN where there is no value, corner and cell size in metres."""

    values: Floats
    west: float
    north: float
    width_m: float
    height_m: float


@dataclass(frozen=True, slots=True)
class Extracted:
    """N profiles of m points; rows with a reason other than COMPUTED have NaN in their heights."""

    distance_km: Floats
    terrain_m: Floats
    clutter_m: Floats
    reason: Codes


def grid(raster: Raster) -> Grid:
    """Return a raster as a grid; its own no-data value, NaN and infinities become NaN."""
    a, _, c, _, e, f = raster.transform
    values = raster.values.astype(np.float64)
    values[~np.isfinite(values)] = np.nan
    if raster.nodata is not None and np.isfinite(raster.nodata):
        values[raster.values == np.float32(raster.nodata)] = np.nan
    return Grid(np.ascontiguousarray(values), c, f, a, -e)


def sample(terrain: Grid, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Codes]:
    """Return the height (m) at points, bilinear between cell centres, and why there is none.

    Coordinates in the CRS of the raster. Within half a cell of its edge the edge cell counts.
    """
    xs, ys = (np.ascontiguousarray(value, dtype=np.float64).ravel() for value in (x, y))
    heights, reason = np.empty(xs.size), np.zeros(xs.size, dtype=np.uint8)
    _sample(terrain, xs, ys, heights, reason)
    return heights.reshape(np.shape(x)), reason.reshape(np.shape(x))


def extract(
    terrain: Grid, clutter: Grid | None, mast: tuple[float, float], ends: Floats, points: int
) -> Extracted:
    """Return the profile from a mast to each of `ends` (n, 2), with `points` points each.

    Points are equally spaced; terrain is bilinear, clutter the cell's own (0 without a raster, and
    where it has no value). A profile that leaves the terrain or crosses a hole of it has a reason.
    """
    count = len(ends)
    share = np.linspace(0.0, 1.0, points)
    length = np.hypot(ends[:, 0] - mast[0], ends[:, 1] - mast[1])
    heights, over = np.empty((count, points)), np.zeros((count, points))
    reason = np.zeros(count, dtype=np.uint8)
    _extract(terrain, mast, ends, heights, reason)
    if clutter is not None:
        _extract_nearest(clutter, mast, ends, over)
    return Extracted(np.multiply.outer(length / 1e3, share), heights, over, reason)


@compiled
def _height(terrain: Grid, x: float, y: float) -> tuple[float, int]:
    """Return the bilinear height at a point, and the code of why there is none."""
    rows, columns = terrain.values.shape
    column = (x - terrain.west) / terrain.width_m
    row = (terrain.north - y) / terrain.height_m
    if not (0.0 <= column <= columns and 0.0 <= row <= rows):
        return np.nan, OFF_TERRAIN
    column = min(max(column - 0.5, 0.0), columns - 1.0)
    row = min(max(row - 0.5, 0.0), rows - 1.0)
    left, top = int(column), int(row)
    right, bottom = min(left + 1, columns - 1), min(top + 1, rows - 1)
    across, down = column - left, row - top
    upper = _between(terrain.values[top, left], terrain.values[top, right], across)
    lower = _between(terrain.values[bottom, left], terrain.values[bottom, right], across)
    height = _between(upper, lower, down)
    return height, TERRAIN_VOID if np.isnan(height) else COMPUTED


@compiled
def _between(first: float, second: float, share: float) -> float:
    """Return a value between two; a hole beside a point that lies on the other does not matter."""
    if share == 0.0:
        return first
    return first + (second - first) * share


@compiled
def _sample(terrain: Grid, x: Floats, y: Floats, heights: Floats, reason: Codes) -> None:
    for i in range(x.size):
        heights[i], reason[i] = _height(terrain, x[i], y[i])


@compiled
def _extract(
    terrain: Grid, mast: tuple[float, float], ends: Floats, heights: Floats, reason: Codes
) -> None:
    count, points = heights.shape
    for k in range(count):
        dx, dy = ends[k, 0] - mast[0], ends[k, 1] - mast[1]
        for i in range(points):
            share = i / (points - 1)
            height, code = _height(terrain, mast[0] + share * dx, mast[1] + share * dy)
            if code != COMPUTED:
                heights[k] = np.nan
                reason[k] = code
                break
            heights[k, i] = height


@compiled
def _extract_nearest(clutter: Grid, mast: tuple[float, float], ends: Floats, over: Floats) -> None:
    rows, columns = clutter.values.shape
    count, points = over.shape
    for k in range(count):
        dx, dy = ends[k, 0] - mast[0], ends[k, 1] - mast[1]
        for i in range(points):
            share = i / (points - 1)
            column = int(np.floor((mast[0] + share * dx - clutter.west) / clutter.width_m))
            row = int(np.floor((clutter.north - mast[1] - share * dy) / clutter.height_m))
            if 0 <= column < columns and 0 <= row < rows:
                value = clutter.values[row, column]
                over[k, i] = 0.0 if np.isnan(value) else value


COMPUTED = int(Reason.COMPUTED)
OFF_TERRAIN = int(Reason.OFF_TERRAIN)
TERRAIN_VOID = int(Reason.TERRAIN_VOID)
