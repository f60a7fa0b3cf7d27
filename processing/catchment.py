"""Floating catchments: how many places (doctors) there are per person, competition included.

2SFCA: W. Luo, F. Wang, Measures of spatial accessibility to health care in a GIS environment,
Environment and Planning B 30 (2003) 865-884. E2SFCA, weights by distance: W. Luo, Y. Qi, Health &
Place 15 (2009) 1100-1107; the Gaussian one: D. Dai, Health & Place 16 (2010) 1038-1052. 3SFCA, with
a choice among facilities: N. Wan, B. Zou, T. Sternberg, IJGIS 26 (2012) 1073-1089.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.sparse.csgraph import dijkstra

from processing.access import DECIMALS
from processing.errors import BadParameter
from processing.network import NONE, Floats, Graph, Ints, Snapped

Decay = Callable[[Floats], Floats]
"""Weight of a distance in metres, 0..1."""

BLOCK = 16_000_000
"""Distances are kept for so many nodes at once, about 130 MB."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Facilities and places within a limit of each other, ordered by place, then facility.

    Positions count from 0 in the lists of facilities and of places; `distance_m` has connectors.
    The fixed order makes every sum the same to the last bit.
    """

    facility: Ints
    place: Ints
    distance_m: Floats


def pairs(graph: Graph, facilities: Ints, places: Snapped, *, limit_m: float) -> Pairs:
    """Return all ways of at most `limit_m` metres from places to facilities.

    `facilities` are positions among the graph's origins, `places` the targets the graph was built
    with. What is not snapped is in no pair. Pairs count facilities by their position in
    `facilities`.
    """
    snapped = np.flatnonzero(graph.origin_node[facilities] != NONE)
    here = places.found.nonzero()[0]
    node, connector = graph.target_node[here], places.connector_m[here]
    step = max(1, BLOCK // graph.matrix.shape[0])
    found: list[tuple[Ints, Ints, Floats]] = []
    for first in range(0, len(snapped), step):
        block = snapped[first : first + step]
        ways = dijkstra(graph.matrix, indices=graph.origin_node[facilities[block]], limit=limit_m)
        metres = np.round(ways[:, node] + connector, DECIMALS)
        row, column = np.nonzero(metres <= limit_m)
        found.append((block[row], here[column], metres[row, column]))
    if not found:
        return Pairs(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    facility, place, distance = (np.concatenate(part) for part in zip(*found, strict=True))
    order = np.lexsort((facility, place))
    return Pairs(facility[order], place[order], distance[order])


def even() -> Decay:
    """Return the weight 1 for every distance: the plain 2SFCA."""
    return np.ones_like


def gaussian(limit_m: float) -> Decay:
    """Return a Gaussian weight that is 1 at 0 m and falls to 0 at the limit (Dai 2010, eq. 3).

    Raises BadParameter when the limit is not a positive number.
    """
    if not limit_m > 0:
        raise BadParameter(f"limit_m = {limit_m} is not allowed; it must be above 0 m")
    edge = np.exp(-0.5)

    def weigh(distance_m: Floats) -> Floats:
        weights: Floats = (np.exp(-0.5 * (distance_m / limit_m) ** 2) - edge) / (1 - edge)
        return np.clip(weights, 0.0, 1.0)

    return weigh


def stepped(bounds_m: tuple[float, ...], shares: tuple[float, ...]) -> Decay:
    """Return weights by zones, e.g. 1, 0.68, 0.22 up to each bound in metres (Luo, Qi 2009).

    Beyond the last bound the weight is 0. Raises BadParameter when bounds do not rise from above 0
    or shares are not 0..1.
    """
    bounds, weights = np.array(bounds_m), np.array([*shares, 0.0])
    rising = len(bounds) and bounds[0] > 0 and (np.diff(bounds) > 0).all()
    if not rising or len(bounds) != len(shares) or not ((weights >= 0) & (weights <= 1)).all():
        raise BadParameter("zones: bounds must rise from above 0 m, with one share 0..1 for each")

    def weigh(distance_m: Floats) -> Floats:
        found: Floats = weights[np.searchsorted(bounds, distance_m, side="left")]
        return found

    return weigh


def two_step(found: Pairs, decay: Decay, supply: Floats, demand: Floats) -> Floats:
    """Return places per person for every place; 0 where no facility is within the catchment.

    `supply` (places, doctors) is per facility, `demand` (persons) per place, unknown as 0. What a
    facility without any demand in reach offers is not used: the sum of demand x result is the
    supply of all others. Raises BadParameter for negative or missing (NaN) numbers.
    """
    _require_numbers(supply=supply, demand=demand)
    weight = decay(found.distance_m)
    return _shared(found, weight, supply, demand)


def three_step(found: Pairs, decay: Decay, supply: Floats, demand: Floats) -> Floats:
    """Return places per person when people choose among facilities by their weights.

    As `two_step`. One facility more can lower the result of a place: who has more to choose from
    asks less of each, and small facilities draw people away from large ones.
    """
    _require_numbers(supply=supply, demand=demand)
    weight = decay(found.distance_m)
    total = np.bincount(found.place, weights=weight, minlength=len(demand))[found.place]
    choice = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
    return _shared(found, weight * choice, supply, demand)


def _shared(found: Pairs, weight: Floats, supply: Floats, demand: Floats) -> Floats:
    asked = np.bincount(found.facility, weights=weight * demand[found.place], minlength=len(supply))
    ratio = np.divide(supply, asked, out=np.zeros(len(supply)), where=asked > 0)
    result: Floats = np.bincount(
        found.place, weights=weight * ratio[found.facility], minlength=len(demand)
    )
    return result


def _require_numbers(**values: Floats) -> None:
    for name, numbers in values.items():
        if not (numbers >= 0).all() or not np.isfinite(numbers).all():
            raise BadParameter(f"{name}: a value is negative or not a number; take it out first")
