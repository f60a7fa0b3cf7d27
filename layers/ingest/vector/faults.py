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
from layers.ingest.vector.reports import reports
from layers.model import COUNTRY, Area, Layer, Origin

LAYER = "load_faults"
_COLUMNS = ("layer", "feature", "code", "action", "field", "value", "detail")


def publish_faults(conn: Connection, layers: Mapping[str, Layer], area: Area) -> None:
    """Put the fault points of an area's last loads in place of those that are there.

    Only of layers that anybody may see. Raises what `store.replace` raises.
    """
    layer = layers.get(LAYER)
    if layer is None or area.id == COUNTRY:
        return
    seen: set[str] = set()
    found: list[dict[str, Any]] = []
    for report in reports(conn, area=area.id):
        named = layers.get(report["layer"])
        if named is None or named.id in seen:
            continue
        seen.add(named.id)
        if named.access == "open":
            found += [one | {"layer": named.id} for one in report["findings"]]
    points = [one for one in found if one["lon"] is not None and one["lat"] is not None]
    if not points:
        store.remove(conn, layer, area)
        return
    save_area(conn, area)  # a refused load leaves nothing of a new area
    frame = _frame(points, area)
    origin = Origin(status="derived", source="reports of loads", checksum="")
    store.replace(conn, layer, [frame], area=area, origin=origin)


def _frame(points: Sequence[Mapping[str, Any]], area: Area) -> gpd.GeoDataFrame:
    places = shapely.points([one["lon"] for one in points], [one["lat"] for one in points])
    index = pd.Index([area.feature_id(n) for n in range(1, len(points) + 1)], dtype="int64")
    data = {name: [one[name] for one in points] for name in _COLUMNS}
    return gpd.GeoDataFrame(data, index=index, geometry=list(places), crs=4326)
