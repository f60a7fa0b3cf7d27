"""Walking without crossing a main road: each side of it is a way of its own.

A pupil's way must not cross main carriageways (docs.cntd.ru/document/430664441, the SNiP
2.07.01-89* family), but may run beside them. So a main road becomes two pavements, and a junction
falls apart into the corners between its main roads: from one corner to another there is no way. A
main road that ends at a junction leaves one corner, because one can walk round its end; one that
ends at the edge of the data does not. Footbridges
and underpasses have no junction with the road and stay ways across it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from layers.message import message
from processing import access
from processing.checks import require_rows
from processing.streets import (
    NONE,
    Bools,
    Floats,
    Ints,
    Streets,
    drawn,
    edges,
    flags,
    require_streets,
)

if TYPE_CHECKING:
    from geopandas import GeoDataFrame


CROSSING = "crossing"


def without_crossings(streets: GeoDataFrame) -> Streets:
    """Return the walkable streets with no way across a main road.

    As `walkable`, with the column `main_road` (boolean; missing is no). Main roads that may not be
    walked have no pavement; they are barriers at junctions and for connectors. The right pavement
    follows the edges of all streets. Raises as `walkable`.
    """
    require_streets(streets, "foot", "main_road")
    wanted = drawn(streets) & (flags(streets, "foot") | flags(streets, "main_road"))
    kept = streets[wanted].sort_index()
    foot = flags(kept, "foot")
    walkable, remedy = message("input.walkable"), message("input.load_streets")
    require_rows(kept[foot], name=walkable, remedy=remedy)
    return split(edges(kept, "foot"), flags(kept, "main_road"), foot)


def split(streets: Streets, main: Bools, foot: Bools) -> Streets:
    """Return the streets on foot with main roads as pavements and junctions as corners."""
    corner = _corners(streets, main)
    left, right = np.flatnonzero(foot), np.flatnonzero(foot & main)
    whole = np.concatenate([left, right])
    twin = np.full(len(whole), NONE, dtype=np.int64)
    position = np.full(len(main), NONE, dtype=np.int64)
    position[left] = np.arange(len(left))
    twin[position[right]] = len(left) + np.arange(len(right))
    start = np.concatenate([corner.start_left[left], corner.start_right[right]])
    end = np.concatenate([corner.end_left[left], corner.end_right[right]])
    nodes, numbers = np.unique(np.concatenate([start, end]), return_inverse=True)
    return replace(
        streets,
        ids=streets.ids[whole],
        lines=streets.lines[whole],
        length_m=streets.length_m[whole],
        start=numbers[: len(whole)],
        end=numbers[len(whole) :],
        node_count=len(nodes),
        forward=np.ones(len(whole), dtype=bool),
        backward=np.ones(len(whole), dtype=bool),
        right=twin,
        barriers=streets.lines[main & ~foot],
    )


def classify(
    anyhow_m: Floats, safe_m: Floats, limit_m: float, *, joined: bool
) -> npt.NDArray[np.str_]:
    """Say of each building what `access.classify` says, or `crossing`: near only across.

    `anyhow_m` is the way to the nearest school, `safe_m` the one that crosses no main road.
    """
    near = access.classify(anyhow_m, limit_m, joined=joined)
    outcome = access.classify(safe_m, limit_m, joined=joined)
    outcome = np.where((near == access.COVERED) & (outcome != access.COVERED), CROSSING, outcome)
    outcome = np.where(np.isin(near, [access.UNSNAPPED, access.UNREACHABLE]), near, outcome)
    # A safe way is never missing where there is a way at all: it leads across.
    lost = (near == access.NOT_COVERED) & np.isin(outcome, [access.UNSNAPPED, access.UNREACHABLE])
    return np.where(lost, access.NOT_COVERED, outcome)


@dataclass(frozen=True, slots=True)
class _Corners:
    """For each street the corner at its start and end, on the left and right of its line."""

    start_left: Ints
    start_right: Ints
    end_left: Ints
    end_right: Ints


def _corners(streets: Streets, main: Bools) -> _Corners:
    """Number the corners: at each junction the gaps between main roads, counter-clockwise."""
    count = len(main)
    node = np.concatenate([streets.start, streets.end])
    leads = np.concatenate([main, main])
    order = np.lexsort((_bearings(streets), node))
    passed = np.cumsum(leads[order])
    first = np.searchsorted(node[order], node[order], side="left")
    before = np.where(first > 0, passed[first - 1], 0)
    # Main roads met so far round this junction, the road itself included.
    met = np.empty(2 * count, dtype=np.int64)
    met[order] = passed - before
    roads = np.maximum(np.bincount(node, weights=leads, minlength=streets.node_count), 1)
    # Where nothing else is, the road does not end: the data do. Nobody walks round that.
    roads = np.where(np.bincount(node, minlength=streets.node_count) == 1, 2, roads)[node]
    ahead = _pair(node, met % roads)
    behind = _pair(node, (met - leads) % roads)
    # Seen from its junction a street has the next corner on its left, at its end on its right.
    return _Corners(ahead[:count], behind[:count], behind[count:], ahead[count:])


def _pair(node: Ints, corner: Floats) -> Ints:
    """Return one number for a junction and its corner; a junction has fewer than 1,000."""
    return node * 1_000 + corner.astype(np.int64)


def _bearings(streets: Streets) -> Floats:
    """Return the direction in which each street leaves its start, then its end, in radians."""
    points = [shapely.get_coordinates(shapely.get_point(streets.lines, i)) for i in (0, 1, -2, -1)]
    leaving = np.concatenate([points[1] - points[0], points[2] - points[3]])
    bearings: Floats = np.arctan2(leaving[:, 1], leaving[:, 0])
    return bearings
