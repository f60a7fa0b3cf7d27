"""The 15-minute score: the share of service classes that a home reaches within the time.

After C. Moreno et al., Introducing the "15-minute city", Smart Cities 4 (2021) 93-111; the classes
are those that the user counts, each weighing the same.
"""

from __future__ import annotations

import numpy as np

from layers.message import message
from processing.errors import BadParameter
from processing.network import Floats


def minutes(distance_m: Floats, speed_km_h: float) -> Floats:
    """Return the time in minutes; infinite and NaN stay what they are.

    Raises BadParameter when the speed is not a positive number.
    """
    if not 0 < speed_km_h < np.inf:
        raise BadParameter(f"speed_km_h = {speed_km_h} is not allowed; it must be above 0 km/h")
    times: Floats = distance_m / (speed_km_h / 0.06)
    return times


def score(times_min: Floats, limit_min: float) -> Floats:
    """Return per row the share (0..1) of columns reached within the limit, itself included.

    Infinite is not reached. A row without any time, all NaN, was not joined to the network: its
    score is NaN. Raises BadParameter when there is no column.
    """
    if not times_min.shape[1]:
        raise BadParameter(message("input.no_class"))
    share: Floats = (times_min <= limit_min).mean(axis=1)
    return np.where(np.isnan(times_min).all(axis=1), np.nan, share)


def mean(values: Floats, weights: Floats) -> float | None:
    """Return the weighted mean of what is known, None when nothing is."""
    both = ~np.isnan(values) & ~np.isnan(weights)
    total = weights[both].sum()
    return float((values[both] * weights[both]).sum() / total) if total else None
