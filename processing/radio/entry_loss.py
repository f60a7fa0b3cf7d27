"""What the walls take: building entry loss, ITU-R P.2109-2, 80 MHz to 100 GHz."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from processing.radio.loss import Floats

Building = Literal["traditional", "thermally_efficient"]

_COEFFICIENTS: dict[str, tuple[float, ...]] = {
    "traditional": (12.64, 3.72, 0.96, 9.6, 2.0, 9.1, -3.0, 4.5, -2.0),
    "thermally_efficient": (28.19, -3.0, 8.48, 13.5, 3.8, 27.8, -2.9, 9.4, -2.1),
}
"""r, s, t, u, v, w, x, y, z of table 1."""


def entry_loss_db(
    frequency_ghz: ArrayLike,
    building: Building,
    *,
    case_percent: float = 50.0,
    elevation_deg: float = 0.0,
) -> Floats:
    """Return the loss (dB) not exceeded in `case_percent` of the cases, equation (1).

    50 percent is the median; `elevation_deg` is that of the path at the wall.
    """
    r, s, t, u, v, w, x, y, z = _COEFFICIENTS[building]
    lg_f = np.log10(np.asarray(frequency_ghz, dtype=np.float64))
    deviate = ndtri(case_percent / 100.0)
    first = r + s * lg_f + t * lg_f**2 + 0.212 * abs(elevation_deg) + deviate * (u + v * lg_f)
    second = w + x * lg_f + deviate * (y + z * lg_f)
    total = 10.0 ** (first / 10.0) + 10.0 ** (second / 10.0) + 10.0**-0.3
    return np.asarray(10.0 * np.log10(total), dtype=np.float64)
