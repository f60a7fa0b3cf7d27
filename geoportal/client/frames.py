"""GeoJSON of the API as GeoDataFrames: ids as index, types of the schema, the CRS of the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from shapely.geometry import shape

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"


def crs_uri(crs: int | str) -> str:
    """Return the URI of a CRS given as a number, as `EPSG:32636` or as the URI itself."""
    text = str(crs)
    if text.startswith("http"):
        return text
    return EPSG + text.upper().removeprefix("EPSG:")


def frame_of(
    features: Sequence[Mapping[str, Any]], properties: Mapping[str, Any], uri: str = CRS84
) -> gpd.GeoDataFrame:
    """Return features as a frame with their ids as index.

    `properties` are the property schemas of the collection: they give the columns, also when there
    are no features, and their types. `uri` names the CRS of the coordinates. The frame has x before
    y whatever the CRS says, as GeoPandas expects; CRS84 becomes EPSG:4326 in that order.
    """
    names = [name for name, schema in properties.items() if not _is_key(schema)]
    columns = {
        name: _typed([feature["properties"].get(name) for feature in features], properties[name])
        for name in names
    }
    shapes = [shape(f["geometry"]) if f["geometry"] else None for f in features]
    index = pd.Index([feature["id"] for feature in features], name="id", dtype="int64")
    crs = pyproj.CRS.from_user_input("EPSG:4326" if uri == CRS84 else uri)
    geometry = np.array(shapes, dtype=object)
    if uri != CRS84 and crs.axis_info[0].direction == "north":
        geometry = shapely.transform(geometry, lambda yx: yx[:, ::-1])
    return gpd.GeoDataFrame(columns, index=index, geometry=geometry, crs=crs)


def _is_key(schema: Mapping[str, Any]) -> bool:
    return schema.get("x-ogc-role") in ("id", "primary-geometry")


def _typed(values: list[Any], schema: Mapping[str, Any]) -> Any:
    """Return a column in the type of its schema; what is unknown stays unknown."""
    match schema.get("format", schema.get("type")):
        case "date-time":
            return pd.to_datetime(values, utc=True, format="ISO8601").as_unit("us")
        case "date":
            return pd.to_datetime(values, format="ISO8601").as_unit("us")
        case "integer":
            return pd.array(values, dtype="Int64")
        case "number":
            return np.array([np.nan if v is None else v for v in values], dtype=float)
        case "boolean":
            return pd.array(values, dtype="boolean")
    return np.fromiter(values, dtype=object, count=len(values))  # lists stay lists
