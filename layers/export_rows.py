"""SQL of exports to files: every matching row as typed columns with its geometry as WKB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from psycopg import sql

from layers import query
from layers.export_query import _iso, _params, _select, _window, as_json, fields_of, sound
from layers.model import STORED_SRID, Field, Layer
from layers.query import Filter, Page, Query

Part = Literal["point", "multipoint", "line", "polygon"]
"""The kinds of geometry that a Shapefile keeps apart."""

PARTS: tuple[Part, ...] = ("point", "multipoint", "line", "polygon")
_PART_OF_TYPE: dict[str, Part] = {
    "Point": "point", "MultiPoint": "multipoint", "LineString": "line",
    "MultiLineString": "line", "Polygon": "polygon", "MultiPolygon": "polygon",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shape:
    """What columns an export to a file has beyond id and fields.

    `boxes` = four numbers west, south, east, north follow the geometry. `spelled` = moments are
    ISO 8601 text. `lists` = arrays are lists and not JSON text. `part` = only that kind of
    geometry; `bare` = and the rows without any.
    """

    boxes: bool = False
    spelled: bool = False
    lists: bool = False
    part: Part | None = None
    bare: bool = False


def parts_of(layer: Layer) -> tuple[Part, ...]:
    """Return the kinds of geometry that the layer can have."""
    return PARTS if layer.geometry == "Geometry" else (_PART_OF_TYPE[layer.geometry],)


def table_rows(layer: Layer, rows: Filter, page: Page, shape: Shape) -> Query:
    """Build the rows of a file: id, fields, geometry (WKB, east before north), boxes.

    A date is the number of days, a moment that of microseconds since 1970 (UTC).
    """
    columns: list[sql.Composable] = [sql.SQL("t.id")]
    columns += [_value(f, shape) for f in fields_of(layer, page)]
    columns.append(sql.SQL("ST_AsBinary({}, 'NDR')").format(_of_part(layer, shape.part)))
    if shape.boxes:
        columns += [
            sql.SQL(f"{edge}(s.g)") for edge in ("ST_XMin", "ST_YMin", "ST_XMax", "ST_YMax")
        ]
    more = _shapes(layer, page) + _only(layer, shape)
    return _select(layer, rows, page, sql.SQL(", ").join(columns), more)


def measure(layer: Layer, rows: Filter, page: Page) -> Query:
    """Build what a Shapefile must know before it is made: one row.

    Rows; for each part (`parts_of`) the rows and the vertices; for each text field the bytes of its
    longest value.
    """
    columns: list[sql.Composable] = [sql.SQL("count(*)")]
    for part in parts_of(layer):
        has = _has(layer, part)
        columns.append(sql.SQL("count(*) FILTER (WHERE {})").format(has))
        columns.append(
            sql.SQL("coalesce(sum(ST_NPoints({})) FILTER (WHERE {}), 0)::bigint").format(
                _of_part(layer, part), has
            )
        )
    columns += [
        sql.SQL("coalesce(max(octet_length({})), 0)").format(_value(f, Shape()))
        for f in fields_of(layer, page)
        if is_text(f)
    ]
    text = sql.SQL(
        "SELECT {what} FROM (SELECT t.* FROM {table} AS t{where}{window}) AS t{more}"
    ).format(
        what=sql.SQL(", ").join(columns),
        table=query._table(layer, asof=rows.asof is not None),
        where=query.where(layer, query.shape_of(rows)),
        window=_window(),
        more=_shapes(layer, page),
    )
    return Query(text.as_string(), _params(rows, page))


def _shapes(layer: Layer, page: Page) -> sql.Composable:
    """The FROM item `s` with the geometry `g` in the wanted CRS, made once per row."""
    shape = sound(layer)
    if page.crs.srid != STORED_SRID:
        shape = sql.SQL("ST_Transform({}, {})").format(shape, sql.Literal(page.crs.srid))
    return sql.SQL(" CROSS JOIN LATERAL (SELECT {} AS g OFFSET 0) AS s").format(shape)


def is_text(field: Field) -> bool:
    """Tell whether the field is text of any length in a Shapefile."""
    return field.type == "string" or field.is_array


def _value(field: Field, shape: Shape) -> sql.Composable:
    column = query._column(field.name)
    if field.is_array and not shape.lists:
        return as_json(field)
    if field.type == "date":
        return sql.SQL("CASE WHEN isfinite({0}) THEN {0} - date '1970-01-01' END").format(column)
    if field.type == "datetime":
        if shape.spelled:
            return _iso(field, moment=True)
        micros = "CASE WHEN isfinite({0}) THEN (extract(epoch FROM {0}) * 1000000)::bigint END"
        return sql.SQL(micros).format(column)
    kinds = {"integer": "::bigint", "number": "::float8", "integer_array": "::bigint[]"}
    return column + sql.SQL(kinds.get(field.type, ""))


def _of_part(layer: Layer, part: Part | None) -> sql.Composable:
    """The geometry, of a collection only what is of that kind."""
    if part is None or part == "point" or layer.geometry != "Geometry":
        return sql.SQL("s.g")
    kind = {"multipoint": 1, "line": 2, "polygon": 3}[part]
    return sql.SQL("ST_CollectionExtract(s.g, {})").format(sql.Literal(kind))


def _has(layer: Layer, part: Part) -> sql.Composable:
    if layer.geometry != "Geometry":
        return sql.SQL("s.g IS NOT NULL")
    if part == "point":
        return sql.SQL("(GeometryType(s.g) = 'POINT' AND NOT ST_IsEmpty(s.g))")
    found = sql.SQL("NOT ST_IsEmpty({})").format(_of_part(layer, part))
    if part == "multipoint":
        found = sql.SQL("GeometryType(s.g) <> 'POINT' AND {}").format(found)
    return sql.SQL("({})").format(found)


def _only(layer: Layer, shape: Shape) -> sql.Composable:
    if shape.part is None or layer.geometry != "Geometry":
        return sql.SQL("")
    bare = sql.SQL(" OR s.g IS NULL OR ST_IsEmpty(s.g)" if shape.bare else "")
    return sql.SQL(" WHERE {}{}").format(_has(layer, shape.part), bare)
