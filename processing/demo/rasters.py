"""The rasters of the demonstration: terrain, heights of obstacles, land cover."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import shapely
from rasterio.features import rasterize
from rasterio.transform import Affine as Transform

from layers.model import Area
from layers.raster import Raster
from processing.demo import buildings, environment, streets
from processing.demo.city import Array, Chunk, City, city, seed_of
from processing.errors import UnknownDemoLayer

RASTERS = ("dem", "clutter", "land_cover")

CELL_M = 5.0
MOST_CELLS = 4_000_000
"""Beyond it the cells grow."""
MARGIN_M = 500.0
"""The terrain reaches so far beyond the outermost building: signals come from there."""

GROUND_M, RELIEF_M, VALLEY_M = 172.0, 9.0, 24.0
TREES_M = {"forest": 16.0, "park": 9.0, "square": 7.0}
RIVER_HALF_M = 55.0
BUILT, SEALED, GRASS, TREES, WATER, BARE = 1, 2, 3, 4, 5, 6


def raster(area: Area, raster_id: str, *, buildings: int = 400) -> Raster:
    """Return a raster of the demonstration city of an area, in its metric CRS.

    The same call gives the same cells. Raises UnknownDemoLayer, BadParameter.
    """
    if raster_id not in RASTERS:
        raise UnknownDemoLayer(
            f"The demonstration has no raster {raster_id}; it makes {', '.join(RASTERS)}."
        )
    made = city(area, buildings)
    transform, shape = _grid(made)
    cells = {"dem": _terrain, "clutter": _clutter, "land_cover": _cover}[raster_id]
    values = cells(made, transform, shape).astype(np.float32)
    t = transform
    return Raster(values, (t.a, t.b, t.c, t.d, t.e, t.f), f"EPSG:{area.srid}", None)


def _grid(made: City) -> tuple[Transform, tuple[int, int]]:
    """Return where the cells lie: whole multiples of the cell size, round all the buildings."""
    boxes = [shapely.total_bounds(chunk.place(_ground(chunk)).metric) for chunk in made.chunks()]
    low, high = np.min(boxes, axis=0)[:2] - MARGIN_M, np.max(boxes, axis=0)[2:] + MARGIN_M
    cell = CELL_M * max(1, math.ceil(math.sqrt(np.prod(high - low) / MOST_CELLS) / CELL_M))
    west, south = np.floor(low / cell) * cell
    east, north = np.ceil(high / cell) * cell
    shape = (round((north - south) / cell), round((east - west) / cell))
    return Transform(cell, 0.0, float(west), 0.0, -cell, float(north)), shape


def _ground(chunk: Chunk) -> Array:
    return np.array([shapely.MultiPolygon([chunk.plan.ground])])


def _places(made: City, transform: Transform, shape: tuple[int, int]) -> tuple[Array, Array]:
    """Return metres east and north of the first quarter for the middle of every cell."""
    rows, columns = np.indices(shape)
    east, north, *_ = made._origin
    x = transform.c + (columns + 0.5) * transform.a - east
    y = transform.f + (rows + 0.5) * transform.e - north
    return x, y


def _from_river(x: Array, y: Array) -> Array:
    """Return how far north of the middle of the river a place lies (m)."""
    found: Array = y + 1_250 + 120 * np.sin(x / 800)
    return found


def _terrain(made: City, transform: Transform, shape: tuple[int, int]) -> Array:
    """A gentle rise, some hills, and a river valley south of the quarter."""
    x, y = _places(made, transform, shape)
    phase = 2 * math.pi * seed_of(made.area, "relief") / 2**64
    hills = np.sin(x / 610 + phase) * np.cos(y / 470 - phase) + 0.4 * np.sin((x + y) / 190)
    valley = np.exp(-((_from_river(x, y) / 420) ** 2))
    height: Array = GROUND_M + 0.004 * y + RELIEF_M / 1.4 * hills - VALLEY_M * valley
    return np.round(height, 2)


def _clutter(made: City, transform: Transform, shape: tuple[int, int]) -> Array:
    return _burnt(_heights(made), transform, np.zeros(shape, dtype=np.float32))


def _heights(made: City) -> Iterator[tuple[Array, Array]]:
    """Yield geometries with heights (m): trees first, houses over them."""
    for chunk in made.chunks():
        yield _trees(chunk)
    for chunk in made.chunks():
        placed, there = _standing(chunk)
        loose = chunk.repeat(buildings.drawn(chunk.plan).loose)
        height = buildings.facts(chunk).storeys.ravel() * 3.0 + np.where(loose, 1.5, 2.0)
        yield placed[there], height[there]


def _cover(made: City, transform: Transform, shape: tuple[int, int]) -> Array:
    river = np.abs(_from_river(*_places(made, transform, shape))) < RIVER_HALF_M
    ground = np.where(river, WATER, BARE).astype(np.float32)
    return _burnt(_covers(made), transform, ground)


def _covers(made: City) -> Iterator[tuple[Array, Array]]:
    """Yield geometries with classes, the upper over the lower."""
    for chunk in made.chunks():
        ground = chunk.place(_ground(chunk)).metric
        yield ground, np.full(len(ground), GRASS)
    for chunk in made.chunks():
        trees, _ = _trees(chunk)
        yield trees, np.full(len(trees), TREES)
    for chunk in made.chunks():
        graph = streets.graph(chunk.plan)
        width = np.array([streets.USES[w.highway].width_m for w in graph.way])
        lines = chunk.place(graph.lines).metric
        yield (
            shapely.buffer(lines, chunk.repeat(width) / 2, cap_style="flat"),
            np.full(len(lines), SEALED),
        )
        placed, there = _standing(chunk)
        yield placed[there], np.full(int(there.sum()), BUILT)


def _trees(chunk: Chunk) -> tuple[Array, Array]:
    greens = environment.greenery(chunk.plan)
    height = np.array([TREES_M.get(g.kind, 0.0) for g in greens])
    shapes = shapely.multipolygons([[g.shape] for g in greens])
    if not height.any():
        return np.zeros(0, dtype=object), np.zeros(0)
    placed = chunk.place(shapes[height > 0]).metric
    return placed, chunk.repeat(height[height > 0])


def _standing(chunk: Chunk) -> tuple[Array, Array]:
    there = chunk.standing(np.arange(len(chunk.plan.buildings))).ravel()
    return buildings.footprints(chunk).metric, there


def _burnt(coats: Iterator[tuple[Array, Array]], transform: Transform, cells: Array) -> Array:
    for shapes, values in coats:
        if len(shapes):
            pairs = zip(shapes, values.tolist(), strict=True)
            rasterize(pairs, out=cells, transform=transform)
    return cells
