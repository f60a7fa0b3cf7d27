"""Where the next facilities of a class should go: from frames to a location problem and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse.csgraph import dijkstra

from layers.model import Area
from processing import access, network
from processing.catchment import BLOCK
from processing.coverage import WGS84, feature_ids
from processing.crs import metric_crs, to_metric
from processing.errors import EmptyInput
from processing.frames import placed
from processing.limits import Limit
from processing.location.center import center
from processing.location.cover import coverable, covered, fewest_sites, most_people
from processing.location.curve import curve, ranked
from processing.location.median import median
from processing.location.problem import Problem, Solution, only, problem, reachable, served_m
from processing.network import Bools, Floats, Geometries, Graph, Ints, Snapped
from processing.pipelines.model import Result
from processing.scene import Inputs, Network, Scene, join, numbers, scene
from processing.streets import Streets, drawn, flags

Objective = Literal["coverage", "fewest", "median", "center"]
Source = Literal["given", "parcel", "street_node"]
AREAS = ("Polygon", "MultiPolygon")


@dataclass(frozen=True, slots=True)
class Candidates:
    """Sites that can be chosen: a point for each (metric CRS), its number, where it comes from."""

    points: Geometries
    ids: Ints
    source: Source


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked for; metres along the streets. `cost_per_site` is in any currency."""

    limit: Limit
    objective: Objective
    count: int
    curve_count: int
    snap_limit_m: float
    cost_per_site: float | None


@dataclass(frozen=True, slots=True)
class _Asked:
    """The problem of those who can be reached, and who had to be left out."""

    problem: Problem
    buildings: int
    without_residents: int
    unreachable: Bools
    persons: Floats
    sites: Ints
    facilities: int


def given(area: Area, lon_lat: tuple[tuple[float, float], ...]) -> Candidates:
    """Return points given as longitude, latitude (degrees, EPSG:4326); numbered from 1."""
    shapes = gpd.GeoSeries(shapely.points(np.array(lon_lat).reshape(-1, 2)), crs=WGS84)
    points = shapes.to_crs(metric_crs(area)).to_numpy()
    return Candidates(points, np.arange(1, len(points) + 1), "given")


def vacant_parcels(area: Area, parcels: gpd.GeoDataFrame | None, inputs: Inputs) -> Candidates:
    """Return a point on every parcel that no building of the frame stands on.

    Raises EmptyInput when the area has no parcels.
    """
    if parcels is None:
        raise EmptyInput(
            f"parcels: none are loaded for area {area.id}; load them or choose other candidates"
        )
    plots = placed(parcels, area, AREAS, name="parcels")
    houses = to_metric(inputs.buildings, area, name="buildings")
    shapes = plots.geometry.to_numpy()
    built = np.unique(
        shapely.STRtree(shapes).query(
            shapely.centroid(houses.geometry.to_numpy()), predicate="intersects"
        )[1]
    )
    free = np.setdiff1d(np.arange(len(plots)), built)
    ids = plots.index.to_numpy(dtype=np.int64)[free]
    return Candidates(shapely.point_on_surface(shapes[free]), ids, "parcel")


def street_nodes(streets: gpd.GeoDataFrame, *, spacing_m: float) -> Candidates:
    """Return the ends of walkable streets, at most one in each square of `spacing_m`.

    `streets` is in a metric CRS. Of several nodes in a square the one with the lowest number stays.
    """
    foot = streets[flags(streets, "foot") & drawn(streets)].sort_index()
    lines = foot.geometry.to_numpy()
    numbers_ = foot[["node_from", "node_to"]].to_numpy(dtype=np.int64).T.ravel()
    ends = np.concatenate([shapely.get_point(lines, 0), shapely.get_point(lines, -1)])
    ids, first = np.unique(numbers_, return_index=True)
    points = ends[first]
    squares = np.floor(shapely.get_coordinates(points) / spacing_m)
    _, kept = np.unique(squares, axis=0, return_index=True)
    kept = np.sort(kept)
    return Candidates(points[kept], ids[kept], "street_node")


def siting(
    area: Area,
    inputs: Inputs,
    candidates: Callable[[Scene], Candidates],
    options: Options,
    *,
    folder: Path,
) -> Result:
    """Return `proposed_sites`, a row per new site in EPSG:4326, and the figures of the choice.

    CBC works in `folder`, which must be empty. Homes that no site and no existing facility can be
    reached from are taken out first and counted. Raises EmptyInput without residents or sites,
    BadParameter, SolverFailed and what `scene` raises.
    """
    seen = scene(area, inputs)
    streets = network.walkable(seen.streets_m)
    there = seen.join(streets, snap_limit_m=options.snap_limit_m)
    sites = candidates(seen)
    if not len(sites.points):
        raise EmptyInput(f"candidate sites: no {sites.source} is left; choose another source")
    asked = _asked(seen, there, sites, streets, options)
    found = _solve(asked.problem, options, folder)
    order = ranked(asked.problem, found.sites, limit_m=options.limit.limit_m)
    steps = curve(
        asked.problem,
        min(options.curve_count, asked.problem.sites),
        limit_m=options.limit.limit_m,
        folder=folder,
    )
    frame = _frame(area, asked, sites, order, options)
    return Result(
        frames={"proposed_sites": frame},
        figures={
            "service_class": options.limit.service_class,
            "objective": options.objective,
            "limit_m": options.limit.limit_m,
            "norm_status": options.limit.norm_status,
            "sites": len(frame),
            **_figures(asked, found, options),
            "curve": [_step(step, options) for step in steps],
        },
        quality=_quality(asked, sites),
    )


def ways_m(graph: Graph, facilities: Ints, homes: Snapped) -> Floats:
    """Return the way from every home (row) to every facility (column), metres, infinite for none.

    `facilities` are positions among the graph's origins; all have joined the network.
    """
    found = np.full((len(homes.edge), len(facilities)), np.inf)
    here = np.flatnonzero(homes.found)
    node, connector = graph.target_node[here], homes.connector_m[here]
    step = max(1, BLOCK // graph.matrix.shape[0])
    for first in range(0, len(facilities), step):
        block = facilities[first : first + step]
        reached = dijkstra(graph.matrix, indices=graph.origin_node[block])
        found[here, first : first + step] = (reached[:, node] + connector).T
    return np.round(found, access.DECIMALS)


def _asked(
    seen: Scene, there: Network, sites: Candidates, streets: Streets, options: Options
) -> _Asked:
    residents = numbers(seen.buildings, "residents")
    living = np.nan_to_num(residents) > 0
    if not living.any():
        raise EmptyInput("the residents of no building are known; load them to place facilities")
    facilities = seen.of_class(options.limit.service_class)
    if len(facilities) and not there.facilities.found[facilities].any():
        raise EmptyInput(
            f"service_points: none of class {options.limit.service_class} is within"
            f" {options.snap_limit_m:g} m of a walkable street; correct their places or"
            " take a larger snap_limit_m"
        )
    existing = access.nearest(
        there.graph, access.search(there.graph, facilities), there.homes
    ).distance_m
    new = join(streets, seen.doors_m, sites.points, snap_limit_m=options.snap_limit_m)
    joined = np.flatnonzero(new.facilities.found)
    if not len(joined):
        raise EmptyInput(
            f"candidate sites: none is within {options.snap_limit_m} m of a walkable street"
        )
    ways = ways_m(new.graph, joined, new.homes)
    # Who is not on the network is reached by nothing.
    whole = problem(
        ways[living], residents[living], np.where(np.isnan(existing), np.inf, existing)[living]
    )
    inside = reachable(whole)
    if not inside.any():
        raise EmptyInput("no resident can reach any candidate site; look at streets and sites")
    return _Asked(
        problem=only(whole, inside),
        buildings=len(residents),
        without_residents=int(np.isnan(residents).sum()),
        unreachable=~inside,
        persons=whole.persons,
        sites=joined,
        facilities=len(facilities),
    )


def _solve(asked: Problem, options: Options, folder: Path) -> Solution:
    limit_m, count = options.limit.limit_m, options.count
    if options.objective == "coverage":
        return most_people(asked, count, limit_m=limit_m, folder=folder)
    if options.objective == "fewest":
        return fewest_sites(asked, limit_m=limit_m, folder=folder)
    return median(asked, count) if options.objective == "median" else center(asked, count)


def _frame(
    area: Area,
    asked: _Asked,
    sites: Candidates,
    order: tuple[tuple[int, float], ...],
    options: Options,
) -> gpd.GeoDataFrame:
    """One row per site, in the order in which each adds most people."""
    chosen = np.array([site for site, _ in order], dtype=np.int64)
    persons, ways = asked.problem.persons, asked.problem.distance_m[:, chosen]
    nearest = np.full(len(persons), network.NONE)
    if len(chosen):
        better = ways.min(axis=1) < asked.problem.existing_m
        nearest = np.where(better, ways.argmin(axis=1), network.NONE)
    rows = []
    for rank, (site, gained) in enumerate(order):
        to_it = nearest == rank
        people = float(persons[to_it].sum())
        mean_m = float(ways[to_it, rank] @ persons[to_it]) / people if people else None
        rows.append(
            {
                "rank": rank + 1,
                "service_class": options.limit.service_class,
                "objective": options.objective,
                "candidate": sites.source,
                "candidate_id": int(sites.ids[asked.sites[site]]),
                "residents_gained": round(gained),
                "residents_nearest": round(people),
                "mean_distance_m": mean_m if mean_m is None else round(mean_m, 1),
                "limit_m": options.limit.limit_m,
            }
        )
    frame = pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_COLUMNS)
    return gpd.GeoDataFrame(
        frame.set_index(feature_ids(area, len(rows))),
        geometry=sites.points[asked.sites[chosen]],
        crs=metric_crs(area),
    ).to_crs(WGS84)


_COLUMNS = {
    "rank": "int64",
    "service_class": "object",
    "objective": "object",
    "candidate": "object",
    "candidate_id": "int64",
    "residents_gained": "int64",
    "residents_nearest": "int64",
    "mean_distance_m": "float64",
    "limit_m": "float64",
}


def _figures(asked: _Asked, found: Solution, options: Options) -> dict[str, Any]:
    limit_m, persons = options.limit.limit_m, asked.problem.persons
    total = float(asked.persons.sum())
    none = np.empty(0, dtype=np.int64)
    before, after = (
        float(persons[covered(asked.problem, sites, limit_m=limit_m)].sum())
        for sites in (none, found.sites)
    )
    return {
        "existing_facilities": asked.facilities,
        "residents": total,
        "residents_covered_before": before,
        "residents_covered": after,
        "residents_gained": after - before,
        "share_before": before / total,
        "share": after / total,
        "residents_not_coverable": total
        - float(persons[coverable(asked.problem, limit_m=limit_m)].sum()),
        "mean_distance_before_m": _mean_m(asked.problem, none),
        "mean_distance_m": _mean_m(asked.problem, found.sites),
        "objective_value": found.objective,
        "bound": found.bound,
        "gap": found.gap,
        "proven_optimal": found.proven,
        "cost_per_resident_gained": _cost(len(found.sites), after - before, options),
    }


def _mean_m(asked: Problem, sites: Ints) -> float | None:
    """Return the mean way of those who have one; None when nobody has."""
    ways = served_m(asked, sites)
    there = np.isfinite(ways)
    persons = asked.persons[there]
    return float(ways[there] @ persons / persons.sum()) if there.any() else None


def _cost(sites: int, gained: float, options: Options) -> float | None:
    if options.cost_per_site is None or not gained:
        return None
    return sites * options.cost_per_site / gained


def _step(step: Any, options: Options) -> dict[str, Any]:
    return {
        "sites": step.sites,
        "residents_covered": step.persons_covered,
        "residents_gained": step.persons_gained,
        "bound": step.solution.bound,
        "cost_per_resident_gained": _cost(step.sites, step.persons_gained, options),
    }


def _quality(asked: _Asked, sites: Candidates) -> dict[str, Any]:
    unreachable = float(asked.persons[asked.unreachable].sum())
    return {
        "candidate_source": sites.source,
        "candidates": len(sites.points),
        "candidates_unsnapped": len(sites.points) - len(asked.sites),
        "buildings": asked.buildings,
        "buildings_without_residents_known": asked.without_residents,
        "buildings_not_computable": int(asked.unreachable.sum()),
        "residents_not_computable": unreachable,
        "not_computable": (
            {"residents": "no way leads from their homes to any site or facility"}
            if unreachable
            else {}
        ),
    }
