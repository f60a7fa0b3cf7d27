"""Where one can walk within a limit: the reached parts of streets, and the area beside them.

A street that is reached only in part is cut where the limit ends, from both of its ends. The area
is those parts with a margin; never a hull of junctions, which would take in what nobody can reach.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.ops import substring

from processing.access import Search
from processing.network import Floats, Geometries, Graph, Ints, Streets


@dataclass(frozen=True, slots=True)
class Parts:
    """Reached stretches of streets, in order along each street and not overlapping.

    `edge` counts in Streets; `from_m` and `to_m` run along that street from its start, in metres.
    """

    edge: Ints
    from_m: Floats
    to_m: Floats

    @property
    def length_m(self) -> float:
        """Sum of the lengths in metres."""
        return float((self.to_m - self.from_m).sum())


def reached(graph: Graph, found: Search, *, limit_m: float) -> Parts:
    """Return every stretch of street within `limit_m` metres of a facility, connectors included."""
    left = np.maximum(limit_m - found.distance_m[graph.piece_start], 0.0)
    right = np.maximum(limit_m - found.distance_m[graph.piece_end], 0.0)
    # The way goes to the facility, so who is to reach a piece's start must go back along it.
    left[~graph.piece_backward], right[~graph.piece_forward] = 0.0, 0.0
    length = graph.piece_to_m - graph.piece_from_m
    whole = (left + right >= length) & ((left > 0) | (right > 0))
    forth = np.where(whole, graph.piece_to_m, graph.piece_from_m + left)
    back = graph.piece_to_m - right
    from_start, from_end = whole | (left > 0), ~whole & (right > 0)
    return _joined(
        np.concatenate([graph.piece_edge[from_start], graph.piece_edge[from_end]]),
        np.concatenate([graph.piece_from_m[from_start], back[from_end]]),
        np.concatenate([forth[from_start], graph.piece_to_m[from_end]]),
    )


def _joined(edge: Ints, start: Floats, end: Floats) -> Parts:
    """Join stretches that follow on each other along the same street; none of them overlap."""
    order = np.lexsort((end, start, edge))
    edge, start, end = edge[order], start[order], end[order]
    new = np.ones(len(edge), dtype=bool)
    new[1:] = (np.diff(edge) != 0) | (start[1:] != end[:-1])
    last = np.ones(len(edge), dtype=bool)
    last[:-1] = new[1:]
    return Parts(edge=edge[new], from_m=start[new], to_m=end[last])


def lines(streets: Streets, parts: Parts) -> Geometries:
    """Return the LineStrings of the parts, in the streets' metric CRS."""
    cut = streets.lines[parts.edge].copy()
    partial = (parts.from_m > 0) | (parts.to_m < streets.length_m[parts.edge])
    for i in np.flatnonzero(partial):
        cut[i] = substring(cut[i], parts.from_m[i], parts.to_m[i])
    return cut


def service_area(stretches: Geometries, *, buffer_m: float) -> shapely.MultiPolygon:
    """Return the area within `buffer_m` metres of the stretches; empty when there are none."""
    if not len(stretches):
        return shapely.MultiPolygon()
    # Long lines have fewer round ends to unite than single street pieces.
    merged = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(stretches)))
    united = shapely.union_all(shapely.buffer(merged, buffer_m))
    return shapely.MultiPolygon(list(shapely.get_parts(united)))
