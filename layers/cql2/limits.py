"""How much a filter may be, and the places its errors name. Both readers keep the same limits."""

from __future__ import annotations

from layers.cql2.tree import At, Expression, children
from layers.errors import BadFilter

MAX_TEXT_BYTES = 8_192
"""CQL2 Text, in UTF-8: what proxies let through in an address."""
MAX_JSON_BYTES = 65_536
MAX_DEPTH = 64
"""Operators, functions and parentheses inside each other; a chain of + counts one by one."""
MAX_NODES = 2_000
MAX_VERTICES = 20_000
MAX_DIGITS = 310
"""Characters of one number: more than any double has before its point."""


def place(at: At) -> str:
    """Say where: `at character 17` (counted from 1) or `at /args/1`; the top of JSON is `/`."""
    return f"at character {at + 1}" if isinstance(at, int) else f"at {at or '/'}"


def fault(reason: str, at: At) -> BadFilter:
    """Make the error of a place; `reason` is a clause without a full stop."""
    return BadFilter(f"The filter is wrong {place(at)}: {reason}.", at)


def shown(text: str) -> str:
    """Quote what a caller sent, cut to what a person can read."""
    return repr(text if len(text) <= 40 else text[:40] + "…")


class Budget:
    """Counts what a reader has made and refuses what is too much."""

    __slots__ = ("_nodes", "_vertices")

    def __init__(self) -> None:
        self._nodes = 0
        self._vertices = 0

    def node(self, at: At) -> None:
        """Count one node."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise fault(f"there are more than {MAX_NODES} operators and values", at)

    def vertex(self, at: At) -> None:
        """Count one vertex of a geometry."""
        self._vertices += 1
        if self._vertices > MAX_VERTICES:
            raise fault(f"there are more than {MAX_VERTICES} vertices", at)

    @staticmethod
    def depth(depth: int, at: At, limit: int = MAX_DEPTH) -> None:
        """Refuse what is nested too deep."""
        if depth > limit:
            raise fault(f"expressions are nested more than {MAX_DEPTH} deep", at)


def check_depth(tree: Expression) -> None:
    """Refuse a tree that is too high: every later step goes down it by recursion."""
    level = [tree]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in children(node)]
    if level:
        Budget.depth(MAX_DEPTH + 1, level[0].at)
