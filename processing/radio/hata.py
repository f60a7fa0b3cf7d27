"""Okumura-Hata: median loss over built-up land, 150 to 1500 MHz, 1 to 20 km.

M. Hata, Empirical formula for propagation loss in land mobile radio services, IEEE Transactions on
Vehicular Technology 29(3), 1980. The constant of open land is Hata's 40.94.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from processing.radio.loss import Floats, Loss, Reason, outside, refuse

Environment = Literal["urban_large", "urban_small", "suburban", "open"]

FREQUENCY_MHZ = (150.0, 1500.0)
DISTANCE_KM = (1.0, 20.0)
BASE_M = (30.0, 200.0)
TERMINAL_M = (1.0, 10.0)


def loss(
    frequency_mhz: ArrayLike,
    distance_km: ArrayLike,
    *,
    base_m: ArrayLike,
    terminal_m: ArrayLike,
    environment: Environment,
) -> Loss:
    """Return the median loss (dB) over a distance on the ground.

    Heights of base station and terminal in metres above ground. Outside the ranges of this module
    a value is not computable.
    """
    found = formula_db(
        frequency_mhz, distance_km, base_m=base_m, terminal_m=terminal_m, environment=environment
    )
    return within(found, frequency_mhz, distance_km, base_m, terminal_m, band_mhz=FREQUENCY_MHZ)


def within(
    found: Floats,
    frequency_mhz: ArrayLike,
    distance_km: ArrayLike,
    base_m: ArrayLike,
    terminal_m: ArrayLike,
    *,
    band_mhz: tuple[float, float],
) -> Loss:
    """Return what the formula gave (dB) inside a band and the ranges of this module only."""
    faults = (
        (Reason.FREQUENCY, outside(frequency_mhz, band_mhz)),
        (Reason.BASE_HEIGHT, outside(base_m, BASE_M)),
        (Reason.TERMINAL_HEIGHT, outside(terminal_m, TERMINAL_M)),
        (Reason.DISTANCE, outside(distance_km, DISTANCE_KM)),
    )
    return refuse(found, faults)


def formula_db(
    frequency_mhz: ArrayLike,
    distance_km: ArrayLike,
    *,
    base_m: ArrayLike,
    terminal_m: ArrayLike,
    environment: Environment,
) -> Floats:
    """Return what the formula gives (dB), whether it holds there or not; arguments as `loss`."""
    f, d, hb = (
        np.asarray(value, dtype=np.float64) for value in (frequency_mhz, distance_km, base_m)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        lg_f = np.log10(f)
        urban = 69.55 + 26.16 * lg_f - 13.82 * np.log10(hb)
        urban = urban + (44.9 - 6.55 * np.log10(hb)) * np.log10(d)
        urban = urban - terminal_db(f, terminal_m, large=environment == "urban_large")
        if environment == "suburban":
            urban = urban - 2.0 * np.log10(f / 28.0) ** 2 - 5.4
        elif environment == "open":
            urban = urban - 4.78 * lg_f**2 + 18.33 * lg_f - 40.94
    return np.asarray(urban, dtype=np.float64)


def terminal_db(frequency_mhz: ArrayLike, terminal_m: ArrayLike, *, large: bool) -> Floats:
    """Return a(hm), the correction (dB) for the height of a terminal, in a large or other city."""
    f, hm = (np.asarray(value, dtype=np.float64) for value in (frequency_mhz, terminal_m))
    lg_f = np.log10(f)
    if large:
        low = 8.29 * np.log10(1.54 * hm) ** 2 - 1.1
        high = 3.2 * np.log10(11.75 * hm) ** 2 - 4.97
        return np.asarray(np.where(f < 300.0, low, high), dtype=np.float64)
    return np.asarray((1.1 * lg_f - 0.7) * hm - (1.56 * lg_f - 0.8), dtype=np.float64)
