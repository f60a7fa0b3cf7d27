"""The shape of a path: horizons and effective heights, ITU-R P.1812-8 attachment 1 to annex 1.

Symbols are those of the Recommendation with their units. Horizons follow from the bare terrain, as
the validation examples of the Recommendation have it; clutter only enters the diffraction.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from processing.radio.kernel import compiled, reduced
from processing.radio.loss import Floats


class Path(NamedTuple):
    """A profile of n points from the transmitter to the receiver, and what is often made of it."""

    d_km: Floats
    """Distance from the transmitter, ascending from 0."""
    h_m: Floats
    """Terrain above sea level."""
    g_m: Floats
    """Terrain and clutter, bare at both ends."""
    flat_m: Floats
    """Zeros."""
    per_d: Floats
    """1 / distance from the transmitter; 0 at the ends."""
    per_e: Floats
    """1 / distance from the receiver; 0 at the ends."""
    product_km2: Floats
    """Distance from the transmitter times distance from the receiver."""


class Ends(NamedTuple):
    """Heights of the antennas at transmitter and receiver, above ground and above sea level."""

    htg_m: float
    hrg_m: float
    hts_m: float
    hrs_m: float


class Smooth(NamedTuple):
    """Heights of a smooth surface above sea level at transmitter and receiver."""

    hst_m: float
    hsr_m: float


class Horizon(NamedTuple):
    """Distance, elevation and point of the horizon seen from both ends; `los` 1 when they see."""

    dlt_km: float
    dlr_km: float
    theta_t_mrad: float
    theta_r_mrad: float
    first: int
    last: int
    los: int


@reduced
def fitted(path: Path) -> Smooth:
    """Return the least-squares smooth surface at both ends, equations (85) to (88)."""
    d, h = path.d_km, path.h_m
    v1 = v2 = 0.0
    for i in range(1, d.size):
        step = d[i] - d[i - 1]
        v1 += step * (h[i] + h[i - 1])
        v2 += step * (h[i] * (2.0 * d[i] + d[i - 1]) + h[i - 1] * (d[i] + 2.0 * d[i - 1]))
    total = d[-1]
    return Smooth((2.0 * v1 * total - v2) / total**2, (v2 - v1 * total) / total**2)


@reduced
def _obstruction(path: Path, ends: Ends) -> tuple[float, float, float]:
    """Return the highest obstruction and its slopes from both ends, (89a) to (89d)."""
    d, h = path.d_km, path.h_m
    slope = (ends.hrs_m - ends.hts_m) / d[-1]
    highest = from_t = from_r = -1e300
    for i in range(1, d.size - 1):
        over = h[i] - (ends.hts_m + slope * d[i])
        highest = max(highest, over)
        from_t = max(from_t, over * path.per_d[i])
        from_r = max(from_r, over * path.per_e[i])
    return highest, from_t, from_r


@compiled
def diffracting(path: Path, ends: Ends, smooth: Smooth) -> Smooth:
    """Return the smooth surface of the diffraction model at both ends, (90) and (91)."""
    highest, from_t, from_r = _obstruction(path, ends)
    hst, hsr = smooth.hst_m, smooth.hsr_m
    if highest > 0.0:
        hst -= highest * from_t / (from_t + from_r)
        hsr -= highest * from_r / (from_t + from_r)
    return Smooth(min(hst, path.h_m[0]), min(hsr, path.h_m[-1]))


@compiled
def horizon(path: Path, ends: Ends, radius_km: float) -> Horizon:
    """Return the horizons seen from both ends, equations (76) to (83).

    On a line-of-sight path it is the point of the largest diffraction parameter for both.
    """
    d = path.d_km
    total = d[-1]
    rise = (ends.hrs_m - ends.hts_m) / (1000.0 * total)
    sight = rise - total / (2.0 * radius_km)
    slope, first = _steepest(path, ends.hts_m, radius_km)
    if slope > sight:
        back, last = _steepest_back(path, ends.hrs_m, radius_km)
        return Horizon(d[first], total - d[last], _mrad(slope), _mrad(back), first, last, 0)
    at = _narrowest(path, ends, radius_km)
    back = -rise - total / (2.0 * radius_km)
    return Horizon(d[at], total - d[at], _mrad(sight), _mrad(back), at, at, 1)


@compiled
def _mrad(slope: float) -> float:
    return 1000.0 * math.atan(slope)


@compiled
def _steepest(path: Path, hts_m: float, radius_km: float) -> tuple[float, int]:
    """Return the steepest slope from the transmitter and its first point, (77)."""
    best, at = -1e300, 1
    bend = 1.0 / (2.0 * radius_km)
    for i in range(1, path.d_km.size - 1):
        slope = (path.h_m[i] - hts_m) * path.per_d[i] / 1000.0 - path.d_km[i] * bend
        if slope > best:
            best, at = slope, i
    return best, at


@compiled
def _steepest_back(path: Path, hrs_m: float, radius_km: float) -> tuple[float, int]:
    """Return the steepest slope from the receiver and its last point, (82a)."""
    best, at = -1e300, 1
    bend = 1.0 / (2.0 * radius_km)
    total = path.d_km[-1]
    for i in range(1, path.d_km.size - 1):
        slope = (path.h_m[i] - hrs_m) * path.per_e[i] / 1000.0 - (total - path.d_km[i]) * bend
        if slope >= best:
            best, at = slope, i
    return best, at


@compiled
def _narrowest(path: Path, ends: Ends, radius_km: float) -> int:
    """Return the point that comes nearest to the ray, by the diffraction parameter of (81)."""
    best, at = -1e300, 1
    bend = 500.0 / radius_km
    slope = (ends.hrs_m - ends.hts_m) / path.d_km[-1]
    for i in range(1, path.d_km.size - 1):
        over = path.h_m[i] + bend * path.product_km2[i] - (ends.hts_m + slope * path.d_km[i])
        # The square with its sign: it is as large where the parameter is, without its root.
        square = over * abs(over) * path.per_d[i] * path.per_e[i]
        if square >= best:
            best, at = square, i
    return at


@reduced
def roughness_m(path: Path, smooth: Smooth, first: int, last: int) -> float:
    """Return hm, how far the terrain stands over the smooth surface between horizons, (93), (95).

    `smooth` is that of the ducting model, not above the ground at the ends.
    """
    slope = (smooth.hsr_m - smooth.hst_m) / path.d_km[-1]
    highest = -1e300
    for i in range(first, last + 1):
        highest = max(highest, path.h_m[i] - (smooth.hst_m + slope * path.d_km[i]))
    return highest
