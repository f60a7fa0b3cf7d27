"""Quarters laid side by side: where each lies, its chance, and its way to the map.

A city grows over a half-plane from its first quarter, so that the outskirts south of that one stay
outskirts. Chance is a hash of (area, stream, quarter, place), not a sequence: any part of any layer
can be made alone and in any order, and comes out the same.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Transformer

from layers.model import Area
from processing.demo.plan import LATTICE, Plan, outskirts, quarter
from processing.demo.sketch import SIDE_M
from processing.errors import BadParameter

Array = npt.NDArray[Any]

QUARTERS_PER_CHUNK = 32
SMALLEST_WITH_OUTSKIRTS = 100
LARGEST = 10_000_000

# Gentle bends, so that streets do not look ruled: two shears, which keep every area as it is.
_BEND_M = 18.0
_BEND_LENGTH_M = 3_000.0


def seed_of(area: Area, stream: str) -> int:
    """Return 64 bits that depend on the area's id and the stream's name only."""
    return int.from_bytes(hashlib.blake2b(f"{area.id}/{stream}".encode(), digest_size=8).digest())


def uniform(seed: int, keys: Array) -> Array:
    """Return numbers in [0, 1), one per key, by the mixing function of SplitMix64."""
    z = keys.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) >> np.uint64(11)).astype(np.float64) * 2.0**-53


@dataclass(frozen=True, eq=False)
class Placed:
    """Geometries in the metric CRS of the area, ready to be measured or put on the map."""

    city: City
    kind: Any
    xy_m: Array
    offsets: tuple[Array, ...] | None

    @cached_property
    def metric(self) -> Array:
        """The geometries in the metric CRS (m)."""
        geometries: Array = shapely.from_ragged_array(self.kind, self.xy_m, self.offsets)
        return geometries

    @cached_property
    def geographic(self) -> Array:
        """The geometries in EPSG:4326, lon/lat rounded to 0.1 mm."""
        lon, lat = self.city.to_degrees.transform(self.xy_m[:, 0], self.xy_m[:, 1])
        # Rounding makes the last bits of the projection's arithmetic not matter.
        lonlat = np.round(np.column_stack([lon, lat]), 9)
        geometries: Array = shapely.from_ragged_array(self.kind, lonlat, self.offsets)
        return geometries


@dataclass(frozen=True, eq=False)
class Chunk:
    """Some quarters of one plan; arrays have one entry per quarter.

    `kept` is how many buildings of the plan stand, `first` how many stand in chunks before this.
    """

    city: City
    plan: Plan
    numbers: Array
    column: Array
    row: Array
    turns: Array
    kept: Array
    first: int

    @property
    def quarters(self) -> int:
        """How many quarters the chunk has."""
        return len(self.numbers)

    def standing(self, buildings: Array) -> Array:
        """Return per quarter and place of a building in the plan (-1: none) whether it stands."""
        flags: Array = buildings[None, :] < self.kept[:, None]
        return flags

    def chance(self, stream: str, count: int) -> Array:
        """Return uniform numbers in [0, 1) of shape (quarters, count)."""
        keys = self.numbers[:, None] * 10_000 + np.arange(count)[None, :]
        return uniform(seed_of(self.city.area, stream), keys)

    def repeat(self, values: Array) -> Array:
        """Return the values of the plan once per quarter, flat, quarter by quarter."""
        return np.tile(values, self.quarters)

    def place(self, shapes: Array, moved: Moves | None = None) -> Placed:
        """Put shapes of the plan (m) into each quarter; one type of geometry for all."""
        kind, xy, offsets = shapely.to_ragged_array(shapes)
        local = np.broadcast_to(xy, (self.quarters, *xy.shape))
        if moved is not None:
            owner = _owner(offsets, len(xy))
            local = moved.apply(local, shapes, owner)
        return Placed(self.city, kind, self._metric(local), _repeated(offsets, self.quarters))

    def _metric(self, local: Array) -> Array:
        half = SIDE_M / 2
        x, y = local[..., 0] - half, local[..., 1] - half
        t = self.turns[:, None]
        x, y = np.choose(t, [x, -y, -x, y]), np.choose(t, [y, x, -y, -x])
        x = np.round(x + self.column[:, None] * SIDE_M, 3)
        y = np.round(y + self.row[:, None] * SIDE_M, 3)
        return self.city.bend(x.ravel(), y.ravel())


@dataclass(frozen=True, eq=False)
class Moves:
    """Small turns, sizes and shifts about each shape's centre, of shape (quarters, shapes)."""

    angle_rad: Array
    scale: Array
    east_m: Array
    north_m: Array

    def apply(self, local: Array, shapes: Array, owner: Array) -> Array:
        """Return the coordinates (quarters, points, 2) after the moves."""
        middle = shapely.get_coordinates(shapely.centroid(shapes))[owner]
        d = local - middle
        c = (np.cos(self.angle_rad) * self.scale)[:, owner]
        s = (np.sin(self.angle_rad) * self.scale)[:, owner]
        x = middle[:, 0] + c * d[..., 0] - s * d[..., 1] + self.east_m[:, owner]
        y = middle[:, 1] + s * d[..., 0] + c * d[..., 1] + self.north_m[:, owner]
        return np.stack([x, y], axis=-1)


def _owner(offsets: tuple[Array, ...], points: int) -> Array:
    """Return for every point the number of its shape."""
    ends = np.arange(points + 1)
    for level in offsets:
        ends = ends[level]
    return np.repeat(np.arange(len(ends) - 1), np.diff(ends))


def _repeated(offsets: tuple[Array, ...], times: int) -> tuple[Array, ...] | None:
    """Return the offsets of a ragged array for the same shapes laid end to end."""
    if not offsets:
        return None
    out = []
    for level in offsets:
        step = level[-1]
        starts = level[None, :-1] + (np.arange(times) * step)[:, None]
        out.append(np.append(starts.ravel(), times * step))
    return tuple(out)


@dataclass(frozen=True, eq=False)
class City:
    """The quarters of one area: columns and rows of the grid, first quarter at (0, 0)."""

    area: Area
    buildings: int
    quarters: int
    reach: int
    column: Array
    row: Array

    @cached_property
    def to_degrees(self) -> Transformer:
        """The way from the metric CRS of the area to EPSG:4326, x before y."""
        return Transformer.from_crs(self.area.srid, 4326, always_xy=True)

    @cached_property
    def _origin(self) -> tuple[float, float, float, float]:
        to_metric = Transformer.from_crs(4326, self.area.srid, always_xy=True)
        east, north = to_metric.transform(self.area.lon, self.area.lat)
        angle = math.radians(40 * (seed_of(self.area, "angle") / 2**64) - 20)
        return round(east, 3), round(north, 3), math.cos(angle), math.sin(angle)

    def bend(self, x: Array, y: Array) -> Array:
        """Return metric coordinates (n, 2) of points given in metres from the first quarter."""
        k = 2 * math.pi / _BEND_LENGTH_M
        x = x + _BEND_M * np.sin(k * y)
        y = y + _BEND_M * np.sin(k * x)
        east, north, c, s = self._origin
        return np.column_stack([east + c * x - s * y, north + s * x + c * y])

    @cached_property
    def places(self) -> Array:
        """The number of the quarter at [column + reach + 1, row + 1]; `quarters` where none is."""
        grid = np.full((2 * self.reach + 3, self.reach + 3), self.quarters)
        grid[self.column + self.reach + 1, self.row + 1] = np.arange(self.quarters)
        return grid

    @property
    def lattice_nodes(self) -> int:
        """How many node numbers are set aside for the crossings of the main streets."""
        return (8 * self.reach + LATTICE + 1) * (4 * self.reach + LATTICE + 1)

    @property
    def outskirts(self) -> int:
        """How many of the buildings stand in the outskirts."""
        return len(outskirts().buildings) if self.buildings >= SMALLEST_WITH_OUTSKIRTS else 0

    @cached_property
    def turns(self) -> Array:
        """Quarter turns of each quarter; the first is drawn as planned."""
        chance = uniform(seed_of(self.area, "turns"), np.arange(self.quarters))
        return np.where(np.arange(self.quarters) == 0, 0, (chance * 4).astype(int))

    def chunks(self) -> Iterator[Chunk]:
        """Yield the city quarter by quarter, some quarters at a time, the outskirts last."""
        full = len(quarter().buildings)
        inside = self.buildings - self.outskirts
        for start in range(0, self.quarters, QUARTERS_PER_CHUNK):
            n = np.arange(start, min(start + QUARTERS_PER_CHUNK, self.quarters))
            kept = np.clip(inside - n * full, 0, full)
            yield Chunk(
                self, quarter(), n, self.column[n], self.row[n], self.turns[n], kept, start * full
            )
        if self.outskirts:
            yield self.rim()

    def rim(self) -> Chunk:
        """Return the outskirts."""
        zero, count = np.zeros(1, dtype=int), self.outskirts
        number = np.array([self.quarters])
        first = self.buildings - count
        return Chunk(self, outskirts(), number, zero, zero, zero, np.array([count]), first)


@lru_cache(maxsize=4)
def city(area: Area, buildings: int) -> City:
    """Lay out a city of exactly so many buildings; BadParameter when it cannot be."""
    if not 1 <= buildings <= LARGEST:
        raise BadParameter(f"buildings must be between 1 and {LARGEST}, not {buildings}")
    rim = len(outskirts().buildings) if buildings >= SMALLEST_WITH_OUTSKIRTS else 0
    quarters = max(1, -(-(buildings - rim) // len(quarter().buildings)))
    reach = 0
    while (2 * reach + 1) * (reach + 1) < quarters:
        reach += 1
    cells = [(x, y) for x in range(-reach, reach + 1) for y in range(reach + 1)]
    cells.sort(key=lambda c: (max(abs(c[0]), c[1]), abs(c[0]), c[1], c[0]))
    chosen = np.array(cells[:quarters])
    return City(area, buildings, quarters, reach, chosen[:, 0], chosen[:, 1])
