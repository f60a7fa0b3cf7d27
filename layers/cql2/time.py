"""Relations in time as SQL: instants and closed intervals over days and moments.

Where a day meets a moment, the moment counts as its day in UTC: the coarser of the two decides. Of
a column and a constant, the constant is converted, so that an index on the column works.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from psycopg import sql

Rule = tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class End:
    """One end of an interval, or an instant. An open end has the text of its infinity."""

    text: sql.Composable
    kind: Literal["date", "timestamp", "open"]
    constant: bool


# s, e = start and end of the first operand; S, E = of the second. The names and meanings are those
# of OWL-Time, which the standard refers to; rules of one relation hold together.
RULES: dict[str, Rule] = {
    "t_after": (("s", ">", "E"),),
    "t_before": (("e", "<", "S"),),
    "t_contains": (("s", "<", "S"), ("e", ">", "E")),
    "t_during": (("s", ">", "S"), ("e", "<", "E")),
    "t_equals": (("s", "=", "S"), ("e", "=", "E")),
    "t_finishedBy": (("s", "<", "S"), ("e", "=", "E")),
    "t_finishes": (("s", ">", "S"), ("e", "=", "E")),
    "t_intersects": (("e", ">=", "S"), ("s", "<=", "E")),
    "t_meets": (("e", "=", "S"),),
    "t_metBy": (("s", "=", "E"),),
    "t_overlappedBy": (("s", ">", "S"), ("s", "<", "E"), ("e", ">", "E")),
    "t_overlaps": (("s", "<", "S"), ("e", ">", "S"), ("e", "<", "E")),
    "t_startedBy": (("s", "=", "S"), ("e", ">", "E")),
    "t_starts": (("s", "=", "S"), ("e", "<", "E")),
}
_MIRROR = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "<>": "<>"}
_TYPES = {"date": sql.SQL("date"), "timestamp": sql.SQL("timestamptz")}
_LOWEST = sql.SQL("({}::timestamp AT TIME ZONE 'UTC')")
_NEXT = sql.SQL("(({} + 1)::timestamp AT TIME ZONE 'UTC')")
_DAY = sql.SQL("({} AT TIME ZONE 'UTC')::date")


def relate(op: str, first: tuple[End, End], second: tuple[End, End]) -> sql.Composable:
    """Return the condition of a temporal function of CQL2; an instant has both ends equal."""
    if op == "t_disjoint":
        return sql.SQL("(NOT {})").format(relate("t_intersects", first, second))
    ends = dict(zip("seSE", (*first, *second), strict=True))
    parts = [compare(ends[left], symbol, ends[right]) for left, symbol, right in RULES[op]]
    return sql.SQL("({})").format(sql.SQL(" AND ").join(parts))


def compare(left: End, symbol: str, right: End) -> sql.Composable:
    """Return the comparison of two instants."""
    left, right = _closed(left, right), _closed(right, left)
    if left.kind == right.kind:
        return _plain(left.text, symbol, right.text)
    if left.kind == "timestamp":
        left, symbol, right = right, _MIRROR[symbol], left
    return _day_with_moment(left, symbol, right)


def _closed(end: End, other: End) -> End:
    """Give an open end the type of what it is compared with."""
    if end.kind != "open":
        return end
    kind = "timestamp" if other.kind == "open" else other.kind
    return End(sql.SQL("{}::{}").format(end.text, _TYPES[kind]), kind, constant=True)


def _plain(left: sql.Composable, symbol: str, right: sql.Composable) -> sql.Composable:
    return sql.SQL("{} {} {}").format(left, _SYMBOLS[symbol], right)


def _day_with_moment(day: End, symbol: str, moment: End) -> sql.Composable:
    if moment.constant and not day.constant:
        return _plain(day.text, symbol, _DAY.format(moment.text))
    lowest, next_ = _LOWEST.format(day.text), _NEXT.format(day.text)
    match symbol:
        case "=":
            text = sql.SQL("({m} >= {low} AND {m} < {next})")
        case "<>":
            text = sql.SQL("({m} < {low} OR {m} >= {next})")
        case "<":
            text = sql.SQL("{m} >= {next}")
        case "<=":
            text = sql.SQL("{m} >= {low}")
        case ">":
            text = sql.SQL("{m} < {low}")
        case _:
            text = sql.SQL("{m} < {next}")
    return text.format(m=moment.text, low=lowest, next=next_)


_SYMBOLS = {
    "<": sql.SQL("<"),
    ">": sql.SQL(">"),
    "<=": sql.SQL("<="),
    ">=": sql.SQL(">="),
    "=": sql.SQL("="),
    "<>": sql.SQL("<>"),
}
