"""SQL of exports: every matching row as a line of text, or as columns for a file.

Rows come in the order of the request, the last key being the id, so an export is the same every
time. Values are bound as in `layers.query`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from psycopg import sql

from layers import keyset, query
from layers.model import STORED_SRID, Field, Layer
from layers.query import Crs, Filter, Page, Query

Part = Literal["point", "multipoint", "line", "polygon"]
"""The kinds of geometry that a Shapefile keeps apart."""

EVERYTHING = 2**63 - 1
"""The limit of an export that has none."""

RECORD_SEPARATOR = "\x1e"
# What XML 1.0 cannot hold.
NOT_XML = "".join(map(chr, (*range(1, 9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF)))
# A cell that begins like this is a formula for a spreadsheet.
FORMULA = r"^[-=+@\t\r]"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a row: a published field, the id or a coordinate, and its SQL."""

    name: str
    type: str
    expression: sql.Composable


def fields_of(layer: Layer, page: Page) -> tuple[Field, ...]:
    """Return the published fields that the export shall have."""
    return tuple(f for f in layer.published_fields if page.fields is None or f.name in page.fields)


def free_name(name: str, taken: Sequence[str]) -> str:
    """Return a column name that no field has."""
    while name in taken:
        name += "_"
    return name


def count(layer: Layer, rows: Filter, page: Page) -> Query:
    """Build the exact count of an export: one row (rows, rows without a geometry to draw)."""
    text = sql.SQL(
        "SELECT count(*), count(*) FILTER (WHERE t.geom IS NULL OR ST_IsEmpty(t.geom))"
        " FROM (SELECT t.geom FROM {table} AS t{where}{window}) AS t"
    ).format(
        table=query._table(layer, asof=rows.asof is not None),
        where=query.where(layer, query.shape_of(rows)),
        window=_window(),
    )
    return Query(text.as_string(), _params(rows, page))


def _window() -> sql.Composable:
    return sql.SQL(" LIMIT %(limit)s::bigint OFFSET %(offset)s::bigint")


def _params(rows: Filter, page: Page) -> dict[str, keyset.Scalar]:
    return query.bound(rows) | {"limit": page.limit, "offset": page.offset}


def _select(
    layer: Layer, rows: Filter, page: Page, what: sql.Composable, more: sql.Composable
) -> Query:
    """Build the rows of an export; `more` follows the FROM item `t`."""
    text = sql.SQL(
        "SELECT {what} FROM (SELECT t.* FROM {table} AS t{where} ORDER BY {keys}{window}) AS t"
        "{more}"
    ).format(
        what=what,
        table=query._table(layer, asof=rows.asof is not None),
        where=query.where(layer, query.shape_of(rows)),
        keys=keyset.order_by(page.order),
        window=_window(),
        more=more,
    )
    return Query(text.as_string(), _params(rows, page))


def _utf8(text: sql.Composable) -> sql.Composable:
    return sql.SQL("convert_to({}, 'UTF8')").format(text)


def _joined(parts: Sequence[sql.Composable]) -> sql.Composable:
    return sql.SQL(" || ").join(parts)


def geojson_lines(layer: Layer, rows: Filter, page: Page) -> Query:
    """Build GeoJSON features, each a record of RFC 8142: one row per feature (UTF-8)."""
    text, properties = query._feature(layer, page.fields, page.geometry, page.crs)
    line = _joined((sql.Literal(RECORD_SEPARATOR), text, sql.Literal("\n")))
    return _select(layer, rows, page, _utf8(line), sql.SQL(" ") + properties)


def jsonfg_features(layer: Layer, rows: Filter, page: Page) -> Query:
    """Build JSON-FG features (OGC 21-045r1), each behind a comma: one row per feature (UTF-8)."""
    line = sql.SQL("',' || {}").format(_jsonfg_feature(layer, page))
    return _select(layer, rows, page, _utf8(line), _properties(layer, page))


def jsonfg_item(layer: Layer, feature_id: int, crs: Crs, asof: datetime | None = None) -> Query:
    """Build one JSON-FG feature by id, as it is or was at a moment: no row or one (UTF-8)."""
    page, rows = Page(limit=1, crs=crs), Filter(asof=asof)
    text = sql.SQL("SELECT {line} FROM {table} AS t{more} WHERE t.id = %(id)s").format(
        line=_utf8(_jsonfg_feature(layer, page)),
        table=query._table(layer, asof=asof is not None),
        more=_properties(layer, page),
    )
    return Query(text.as_string(), query.bound(rows) | {"id": feature_id})


def _properties(layer: Layer, page: Page) -> sql.Composable:
    names = sql.SQL(", ").join(query._column(f.name) for f in fields_of(layer, page))
    return sql.SQL(" CROSS JOIN LATERAL (SELECT {}) AS p").format(names)


def in_wgs84(crs: Crs) -> bool:
    """Return whether the coordinates are what GeoJSON has: WGS 84, longitude first."""
    return crs.srid == STORED_SRID and not crs.flip


def _jsonfg_feature(layer: Layer, page: Page) -> sql.Composable:
    none = sql.SQL("'null'")
    shape = query._geometry(layer, page.crs) if page.geometry else none
    # What GeoJSON can say is in `geometry`, what it cannot is in `place`, never both.
    geometry, place = (shape, none) if in_wgs84(page.crs) else (none, shape)
    properties = sql.SQL("row_to_json(p)::text" if fields_of(layer, page) else "'{}'")
    return sql.SQL(
        """'{{"type":"Feature","id":' || t.id || ',"time":' || {time} || ',"place":' || {place}"""
        """ || ',"geometry":' || {geometry} || ',"properties":' || {properties} || '}}'"""
    ).format(time=_jsonfg_time(layer), place=place, geometry=geometry, properties=properties)


def _iso(field: Field, *, moment: bool, end: bool = False) -> sql.Composable:
    """A date or time as RFC 3339 text in UTC; `moment` makes a moment of a date."""
    column = query._column(field.name)
    if field.type == "datetime":
        text = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')"
        found = sql.SQL("rtrim(rtrim(" + text + ", '0'), '.') || 'Z'").format(column)
    else:
        hour = ("T23:59:59Z" if end else "T00:00:00Z") if moment else ""
        found = sql.SQL("to_char({}, 'YYYY-MM-DD') || {}").format(column, sql.Literal(hour))
    return sql.SQL("CASE WHEN isfinite({}) THEN {} END").format(column, found)


def _jsonfg_time(layer: Layer) -> sql.Composable:
    """The member `time`: of the roles primary-interval-*, else of primary-instant."""
    fields = query.time_fields(layer)
    if fields is None:
        return sql.SQL("'null'")
    start, end = fields
    if start is end:
        member = "date" if start.type == "date" else "timestamp"
        return sql.SQL("""coalesce('{{"{member}":"' || {text} || '"}}', 'null')""").format(
            member=sql.SQL(member), text=_iso(start, moment=False)
        )
    moment = start.type != end.type
    return sql.SQL(
        # Open at both ends, or ending before it starts, is no interval.
        """CASE WHEN {s} IS NULL AND {e} IS NULL OR {s} > {e} THEN 'null' ELSE"""
        """ '{{"interval":["' || coalesce({start}, '..') || '","' || coalesce({end}, '..')"""
        """ || '"]}}' END"""
    ).format(
        s=query._column(start.name),
        e=query._column(end.name),
        start=_iso(start, moment=moment),
        end=_iso(end, moment=moment, end=True),
    )


def sound(layer: Layer) -> sql.Composable:
    """The stored geometry, without arcs and without coordinates that are no numbers."""
    if not layer.unsound:
        return sql.SQL("t.geom")
    # Only an untyped or foreign column can hold them.
    return sql.SQL(
        "CASE WHEN ST_AsText(t.geom, 0) ~* 'nan|inf' THEN NULL"
        " WHEN ST_HasArc(t.geom) THEN ST_CurveToLine(t.geom) ELSE t.geom END"
    )


def _shape(layer: Layer, crs: Crs) -> sql.Composable:
    if crs.srid == STORED_SRID:
        return sound(layer)
    return sql.SQL("ST_Transform({}, {})").format(sound(layer), sql.Literal(crs.srid))


def csv_columns(layer: Layer, page: Page) -> tuple[Column, ...]:
    """Return the columns of the CSV: the id, the fields, then a point's two coordinates or WKT."""
    found = [Column("id", "integer", sql.SQL("t.id"))]
    found += [
        Column(f.name, "string", as_json(f))
        if f.is_array
        else Column(f.name, f.type, query._column(f.name))
        for f in fields_of(layer, page)
    ]
    if not page.geometry:
        return tuple(found)
    taken = [one.name for one in found]
    digits = query.METRE_DIGITS if page.crs.metric else query.DEGREE_DIGITS
    if layer.geometry == "Point":
        names = ("easting", "northing") if page.crs.metric else ("lon", "lat")
        for name, axis in zip(names, ("ST_X", "ST_Y"), strict=True):
            value = sql.SQL("round({}({})::numeric, {})").format(
                sql.SQL(axis), _shape(layer, page.crs), sql.Literal(digits)
            )
            found.append(
                Column(free_name(name, taken), "number", sql.SQL("trim_scale({})").format(value))
            )
        return tuple(found)
    shape = _shape(layer, page.crs)
    if page.crs.flip:
        shape = sql.SQL("ST_FlipCoordinates({})").format(shape)
    wkt = sql.SQL("ST_AsText({}, {})").format(shape, sql.Literal(digits))
    return (*found, Column("geometry", "geometry", wkt))


def csv_lines(layer: Layer, rows: Filter, page: Page) -> Query:
    """Build the lines of a CSV (RFC 4180) without its head: one row per feature (UTF-8).

    Quoted as COPY does: no value is nothing, an empty text is "". A text that a spreadsheet would
    take for a formula has an apostrophe before it.
    """
    cells = [_cell(column) for column in csv_columns(layer, page)]
    line = sql.SQL(" || ',' || ").join(cells) + sql.SQL(" || {}").format(sql.Literal("\r\n"))
    return _select(layer, rows, page, _utf8(line), sql.SQL(""))


def as_json(field: Field) -> sql.Composable:
    """An array as JSON text, for formats that have none."""
    return sql.SQL("to_json({})::text").format(query._column(field.name))


def _cell(column: Column) -> sql.Composable:
    value = column.expression
    if column.type == "string":
        return sql.SQL(
            "CASE WHEN {v} IS NULL THEN '' WHEN {v} ~ {formula}"
            """ THEN '"''' || replace({v}, '"', '""') || '"' WHEN {v} = '' OR {v} ~ {special}"""
            """ THEN '"' || replace({v}, '"', '""') || '"' ELSE {v} END"""
        ).format(v=value, formula=sql.Literal(FORMULA), special=sql.Literal('[",\r\n]'))
    if column.type == "datetime":
        text = "to_char({v} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')"
        exact = sql.SQL(f"rtrim(rtrim({text}, '0'), '.') || 'Z'").format(v=value)
        return sql.SQL(
            "coalesce(CASE WHEN isfinite({v}) THEN {exact} ELSE {v}::text END, '')"
        ).format(v=value, exact=exact)
    if column.type == "geometry":
        return sql.SQL("""coalesce('"' || {} || '"', '')""").format(value)
    return sql.SQL("coalesce({}::text, '')").format(value)


def kml_placemarks(layer: Layer, rows: Filter, page: Page) -> Query:
    """Build KML placemarks in WGS 84: one row per feature (UTF-8)."""
    title = layer.with_role("title")
    name: sql.Composable = sql.SQL("t.id::text")
    if title is not None:
        name = sql.SQL("coalesce(nullif({}, ''), t.id::text)").format(
            sql.SQL("{}::text").format(query._column(title.name))
        )
    data = [_simple_data("id", sql.SQL("t.id::text"))]
    for f in fields_of(layer, page):
        column = query._column(f.name)
        value: sql.Composable = sql.SQL("{}::text").format(column)
        if f.type in ("date", "datetime"):
            value = _iso(f, moment=False)
        elif f.is_array:
            value = as_json(f)
        data.append(_simple_data(f.name, value))
    shape: sql.Composable = sql.SQL("''")
    if page.geometry:
        shape = _kml_geometry(layer)
    line = _joined((
        sql.Literal(f'<Placemark id="{layer.id}.'), sql.SQL("t.id"), sql.Literal('"><name>'),
        _xml(name), sql.Literal("</name>"), _kml_time(layer),
        sql.Literal(f'<ExtendedData><SchemaData schemaUrl="#{layer.id}">'), *data,
        sql.Literal("</SchemaData></ExtendedData>"), shape, sql.Literal("</Placemark>\n"),
    ))  # fmt: skip
    return _select(layer, rows, page, _utf8(line), sql.SQL(""))


def _xml(value: sql.Composable) -> sql.Composable:
    """A text as XML character data, without the characters that XML has no way to say."""
    return sql.SQL(
        "replace(replace(replace(replace(translate({}, {}, ''), '&', '&amp;'), '<', '&lt;'),"
        " '>', '&gt;'), {}, '&#13;')"
    ).format(value, sql.Literal(NOT_XML), sql.Literal("\r"))


def _simple_data(name: str, value: sql.Composable) -> sql.Composable:
    return sql.SQL("coalesce({} || {} || '</SimpleData>', '')").format(
        sql.Literal(f'<SimpleData name="{name}">'), _xml(value)
    )


def _kml_geometry(layer: Layer) -> sql.Composable:
    digits = sql.Literal(query.DEGREE_DIGITS)
    if not layer.unsound:
        return sql.SQL("coalesce(ST_AsKML(t.geom, {}), '')").format(digits)
    # PostGIS writes no KML of collections: their members one by one.
    return sql.SQL(
        "coalesce((SELECT CASE WHEN GeometryType(k.g) <> 'GEOMETRYCOLLECTION'"
        " THEN ST_AsKML(k.g, {d}) ELSE '<MultiGeometry>' ||"
        " (SELECT string_agg(ST_AsKML(m.geom, {d}), '') FROM ST_Dump(k.g) AS m)"
        " || '</MultiGeometry>' END FROM (SELECT {shape} AS g OFFSET 0) AS k), '')"
    ).format(d=digits, shape=sound(layer))


def _kml_time(layer: Layer) -> sql.Composable:
    fields = query.time_fields(layer)
    if fields is None:
        return sql.SQL("''")
    start, end = fields
    if start is end:
        return sql.SQL("coalesce('<TimeStamp><when>' || {} || '</when></TimeStamp>', '')").format(
            _iso(start, moment=False)
        )
    return sql.SQL(
        "'<TimeSpan>' || coalesce('<begin>' || {} || '</begin>', '')"
        " || coalesce('<end>' || {} || '</end>', '') || '</TimeSpan>'"
    ).format(_iso(start, moment=False), _iso(end, moment=False))
