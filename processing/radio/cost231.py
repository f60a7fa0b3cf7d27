"""COST-231 Hata: median loss over built-up land, 1500 to 2000 MHz, 1 to 20 km.

COST Action 231, Digital mobile radio towards future generation systems, final report (1999),
section 4.4.1.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from processing.radio import hata
from processing.radio.loss import Floats, Loss

Environment = Literal["metropolitan", "medium"]

FREQUENCY_MHZ = (1500.0, 2000.0)


def loss(
    frequency_mhz: ArrayLike,
    distance_km: ArrayLike,
    *,
    base_m: ArrayLike,
    terminal_m: ArrayLike,
    environment: Environment,
) -> Loss:
    """Return the median loss (dB) over a distance on the ground.

    `medium` stands for medium-sized cities and suburban centres. Heights in metres above ground.
    Outside 1500 .. 2000 MHz and the ranges of Okumura-Hata a value is not computable.
    """
    found = formula_db(
        frequency_mhz, distance_km, base_m=base_m, terminal_m=terminal_m, environment=environment
    )
    return hata.within(
        found, frequency_mhz, distance_km, base_m, terminal_m, band_mhz=FREQUENCY_MHZ
    )


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
        median = 46.3 + 33.9 * np.log10(f) - 13.82 * np.log10(hb)
        median = median - hata.terminal_db(f, terminal_m, large=False)
        median = median + (44.9 - 6.55 * np.log10(hb)) * np.log10(d)
    return np.asarray(median + (3.0 if environment == "metropolitan" else 0.0), dtype=np.float64)
