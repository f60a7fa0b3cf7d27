"""What is measured: homes and facilities of an area, joined to one network of streets."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from layers.message import message
from layers.model import Area
from processing import network
from processing.checks import (
    require_amounts,
    require_columns,
    require_geometry,
    require_rows,
    require_unique_index,
)
from processing.crs import require_same, to_metric
from processing.network import Floats, Geometries, Graph, Ints, Snapped
from processing.streets import Streets

CLASSES = "service_classes"
"""The key in `attrs` of service points under which a scenario keeps the classes of its base."""

KEPT = 4
"""So many networks are kept: those of one run, e.g. on foot, by bicycle, without crossings."""


PEOPLE, SUPPLY = ("residents", "dwellings"), ("capacity", "places", "doctors")
"""Columns of counts."""


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
class Network:
    """Streets, the places joined to them (targets), the facilities (origins), and their graph."""

    streets: Streets
    homes: Snapped
    facilities: Snapped
    graph: Graph


@dataclass(frozen=True, slots=True)
class Scene:
    """Buildings and service points in the order of their ids; metric CRS where it says `_m`.

    `doors_m` is a point for each building, `points_m` one for each facility; `classes` are those of
    `classes_of`.
    """

    area: Area
    buildings: gpd.GeoDataFrame
    service_points: gpd.GeoDataFrame
    streets_m: gpd.GeoDataFrame
    doors_m: Geometries
    points_m: Geometries
    classes: frozenset[str] = frozenset()

    @property
    def facility_ids(self) -> Ints:
        """Feature ids of the facilities."""
        ids: Ints = self.service_points.index.to_numpy(dtype=np.int64)
        return ids

    @property
    def facility_class(self) -> npt.NDArray[np.object_]:
        """Service class of each facility, None where it is not known."""
        found = self.service_points["service_class"].astype(object)
        known: npt.NDArray[np.object_] = found.where(found.notna(), None).to_numpy()
        return known

    def of_class(self, service_class: str) -> Ints:
        """Return the positions of the facilities of a class."""
        return np.flatnonzero(self.facility_class == service_class)

    def closed(self, service_class: str) -> bool:
        """Tell whether a scenario leaves no facility of a class: then nobody reaches any."""
        return service_class in self.classes and not len(self.of_class(service_class))

    def join(self, streets: Streets, *, snap_limit_m: float) -> Network:
        """Join homes and facilities to these streets."""
        return join(streets, self.doors_m, self.points_m, snap_limit_m=snap_limit_m)


def scene(area: Area, inputs: Inputs) -> Scene:
    """Return the checked scene of an area.

    Raises EmptyInput when there are no buildings, streets or facilities, MissingColumn,
    BadGeometry, BadValue, RepeatedId, NotProjected, Distorted.
    """
    _check(area, inputs)
    buildings = inputs.buildings.sort_index()
    points = inputs.service_points.sort_index()
    homes_m = to_metric(buildings, area, name="buildings")
    points_m = to_metric(points, area, name="service_points")
    streets_m = to_metric(inputs.streets, area, name="streets")
    require_same(buildings=homes_m, streets=streets_m, service_points=points_m)
    return Scene(
        area=area,
        buildings=buildings,
        service_points=points,
        streets_m=streets_m,
        doors_m=places(np.asarray(homes_m.geometry)),
        points_m=np.asarray(points_m.geometry),
        classes=classes_of(inputs.service_points),
    )


def classes_of(service_points: gpd.GeoDataFrame) -> frozenset[str]:
    """Return the service classes that an area has, those of which a scenario leaves none, too.

    Of any other class it is not known whether there are no facilities or none is loaded.
    """
    here = service_points["service_class"].dropna().astype(str)
    return frozenset(here) | frozenset(service_points.attrs.get(CLASSES, ()))


def places(footprints: Geometries) -> Geometries:
    """Return a point for each footprint: its centroid, or a point on it when that lies outside."""
    centres = shapely.centroid(footprints)
    inside = shapely.covers(footprints, centres)
    points: Geometries = np.where(inside, centres, shapely.point_on_surface(footprints))
    return points


def numbers(frame: gpd.GeoDataFrame, column: str) -> Floats:
    """Return a column as numbers with NaN where it is not known or not there."""
    if column not in frame.columns:
        return np.full(len(frame), np.nan)
    found: Floats = frame[column].to_numpy(dtype=np.float64, na_value=np.nan)
    return found


def join(
    streets: Streets, homes: Geometries, facilities: Geometries, *, snap_limit_m: float
) -> Network:
    """Join places to streets and cut these into a graph; the same content is joined once.

    The last KEPT networks are kept by a checksum of their content, so that pipelines and scenarios
    of one run share them. They are values: nobody may write into their arrays.
    """
    key = _checksum(streets, homes, facilities, snap_limit_m)
    with _LOCK:
        if key in _NETWORKS:
            _NETWORKS.move_to_end(key)
            return _NETWORKS[key]
    doors = network.snap(streets, homes, limit_m=snap_limit_m)
    places_ = network.snap(streets, facilities, limit_m=snap_limit_m)
    made = Network(streets, doors, places_, network.build(streets, origins=places_, targets=doors))
    with _LOCK:
        _NETWORKS[key] = made
        while len(_NETWORKS) > KEPT:
            _NETWORKS.popitem(last=False)
    return made


_NETWORKS: OrderedDict[str, Network] = OrderedDict()
_LOCK = Lock()


def _checksum(
    streets: Streets, homes: Geometries, facilities: Geometries, snap_limit_m: float
) -> str:
    digest = hashlib.sha256(f"{snap_limit_m!r} {streets.node_count}".encode())
    arrays = (streets.ids, streets.start, streets.end, streets.right)
    for array in (*arrays, streets.forward, streets.backward):
        digest.update(b"\x1e" + np.ascontiguousarray(array).tobytes())
    for shapes in (streets.lines, streets.barriers, homes, facilities):
        points, where = shapely.get_coordinates(shapes, return_index=True)
        digest.update(f"\x1d{len(shapes)}\x1e".encode())
        digest.update(np.ascontiguousarray(points).tobytes() + where.tobytes())
    return digest.hexdigest()


def _check(area: Area, inputs: Inputs) -> None:
    remedy = message("input.load_layer")
    require_rows(
        inputs.buildings,
        name=message("input.of_kinds", area=area.id),
        remedy=message("input.load_or_kinds"),
    )
    for layer, frame in (("streets", inputs.streets), ("service_points", inputs.service_points)):
        name = message("input.in_area", layer=layer, area=area.id)
        require_rows(frame, name=name, remedy=remedy)
    require_unique_index(inputs.buildings, name="buildings")
    require_unique_index(inputs.service_points, name="service_points")
    require_geometry(inputs.buildings, ("Polygon", "MultiPolygon"), name="buildings")
    require_geometry(inputs.service_points, ("Point",), name="service_points")
    require_columns(inputs.service_points, ("service_class",), name="service_points")
    require_rows(
        inputs.service_points[inputs.service_points["service_class"].notna()],
        name=message("input.of_class", area=area.id),
        remedy=message("input.load_column"),
    )
    require_amounts(inputs.buildings, PEOPLE, name="buildings")
    require_amounts(inputs.service_points, SUPPLY, name="service_points")
