"""The walking network: streets as edges, cut where buildings and facilities meet them, one graph.

Method (docs/decisions/0010-network-distance.md): a place joins the nearest walkable street at the
nearest point of that street, not at a junction; each street is cut at all these points, in order
along it; the pieces make one sparse graph, walked in both directions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from processing.checks import (
    first_ids,
    require_columns,
    require_geometry,
    require_rows,
    require_unique_index,
)
from processing.crs import require_metric
from processing.errors import BadGeometry

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Geometries = NDArray[Any]

NONE = -1
"""Stands for "no edge", "no node", "no facility" in integer arrays."""


@dataclass(frozen=True, slots=True)
class Streets:
    """Walkable streets in the order of their ids; lengths in metres of the metric CRS.

    `start` and `end` are junctions, numbered 0 .. node_count - 1.
    """

    ids: Ints
    lines: Geometries
    length_m: Floats
    start: Ints
    end: Ints
    node_count: int


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

    `matrix` holds each pair of joined nodes once, the shortest of parallel ways, in metres.
    A piece k runs on street `piece_edge[k]` from `piece_from_m[k]` to `piece_to_m[k]`, between the
    nodes `piece_start[k]` and `piece_end[k]`. `origin_node[i]` is the i-th facility itself (its
    connector is an edge), `target_node[j]` the point where the j-th building joins the street.
    """

    matrix: csr_array
    piece_edge: Ints
    piece_from_m: Floats
    piece_to_m: Floats
    piece_start: Ints
    piece_end: Ints
    origin_node: Ints
    target_node: Ints


def walkable(streets: GeoDataFrame) -> Streets:
    """Return the streets that may be walked (`foot` is true).

    Parameters: LineStrings in a metric CRS, unique ids as index, columns `foot` (boolean),
    `node_from`, `node_to` (integers: equal numbers are the same junction, whatever the coordinates
    say, so a bridge does not join the street below it). Lengths are measured, not read.

    Raises NotProjected, MissingColumn, BadGeometry, and EmptyInput when nothing can be walked.
    """
    name = "streets"
    require_metric(streets, name=name)
    require_columns(streets, ("foot", "node_from", "node_to"), name=name)
    require_unique_index(streets, name=name)
    require_geometry(streets, ("LineString",), name=name)
    foot = streets["foot"].fillna(False).astype(bool)
    kept = streets[foot & ~streets.geometry.isna() & ~streets.geometry.is_empty].sort_index()
    require_rows(kept, name="walkable streets", remedy="load the streets of the area first")
    lines = np.asarray(kept.geometry.values)
    length = shapely.length(lines)
    if not np.isfinite(length).all():
        broken = kept.index[~np.isfinite(length)]
        raise BadGeometry(f"{name}: ids {first_ids(broken)} have coordinates that are no numbers")
    if kept[["node_from", "node_to"]].isna().to_numpy().any():
        raise BadGeometry(f"{name}: a street without node_from or node_to cannot be joined")
    ends = kept[["node_from", "node_to"]].to_numpy(dtype=np.int64)
    nodes, numbers = np.unique(ends, return_inverse=True)
    numbers = numbers.reshape(ends.shape)
    return Streets(
        ids=kept.index.to_numpy(dtype=np.int64),
        lines=lines,
        length_m=length,
        start=numbers[:, 0],
        end=numbers[:, 1],
        node_count=len(nodes),
    )


def snap(streets: Streets, points: Geometries, *, limit_m: float) -> Snapped:
    """Join each point to the nearest street not further than `limit_m` metres (inclusive).

    Of streets equally near, the one with the lowest id is taken, so the order of rows does not
    matter. A missing or empty point stays unsnapped.
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
    return Snapped(edge=edge, measure_m=measure, connector_m=connector)


def build(streets: Streets, *, origins: Snapped, targets: Snapped) -> Graph:
    """Cut the streets at every snapped place and make one undirected graph of the pieces.

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
    return Graph(
        matrix=_matrix(label[tail], label[head], weight, nodes),
        piece_edge=edge,
        piece_from_m=start_m,
        piece_to_m=end_m,
        piece_start=label[start],
        piece_end=label[end],
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


def _matrix(tail: Ints, head: Ints, weight: Floats, nodes: int) -> csr_array:
    """Return the sparse matrix with each joined pair once: the shortest of parallel ways.

    Loops are left out: they shorten no way. (A plain COO to CSR conversion would add parallel ways
    up.)
    """
    low, high = np.minimum(tail, head), np.maximum(tail, head)
    real = low != high
    low, high, weight = low[real], high[real], weight[real]
    order = np.lexsort((weight, high, low))
    low, high, weight = low[order], high[order], weight[order]
    first = np.ones(len(low), dtype=bool)
    first[1:] = (np.diff(low) != 0) | (np.diff(high) != 0)
    return csr_array((weight[first], (low[first], high[first])), shape=(nodes, nodes))


def _relabel(label: Ints, node: Ints) -> Ints:
    """Return the new numbers of nodes, keeping NONE."""
    renamed: Ints = np.where(node == NONE, NONE, label[node])
    return renamed
