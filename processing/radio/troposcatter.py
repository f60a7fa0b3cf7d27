"""Scatter from the troposphere, ITU-R P.1812-8 section 4.4."""

from __future__ import annotations

import math
from typing import NamedTuple

from processing.radio.kernel import compiled


class Scatter(NamedTuple):
    """What the model asks of a path: its angular distance, and N0 at sea level (N-units)."""

    f_ghz: float
    time_percent: float
    path_km: float
    theta_mrad: float
    refractivity: float


@compiled
def troposcatter_db(path: Scatter) -> float:
    """Return Lbs (dB) not exceeded for a percentage of the time, equations (44) and (45)."""
    loss_db = 190.1 + 25.0 * math.log10(path.f_ghz) - 2.5 * math.log10(path.f_ghz / 2.0) ** 2
    loss_db += 20.0 * math.log10(path.path_km) + 0.573 * path.theta_mrad
    rare_db = 10.125 * math.pow(math.log10(50.0 / path.time_percent), 0.7)
    return loss_db - 0.15 * path.refractivity - rare_db
