"""Coverage of buildings and residents by service classes: frames in, frames out."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from layers.model import Area
from processing import access, network, reach
from processing.crs import metric_crs
from processing.limits import Limit
from processing.network import Floats, Snapped
from processing.pipelines.model import Result
from processing.proximity import minutes
from processing.reach_tiled import Asked, component, places_of
from processing.scene import Inputs, Scene, numbers, scene
from processing.spread import Spread
from processing.streets import drawn, flags, passable
from processing.ways import Ways, ways

WGS84 = "EPSG:4326"

NO_HOME_NEAR = "no building is near a walkable street"
NO_FACILITY_NEAR = "no facility of the class is near a walkable street"


@dataclass(frozen=True, slots=True)
class Options:
    """How it is measured: metres of the metric CRS, speeds in km/h.

    With `polygons` False no service areas are drawn, which is most of the time.
    """

    snap_limit_m: float = 150.0
    buffer_m: float = 25.0
    walk_km_h: float = 4.5
    cycle_km_h: float = 15.0
    polygons: bool = True


@dataclass(frozen=True, slots=True)
class _Measured:
    """The scene and its ways; `bicycle` is None where no street is open to bicycles."""

    scene: Scene
    foot: Ways
    bicycle: Ways | None
    options: Options


@dataclass(frozen=True, slots=True)
class _ClassResult:
    """What came out for one class."""

    limit: Limit
    nearest: access.Nearest
    cycle_m: Floats
    coverage: npt.NDArray[np.str_]
    area_row: dict[str, Any]


def service_coverage(
    area: Area,
    limits: tuple[Limit, ...],
    inputs: Inputs,
    options: Options,
    spread: Spread | None = None,
) -> Result:
    """Return `service_coverage` (a row per building and class) and `service_areas` (per class).

    Both are in EPSG:4326 with ids of the area. A class without any facility leaves every building
    `unreachable` and has no service area; where no building or no facility of a class is near a
    walkable street, all are `unsnapped` and no share is told. With `spread` ways are followed by
    tiles, to the same bits. Raises EmptyInput when there are no buildings, no walkable streets or
    no facilities at all, MissingColumn, BadGeometry, BadValue, NotProjected, Distorted.
    """
    measured = _measured(scene(area, inputs), limits, options, spread)
    found = [_one_class(measured, limit, k) for k, limit in enumerate(limits)]
    return Result(
        frames={
            "service_coverage": _coverage_frame(measured, found),
            "service_areas": _areas_frame(measured, found),
        },
        figures={"classes": [_figures(r) for r in found]},
        quality=_quality(measured, found),
    )


def _measured(
    seen: Scene, limits: tuple[Limit, ...], options: Options, spread: Spread | None
) -> _Measured:
    streets, bicycle = seen.streets_m, None
    metres = tuple(limit.limit_m for limit in limits)
    classes = tuple(limit.service_class for limit in limits)
    on_foot = Asked(classes, max(metres), options.snap_limit_m, metres)
    foot = ways(places_of(seen, network.walkable(streets)), on_foot, step="on foot", spread=spread)
    if "bicycle" in streets.columns and (flags(streets, "bicycle") & drawn(streets)).any():
        cycling = replace(on_foot, limits_m=())
        bicycle = ways(
            places_of(seen, passable(streets, "bicycle")), cycling, step="by bicycle", spread=spread
        )
    return _Measured(seen, foot, bicycle, options)


def _one_class(measured: _Measured, limit: Limit, k: int) -> _ClassResult:
    seen, foot = measured.scene, measured.foot
    facilities = seen.of_class(limit.service_class)
    joined = bool(foot.facilities.found[facilities].any()) or not len(facilities)
    near, parts = foot.nearest[k], foot.parts[k]
    coverage = access.classify(near.distance_m, limit.limit_m, joined=joined)
    buildings = seen.buildings
    shares = access.shares(
        coverage == access.COVERED,
        numbers(buildings, "residents"),
        numbers(buildings, "dwellings"),
        known=access.judged(coverage),
    )
    row = {
        "service_class": limit.service_class,
        "limit_m": limit.limit_m,
        "facilities": len(facilities),
        "street_length_m": round(parts.length_m, 3),
        **asdict(shares),
        "unreachable_buildings": int((coverage == access.UNREACHABLE).sum()),
        "unsnapped_buildings": int((coverage == access.UNSNAPPED).sum()),
        "norm_status": limit.norm_status,
        "geometry": _polygon(measured, parts),
    }
    cycle_m = np.full(len(buildings), np.nan)
    if measured.bicycle is not None:
        cycle_m = measured.bicycle.nearest[k].distance_m
    return _ClassResult(limit, near, cycle_m, coverage, row)


def _polygon(measured: _Measured, parts: reach.Parts) -> Any:
    """Return the service area; None where no street is reached: a layer holds no empty geometry."""
    if not measured.options.polygons:
        return None
    stretches = reach.lines(measured.foot.streets, parts)
    polygon = reach.service_area(stretches, buffer_m=measured.options.buffer_m)
    return None if polygon.is_empty else polygon


def _figures(found: _ClassResult) -> dict[str, Any]:
    return {name: value for name, value in found.area_row.items() if name != "geometry"}


def _coverage_frame(measured: _Measured, found: list[_ClassResult]) -> gpd.GeoDataFrame:
    """One row per building and class; buildings in the order of ids, classes as listed."""
    seen, options, classes = measured.scene, measured.options, len(found)
    buildings = len(seen.buildings)
    distance = np.stack([r.nearest.distance_m for r in found], axis=1).ravel()
    cycle = np.stack([r.cycle_m for r in found], axis=1).ravel()
    facility = np.stack([r.nearest.facility for r in found], axis=1).ravel()
    with_facility = facility != network.NONE
    ids = np.where(with_facility, seen.facility_ids[facility], 0)
    building = seen.buildings.index.to_numpy(dtype=np.int64)
    columns = {
        "building_id": np.repeat(building, classes),
        "service_class": np.tile([r.limit.service_class for r in found], buildings),
        "coverage": np.stack([r.coverage for r in found], axis=1).ravel(),
        "distance_m": known(distance),
        "limit_m": np.tile([r.limit.limit_m for r in found], buildings),
        "walk_min": known(minutes(distance, options.walk_km_h).round(2)),
        "cycle_min": known(minutes(cycle, options.cycle_km_h).round(2)),
        "facility_id": pd.Series(ids, dtype="Int64").where(with_facility).array,
        "residents": _whole(seen.buildings, "residents", classes),
        "dwellings": _whole(seen.buildings, "dwellings", classes),
    }
    footprints = np.asarray(seen.buildings.geometry.to_crs(WGS84))
    return gpd.GeoDataFrame(
        columns,
        geometry=np.repeat(footprints, classes),
        crs=WGS84,
        index=feature_ids(seen.area, buildings * classes),
    )


def _areas_frame(measured: _Measured, found: list[_ClassResult]) -> gpd.GeoDataFrame:
    """One row per class."""
    area = measured.scene.area
    frame = gpd.GeoDataFrame(
        [r.area_row for r in found],
        geometry="geometry",
        crs=metric_crs(area),
        index=feature_ids(area, len(found)),
    )
    for name in ("residents_total", "residents_covered", "dwellings_total", "dwellings_covered"):
        frame[name] = frame[name].astype("Int64")
    frame["buildings_covered"] = frame["buildings_covered"].astype("Int64")
    for name in ("share_buildings", "share_residents", "share_dwellings"):
        frame[name] = frame[name].astype("float64")
    return frame.to_crs(WGS84)


def feature_ids(area: Area, count: int) -> pd.Index[int]:
    """Return the first ids of an area's features."""
    return pd.Index(area.feature_id(1) + np.arange(count, dtype=np.int64), name="id")


def known(values: Floats) -> Floats:
    """Return the numbers with NaN for infinite ones: a layer holds no infinity."""
    finite: Floats = np.where(np.isfinite(values), values, np.nan)
    return finite


def _whole(frame: gpd.GeoDataFrame, column: str, classes: int) -> Any:
    """Return an array of whole numbers, each repeated for every class, NA where not known."""
    return pd.Series(np.repeat(numbers(frame, column), classes)).astype("Int64").array


def _quality(measured: _Measured, found: list[_ClassResult]) -> dict[str, Any]:
    """Say what was left out, joined or unknown."""
    seen, foot = measured.scene, measured.foot
    homes, places_ = foot.homes, foot.facilities
    _, parts = component(foot.streets)
    residents = numbers(seen.buildings, "residents")
    classes = [r.limit.service_class for r in found]
    counted = np.isin(seen.facility_class.astype(str), classes)
    bicycle = measured.bicycle
    return {
        "snap_limit_m": measured.options.snap_limit_m,
        "buildings": len(homes.edge),
        "buildings_unsnapped": int((~homes.found).sum()),
        "buildings_without_residents_known": int(np.isnan(residents).sum()),
        "buildings_unsnapped_by_bicycle": (
            None if bicycle is None else int((~bicycle.homes.found).sum())
        ),
        "facilities": int(counted.sum()),
        "facilities_unsnapped": int((~places_.found[counted]).sum()),
        "longest_connector_m": _longest(homes, places_),
        "streets": len(foot.streets.ids),
        "street_length_m": round(float(foot.streets.length_m.sum()), 3),
        "network_parts": parts,
        "classes_without_facilities": [
            name
            for name, r in zip(classes, found, strict=True)
            if not r.area_row["facilities"] and not seen.closed(name)
        ],
        "not_computable": _not_computable(measured, found),
    }


def _not_computable(measured: _Measured, found: list[_ClassResult]) -> dict[str, str]:
    """Say what has no value, and why."""
    reasons = {}
    if measured.bicycle is None:
        reasons["cycle_min"] = "no street of the area is marked as open to bicycles"
    why = NO_HOME_NEAR if not measured.foot.homes.found.any() else NO_FACILITY_NEAR
    for one in found:
        if not access.judged(one.coverage):
            reasons[one.limit.service_class] = why
    return reasons


def _longest(*snaps: Snapped) -> float | None:
    connectors = np.concatenate([s.connector_m[s.found] for s in snaps])
    return round(float(connectors.max()), 3) if len(connectors) else None
