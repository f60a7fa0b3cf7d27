"""Fibre to the building: which buildings a passive optical network can serve along its ducts.

A line terminal (OLT) feeds splitters, splitters feed buildings; light loses strength in every
kilometre of fibre, splice, connector and splitter (ITU-T G.984.2 and G.671 name budgets and parts).
A building can be served when the loss on the way with the largest reserve, and a margin for ageing
and repairs, stay within the budget of its terminal. Ports and ratios are not counted down.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from processing import network
from processing.errors import BadParameter
from processing.network import NONE, Floats, Geometries, Graph, Ints, Snapped, Streets

SERVICEABLE, OVER_BUDGET = "serviceable", "over_budget"
UNREACHABLE, NO_DUCT = "unreachable", "no_duct"

TOUCH_M = 0.1
"""Ducts whose ends come so near to one another or to a duct are joined there."""


@dataclass(frozen=True, slots=True)
class Losses:
    """What takes light away. Defaults: G.652 fibre at 1310 nm, parts of a usual plant."""

    fibre_db_km: float = 0.35
    splice_db: float = 0.1
    splices: int = 6
    connector_db: float = 0.3
    connectors: int = 4
    margin_db: float = 3.0

    def fixed_db(self) -> float:
        """Return what is lost however long the way is, margin included, without the splitter."""
        joints = self.splice_db * self.splices + self.connector_db * self.connectors
        return joints + self.margin_db


@dataclass(frozen=True, slots=True)
class Plant:
    """The active and passive nodes, in the metric CRS of the ducts.

    `splitter_terminal` counts in the terminals (NONE: not known, such a splitter feeds nobody);
    losses and budgets in dB, NaN where not known.
    """

    terminals: Geometries
    budget_db: Floats
    splitters: Geometries
    splitter_db: Floats
    splitter_terminal: Ints


@dataclass(frozen=True, slots=True)
class Served:
    """For each building its class, splitter (NONE: none), way, loss without margin, and reserve.

    `length_m` runs from the terminal along the ducts to the building, connectors included;
    `reserve_db` is the budget less loss and margin: serviceable where it is not negative.
    """

    coverage: NDArray[np.str_]
    splitter: Ints
    length_m: Floats
    loss_db: Floats
    reserve_db: Floats


@dataclass(frozen=True, slots=True)
class _Feed:
    """Way from the terminal to each splitter (m), and what a building beside it would have left."""

    length_m: Floats
    reserve_db: Floats


def ducts(ids: Ints, lines: Geometries) -> Streets:
    """Return the network of ducts (LineStrings in a metric CRS): joined where their ends meet.

    An end that touches another duct on its way joins it there; ducts that only cross do not join.
    """
    pieces, owner = _split(lines)
    ends = shapely.get_coordinates(
        np.concatenate([shapely.get_point(pieces, 0), shapely.get_point(pieces, -1)])
    )
    node_count, node = _joined(ends)
    node = node.reshape(2, -1)
    both = np.ones(len(pieces), dtype=bool)
    return Streets(
        ids=ids[owner],
        lines=pieces,
        length_m=shapely.length(pieces),
        start=node[0],
        end=node[1],
        node_count=node_count,
        forward=both,
        backward=both,
        right=np.full(len(pieces), NONE, dtype=np.int64),
        barriers=np.empty(0, dtype=object),
    )


def _joined(ends: Floats) -> tuple[int, Ints]:
    """Number the ends of ducts, those that touch alike."""
    pairs = cKDTree(ends).query_pairs(TOUCH_M, output_type="ndarray")
    touching = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(ends),) * 2)
    count, node = connected_components(touching, directed=False)
    return int(count), node.astype(np.int64)


def _split(lines: Geometries) -> tuple[Geometries, Ints]:
    """Cut each line where the end of another one touches it; returns pieces and their line."""
    ends = np.concatenate([shapely.get_point(lines, 0), shapely.get_point(lines, -1)])
    own = np.tile(np.arange(len(lines)), 2)
    which, line = shapely.STRtree(lines).query(ends, predicate="dwithin", distance=TOUCH_M)
    other = own[which] != line
    which, line = which[other], line[other]
    measure = shapely.line_locate_point(lines[line], ends[which])
    inner = (measure > TOUCH_M) & (measure < shapely.length(lines[line]) - TOUCH_M)
    pieces, owner = [], []
    for number, whole in enumerate(lines):
        cuts = np.unique(measure[inner & (line == number)])
        bounds = [0.0, *cuts.tolist(), float(shapely.length(whole))]
        for start, stop in pairwise(bounds):
            pieces.append(_substring(whole, start, stop) if len(cuts) else whole)
            owner.append(number)
    return np.array(pieces, dtype=object), np.array(owner, dtype=np.int64)


def _substring(line: shapely.LineString, start_m: float, stop_m: float) -> shapely.LineString:
    from shapely.ops import substring  # noqa: PLC0415 - only for ducts that join on the way

    return substring(line, start_m, stop_m)


def served(
    network_: Streets, plant: Plant, buildings: Geometries, losses: Losses, *, drop_m: float
) -> Served:
    """Return how each building can be served; points in the metric CRS of the ducts.

    Buildings, splitters and terminals join the nearest duct not further than `drop_m` metres. Of
    ways with equal reserve the splitter that comes first counts. Raises BadParameter when the loss
    per kilometre is not positive.
    """
    if not losses.fibre_db_km > 0:
        raise BadParameter(f"fibre_db_km = {losses.fibre_db_km}: fibre loses more than nothing")
    sites = network.snap(
        network_, np.concatenate([plant.terminals, plant.splitters]), limit_m=drop_m
    )
    homes = network.snap(network_, buildings, limit_m=drop_m)
    graph = network.build(network_, origins=sites, targets=homes)
    feed = _feed(graph, plant, losses)
    splitter, beyond_m = _best(graph, plant, feed, losses)
    return _classified(graph, homes, (splitter, beyond_m), feed, losses, plant)


def _feed(graph: Graph, plant: Plant, losses: Losses) -> _Feed:
    count = len(plant.terminals)
    length = np.full(len(plant.splitters), np.inf)
    for terminal in range(count):
        mine = np.flatnonzero(plant.splitter_terminal == terminal)
        start = graph.origin_node[terminal]
        if start == NONE or not len(mine):
            continue
        reached = dijkstra(graph.matrix, indices=start)
        nodes = graph.origin_node[count + mine]
        length[mine] = np.where(nodes == NONE, np.inf, reached[nodes])
    budget = np.where(
        plant.splitter_terminal == NONE,
        np.nan,
        np.append(plant.budget_db, np.nan)[plant.splitter_terminal],
    )
    reserve = budget - plant.splitter_db - losses.fixed_db() - length / 1e3 * losses.fibre_db_km
    return _Feed(length, np.where(np.isfinite(reserve), reserve, np.nan))


def _best(graph: Graph, plant: Plant, feed: _Feed, losses: Losses) -> tuple[Ints, Floats]:
    """Return for each node the splitter that leaves most, and the metres from there.

    One search from a node beyond all splitters: the way to each of them is as long as the fibre
    that would lose what it leaves less than the best.
    """
    nodes = graph.matrix.shape[0]
    at = graph.origin_node[len(plant.terminals) :]
    usable = np.flatnonzero(np.isfinite(feed.reserve_db) & (at != NONE))
    splitter, length = np.full(nodes, NONE, dtype=np.int64), np.full(nodes, np.inf)
    if not len(usable):
        return splitter, length
    behind_m = (feed.reserve_db[usable].max() - feed.reserve_db[usable]) * 1e3 / losses.fibre_db_km
    order = np.lexsort((usable, behind_m, at[usable]))
    usable, behind_m = usable[order], behind_m[order]
    first = np.append(True, np.diff(at[usable]) != 0)
    usable, behind_m = usable[first], behind_m[first]
    # A sparse matrix drops a way of no length: all are a metre longer.
    extra = coo_array((behind_m + 1.0, (np.full(len(usable), nodes), at[usable])), (nodes + 1,) * 2)
    whole = csr_array(
        (
            graph.matrix.data,
            graph.matrix.indices,
            np.append(graph.matrix.indptr, graph.matrix.indptr[-1]),
        ),
        shape=(nodes + 1, nodes + 1),
    )
    far, before = dijkstra(whole + extra.tocsr(), indices=nodes, return_predecessors=True)
    root = dict(zip(at[usable].tolist(), usable.tolist(), strict=True))
    start = dict(zip(usable.tolist(), (behind_m + 1.0).tolist(), strict=True))
    for node in np.argsort(far[:nodes], kind="stable"):
        if not np.isfinite(far[node]):
            break
        splitter[node] = root[int(node)] if before[node] == nodes else splitter[before[node]]
        length[node] = far[node] - start[int(splitter[node])]
    return splitter, length


def _classified(
    graph: Graph,
    homes: Snapped,
    best: tuple[Ints, Floats],
    feed: _Feed,
    losses: Losses,
    plant: Plant,
) -> Served:
    splitter_at, beyond_at = best
    node = graph.target_node
    joined = homes.found
    splitter = np.where(joined, splitter_at[node], NONE)
    reached = splitter != NONE
    last_m = np.where(reached, beyond_at[node], np.nan) + homes.connector_m
    length = np.where(reached, feed.length_m[splitter] + last_m, np.nan)
    reserve = np.where(
        reached, feed.reserve_db[splitter] - last_m / 1e3 * losses.fibre_db_km, np.nan
    )
    budget = np.append(plant.budget_db, np.nan)[plant.splitter_terminal]
    loss = np.where(reached, budget[splitter] - losses.margin_db - reserve, np.nan)
    # Thousandths of a decibel: no last bit decides.
    enough = np.round(reserve, 6) >= 0
    coverage = np.where(enough, SERVICEABLE, OVER_BUDGET)
    coverage = np.where(reached, coverage, np.where(joined, UNREACHABLE, NO_DUCT))
    return Served(coverage, splitter, length, loss, reserve)
