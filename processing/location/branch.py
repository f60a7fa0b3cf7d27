"""The proof of a median: branch and bound over the sites that the Lagrangian bound leaves open.

Each node takes one site for certain or leaves it out, and starts from the prices of its parent, so
that a few subgradient steps suffice. (HiGHS on the same sites took 14 s for pmed16 where this takes
0.3 s: its linear program is the slow part.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processing.location.relaxation import Bound, Known, PersonMetres, open_columns, relaxed
from processing.network import Floats, Ints

NODES = 20_000
"""After so many nodes the bound found so far is given, not a proof: counted, because a limit in
seconds would give another result on another machine."""

NODE_STEPS = 20


@dataclass(frozen=True, slots=True)
class _Node:
    """Choices that hold all of `taken` and some of `free`; none costs less than `value`."""

    taken: Ints
    free: Ints
    prices: Floats
    value: float


def prove(cost: Floats, known: Known, root: Bound, *, quantum: PersonMetres) -> Known:
    """Search for a choice cheaper by `quantum` or more; return the best one and a proven bound."""
    count = len(known.chosen)
    aim = known.upper - quantum
    start = open_columns(root, np.arange(cost.shape[1]), count, aim=aim)
    stack = [_Node(np.empty(0, dtype=np.int64), start, root.prices, root.value)]
    for _ in range(NODES):
        if not stack:
            return Known(known.chosen, known.upper, known.upper)
        node = stack.pop()
        if node.value > aim or len(node.taken) + len(node.free) < count:
            continue
        bound = _bounded(cost, node, count, aim)
        total = float(cost[:, bound.best].min(axis=1).sum())
        if total < known.upper:
            known = Known(np.sort(bound.best), total, known.lower)
            aim = total - quantum
        stack += _children(node, bound, count, aim)
    lowest = min([known.upper, *(node.value for node in stack)])
    return Known(known.chosen, known.upper, max(known.lower, lowest))


def _bounded(cost: Floats, node: _Node, count: int, aim: float) -> Bound:
    """Return the best bound that a few subgradient steps give for the node."""
    top = now = relaxed(cost, node.prices, node.free, node.taken, count)
    scale = 1.0
    for _ in range(NODE_STEPS):
        norm = float((now.unserved**2).sum())
        if top.value > aim or norm == 0:
            break
        step_size = scale * (1.001 * aim - now.value) / norm
        prices = now.prices + step_size * now.unserved
        now = relaxed(cost, prices, node.free, node.taken, count)
        top = now if now.value > top.value else top
        scale *= 0.95
    return top


def _children(node: _Node, bound: Bound, count: int, aim: float) -> list[_Node]:
    """Split by the site worth most: without it, and (looked at first) with it."""
    value, left = max(bound.value, node.value), count - len(node.taken)
    if value > aim or not left or len(node.free) == left:
        return []
    free = open_columns(bound, node.free, left, aim=aim)
    if len(free) < left:
        return []
    site = free[bound.worth[free].argmin()]
    rest = free[free != site]
    return [
        _Node(node.taken, rest, bound.prices, value),
        _Node(np.append(node.taken, site), rest, bound.prices, value),
    ]
