"""SQL as values: a page of items, one item, a count. Builds a Query and runs nothing.

The text of a query depends only on its shape (layer, which filters, which order), so it is made
once per shape and PostgreSQL can keep it prepared; everything a caller sends is a bound value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from psycopg import sql

from layers import box, keyset
from layers.keyset import Cursor, Order, Scalar, Value
from layers.model import STORED_SRID, Field, Layer

DEGREE_DIGITS = 7  # about 1 cm
METRE_DIGITS = 3  # 1 mm
KEPT_TEXT = "_geojson"
"""The column with the text of a feature (layers/kept_text.py); no field can have its name."""


@dataclass(frozen=True, slots=True)
class Query:
    """SQL text and its bound values.

    `prepare` = the same plan is good for any values. With a box it is not: a plan for small boxes
    takes a second for a large one.
    """

    sql: str
    params: Mapping[str, Value] = field(default_factory=dict)
    prepare: bool = True


@dataclass(frozen=True, slots=True)
class Crs:
    """A coordinate reference system of requests and answers.

    `flip` = its axes are north before east, so coordinates are swapped at the border.
    """

    uri: str
    srid: int
    flip: bool = False
    metric: bool = False


CRS84 = Crs("http://www.opengis.net/def/crs/OGC/1.3/CRS84", STORED_SRID)


@dataclass(frozen=True, slots=True)
class Box:
    """A bounding box in east/north order in the units of `crs`; west > east crosses 180 degrees."""

    west: float
    south: float
    east: float
    north: float
    crs: Crs = CRS84


@dataclass(frozen=True, slots=True)
class Period:
    """A closed interval of time; None = open end. An instant has both ends equal."""

    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition on `t` and its bound values; the text depends on its shape only."""

    text: str
    params: tuple[tuple[str, Scalar], ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows: all conditions hold; `equal` pairs are (published field, typed value).

    `asof` = the rows as they were at a moment, by the history of edits.
    """

    box: Box | None = None
    period: Period | None = None
    equal: tuple[tuple[str, Scalar], ...] = ()
    conditions: tuple[Condition, ...] = ()
    asof: datetime | None = None

    @property
    def empty(self) -> bool:
        """True when every row passes."""
        return not (self.box or self.period or self.equal or self.conditions or self.asof)


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of the rows, in which order and form.

    It begins behind `cursor`, else after `offset` rows. `order` pairs are (column, descending) and
    end with the id, so pages never overlap. `fields` None = all published ones.
    """

    limit: int
    offset: int = 0
    cursor: Cursor | None = None
    order: Order = (("id", False),)
    fields: tuple[str, ...] | None = None
    geometry: bool = True
    crs: Crs = CRS84


def items(layer: Layer, rows: Filter, page: Page, *, kept: bool = False) -> Query:
    """Build a page of features: one row (features found up to limit + 1, GeoJSON as UTF-8, keys).

    One feature more than the limit is counted (not returned) to know whether there is a next page.
    The keys are those of the page's first row in the direction of reading and of its last when the
    page is full (else nulls). `kept` = the layer's table has the column of texts.
    """
    whole = page.fields is None and page.geometry and page.crs == CRS84 and rows.asof is None
    form = _Form(
        page.order,
        page.fields,
        page.geometry,
        page.crs,
        page.limit,
        moved=page.offset > 0,
        start=page.cursor.shape if page.cursor else None,
        kept=kept and whole,
    )
    params = bound(rows)
    if page.offset:
        params["offset"] = page.offset
    if page.cursor:
        params |= page.cursor.params
    return Query(_items_text(layer, shape_of(rows), form), params, prepare=rows.empty)


def item(layer: Layer, feature_id: int, crs: Crs = CRS84, *, kept: bool = False) -> Query:
    """Build one feature by id: no row or one (GeoJSON text as UTF-8); `kept` as for `items`."""
    return Query(_item_text(layer, crs, kept and crs == CRS84), {"id": feature_id})


@dataclass(frozen=True, slots=True)
class Shape:
    """What of a Filter shows in the SQL text."""

    box: Crs | None
    crosses: bool
    start: bool
    end: bool
    equal: tuple[tuple[str, bool], ...]
    conditions: tuple[str, ...] = ()
    asof: bool = False


def shape_of(rows: Filter) -> Shape:
    """Return what of the conditions shows in the SQL text."""
    area, period = rows.box, rows.period
    return Shape(
        box=area.crs if area else None,
        crosses=bool(area and area.west > area.east),
        start=bool(period and period.start is not None),
        end=bool(period and period.end is not None),
        equal=tuple((name, value is None) for name, value in rows.equal),
        conditions=tuple(one.text for one in rows.conditions),
        asof=rows.asof is not None,
    )


def bound(rows: Filter) -> dict[str, Scalar]:
    """Return the bound values of the conditions."""
    params: dict[str, Scalar] = {}
    if rows.box:
        one = rows.box
        params |= {"west": one.west, "south": one.south, "east": one.east, "north": one.north}
    if rows.period:
        params |= {"start": rows.period.start, "end": rows.period.end}
    params |= {f"equal{i}": value for i, (_, value) in enumerate(rows.equal)}
    for condition in rows.conditions:
        params |= dict(condition.params)
    return params if rows.asof is None else params | {"asof": rows.asof}


def _table(layer: Layer, *, asof: bool = False) -> sql.Composable:
    """The rows to read from, as they are or as they were at `asof`.

    Then they are those that have not changed since, and of the others what the first change since
    then found there.
    """
    table = sql.Identifier("features", layer.id)
    if not asof:
        return table
    return sql.SQL(
        "(SELECT c.* FROM {table} AS c WHERE NOT EXISTS (SELECT FROM layers.history AS h"
        "  WHERE h.layer = {layer} AND h.id = c.id AND h.valid_to > %(asof)s::timestamptz)"
        " UNION ALL SELECT r.* FROM (SELECT DISTINCT ON (h.id) h.former FROM layers.history AS h"
        "  WHERE h.layer = {layer} AND h.valid_to > %(asof)s::timestamptz ORDER BY h.id, h.change)"
        " AS h CROSS JOIN LATERAL jsonb_populate_record(NULL::{table}, h.former) AS r"
        " WHERE h.former IS NOT NULL)"
    ).format(table=table, layer=sql.Literal(layer.id))


def _column(name: str) -> sql.Composable:
    return sql.SQL("t.{}").format(sql.Identifier(name))


def time_fields(layer: Layer) -> tuple[Field, Field] | None:
    """Return the fields that hold start and end of a feature's time; both the same = an instant."""
    instant = layer.with_role("primary-instant")
    start = layer.with_role("primary-interval-start") or instant
    end = layer.with_role("primary-interval-end") or instant
    return (start, end) if start and end else None


def _time_conditions(layer: Layer, shape: Shape) -> list[sql.Composable]:
    fields = time_fields(layer)
    if fields is None:
        return []
    start, end = fields
    # A date stands for its whole day, so it is compared by day and not by its midnight.
    kinds = {"date": sql.SQL("date"), "datetime": sql.SQL("timestamptz")}
    found: list[sql.Composable] = []
    if shape.start:
        found.append(sql.SQL("{} >= %(start)s::{}").format(_column(end.name), kinds[end.type]))
    if shape.end:
        found.append(sql.SQL("{} <= %(end)s::{}").format(_column(start.name), kinds[start.type]))
    return found


def where(layer: Layer, shape: Shape, *more: sql.Composable) -> sql.Composable:
    """Return the WHERE of the conditions on `features.<layer> AS t`, with a space before it."""
    conditions: list[sql.Composable] = [*more]
    if shape.box is not None:
        conditions.append(box.condition(box.inside, shape.box, crosses=shape.crosses))
    conditions += _time_conditions(layer, shape)
    for i, (name, null) in enumerate(shape.equal):
        field = layer.field(name)
        equal = "{1} = ANY ({0})" if field and field.is_array else "{} = {}"
        condition = sql.SQL("{} IS NULL" if null else equal)
        conditions.append(condition.format(_column(name), sql.Placeholder(f"equal{i}")))
    # Names in them are quoted and values bound: layers.cql2 and layers.search make nothing else.
    conditions += [sql.SQL(f"({one})") for one in shape.conditions]
    if not conditions:
        return sql.SQL("")
    return sql.SQL(" WHERE ") + sql.SQL(" AND ").join(conditions)


def _geometry(layer: Layer, crs: Crs) -> sql.Composable:
    """The geometry as GeoJSON text, `null` when it has none that GeoJSON can say."""
    shape = "t.geom"
    digits = METRE_DIGITS if crs.metric else DEGREE_DIGITS
    if layer.unsound:
        # Only an untyped or foreign column can hold arcs, and coordinates that our loads refuse.
        shape = "CASE WHEN ST_HasArc(t.geom) THEN ST_CurveToLine(t.geom) ELSE t.geom END"
    if crs.srid != STORED_SRID:
        shape = f"ST_Transform({shape}, {crs.srid})"
    if crs.flip:
        shape = f"ST_FlipCoordinates({shape})"
    text = f"ST_AsGeoJSON({shape}, {digits}, 0)"
    if layer.unsound:
        text = (
            "(SELECT CASE WHEN q.g !~* 'nan|inf' THEN q.g END"  # noqa: S608 - made of constants
            f" FROM (SELECT {text} AS g OFFSET 0) AS q)"
        )
    return sql.SQL(f"coalesce({text}, 'null')")


def _feature(
    layer: Layer, fields: tuple[str, ...] | None, geometry: bool, crs: Crs
) -> tuple[sql.Composable, sql.Composable]:
    """The text of one feature, and the FROM item that gives its properties as `p`."""
    names = [f.name for f in layer.published_fields if fields is None or f.name in fields]
    shape = _geometry(layer, crs) if geometry else sql.SQL("'null'")
    properties = sql.SQL("CROSS JOIN LATERAL (SELECT {}) AS p" if names else "").format(
        sql.SQL(", ").join(_column(n) for n in names)
    )
    own = sql.SQL("row_to_json(p)::text" if names else "'{}'")
    return feature_text(sql.SQL("t.id"), shape, own), properties


def feature_text(
    number: sql.Composable, shape: sql.Composable, properties: sql.Composable
) -> sql.Composable:
    """Build the text of one feature from SQL for its id and the JSON texts of its parts."""
    return sql.SQL(
        """'{{"type":"Feature","id":' || {} || ',"geometry":' || {} || ',"properties":'"""
        """ || {} || '}}'"""
    ).format(number, shape, properties)


class _Form(NamedTuple):
    """What of a Page shows in the SQL text.

    The limit does: with a limit that it does not know, PostgreSQL plans every execution anew.
    """

    order: Order
    fields: tuple[str, ...] | None
    geometry: bool
    crs: Crs
    limit: int
    moved: bool
    start: tuple[tuple[bool, ...], bool] | None
    kept: bool


@lru_cache(maxsize=2048)
def _items_text(layer: Layer, shape: Shape, form: _Form) -> str:
    backwards = form.start is not None and form.start[1]
    start = [] if form.start is None else [keyset.condition(form.order, form.start)]
    # Only the rows of the page are turned into text, and only what is shown of them is read.
    kept = [_column(name) for name in (*dict(form.order), KEPT_TEXT)]
    page: sql.Composable = sql.SQL(
        "SELECT {columns} FROM {table} AS t{where} ORDER BY {keys} LIMIT {limit}{offset}"
    ).format(
        columns=sql.SQL(", ").join(kept) if form.kept else sql.SQL("t.*"),
        table=_table(layer, asof=shape.asof),
        where=where(layer, shape, *start),
        keys=keyset.order_by(form.order, backwards=backwards),
        limit=sql.Literal(form.limit + 1),
        offset=sql.SQL(" OFFSET %(offset)s" if form.moved else ""),
    )
    if not form.kept:
        text, properties = _feature(layer, form.fields, form.geometry, form.crs)
        # OFFSET 0 keeps the planner from building it once as a text and once more for its length.
        page = sql.SQL("SELECT {}, {} AS {} FROM ({}) AS t {} OFFSET 0").format(
            sql.SQL(", ").join(_column(name) for name, _ in form.order),
            _utf8(text),
            sql.Identifier(KEPT_TEXT),
            page,
            properties,
        )
    return _joined(page, form, backwards=backwards).as_string()


def _joined(page: sql.Composable, form: _Form, *, backwards: bool) -> sql.Composable:
    """The one row of a page: its texts without that of the row too many, and the keys of its ends.

    Rows arrive in their order and are not sorted again, unless they arrive backwards.
    """
    forth, back = (
        sql.SQL(" ORDER BY ") + keyset.order_by(form.order, backwards=b)
        if backwards
        else sql.SQL("")
        for b in (False, True)
    )
    keys = [sql.SQL("array_agg({}{})").format(_column(name), back) for name, _ in form.order]
    first, last = (
        sql.SQL(", ").join(sql.SQL("({})[{}]").format(key, sql.Literal(n)) for key in keys)
        for n in (1, form.limit)
    )
    text = sql.SQL("string_agg({}, ','::bytea{})").format(_column(KEPT_TEXT), forth)
    rest = sql.SQL("coalesce((array_agg(octet_length({}){}))[{}] + 1, 0)").format(
        _column(KEPT_TEXT), back, sql.Literal(form.limit + 1)
    )
    part = "{0} FROM 1 + {1}" if backwards else "{0} FROM 1 FOR octet_length({0}) - {1}"
    return sql.SQL(
        "SELECT count(*), coalesce(substring({part}), ''),"
        " json_build_array(json_build_array({first}), json_build_array({last}))"
        " FROM ({page}) AS t"
    ).format(part=sql.SQL(part).format(text, rest), first=first, last=last, page=page)


def _utf8(text: sql.Composable) -> sql.Composable:
    return sql.SQL("convert_to({}, 'UTF8')").format(text)


@lru_cache(maxsize=1024)
def _item_text(layer: Layer, crs: Crs, kept: bool) -> str:
    text, properties = _feature(layer, None, True, crs)
    shown = _utf8(text)
    query = "SELECT {shown} FROM {table} AS t {properties} WHERE t.id = %(id)s"
    if kept:
        shown, properties = _column(KEPT_TEXT), sql.SQL("")
    return (
        sql.SQL(query).format(shown=shown, table=_table(layer), properties=properties).as_string()
    )
