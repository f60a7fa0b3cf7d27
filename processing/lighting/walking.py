"""How much of the residents' walks is lit: shortest walks from homes to the nearest facility."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np

from layers.model import Area
from processing import network, routes
from processing.crs import to_metric
from processing.lighting.classes import BELOW, LIT
from processing.lighting.grid import Bools, Floats, Ints, Sections
from processing.lighting.scene import Parts, numbers
from processing.lighting.sections import Judged
from processing.network import NONE, Graph, Streets
from processing.scene import places


@dataclass(frozen=True, slots=True, eq=False)
class Walkers:
    """The walks of homes; `node` is where each home joins its walk (NONE = there is none).

    `people` counts residents over each piece of the graph, `residents` those of each home (NaN =
    not known).
    """

    streets: Streets
    graph: Graph
    walks: routes.Walks
    node: Ints
    people: Floats
    residents: Floats


@dataclass(frozen=True, slots=True)
class LitWalks:
    """Sums over all homes with a walk and known residents; metres are person-metres a time.

    `residents_lit` have a walk on which every judged metre is lit and every metre is judged.
    """

    homes: int
    homes_without_walk: int
    residents: int
    residents_lit: int
    length_person_m: float
    lit_person_m: float
    below_person_m: float

    @property
    def share_lit(self) -> float | None:
        """Lit share of the judged metres of all walks, None when no metre is judged."""
        judged_m = self.lit_person_m + self.below_person_m
        return self.lit_person_m / judged_m if judged_m > 0 else None


def walkers(
    area: Area,
    streets: gpd.GeoDataFrame,
    homes: gpd.GeoDataFrame,
    goals: gpd.GeoDataFrame,
    *,
    snap_limit_m: float,
) -> Walkers:
    """Return the shortest walks from homes to the nearest of the goals; raises as `network`."""
    ways = network.walkable(to_metric(streets, area, name="streets"))
    homes_m = to_metric(homes, area, name="buildings").sort_index()
    goals_m = to_metric(goals, area, name="service_points").sort_index()
    starts = network.snap(ways, places(np.asarray(homes_m.geometry)), limit_m=snap_limit_m)
    ends = network.snap(ways, np.asarray(goals_m.geometry), limit_m=snap_limit_m)
    graph = network.build(ways, origins=ends, targets=starts)
    found = routes.walks(graph, np.arange(len(goals_m)))
    node = graph.target_node.copy()
    node[node != NONE] = np.where(found.reached[node[node != NONE]], node[node != NONE], NONE)
    residents = numbers(homes_m, "residents")
    setting_out = np.zeros(graph.matrix.shape[0])
    np.add.at(setting_out, node[node != NONE], np.nan_to_num(residents[node != NONE]))
    people = routes.passing(found, setting_out, pieces=len(graph.piece_edge))
    return Walkers(ways, graph, found, node, people, residents)


def lit(found: Walkers, parts: Parts, judged: Judged) -> LitWalks:
    """Return how much of the walks is lit; buildings of unknown residents are left out of sums."""
    graph = found.graph
    start, end = _positions(found, parts)
    length = graph.piece_to_m - graph.piece_from_m
    walk = found.node != NONE
    counted = walk & ~np.isnan(found.residents)
    people = found.residents[counted]

    def summed(of_piece: Floats) -> Floats:
        on_walk: Floats = routes.along(found.walks, of_piece)[found.node[counted]]
        return on_walk

    metres = [_length_with(judged, verdict, parts, start, end) for verdict in (LIT, BELOW)]
    whole_m, lit_m, below_m = (summed(of_piece) for of_piece in (length, *metres))
    all_lit = lit_m >= whole_m - 1e-6 * np.maximum(whole_m, 1.0)
    return LitWalks(
        homes=len(found.node),
        homes_without_walk=int((~walk).sum()),
        residents=int(people.sum()),
        residents_lit=int(people[all_lit].sum()),
        length_person_m=float((people * whole_m).sum()),
        lit_person_m=float((people * lit_m).sum()),
        below_person_m=float((people * below_m).sum()),
    )


def passing(found: Walkers, parts: Parts, cut: Sections) -> Floats:
    """Return how many residents walk over each section: most of those over any piece of it."""
    start, end = _positions(found, parts)
    cuts = _cuts(parts, cut)
    first = np.maximum(np.searchsorted(cuts, start, side="right") - 1, 0)
    last = np.searchsorted(cuts, end, side="left")
    count = np.maximum(last - first, 0)
    piece = np.repeat(np.arange(len(start)), count)
    at = first[piece] + np.arange(len(piece)) - np.repeat(np.cumsum(count) - count, count)
    most = np.zeros(len(cut.street))
    inside = at < len(most)
    np.maximum.at(most, at[inside], found.people[piece[inside]])
    return most


def _positions(found: Walkers, parts: Parts) -> tuple[Floats, Floats]:
    """Return where each piece begins and ends on the line of all parts put one after another."""
    begin = _begin(parts)[np.searchsorted(parts.ids, found.streets.ids)][found.graph.piece_edge]
    return begin + found.graph.piece_from_m, begin + found.graph.piece_to_m


def _begin(parts: Parts) -> Floats:
    return np.concatenate([[0.0], np.cumsum(parts.length_m)[:-1]])


def _cuts(parts: Parts, cut: Sections) -> Floats:
    return np.concatenate([_begin(parts)[cut.street] + cut.from_m, [parts.length_m.sum()]])


def _length_with(judged: Judged, verdict: str, parts: Parts, start: Floats, end: Floats) -> Floats:
    """Return how many metres of each stretch have a verdict."""
    chosen: Bools = judged.verdict.verdict == verdict
    grown = np.concatenate([[0.0], np.cumsum(np.where(chosen, judged.cut.length_m, 0.0))])
    cuts = _cuts(parts, judged.cut)
    metres: Floats = np.interp(end, cuts, grown) - np.interp(start, cuts, grown)
    return metres
