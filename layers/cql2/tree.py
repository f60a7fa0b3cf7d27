"""The one tree of a CQL2 expression (OGC 21-065r2), whatever text or JSON it was read from.

Nodes are frozen and equal when they mean the same; `at` says where a node stands (an offset into
CQL2 Text, counted from 0, or a JSON pointer) and takes no part in comparisons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

At = int | str
"""An offset into a text (from 0) or a JSON pointer (RFC 6901)."""

Point = tuple[float, ...]
"""Two or three coordinates, in the order they were written in."""

COMPARISONS = ("=", "<>", "<=", ">=", "<", ">")
ARITHMETIC = ("+", "-", "*", "/", "%", "div", "^")
FOLDS = ("casei", "accenti")
SPATIAL = (
    "s_contains", "s_crosses", "s_disjoint", "s_equals",
    "s_intersects", "s_overlaps", "s_touches", "s_within",
)  # fmt: skip
TEMPORAL = (
    "t_after", "t_before", "t_contains", "t_disjoint", "t_during", "t_equals", "t_finishedBy",
    "t_finishes", "t_intersects", "t_meets", "t_metBy", "t_overlappedBy", "t_overlaps",
    "t_startedBy", "t_starts",
)  # fmt: skip
ARRAY = ("a_containedBy", "a_contains", "a_equals", "a_overlaps")
RELATIONS = {name.lower(): name for name in (*SPATIAL, *TEMPORAL, *ARRAY)}
"""Standardized functions of two operands: lower-case name -> the spelling of CQL2 JSON."""

SHAPES = {
    name.upper(): name
    for name in (
        "Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon",
        "GeometryCollection",
    )
}  # fmt: skip
"""Kinds of geometry literals: name in WKT -> name in GeoJSON."""


@dataclass(frozen=True, slots=True)
class Node:
    """What every node has."""

    at: At = field(default=0, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Property(Node):
    """A property of the feature, by its published name."""

    name: str


@dataclass(frozen=True, slots=True)
class String(Node):
    """A character literal, its escapes resolved."""

    value: str


@dataclass(frozen=True, slots=True)
class Number(Node):
    """A number; what was written without point and exponent stays an integer of any length."""

    value: int | float


@dataclass(frozen=True, slots=True)
class Boolean(Node):
    """TRUE or FALSE."""

    value: bool


@dataclass(frozen=True, slots=True)
class Date(Node):
    """A day."""

    value: date


@dataclass(frozen=True, slots=True)
class Timestamp(Node):
    """A moment, in UTC."""

    value: datetime


@dataclass(frozen=True, slots=True)
class Open(Node):
    """The end of an interval that has none (`..`)."""


@dataclass(frozen=True, slots=True)
class Interval(Node):
    """A closed interval; an end is a day, a moment, open, or an expression of such a type."""

    start: Expression
    end: Expression


@dataclass(frozen=True, slots=True)
class Geometry(Node):
    """A geometry literal. `parts` holds, by `kind` (GeoJSON names):

    Point: its Point; LineString, MultiPoint: Points; Polygon, MultiLineString: tuples of Points;
    MultiPolygon: tuples of tuples of Points; GeometryCollection: Geometry nodes.
    """

    kind: str
    parts: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Box(Node):
    """A bounding box of four or six numbers: all lowest coordinates, then all highest."""

    bounds: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Array(Node):
    """A list of values, meant as a set."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Fold(Node):
    """CASEI or ACCENTI of a character expression; `op` is `casei` or `accenti`."""

    op: str
    arg: Expression


@dataclass(frozen=True, slots=True)
class Function(Node):
    """A function that is not the standard's own."""

    name: str
    args: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    """`op` is one of ARITHMETIC."""

    op: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    """`op` is one of COMPARISONS."""

    op: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Like(Node):
    """Pattern matching: `%` any characters, `_` one character, the backslash escapes them."""

    value: Expression
    pattern: Expression


@dataclass(frozen=True, slots=True)
class Between(Node):
    """Both bounds belong to the range."""

    value: Expression
    low: Expression
    high: Expression


@dataclass(frozen=True, slots=True)
class In(Node):
    """Equal to one item of a list."""

    value: Expression
    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class IsNull(Node):
    """True when the operand has no value."""

    arg: Expression


@dataclass(frozen=True, slots=True)
class Relation(Node):
    """A standardized function of two operands; `op` is one of SPATIAL, TEMPORAL, ARRAY."""

    op: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Not(Node):
    """The opposite; unknown stays unknown."""

    arg: Expression


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """AND or OR of two or more conditions; `op` is `and` or `or`."""

    op: str
    args: tuple[Expression, ...]


Expression = (
    Property | String | Number | Boolean | Date | Timestamp | Open | Interval | Geometry | Box
    | Array | Fold | Function | Arithmetic | Comparison | Like | Between | In | IsNull | Relation
    | Not | Logic
)  # fmt: skip


_CHILDREN: dict[type, Callable[[Any], tuple[Expression, ...]]] = {
    Logic: lambda node: node.args,
    Function: lambda node: node.args,
    Array: lambda node: node.items,
    Not: lambda node: (node.arg,),
    IsNull: lambda node: (node.arg,),
    Fold: lambda node: (node.arg,),
    Arithmetic: lambda node: (node.left, node.right),
    Comparison: lambda node: (node.left, node.right),
    Relation: lambda node: (node.left, node.right),
    Interval: lambda node: (node.start, node.end),
    Like: lambda node: (node.value, node.pattern),
    Between: lambda node: (node.value, node.low, node.high),
    In: lambda node: (node.value, *node.items),
}


def children(node: Expression) -> tuple[Expression, ...]:
    """Return the operands of a node in the order they are written in; literals have none."""
    found = _CHILDREN.get(type(node))
    return found(node) if found else ()


def walk(node: Expression) -> Iterator[Expression]:
    """Go through a tree from its top, an operand after the node that has it."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(reversed(children(found)))


def properties(node: Expression) -> frozenset[str]:
    """Return the names of all properties that an expression uses."""
    return frozenset(found.name for found in walk(node) if isinstance(found, Property))
