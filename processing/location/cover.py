"""Covering models through spopt: most people with p new sites (MCLP), fewest sites for all (LSCP).

R. Church, C. ReVelle, The maximal covering location problem, Papers of the Regional Science
Association 32 (1974) 101-118; C. Toregas et al., The location of emergency service facilities,
Operations Research 19 (1971) 1363-1373. Existing facilities are spopt's predefined ones; here what
they cover is taken out beforehand, which is the same problem with fewer rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pulp
from spopt.locate import LSCP, MCLP

from processing.errors import SolverFailed
from processing.location.problem import Problem, Solution, require_count
from processing.location.solver import cbc
from processing.network import Bools, Floats, Ints


@dataclass(frozen=True, slots=True)
class _Groups:
    """Demand that is still to be covered, joined where the same sites cover it."""

    covers: Bools
    persons: Floats


def covered(asked: Problem, sites: Ints, *, limit_m: float) -> Bools:
    """Tell which demand points have an existing facility or one of the sites within the limit."""
    found: Bools = (asked.existing_m <= limit_m) | (asked.distance_m[:, sites] <= limit_m).any(
        axis=1
    )
    return found


def coverable(asked: Problem, *, limit_m: float) -> Bools:
    """Tell which demand points an existing facility or any site at all can cover."""
    return covered(asked, np.arange(asked.sites), limit_m=limit_m)


def most_people(asked: Problem, count: int, *, limit_m: float, folder: Path) -> Solution:
    """Return at most `count` new sites that bring the most people within the limit, metres.

    The objective is all persons covered, by existing facilities too. Sites that would cover nobody
    new are not proposed, so there may be fewer than `count`. CBC works in `folder`. Raises
    BadParameter when `count` is not 1 .. sites, SolverFailed.
    """
    require_count(asked, count)
    before = _persons(asked, _NO_SITES, limit_m)
    groups = _groups(asked, limit_m)
    useful = np.flatnonzero(groups.covers.any(axis=0))
    if len(useful) <= count:
        chosen = useful
    else:
        covers = groups.covers[:, useful]
        with cbc(folder) as solver:
            model = MCLP.from_cost_matrix(
                np.where(covers, 0.0, 1.0), groups.persons, 0.5, p_facilities=count
            )
            model = model.solve(solver, results=False)
        chosen = useful[_open(model)]
        if model.problem.sol_status != pulp.LpSolutionOptimal:
            objective = _persons(asked, chosen, limit_m)
            return Solution(chosen, objective, _upper(groups, count) + before)
    chosen = _useful(asked, chosen, limit_m)
    objective = _persons(asked, chosen, limit_m)
    return Solution(chosen, objective, objective)


def fewest_sites(asked: Problem, *, limit_m: float, folder: Path) -> Solution:
    """Return the fewest new sites that cover all people who can be covered within the limit.

    Who cannot be (`coverable`) is left out. Nothing to cover gives no sites. Raises SolverFailed.
    """
    groups = _groups(asked, limit_m)
    if not len(groups.persons):
        return Solution(_NO_SITES, 0.0, 0.0)
    with cbc(folder) as solver:
        model = LSCP.from_cost_matrix(np.where(groups.covers, 0.0, 1.0), 0.5)
        model = model.solve(solver, results=False)
    if model.problem.sol_status != pulp.LpSolutionOptimal:
        raise SolverFailed("CBC found no proven cover; choose fewer candidate sites")
    chosen = _open(model)
    return Solution(chosen, float(len(chosen)), float(len(chosen)))


_NO_SITES: Ints = np.empty(0, dtype=np.int64)


def _groups(asked: Problem, limit_m: float) -> _Groups:
    """Join demand points that the same sites cover: the same model with fewer rows."""
    covers = asked.distance_m <= limit_m
    open_ = ~(asked.existing_m <= limit_m) & covers.any(axis=1) & (asked.persons > 0)
    if not open_.any():
        return _Groups(np.zeros((0, asked.sites), dtype=bool), np.zeros(0))
    rows, group = np.unique(covers[open_], axis=0, return_inverse=True)
    return _Groups(rows, np.bincount(group.ravel(), weights=asked.persons[open_]))


def _open(model: MCLP | LSCP) -> Ints:
    chosen: Ints = np.flatnonzero([variable.value() > 0.5 for variable in model.fac_vars])
    return chosen


def _persons(asked: Problem, sites: Ints, limit_m: float) -> float:
    return float(asked.persons[covered(asked, sites, limit_m=limit_m)].sum())


def _useful(asked: Problem, sites: Ints, limit_m: float) -> Ints:
    """Leave out sites without which as many people are covered."""
    kept = sites
    for site in sites:
        without = kept[kept != site]
        if _persons(asked, without, limit_m) == _persons(asked, kept, limit_m):
            kept = without
    return kept


def _upper(groups: _Groups, count: int) -> float:
    """Return a bound without a search: no `count` sites cover more than their sums."""
    alone = np.sort(groups.covers.T @ groups.persons)
    return float(min(alone[-count:].sum(), groups.persons.sum()))
