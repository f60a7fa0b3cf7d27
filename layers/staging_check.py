"""The checks of staged rows that hold for every load: each fault with its count and first ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, LiteralString

from psycopg import Connection, sql
from psycopg.rows import tuple_row

from layers.faults import SHOWN, Faults
from layers.message import Message, message
from layers.model import AREA_STRIDE, Area, Field, Layer
from layers.quality.measures import TEMPORAL, made, measured
from layers.quality.result import Measured
from layers.query import time_fields

Row = tuple[Any, ...]

_MISSING = ("row.no_geometry", "row.no_value")


@dataclass(frozen=True)
class Facts:
    """What one reading of a staging table tells.

    `bounds` are west, south, east, north in degrees, `start` and `end` the first and the last time
    as texts; None where there is none.
    """

    count: int
    measures: tuple[Measured, ...]
    bounds: tuple[float | None, float | None, float | None, float | None]
    start: str | None
    end: str | None


@dataclass(frozen=True)
class _Rule:
    """Rows where `broken` (SQL over the staging table) is true have the fault `reason`."""

    reason: Message
    broken: sql.Composable


def _rules(layer: Layer, area: Area, not_null: set[str]) -> list[_Rule]:
    first = area.number * AREA_STRIDE
    id_range = sql.SQL("(id <= {} OR id >= {})").format(
        sql.Literal(first), sql.Literal(first + AREA_STRIDE)
    )
    reason = message("row.id_range", first=first + 1, last=first + AREA_STRIDE - 1)
    rules = [_Rule(reason, id_range)]
    other = sql.SQL("area IS DISTINCT FROM {}").format(sql.Literal(area.id))
    rules.append(_Rule(message("row.other_area", area=area.id), other))
    rules.append(_Rule(message("row.mirrored"), _mirrored(area)))
    required = not_null | {f.name for f in layer.published_fields if f.required}
    for name in sorted(required - {"id", "area"}):
        no_value = message("row.no_value", field=name)
        what = message("row.no_geometry") if name == "geom" else no_value
        rules.append(_Rule(what, sql.SQL("{} IS NULL").format(sql.Identifier(name))))
    for field in layer.published_fields:
        rules += _field_rules(field)
    return rules


def _field_rules(field: Field) -> list[_Rule]:
    name = sql.Identifier(field.name)
    rules = []
    # With ANY the comparison holds for one item of an array at least.
    value = sql.SQL("ANY ({})").format(name) if field.is_array else name
    if field.codes:
        codes = sql.SQL(", ").join(sql.Literal(c.value) for c in field.codes)
        known = sql.SQL("NOT {} <@ ARRAY[{}]" if field.is_array else "{} NOT IN ({})")
        broken = known.format(name, codes)
        rules.append(_Rule(message("row.no_code", field=field.name), broken))
    if field.minimum is not None:
        broken = sql.SQL("{} > {}").format(sql.Literal(field.minimum), value)
        rules.append(_Rule(message("row.below", field=field.name, limit=field.minimum), broken))
    if field.maximum is not None:
        broken = sql.SQL("{} < {}").format(sql.Literal(field.maximum), value)
        rules.append(_Rule(message("row.above", field=field.name, limit=field.maximum), broken))
    return rules


def check(conn: Connection, layer: Layer, area: Area, table: str, faults: Faults) -> Facts:
    """Add what is wrong with the rows of a staging table to the faults; return its facts."""
    rules = _rules(layer, area, not_null(conn, layer))
    if faults:
        # A value that could not be stored is null now; to call it missing as well would mislead.
        rules = [rule for rule in rules if rule.reason.code not in _MISSING]
    counted, found = _asked(conn, layer, table, rules)
    for rule, count in zip(rules, counted, strict=True):
        if count:
            ids = select(
                conn,
                "SELECT id FROM {table} WHERE {broken} ORDER BY id LIMIT {shown}",
                table=staging(table),
                broken=rule.broken,
                shown=sql.Literal(SHOWN),
            )
            faults.add_counted(rule.reason, count, [i for (i,) in ids])
    return found


def facts(conn: Connection, layer: Layer, table: str) -> Facts:
    """Return the facts of a staging table whose rows are not to be checked."""
    return _asked(conn, layer, table, [])[1]


def _asked(
    conn: Connection, layer: Layer, table: str, rules: list[_Rule]
) -> tuple[list[int], Facts]:
    """Return how many rows break each rule, and the facts, by one reading of the table."""
    fields = time_fields(layer)
    start, end = (sql.Identifier(f.name) for f in fields) if fields else (sql.NULL, sql.NULL)
    asked = measured(layer)
    # What measures of another kind count breaks a rule, so rows that stay have none of it.
    counted = [one if measure.element == TEMPORAL else sql.SQL("0") for measure, one in asked]
    broken = [sql.SQL("count(*) FILTER (WHERE {})").format(rule.broken) for rule in rules]
    counts = sql.SQL("").join(sql.SQL(", {}").format(one) for one in [*broken, *counted])
    west, south, east, north, count, first, last, *numbers = select(
        conn,
        "SELECT ST_XMin(ST_Extent(geom)), ST_YMin(ST_Extent(geom)), ST_XMax(ST_Extent(geom)),"
        " ST_YMax(ST_Extent(geom)), count(*), min({start})::timestamptz::text,"
        " max({end})::timestamptz::text{counts} FROM {table}",
        start=start,
        end=end,
        counts=counts,
        table=staging(table),
    )[0]
    there = made(asked, numbers[len(rules) :], count)
    return numbers[: len(rules)], Facts(count, there, (west, south, east, north), first, last)


def check_unique(conn: Connection, table: str, faults: Faults) -> None:
    """Add the ids that several rows of a staging table have to the faults."""
    twice = select(
        conn,
        "SELECT id, count(*) OVER () FROM (SELECT id FROM {table} GROUP BY id"
        " HAVING count(*) > 1) AS twice ORDER BY id LIMIT {shown}",
        table=staging(table),
        shown=sql.Literal(SHOWN),
    )
    if twice:
        faults.add_counted(message("row.id_twice"), twice[0][1], [i for i, _ in twice])


def _mirrored(area: Area) -> sql.Composed:
    """SQL that is true for a geometry near the area's mirror image: latitude before longitude."""
    near = "(abs((ST_XMin(geom) + ST_XMax(geom)) / 2 - {x}) < 5"
    near += " AND abs((ST_YMin(geom) + ST_YMax(geom)) / 2 - {y}) < 5)"
    lon, lat = sql.Literal(area.lon), sql.Literal(area.lat)
    mirror, here = sql.SQL(near).format(x=lat, y=lon), sql.SQL(near).format(x=lon, y=lat)
    # The box of what is near reaches into a square there, which is asked much faster.
    reaches = sql.SQL("geom && ST_MakeEnvelope({y} - 5, {x} - 5, {y} + 5, {x} + 5, 4326)").format(
        x=lon, y=lat
    )
    return sql.SQL("({} AND {} AND NOT {})").format(reaches, mirror, here)


def not_null(conn: Connection, layer: Layer) -> set[str]:
    """Return the columns of a layer's table that must have a value."""
    found = select(
        conn,
        "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s)"
        " AND attnotnull AND attnum > 0 AND NOT attisdropped",
        params=(f"features.{layer.id}",),
    )
    return {name for (name,) in found}


def staging(table: str) -> sql.Identifier:
    """Return the name of a staging table."""
    return sql.Identifier("staging", table)


def select(
    conn: Connection, query: LiteralString, *, params: Row = (), **names: sql.Composable
) -> list[Row]:
    """Run a query and return its rows."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(sql.SQL(query).format(**names), params or None).fetchall()
