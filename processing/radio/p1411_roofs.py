"""ITU-R P.1411-12 section 4.2.2.1: over roof-tops into a street, a row of screens of one height.

The urban model "NLoS1": free space, diffraction from the last roof down to the street, and past the
rows of buildings before it; 0.8 to 26 GHz, 20 m to 5 km.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from processing.radio.loss import Floats, Loss, Reason, outside, refuse
from processing.radio.p1411 import Street, wavelength_m

FREQUENCY_GHZ = (0.8, 26.0)
NARROW_GHZ = (2.0, 16.0)
"""The frequencies for a base station under the roofs before a street narrower than 10 m."""
DISTANCE_M = (20.0, 5_000.0)
BASE_M = (4.0, 55.0)
TERMINAL_M = (1.0, 3.0)
ANGLE_DEG = (0.0, 90.0)

_HIGH_GHZ = 2.0
_SMOOTHING = 0.1  # chi of the Recommendation
_TAPER = 0.0417  # upsilon


class Roofs(NamedTuple):
    """Buildings along the way: mean height, mean spacing of rows, and the length that they cover.

    `covered_m` None: the whole way. `metropolitan`: a centre, not a medium-sized city.
    """

    height_m: float = 20.0
    spacing_m: float = 50.0
    covered_m: float | None = None
    metropolitan: bool = False


class _Screens(NamedTuple):
    """What is the same for all distances."""

    f_mhz: Floats
    lam_m: Floats
    over_m: Floats
    """The base station over (or under) the roofs."""


def loss(
    frequency_ghz: ArrayLike,
    distance_m: ArrayLike,
    *,
    base_m: ArrayLike,
    terminal_m: ArrayLike,
    roofs: Roofs,
    street: Street,
) -> Loss:
    """Return the median loss (dB) of paths of `distance_m` in space; never below free space.

    Heights of base station and terminal in metres above the street. Outside the ranges of this
    module a value is not computable, and nor is it for terminals above the roofs.
    """
    f, d, hb, hm = (
        np.asarray(value, dtype=np.float64)
        for value in (frequency_ghz, distance_m, base_m, terminal_m)
    )
    narrow = (hb < roofs.height_m) & (street.width_m < 10.0)
    walls = (hm >= roofs.height_m) | outside(street.angle_deg, ANGLE_DEG)
    walls = walls | (not (street.width_m > 0 and roofs.spacing_m > 0))
    faults = (
        (Reason.FREQUENCY, outside(f, FREQUENCY_GHZ) | (narrow & outside(f, NARROW_GHZ))),
        (Reason.BASE_HEIGHT, outside(hb, BASE_M)),
        (Reason.TERMINAL_HEIGHT, outside(hm, TERMINAL_M)),
        (Reason.SURROUNDINGS, walls),
        (Reason.DISTANCE, outside(d, DISTANCE_M)),
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        screens = _Screens(f * 1e3, wavelength_m(f), hb - roofs.height_m)
        free = 32.4 + 20.0 * np.log10(d / 1e3) + 20.0 * np.log10(f * 1e3)
        down = -8.2 - 10.0 * np.log10(street.width_m) + 10.0 * np.log10(f * 1e3)
        down = down + 20.0 * np.log10(roofs.height_m - hm) + orientation_db(street.angle_deg)
        found = np.maximum(free + down + _screens_db(screens, d, roofs), free)
    return refuse(found, faults)


def orientation_db(angle_deg: float) -> float:
    """Return the correction (dB) for the angle between street and path, 0 .. 90 degrees."""
    if angle_deg < 35.0:
        return -10.0 + 0.354 * angle_deg
    if angle_deg < 55.0:
        return 2.5 + 0.075 * (angle_deg - 35.0)
    return 4.0 - 0.114 * (angle_deg - 55.0)


def _screens_db(screens: _Screens, d: Floats, roofs: Roofs) -> Floats:
    """Return Lmsd: grazing when the rows of buildings are few, settled when they are many."""
    covered = d if roofs.covered_m is None else np.full_like(d, roofs.covered_m)
    # A base station level with the roofs settles at once; a millimetre keeps the quotient finite.
    over = np.where(np.abs(screens.over_m) < 1e-3, 1e-3, screens.over_m)
    screens = screens._replace(over_m=over)
    settled = covered > screens.lam_m * d**2 / over**2
    bp = np.abs(over) * np.sqrt(covered / screens.lam_m)
    upper, lower = _many(screens, bp, roofs), _few(screens, bp, roofs)
    middle, gap = (upper + lower) / 2.0, upper - lower
    many, few = _many(screens, d, roofs), _few(screens, d, roofs)
    away = np.log10(d) - np.log10(bp)
    step = np.tanh(away / _SMOOTHING)
    taper = np.tanh(away / np.where(gap < 0, gap * _TAPER, -_TAPER))
    risen = np.where(settled, middle - step * (many - middle), middle + step * (few - middle))
    fallen = np.where(
        settled,
        many - taper * (upper - middle) - upper + middle,
        few + taper * (middle - lower) + middle - lower,
    )
    return np.where(gap > 0, risen, np.where(gap < 0, fallen, few))


def _many(screens: _Screens, d: Floats, roofs: Roofs) -> Floats:
    """Return L1msd, for many rows of buildings."""
    f, over = screens.f_mhz, screens.over_m
    above = over > 0
    high = f > _HIGH_GHZ * 1e3
    shadow = np.where(above, -18.0 * np.log10(1.0 + np.maximum(over, 0.0)), 0.0)
    slope = np.where(above, 18.0, 18.0 - 15.0 * over / roofs.height_m)
    sunk = np.where(d < 500.0, 1.6 * over * d / 1e3, 0.8 * over)
    start = np.where(above, np.where(high, 71.4, 54.0), np.where(high, 73.0, 54.0) - sunk)
    growth = 1.5 if roofs.metropolitan else 0.7
    per_f = np.where(high, -8.0, -4.0 + growth * (f / 925.0 - 1.0))
    rows = 9.0 * np.log10(roofs.spacing_m)
    return np.asarray(shadow + start + slope * np.log10(d / 1e3) + per_f * np.log10(f) - rows)


def _few(screens: _Screens, d: Floats, roofs: Roofs) -> Floats:
    """Return L2msd, for few rows of buildings, by the height of the base station at the roofs."""
    f, lam, over, b = screens.f_mhz, screens.lam_m, screens.over_m, roofs.spacing_m
    lg_upper = -np.log10(np.sqrt(b / lam)) - np.log10(d) / 9.0 + 10.0 / 9.0 * np.log10(b / 2.35)
    grazing_upper = 10.0**lg_upper
    grazing_lower = (0.00023 * b**2 - 0.1827 * b - 9.4978) / np.log10(f) ** 2.938
    grazing_lower = grazing_lower + 0.000781 * b + 0.06923
    angle = np.arctan(over / b)
    edge = b / (2.0 * np.pi * d) * np.sqrt(lam / np.hypot(over, b))
    below = np.abs(edge * (1.0 / angle - 1.0 / (2.0 * np.pi + angle)))
    above = 2.35 * (np.maximum(over, 0.0) / d * np.sqrt(b / lam)) ** 0.9
    field = np.where(over > grazing_upper, above, np.where(over >= grazing_lower, b / d, below))
    return np.asarray(-20.0 * np.log10(field))
