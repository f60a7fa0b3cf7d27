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


def walks(graph: Graph, facilities: Ints, *, limit_m: float = np.inf) -> Walks:
    """Return the walks from every node to the nearest of these facilities.

    `facilities` are positions among the graph's origins; those that are not snapped are passed
    over. One Dijkstra search (scipy.sparse.csgraph); nodes further than `limit_m` metres are not
    reached. Of equally short walks the one over the first piece is taken, node by node: which one
    a search meets first hangs on the whole network, and a tile of it must say the same.
    """
    nodes = graph.matrix.shape[0]
    sources = np.unique(graph.origin_node[facilities])
    sources = sources[sources != NONE]
    if not len(sources):
        nowhere = np.full(nodes, NONE, dtype=np.int64)
        return Walks(np.zeros(nodes, dtype=bool), np.arange(nodes), nowhere)
    distance = dijkstra(graph.matrix, directed=False, indices=sources, min_only=True, limit=limit_m)
    piece, onward = _first_pieces(graph, distance, sources)
    return Walks(np.isfinite(distance), onward, piece)


def _first_pieces(graph: Graph, distance_m: Floats, sources: Ints) -> tuple[Ints, Ints]:
    """Return for each node the first piece on a shortest walk, and the node at its other end."""
    nodes, last = len(distance_m), len(graph.piece_edge)
    piece = np.tile(np.arange(last), 2)
    tail = np.concatenate([graph.piece_start, graph.piece_end])
    head = np.concatenate([graph.piece_end, graph.piece_start])
    length = np.tile(graph.piece_to_m - graph.piece_from_m, 2)
    on_way = np.isfinite(distance_m[head]) & (distance_m[tail] + length == distance_m[head])
    on_way &= tail != head
    tail, head, piece = tail[on_way], head[on_way], piece[on_way]
    chosen, onward = np.full(nodes, last), np.arange(nodes)
    nearer = distance_m[tail] < distance_m[head]
    np.minimum.at(chosen, head[nearer], piece[nearer])
    facility, foot = _connectors(graph, distance_m, sources)
    beside = chosen[foot] == last
    onward[foot[beside]] = facility[beside]
    done = chosen < last
    done[sources] = done[foot] = True
    # A piece so short that it does not make the sum longer leads on from a node that is done.
    while (more := done[tail] & ~done[head]).any():
        np.minimum.at(chosen, head[more], piece[more])
        done[head[more]] = True
    walked = np.flatnonzero(chosen < last)
    start, end = graph.piece_start[chosen[walked]], graph.piece_end[chosen[walked]]
    onward[walked] = np.where(start == walked, end, start)
    return np.where(chosen < last, chosen, NONE), onward


def _connectors(graph: Graph, distance_m: Floats, sources: Ints) -> tuple[Ints, Ints]:
    """Return facilities and the nodes reached straight from them; the last of equal ones wins."""
    ways = graph.matrix[sources].tocoo()
    facility, foot = sources[ways.row], ways.col.astype(np.int64)
    straight = distance_m[foot] == ways.data
    return facility[straight], foot[straight]


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
        if len(nodes) and depth[nodes[0]] > 0:
            np.add.at(people, found.onward[nodes], people[nodes])
    on_street = found.piece != NONE
    return np.bincount(found.piece[on_street], people[on_street], minlength=pieces)


def _summed(onward: Ints, value: Floats) -> Floats:
    """Sum the values of all nodes from each node to its root (pointer jumping, log2 steps)."""
    total, ahead = np.where(onward == np.arange(len(onward)), 0.0, value), onward
    while (ahead != ahead[ahead]).any():
        total, ahead = total + total[ahead], ahead[ahead]
    return total
