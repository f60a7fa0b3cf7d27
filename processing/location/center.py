"""The p-centre: sites that make the longest way shortest, by bisection over set covers.

E. Minieka, The m-center problem, SIAM Review 12 (1970) 138-139: a radius is possible when so few
sites cover everyone within it. Each cover is a small integer program (HiGHS, scipy.optimize.milp).
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from processing.errors import BadParameter, SolverFailed
from processing.location.problem import Problem, Solution, require_count
from processing.network import Bools, Ints

NODES = 100_000


def center(asked: Problem, count: int) -> Solution:
    """Return `count` new sites (or fewer) that make the longest way of anyone shortest, in metres.

    Demand that nothing can reach must be taken out before (`reachable`). Raises BadParameter when
    `count` is not 1 .. sites or when so few sites leave someone without any way, SolverFailed.
    """
    require_count(asked, count)
    ways = np.minimum(asked.distance_m, asked.existing_m[:, None])
    radii = np.unique(ways[np.isfinite(ways)])
    lowest = float(ways.min(axis=1).max())
    low, high = int(np.searchsorted(radii, lowest)), len(radii) - 1
    chosen = _cover(asked, float(radii[high]), count)
    if chosen is None:
        raise BadParameter(
            f"sites: {count} cannot reach everybody, whose streets are not joined; ask for more"
        )
    while low < high:
        middle = (low + high) // 2
        found = _cover(asked, float(radii[middle]), count)
        if found is None:
            low = middle + 1
        else:
            chosen, high = found, middle
    return Solution(chosen, float(radii[high]), float(radii[high]))


def _cover(asked: Problem, radius_m: float, count: int) -> Ints | None:
    """Return at most `count` sites that cover everyone within the radius, or None."""
    covers = (asked.distance_m <= radius_m)[~(asked.existing_m <= radius_m)]
    if not len(covers):
        return np.empty(0, dtype=np.int64)
    if not covers.any(axis=1).all():
        return None
    covers = np.unique(covers, axis=0)
    greedy = _greedy(covers)
    if len(greedy) <= count:
        return np.sort(greedy)
    sites = covers.shape[1]
    found = milp(
        np.ones(sites),
        integrality=np.ones(sites, dtype=np.int64),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(csr_array(covers, dtype=np.float64), lb=1),
        options={"node_limit": NODES},
    )
    if found.x is not None and round(found.x.sum()) <= count:
        return np.flatnonzero(found.x > 0.5)
    if found.status == 0 or (found.mip_dual_bound or 0) > count:
        return None
    raise SolverFailed("the search for a cover took too long; choose fewer candidate sites")


def _greedy(covers: Bools) -> Ints:
    """Return sites that cover all rows, each the one that covers most of what is left."""
    left, chosen = covers, []
    while len(left):
        site = int(left.sum(axis=0).argmax())
        chosen.append(site)
        left = left[~left[:, site]]
    return np.array(chosen, dtype=np.int64)
