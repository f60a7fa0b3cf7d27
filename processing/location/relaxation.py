"""A lower bound on the median: the Lagrangian dual of "every demand point is served once".

G. Cornuejols, M. L. Fisher, G. L. Nemhauser, Location of bank accounts to optimize float,
Management Science 23 (1977) 789-810; subgradient steps after M. Held, P. Wolfe, H. P. Crowder
(1974). Prices say what a demand point pays to be served; a site is worth what it saves them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processing.location.interchange import interchange
from processing.network import Bools, Floats, Ints

ROOT_STEPS = 1_000
PersonMetres = float
"""The unit of costs: so many persons go so many metres."""

IDLE_STEPS = 20
"""After so many steps without progress the step is halved."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A proven lower bound, the prices (per row) that prove it, and the worth of columns (<= 0).

    `best` are the columns that the relaxed problem chooses; `unserved` is 1 minus how many of them
    serve each row: where it is 0 throughout, the bound is met.
    """

    value: float
    prices: Floats
    worth: Floats
    best: Ints
    unserved: Floats


@dataclass(frozen=True, slots=True)
class Known:
    """The best columns known, their cost, and a bound that no choice of as many goes below."""

    chosen: Ints
    upper: float
    lower: float


def relaxed(cost: Floats, prices: Floats, free: Ints, taken: Ints, count: int) -> Bound:
    """Return the bound at these prices when `taken` are chosen and the rest are of `free`."""
    less = np.minimum(cost - prices[:, None], 0.0)
    worth = less.sum(axis=0)
    left = count - len(taken)
    if 0 < left < len(free):
        free = free[np.argpartition(worth[free], left - 1)[:left]]
    best = np.concatenate([taken, free[:left]])
    unserved = (1 - (less[:, best] < 0).sum(axis=1)).astype(np.float64)
    value = float(prices.sum() + worth[best].sum())
    return Bound(value, prices, worth, best, unserved)


def at_root(
    cost: Floats, chosen: Ints, upper: PersonMetres, *, quantum: PersonMetres
) -> tuple[Known, Bound]:
    """Raise the bound by subgradient steps, trying interchange from promising choices.

    Stops when the gap is smaller than `quantum`, the least amount by which two costs differ.
    """
    near = np.sort(cost[:, chosen], axis=1)[:, :2]
    # Each row pays half-way between its two nearest columns at first.
    prices = near.mean(axis=1) if near.shape[1] == 2 else 1.5 * near[:, 0]
    free, taken = np.arange(cost.shape[1]), np.empty(0, dtype=np.int64)
    top = now = relaxed(cost, prices, free, taken, len(chosen))
    scale, idle = 2.0, 0
    for step in range(ROOT_STEPS):
        if now.value > top.value:
            idle = 0 if now.value > top.value + 1e-5 * upper else idle + 1
            top = now
            if step % 10 == 0:
                other, total = interchange(cost, now.best)
                if total < upper:
                    chosen, upper = other, total
        else:
            idle += 1
        if idle >= IDLE_STEPS:
            scale, idle = scale / 2, 0
        norm = float((now.unserved**2).sum())
        if norm == 0 or upper - top.value < quantum or scale < 1e-4:
            break
        step_size = scale * (1.0005 * upper - now.value) / norm
        prices = now.prices + step_size * now.unserved
        now = relaxed(cost, prices, free, taken, len(chosen))
    return Known(chosen, upper, min(top.value, upper)), top


def open_columns(bound: Bound, free: Ints, left: int, *, aim: PersonMetres) -> Ints:
    """Return which of the free columns a choice below `aim` may hold, `left` of them missing."""
    if left >= len(free):
        return free
    worth = bound.worth[free]
    may: Bools = bound.value + worth - np.partition(worth, left - 1)[left - 1] <= aim
    return free[may]
