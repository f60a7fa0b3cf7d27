"""Keyset paging: a page begins behind a row, not after a number of rows.

Pages stay put while rows come and go, and the millionth costs what the first does. A cursor holds
the sort values of the row; towards the caller it is an opaque text.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
from psycopg import sql

from layers.errors import BadValue
from layers.model import Layer

Scalar = str | int | float | bool | date | datetime | None
Value = Scalar | list[Any]
"""What a field holds; a list where it is an array."""
Order = tuple[tuple[str, bool], ...]
"""(column, descending) pairs; the last column is `id`, so no two rows are equal."""

LONGEST = 4_000  # characters of a cursor's text
_CALENDAR = {"date": date, "datetime": datetime}
_BEYOND_PYTHON = re.compile(r"-?infinity|[0-9]{4,7}-[0-9T:.+-]+ BC|[0-9]{5,7}-[0-9T:.+-]+")
"""Days and times that PostgreSQL has and Python has not."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Behind which row a page begins: its value of each column of the order.

    `backwards` = the page ends before that row.
    """

    values: tuple[Scalar, ...]
    backwards: bool = False

    @property
    def shape(self) -> tuple[tuple[bool, ...], bool]:
        """What of the cursor shows in the SQL text: which values are null, and the direction."""
        return tuple(value is None for value in self.values), self.backwards

    @property
    def params(self) -> Mapping[str, Scalar]:
        """The bound values."""
        return {f"after{i}": v for i, v in enumerate(self.values) if v is not None}

    def text(self) -> str:
        """Return the cursor as callers see it."""
        plain = [v.isoformat() if isinstance(v, date) else v for v in self.values]
        packed = orjson.dumps([self.backwards, plain])
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def order_by(order: Order, *, backwards: bool = False) -> sql.Composable:
    """Return the sort keys of a query on `t`; nulls are largest, as in PostgreSQL's indexes."""
    return sql.SQL(", ").join(
        _column(name) + sql.SQL(" DESC" if descending != backwards else "")
        for name, descending in order
    )


def condition(order: Order, shape: tuple[tuple[bool, ...], bool]) -> sql.Composable:
    """Return the condition that a row of `t` lies behind the cursor's row, or before it."""
    nulls, backwards = shape
    cases: list[sql.Composable] = []
    for i, (name, descending) in enumerate(order):
        same = [_same(order[j][0], j, null=nulls[j]) for j in range(i)]
        beyond = _beyond(name, i, null=nulls[i], descending=descending != backwards)
        if beyond is not None:
            cases.append(sql.SQL(" AND ").join([*same, beyond]))
    return sql.SQL("(") + sql.SQL(" OR ").join(cases) + sql.SQL(")")


def read(layer: Layer, order: Order, text: str) -> Cursor:
    """Return the cursor of a text; raises BadValue unless it was made for that layer and order."""
    try:
        if len(text) > LONGEST:
            raise ValueError
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        backwards, values = json.loads(packed)
        if not isinstance(backwards, bool) or len(values) != len(order):
            raise ValueError
        types = {f.name: f.type for f in layer.published_fields} | {"id": "integer"}
        pairs = zip(order, values, strict=True)
        return Cursor(tuple(_typed(types[name], v) for (name, _), v in pairs), backwards)
    except (ValueError, TypeError, RecursionError, binascii.Error):
        message = "Parameter cursor: it does not belong to this query; begin at the first page."
        raise BadValue(message) from None


def made(order: Order, row: Sequence[Any], *, backwards: bool) -> Cursor:
    """Return the cursor at a row of key values as PostgreSQL's JSON gave them."""
    return Cursor(tuple(row[: len(order)]), backwards)


def _column(name: str) -> sql.Composable:
    return sql.SQL("t.{}").format(sql.Identifier(name))


def _same(name: str, i: int, *, null: bool) -> sql.Composable:
    if null:
        return sql.SQL("{} IS NULL").format(_column(name))
    return sql.SQL("{} = {}").format(_column(name), sql.Placeholder(f"after{i}"))


def _beyond(name: str, i: int, *, null: bool, descending: bool) -> sql.Composable | None:
    """The column lies strictly behind the value in sort order; None = nothing can."""
    column, value = _column(name), sql.Placeholder(f"after{i}")
    if null:
        # Nulls come last upwards and first downwards.
        return sql.SQL("{} IS NOT NULL").format(column) if descending else None
    if descending:
        return sql.SQL("{} < {}").format(column, value)
    if name == "id":
        return sql.SQL("{} > {}").format(column, value)
    return sql.SQL("({} > {} OR {} IS NULL)").format(column, value, column)


KINDS: dict[str, tuple[type, ...]] = {
    "integer": (int,), "number": (int, float), "boolean": (bool,),
    "string": (str,), "date": (str,), "datetime": (str,),
}  # fmt: skip


def _typed(type_: str, value: Any) -> Scalar:
    if value is None:
        return None
    if type(value) not in KINDS[type_]:
        raise ValueError
    if type_ in ("date", "datetime"):
        # PostgreSQL reads its own text.
        beyond = _BEYOND_PYTHON.fullmatch(value)
        return value if beyond else _CALENDAR[type_].fromisoformat(value)
    if (type_ == "integer" and abs(value) >= 2**63) or (type_ == "string" and "\0" in value):
        raise ValueError
    scalar: Scalar = float(value) if type_ == "number" else value
    return scalar
