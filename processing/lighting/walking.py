"""How much of the residents' walks is lit: shortest walks from homes to the nearest facility."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np

from layers.model import Area
from processing import forest, network, routes
from processing.crs import to_metric
from processing.forest import Forest, Passed
from processing.lighting.classes import BELOW, LIT
from processing.lighting.grid import Bools, Floats, Ints, Sections
from processing.lighting.scene import Parts, numbers
from processing.lighting.sections import Judged
from processing.reach_tiled import placed
from processing.scene import places
from processing.spread import Spread


@dataclass(frozen=True, slots=True, eq=False)
class Walkers:
    """The walks of homes over streets, as trees, and how many people walk over their pieces.

    `street_ids` are those of the streets that the trees count, `residents` those of each home
    (NaN = not known).
    """

    street_ids: Ints
    trees: tuple[Forest, ...]
    passed: Passed
    residents: Floats

    @property
    def walk(self) -> Bools:
        """Whether a home has a walk."""
        found = np.zeros(len(self.residents), dtype=bool)
        for tree in self.trees:
            found[tree.home] = True
        return found


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
    spread: Spread | None = None,
) -> Walkers:
    """Return the shortest walks from homes to the nearest of the goals; raises as `network`.

    With `spread` they are found by tiles, and are the same.
    """
    ways = network.walkable(to_metric(streets, area, name="streets"))
    homes_m = to_metric(homes, area, name="buildings").sort_index()
    goals_m = to_metric(goals, area, name="service_points").sort_index()
    all_alike = np.full(len(goals_m), "goal", dtype=object)
    doors = places(np.asarray(homes_m.geometry))
    joined = placed(ways, doors, np.asarray(goals_m.geometry), all_alike)
    trees = forest.forests(joined, snap_limit_m, spread)
    residents = numbers(homes_m, "residents")
    passed = forest.passed(trees, np.nan_to_num(residents))
    return Walkers(ways.ids, trees, passed, residents)


def lit(found: Walkers, parts: Parts, judged: Judged) -> LitWalks:
    """Return how much of the walks is lit; buildings of unknown residents are left out of sums."""
    metres = np.full((3, len(found.residents)), np.nan)
    for tree in found.trees:
        start, end = _positions(found, parts, tree)
        of_verdicts = [_length_with(judged, verdict, parts, start, end) for verdict in (LIT, BELOW)]
        for k, of_piece in enumerate((tree.to_m - tree.from_m, *of_verdicts)):
            metres[k, tree.home] = routes.along(tree.walks, of_piece)[tree.node]
    walk = ~np.isnan(metres[0])
    counted = walk & ~np.isnan(found.residents)
    people, (whole_m, lit_m, below_m) = found.residents[counted], metres[:, counted]
    all_lit = lit_m >= whole_m - 1e-6 * np.maximum(whole_m, 1.0)
    return LitWalks(
        homes=len(walk),
        homes_without_walk=int((~walk).sum()),
        residents=int(people.sum()),
        residents_lit=int(people[all_lit].sum()),
        length_person_m=float((people * whole_m).sum()),
        lit_person_m=float((people * lit_m).sum()),
        below_person_m=float((people * below_m).sum()),
    )


def passing(found: Walkers, parts: Parts, cut: Sections) -> Floats:
    """Return how many residents walk over each section: most of those over any piece of it."""
    start, end = _positions(found, parts, found.passed)
    cuts = _cuts(parts, cut)
    first = np.maximum(np.searchsorted(cuts, start, side="right") - 1, 0)
    last = np.searchsorted(cuts, end, side="left")
    count = np.maximum(last - first, 0)
    piece = np.repeat(np.arange(len(start)), count)
    at = first[piece] + np.arange(len(piece)) - np.repeat(np.cumsum(count) - count, count)
    most = np.zeros(len(cut.street))
    inside = at < len(most)
    np.maximum.at(most, at[inside], found.passed.people[piece[inside]])
    return most


def _positions(found: Walkers, parts: Parts, over: Forest | Passed) -> tuple[Floats, Floats]:
    """Return where each piece begins and ends on the line of all parts put one after another."""
    begin = _begin(parts)[np.searchsorted(parts.ids, found.street_ids)][over.edge]
    return begin + over.from_m, begin + over.to_m


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
