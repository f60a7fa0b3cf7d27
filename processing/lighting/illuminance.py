"""Horizontal illuminance on flat ground: E = sum of I(C, gamma) cos^3(eps) MF / h^2 (EN 13201-3).

Only lamps whose foot is within the cut-off radius of a point count. The light that this leaves out
is stated by `remainder_share`. Sums run over the lamps in the order given, so the same lamps in the
same order give the same bits, whatever other points are computed along with a point.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from processing.errors import BadParameter
from processing.lighting.luminaire import Floats, Luminaire

Ints = NDArray[np.int64]

CUTOFF_HEIGHTS = 12.0
"""Default cut-off radius in mounting heights."""

_CELL_M = 12.0
_MOST_CELLS = 4_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Lamps:
    """Lamps in a metric CRS, one entry per lamp in each array.

    `x`, `y` are the luminaire's foot (the end of its arm), `height_m` its height above the ground,
    `bearing_deg` the direction towards C = 0, clockwise from the y axis, `tilt_deg` how far that
    side is lifted, `factor` the maintenance factor (0 for a lamp that is off), `luminaire` the
    place in the list of luminaires.
    """

    x: Floats
    y: Floats
    height_m: Floats
    bearing_deg: Floats
    tilt_deg: Floats
    factor: Floats
    luminaire: Ints

    def of(self, chosen: NDArray[np.bool_]) -> Lamps:
        """Return the chosen lamps, in the same order."""
        return Lamps(*(getattr(self, name)[chosen] for name in self.__slots__))


@dataclass(frozen=True, slots=True, eq=False)
class _Tables:
    """The tables of several luminaires in arrays of one shape.

    `c_first[k, d]` is the last plane at or before d degrees, `gamma_first` likewise, so that a
    direction is found without a search.
    """

    c: Floats
    gamma: Floats
    cd: Floats
    planes: Ints
    angles: Ints
    c_first: Ints
    gamma_first: Ints


def illuminance(
    points: Floats,
    lamps: Lamps,
    luminaires: Sequence[Luminaire],
    *,
    cutoff_heights: float = CUTOFF_HEIGHTS,
) -> Floats:
    """Return the illuminance in lux at each point (n by 2: x, y in metres).

    `cutoff_heights` is the cut-off radius in mounting heights of each lamp (a point at the radius
    itself counts). Raises BadParameter when the radius, a height or a factor is out of range.
    """
    _check(lamps, cutoff_heights)
    lux = np.zeros(len(points))
    if not len(points) or not len(lamps.x):
        return lux
    cells, order, starts = _binned(points)
    tables = _tables(luminaires)
    tilt_factor = np.array(
        [luminaires[k].flux_factor(t) for k, t in zip(lamps.luminaire, lamps.tilt_deg, strict=True)]
    )
    sorted_lux = np.zeros(len(points))
    _add_lamps(
        sorted_lux,
        np.ascontiguousarray(points[order]),
        cells,
        starts,
        (lamps.x, lamps.y, lamps.height_m, lamps.height_m * cutoff_heights),
        (np.radians(lamps.bearing_deg), np.radians(lamps.tilt_deg)),
        lamps.factor * tilt_factor,
        lamps.luminaire,
        (tables.c, tables.gamma, tables.cd, tables.planes, tables.angles),
        (tables.c_first, tables.gamma_first),
    )
    lux[order] = sorted_lux
    return lux


def remainder_share(
    luminaire: Luminaire, *, tilt_deg: float = 0.0, cutoff_heights: float = CUTOFF_HEIGHTS
) -> float:
    """Return the share of a lamp's light on flat ground that falls beyond the cut-off radius.

    Midpoints of 400 equal steps of gamma within the radius and 100 beyond it, 5 degrees round.
    """
    edge = np.arctan(cutoff_heights)
    within = _flux_lm(luminaire, tilt_deg, 0.0, float(edge), steps=400)
    beyond = _flux_lm(luminaire, tilt_deg, float(edge), np.pi / 2, steps=100)
    return beyond / (within + beyond) if within + beyond > 0 else 0.0


def _flux_lm(
    luminaire: Luminaire, tilt_deg: float, low: float, high: float, *, steps: int
) -> float:
    """Flux into the directions between two angles from straight down (radians)."""
    gamma = low + (np.arange(steps) + 0.5) * (high - low) / steps
    round_ = np.radians(np.arange(2.5, 360.0, 5.0))
    tables = _tables([luminaire])
    intensity = _intensities(
        np.outer(np.tan(gamma), np.cos(round_)).ravel(),
        np.outer(np.tan(gamma), np.sin(round_)).ravel(),
        float(np.radians(tilt_deg)),
        (tables.c, tables.gamma, tables.cd, tables.planes, tables.angles),
        (tables.c_first, tables.gamma_first),
    ).reshape(steps, len(round_))
    rings = intensity.sum(axis=1) * np.sin(gamma)
    return float(rings.sum() * (high - low) / steps * np.radians(5.0))


def _check(lamps: Lamps, cutoff_heights: float) -> None:
    if not (np.isfinite(cutoff_heights) and cutoff_heights > 0):
        raise BadParameter(f"cutoff_heights is {cutoff_heights:g}; it must be above 0")
    if not (np.isfinite(lamps.height_m).all() and (lamps.height_m > 0).all()):
        raise BadParameter("height_m of a lamp is not above 0; leave out lamps without a height")
    if not (np.isfinite(lamps.factor).all() and (lamps.factor >= 0).all()):
        raise BadParameter("the maintenance factor of a lamp is negative or no number")
    for name in ("x", "y", "bearing_deg", "tilt_deg"):
        if not np.isfinite(getattr(lamps, name)).all():
            raise BadParameter(f"{name} of a lamp is no number; leave such lamps out")


def _tables(luminaires: Sequence[Luminaire]) -> _Tables:
    count = len(luminaires)
    planes = np.array([len(item.c_deg) for item in luminaires], dtype=np.int64)
    angles = np.array([len(item.gamma_deg) for item in luminaires], dtype=np.int64)
    c, gamma = np.zeros((count, planes.max())), np.zeros((count, angles.max()))
    cd = np.zeros((count, planes.max(), angles.max()))
    c_first = np.zeros((count, 361), dtype=np.int64)
    gamma_first = np.zeros((count, 181), dtype=np.int64)
    for k, item in enumerate(luminaires):
        c[k, : planes[k]], gamma[k, : angles[k]] = item.c_deg, item.gamma_deg
        cd[k, : planes[k], : angles[k]] = item.intensity_cd
        c_first[k] = _before(item.c_deg, 361)
        gamma_first[k] = _before(item.gamma_deg, 181)
    return _Tables(c, gamma, cd, planes, angles, c_first, gamma_first)


def _before(angles: Floats, degrees: int) -> Ints:
    """Return for each whole degree the last listed angle at or before it that has a successor."""
    at = np.searchsorted(angles, np.arange(degrees), side="right") - 1
    return np.clip(at, 0, len(angles) - 2).astype(np.int64)


def _binned(points: Floats) -> tuple[tuple[float, float, float, int, int], Ints, Ints]:
    """Sort points into square cells: origin, cell size and counts; the order; starts of cells."""
    low = points.min(axis=0)
    extent = points.max(axis=0) - low
    cell = max(_CELL_M, float(np.sqrt(extent[0] * extent[1] / _MOST_CELLS)))
    cell = max(cell, float(extent.max()) / _MOST_CELLS)
    columns, rows = (int(side // cell) + 1 for side in extent)
    at = ((points - low) // cell).astype(np.int64)
    number = np.minimum(at[:, 1], rows - 1) * columns + np.minimum(at[:, 0], columns - 1)
    order = np.argsort(number, kind="stable")
    starts = np.searchsorted(number[order], np.arange(rows * columns + 1))
    return (float(low[0]), float(low[1]), cell, rows, columns), order, starts.astype(np.int64)


def _compiled(**options: Any) -> Callable[[Any], Any]:
    """Compile a loop at its first call and keep it for later processes, where a folder allows."""

    def wrap(function: Any) -> Any:
        try:
            return numba.njit(cache=True, **options)(function)
        except RuntimeError:  # numba finds no folder that it may write
            return numba.njit(**options)(function)

    return wrap


@_compiled(inline="always")
def _lookup(c, gamma, k, tables, firsts):  # type: ignore[no-untyped-def]
    """Intensity of luminaire k towards (c, gamma) in degrees, linear in both."""
    c_deg, gamma_deg, cd, planes, angles = tables
    c_first, gamma_first = firsts
    last = angles[k] - 1
    if gamma < gamma_deg[k, 0] or gamma > gamma_deg[k, last]:
        return 0.0
    j = gamma_first[k, int(gamma)]
    while j < last - 1 and gamma_deg[k, j + 1] < gamma:
        j += 1
    i = c_first[k, int(c)]
    while i < planes[k] - 2 and c_deg[k, i + 1] < c:
        i += 1
    v = (gamma - gamma_deg[k, j]) / (gamma_deg[k, j + 1] - gamma_deg[k, j])
    u = (c - c_deg[k, i]) / (c_deg[k, i + 1] - c_deg[k, i])
    near = cd[k, i, j] * (1.0 - v) + cd[k, i, j + 1] * v
    far = cd[k, i + 1, j] * (1.0 - v) + cd[k, i + 1, j + 1] * v
    return near * (1.0 - u) + far * u


@_compiled(inline="always")
def _towards(forward, left, down, cos_tilt, sin_tilt):  # type: ignore[no-untyped-def]
    """Angles (C, gamma) in degrees of a direction seen from a luminaire whose C = 0 is lifted."""
    ahead = forward * cos_tilt - down * sin_tilt
    axis = down * cos_tilt + forward * sin_tilt
    across = np.sqrt(ahead * ahead + left * left)
    gamma = np.degrees(np.arctan2(across, axis))
    c = np.degrees(np.arctan2(left, ahead))
    return (c + 360.0 if c < 0.0 else c), gamma


@_compiled()
def _intensities(forward, left, tilt, tables, firsts):  # type: ignore[no-untyped-def]
    """Intensity of the first luminaire towards points one metre below it."""
    out = np.zeros(len(forward))
    for p in range(len(forward)):
        c, gamma = _towards(forward[p], left[p], 1.0, np.cos(tilt), np.sin(tilt))
        out[p] = _lookup(c, gamma, 0, tables, firsts)
    return out


@_compiled(nogil=True)
def _add_lamps(  # type: ignore[no-untyped-def]  # noqa: PLR0913, PLR0917 - the shape of a kernel
    lux, points, cells, starts, places, angles, factors, luminaires, tables, firsts
):
    """Add the light of every lamp, one after the other, to the points within its radius."""
    low_x, low_y, cell, rows, columns = cells
    xs, ys, heights, radii = places
    bearings, tilts = angles
    for n in range(len(xs)):
        x, y, height, radius = xs[n], ys[n], heights[n], radii[n]
        if factors[n] == 0.0 or x + radius < low_x or y + radius < low_y:
            continue
        sin_b, cos_b = np.sin(bearings[n]), np.cos(bearings[n])
        sin_t, cos_t = np.sin(tilts[n]), np.cos(tilts[n])
        first = max(0, int((x - radius - low_x) / cell))
        last = min(columns - 1, int((x + radius - low_x) / cell))
        if first > last:
            continue
        top = min(rows - 1, int((y + radius - low_y) / cell))
        for row in range(max(0, int((y - radius - low_y) / cell)), top + 1):
            for p in range(starts[row * columns + first], starts[row * columns + last + 1]):
                dx, dy = points[p, 0] - x, points[p, 1] - y
                flat = dx * dx + dy * dy
                if flat > radius * radius:
                    continue
                forward, left = dx * sin_b + dy * cos_b, dy * sin_b - dx * cos_b
                c, gamma = _towards(forward, left, height, cos_t, sin_t)
                intensity = _lookup(c, gamma, luminaires[n], tables, firsts)
                squared = flat + height * height
                # cos^3 / h^2 = h / r^3
                lux[p] += intensity * factors[n] * height / (squared * np.sqrt(squared))
