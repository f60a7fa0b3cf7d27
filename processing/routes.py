"""The shortest walks themselves, not only their lengths: who walks over which piece of street.

The walks to the nearest facility make trees (from each point of the network one way leads on), so
what a walk meets is summed along the tree, and people are added up towards its roots.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse.csgraph import dijkstra

from processing.network import NONE, Bools, Floats, Graph, Ints


@dataclass(frozen=True, slots=True)
class Walks:
    """For each node of a graph the way on to its nearest facility.

    `onward` is the next node, the node itself at a facility and where none is reached; `piece` is
    the piece of street that leads there, NONE on the way between a street and a facility.
    """

    reached: Bools
    onward: Ints
    piece: Ints


def walks(graph: Graph, facilities: Ints) -> Walks:
    """Return the walks from every node to the nearest of these facilities.

    `facilities` are positions among the graph's origins; those that are not snapped are passed
    over. One Dijkstra search with predecessors (scipy.sparse.csgraph).
    """
    nodes = graph.matrix.shape[0]
    onward = np.arange(nodes)
    sources = np.unique(graph.origin_node[facilities])
    sources = sources[sources != NONE]
    if not len(sources):
        return Walks(np.zeros(nodes, dtype=bool), onward, np.full(nodes, NONE, dtype=np.int64))
    distance, before, _ = dijkstra(
        graph.matrix, directed=False, indices=sources, min_only=True, return_predecessors=True
    )
    goes_on = before >= 0
    onward[goes_on] = before[goes_on]
    return Walks(np.isfinite(distance), onward, _pieces(graph, onward))


def along(found: Walks, of_piece: Floats) -> Floats:
    """Return for each node the sum of a value of the pieces over its whole walk."""
    return _summed(found.onward, np.where(found.piece == NONE, 0.0, of_piece[found.piece]))


def passing(found: Walks, at_node: Floats, *, pieces: int) -> Floats:
    """Return how many people walk over each piece, given how many set out at each node."""
    depth = _summed(found.onward, (found.onward != np.arange(len(found.onward))).astype(float))
    order = np.argsort(-depth, kind="stable")
    levels = np.flatnonzero(np.diff(depth[order])) + 1
    people = at_node.astype(np.float64)
    for nodes in np.split(order, levels):
        if depth[nodes[0]] > 0:
            np.add.at(people, found.onward[nodes], people[nodes])
    on_street = found.piece != NONE
    return np.bincount(found.piece[on_street], people[on_street], minlength=pieces)


def _summed(onward: Ints, value: Floats) -> Floats:
    """Sum the values of all nodes from each node to its root (pointer jumping, log2 steps)."""
    total, ahead = np.where(onward == np.arange(len(onward)), 0.0, value), onward
    while (ahead != ahead[ahead]).any():
        total, ahead = total + total[ahead], ahead[ahead]
    return total


def _pieces(graph: Graph, onward: Ints) -> Ints:
    """Return the piece between each node and the next one, the shortest of parallel pieces."""
    nodes = len(onward)

    def key(a: Ints, b: Ints) -> Ints:
        joined: Ints = np.minimum(a, b) * nodes + np.maximum(a, b)
        return joined

    length = graph.piece_to_m - graph.piece_from_m
    keys = key(graph.piece_start, graph.piece_end)
    order = np.lexsort((length, keys))
    wanted = key(np.arange(nodes), onward)
    at = np.searchsorted(keys[order], wanted)
    at = np.minimum(at, len(keys) - 1)
    there = (keys[order][at] == wanted) & (onward != np.arange(nodes))
    return np.where(there, order[at], NONE)
