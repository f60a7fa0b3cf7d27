"""Writing files from PostGIS: GeoPackage, FlatGeobuf, GeoParquet; Shapefile is in `shapefile`.

Only the child process imports this: it needs GDAL (by pyogrio) and Arrow.
"""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyogrio
import pyproj

from geoportal.ogc.formats.order import Order
from geoportal.ogc.formats.shapefile import write_shapefile
from geoportal.ogc.formats.source import Batches, Row, read_pieces, schema, to_batch
from layers import export_query
from layers.export_rows import Shape
from layers.query import CRS84

# A row group is what a reader of GeoParquet takes or leaves as a whole.
GROUP_ROWS = 65_536
GROUP_BYTES = 32_000_000

INDEXED_ROWS = 1_000_000
"""FlatGeobuf keeps its spatial index in memory while it is made: beyond this it goes without."""

Connection = psycopg.Connection[Row]


def write(connection: Connection, order: Order) -> int:
    """Write the file of an order and return how many features it holds."""
    if order.format == "parquet":
        return write_geoparquet(connection, order)
    if order.format == "shp":
        return write_shapefile(connection, order)
    return _write_by_gdal(connection, order)


def _write_by_gdal(connection: Connection, order: Order) -> int:
    count, bare = _counts(connection, order)
    geometry = export_query.free_name("geom", [f.name for f in order.layer.published_fields])
    options: dict[str, str] = {}
    if order.format == "gpkg":
        options = {
            "GEOMETRY_NAME": geometry,
            "IDENTIFIER": order.about["title"],
            "DESCRIPTION": order.about["description"],
        }
    elif bare or not count or count > INDEXED_ROWS or len(order.page.order) > 1:
        # The index has no place for features without a geometry, and it gives them its own order.
        options = {"SPATIAL_INDEX": "NO"}
    columns = schema(order, Shape(), geometry=geometry)
    batches = Batches(read_pieces(connection, order, Shape()), columns)
    kind = order.layer.geometry
    try:
        pyogrio.write_arrow(
            batches.reader(),
            order.path,
            layer=order.layer.id,
            driver={"gpkg": "GPKG", "fgb": "FlatGeobuf"}[order.format],
            geometry_name=geometry,
            geometry_type="Unknown" if kind == "Geometry" else kind,
            crs=order.crs,
            layer_options=options,
            layer_metadata=dict(order.about) if order.format == "gpkg" else None,
        )
    except Exception as error:
        raise batches.error or error from error
    return batches.rows


def _counts(connection: Connection, order: Order) -> tuple[int, int]:
    query = export_query.count(order.layer, order.rows, order.page)
    row = connection.execute(query.sql.encode(), query.params).fetchone()
    assert row is not None  # noqa: S101 - a count has one row
    return row[0], row[1]


_KINDS = {
    1: "Point", 2: "LineString", 3: "Polygon", 4: "MultiPoint", 5: "MultiLineString",
    6: "MultiPolygon", 7: "GeometryCollection",
}  # fmt: skip


class _Seen:
    """The types and the box of all geometries so far."""

    def __init__(self) -> None:
        self.types: set[str] = set()
        self._edges: dict[int, float] = {}

    @property
    def box(self) -> list[float]:
        """West, south, east, north; nothing when no geometry was seen."""
        return list(self._edges.values())

    def add(self, batch: pa.RecordBatch, box: str) -> None:
        """Look at the geometries of a batch."""
        edges = batch.column(box)
        for i, edge in enumerate(("xmin", "ymin", "xmax", "ymax")):
            furthest = pc.min_max(edges.field(edge)).as_py()["min" if i < 2 else "max"]
            if furthest is None:
                break
            self._edges[i] = (min if i < 2 else max)(self._edges.get(i, furthest), furthest)
        # Byte order and type are the first five bytes of WKB.
        heads = pc.binary_slice(batch.column("geometry"), 0, 5).unique()
        for head in heads.to_pylist():
            if head is not None:
                self.types.add(_KINDS[int.from_bytes(head[1:], "little")])


def write_geoparquet(connection: Connection, order: Order) -> int:
    """Write GeoParquet 1.1 (WKB, bounding boxes as covering) group by group; return the count."""
    box = export_query.free_name("bbox", [f.name for f in order.layer.published_fields])
    shape = Shape(boxes=True, lists=True)
    columns = schema(order, shape, box=box)
    seen = _Seen()
    count = 0
    with pq.ParquetWriter(order.path, columns, compression="zstd", version="2.6") as writer:
        group: list[pa.RecordBatch] = []
        size = 0
        for rows, more in read_pieces(connection, order, shape):
            batch = to_batch(rows, columns)
            seen.add(batch, box)
            group.append(batch)
            size += more
            count += len(rows)
            if size > GROUP_BYTES or sum(map(len, group)) > GROUP_ROWS:
                writer.write_table(pa.Table.from_batches(group))
                group, size = [], 0
        if group:
            writer.write_table(pa.Table.from_batches(group))
        geo = geo_metadata(order, box, seen)
        writer.add_key_value_metadata(
            {"geo": json.dumps(geo), "about": json.dumps(dict(order.about))}
        )
    return count


def geo_metadata(order: Order, box: str, seen: _Seen) -> dict[str, Any]:
    """Return the `geo` document of GeoParquet 1.1.0."""
    crs = pyproj.CRS("OGC:CRS84" if order.page.crs == CRS84 else order.crs)
    column: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": sorted(seen.types),
        "crs": crs.to_json_dict(),
        "edges": "planar",
        "covering": {"bbox": {e: [box, e] for e in ("xmin", "ymin", "xmax", "ymax")}},
    }
    if seen.box:
        column["bbox"] = seen.box
    return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
