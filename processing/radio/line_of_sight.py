"""Line of sight over a city: the roofs as a grid of heights, each ray followed from cell to cell.

The ray runs upwards from its lower end, so in each cell it is lowest where it enters; a cell higher
than that stands in the way. Blocks of 16 x 16 cells that lie below the ray are passed at once. The
Earth is flat here: at 5 km it bulges less than 0.4 m into a ray of 4/3 Earth radius.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from layers.message import message
from processing.errors import BadParameter
from processing.radio.kernel import compiled
from processing.radio.loss import Codes, Floats

HIDDEN, VISIBLE, UNKNOWN = 0, 1, 2
"""UNKNOWN: nothing known stands in the way, but the ray crosses cells of which nothing is known."""

BLOCK = 16
_SHIFT = 4
_MASK = BLOCK - 1
LARGEST_CELLS = 64_000_000


class Surface(NamedTuple):
    """Heights of whatever stands in the way, in metres above the datum; NaN is not known.

    `top_m` has its first row in the north, `blocks_m` the highest cell of each block (infinite when
    one is not known), `west`, `north` the corner in the metric CRS.
    """

    top_m: NDArray[np.float32]
    blocks_m: NDArray[np.float32]
    west: float
    north: float
    cell_m: float
    highest_m: float


def surface(top_m: NDArray[np.float32], corner: tuple[float, float], cell_m: float) -> Surface:
    """Return the surface of a grid of heights with its north-western corner (x, y) in metres."""
    rows, columns = top_m.shape
    tall, wide = -(-rows // BLOCK), -(-columns // BLOCK)
    padded = np.full((tall * BLOCK, wide * BLOCK), -np.inf, dtype=np.float32)
    padded[:rows, :columns] = np.where(np.isnan(top_m), np.inf, top_m)
    blocks = padded.reshape(tall, BLOCK, wide, BLOCK).max(axis=(1, 3))
    return Surface(
        np.ascontiguousarray(top_m, dtype=np.float32),
        np.ascontiguousarray(blocks),
        corner[0],
        corner[1],
        cell_m,
        float(blocks.max()),
    )


def roofs(
    footprints: NDArray[np.object_],
    height_m: Floats,
    bounds: tuple[float, float, float, float],
    cell_m: float,
) -> Surface:
    """Return the surface of building footprints (polygons in a metric CRS) on flat ground.

    A cell belongs to a building when its centre does, and to the highest one of several. `bounds`
    are west, south, east, north of the grid. Raises BadParameter when it would be too large.
    """
    from rasterio.features import rasterize  # noqa: PLC0415 - GDAL is slow to load
    from rasterio.transform import from_origin  # noqa: PLC0415

    west, south, east, north = bounds
    rows = max(int(np.ceil((north - south) / cell_m)), 1)
    columns = max(int(np.ceil((east - west) / cell_m)), 1)
    if rows * columns > LARGEST_CELLS:
        raise BadParameter(message("input.roof_cells", cell_m=cell_m, cells=rows * columns))
    order = np.argsort(height_m, kind="stable")
    shapes = [(footprints[i], height_m[i]) for i in order if height_m[i] > 0]
    top = np.zeros((rows, columns), dtype=np.float32)
    if shapes:
        rasterize(shapes, out=top, transform=from_origin(west, north, cell_m, cell_m))
    return surface(top, (west, north), cell_m)


def centres(of: Surface) -> tuple[Floats, Floats]:
    """Return x and y of the centres of all cells, as two grids."""
    rows, columns = of.top_m.shape
    x = of.west + (np.arange(columns) + 0.5) * of.cell_m
    y = of.north - (np.arange(rows) + 0.5) * of.cell_m
    grid_x, grid_y = np.meshgrid(x, y)
    return grid_x, grid_y


def visible(of: Surface, mast: tuple[float, float, float], points: Floats) -> Codes:
    """Return HIDDEN, VISIBLE or UNKNOWN for each of `points` (n, 3) seen from a mast.

    x, y in the metric CRS and z in metres above the datum of the surface, of which neither the cell
    of the mast nor that of the point stands in the way. Beyond the grid nothing stands in the way.
    """
    seen = np.empty(len(points), dtype=np.uint8)
    _visible(of, mast, np.ascontiguousarray(points, dtype=np.float64), seen)
    return seen


@compiled
def _visible(of: Surface, mast: tuple[float, float, float], points: Floats, seen: Codes) -> None:
    far = _place(of, mast[0], mast[1], mast[2])
    tops, blocks = of.top_m.ravel(), of.blocks_m.ravel()
    rows, columns = of.top_m.shape
    wide = of.blocks_m.shape[1]
    for k in range(points.shape[0]):
        near = _place(of, points[k, 0], points[k, 1], points[k, 2])
        low, high = (near, far) if near.z <= far.z else (far, near)
        # The longer side of the ray is its major axis u, the other one v.
        if abs(high.column - low.column) >= abs(high.row - low.row):
            axes = _Axes(columns, rows, 1, columns, 1, wide)
            ray = _Ray(low.column, high.column, low.row, high.row, low.z, high.z - low.z)
        else:
            axes = _Axes(rows, columns, columns, 1, wide, 1)
            ray = _Ray(low.row, high.row, low.column, high.column, low.z, high.z - low.z)
        seen[k] = _follow(tops, blocks, axes, ray, of.highest_m)


class _Place(NamedTuple):
    """A point in columns and rows of the grid, and its height."""

    column: float
    row: float
    z: float


class _Axes(NamedTuple):
    """Number of cells along u and v, and the steps of both in the flat arrays."""

    cells_u: int
    cells_v: int
    step_u: int
    step_v: int
    block_u: int
    block_v: int


class _Ray(NamedTuple):
    """From the lower end (0) to the upper end (1), in cells, and its height there."""

    u0: float
    u1: float
    v0: float
    v1: float
    z0: float
    rise_m: float


@compiled
def _place(of: Surface, x: float, y: float, z: float) -> _Place:
    return _Place((x - of.west) / of.cell_m, (of.north - y) / of.cell_m, z)


@compiled
def _follow(
    tops: NDArray[np.float32],
    blocks: NDArray[np.float32],
    axes: _Axes,
    ray: _Ray,
    highest_m: float,
) -> int:
    """Follow a ray column by column of u; it crosses one or two cells of each."""
    du, dv = ray.u1 - ray.u0, ray.v1 - ray.v0
    if du == 0.0:
        return VISIBLE
    first, last = int(np.floor(ray.u0)), int(np.floor(ray.u1))
    step = 1 if du > 0 else -1
    slope = dv / du * step  # v per column
    rise = ray.rise_m / abs(du)
    known = True
    u = max(first, 0) if step > 0 else min(first, axes.cells_u - 1)
    end = min(last, axes.cells_u - 1) if step > 0 else max(last, 0)
    while (end - u) * step >= 0:
        ahead = min(BLOCK - 1 - (u & _MASK) if step > 0 else u & _MASK, (end - u) * step)
        gone = (u - ray.u0) * step if step > 0 else ray.u0 - u - 1.0
        v = ray.v0 + max(gone, 0.0) * slope
        z = ray.z0 + max(gone, 0.0) * rise
        if z > highest_m:
            break
        until = v + (ahead + 1) * slope
        if _reaches(blocks, axes, u >> _SHIFT, (v, until), z):
            code = _columns(tops, axes, ray, (u, step, ahead), (gone, slope, rise))
            if code == HIDDEN:
                return HIDDEN
            known = known and code == VISIBLE
        u += (ahead + 1) * step
    return VISIBLE if known else UNKNOWN


@compiled
def _reaches(
    blocks: NDArray[np.float32], axes: _Axes, block: int, span: tuple[float, float], z: float
) -> bool:
    """Tell whether a block of a column of blocks, between two v, is as high as the ray."""
    low, high = min(span), max(span)
    first = max(int(np.floor(low)), 0) >> _SHIFT
    last = min(int(np.floor(high)), axes.cells_v - 1) >> _SHIFT
    reached = False
    for v in range(first, last + 1):
        reached = reached or blocks[block * axes.block_u + v * axes.block_v] > z
    return reached


@compiled
def _columns(
    tops: NDArray[np.float32],
    axes: _Axes,
    ray: _Ray,
    columns: tuple[int, int, int],
    along: tuple[float, float, float],
) -> int:
    """Follow a ray through the columns of one block: HIDDEN, VISIBLE or UNKNOWN so far."""
    u, step, ahead = columns
    gone, slope, rise = along
    length = abs(ray.u1 - ray.u0)
    known = True
    entry = max(gone, 0.0)
    v = int(np.floor(ray.v0 + entry * slope))
    for _ in range(ahead + 1):
        z = ray.z0 + entry * rise
        gone += 1.0
        leave = min(gone, length)
        w = int(np.floor(ray.v0 + leave * slope))
        if 0 <= v < axes.cells_v:
            top = tops[u * axes.step_u + v * axes.step_v]
            if not top <= z and not _is_end(ray, u, v):
                if top > z:
                    return HIDDEN
                known = False
        if w != v and 0 <= w < axes.cells_v:
            top = tops[u * axes.step_u + w * axes.step_v]
            if not top <= z and not _is_end(ray, u, w):
                border = w if slope > 0 else w + 1
                if top > ray.z0 + (border - ray.v0) / slope * rise:
                    return HIDDEN
                known = known and top == top  # noqa: PLR0124 - false for NaN only
        u += step
        entry, v = leave, w
    return VISIBLE if known else UNKNOWN


@compiled
def _is_end(ray: _Ray, u: int, v: int) -> bool:
    """Tell whether a cell is that of the point or of the mast."""
    return (u == int(np.floor(ray.u0)) and v == int(np.floor(ray.v0))) or (
        u == int(np.floor(ray.u1)) and v == int(np.floor(ray.v1))
    )
