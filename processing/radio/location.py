"""How levels scatter from place to place: log-normal, ITU-R P.1812-8 section 4.8."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from processing.radio.kernel import compiled
from processing.radio.loss import Floats

_C = (2.515516698, 0.802853, 0.010328)
_D = (1.432788, 0.189269, 0.001308)


@compiled
def exceeded(tail_share: float) -> float:
    """Return I(x), the normal deviate that is exceeded with probability x, 1e-6 .. 1 - 1e-6.

    The approximation of P.1812 attachment 2, equations (96) and (97), off by 4.5e-4 at most.
    """
    x = min(max(tail_share, 1e-6), 1.0 - 1e-6)
    tail = x if x <= 0.5 else 1.0 - x
    t = math.sqrt(-2.0 * math.log(tail))
    above = (_C[2] * t + _C[1]) * t + _C[0]
    below = ((_D[2] * t + _D[1]) * t + _D[0]) * t + 1.0
    deviate = t - above / below
    return deviate if x <= 0.5 else -deviate


def deviation_db(
    frequency_ghz: ArrayLike, height_m: ArrayLike, clutter_m: ArrayLike, resolution_m: ArrayLike
) -> Floats:
    """Return the standard deviation (dB) of the level within a square of `resolution_m` metres.

    Equation (66) with u(h) of (67): it fades to zero from the height of the clutter to 10 m above
    it. Heights of the receiver and the clutter around it are above ground.
    """
    above = np.asarray(height_m, dtype=np.float64) - np.asarray(clutter_m, dtype=np.float64)
    fading = np.clip(1.0 - above / 10.0, 0.0, 1.0)
    spread = (0.52 + 0.024 * np.asarray(frequency_ghz)) * np.asarray(resolution_m) ** 0.28
    return np.asarray(spread * fading, dtype=np.float64)


def margin_db(location_percent: ArrayLike, deviation_db: ArrayLike) -> Floats:
    """Return by how much (dB) a median level must exceed a threshold to be held at that share.

    `location_percent` of the places within the square, deviation of the level there in dB;
    zero at 50 percent. Q^-1 exactly, not the approximation of P.1812.
    """
    deviate = ndtri(np.asarray(location_percent, dtype=np.float64) / 100.0)
    return np.asarray(deviate * np.asarray(deviation_db), dtype=np.float64)


def probability_share(
    level_dbm: ArrayLike, threshold_dbm: ArrayLike, deviation_db: ArrayLike
) -> Floats:
    """Return the share of places (0 .. 1) where the level holds the threshold, given its median.

    With a deviation of zero it is 0 or 1; a level equal to the threshold holds it. NaN stays NaN.
    """
    over = np.asarray(level_dbm, dtype=np.float64) - np.asarray(threshold_dbm, dtype=np.float64)
    spread = np.broadcast_to(np.asarray(deviation_db, dtype=np.float64), over.shape)
    certain = np.where(np.isnan(over), np.nan, (over >= 0.0).astype(np.float64))
    scaled = np.divide(over, spread, out=np.zeros_like(over), where=spread > 0)
    return np.where(spread > 0, ndtr(scaled), certain)
