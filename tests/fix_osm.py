"""A plain reading of an OSM extract for the tests: ways as they are, and frames made of them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import osmium
import pyproj
import shapely

from tests.oracle_walking import Way

NOT_ON_FOOT = {"motorway", "motorway_link", "trunk", "trunk_link", "platform"}
CLASSES = {
    "school": "school",
    "kindergarten": "kindergarten",
    "pharmacy": "pharmacy",
    "bank": "bank",
    "doctors": "clinic",
    "library": "library",
}


@dataclass(frozen=True)
class Town:
    """Ways point by point for the oracle; frames for the pipeline. Metric CRS throughout."""

    ways: list[Way]
    buildings: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    service_points: gpd.GeoDataFrame


def read_town(file: Path, srid: int) -> Town:
    to_metric = pyproj.Transformer.from_crs(4326, srid, always_xy=True).transform
    ways: list[Way] = []
    houses: list[Any] = []
    served: list[tuple[str, Any]] = []
    for item in osmium.FileProcessor(str(file)).with_locations():
        tags = dict(item.tags)
        if item.is_node():
            at = [to_metric(item.lon, item.lat)]
        elif item.is_way():
            nodes = [n.ref for n in item.nodes if n.location.valid()]
            at = [to_metric(n.lon, n.lat) for n in item.nodes if n.location.valid()]
            if "highway" in tags and tags["highway"] not in NOT_ON_FOOT and len(at) > 1:
                ways.append(Way(nodes, at))
            if "building" in tags and len(at) > 3 and nodes[0] == nodes[-1]:
                houses.append(shapely.Polygon(at))
        else:
            continue
        if tags.get("amenity") in CLASSES:
            served.append((CLASSES[tags["amenity"]], shapely.MultiPoint(at).centroid))
    return Town(ways, _houses(houses, srid), _streets(ways, srid), _points(served, srid))


def _houses(shapes: list[Any], srid: int) -> gpd.GeoDataFrame:
    columns = {"kind": ["residential"] * len(shapes)}
    return gpd.GeoDataFrame(columns, geometry=shapes, index=range(1, len(shapes) + 1), crs=srid)


def _streets(ways: list[Way], srid: int) -> gpd.GeoDataFrame:
    """Split the ways wherever a node is used twice, as the `streets` layer is."""
    uses: dict[object, int] = {}
    for way in ways:
        for i, node in enumerate(way.nodes):
            uses[node] = uses.get(node, 0) + (2 if i in (0, len(way.nodes) - 1) else 1)
    rows = []
    for way in ways:
        start = 0
        for i in range(1, len(way.nodes)):
            if uses[way.nodes[i]] > 1:
                line = shapely.LineString(way.points[start : i + 1])
                rows.append((way.nodes[start], way.nodes[i], line))
                start = i
    return gpd.GeoDataFrame(
        {
            "foot": [True] * len(rows),
            "node_from": [row[0] for row in rows],
            "node_to": [row[1] for row in rows],
        },
        geometry=[row[2] for row in rows],
        index=range(1, len(rows) + 1),
        crs=srid,
    )


def _points(served: list[tuple[str, Any]], srid: int) -> gpd.GeoDataFrame:
    columns = {"service_class": [row[0] for row in served]}
    shapes = [row[1] for row in served]
    return gpd.GeoDataFrame(columns, geometry=shapes, index=range(1, len(served) + 1), crs=srid)
