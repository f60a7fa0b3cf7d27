"""Fault points: what the last load into each layer of an area found, as rows of `load_faults`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from psycopg import Connection

from layers import store
from layers.area import save_area
from layers.ingest.vector.reports import newest_reports
from layers.load_reports import in_words
from layers.model import LANGUAGES, Area, Layer, Origin
from layers.raster import load_rasters

LAYER = "load_faults"
_COLUMNS = ("layer", "feature", "code", "action", "field", "value")


def publish_faults(conn: Connection, layers: Mapping[str, Layer], area: Area) -> None:
    """Put the fault points of an area's last loads in place of those that are there.

    Only of layers that anybody may see; a file that could not even be opened tells nothing of the
    rows, so the points of the load before it stay. Raises what `store.replace` raises.
    """
    layer = layers.get(LAYER)
    if layer is None:
        return
    code = layer.field("code")
    known = {one.value for one in code.codes} if code else set()
    points = [
        one
        for one in _found(conn, layers, area)
        if _on_earth(one["lon"], one["lat"]) and one["code"] in known
    ]
    if not points:
        store.remove(conn, layer, area)
        return
    save_area(conn, area)  # a refused load leaves nothing of a new area
    frame = _frame(points, area)
    origin = Origin(status="derived", source="reports of loads", checksum="")
    store.replace(conn, layer, [frame], area=area, origin=origin)


def _on_earth(lon: float | None, lat: float | None) -> bool:
    """Tell whether a fault has a place on the map; reports of earlier releases have any numbers."""
    return lon is not None and lat is not None and abs(lon) <= 180 and abs(lat) <= 90


def _found(conn: Connection, layers: Mapping[str, Layer], area: Area) -> list[dict[str, Any]]:
    """Return the findings of the newest report of each layer that says anything of its rows."""
    return [
        one
        for report in newest_reports(conn, area.id)
        if _open(layers, report["layer"])
        for one in _told(report)
    ]


def _open(layers: Mapping[str, Layer], name: str) -> bool:
    """Tell whether anybody may see a layer; every raster is open."""
    named = layers.get(name)
    return name in load_rasters() if named is None else named.access == "open"


def _told(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    said = [in_words(report, language)["findings"] for language in LANGUAGES]
    return [
        one
        | {"layer": report["layer"]}
        | {f"detail_{lang}": each[i]["detail"] for lang, each in zip(LANGUAGES, said, strict=True)}
        for i, one in enumerate(report["findings"])
    ]


def _frame(points: Sequence[Mapping[str, Any]], area: Area) -> gpd.GeoDataFrame:
    places = shapely.points([one["lon"] for one in points], [one["lat"] for one in points])
    index = pd.Index([area.feature_id(n) for n in range(1, len(points) + 1)], dtype="int64")
    columns = (*_COLUMNS, *(f"detail_{language}" for language in LANGUAGES))
    data = {name: [one[name] for one in points] for name in columns}
    return gpd.GeoDataFrame(data, index=index, geometry=list(places), crs=4326)
