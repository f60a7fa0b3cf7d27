"""The network of one way of moving: streets cut where buildings and facilities meet them, a graph.

Method (docs/decisions/0010-network-distance.md): a place joins the nearest passable street at the
nearest point of that street, not at a junction; each street is cut at all these points, in order
along it; the pieces make one sparse graph.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from processing.streets import NONE, Bools, Floats, Geometries, Ints, Streets, walkable

__all__ = [
    "NONE",
    "Bools",
    "Floats",
    "Geometries",
    "Graph",
    "Ints",
    "Snapped",
    "Streets",
    "build",
    "snap",
    "walkable",
]


@dataclass(frozen=True, slots=True)
class Snapped:
    """Where each place joins the network, in the order of the places.

    `edge` counts in Streets (NONE = no street near enough), `measure_m` runs along that street from
    its start, `connector_m` is the straight way from the place to there (NaN when not snapped).
    """

    edge: Ints
    measure_m: Floats
    connector_m: Floats

    @property
    def found(self) -> Bools:
        """True for the places that joined the network."""
        found: Bools = self.edge != NONE
        return found


@dataclass(frozen=True, slots=True)
class Graph:
    """Streets cut at the snapped places.

    `matrix[i, j]` is the way in metres from node j to its neighbour i, the shortest of parallel
    ones: a search through the matrix that starts at facilities goes against the traffic, so it
    finds the ways *to* them. A piece k runs on street `piece_edge[k]` from `piece_from_m[k]` to
    `piece_to_m[k]`, between the nodes `piece_start[k]` and `piece_end[k]`, and may be used from
    start to end where `piece_forward[k]`, from end to start where `piece_backward[k]`.
    `origin_node[i]` is the i-th facility itself (its connector is an edge), `target_node[j]` the
    point where the j-th building joins the street.
    """

    matrix: csr_array
    piece_edge: Ints
    piece_from_m: Floats
    piece_to_m: Floats
    piece_start: Ints
    piece_end: Ints
    piece_forward: Bools
    piece_backward: Bools
    origin_node: Ints
    target_node: Ints


def snap(streets: Streets, points: Geometries, *, limit_m: float) -> Snapped:
    """Join each point to the nearest street not further than `limit_m` metres (inclusive).

    Of streets equally near, the one with the lowest id is taken, so the order of rows does not
    matter. On a main road that may not be crossed it is the pavement on the point's own side. A
    missing or empty point, and one that a barrier separates from its street, stay unsnapped.
    """
    count = len(points)
    edge = np.full(count, NONE, dtype=np.int64)
    measure, connector = np.full(count, np.nan), np.full(count, np.nan)
    usable = np.flatnonzero(~shapely.is_missing(points) & ~shapely.is_empty(points))
    usable = usable[np.isfinite(shapely.get_coordinates(points[usable])).all(axis=1)]
    tree = shapely.STRtree(streets.lines)
    (which, near), distance = tree.query_nearest(
        points[usable], max_distance=limit_m, return_distance=True, all_matches=True
    )
    inside = distance <= limit_m
    which, near, distance = usable[which[inside]], near[inside], distance[inside]
    order = np.lexsort((near, which))
    which, first = np.unique(which[order], return_index=True)
    near, distance = near[order][first], distance[order][first]
    edge[which], connector[which] = near, distance
    located = shapely.line_locate_point(streets.lines[near], points[which])
    measure[which] = np.clip(located, 0.0, streets.length_m[near])
    _take_sides(streets, points, edge, measure)
    cut_off = _behind_barriers(streets, points, edge, measure)
    edge[cut_off], measure[cut_off], connector[cut_off] = NONE, np.nan, np.nan
    return Snapped(edge=edge, measure_m=measure, connector_m=connector)


def _take_sides(streets: Streets, points: Geometries, edge: Ints, measure_m: Floats) -> None:
    """Move places on the right of a main road to the pavement there, in `edge` itself."""
    here = np.flatnonzero(edge != NONE)
    here = here[streets.right[edge[here]] != NONE]
    lines, along = streets.lines[edge[here]], measure_m[here]
    top = streets.length_m[edge[here]]
    before, after = np.maximum(along - _ASIDE_M, 0.0), np.minimum(along + _ASIDE_M, top)
    a, b = (
        shapely.get_coordinates(shapely.line_interpolate_point(lines, at)) for at in (before, after)
    )
    to = shapely.get_coordinates(points[here]) - a
    way = b - a
    on_right = way[:, 0] * to[:, 1] - way[:, 1] * to[:, 0] < 0
    edge[here[on_right]] = streets.right[edge[here[on_right]]]


_ASIDE_M = 0.5
"""A street's direction at a point is taken over so much of it on both sides."""


def _behind_barriers(streets: Streets, points: Geometries, edge: Ints, measure_m: Floats) -> Ints:
    """Return the places whose straight connector crosses a barrier."""
    here = np.flatnonzero(edge != NONE)
    if not len(streets.barriers) or not len(here):
        return np.empty(0, dtype=np.int64)
    length = streets.length_m[edge[here]]
    # Inside the street: a junction may lie on the barrier itself.
    inside = np.clip(measure_m[here], np.minimum(_ASIDE_M, length / 2), length - _ASIDE_M)
    feet = shapely.line_interpolate_point(streets.lines[edge[here]], np.maximum(inside, 0.0))
    ends = np.stack([shapely.get_coordinates(points[here]), shapely.get_coordinates(feet)], axis=1)
    crossed = shapely.STRtree(streets.barriers).query(
        shapely.linestrings(ends), predicate="crosses"
    )
    found: Ints = here[np.unique(crossed[0])]
    return found


def build(streets: Streets, *, origins: Snapped, targets: Snapped) -> Graph:
    """Cut the streets at every snapped place and make one graph of the pieces.

    `origins` are facilities (sources of a search), `targets` buildings. Two places that join at
    the same point, a place at a junction, and a facility that stands on the street share a node,
    because a sparse graph drops ways of zero length.
    """
    cut_node, cuts = _cuts(streets, (origins, targets))
    origin_cut, target_cut = cut_node[: len(origins.edge)], cut_node[len(origins.edge) :]
    edge, start_m, end_m, start, end = _pieces(streets, cuts)
    nodes = streets.node_count + len(cuts.node)
    found = np.flatnonzero(origins.found)
    origin_node = np.full(len(origins.edge), NONE, dtype=np.int64)
    origin_node[found] = nodes + np.arange(len(found))
    nodes += len(found)
    tail = np.concatenate([start, origin_node[found]])
    head = np.concatenate([end, origin_cut[found]])
    weight = np.concatenate([end_m - start_m, origins.connector_m[found]])
    label, nodes = _merge_zero(tail, head, weight, nodes)
    both = np.ones(len(found), dtype=bool)  # a connector is walked
    forth = np.concatenate([streets.forward[edge], both])
    back = np.concatenate([streets.backward[edge], both])
    leave = np.concatenate([tail[forth], head[back]])
    arrive = np.concatenate([head[forth], tail[back]])
    length = np.concatenate([weight[forth], weight[back]])
    return Graph(
        matrix=_matrix(label[arrive], label[leave], length, nodes),
        piece_edge=edge,
        piece_from_m=start_m,
        piece_to_m=end_m,
        piece_start=label[start],
        piece_end=label[end],
        piece_forward=streets.forward[edge],
        piece_backward=streets.backward[edge],
        origin_node=_relabel(label, origin_node),
        target_node=_relabel(label, target_cut),
    )


@dataclass(frozen=True, slots=True)
class _Cuts:
    """Inner points where streets are cut, each once, in order along each street."""

    edge: Ints
    measure_m: Floats
    node: Ints


def _cuts(streets: Streets, snaps: tuple[Snapped, ...]) -> tuple[Ints, _Cuts]:
    """Return the node of every snapped place, and the inner cuts that had to be made for them."""
    edge = np.concatenate([s.edge for s in snaps])
    measure = np.concatenate([s.measure_m for s in snaps])
    node = np.full(len(edge), NONE, dtype=np.int64)
    found = edge != NONE
    at_start = found & (measure <= 0.0)
    node[at_start] = streets.start[edge[at_start]]
    at_end = found & ~at_start
    at_end[at_end] = measure[at_end] >= streets.length_m[edge[at_end]]
    node[at_end] = streets.end[edge[at_end]]
    inner = np.flatnonzero(found & ~at_start & ~at_end)
    order = inner[np.lexsort((measure[inner], edge[inner]))]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(edge[order]) != 0) | (np.diff(measure[order]) != 0)
    node[order] = streets.node_count + np.cumsum(new) - 1
    kept = order[new]
    return node, _Cuts(edge=edge[kept], measure_m=measure[kept], node=node[kept])


def _pieces(streets: Streets, cuts: _Cuts) -> tuple[Ints, Floats, Floats, Ints, Ints]:
    """Return street, from, to (metres along it), start and end node of every piece."""
    count = np.arange(len(streets.lines))
    edge = np.concatenate([count, cuts.edge, count])
    measure = np.concatenate([np.zeros(len(count)), cuts.measure_m, streets.length_m])
    node = np.concatenate([streets.start, cuts.node, streets.end])
    # The start comes first and the end last even on a street of no length.
    rank = np.repeat([0, 1, 2], [len(count), len(cuts.edge), len(count)])
    order = np.lexsort((rank, measure, edge))
    edge, measure, node = edge[order], measure[order], node[order]
    inside = np.flatnonzero(edge[:-1] == edge[1:])
    return edge[inside], measure[inside], measure[inside + 1], node[inside], node[inside + 1]


def _merge_zero(tail: Ints, head: Ints, weight: Floats, nodes: int) -> tuple[Ints, int]:
    """Return a new number for every node, the same for nodes joined by ways of zero length."""
    zero = weight == 0.0
    if not zero.any():
        return np.arange(nodes), nodes
    joined = csr_array(
        (np.ones(int(zero.sum())), (tail[zero], head[zero])), shape=(nodes, nodes), dtype=np.int8
    )
    count, label = connected_components(joined, directed=False)
    return label.astype(np.int64), int(count)


def _matrix(row: Ints, column: Ints, weight: Floats, nodes: int) -> csr_array:
    """Return the sparse matrix with the shortest of the ways that join the same two nodes.

    Loops are left out: they shorten no way. (A plain COO to CSR conversion would add parallel ways
    up.)
    """
    real = row != column
    row, column, weight = row[real], column[real], weight[real]
    order = np.lexsort((weight, column, row))
    row, column, weight = row[order], column[order], weight[order]
    first = np.ones(len(row), dtype=bool)
    first[1:] = (np.diff(row) != 0) | (np.diff(column) != 0)
    return csr_array((weight[first], (row[first], column[first])), shape=(nodes, nodes))


def _relabel(label: Ints, node: Ints) -> Ints:
    """Return the new numbers of nodes, keeping NONE."""
    renamed: Ints = np.where(node == NONE, NONE, label[node])
    return renamed
