"""The other national sources, each read into a frame in EPSG:4326 whose index counts from 1."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from layers.errors import CorruptSource

Files = Mapping[str, Path]

STATIONS = "belarus_weather_stations.geojson"

ZONES = tuple(
    f"{name}.raw.geojson"
    for name in (
        "aerobatic_zones", "aerodrome_areas", "aerohub_areas", "amended_appendix_5_zones",
        "danger_zones", "drone_prohibited_zones", "prohibited_zones", "restricted_zones",
        "takeoff_landing_zones",
    )
)  # fmt: skip

AIR_VALUES, AIR_CITIES = "air_pollution_tidy.csv", "monitoring_cities.geojson"
POLLUTANTS = {
    "CO": "co", "NO2": "no2", "formaldehyde": "formaldehyde", "Pb": "pb",
    "benzo(a)pyrene": "benzo_a_pyrene",
}  # fmt: skip

CYCLING = {
    "bicycle_cycleway.geojson": "cycleway",
    "bicycle_parking.geojson": "parking",
    "bicycle_shop.geojson": "shop",
    "bicycle_repair_station.geojson": "repair_station",
}


def weather_stations(files: Files) -> gpd.GeoDataFrame:
    """Read the station list; an elevation of 0 that the source marks as suspect is unknown."""
    table = gpd.read_file(files[STATIONS]).sort_values("id")
    elevation = table["elevation_m"].astype(float)
    unknown = table["elevation_suspect"] & (elevation == 0)
    kept = table[
        ["wmo", "icao", "active", "timezone", "region", "location_suspect", "elevation_suspect"]
    ]
    return _numbered(
        kept.assign(
            station_id=table["id"],
            name=table["name_en"],
            elevation_m=elevation.mask(unknown),
            geometry=table.geometry,
        )
    )


def airspace_zones(files: Files) -> gpd.GeoDataFrame:
    """Read the zones as the decree's parser wrote them; the store repairs the invalid polygons."""
    table = pd.concat([gpd.read_file(files[name]) for name in ZONES]).sort_values("id")
    same = ["designation", "category", "group_name", "source_row", "source_shape", "radius_km"]
    return _numbered(
        table[same].assign(
            source_appendix=table["source_appendix"].astype(str),
            repaired=~table.geometry.is_valid,
            geometry=table.geometry,
        )
    )


def air_quality_yearly(files: Files) -> gpd.GeoDataFrame:
    """Read the yearly values at the point of their city (not of a post); their unit is unverified.

    Raises CorruptSource for a city without a point or a pollutant without a code.
    """
    table = pd.read_csv(files[AIR_VALUES], dtype={"value_text": "str", "qualifier": "str"})
    points = gpd.read_file(files[AIR_CITIES]).set_index("city").geometry
    _require_known(table["city"], points.index, "point of the city")
    _require_known(table["pollutant"], pd.Index(POLLUTANTS), "code of the pollutant")
    table["pollutant"] = table["pollutant"].map(POLLUTANTS)
    table = table.sort_values(["year", "city", "pollutant", "statistic"]).drop(columns="record")
    return _numbered(
        table.assign(
            year_start=pd.to_datetime({"year": table["year"], "month": 1, "day": 1}),
            year_end=pd.to_datetime({"year": table["year"], "month": 12, "day": 31}),
            geometry=points.loc[table["city"]].to_numpy(),
        )
    )


def cycle_network(files: Files) -> gpd.GeoDataFrame:
    """Read cycleways, parking, shops and repair stations of Gomel (OSM)."""
    parts = []
    for file, kind in CYCLING.items():
        table = gpd.read_file(files[file])
        node = "node_id" in table
        ids = table["node_id" if node else "way_id"]
        columns = {
            "kind": kind,
            "name": _optional(table, "name_be", _optional(table, "brand", None)),
            "capacity": _optional(table, "capacity", np.nan),
            "surface": _optional(table, "surface", None),
            "source_id": [f"{'node' if node else 'way'}/{int(i)}" for i in ids],
        }
        part = gpd.GeoDataFrame(columns, geometry=table.geometry.to_numpy(), crs=table.crs)
        parts.append(part.assign(capacity=part["capacity"].astype("Int64")))
    return _numbered(pd.concat(parts).sort_values(["kind", "source_id"]))


def _optional(table: pd.DataFrame, column: str, default: object) -> object:
    return table[column].to_numpy() if column in table else default


def _require_known(values: pd.Series, known: pd.Index, what: str) -> None:
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise CorruptSource(f"the source has no {what} for {', '.join(unknown)}")


def _numbered(table: pd.DataFrame) -> gpd.GeoDataFrame:
    index = pd.RangeIndex(1, len(table) + 1, name="id")
    return gpd.GeoDataFrame(table.set_axis(index), geometry="geometry", crs=4326)
