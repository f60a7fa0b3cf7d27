"""What each further site brings: people covered against the number of new sites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from processing.location.cover import covered, most_people
from processing.location.problem import Problem, Solution
from processing.network import Ints


@dataclass(frozen=True, slots=True)
class Step:
    """The most people that `sites` new sites can cover, and how many more than today."""

    sites: int
    solution: Solution
    persons_covered: float
    persons_gained: float


def curve(asked: Problem, largest: int, *, limit_m: float, folder: Path) -> tuple[Step, ...]:
    """Return a step for 1 .. `largest` new sites; ends where one more site covers nobody more.

    Each step is an optimum of its own, so the sites of one need not be among those of the next.
    Raises as `most_people`.
    """
    before = float(asked.persons[asked.existing_m <= limit_m].sum())
    steps: list[Step] = []
    for count in range(1, largest + 1):
        found = most_people(asked, count, limit_m=limit_m, folder=folder)
        if found.objective <= (steps[-1].persons_covered if steps else before):
            break
        steps.append(Step(count, found, found.objective, found.objective - before))
    return tuple(steps)


def ranked(asked: Problem, sites: Ints, *, limit_m: float) -> tuple[tuple[int, float], ...]:
    """Return the sites in the order in which each adds most people, with what each then adds."""
    left, chosen = [int(s) for s in sites], list[int]()
    ranking: list[tuple[int, float]] = []
    covered_before = _persons(asked, chosen, limit_m)
    while left:
        gains = [_persons(asked, [*chosen, s], limit_m) - covered_before for s in left]
        best = max(range(len(left)), key=gains.__getitem__)
        ranking.append((left[best], gains[best]))
        covered_before += gains[best]
        chosen.append(left.pop(best))
    return tuple(ranking)


def _persons(asked: Problem, sites: Sequence[int], limit_m: float) -> float:
    found = covered(asked, np.array(sites, dtype=np.int64), limit_m=limit_m)
    return float(asked.persons[found].sum())
