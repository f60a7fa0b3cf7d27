"""ITU-R P.1411-12: short-range outdoor paths in streets and over roof-tops.

Section 4.1.1 (both ends below the roofs, any height), 4.1.2 (line of sight in a street), 4.1.3.1
(round a corner), 4.2.2.1 (over roof-tops). Distances are those in space.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from processing.radio.loss import Floats, Loss, Reason, outside, refuse

LIGHT_M_S = 299_792_458.0

SIGHT_GHZ = (0.3, 15.0)
SIGHT_M = (5.0, 1_000.0)
UHF_GHZ = 3.0
"""Above it the traffic on the road is a ground of its own: the effective road height."""

CORNER_GHZ = (0.8, 2.0)
CORNER_RAD = (0.6, np.pi)

GENERAL_GHZ = (0.8, 82.0)
GENERAL_SIGHT = (2.12, 29.2, 2.11, 5.06)
GENERAL_SIGHT_M = (5.0, 660.0)
GENERAL_HIDDEN = (4.00, 10.2, 2.36, 7.60)
GENERAL_HIDDEN_M = (30.0, 715.0)
"""Alpha, beta, gamma and sigma (dB) of table 4, line of sight and urban high-rise."""

_ROAD_NEAR_M = 20.0


class Bounds(NamedTuple):
    """Lower bound, median and upper bound of a loss, dB."""

    lower_db: Floats
    median_db: Floats
    upper_db: Floats


class Street(NamedTuple):
    """Where a terminal stands: street width, angle of the street to the path, height of the road.

    `angle_deg` 0 is along the path, 90 across. `road_m` is the effective road height of table 6
    (light traffic, 0.2 to 0.7 m), used above 3 GHz.
    """

    width_m: float = 20.0
    angle_deg: float = 90.0
    road_m: float = 0.5


def wavelength_m(frequency_ghz: ArrayLike) -> Floats:
    """Return the wavelength in metres."""
    return np.asarray(LIGHT_M_S / (np.asarray(frequency_ghz, dtype=np.float64) * 1e9))


def slant_m(distance_m: ArrayLike, base_m: ArrayLike, terminal_m: ArrayLike) -> Floats:
    """Return distances in space (m) from those on the ground and the two heights (m)."""
    rise = np.asarray(base_m, dtype=np.float64) - np.asarray(terminal_m, dtype=np.float64)
    return np.asarray(np.hypot(distance_m, rise), dtype=np.float64)


def sight_bounds(
    frequency_ghz: ArrayLike,
    distance_m: ArrayLike,
    *,
    base_m: ArrayLike,
    terminal_m: ArrayLike,
    road_m: float = 0.0,
) -> Bounds:
    """Return the bounds (dB) in line of sight over a street, section 4.1.2, ranges not checked.

    `road_m` is taken off both heights (m above ground). Where a terminal stands lower than the
    traffic there is no breakpoint: the loss grows with the third power from 20 m on.
    """
    lam = wavelength_m(frequency_ghz)
    d = np.asarray(distance_m, dtype=np.float64)
    hb = np.asarray(base_m, dtype=np.float64) - road_m
    hm = np.asarray(terminal_m, dtype=np.float64) - road_m
    sunk = (hb <= 0) | (hm <= 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = np.abs(20.0 * np.log10(lam**2 / (8.0 * np.pi * hb * hm)))
        lg = np.log10(d * lam / (4.0 * hb * hm))
        low_at = np.abs(20.0 * np.log10(lam / (2.0 * np.pi * _ROAD_NEAR_M)))
        low = low_at + 30.0 * np.log10(d / _ROAD_NEAR_M)
        lower = np.where(sunk, low, at + np.where(lg <= 0, 20.0, 40.0) * lg)
    spread = 20.0 + np.where(~sunk & (lg <= 0), 5.0 * lg, 0.0)
    return Bounds(lower, lower + 6.0, lower + spread)


def sight(
    frequency_ghz: ArrayLike,
    distance_m: ArrayLike,
    *,
    base_m: ArrayLike,
    terminal_m: ArrayLike,
    road_m: float = 0.5,
) -> Loss:
    """Return the median loss (dB) in line of sight over a street, 0.3 to 15 GHz, 5 m to 1 km.

    `road_m` counts from 3 GHz on. Outside these ranges a value is not computable.
    """
    f = np.asarray(frequency_ghz, dtype=np.float64)
    low = sight_bounds(f, distance_m, base_m=base_m, terminal_m=terminal_m)
    high = sight_bounds(f, distance_m, base_m=base_m, terminal_m=terminal_m, road_m=road_m)
    faults = (
        (Reason.FREQUENCY, outside(f, SIGHT_GHZ)),
        (Reason.BASE_HEIGHT, ~(np.asarray(base_m) > 0)),
        (Reason.TERMINAL_HEIGHT, ~(np.asarray(terminal_m) > 0)),
        (Reason.DISTANCE, outside(distance_m, SIGHT_M)),
    )
    lowest = np.minimum(np.asarray(base_m), np.asarray(terminal_m))
    sunk_near = (lowest <= road_m) & (np.asarray(distance_m) < _ROAD_NEAR_M)
    plain = (f < UHF_GHZ) | sunk_near
    return refuse(np.where(plain, low.median_db, high.median_db), faults)


def general(
    frequency_ghz: ArrayLike, distance_m: ArrayLike, *, line_of_sight: ArrayLike
) -> tuple[Loss, Floats]:
    """Return the median loss (dB) below the roofs of high-rise housing and its deviation (dB).

    Section 4.1.1, 0.8 to 82 GHz; 5 to 660 m in line of sight, 30 to 715 m out of it.
    """
    f, d = (np.asarray(value, dtype=np.float64) for value in (frequency_ghz, distance_m))
    sees = np.asarray(line_of_sight, dtype=bool)
    alpha, beta, gamma, sigma = (
        np.where(sees, clear, hidden)
        for clear, hidden in zip(GENERAL_SIGHT, GENERAL_HIDDEN, strict=True)
    )
    far = np.where(sees, outside(d, GENERAL_SIGHT_M), outside(d, GENERAL_HIDDEN_M))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = 10.0 * alpha * np.log10(d) + beta + 10.0 * gamma * np.log10(f)
    faults = ((Reason.FREQUENCY, outside(f, GENERAL_GHZ)), (Reason.DISTANCE, far))
    return refuse(found, faults), np.broadcast_to(sigma, found.shape)


def street_corner(
    frequency_ghz: ArrayLike,
    to_corner_m: tuple[ArrayLike, ArrayLike],
    *,
    width_m: tuple[ArrayLike, ArrayLike],
    angle_rad: ArrayLike,
) -> Loss:
    """Return the loss (dB) along a street and round a corner, section 4.1.3.1, 0.8 to 2 GHz.

    `to_corner_m`: distance of both stations from the crossing; `width_m`: of the streets of both;
    `angle_rad` between the streets, above 0.6 and below pi.
    """
    f, angle = (np.asarray(value, dtype=np.float64) for value in (frequency_ghz, angle_rad))
    x1, x2 = (np.asarray(value, dtype=np.float64) for value in to_corner_m)
    w1, w2 = (np.asarray(value, dtype=np.float64) for value in width_m)
    faults = (
        (Reason.FREQUENCY, outside(f, CORNER_GHZ)),
        (Reason.SURROUNDINGS, ~((w1 > 0) & (w2 > 0)) | outside(angle, CORNER_RAD)),
        (Reason.DISTANCE, ~((x1 > 0) & (x2 > 0))),
    )
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        wave = 20.0 * np.log10(4.0 * np.pi / wavelength_m(f))
        bent = x1 * x2 / (w1 * w2) * 3.86 / angle**3.5
        reflected = 20.0 * np.log10(x1 + x2) + bent + wave
        corner = 40.0 / (2.0 * np.pi) * (np.arctan(x2 / w2) + np.arctan(x1 / w1) - np.pi / 2.0)
        sharp = 0.1 * (90.0 - np.degrees(angle))
        diffracted = 10.0 * np.log10(x1 * x2 * (x1 + x2)) + 2.0 * corner - sharp + wave
        both = 10.0 ** (-reflected / 10.0) + 10.0 ** (-diffracted / 10.0)
        found = -10.0 * np.log10(both)
    return refuse(found, faults)
