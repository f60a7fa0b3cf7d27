"""The one place that decides in which coordinates numbers are made.

Tables hold degrees (EPSG:4326); lengths and areas are measured in the metric CRS of the area, the
UTM zone that its row names (Orsha lies in zone 36 N). A UTM metre differs from a metre on the
ground by 0.04 % at most within its zone, and by less than 0.1 % for some 140 km beyond it in
Belarus: an area across the border of two zones is measured in one of them, and one that reaches
further is refused. So is Web Mercator: at Orsha its metre is 0.58 m.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Proj, Transformer
from pyproj.exceptions import CRSError

from layers.message import message
from processing.checks import first_ids, said
from processing.errors import BadGeometry, Distorted, MixedCRS, NotProjected

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from layers.model import Area


MOST_DISTORTION = 1e-3
"""A metre of the metric CRS may differ from one on the ground by so much of it."""

_A_BIT_NORTH_DEG = 1e-4


def metric_crs(area: Area) -> CRS:
    """Return the metric CRS of an area.

    Raises NotProjected when the EPSG code of the area is unknown, in degrees or not in metres.
    """
    try:
        crs = CRS.from_epsg(area.srid)
    except CRSError as cause:
        raise NotProjected(
            f"area {area.id}: EPSG:{area.srid} is not a known CRS; correct its srid"
        ) from cause
    fault = _fault(crs)
    if fault:
        raise NotProjected(f"area {area.id}: {fault}; give the area a UTM zone as its srid")
    return crs


def require_metric(frame: GeoDataFrame, *, name: str) -> CRS:
    """Return the CRS of a frame in which metres are measured.

    Raises NotProjected when the frame has no CRS, one in degrees, one in other units, or Web
    Mercator; `name` is what the message calls the frame.
    """
    if frame.crs is None:
        raise NotProjected(f"{name}: the frame has no CRS; set it, then project it to the area's")
    crs: CRS = frame.crs
    fault = _fault(crs)
    if fault:
        raise NotProjected(f"{name}: {fault}; project it to the area's metric CRS first")
    return crs


def require_same(**frames: GeoDataFrame) -> CRS:
    """Return the one metric CRS of several frames.

    Raises NotProjected as `require_metric` does, MixedCRS when the frames differ.
    """
    found = {name: require_metric(frame, name=name) for name, frame in frames.items()}
    (first, crs), *rest = found.items()
    for name, other in rest:
        if other != crs:
            raise MixedCRS(f"{first} is in {crs.name} but {name} in {other.name}; use one CRS")
    return crs


def to_metric(frame: GeoDataFrame, area: Area, *, name: str) -> GeoDataFrame:
    """Return the frame in the metric CRS of the area, same index and columns.

    Raises NotProjected when the frame has no CRS to come from, BadGeometry naming ids whose
    coordinates are no place (NaN, infinite, metres that are said to be degrees), Distorted when the
    frame reaches where lengths in the CRS are off by more than MOST_DISTORTION.
    """
    if frame.crs is None:
        raise NotProjected(f"{name}: the frame has no CRS; say which one its coordinates are in")
    metric = frame.to_crs(metric_crs(area))
    shapes = metric.geometry.to_numpy()
    there = np.flatnonzero(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))
    with np.errstate(invalid="ignore"):
        # A box may hide a NaN between its corners, a length never does.
        boxes, lengths = shapely.bounds(shapes[there]), shapely.length(shapes[there])
    sound = np.isfinite(boxes).all(axis=1) & np.isfinite(lengths)
    if not sound.all():
        raise BadGeometry(
            message(
                "input.no_place", what=said(name), ids=first_ids(metric.index[there[~sound]]),
                crs=frame.crs.name,
            )
        )  # fmt: skip
    if len(boxes):
        _require_true_lengths(boxes, area, name)
    return metric


def _require_true_lengths(boxes_m: NDArray[np.float64], area: Area, name: str) -> None:
    """Raise Distorted; in a UTM zone lengths are worst at a corner of the box of all places."""
    crs = metric_crs(area)
    (west, south), (east, north) = boxes_m[:, :2].min(axis=0), boxes_m[:, 2:].max(axis=0)
    degrees = Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    lon, lat = degrees.transform([west, east, west, east], [south, south, north, north])
    factors = Proj(crs).get_factors(lon, lat)
    off = np.abs(np.stack([factors.meridional_scale, factors.parallel_scale]) - 1.0).max(axis=0)
    worst = int(np.argmax(off))
    if not off[worst] <= MOST_DISTORTION:
        raise Distorted(
            message(
                "input.distorted", what=said(name), lon=float(lon[worst]), lat=float(lat[worst]),
                crs=crs.name, off=float(off[worst]), area=area.id,
            )
        )  # fmt: skip


def north_deg(crs: CRS, xy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the bearing (degrees) of true north, where azimuths begin, at points of a grid."""
    degrees = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    lon, lat = degrees.transform(xy[:, 0], xy[:, 1])
    x, y = degrees.transform(lon, lat + _A_BIT_NORTH_DEG, direction="INVERSE")
    bearing: NDArray[np.float64] = np.degrees(np.arctan2(x - xy[:, 0], y - xy[:, 1]))
    return bearing


def _fault(crs: CRS) -> str | None:
    """Say why metres cannot be measured in this CRS, or None."""
    if not crs.is_projected:
        return f"{crs.name} is not a projected CRS"
    if crs.to_epsg() == 3857:
        return "Web Mercator stretches lengths"
    if any(axis.unit_conversion_factor != 1.0 for axis in crs.axis_info[:2]):
        return f"{crs.name} is not in metres"
    return None
