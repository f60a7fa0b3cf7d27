"""Tiles: a fixed grid in the metric CRS, what a tile owns, and how far around it it must read.

A method may be cut into tiles when what it says of a home hangs on rows within a known distance.
That distance, its halo, is worked out here from the method's reach R (metres along the streets) and
the snapping limit S, so that a tile says bit for bit what the whole area says:

- Every point of a way of at most R metres, the facility at its end included, lies within R of the
  home, as the crow flies.
- A way is a sum of pieces, in order; streets are cut into pieces where places join them. Places
  that cut a street within R stand within R + S: so far all homes and facilities are read.
- These join the right street only when all streets within S of them are known: within R + 2 S.

A street counts with its whole line as soon as any part of it lies that near, so the longest edge
does not widen the halo; an index that knows only one point of each street must add it. What is read
beyond the halo, or joins a wrong street there, is further than R from every home of the tile and
changes nothing. R is the limit for the nearest facility, two catchments for 2SFCA (a facility
within one, its demand within another), three for 3SFCA (the facilities among which that demand
chooses). Kriging and location weigh everything against everything and are not tiled.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from processing.errors import BadParameter

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Box = tuple[float, float, float, float]
"""West, south, east, north in metres."""

ROUNDING_M = 0.01
"""A halo is wider by so much, for distances that rounding brings to the limit."""


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """One square of the grid, whose corner 0, 0 is the origin of the metric CRS."""

    size_m: float
    row: int
    column: int

    @property
    def id(self) -> str:
        """Name of the tile, unique in every grid."""
        return f"{self.size_m:g}_{self.row}_{self.column}"

    def owns(self, x_m: Floats, y_m: Floats) -> npt.NDArray[np.bool_]:
        """Tell which points are the tile's: its west and south side are its own, the others not."""
        inside: npt.NDArray[np.bool_] = (np.floor(x_m / self.size_m) == self.column) & (
            np.floor(y_m / self.size_m) == self.row
        )
        return inside

    def __str__(self) -> str:
        """Name the tile in messages."""
        return f"tile {self.row}, {self.column} of {self.size_m:g} m"

    def away_m(self, x_m: Floats, y_m: Floats) -> Floats:
        """Return how far points are from the tile, 0 inside it."""
        west, south, east, north = self.box()
        aside = np.maximum(np.maximum(west - x_m, x_m - east), 0.0)
        along = np.maximum(np.maximum(south - y_m, y_m - north), 0.0)
        away: Floats = np.hypot(aside, along)
        return away

    def box(self, around_m: float = 0.0) -> Box:
        """Return the tile with a margin."""
        west, south = self.column * self.size_m, self.row * self.size_m
        east, north = (self.column + 1) * self.size_m, (self.row + 1) * self.size_m
        return west - around_m, south - around_m, east + around_m, north + around_m


@dataclass(frozen=True, slots=True)
class Halo:
    """How far around a tile places and streets are read, in metres."""

    places_m: float
    streets_m: float


def halo(reach_m: float, snap_limit_m: float) -> Halo:
    """Return the halo of a method that looks `reach_m` metres far along the streets.

    Raises BadParameter when a length is negative or not finite.
    """
    for name, metres in (("reach_m", reach_m), ("snap_limit_m", snap_limit_m)):
        if not (math.isfinite(metres) and metres >= 0):
            raise BadParameter(f"{name} = {metres} m is not allowed; tiles need a finite length")
    places = reach_m + snap_limit_m + ROUNDING_M
    return Halo(places_m=places, streets_m=places + snap_limit_m)


def nearest_halo(limit_m: float, snap_limit_m: float) -> Halo:
    """Return the halo of the distance to the nearest facility within a limit."""
    return halo(limit_m, snap_limit_m)


def reached_halo(limit_m: float, snap_limit_m: float, longest_edge_m: float) -> Halo:
    """Return the halo of the reached parts of the streets that begin in a tile.

    A street may reach out of the tile by its length, and the way goes on from there.
    """
    return halo(limit_m + longest_edge_m, snap_limit_m)


def three_step_halo(catchment_m: float, snap_limit_m: float) -> Halo:
    """Return the halo of 3SFCA: three catchments; 2SFCA and E2SFCA look two far."""
    return halo(3 * catchment_m, snap_limit_m)


def lighting_halo_m(height_m: float, cutoff_heights: float) -> float:
    """Return how far from a tile a lamp of a height lights it: the cut-off radius."""
    return height_m * cutoff_heights + ROUNDING_M


def owners(x_m: Floats, y_m: Floats, tile_m: float) -> dict[Tile, Ints]:
    """Return the tiles that own points, row by row, each with the positions of its points.

    Raises BadParameter for a size that is none, or a coordinate that is no number.
    """
    _require_size(tile_m)
    if not (np.isfinite(x_m).all() and np.isfinite(y_m).all()):
        raise BadParameter("a point to be tiled has a coordinate that is no number")
    at = np.stack([np.floor(y_m / tile_m), np.floor(x_m / tile_m)], axis=1).astype(np.int64)
    found, number = np.unique(at, axis=0, return_inverse=True)
    order = np.argsort(number.ravel(), kind="stable")
    starts = np.searchsorted(number.ravel()[order], np.arange(1, len(found)))
    return {
        Tile(tile_m, row, column): positions
        for (row, column), positions in zip(
            found.tolist(), np.split(order, starts) if len(found) else [], strict=True
        )
    }


def plan(bounds_m: Box, tile_m: float) -> tuple[Tile, ...]:
    """Return the tiles that cover a box, row by row; raises BadParameter.

    The grid does not hang on the box, so a tile keeps its place and id when an area grows.
    """
    _require_size(tile_m)
    if not all(map(math.isfinite, bounds_m)):
        raise BadParameter(f"the box {bounds_m} to be tiled has a coordinate that is no number")
    west, south, east, north = (math.floor(edge / tile_m) for edge in bounds_m)
    return tuple(
        Tile(tile_m, row, column)
        for row in range(south, north + 1)
        for column in range(west, east + 1)
    )


def _require_size(tile_m: float) -> None:
    if not (math.isfinite(tile_m) and tile_m > 0):
        raise BadParameter(f"tile_m = {tile_m} m is not allowed; it must be above 0 m")
