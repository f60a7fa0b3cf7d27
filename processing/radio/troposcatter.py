"""Scatter from the troposphere, ITU-R P.1812-8 section 4.4."""

from __future__ import annotations

import math

from processing.radio.kernel import compiled


@compiled
def troposcatter_db(
    f_ghz: float, path_km: float, theta_mrad: float, refractivity: float, time_percent: float
) -> float:
    """Return Lbs (dB) not exceeded for `time_percent` of the time, equations (44) and (45).

    `theta_mrad` is the angular distance, `refractivity` N0 at sea level (N-units).
    """
    frequency_db = 25.0 * math.log10(f_ghz) - 2.5 * math.log10(f_ghz / 2.0) ** 2
    loss_db = 190.1 + frequency_db + 20.0 * math.log10(path_km) + 0.573 * theta_mrad
    rare_db = 10.125 * math.pow(math.log10(50.0 / time_percent), 0.7)
    return loss_db - 0.15 * refractivity - rare_db
