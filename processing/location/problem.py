"""What a location model is asked: people, the sites that are open to choice, what is there already.

Every model places `count` new sites beside the existing facilities. Existing ones enter as the
distance that each demand point has today: nobody's way gets longer by a new site.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processing.errors import BadParameter, EmptyInput
from processing.network import Bools, Floats, Ints

GAP = 1e-6
"""A solution whose relative gap to the bound is not larger counts as proven optimal."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Demand points against candidate sites.

    `distance_m[i, j]` is the way from demand point i to site j in metres (infinite: no way),
    `existing_m[i]` to the nearest existing facility (infinite: none), `persons[i]` the people of i.
    Make it with `problem`, which checks.
    """

    distance_m: Floats
    existing_m: Floats
    persons: Floats

    @property
    def sites(self) -> int:
        """How many sites can be chosen."""
        return int(self.distance_m.shape[1])


@dataclass(frozen=True, slots=True)
class Solution:
    """Chosen sites (ascending positions), what they give, and how good that is proven to be.

    `objective` and `bound` are persons for coverage, sites for the fewest sites, person-metres for
    the median, metres for the centre; no choice of as many sites is better than `bound`. `gap` is
    their difference as a share of the objective.
    """

    sites: Ints
    objective: float
    bound: float

    @property
    def gap(self) -> float:
        """Relative difference of objective and bound, 0 when both are the same."""
        return abs(self.objective - self.bound) / max(abs(self.objective), 1e-12)

    @property
    def proven(self) -> bool:
        """Tell whether no better choice exists, to the tolerance GAP."""
        return self.objective == self.bound or self.gap <= GAP


def problem(distance_m: Floats, persons: Floats, existing_m: Floats | None = None) -> Problem:
    """Return a checked problem; without `existing_m` nothing is there yet.

    Raises EmptyInput without sites or demand, BadParameter for negative or missing (NaN) distances
    and persons, and for arrays that do not fit together.
    """
    demand, sites = distance_m.shape
    there = np.full(demand, np.inf) if existing_m is None else existing_m
    if not sites:
        raise EmptyInput("candidate sites: there are none; give points or choose another source")
    if not demand:
        raise EmptyInput("demand: there are no people to serve; load buildings with residents")
    if len(persons) != demand or len(there) != demand:
        raise BadParameter("distance_m, persons and existing_m must have one row per demand point")
    for name, values in (("distance_m", distance_m), ("existing_m", there), ("persons", persons)):
        # NaN fails the comparison as well.
        if not (values >= 0).all():
            raise BadParameter(f"{name}: a value is negative or not a number; take it out first")
    if not np.isfinite(persons).all():
        raise BadParameter("persons: a value is infinite; take it out first")
    return Problem(distance_m.astype(np.float64), there.astype(np.float64), persons.astype(float))


def reachable(asked: Problem) -> Bools:
    """Tell which demand points any site or existing facility can serve at all."""
    found: Bools = np.isfinite(asked.distance_m).any(axis=1) | np.isfinite(asked.existing_m)
    return found


def only(asked: Problem, kept: Bools) -> Problem:
    """Return the problem of some of the demand points."""
    return Problem(asked.distance_m[kept], asked.existing_m[kept], asked.persons[kept])


def served_m(asked: Problem, sites: Ints) -> Floats:
    """Return the way of every demand point, metres, once these sites are open too."""
    ways: Floats = np.minimum(
        asked.existing_m, asked.distance_m[:, sites].min(axis=1, initial=np.inf)
    )
    return ways


def require_count(asked: Problem, count: int) -> None:
    """Raise BadParameter unless 1 to all sites are asked for."""
    if not 1 <= count <= asked.sites:
        raise BadParameter(f"sites: {count} are asked for, but 1 to {asked.sites} can be chosen")
