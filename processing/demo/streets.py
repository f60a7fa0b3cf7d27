"""Layer `streets`: a graph of streets and paths, split wherever two of them meet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import geopandas as gpd
import numpy as np
import shapely

from processing.demo.city import Array, Chunk
from processing.demo.frame import integers, strings, to_frame
from processing.demo.names import HAMLET, LANES, MAIN_STREETS, again
from processing.demo.names import INNER_STREETS as INNER_NAMES
from processing.demo.plan import INNER_STREETS, LATTICE, MAIN_STREETS_ROUND, STEP_M, Plan
from processing.demo.sketch import Way

LONGEST_SEGMENT_M = 60.0
"""Vertices are put at least so often, so that every line follows the bends of the city."""


OWN_NODES = 1_000
"""Node numbers set aside for each quarter."""


@dataclass(frozen=True)
class Use:
    """Who may use a way of one highway class, and how it is built."""

    car: bool
    bicycle: bool
    lit: bool
    surface: str
    width_m: float
    maxspeed_kmh: float | None = None
    lighting_class: str = "P5"


USES: dict[str, Use] = {
    "primary": Use(True, True, True, "asphalt", 14.0, 60.0, "M4"),
    "secondary": Use(True, True, True, "asphalt", 10.5, 60.0, "C4"),
    "residential": Use(True, True, True, "asphalt", 7.0, 40.0, "P3"),
    "living_street": Use(True, True, True, "asphalt", 6.0, 20.0, "P4"),
    "service": Use(True, True, True, "asphalt", 5.0, 20.0),
    "pedestrian": Use(False, True, True, "paving_stones", 6.0, None, "P3"),
    "footway": Use(False, False, False, "paving_stones", 2.25),
}
"""Every highway class of the plan."""

MAIN_ROADS = ("primary", "secondary")
"""Main carriageways, which pupils must not cross on their way."""


@dataclass(frozen=True, eq=False)
class Graph:
    """The split ways of a plan; arrays, one entry per edge, then one per node.

    `side` is the main street round the quarter (0 south, 1 east, 2 north, 3 west) or -1;
    `lattice` is a node's place (column, row) among the crossings of main streets, or -1.
    """

    lines: Array
    way: tuple[Way, ...]
    side: Array
    start: Array
    end: Array
    lattice: Array


@lru_cache(maxsize=4)
def graph(plan: Plan) -> Graph:
    """Split the ways of a plan at every point where two meet."""
    lines = [w.line for w in plan.ways]
    pieces = shapely.get_parts(shapely.union_all(lines, grid_size=0.001))
    middle = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    _, nearest = shapely.STRtree(lines).query_nearest(middle, all_matches=False)
    ways = [plan.ways[i] for i in nearest]
    side = [-1] * len(ways)
    for main in MAIN_STREETS_ROUND if plan.mains else ():
        (x0, y0), (x1, y1) = main.line.coords
        for i in range(LATTICE):
            a, b = i / LATTICE, (i + 1) / LATTICE
            ends = [(x0 + (x1 - x0) * t, y0 + (y1 - y0) * t) for t in (a, b)]
            pieces = np.append(pieces, shapely.LineString(ends))
            ways.append(main)
            side.append(main.street)
    first, last = (shapely.get_coordinates(shapely.get_point(pieces, at)) for at in (0, -1))
    tips = np.round(np.concatenate([first, last]), 3)
    nodes, place = np.unique(tips, axis=0, return_inverse=True)
    start, end = place.reshape(2, -1)
    lines_out = shapely.segmentize(pieces, LONGEST_SEGMENT_M)
    lattice = _lattice(nodes) if plan.mains else np.full(nodes.shape, -1)
    return Graph(lines_out, tuple(ways), np.array(side), start, end, lattice)


def _lattice(nodes: Array) -> Array:
    on = np.isclose(nodes % STEP_M, 0).all(axis=1) & np.isin(nodes, (0, LATTICE * STEP_M)).any(1)
    return np.where(on[:, None], np.round(nodes / STEP_M), -1).astype(int)


def node_ids(chunk: Chunk) -> Array:
    """Return the global id of every node, shape (quarters, nodes of the plan).

    Neighbouring quarters share the crossings of their main streets; all else is their own.
    """
    lattice, city = graph(chunk.plan).lattice, chunk.city
    own = city.lattice_nodes + chunk.numbers[:, None] * OWN_NODES + np.arange(len(lattice)) + 1
    i, j = lattice[:, 0], lattice[:, 1]
    t = chunk.turns[:, None]
    turned_i = np.choose(t, [i, LATTICE - j, LATTICE - i, j])
    turned_j = np.choose(t, [j, i, LATTICE - j, LATTICE - i])
    column = LATTICE * (chunk.column[:, None] + city.reach) + turned_i
    row = LATTICE * chunk.row[:, None] + turned_j
    shared = 1 + column * (LATTICE * (city.reach + 1) + 1) + row
    return chunk.city.area.feature_id(0) + np.where(i >= 0, shared, own)


def _global_side(chunk: Chunk, side: Array) -> Array:
    turned: Array = (side[None, :] + chunk.turns[:, None]) % 4
    return turned


def owned(chunk: Chunk) -> Array:
    """Return per quarter and edge whether it is drawn here: of two neighbours the older draws."""
    side = graph(chunk.plan).side
    turned = _global_side(chunk, side)
    d_column, d_row = np.array([0, 1, 0, -1])[turned], np.array([-1, 0, 1, 0])[turned]
    column = chunk.column[:, None] + chunk.city.reach + 1 + d_column
    row = chunk.row[:, None] + 1 + d_row
    neighbour = chunk.city.places[column, row]
    drawn: Array = (side < 0) | (neighbour > chunk.numbers[:, None])
    return drawn


def street_names(chunk: Chunk) -> Array:
    """Return the street names of each quarter by key; the last column is for key -1."""
    if not chunk.plan.mains:
        return np.full((chunk.quarters, 1), HAMLET, dtype=object)
    inner = INNER_STREETS - 4
    table = np.empty((chunk.quarters, 4 + INNER_STREETS + 1), dtype=object)
    turned = _global_side(chunk, np.arange(4))
    half = len(MAIN_STREETS) // 2
    for q in range(chunk.quarters):
        number = int(chunk.numbers[q])
        for side in range(4):
            t = int(turned[q, side])
            if t % 2:
                at = int(chunk.column[q]) + chunk.city.reach + (t == 1)
                table[q, side] = again(MAIN_STREETS[half:], at)
            else:
                table[q, side] = again(MAIN_STREETS[:half], int(chunk.row[q]) + (t == 2))
        table[q, 4 : 4 + inner] = [again(INNER_NAMES, number * inner + k) for k in range(inner)]
        table[q, 4 + inner : -1] = [again(LANES, number * 4 + k) for k in range(4)]
        table[q, -1] = None
    return table


def frame(chunk: Chunk) -> gpd.GeoDataFrame:
    """Return the edges of a chunk, LineString, EPSG:4326; length_m in the metric CRS."""
    made, placed = graph(chunk.plan), chunk.place(graph(chunk.plan).lines)
    turned = _global_side(chunk, made.side)
    highway = np.array([w.highway for w in made.way], dtype=object)[None, :]
    along = np.where(turned % 2 == 0, "primary", "secondary").astype(object)
    highway = np.where(made.side >= 0, along, highway).ravel()
    keys = np.array([w.street for w in made.way])
    names = street_names(chunk)[np.arange(chunk.quarters)[:, None], keys].ravel()
    if not chunk.plan.mains:
        names = np.full(len(names), None, dtype=object)
    uses = [USES[h] for h in highway]
    no = np.zeros(len(uses), dtype=bool)
    nodes = node_ids(chunk)
    columns = {
        "name": strings(names),
        "highway": strings(highway),
        "oneway": strings(["no"] * len(uses)),
        "foot": ~no,
        "bicycle": np.array([u.bicycle for u in uses]),
        "car": np.array([u.car for u in uses]),
        "lit": np.array([u.lit for u in uses]),
        "surface": strings([u.surface for u in uses]),
        "maxspeed_kmh": np.array([u.maxspeed_kmh for u in uses], dtype=float),
        "width_m": np.array([u.width_m for u in uses]),
        "length_m": np.round(_lengths(placed.metric), 3),
        "node_from": integers(nodes[:, made.start].ravel()),
        "node_to": integers(nodes[:, made.end].ravel()),
        "bridge": no,
        "tunnel": no,
        "source_id": strings([None] * len(uses)),
        "lighting_class": strings([u.lighting_class for u in uses]),
        "main_road": np.isin(highway, MAIN_ROADS),
    }
    return to_frame(columns, placed.geographic, keep=owned(chunk).ravel())


def _lengths(lines: Array) -> Array:
    lengths: Array = shapely.length(lines)
    return lengths
