"""What residents breathe by the stations nearest to them, and days above a daily limit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from processing.monitoring.stations import HOUR, Stations
from processing.monitoring.variogram import Floats

LEAST_OF_A_DAY_H = 18
LEAST_OF_8_H = 6
"""Hours with a value that a daily and an eight-hour mean need: three quarters."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """Means of the continuous stations weighted by the residents nearest to each, ug/m3.

    Both are None without such a station or without known residents; `highest_8h` weighs each
    station's highest eight-hour mean.
    """

    mean_ug_m3: float | None
    highest_8h_ug_m3: float | None


def exposure(
    found: Stations, hourly: pd.DataFrame, homes_xy: Floats, residents: Floats
) -> Exposure:
    """Weigh the stations by residents (NaN = not known, left out); homes are n by 2 in metres."""
    known = ~np.isnan(residents)
    use = np.flatnonzero(found.continuous & ~np.isnan(found.mean))
    if not len(use) or not residents[known].sum() > 0:
        return Exposure(None, None)
    _, nearest = cKDTree(found.xy[use]).query(homes_xy[known])
    people = np.bincount(nearest, residents[known], minlength=len(use)).astype(np.float64)
    by_sensor = pd.Series(found.sensors[use]).map(_highest_8h(hourly))
    highest: Floats = np.asarray(by_sensor, dtype=np.float64)
    mean: Floats = found.mean[use]
    return Exposure(_weighted(mean, people), _weighted(highest, people))


def days_above(hourly: pd.DataFrame, limit_ug_m3: float) -> float | None:
    """Return days with a daily mean above the limit per station that has such means, else None.

    Days are those of UTC.
    """
    by_day = hourly.groupby(["sensor_id", hourly["hour"].dt.floor("D")])["value"]
    daily = by_day.mean()[by_day.count() >= LEAST_OF_A_DAY_H]
    stations = daily.index.get_level_values("sensor_id").nunique()
    return float((daily > limit_ug_m3).sum() / stations) if stations else None


def _highest_8h(hourly: pd.DataFrame) -> pd.Series[float]:
    """Highest running eight-hour mean of each sensor."""
    indexed = hourly.set_index("hour").sort_index().groupby("sensor_id")["value"]
    running = indexed.rolling(8 * HOUR, min_periods=LEAST_OF_8_H).mean()
    highest: pd.Series[float] = running.groupby("sensor_id").max()
    return highest


def _weighted(values: Floats, people: Floats) -> float | None:
    here = ~np.isnan(values)
    total = people[here].sum()
    return float((values[here] * people[here]).sum() / total) if total > 0 else None
