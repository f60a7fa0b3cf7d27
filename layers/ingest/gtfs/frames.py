"""The rows of `transit_stops`, `transit_lines` and `transit_departures` of one day of a feed."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Geod

from layers.ingest.gtfs.feed import Feed
from layers.model import Area

_ELLIPSOID = Geod(ellps="WGS84")
HOUR_S = 3600

MODES = {
    0: "tram", 1: "metro", 2: "rail", 3: "bus", 4: "ferry", 5: "cable_tram", 6: "aerial_lift",
    7: "funicular", 11: "trolleybus", 12: "monorail",
}  # fmt: skip
_EXTENDED = {
    1: "rail", 2: "bus", 4: "metro", 7: "bus", 8: "trolleybus", 9: "tram", 10: "ferry",
    12: "ferry", 13: "aerial_lift", 14: "funicular",
}  # hundreds of the extended route types  # fmt: skip


def mode(route_type: object) -> str:
    """Return the mode of a route type, basic or extended; `other` where it says none."""
    text = str(route_type)
    number = int(text) if text.isdigit() else -1
    return MODES.get(number) or _EXTENDED.get(number // 100, "other")


def stops(feed: Feed, departures: pd.DataFrame, area: Area, day: date) -> gpd.GeoDataFrame:
    """Return stops and stations; a station has the departures of its stops."""
    table = feed["stops"]
    table = table[table["kind"].isin(["0", "1"])].sort_values("stop_id", ignore_index=True)
    parent = table.set_index("stop_id")["parent_station"]
    at = departures.assign(hour=departures["time_s"] // HOUR_S)
    above = at.assign(stop_id=at["stop_id"].map(parent)).dropna(subset=["stop_id"])
    every = pd.concat([at, above[above["stop_id"].isin(table["stop_id"])]])
    by_stop = every.groupby("stop_id")
    most = every.groupby(["stop_id", "hour"]).size().groupby("stop_id").max()
    names = table["stop_id"]
    columns = {
        "stop_id": names,
        "name": table["stop_name"].fillna(names),
        "code": table["stop_code"],
        "kind": np.where(table["kind"] == "1", "station", "stop"),
        "station_id": table["parent_station"],
        "service_date": day,
        "departures": names.map(by_stop.size()).fillna(0).astype("int64"),
        "peak_per_hour": names.map(most).fillna(0).astype("int64"),
        "lines": names.map(by_stop["route_id"].nunique()).fillna(0).astype("int64"),
    }
    return _frame(columns, shapely.points(table["lon"], table["lat"]), area)


def lines(
    feed: Feed, times: pd.DataFrame, departures: pd.DataFrame, area: Area, day: date
) -> gpd.GeoDataFrame:
    """Return one line per route with every way its trips take: their shapes, else stop to stop.

    A route without a trip that goes anywhere has no row.
    """
    shapes = _shapes(feed, times)
    routes = feed["routes"]
    routes = routes[routes["route_id"].isin(shapes.index)].sort_values(
        "route_id", ignore_index=True
    )
    starts = departures[departures["first"]]
    per_hour = starts.assign(hour=starts["time_s"] // HOUR_S).groupby(["route_id", "hour"]).size()
    agency = routes["agency_id"].fillna("")
    ids, short = routes["route_id"], routes["route_short_name"]
    geometry = shapes.loc[ids].to_list()
    columns = {
        "line_id": ids,
        "short_name": short.fillna(routes["route_long_name"]).fillna(ids),
        "long_name": routes["route_long_name"],
        "mode": routes["route_type"].map(mode),
        "agency": agency.where(agency != "", None),
        "service_date": day,
        "trips": ids.map(starts.groupby("route_id").size()).fillna(0).astype("int64"),
        "peak_per_hour": ids.map(per_hour.groupby("route_id").max()).fillna(0).astype("int64"),
        "length_m": [round(_longest_m(shape), 1) for shape in geometry],
    }
    return _frame(columns, geometry, area)


def hourly(feed: Feed, departures: pd.DataFrame, area: Area, day: date) -> gpd.GeoDataFrame:
    """Return departures per stop, line and hour; `time` is the beginning of the hour, in UTC."""
    hours = departures.assign(hour=(departures["time_s"] // HOUR_S).astype("int64"))
    counts = hours.groupby(["stop_id", "route_id", "hour"], as_index=False).size()
    # GTFS counts from twelve hours before noon, which is midnight but on days of a clock change.
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=feed.zone)
    zero = pd.Timestamp(noon).tz_convert("UTC") - timedelta(hours=12)
    places = feed["stops"].set_index("stop_id").loc[counts["stop_id"]]
    routes = feed["routes"].set_index("route_id")
    names = routes["route_short_name"].fillna(routes["route_long_name"])
    columns = {
        "stop_id": counts["stop_id"],
        "stop_name": places["stop_name"].fillna(places.index.to_series()).to_numpy(),
        "line_id": counts["route_id"],
        "line_name": counts["route_id"].map(names).fillna(counts["route_id"]),
        "time": zero + pd.to_timedelta(counts["hour"], unit="h"),
        "hour": counts["hour"],
        "departures": counts["size"],
    }
    return _frame(columns, shapely.points(places["lon"], places["lat"]), area)


def _shapes(feed: Feed, times: pd.DataFrame) -> pd.Series:
    """Return MultiLineStrings by route."""
    points = feed["shapes"].assign(
        order=pd.to_numeric(feed["shapes"]["shape_pt_sequence"], errors="coerce"),
        lon=pd.to_numeric(feed["shapes"]["shape_pt_lon"], errors="coerce"),
        lat=pd.to_numeric(feed["shapes"]["shape_pt_lat"], errors="coerce"),
    )
    points = points.dropna(subset=["order", "lon", "lat"]).sort_values(["shape_id", "order"])
    drawn = _drawn(points, "shape_id")
    trips = feed["trips"][["trip_id", "route_id", "shape_id"]]
    has_shape = trips["shape_id"].isin(drawn.index)
    known = trips[has_shape].drop_duplicates(["route_id", "shape_id"])
    parts = [known.assign(line=known["shape_id"].map(drawn))[["route_id", "line"]]]
    rest = trips[~has_shape]
    passed = _drawn(times[times["trip_id"].isin(rest["trip_id"])], "trip_id")
    straight = rest.assign(line=rest["trip_id"].map(passed)).dropna(subset=["line"])
    straight = straight.assign(key=straight["line"].map(lambda line: line.wkb))
    parts.append(straight.drop_duplicates(["route_id", "key"])[["route_id", "line"]])
    found = pd.concat(parts)
    return found.groupby("route_id")["line"].agg(_joined)


def _drawn(points: pd.DataFrame, key: str) -> pd.Series:
    """Return the lines through points in their order; what has fewer than two places is none."""
    if points.empty:
        return pd.Series(dtype=object)
    moved = (
        points[key].ne(points[key].shift())
        | points["lon"].diff().ne(0)
        | points["lat"].diff().ne(0)
    )
    points = points[moved]
    points = points[points.groupby(key)["lon"].transform("size") > 1]
    if points.empty:
        return pd.Series(dtype=object)
    numbers, names = pd.factorize(points[key])
    made = shapely.linestrings(points[["lon", "lat"]].to_numpy(float), indices=numbers)
    return pd.Series(list(made), index=names, dtype=object)


def _joined(found: pd.Series) -> shapely.MultiLineString:
    ordered = sorted(found, key=lambda line: (-line.length, line.wkb))
    return shapely.MultiLineString(ordered)


def _longest_m(shape: shapely.MultiLineString) -> float:
    return max(float(_ELLIPSOID.geometry_length(part)) for part in shape.geoms)


def _frame(columns: dict[str, object], geometry: object, area: Area) -> gpd.GeoDataFrame:
    table = pd.DataFrame(columns)
    table.index = pd.Index([area.feature_id(n) for n in range(1, len(table) + 1)], name="id")
    return gpd.GeoDataFrame(table, geometry=np.asarray(geometry, dtype=object), crs=4326)
