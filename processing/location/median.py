"""The p-median: sites that make the sum of all ways smallest, with a proof.

Interchange gives a choice, the Lagrangian dual a bound and the sites that no better choice can
hold, branch and bound decides among the few that are left.
"""

from __future__ import annotations

import numpy as np

from processing.location.branch import prove
from processing.location.interchange import greedy, interchange
from processing.location.problem import Problem, Solution, require_count
from processing.location.relaxation import at_root
from processing.network import Floats

NO_WAY = 10.0
"""A person without any way counts as so many times the longest way that there is."""


def median(asked: Problem, count: int) -> Solution:
    """Return `count` new sites that make the sum of persons x metres smallest.

    Demand that nothing can reach must be taken out before (`reachable`). Demand that only some of
    the sites can reach counts NO_WAY times the longest way when it is left without. Raises
    BadParameter when `count` is not 1 .. sites.
    """
    require_count(asked, count)
    cost = _cost(asked)
    # Whole costs differ by one at least, others by what their sum is exact to.
    whole = bool((cost == np.round(cost)).all())
    chosen, upper = interchange(cost, greedy(cost, count))
    quantum = 1.0 - 1e-6 if whole else 1e-9 * upper
    known, root = at_root(cost, chosen, upper, quantum=quantum)
    if known.upper - known.lower >= quantum:
        known = prove(cost, known, root, quantum=quantum)
    closed = known.upper - known.lower < quantum
    return Solution(np.sort(known.chosen), known.upper, known.upper if closed else known.lower)


def _cost(asked: Problem) -> Floats:
    ways = np.minimum(asked.distance_m, asked.existing_m[:, None])
    finite = ways[np.isfinite(ways)]
    longest = float(finite.max()) if len(finite) else 0.0
    cost: Floats = np.where(np.isfinite(ways), ways, NO_WAY * longest) * asked.persons[:, None]
    return cost
