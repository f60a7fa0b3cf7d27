"""Coverage of buildings and residents by service classes: frames in, frames out."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse.csgraph import connected_components

from layers.model import Area
from processing import access, network, reach
from processing.checks import require_columns, require_geometry, require_rows, require_unique_index
from processing.crs import metric_crs, require_same, to_metric
from processing.limits import Limit
from processing.network import Floats, Geometries, Graph, Ints, Snapped, Streets
from processing.pipelines.model import Result

WGS84 = "EPSG:4326"


@dataclass(frozen=True, slots=True)
class Inputs:
    """The frames that are measured, with feature ids as index.

    `buildings` (polygons; `residents`, `dwellings` where known), `streets` (LineStrings; `foot`,
    `node_from`, `node_to`), `service_points` (points; `service_class`).
    """

    buildings: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    service_points: gpd.GeoDataFrame


@dataclass(frozen=True, slots=True)
class _Scene:
    """Everything that is the same for all classes."""

    area: Area
    buildings: gpd.GeoDataFrame
    facility_ids: Ints
    facility_class: npt.NDArray[np.object_]
    streets: Streets
    homes: Snapped
    facilities: Snapped
    graph: Graph


@dataclass(frozen=True, slots=True)
class _ClassResult:
    """What came out for one class."""

    limit: Limit
    nearest: access.Nearest
    coverage: npt.NDArray[np.str_]
    area_row: dict[str, Any]


def service_coverage(
    area: Area, limits: tuple[Limit, ...], inputs: Inputs, *, snap_limit_m: float, buffer_m: float
) -> Result:
    """Return `service_coverage` (a row per building and class) and `service_areas` (per class).

    Both are in EPSG:4326 with ids of the area. A class without any facility leaves every building
    `unreachable` and has no service area. Raises EmptyInput when there are no buildings, no
    walkable streets or no facilities at all, MissingColumn, BadGeometry, NotProjected.
    """
    scene = _scene(area, inputs, snap_limit_m)
    found = [_one_class(scene, limit, buffer_m) for limit in limits]
    return Result(
        frames={
            "service_coverage": _coverage_frame(scene, found),
            "service_areas": _areas_frame(scene, found),
        },
        figures={"classes": [_figures(r) for r in found]},
        quality=_quality(scene, found, snap_limit_m),
    )


def places(footprints: Geometries) -> Geometries:
    """Return a point for each footprint: its centroid, or a point on it when that lies outside."""
    centres = shapely.centroid(footprints)
    inside = shapely.covers(footprints, centres)
    points: Geometries = np.where(inside, centres, shapely.point_on_surface(footprints))
    return points


def _scene(area: Area, inputs: Inputs, snap_limit_m: float) -> _Scene:
    _check(area, inputs)
    buildings = inputs.buildings.sort_index()
    points = inputs.service_points.sort_index()
    homes_m = to_metric(buildings, area, name="buildings")
    points_m = to_metric(points, area, name="service_points")
    streets_m = to_metric(inputs.streets, area, name="streets")
    require_same(buildings=homes_m, streets=streets_m, service_points=points_m)
    streets = network.walkable(streets_m)
    homes = network.snap(streets, places(np.asarray(homes_m.geometry)), limit_m=snap_limit_m)
    facilities = network.snap(streets, np.asarray(points_m.geometry), limit_m=snap_limit_m)
    return _Scene(
        area=area,
        buildings=buildings,
        facility_ids=points.index.to_numpy(dtype=np.int64),
        facility_class=points["service_class"].to_numpy(dtype=object),
        streets=streets,
        homes=homes,
        facilities=facilities,
        graph=network.build(streets, origins=facilities, targets=homes),
    )


def _check(area: Area, inputs: Inputs) -> None:
    place = f"in area {area.id}"
    remedy = "load the layer for this area"
    require_rows(
        inputs.buildings,
        name=f"buildings of the chosen kinds {place}",
        remedy=f"{remedy} or choose other building_kinds",
    )
    require_rows(inputs.streets, name=f"streets {place}", remedy=remedy)
    require_rows(inputs.service_points, name=f"service_points {place}", remedy=remedy)
    require_unique_index(inputs.buildings, name="buildings")
    require_unique_index(inputs.service_points, name="service_points")
    require_geometry(inputs.buildings, ("Polygon", "MultiPolygon"), name="buildings")
    require_geometry(inputs.service_points, ("Point",), name="service_points")
    require_columns(inputs.service_points, ("service_class",), name="service_points")


def _one_class(scene: _Scene, limit: Limit, buffer_m: float) -> _ClassResult:
    facilities = np.flatnonzero(scene.facility_class == limit.service_class)
    joined = bool(scene.facilities.found[facilities].any()) or not len(facilities)
    found = access.search(scene.graph, facilities)
    near = access.nearest(scene.graph, found, scene.homes)
    coverage = access.classify(near.distance_m, limit.limit_m, joined=joined)
    parts = reach.reached(scene.graph, found, limit_m=limit.limit_m)
    polygon = reach.service_area(reach.lines(scene.streets, parts), buffer_m=buffer_m)
    shares = access.shares(coverage == access.COVERED, _numbers(scene.buildings, "residents"))
    row = {
        "service_class": limit.service_class,
        "limit_m": limit.limit_m,
        "facilities": len(facilities),
        "street_length_m": round(parts.length_m, 3),
        **asdict(shares),
        "unreachable_buildings": int((coverage == access.UNREACHABLE).sum()),
        "unsnapped_buildings": int((coverage == access.UNSNAPPED).sum()),
        "norm_status": limit.norm_status,
        # A layer holds no empty geometry: where no street is reached there is none.
        "geometry": None if polygon.is_empty else polygon,
    }
    return _ClassResult(limit, near, coverage, row)


def _figures(found: _ClassResult) -> dict[str, Any]:
    return {name: value for name, value in found.area_row.items() if name != "geometry"}


def _coverage_frame(scene: _Scene, found: list[_ClassResult]) -> gpd.GeoDataFrame:
    """One row per building and class; buildings in the order of ids, classes as listed."""
    buildings, classes = len(scene.buildings), len(found)
    distance = np.stack([r.nearest.distance_m for r in found], axis=1).ravel()
    facility = np.stack([r.nearest.facility for r in found], axis=1).ravel()
    with_facility = facility != network.NONE
    ids = np.where(with_facility, scene.facility_ids[facility], 0)
    building = scene.buildings.index.to_numpy(dtype=np.int64)
    columns = {
        "building_id": np.repeat(building, classes),
        "service_class": np.tile([r.limit.service_class for r in found], buildings),
        "coverage": np.stack([r.coverage for r in found], axis=1).ravel(),
        "distance_m": np.where(np.isfinite(distance), distance, np.nan),
        "limit_m": np.tile([r.limit.limit_m for r in found], buildings),
        "facility_id": pd.Series(ids, dtype="Int64").where(with_facility).array,
        "residents": _whole(scene.buildings, "residents", classes),
        "dwellings": _whole(scene.buildings, "dwellings", classes),
    }
    footprints = np.asarray(scene.buildings.geometry.to_crs(WGS84))
    return gpd.GeoDataFrame(
        columns,
        geometry=np.repeat(footprints, classes),
        crs=WGS84,
        index=_ids(scene.area, buildings * classes),
    )


def _areas_frame(scene: _Scene, found: list[_ClassResult]) -> gpd.GeoDataFrame:
    """One row per class."""
    frame = gpd.GeoDataFrame(
        [r.area_row for r in found],
        geometry="geometry",
        crs=metric_crs(scene.area),
        index=_ids(scene.area, len(found)),
    )
    for name in ("residents_total", "residents_covered"):
        frame[name] = frame[name].astype("Int64")
    for name in ("share_buildings", "share_residents"):
        frame[name] = frame[name].astype("float64")
    return frame.to_crs(WGS84)


def _ids(area: Area, count: int) -> pd.Index[int]:
    return pd.Index(area.feature_id(1) + np.arange(count, dtype=np.int64), name="id")


def _numbers(frame: gpd.GeoDataFrame, column: str) -> Floats:
    """Return a column as numbers with NaN where it is not known or not there."""
    if column not in frame.columns:
        return np.full(len(frame), np.nan)
    numbers: Floats = frame[column].to_numpy(dtype=np.float64, na_value=np.nan)
    return numbers


def _whole(frame: gpd.GeoDataFrame, column: str, classes: int) -> Any:
    """Return an array of whole numbers, each repeated for every class, NA where not known."""
    return pd.Series(np.repeat(_numbers(frame, column), classes)).astype("Int64").array


def _quality(scene: _Scene, found: list[_ClassResult], snap_limit_m: float) -> dict[str, Any]:
    """Say what was left out, joined or unknown."""
    homes, places_ = scene.homes, scene.facilities
    parts, _ = connected_components(scene.graph.matrix, directed=False)
    residents = _numbers(scene.buildings, "residents")
    classes = [r.limit.service_class for r in found]
    counted = np.isin(scene.facility_class.astype(str), classes)
    return {
        "snap_limit_m": snap_limit_m,
        "buildings": len(homes.edge),
        "buildings_unsnapped": int((~homes.found).sum()),
        "buildings_without_residents_known": int(np.isnan(residents).sum()),
        "facilities": int(counted.sum()),
        "facilities_unsnapped": int((~places_.found[counted]).sum()),
        "longest_connector_m": _longest(homes, places_),
        "streets": len(scene.streets.ids),
        "street_length_m": round(float(scene.streets.length_m.sum()), 3),
        "network_parts": int(parts),
        "classes_without_facilities": [
            r.limit.service_class for r in found if not r.area_row["facilities"]
        ],
    }


def _longest(*snaps: Snapped) -> float | None:
    connectors = np.concatenate([s.connector_m[s.found] for s in snaps])
    return round(float(connectors.max()), 3) if len(connectors) else None
