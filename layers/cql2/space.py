"""Geometry literals as SQL: checked, put into east/north order, transformed to the stored CRS."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import hypot
from typing import TYPE_CHECKING, LiteralString

from psycopg import sql

from layers.cql2.limits import fault
from layers.cql2.literals import vertices
from layers.cql2.tree import At, Box, Geometry, Point
from layers.cql2.write import write_wkt

if TYPE_CHECKING:
    from layers.query import Crs

STORED_SRID = 4326
PIECES = 64
"""A straight edge in the filter's CRS is curved in the stored one: it is cut into that many."""
MAX_PIECES = 4_096

Bind = Callable[[float | str, LiteralString], sql.Composable]
"""Takes a value and its SQL type, gives the placeholder."""

NATIVE: dict[str, sql.SQL] = {
    "s_contains": sql.SQL("ST_Contains({}, {})"),
    "s_crosses": sql.SQL("ST_Crosses({}, {})"),
    "s_disjoint": sql.SQL("NOT ST_Intersects({}, {})"),
    "s_equals": sql.SQL("ST_Equals({}, {})"),
    "s_intersects": sql.SQL("ST_Intersects({}, {})"),
    "s_overlaps": sql.SQL("ST_Overlaps({}, {})"),
    "s_touches": sql.SQL("ST_Touches({}, {})"),
    "s_within": sql.SQL("ST_Within({}, {})"),
}
COLLECTIONS = ("s_intersects", "s_disjoint")
"""What PostGIS itself can say of geometry collections."""
_AREAS = ("Polygon", "MultiPolygon")


def geometry(node: Geometry | Box, crs: Crs, bind: Bind, *, dense: bool = True) -> sql.Composable:
    """Return the SQL of a literal in `crs`, as a plane geometry in EPSG:4326.

    `dense` = straight edges stay straight in `crs` when they are transformed. Raises BadFilter for
    coordinates outside a geographic CRS.
    """
    if isinstance(node, Box):
        return _box(node, crs, bind, dense=dense)
    flat = _flat(node, crs)
    text: sql.Composable
    if flat.kind == "Point":
        (point,) = vertices(flat)
        text = sql.SQL("ST_Point({}, {}, {})").format(
            *(bind(value, "float8") for value in point), sql.Literal(crs.srid)
        )
        return text if crs.srid == STORED_SRID else _transformed(text)
    text = sql.SQL("ST_GeomFromText({}, {})").format(
        bind(write_wkt(flat), "text"), sql.Literal(crs.srid)
    )
    if flat.kind in _AREAS:
        # What cuts itself is repaired, because GEOS may fail on it.
        text = sql.SQL("ST_CollectionExtract(ST_MakeValid({}), 3)").format(text)
    elif flat.kind == "GeometryCollection":
        text = sql.SQL("ST_MakeValid({})").format(text)
    if crs.srid != STORED_SRID:
        if dense and flat.kind != "MultiPoint":
            text = _dense(text, vertices(flat), bind)
        return _transformed(text)
    # A scalar subquery is computed once, also when the plan is kept for other values.
    return sql.SQL("(SELECT {})").format(text)


def _transformed(text: sql.Composable) -> sql.Composable:
    return sql.SQL("(SELECT ST_Transform({}, {}))").format(text, sql.Literal(STORED_SRID))


def _dense(text: sql.Composable, points: list[Point], bind: Bind) -> sql.Composable:
    if not points:
        return text
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    extent = max(max(xs) - min(xs), max(ys) - min(ys))
    length = sum(hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points))
    step = max(extent / PIECES, length / MAX_PIECES) or 1.0
    return sql.SQL("ST_Segmentize({}, {})").format(text, bind(step, "float8"))


def _box(node: Box, crs: Crs, bind: Bind, *, dense: bool) -> sql.Composable:
    half = len(node.bounds) // 2
    low, high = (_position(p, crs, node.at) for p in (node.bounds[:half], node.bounds[half:]))
    (west, south), (east, north) = low, high
    if south > north:
        raise fault("the south edge of the bounding box is north of its north edge", node.at)
    if west > east and crs.metric:
        raise fault("the west edge of the bounding box is east of its east edge", node.at)
    if west == east or south == north:
        # A box without width is a line or a point: as a polygon it would be invalid.
        ends = (low,) if low == high else (low, high)
        kind = "Point" if low == high else "LineString"
        if west <= east:
            upright = ends if not crs.flip else tuple((y, x) for x, y in ends)
            parts = upright[0] if kind == "Point" else upright
            return geometry(Geometry(kind, parts, at=node.at), crs, bind, dense=dense)
    bounds = {n: bind(v, "float8") for n, v in zip("wsen", (west, south, east, north), strict=True)}
    bounds["srid"] = sql.Literal(crs.srid)
    if west > east:
        text = sql.SQL(
            "ST_Collect(ST_MakeEnvelope({w}, {s}, 180, {n}, {srid}),"
            " ST_MakeEnvelope(-180, {s}, {e}, {n}, {srid}))"
        ).format(**bounds)
    else:
        text = sql.SQL("ST_MakeEnvelope({w}, {s}, {e}, {n}, {srid})").format(**bounds)
    if crs.srid == STORED_SRID:
        return text
    return _transformed(_dense(text, [low, high], bind) if dense else text)


def _flat(node: Geometry, crs: Crs) -> Geometry:
    """Return a geometry without heights, its axes in east/north order."""
    if node.kind == "GeometryCollection":
        members = (_flat(part, crs) for part in node.parts if isinstance(part, Geometry))
        return Geometry(node.kind, tuple(members), at=node.at)
    return Geometry(node.kind, _plane(node.parts, crs, node.at), at=node.at)


def _plane(parts: tuple[object, ...], crs: Crs, at: At) -> tuple[object, ...]:
    if parts and isinstance(parts[0], float):
        return _position(parts, crs, at)  # type: ignore[arg-type]
    return tuple(_plane(part, crs, at) for part in parts if isinstance(part, tuple))


def _position(point: Point, crs: Crs, at: At) -> Point:
    x, y = point[:2]
    if crs.flip:
        x, y = y, x
    if not crs.metric and not (-180 <= x <= 180 and -90 <= y <= 90):
        raise fault(f"longitude {x:g}, latitude {y:g} is no place on the earth", at)
    return x, y
