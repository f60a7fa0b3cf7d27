"""Who reaches what: distance to the nearest facility, and the share of people who have one.

One Dijkstra search from all facilities of a class at once (scipy.sparse.csgraph) gives every point
of the network its nearest facility.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse.csgraph import dijkstra

from processing.network import NONE, Bools, Floats, Graph, Ints, Snapped

COVERED, NOT_COVERED = "covered", "not_covered"
UNREACHABLE, UNSNAPPED = "unreachable", "unsnapped"

DECIMALS = 6
"""Metres are rounded to so many decimals before they are compared: no last bit decides anything."""


@dataclass(frozen=True, slots=True)
class Search:
    """Result of one search: for each node metres from its nearest facility, and which one that is.

    `distance_m` is infinite and `facility` NONE where no facility can be reached.
    """

    distance_m: Floats
    facility: Ints


@dataclass(frozen=True, slots=True)
class Nearest:
    """For each building metres to its nearest facility, connectors included, and which one it is.

    `distance_m` is infinite where no path exists and NaN where the building is not snapped;
    `facility` is NONE in both cases.
    """

    distance_m: Floats
    facility: Ints


@dataclass(frozen=True, slots=True)
class Shares:
    """How many buildings, residents and dwellings are covered; shares are 0..1.

    Counts of residents (dwellings) and their share are None when those of no building are known: a
    lack of data is never 0. Buildings of unknown residents count as buildings only. What is covered
    is None where no building can be judged.
    """

    buildings_total: int
    buildings_covered: int | None
    share_buildings: float | None
    residents_total: int | None
    residents_covered: int | None
    share_residents: float | None
    dwellings_total: int | None
    dwellings_covered: int | None
    share_dwellings: float | None


def search(graph: Graph, facilities: Ints, *, limit_m: float = np.inf) -> Search:
    """Go to the nearest of these facilities (positions among the graph's origins) from everywhere.

    Facilities that are not snapped are passed over. Of several equally near the first counts.
    Nodes further than `limit_m` metres are not reached; the others are as without a limit.
    """
    nodes = graph.matrix.shape[0]
    distance = np.full(nodes, np.inf)
    facility = np.full(nodes, NONE, dtype=np.int64)
    snapped = facilities[graph.origin_node[facilities] != NONE]
    if not len(snapped):
        return Search(distance, facility)
    sources, first = np.unique(graph.origin_node[snapped], return_index=True)
    distance, _, source = dijkstra(
        graph.matrix,
        indices=sources,
        min_only=True,
        return_predecessors=True,
        limit=limit_m + 10.0**-DECIMALS,  # what is rounded to the limit is within it
    )
    owner = np.full(nodes, NONE, dtype=np.int64)
    owner[sources] = snapped[first]
    reached = np.isfinite(distance)
    facility[reached] = owner[source[reached]]
    _take_first(graph, distance, facility)
    return Search(distance, facility)


def _take_first(graph: Graph, distance_m: Floats, facility: Ints) -> None:
    """Give every node the first of the facilities equally near to it, in `facility` itself.

    Which one a search meets first hangs on the whole network; a tile of it must say the same.
    """
    matrix = graph.matrix
    tail = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    head = matrix.indices
    while True:
        # Few pieces lead from the area of one facility into that of another.
        better = np.flatnonzero(facility[tail] < facility[head])
        start, end = tail[better], head[better]
        on_way = np.isfinite(distance_m[end])
        on_way &= distance_m[start] + matrix.data[better] == distance_m[end]
        if not on_way.any():
            return
        np.minimum.at(facility, end[on_way], facility[start[on_way]])


def nearest(graph: Graph, found: Search, targets: Snapped) -> Nearest:
    """Return the distance of every building, its connector included, in metres.

    `targets` are the snapped buildings that the graph was built with.
    """
    distance = np.full(len(targets.edge), np.nan)
    facility = np.full(len(targets.edge), NONE, dtype=np.int64)
    here = targets.found
    node = graph.target_node[here]
    distance[here] = found.distance_m[node] + targets.connector_m[here]
    facility[here] = found.facility[node]
    return Nearest(np.round(distance, DECIMALS), facility)


def classify(distance_m: Floats, limit_m: float, *, joined: bool) -> npt.NDArray[np.str_]:
    """Say of each building covered, not_covered, unreachable or unsnapped.

    A distance equal to the limit is covered. `joined` is False when facilities of the class exist
    but none of them is near a walkable street: the way is then not known, so every building is
    `unsnapped`, not `unreachable`.
    """
    if not joined:
        return np.full(len(distance_m), UNSNAPPED)
    return np.select(
        [np.isnan(distance_m), np.isinf(distance_m), distance_m <= limit_m],
        [UNSNAPPED, UNREACHABLE, COVERED],
        default=NOT_COVERED,
    )


def judged(coverage: npt.NDArray[np.str_]) -> bool:
    """Tell whether anything can be said of any building: not when all are unsnapped."""
    return not (coverage == UNSNAPPED).all()


def shares(covered: Bools, residents: Floats, dwellings: Floats, *, known: bool = True) -> Shares:
    """Return the covered shares of buildings, residents (persons), dwellings; NaN = not known.

    With `known` False it cannot be said of any building whether it is covered.
    """
    total, inside = len(covered), int(covered.sum()) if known else None
    people, served, share_people = _counted(covered, residents, known)
    homes, homes_served, share_homes = _counted(covered, dwellings, known)
    return Shares(
        buildings_total=total,
        buildings_covered=inside,
        share_buildings=inside / total if total and inside is not None else None,
        residents_total=people,
        residents_covered=served,
        share_residents=share_people,
        dwellings_total=homes,
        dwellings_covered=homes_served,
        share_dwellings=share_homes,
    )


def _counted(
    covered: Bools, amount: Floats, told: bool
) -> tuple[int | None, int | None, float | None]:
    """Return how much there is, how much of it is covered, and the share."""
    known = ~np.isnan(amount)
    if not known.any():
        return None, None, None
    total, inside = int(amount[known].sum()), int(amount[known & covered].sum())
    if not told:
        return total, None, None
    return total, inside, inside / total if total else None
