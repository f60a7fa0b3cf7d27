"""SQL as values: a page of items, one item, a count. Builds a Query and runs nothing.

The text of a query depends only on its shape (layer, which filters, which order), so it is made
once per shape and PostgreSQL can keep it prepared; everything a caller sends is a bound value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from psycopg import sql

from layers import keyset
from layers.keyset import Cursor, Order, Scalar
from layers.model import Field, Layer

STORED_SRID = 4326
WEB_MERCATOR_SRID = 3857
HALF_WORLD_M = 20_037_508.342_789_244  # of EPSG:3857
DEGREE_DIGITS = 7  # about 1 cm
METRE_DIGITS = 3  # 1 mm
COUNT_BUDGET = 50_000
"""A filtered count stops here: beyond it numberMatched is left out of the answer."""


@dataclass(frozen=True, slots=True)
class Query:
    """SQL text and its bound values.

    `prepare` = the same plan is good for any values. With a box it is not: a plan for small boxes
    takes a second for a large one.
    """

    sql: str
    params: dict[str, Scalar] = field(default_factory=dict)
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
        return self == Filter()


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


def items(layer: Layer, rows: Filter, page: Page) -> Query:
    """Build a page of features: one row (features found up to limit + 1, GeoJSON as UTF-8, keys).

    One feature more than the limit is counted (not returned) to know whether there is a next page.
    The keys are those of the page's first row in the direction of reading and, when the page is
    full, of its last.
    """
    start = page.cursor.shape if page.cursor else None
    text = _items_text(layer, shape_of(rows), _Form(page, start))
    params = bound(rows) | {"limit": page.limit, "offset": page.offset}
    if page.cursor:
        params |= page.cursor.params
    return Query(text, params, prepare=rows.empty)


def item(layer: Layer, feature_id: int, crs: Crs = CRS84) -> Query:
    """Build one feature by id: no row or one (GeoJSON text as UTF-8)."""
    return Query(_item_text(layer, crs), {"id": feature_id})


def count(layer: Layer, rows: Filter) -> Query:
    """Build the count of matching rows: one row, at most COUNT_BUDGET + 1."""
    params = bound(rows) | {"budget": COUNT_BUDGET + 1}
    return Query(_count_text(layer, shape_of(rows)), params, prepare=rows.empty)


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
    box, period = rows.box, rows.period
    return Shape(
        box=box.crs if box else None,
        crosses=bool(box and box.west > box.east),
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
        box = rows.box
        params |= {"west": box.west, "south": box.south, "east": box.east, "north": box.north}
    if rows.period:
        params |= {"start": rows.period.start, "end": rows.period.end}
    params |= {f"equal{i}": value for i, (_, value) in enumerate(rows.equal)}
    for one in rows.conditions:
        params |= dict(one.params)
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


def _envelope(crs: Crs, west: str, east: str) -> sql.Composable:
    """The box as a polygon in its own CRS."""
    box = "ST_MakeEnvelope({w}, %(south)s::float8, {e}, %(north)s::float8, {srid})"
    return sql.SQL(box).format(w=sql.SQL(west), e=sql.SQL(east), srid=sql.Literal(crs.srid))


def _inside(crs: Crs, west: str, east: str) -> sql.Composable:
    """Which features meet the box, exactly; the constant is transformed, so the index works."""
    if crs.srid == STORED_SRID:
        return sql.SQL("ST_Intersects(t.geom, {})").format(_envelope(crs, west, east))
    if crs.srid == WEB_MERCATOR_SRID:
        # Its edges are meridians and parallels, so the corners say all. PROJ would wrap what lies
        # beyond the world, and people zoom out that far.
        west, east = (
            f"least(greatest({x}, -{HALF_WORLD_M}), {HALF_WORLD_M})" for x in (west, east)
        )
        box = _envelope(crs, west, east)
        return sql.SQL("ST_Intersects(t.geom, ST_Transform({}, {}))").format(
            box, sql.Literal(STORED_SRID)
        )
    # A straight edge is curved in the stored CRS. The densified box with a margin finds the
    # candidates; each is then looked at in the CRS of the box.
    size = f"greatest({east} - {west}, %(north)s::float8 - %(south)s::float8, 1e-6)"
    # A thousandth of the box, in degrees: chords of a 64th part stray from their curve by less.
    margin = "2e-8" if crs.metric else "1e-3"
    return sql.SQL(
        f"t.geom && ST_Expand(ST_Transform(ST_Segmentize({{box}}, {size} / 64), {{stored}}),"
        f" {margin} * {size})"
        # CASE keeps the planner from taking a condition it cannot weigh for a rare one. In the
        # index what is no number meets every box; PROJ would fail on it.
        " AND CASE WHEN t.geom && ST_MakeEnvelope(-180, -90, 180, 90, {stored})"
        " THEN ST_Intersects(ST_Transform(t.geom, {srid}), {box}) ELSE false END"
    ).format(
        box=_envelope(crs, west, east), stored=sql.Literal(STORED_SRID), srid=sql.Literal(crs.srid)
    )


def _box_condition(shape: Shape) -> sql.Composable:
    assert shape.box is not None  # noqa: S101 - the caller has looked
    if not shape.crosses:
        return _inside(shape.box, "%(west)s::float8", "%(east)s::float8")
    halves = (
        _inside(shape.box, "%(west)s::float8", "180::float8"),
        _inside(shape.box, "-180::float8", "%(east)s::float8"),
    )
    return sql.SQL("({} OR {})").format(*halves)


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
        conditions.append(_box_condition(shape))
    conditions += _time_conditions(layer, shape)
    for i, (name, null) in enumerate(shape.equal):
        condition = sql.SQL("{} IS NULL") if null else sql.SQL("{} = {}")
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
    text = sql.SQL(
        """'{{"type":"Feature","id":' || t.id || ',"geometry":' || {shape} || ',"properties":'"""
        """ || {properties} || '}}'"""
    ).format(shape=shape, properties=sql.SQL("row_to_json(p)::text" if names else "'{}'"))
    return text, properties


class _Form:
    """What of a Page shows in the SQL text; equal when the text is."""

    __slots__ = ("_key", "backwards", "crs", "fields", "geometry", "order", "start")

    def __init__(self, page: Page, start: tuple[tuple[bool, ...], bool] | None) -> None:
        self.order, self.fields, self.geometry = page.order, page.fields, page.geometry
        self.crs, self.start = page.crs, start
        self.backwards = start is not None and start[1]
        self._key = (self.order, self.fields, self.geometry, self.crs, start)

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Form) and self._key == other._key


@lru_cache(maxsize=2048)
def _items_text(layer: Layer, shape: Shape, form: _Form) -> str:
    text, properties = _feature(layer, form.fields, form.geometry, form.crs)
    start = [] if form.start is None else [keyset.condition(form.order, form.start)]
    # Only the rows of the page are turned into text: the inner select stays narrow. They arrive
    # in their order, numbered by it, and need no second sort of long texts unless it is reversed.
    return (
        sql.SQL(
            "SELECT count(*), convert_to(coalesce(string_agg({text}, ','{reverse})"
            " FILTER (WHERE t.n <= %(limit)s), ''), 'UTF8'),"
            " json_agg(json_build_array({row}) ORDER BY t.n) FILTER (WHERE t.n IN (1, %(limit)s))"
            " FROM (SELECT t.*, row_number() OVER () AS n FROM (SELECT t.* FROM {table} AS t{where}"
            " ORDER BY {keys} LIMIT %(limit)s + 1 OFFSET %(offset)s) AS t) AS t {properties}"
        )
        .format(
            text=text,
            table=_table(layer, asof=shape.asof),
            where=where(layer, shape, *start),
            keys=keyset.order_by(form.order, backwards=form.backwards),
            row=sql.SQL(", ").join(_column(name) for name, _ in form.order),
            reverse=sql.SQL(" ORDER BY t.n DESC" if form.backwards else ""),
            properties=properties,
        )
        .as_string()
    )


@lru_cache(maxsize=1024)
def _item_text(layer: Layer, crs: Crs) -> str:
    text, properties = _feature(layer, None, True, crs)
    query = "SELECT convert_to({text}, 'UTF8') FROM {table} AS t {properties} WHERE t.id = %(id)s"
    return sql.SQL(query).format(text=text, table=_table(layer), properties=properties).as_string()


@lru_cache(maxsize=1024)
def _count_text(layer: Layer, shape: Shape) -> str:
    query = "SELECT count(*) FROM (SELECT FROM {table} AS t{where} LIMIT %(budget)s) AS t"
    table = _table(layer, asof=shape.asof)
    return sql.SQL(query).format(table=table, where=where(layer, shape)).as_string()
