"""Measures of ISO 19157:2013 (annex D) over a table with the columns of a layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import tuple_row

from layers.model import Field, Layer
from layers.quality.result import Measured

OMISSION = "completeness omission"
DOMAIN = "domain consistency"
THEMATIC = "thematic classification correctness"
TEMPORAL = "temporal validity"
NONCONFORMING = "number of items not in conformance with their value domain"

Asked = tuple[Measured, sql.Composable]
"""A measure without its value, and SQL."""


def measures(
    conn: Connection, layer: Layer, table: sql.Identifier, where: sql.Composable, count: int
) -> tuple[Measured, ...]:
    """Return the measures of the rows of a table that meet a condition; `count` = how many."""
    asked = measured(layer)
    if not asked or not count:
        return ()
    counted = sql.SQL(", ").join(condition for _, condition in asked)
    query = sql.SQL("SELECT {} FROM {} WHERE {}").format(counted, table, where)
    with conn.cursor(row_factory=tuple_row) as cursor:
        found: tuple[Any, ...] | None = cursor.execute(query).fetchone()
    return made(asked, found or (), count)


def measured(layer: Layer) -> list[Asked]:
    """Return what is measured of rows, each with the aggregate of SQL that counts it.

    Missing values by required field (7), values outside their domain (16) or code list (60), times
    that are to come or end before they begin (16, as a measure of temporal validity).
    """
    asked = [one for field in layer.fields for one in _of_field(field)] + _of_times(layer)
    counted = sql.SQL("count(*) FILTER (WHERE {})")
    return [(measure, counted.format(condition)) for measure, condition in asked]


def made(asked: list[Asked], numbers: Sequence[int], count: int) -> tuple[Measured, ...]:
    """Return the measures of `count` rows, given the numbers that were asked; none of no rows."""
    if not count:
        return ()
    return tuple(
        replace(measure, value=number / count if measure.rate else number)
        for (measure, _), number in zip(asked, numbers, strict=True)
    )


def _of_field(field: Field) -> list[Asked]:
    column = sql.Identifier(field.name)
    found: list[Asked] = []
    if field.required:
        missing = Measured(OMISSION, 7, "rate of missing items", 0, rate=True, field=field.name)
        found.append((missing, sql.SQL("{} IS NULL").format(column)))
    if field.codes:
        wrong = Measured(
            THEMATIC, 60, "number of incorrectly classified features", 0, field=field.name
        )
        values = sql.SQL(", ").join(sql.Literal(code.value) for code in field.codes)
        known = sql.SQL("NOT {} <@ ARRAY[{}]" if field.is_array else "{} NOT IN ({})")
        found.append((wrong, known.format(column, values)))
    # The limit comes first: with ANY the comparison holds for one item of a list at least.
    value = sql.SQL("ANY ({})").format(column) if field.is_array else column
    bounds = [
        sql.SQL("{} {} {}").format(sql.Literal(limit), sql.SQL(sign), value)
        for sign, limit in ((">", field.minimum), ("<", field.maximum))
        if limit is not None
    ]
    if bounds:
        outside = Measured(DOMAIN, 16, NONCONFORMING, 0, field=field.name)
        found.append((outside, sql.SQL("({})").format(sql.SQL(" OR ").join(bounds))))
    return found


def _of_times(layer: Layer) -> list[Asked]:
    found: list[Asked] = []
    instant, start, end = (
        layer.with_role(role)
        for role in ("primary-instant", "primary-interval-start", "primary-interval-end")
    )
    if instant:
        to_come = Measured(TEMPORAL, 16, f"{NONCONFORMING}: it is to come", 0, field=instant.name)
        found.append((to_come, sql.SQL("{} > now()").format(sql.Identifier(instant.name))))
    if start and end:
        turned = Measured(
            TEMPORAL, 16, f"{NONCONFORMING}: it ends before it begins", 0, field=end.name
        )
        condition = sql.SQL("{} < {}").format(sql.Identifier(end.name), sql.Identifier(start.name))
        found.append((turned, condition))
    return found
