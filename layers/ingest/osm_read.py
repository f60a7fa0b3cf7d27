"""An OpenStreetMap extract read into rows per layer, streets cut at their junctions.

A layer is held in memory, about 1 kB per feature: a city takes seconds, a country a few GB.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from pyproj import Geod

from layers.errors import CorruptSource, MissingSource
from layers.ingest import osm_cut, osm_objects, osm_places, osm_streets
from layers.ingest.osm_ids import Key, numbers
from layers.message import message
from layers.model import Area
from layers.said import said

SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.gz", ".osm.bz2")
CHUNK = 20_000
ELLIPSOID = Geod(ellps="WGS84")

_FAULTS = (RuntimeError, OSError, ValueError, osmium.InvalidLocationError)
_POINT = struct.Struct("<BIdd")
"""A point in WKB."""

_TYPES = ("node", "way", "relation")


@dataclass
class Rows:
    """The rows of one layer while the file is read; geometry as WKB in lon/lat."""

    fields: tuple[str, ...]
    keys: array[int] = field(default_factory=lambda: array("q"))
    shapes: list[bytes] = field(default_factory=list)
    values: list[tuple[object, ...]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.shapes)

    def add(self, key: Key, wkb: bytes, values: tuple[object, ...]) -> None:
        """Keep one feature."""
        self.keys.extend(key)
        self.shapes.append(wkb)
        self.values.append(values)

    def frames(
        self, area: Area, finish: Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame]
    ) -> Iterator[gpd.GeoDataFrame]:
        """Yield frames in EPSG:4326 whose ids follow from type, OSM id and part alone.

        A field that no row has a value of is left out.
        """
        keys = np.frombuffer(self.keys, dtype=np.int64).reshape(-1, 3)
        order = np.lexsort(keys.T[::-1])
        ids = area.feature_id(0) + np.array(numbers(keys[order]), dtype=np.int64)
        columns = dict(zip(self.fields, map(pa.array, zip(*self.values, strict=True)), strict=True))
        columns = {n: c.take(order) for n, c in columns.items() if c.type != pa.null()}
        columns["source_id"] = _source_ids(keys[order])
        shapes = np.array(self.shapes, dtype=object)[order]
        for start in range(0, len(self), CHUNK):
            part = slice(start, start + CHUNK)
            table = pd.DataFrame(
                {name: pd.array(c[part], pd.ArrowDtype(c.type)) for name, c in columns.items()},
                index=ids[part],
            )
            yield finish(gpd.GeoDataFrame(table, geometry=shapely.from_wkb(shapes[part]), crs=4326))


def _source_ids(keys: np.ndarray) -> pa.Array:
    types = pa.array(_TYPES).take(pa.array(keys[:, 0]))
    return pc.binary_join_element_wise(types, pa.array(keys[:, 1]).cast(pa.string()), "/")


@dataclass
class Extract:
    """What a file holds for each layer."""

    rows: dict[str, Rows]

    def frames(self, layer_id: str, area: Area) -> Iterator[gpd.GeoDataFrame]:
        """Yield the frames of one layer."""
        return self.rows[layer_id].frames(area, _FINISH[layer_id])

    def count(self, layer_id: str) -> int:
        """Return how many features of a layer there are."""
        return len(self.rows[layer_id])


def read(file: Path) -> Extract:
    """Read an .osm.pbf, .osm, .osm.gz or .osm.bz2 file.

    Raises MissingSource when there is no such file, CorruptSource when it is no OSM file, is cut
    off, is not sorted by type and id, or has ways without their nodes.
    """
    if not file.is_file():
        raise MissingSource(message("file.none", file=str(file)))
    if not file.name.endswith(SUFFIXES):
        raise CorruptSource(message("osm.ending", file=file.name, endings=list(SUFFIXES)))
    try:
        return _collect(file)
    except _FAULTS as error:
        raise _corrupt(file, error) from None


def centre(file: Path) -> tuple[float, float]:
    """Return the middle of a file's extent (lon, lat); raises as `extent`."""
    west, south, east, north = extent(file)
    return (west + east) / 2, (south + north) / 2


def extent(file: Path) -> tuple[float, float, float, float]:
    """Return west, south, east, north in degrees: of a file's header, else of its nodes.

    Raises as `read`, and CorruptSource when there is no node.
    """
    if not file.is_file():
        raise MissingSource(message("file.none", file=str(file)))
    try:
        with osmium.io.Reader(str(file)) as reader:
            box = reader.header().box()
        if not box.valid():
            seen = file.stat()
            box = _node_box(file, (seen.st_mtime_ns, seen.st_size))
    except _FAULTS as error:
        raise _corrupt(file, error) from None
    if not box.valid():
        raise CorruptSource(message("osm.no_nodes", file=file.name))
    low, high = box.bottom_left, box.top_right
    return low.lon, low.lat, high.lon, high.lat


def _corrupt(file: Path, error: BaseException) -> CorruptSource:
    code = "osm.not_sorted" if "out of order" in str(error) else "osm.damaged"
    return CorruptSource(message(code, file=file.name, text=said(error, file)))


@lru_cache(maxsize=1)
def _node_box(file: Path, _state: tuple[int, int]) -> Any:
    """Return the box of all nodes; asked for the place of an area and again for its load."""
    box = osmium.osm.Box(osmium.osm.Location(), osmium.osm.Location())
    node: Any
    for node in osmium.FileProcessor(str(file), osmium.osm.NODE):
        box.extend(node.location)
    return box


def _collect(file: Path) -> Extract:
    extract = Extract(
        {
            "streets": Rows((*osm_streets.STREET_FIELDS, "node_from", "node_to")),
            "buildings": Rows(osm_places.BUILDING_FIELDS),
            "service_points": Rows(osm_places.SERVICE_FIELDS),
            "street_lights": Rows(osm_places.LIGHT_FIELDS),
            "green_areas": Rows(osm_places.GREEN_FIELDS),
        }
    )
    streets, ids, nodes = [], [], []
    for thing in osm_objects.read(file):
        if isinstance(thing, osm_objects.Shape):
            _area(extract, thing)
        elif isinstance(thing, osm_objects.Point):
            _point(extract, thing)
        elif osm_streets.is_street(thing.tags):
            streets.append(osm_streets.street(thing.tags))
            ids.append(thing.id)
            nodes.append(thing.nodes)
    for part in osm_cut.Ways.of(ids, nodes).parts():
        values = (*streets[part.way], part.node_from, part.node_to)
        extract.rows["streets"].add(part.key, part.wkb, values)
    if streets and not extract.count("streets"):
        told = message("osm.no_street_nodes", file=file.name, streets=len(streets))
        raise CorruptSource(told)
    return extract


def _point(extract: Extract, point: osm_objects.Point) -> None:
    tags, key = point.tags, (0, point.id, 0)
    if osm_places.service_class(tags):
        extract.rows["service_points"].add(key, _wkb(point), osm_places.service(tags))
    if tags.get("highway") == "street_lamp":
        extract.rows["street_lights"].add(key, _wkb(point), osm_places.light(tags))


def _wkb(point: osm_objects.Point) -> bytes:
    return _POINT.pack(1, 1, point.lon, point.lat)


def _area(extract: Extract, shape: osm_objects.Shape) -> None:
    tags, key = shape.tags, (shape.type, shape.id, 0)
    if osm_places.is_building(tags):
        extract.rows["buildings"].add(key, shape.wkb, osm_places.building(tags))
    if osm_places.service_class(tags):
        extract.rows["service_points"].add(key, shape.wkb, osm_places.service(tags))
    if osm_places.green_kind(tags):
        extract.rows["green_areas"].add(key, shape.wkb, osm_places.green(tags))


def _finish_streets(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Add the geodesic length (WGS 84), m."""
    places, line = shapely.get_coordinates(frame.geometry.to_numpy(), return_index=True)
    step = line[1:] == line[:-1]
    *_, steps_m = ELLIPSOID.inv(*places[:-1][step].T, *places[1:][step].T)
    lengths_m = np.bincount(line[1:][step], weights=steps_m, minlength=len(frame))
    return frame.assign(length_m=np.round(lengths_m, 3))


def _finish_points(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Put areas at a point inside them."""
    return frame.set_geometry(frame.geometry.representative_point())


def _finish_green(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Add the geodesic area (WGS 84), m2."""
    areas = [abs(ELLIPSOID.geometry_area_perimeter(shape)[0]) for shape in frame.geometry]
    return frame.assign(area_m2=np.round(areas, 1))


def _finish_lights(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Name a lamp without a number by its OSM node."""
    if "lamp_id" not in frame:
        return frame.assign(lamp_id=frame["source_id"])
    return frame.assign(lamp_id=frame["lamp_id"].fillna(frame["source_id"]))


_FINISH: dict[str, Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame]] = {
    "streets": _finish_streets,
    "buildings": lambda frame: frame,
    "service_points": _finish_points,
    "street_lights": _finish_lights,
    "green_areas": _finish_green,
}
