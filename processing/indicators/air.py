"""Air: means of the stations weighted by the people near each, exceedances, density of stations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.model import Text
from layers.seed import AirLimit
from processing.crs import metric_crs
from processing.indicators.base import NO_PEOPLE, Figures, Quarter, divided, reason
from processing.scorecard import Figure, Key

METHOD = "smart-quarter-coverage"
YEAR_DAYS = 365.25
LONG_ENOUGH = 0.9
"""Part of a year that makes an annual mean."""
HOURS_OF_A_DAY = 18
"""So many hours make a daily mean (75 %; Directive 2008/50/EC, annex I)."""
HOURS_OF_EIGHT = 6
CONTINUOUS = 0.75
"""Part of the hours of the window that makes a station a continuous one, as in monitoring."""
REACH_M = 2_000.0

_POLLUTANTS: Mapping[Key, tuple[str, str]] = {
    ("AIR1", 1): ("pm25_ug_m3", "PM2.5"),
    ("AIR2", 1): ("pm10_ug_m3", "PM10"),
    ("AIR3", 1): ("no2_ug_m3", "NO2"),
    ("AIR4", 1): ("o3_ug_m3", "O3"),
}

_COLUMNS = tuple(column for column, _ in _POLLUTANTS.values())

_NO_SERIES = reason("няма шэрагаў станцый", "нет рядов станций", "no series of stations")
_NO_LIMIT = reason("сутачная ГДК невядомая", "суточная ПДК неизвестна", "no daily limit is known")


def figures(
    place: Quarter,
    buildings: gpd.GeoDataFrame,
    stations: gpd.GeoDataFrame | None,
    readings: gpd.GeoDataFrame | None,
    limits: Mapping[str, AirLimit],
) -> Figures:
    """Return AIR1 to AIR6.

    A mean is that of the window of the readings; it is held against the annual limit only where the
    window is (nearly) a year. Ozone is the highest mean of eight hours. Readings of sensors that
    are no station do not count; several of one hour count as their mean.
    """
    keys: tuple[Key, ...] = (*_POLLUTANTS, ("AIR5", 1), ("AIR6", 1), ("AIR6", 2))
    if stations is None or readings is None:
        return dict.fromkeys(keys, Figure(None, _NO_SERIES))
    own = readings["sensor_id"].isin(stations["sensor_id"].dropna())
    told = pd.concat([_told(readings[name]) for name in _COLUMNS], axis=1).any(axis=1)
    readings = readings[own & told & readings["time"].notna()]
    if not len(readings):
        return dict.fromkeys(keys, Figure(None, _NO_SERIES))
    weights = _weights(place, buildings, stations)
    found = {
        key: _mean(readings, weights, column, limits.get(code))
        for key, (column, code) in _POLLUTANTS.items()
    }
    return found | {
        ("AIR5", 1): _days_above(readings, limits.get("PM10")),
        **_network(
            place, buildings, stations[stations["sensor_id"].isin(_continuous(readings))],
            window(readings)[1].date(),
        ),
    }  # fmt: skip


def _points(place: Quarter, buildings: gpd.GeoDataFrame) -> np.ndarray:
    homes = buildings.loc[place.people.index].to_crs(metric_crs(place.area))
    return np.asarray(shapely.point_on_surface(homes.geometry.to_numpy()))


def _weights(place: Quarter, buildings: gpd.GeoDataFrame, stations: gpd.GeoDataFrame) -> pd.Series:
    """Return for each station the residents to whom it is the nearest (its Voronoi cell)."""
    metric = stations.to_crs(metric_crs(place.area))
    nearest = shapely.STRtree(metric.geometry.to_numpy()).nearest(_points(place, buildings))
    people = place.people["residents"].to_numpy()
    total = np.bincount(nearest, weights=people, minlength=len(metric))
    return pd.Series(total).groupby(metric["sensor_id"].to_numpy(dtype=object)).sum()


def window(readings: gpd.GeoDataFrame) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the first and the last hour of the readings (UTC)."""
    return readings["time"].min(), readings["time"].max()


def _is_annual(readings: gpd.GeoDataFrame) -> bool:
    first, last = window(readings)
    return bool((last - first).total_seconds() >= LONG_ENOUGH * YEAR_DAYS * 86_400)


def _told(concentration: pd.Series) -> pd.Series:
    """Tell which readings are a concentration: a number of 0 or more."""
    value = concentration.astype(float)
    return value.ge(0) & value.lt(np.inf)


def _hourly(readings: gpd.GeoDataFrame, column: str) -> pd.DataFrame:
    """Return sensor_id, time (whole hours) and the concentration, where it is told."""
    known = readings.loc[_told(readings[column]), ["sensor_id", "time", column]]
    known = pd.DataFrame(known).assign(time=known["time"].dt.floor("h"))
    # Sorted, so that the order of rows does not reach the last bit of a mean.
    found = known.sort_values(["sensor_id", "time", column]).groupby(["sensor_id", "time"])
    hourly: pd.DataFrame = found[column].mean().reset_index()
    return hourly


def _continuous(readings: gpd.GeoDataFrame) -> pd.Index:
    """Return the sensors that have any value in enough hours of the window."""
    heard = pd.concat([_hourly(readings, name)[["sensor_id", "time"]] for name in _COLUMNS])
    hours = heard.drop_duplicates().groupby("sensor_id").size()
    first, last = (moment.floor("h") for moment in window(readings))
    return hours.index[hours >= CONTINUOUS * ((last - first) / pd.Timedelta(hours=1) + 1)]


def _mean(
    readings: gpd.GeoDataFrame,
    weights: pd.Series,
    column: str,
    limit: AirLimit | None,
) -> Figure:
    known = _hourly(readings, column)
    if not len(known):
        return Figure(None, _NO_SERIES)
    by_station = (
        known.groupby("sensor_id")[column].mean()
        if column != "o3_ug_m3"
        else known.groupby("sensor_id")[["time", column]].apply(_highest_of_eight_hours)
    )
    by_station = by_station.dropna()  # too few hours in a row for a mean of eight
    if not len(by_station):
        return Figure(None, _NO_SERIES)
    heard = weights.reindex(by_station.index)
    target = None if limit is None else limit.annual_ug_m3 if _is_annual(readings) else None
    if limit is not None and column == "o3_ug_m3":
        target = limit.max_8h_ug_m3
    return divided(
        (float((by_station * heard).sum()), float(heard.sum())), NO_PEOPLE, target=target,
        method=METHOD, data_date=window(readings)[1].date(),
    )  # fmt: skip


def _highest_of_eight_hours(rows: pd.DataFrame) -> float:
    series = rows.set_index("time").iloc[:, 0].sort_index()
    return float(series.rolling("8h", min_periods=HOURS_OF_EIGHT).mean().max())


def _days_above(readings: gpd.GeoDataFrame, limit: AirLimit | None) -> Figure:
    """PM10, by the clock of Belarus (UTC+3)."""
    if limit is None or limit.daily_ug_m3 is None:
        return Figure(None, _NO_LIMIT)
    known = _hourly(readings, "pm10_ug_m3")
    day = (known["time"] + pd.Timedelta(hours=3)).dt.floor("D")
    daily = known.groupby(["sensor_id", day])["pm10_ug_m3"].agg(["mean", "count"])
    whole = daily[daily["count"] >= HOURS_OF_A_DAY]
    why: Text = _NO_SERIES
    above = float((whole["mean"] > limit.daily_ug_m3).sum())
    stations = float(whole.index.get_level_values(0).nunique())
    return divided((above, stations), why, method=METHOD, data_date=window(readings)[1].date())


def _network(
    place: Quarter, buildings: gpd.GeoDataFrame, stations: gpd.GeoDataFrame, day: date
) -> Figures:
    metric = stations.to_crs(metric_crs(place.area)).geometry.to_numpy()
    points = _points(place, buildings)
    near = np.zeros(len(points), dtype=bool)
    near[shapely.STRtree(metric).query(points, predicate="dwithin", distance=REACH_M)[0]] = True
    people = place.people["residents"].to_numpy()
    said: dict[str, Any] = {"method": METHOD, "data_date": day}
    return {
        ("AIR6", 1): divided((float(len(metric)), place.residents), NO_PEOPLE, times=1e5, **said),
        ("AIR6", 2): divided(
            (float(people[near].sum()), place.residents), NO_PEOPLE, times=100.0,
            deficit_persons=int(people[~near].sum()), **said,
        ),
    }  # fmt: skip
