"""Temporal functions by an oracle: OWL-Time's definitions over days and moments."""

import itertools
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from psycopg import sql

from layers.cql2 import compile, tree
from layers.query import CRS84
from tests.fix_cql2 import SAMPLE

Span = tuple[float, float]

FIRST = date(2026, 10, 1)
RULES: dict[str, str] = {
    "t_after": "s1 > e2",
    "t_before": "e1 < s2",
    "t_contains": "s1 < s2 and e1 > e2",
    "t_disjoint": "e1 < s2 or s1 > e2",
    "t_during": "s1 > s2 and e1 < e2",
    "t_equals": "s1 == s2 and e1 == e2",
    "t_finishedBy": "s1 < s2 and e1 == e2",
    "t_finishes": "s1 > s2 and e1 == e2",
    "t_intersects": "not (e1 < s2 or s1 > e2)",
    "t_meets": "e1 == s2",
    "t_metBy": "s1 == e2",
    "t_overlappedBy": "s2 < s1 < e2 < e1",
    "t_overlaps": "s1 < s2 < e1 < e2",
    "t_startedBy": "s1 == s2 and e1 > e2",
    "t_starts": "s1 == s2 and e1 < e2",
}
"""Definitions of the W3C Time Ontology, to which the standard's tables refer."""


def day(n: int) -> tree.Date:
    return tree.Date(FIRST + timedelta(n))


def moment(n: float) -> tree.Timestamp:
    return tree.Timestamp(datetime(2026, 10, 1, tzinfo=UTC) + timedelta(n))


def place(end: tree.Expression, at: float) -> float:
    """Where an end lies on the line of time, in days; open ends are infinitely far."""
    match end:
        case tree.Date():
            return float((end.value - FIRST).days)
        case tree.Timestamp():
            return (end.value - datetime(2026, 10, 1, tzinfo=UTC)) / timedelta(1)
    return at


def spans(make: Callable[[int], tree.Expression]) -> list[tree.Interval]:
    points = [(make(s), make(e)) for s, e in itertools.combinations_with_replacement(range(3), 2)]
    points += [(tree.Open(), make(1)), (make(1), tree.Open()), (tree.Open(), tree.Open())]
    return [tree.Interval(s, e) for s, e in points]


def holds(op: str, first: Span, second: Span) -> bool:
    """Whether the definition of a relation is true of two intervals."""
    names = dict(zip(("s1", "e1", "s2", "e2"), (*first, *second), strict=True))
    return bool(eval(RULES[op], {}, names))


def ask(db: psycopg.Connection, nodes: list[tree.Relation]) -> list[bool]:
    answers = []
    for node in nodes:
        where, params = compile(SAMPLE, node, crs=CRS84)
        row = db.execute(sql.SQL("SELECT {}").format(where).as_string(), params).fetchone()
        assert row is not None
        answers.append(row[0])
    return answers


def ends(node: tree.Expression) -> Span:
    if isinstance(node, tree.Interval):
        return place(node.start, float("-inf")), place(node.end, float("inf"))
    return place(node, 0), place(node, 0)


def days_of(node: tree.Expression) -> Span:
    """Both ends cut to days."""
    start, end = (x if abs(x) == float("inf") else x // 1 for x in ends(node))
    return start, end


@pytest.mark.parametrize("op", RULES)
@pytest.mark.parametrize("make", [day, moment])
def test_relations_are_those_of_owl_time(
    op: str, make: Callable[[int], tree.Expression], db: psycopg.Connection
) -> None:
    values: list[tree.Expression] = [*spans(make)]
    if op in ("t_after", "t_before", "t_disjoint", "t_equals", "t_intersects"):
        values += [make(n) for n in range(3)]
    nodes = [tree.Relation(op, a, b) for a, b in itertools.product(values, values)]
    wanted = [holds(op, ends(n.left), ends(n.right)) for n in nodes]
    assert any(wanted)
    assert not all(wanted)
    assert ask(db, nodes) == wanted


@pytest.mark.parametrize("op", RULES)
def test_a_moment_beside_a_day_counts_as_its_day(op: str, db: psycopg.Connection) -> None:
    moments = [
        tree.Interval(moment(s), moment(e)) for s, e in [(0.5, 1), (1, 1.999), (0.25, 2.5), (1, 2)]
    ]
    pairs = list(itertools.product(spans(day), moments))
    nodes = [tree.Relation(op, a, b) for a, b in pairs]
    nodes += [tree.Relation(op, b, a) for a, b in pairs]
    wanted = [holds(op, days_of(n.left), days_of(n.right)) for n in nodes]
    assert ask(db, nodes) == wanted


def test_columns_and_constants_give_the_same(db: psycopg.Connection) -> None:
    """The three ways a day meets a moment (constant, column, both columns) agree."""
    columns = {"built": "2026-10-02", "seen": "2026-10-02T12:00Z"}
    row = sql.SQL("SELECT %(built)s::date AS built, %(seen)s::timestamptz AS seen")
    literal = {"built": day(1), "seen": moment(1.5)}
    for symbol in tree.COMPARISONS:
        answers = set()
        for left, right in itertools.product(
            (tree.Property("built"), literal["built"]), (tree.Property("seen"), literal["seen"])
        ):
            for node in (
                tree.Comparison(symbol, left, right),
                tree.Comparison(_mirror(symbol), right, left),
            ):
                where, params = compile(SAMPLE, node, crs=CRS84)
                query = sql.SQL("SELECT {} FROM ({}) AS t").format(where, row)
                answers.add(db.execute(query.as_string(), params | columns).fetchone())
        assert answers == {(symbol in ("=", "<=", ">="),)}


def _mirror(symbol: str) -> str:
    return symbol.translate(str.maketrans("<>", "><")) if symbol != "<>" else symbol
