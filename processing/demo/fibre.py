"""Layers `line_terminals`, `splitters` and `ducts`: a passive optical network under the streets.

The terminal stands in the post office; ducts run along the streets, by the shortest way, to a
splitter in every block of flats, and from there straight to its houses. The blocks of single houses
have none yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from processing.demo import streets
from processing.demo.city import Array, Chunk
from processing.demo.frame import integers, strings, to_frame
from processing.demo.plan import Plan
from processing.demo.sketch import ROLES

BUDGET_DB = 28.0
"""Loss budget of GPON class B+ (ITU-T G.984.2)."""
PORTS = 16
RATIO, LOSS_DB = 64, 20.5
"""A split of 1:64 and its loss."""
CAPACITY = {"trunk": 96, "distribution": 48, "drop": 8}
TRUNK_FEEDS = 4
"""A duct that feeds so many splitters is a trunk."""


@dataclass(frozen=True, eq=False)
class Tree:
    """The network of a plan: points and lines in metres; `splitter_of` by duct and building.

    `building` is the place of the building that a drop serves, -1 for other ducts.
    """

    terminal: shapely.Point
    splitters: Array
    ducts: Array
    kind: tuple[str, ...]
    building: Array


@lru_cache(maxsize=4)
def tree(plan: Plan) -> Tree | None:
    """Lay the network of a plan; None where no post office is."""
    office = next((s for s in plan.spots if s.service == "post_office"), None)
    if office is None or office.building < 0:
        return None
    graph = streets.graph(plan)
    ends = [shapely.get_coordinates(shapely.get_point(graph.lines, at)) for at in (0, -1)]
    nodes = np.zeros((len(graph.lattice), 2))
    nodes[graph.start], nodes[graph.end] = ends
    root = _nearest(nodes, office.point)
    before = _shortest(graph, len(nodes), root)
    homes = _homes(plan)
    stands = {b: _nearest(nodes, shapely.centroid(plan.blocks[b].shape)) for b in homes}
    feeds = _feeds(graph, before, root, list(stands.values()))
    lines = [shapely.LineString([office.point, nodes[root]])]
    kind, building = ["trunk"], [-1]
    for edge, count in sorted(feeds.items()):
        lines.append(graph.lines[edge])
        kind.append("trunk" if count >= TRUNK_FEEDS else "distribution")
        building.append(-1)
    for block, houses in homes.items():
        for house in houses:
            door = plan.buildings[house].shape.representative_point()
            lines.append(shapely.LineString([nodes[stands[block]], door]))
            kind.append("drop")
            building.append(house)
    points = shapely.points(nodes[list(stands.values())])
    return Tree(office.point, points, np.array(lines, object), tuple(kind), np.array(building))


def _nearest(nodes: Array, point: shapely.Point) -> int:
    return int(np.argmin(np.hypot(nodes[:, 0] - point.x, nodes[:, 1] - point.y)))


def _homes(plan: Plan) -> dict[int, list[int]]:
    """Return the blocks of flats with their houses (places in the list)."""
    found: dict[int, list[int]] = {}
    for i, b in enumerate(plan.buildings):
        if ROLES[b.role].flats_per_floor > 0:
            found.setdefault(b.block, []).append(i)
    return found


def _shortest(graph: streets.Graph, count: int, root: int) -> Array:
    """Return for each node the node before it on the shortest way from the root (-9999: none)."""
    length = shapely.length(graph.lines)
    low, high = np.minimum(graph.start, graph.end), np.maximum(graph.start, graph.end)
    order = np.lexsort((length, high, low))
    low, high, length = low[order], high[order], length[order]
    first = np.ones(len(low), dtype=bool)
    first[1:] = (np.diff(low) != 0) | (np.diff(high) != 0)
    first &= low != high
    matrix = csr_array((length[first], (low[first], high[first])), shape=(count, count))
    _, before = dijkstra(matrix, directed=False, indices=root, return_predecessors=True)
    found: Array = before
    return found


def _feeds(graph: streets.Graph, before: Array, root: int, goals: list[int]) -> dict[int, int]:
    """Return the street edges on the ways from the root to the goals, with how many use them."""
    length = shapely.length(graph.lines)
    edges: dict[tuple[int, int], int] = {}
    for i in np.argsort(-length, kind="stable"):  # the shortest of parallel edges is kept
        edges[tuple(sorted((int(graph.start[i]), int(graph.end[i]))))] = int(i)  # type: ignore[index]
    used: dict[int, int] = {}
    for goal in goals:
        node = goal
        while node != root and before[node] >= 0:
            pair = tuple(sorted((node, int(before[node]))))
            edge = edges[pair]  # type: ignore[index]
            used[edge] = used.get(edge, 0) + 1
            node = int(before[node])
    return used


def _codes(chunk: Chunk, letters: str, count: int) -> list[str]:
    area = chunk.city.area.number
    return [
        f"{letters}-{area:03d}-{q + 1}-{i + 1:03d}"
        for q in chunk.numbers.tolist()
        for i in range(count)
    ]


def terminals(chunk: Chunk) -> gpd.GeoDataFrame | None:
    """Return the terminals of a chunk, Point, EPSG:4326."""
    made = tree(chunk.plan)
    if made is None:
        return None
    columns = {
        "terminal_id": strings(_codes(chunk, "OLT", 1)),
        "budget_db": np.full(chunk.quarters, BUDGET_DB),
        "ports": integers(np.full(chunk.quarters, PORTS)),
    }
    return to_frame(columns, chunk.place(np.array([made.terminal], dtype=object)).geographic)


def splitters(chunk: Chunk) -> gpd.GeoDataFrame | None:
    """Return the splitters of a chunk, Point, EPSG:4326."""
    made = tree(chunk.plan)
    if made is None:
        return None
    count = len(made.splitters)
    terminal = np.repeat(np.array(_codes(chunk, "OLT", 1), dtype=object), count)
    columns = {
        "splitter_id": strings(_codes(chunk, "СП", count)),
        "ratio": integers(np.full(count * chunk.quarters, RATIO)),
        "loss_db": np.full(count * chunk.quarters, LOSS_DB),
        "terminal": strings(terminal),
    }
    return to_frame(columns, chunk.place(made.splitters).geographic)


def ducts(chunk: Chunk) -> gpd.GeoDataFrame | None:
    """Return the ducts of a chunk, LineString, EPSG:4326; length_m in the metric CRS."""
    made = tree(chunk.plan)
    if made is None:
        return None
    placed = chunk.place(shapely.segmentize(made.ducts, streets.LONGEST_SEGMENT_M))
    kind = np.array(made.kind, dtype=object)
    columns = {
        "duct_id": strings(_codes(chunk, "КК", len(kind))),
        "kind": strings(chunk.repeat(kind)),
        "length_m": np.round(shapely.length(placed.metric), 3),
        "capacity": integers(chunk.repeat(np.array([CAPACITY[k] for k in kind]))),
    }
    keep = (chunk.standing(np.maximum(made.building, 0)) | (made.building < 0)[None, :]).ravel()
    return to_frame(columns, placed.geographic, keep=keep)
