"""Every departure of a day: times between the stated ones, trips repeated by frequencies."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from pyproj import Geod

from layers.ingest.gtfs.feed import Feed
from layers.ingest.gtfs.service import require_service
from layers.ingest.vector.finding import Finding
from layers.message import message

_ELLIPSOID = Geod(ellps="WGS84")
_TIME = r"^(\d{1,3}):([0-5]\d):([0-5]\d)$"
_NOBODY_BOARDS = "1"


def seconds(texts: pd.Series) -> pd.Series:
    """Return H:MM:SS as seconds of the service day, NaN where empty or no time.

    25:10:00 is ten past one of the night after: hours go on beyond 24.
    """
    parts = texts.astype("string").str.extract(_TIME).astype("Float64")
    found = parts[0] * 3600 + parts[1] * 60 + parts[2]
    return found.astype("float64")


def stop_times(feed: Feed) -> pd.DataFrame:
    """Return the stops of all trips in order, with `time_s`, the departure in seconds.

    Where a feed states no time, time passes in proportion to the straight distance between stops,
    as the reference asks consumers to interpolate. A trip without a time at its first or last stop,
    or whose time runs backwards, is left out and named.
    """
    table = feed["stop_times"]
    table = table.assign(order=pd.to_numeric(table["stop_sequence"], errors="coerce"))
    table = table.sort_values(["trip_id", "order"], kind="stable", ignore_index=True)
    places = feed["stops"].set_index("stop_id")[["lon", "lat"]]
    table = table.join(places, on="stop_id")
    stated = table["departure_time"].fillna(table["arrival_time"])
    table["time_s"] = seconds(stated)
    trip = table["trip_id"]
    bad = stated.notna() & table["time_s"].isna()
    _name(feed, trip[bad | table["order"].isna()], "gtfs.bad_time")
    ends = ~trip.duplicated() | ~trip.duplicated(keep="last")
    _name(feed, trip[ends & table["time_s"].isna() & ~bad], "gtfs.no_time_at_end")
    back = table["time_s"].groupby(trip).ffill().groupby(trip).diff() < 0
    _name(feed, trip[back], "gtfs.time_runs_back")
    wrong = trip[bad | table["order"].isna() | (ends & table["time_s"].isna()) | back]
    good = table[~trip.isin(wrong.unique())].reset_index(drop=True)
    return good.assign(time_s=_between(good))


def _name(feed: Feed, trips: pd.Series, code: str, table: str = "stop_times") -> None:
    column = "departure_time" if table == "stop_times" else "headway_secs"
    feed.findings += [
        Finding(code, f"{table}.txt {trip}", "refused", field=column, message=message(code))
        for trip in trips.unique()
    ]


def _between(table: pd.DataFrame) -> pd.Series:
    """Interpolate times by distance between the stated ones of a trip."""
    if table.empty:
        return table["time_s"]
    lon, lat, trip = table["lon"].to_numpy(), table["lat"].to_numpy(), table["trip_id"]
    step_m = np.zeros(len(table))
    step_m[1:] = _ELLIPSOID.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])[2]
    along = pd.Series(np.cumsum(np.where(trip.duplicated(), step_m, 0.0)), table.index)
    known = table["time_s"].notna()
    edges = pd.DataFrame({"s": table["time_s"], "m": along.where(known)})
    before, after = edges.groupby(trip).ffill(), edges.groupby(trip).bfill()
    length = after["m"] - before["m"]
    share = ((along - before["m"]) / length.where(length > 0)).fillna(0.0)
    return table["time_s"].fillna(before["s"] + share * (after["s"] - before["s"]))


def on_day(feed: Feed, times: pd.DataFrame, day: date) -> pd.DataFrame:
    """Return one row per departure: `trip_id`, `route_id`, `stop_id`, `first`, `time_s`.

    The last stop of a trip and stops where nobody boards have none; `first` marks the start of a
    trip. Raises RefusedLoad when no trip runs on the day.
    """
    trips = feed["trips"]
    running = trips[trips["service_id"].isin(require_service(feed, day))]
    found = times.merge(running[["trip_id", "route_id"]], on="trip_id")
    last = ~found["trip_id"].duplicated(keep="last")
    first = ~found["trip_id"].duplicated()
    found = found.assign(first=first)
    found = _repeated(
        feed,
        found[["trip_id", "route_id", "stop_id", "first", "time_s"]].assign(
            boards=~last & (found["pickup_type"] != _NOBODY_BOARDS)
        ),
    )
    return found[found["boards"]].drop(columns="boards").reset_index(drop=True)


def _repeated(feed: Feed, found: pd.DataFrame) -> pd.DataFrame:
    """Put the departures of frequencies.txt in place of those of the trips it names."""
    rows = feed["frequencies"]
    rows = rows.assign(
        start_s=seconds(rows["start_time"]),
        end_s=seconds(rows["end_time"]),
        headway_s=pd.to_numeric(rows["headway_secs"], errors="coerce"),
    )
    bad = ~((rows["headway_s"] > 0) & (rows["end_s"] > rows["start_s"]))
    _name(feed, rows.loc[bad, "trip_id"], "gtfs.bad_frequency", "frequencies")
    rows = rows[~bad]
    if rows.empty:
        return found
    spans = rows[["start_s", "end_s", "headway_s"]].to_numpy(float)
    starts = pd.Series([np.arange(*span) for span in spans], rows.index, dtype=object)
    each = rows.assign(start=starts)[["trip_id", "start"]].explode("start")
    repeated = found[found["trip_id"].isin(rows["trip_id"])]
    origin = repeated.groupby("trip_id")["time_s"].transform("first")
    moved = repeated.assign(offset=repeated["time_s"] - origin).merge(each, on="trip_id")
    moved["time_s"] = moved["offset"] + moved["start"].astype(float)
    kept = found[~found["trip_id"].isin(rows["trip_id"])]
    return pd.concat([kept, moved[found.columns]], ignore_index=True)
