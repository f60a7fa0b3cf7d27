"""What is within reach of every home: 15-minute score, green, a safe way to school, places."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from layers.model import Area
from layers.seed import ProvisionNorm
from processing import access, catchment, census, frames, green, network, pavements
from processing.checks import require_amounts, require_columns
from processing.competition import PLACES, Class, by_tiles, competition
from processing.coverage import NO_FACILITY_NEAR, NO_HOME_NEAR, WGS84, feature_ids, known
from processing.network import Bools, Floats
from processing.pipelines.model import Result
from processing.provision import provision, supply_of
from processing.proximity import mean, minutes, score
from processing.reach_tiled import Asked, placed, places_of
from processing.scene import Inputs, Scene, numbers, scene
from processing.spread import Arrays, Spread
from processing.tiled import Rows
from processing.ways import Ways, joined, ways

AREAS = ("Polygon", "MultiPolygon")
NOT_COMPUTABLE = "not_computable"
IN_REACH, OUT_OF_REACH = "in_reach", "out_of_reach"


@dataclass(frozen=True, slots=True)
class More:
    """Frames that an area may lack: then what needs them is not computable, with the reason."""

    green_areas: gpd.GeoDataFrame | None = None
    census_units: gpd.GeoDataFrame | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """How it is measured; metres along the streets, minutes, km/h.

    `classes` are those of the 15-minute score, `catchment_m` the catchments by class.
    """

    classes: tuple[str, ...]
    norms: tuple[ProvisionNorm, ...]
    catchment_m: tuple[float, ...]
    walk_km_h: float = 4.5
    limit_min: float = 15.0
    school_limit_m: float = 500.0
    green_limit_m: float = 300.0
    green_least_m2: float = 5_000.0
    entry_gap_m: float = 25.0
    snap_limit_m: float = 150.0


@dataclass(frozen=True, slots=True)
class _Measured:
    scene: Scene
    foot: Rows
    score: Ways
    residents: Floats
    options: Options
    more: More
    spread: Spread | None


@dataclass(frozen=True, slots=True)
class _Part:
    """What one indicator adds: columns per building, figures, and why something is missing."""

    columns: dict[str, Any]
    figures: dict[str, Any]
    missing: dict[str, str]


def accessibility(
    area: Area, inputs: Inputs, more: More, options: Options, spread: Spread | None = None
) -> Result:
    """Return `accessibility` (a row per building) and `service_provision` (per building and class).

    Both are in EPSG:4326 with ids of the area. What an area's data do not allow is not computable:
    the column is empty or has that class, and `quality` says why. With `spread` it is computed by
    tiles, to the same bits. Raises EmptyInput, MissingColumn, BadGeometry, NotProjected,
    BadParameter.
    """
    seen = scene(area, inputs)
    foot = places_of(seen, network.walkable(seen.streets_m))
    # No way of more minutes counts for the score; a metre more, for what rounds to the limit.
    search_m = options.limit_min * options.walk_km_h / 0.06 + 1.0
    asked = Asked(options.classes, search_m, options.snap_limit_m, no_further=True)
    near = ways(foot, asked, step="walking time", spread=spread)
    residents = numbers(seen.buildings, "residents")
    measured = _Measured(seen, foot, near, residents, options, more, spread)
    parts = (_proximity(measured), _green(measured), _school(measured))
    provided, provision_frame = _provision(measured)
    return Result(
        frames={
            "accessibility": _frame(measured, parts),
            "service_provision": provision_frame,
        },
        figures={k: v for part in (*parts, provided) for k, v in part.figures.items()},
        quality={
            "buildings": len(measured.residents),
            "buildings_unsnapped": int((~near.homes.found).sum()),
            "buildings_without_residents_known": int(np.isnan(measured.residents).sum()),
            "not_computable": {
                k: v for part in (*parts, provided) for k, v in part.missing.items()
            },
        },
    )


def _distances(
    measured: _Measured, places: Rows, name: str, limit_m: float, *, step: str
) -> tuple[Floats, bool]:
    """Return the way of every home to the nearest of a class, and whether any of it joins."""
    asked = Asked((name,), limit_m, measured.options.snap_limit_m)
    found = ways(places, asked, step=step, spread=measured.spread)
    joined = found.facilities.found[places.facility_class == name].any()
    return found.nearest[0].distance_m, bool(joined)


def _proximity(measured: _Measured) -> _Part:
    seen, options = measured.scene, measured.options
    at_street = measured.score.facilities.found
    counted = [n for n in options.classes if at_street[seen.of_class(n)].any() or seen.closed(n)]
    missing = {
        f"score_15min.{name}": (
            "no facility of the class is loaded"
            if not len(seen.of_class(name))
            else NO_FACILITY_NEAR
        )
        for name in options.classes
        if name not in counted
    }
    near = dict(zip(options.classes, measured.score.nearest, strict=True))
    times = np.stack(
        [minutes(near[n].distance_m, options.walk_km_h) for n in counted] or
        [np.full(len(measured.residents), np.nan)], axis=1,
    )  # fmt: skip
    found = score(times, options.limit_min) if counted else times[:, 0]
    reached = (times <= options.limit_min).sum(axis=1).astype(float)
    reached[np.isnan(found)] = np.nan
    if not measured.score.homes.found.any():
        missing["score_15min"] = NO_HOME_NEAR
    columns = {
        "score_share": found,
        "classes_reached": _integers(reached),
        "classes_counted": np.full(len(found), len(counted)),
    }
    figures = {
        "limit_min": options.limit_min,
        "classes_counted": counted,
        "mean_of_buildings": mean(found, np.ones(len(found))),
        "mean_of_residents": mean(found, measured.residents),
    }
    return _Part(columns, {"score_15min": figures}, missing)


def _green(measured: _Measured) -> _Part:
    seen, options, more = measured.scene, measured.options, measured.more
    count = len(measured.residents)
    if more.green_areas is None:
        return _no_green(count, "the layer green_areas is not loaded")
    areas_m = frames.placed(more.green_areas, seen.area, AREAS, name="green_areas", needed=False)
    if not len(areas_m):
        return _no_green(count, "no green area with a place is loaded")
    if "public" not in areas_m.columns or not areas_m["public"].notna().any():
        return _no_green(count, "which green areas are public is not known")
    parks = green.large(areas_m, least_m2=options.green_least_m2)
    found = green.entries(parks, measured.foot.streets, gap_m=options.entry_gap_m)
    names = np.full(len(found.points), "green", dtype=object)
    places = placed(measured.foot.streets, seen.doors_m, found.points, names)
    distance, _ = _distances(measured, places, "green", options.green_limit_m, step="green")
    outcome = access.classify(distance, options.green_limit_m, joined=True)
    columns = {"green_m": known(distance), "green": outcome}
    figures = {
        "limit_m": options.green_limit_m,
        "least_m2": options.green_least_m2,
        "areas": found.areas,
        "areas_without_entry": found.areas - len(np.unique(found.green)),
        **_covered(measured, outcome),
    }
    return _Part(columns, {"green": figures}, _unjudged("green", outcome, NO_HOME_NEAR))


def _no_green(count: int, reason: str) -> _Part:
    columns = {"green_m": np.full(count, np.nan), "green": np.full(count, NOT_COMPUTABLE)}
    return _Part(columns, {"green": None}, {"green": reason})


def _school(measured: _Measured) -> _Part:
    """Tell who reaches a school within the limit without crossing a main road."""
    seen, options = measured.scene, measured.options
    limit_m = options.school_limit_m
    anyhow, joined = _distances(measured, measured.foot, "school", limit_m, step="school")
    reason = None
    joined = joined or seen.closed("school")
    if not len(seen.of_class("school")) and not joined:
        reason = "no school is loaded"
    elif "main_road" not in seen.streets_m or not seen.streets_m["main_road"].notna().any():
        reason = "which streets are main roads is not known"
    if reason:
        nothing, unknown = np.full(len(anyhow), np.nan), np.full(len(anyhow), NOT_COMPUTABLE)
        columns = {"school_m": known(anyhow), "school_safe_m": nothing, "school": unknown}
        return _Part(columns, {"school_without_crossing": None}, {"school": reason})
    sides = places_of(seen, pavements.without_crossings(seen.streets_m))
    safe, _ = _distances(measured, sides, "school", limit_m, step="school without crossing")
    outcome = pavements.classify(anyhow, safe, limit_m, joined=joined)
    columns = {"school_m": known(anyhow), "school_safe_m": known(safe), "school": outcome}
    figures = {
        "limit_m": limit_m,
        **_covered(measured, outcome),
        "buildings_only_across": int((outcome == pavements.CROSSING).sum()),
    }
    why = NO_FACILITY_NEAR if measured.score.homes.found.any() else NO_HOME_NEAR
    return _Part(columns, {"school_without_crossing": figures}, _unjudged("school", outcome, why))


def _unjudged(name: str, outcome: npt.NDArray[np.str_], why: str) -> dict[str, str]:
    return {} if access.judged(outcome) else {name: why}


def _covered(measured: _Measured, outcome: npt.NDArray[np.str_]) -> dict[str, Any]:
    dwellings = numbers(measured.scene.buildings, "dwellings")
    covered, told = outcome == access.COVERED, access.judged(outcome)
    return asdict(access.shares(covered, measured.residents, dwellings, known=told))


def _frame(measured: _Measured, parts: tuple[_Part, ...]) -> gpd.GeoDataFrame:
    buildings = measured.scene.buildings
    columns = {
        "building_id": buildings.index.to_numpy(dtype=np.int64),
        **{name: values for part in parts for name, values in part.columns.items()},
        "residents": _integers(measured.residents),
        "dwellings": _integers(numbers(buildings, "dwellings")),
    }
    return gpd.GeoDataFrame(
        columns,
        geometry=np.asarray(buildings.geometry.to_crs(WGS84)),
        crs=WGS84,
        index=feature_ids(measured.scene.area, len(buildings)),
    )


def _provision(measured: _Measured) -> tuple[_Part, gpd.GeoDataFrame]:
    figures: list[dict[str, Any]] = []
    missing: dict[str, str] = {}
    frames: list[pd.DataFrame] = []
    norms = measured.options.norms
    supplies = [supply_of(measured.scene, norm) for norm in norms]
    demands = [_demand(measured, norm) for norm in norms]
    found = _competition(measured, [s for s, _ in supplies], [d for d, _ in demands])
    for k, norm in enumerate(norms):
        (supply, reason), (demand, group) = supplies[k], demands[k]
        if reason is None and not np.nansum(demand):
            reason = "the residents of no building are known"
        row, frame = _one_class(measured, k, (supply, demand, group), found[k])
        figures.append(row)
        if reason is None:
            frames.append(frame)
        else:
            missing[f"provision.{norm.service_class}"] = reason
    empty = pd.DataFrame({n: [] for n in _PROVISION}).astype(_PROVISION)
    frame = pd.concat(frames) if frames else empty
    buildings = measured.scene.buildings
    frame = frame.sort_values(["building_id", "service_class"], ignore_index=True)
    shapes = buildings.geometry.to_crs(WGS84).loc[frame["building_id"]]
    layer = gpd.GeoDataFrame(frame, geometry=shapes.to_numpy(), crs=WGS84)
    layer = layer.set_index(feature_ids(measured.scene.area, len(frame)))
    return _Part({}, {"provision": figures}, missing), layer


_PROVISION = {
    "building_id": "int64", "service_class": "object", "reach": "object", "demand": "float64",
    "demand_group": "object", "facilities_in_reach": "int64", "places_2sfca": "float64",
    "places_e2sfca": "float64", "places_3sfca": "float64", "relative_share": "float64",
    "catchment_m": "float64",
}  # fmt: skip


def _demand(measured: _Measured, norm: ProvisionNorm) -> tuple[Floats, str]:
    """Return the persons for whom the class is: of its age group, else all residents."""
    units, area = measured.more.census_units, measured.scene.area
    if norm.age_group is None or units is None or not len(units):
        return measured.residents, "residents"
    require_columns(units, ("population", norm.age_group), name="census_units")
    require_amounts(units, ("population", norm.age_group), name="census_units")
    units_m = frames.placed(units, area, AREAS, name="census_units", needed=False)
    persons = census.of_age(measured.scene.doors_m, measured.residents, units_m, norm.age_group)
    return (measured.residents, "residents") if np.isnan(persons).all() else (
        persons, norm.age_group
    )  # fmt: skip


def _competition(
    measured: _Measured, supplies: list[Floats], demands: list[Floats]
) -> list[Arrays]:
    """Return places per person and facilities in reach, for each norm; unknown counts as 0."""
    seen, foot, options = measured.scene, measured.foot, measured.options
    names = [norm.service_class for norm in options.norms]
    known = [map(np.nan_to_num, each) for each in (supplies, demands)]
    classes = tuple(map(Class, names, options.catchment_m, *known))
    if measured.spread is not None:
        return by_tiles(measured.spread, foot, classes, options.snap_limit_m)
    net = joined(foot, options.snap_limit_m)
    pairs = [
        catchment.pairs(net.graph, seen.of_class(c.name), net.homes, limit_m=c.catchment_m)
        for c in classes
    ]
    return [
        competition(found, c.catchment_m, c.supply, c.demand)
        for found, c in zip(pairs, classes, strict=True)
    ]


def _one_class(
    measured: _Measured, k: int, given: tuple[Floats, Floats, str], found: Arrays
) -> tuple[dict[str, Any], pd.DataFrame]:
    supply, demand, group = given
    seen, joined = measured.scene, measured.score.homes.found
    norm, limit_m = measured.options.norms[k], measured.options.catchment_m[k]
    places, persons = np.nan_to_num(supply), np.nan_to_num(demand)
    in_reach = found["facilities_in_reach"]
    reach = _reach(joined, in_reach > 0)
    # Per 1,000 persons; a home that is not on the network has no number.
    scores = {name: np.where(joined, 1_000 * found[name], np.nan) for name in PLACES}
    overall = 1_000 * places.sum() / persons.sum() if persons.sum() and places.sum() else np.nan
    frame = pd.DataFrame(
        {
            "building_id": seen.buildings.index.to_numpy(dtype=np.int64),
            "service_class": norm.service_class,
            "reach": reach,
            "demand": demand.round(3),
            "demand_group": group,
            "facilities_in_reach": in_reach,
            **scores,
            "relative_share": scores["places_e2sfca"] / overall,
            "catchment_m": limit_m,
        }
    )
    return _provision_row(measured, norm, (supply, demand, group), reach), frame


def _reach(joined: Bools, near: Bools) -> npt.NDArray[np.str_]:
    return np.select([~joined, near], [access.UNSNAPPED, IN_REACH], default=OUT_OF_REACH)


def _provision_row(
    measured: _Measured,
    norm: ProvisionNorm,
    given: tuple[Floats, Floats, str],
    reach: npt.NDArray[np.str_],
) -> dict[str, Any]:
    supply, demand, group = given
    told = not np.isnan(supply).all() or measured.scene.closed(norm.service_class)
    total = float(np.nansum(supply)) if told else None
    people = None if np.isnan(measured.residents).all() else float(np.nansum(measured.residents))
    persons = None if np.isnan(demand).all() else float(np.nansum(demand))
    rate = None
    if group != "residents" and persons and total is not None:
        rate = 100 * total / persons
    return {
        "service_class": norm.service_class,
        "supply": norm.supply,
        "facilities": len(supply),
        "facilities_of_unknown_supply": int(np.isnan(supply).sum()),
        **asdict(provision(total, people, norm.norm_per_1000_persons)),
        "norm_status": norm.status,
        "demand_group": group,
        "demand": persons,
        "places_per_100_of_group": rate,
        "demand_out_of_reach": (
            None if persons is None else float(np.nansum(demand[reach == OUT_OF_REACH]))
        ),
        "demand_unsnapped": (
            None if persons is None else float(np.nansum(demand[reach == access.UNSNAPPED]))
        ),
    }


def _integers(values: Floats) -> Any:
    return pd.Series(values).astype("Int64").array
