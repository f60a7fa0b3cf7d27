"""Stations of a network: what each measured in a time window, and whether continuously."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from layers.model import Area
from processing.checks import require_columns, require_rows
from processing.errors import BadParameter
from processing.frames import placed
from processing.monitoring.variogram import Floats, Ints

HOUR = pd.Timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Window:
    """From `begin` up to but without `end`, whole hours; both in UTC."""

    begin: pd.Timestamp
    end: pd.Timestamp

    @property
    def hours(self) -> int:
        """How many hourly values a station can have."""
        return int((self.end - self.begin) / HOUR)


@dataclass(frozen=True, slots=True, eq=False)
class Stations:
    """Stations in the order of their ids; `mean` over the window is NaN without a value.

    `completeness` is the share of the window's hours that have a value, `continuous` tells where
    it reaches the share asked for.
    """

    ids: Ints
    xy: Floats
    mean: Floats
    completeness: Floats
    continuous: NDArray[np.bool_]


def window(readings: gpd.GeoDataFrame, *, begin: datetime | None, end: datetime | None) -> Window:
    """Return the window asked for; an end not given is that of the readings.

    Raises BadParameter when nothing lies between, EmptyInput and MissingColumn without readings.
    """
    require_rows(readings, name="air_sensor_readings", remedy="load the layer for this area")
    require_columns(readings, ("sensor_id", "time"), name="air_sensor_readings")
    times = pd.to_datetime(readings["time"], utc=True)
    known = times[times.notna()].to_frame()
    require_rows(known, name="air_sensor_readings of a known time", remedy="load their times, too")
    first = times.min().floor("h") if begin is None else _utc(begin).floor("h")
    last = times.max().floor("h") + HOUR if end is None else _utc(end).ceil("h")
    if not first < last:
        raise BadParameter(f"the window from {first} to {last} is empty; begin must be before end")
    return Window(first, last)


def stations(
    area: Area,
    sensors: gpd.GeoDataFrame,
    readings: gpd.GeoDataFrame,
    when: Window,
    *,
    column: str,
    least_share: float,
) -> Stations:
    """Return the stations of an area with what they measured in the window.

    An hour with several readings counts once, by their mean; a concentration below 0 is no
    reading. Raises EmptyInput, MissingColumn, BadGeometry, RepeatedId, NotProjected, Distorted.
    """
    name = "air_sensors"
    require_columns(sensors, ("sensor_id",), name=name)
    require_columns(readings, (column,), name="air_sensor_readings")
    frame = placed(sensors, area, ("Point",), name=name)
    hourly = _hourly(readings, when, column)
    by_sensor = hourly.groupby("sensor_id")["value"]
    keys = frame["sensor_id"]
    mean = keys.map(by_sensor.mean()).to_numpy(dtype=np.float64)
    completeness = keys.map(by_sensor.count()).fillna(0).to_numpy(dtype=np.float64) / when.hours
    return Stations(
        ids=frame.index.to_numpy(dtype=np.int64),
        xy=shapely.get_coordinates(np.asarray(frame.geometry.values)),
        mean=mean,
        completeness=completeness,
        continuous=completeness >= least_share,
    )


def merged(given: Stations) -> tuple[Floats, Floats]:
    """Return place and mean of the continuous stations, those at one place as one."""
    chosen = given.continuous & ~np.isnan(given.mean)
    places, which = np.unique(given.xy[chosen], axis=0, return_inverse=True)
    which = which.ravel()
    count = np.bincount(which, minlength=len(places))
    total = np.bincount(which, given.mean[chosen], minlength=len(places))
    return places, total / np.maximum(count, 1)


def _hourly(readings: gpd.GeoDataFrame, when: Window, column: str) -> pd.DataFrame:
    times = pd.to_datetime(readings["time"], utc=True)
    values = readings[column].to_numpy(dtype=np.float64, na_value=np.nan)
    table = pd.DataFrame(
        {
            "sensor_id": readings["sensor_id"].to_numpy(),
            "hour": times.dt.floor("h"),
            "value": values,
        }
    )
    inside = (table["hour"] >= when.begin) & (table["hour"] < when.end)
    table = table[inside & np.isfinite(table["value"]) & (table["value"] >= 0)]
    # Sorted, so that the order of rows does not reach the last bit of a mean.
    table = table.sort_values(["sensor_id", "hour", "value"])
    hourly: pd.DataFrame = table.groupby(["sensor_id", "hour"], as_index=False)["value"].mean()
    return hourly


def _utc(moment: Any) -> pd.Timestamp:
    stamp = pd.Timestamp(moment)
    return stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")
