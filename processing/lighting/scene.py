"""The frames of street lighting as arrays: street parts, lamps at them, what cannot be computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from layers.message import message
from layers.model import Area
from processing.checks import (
    first_ids,
    require_columns,
    require_geometry,
    require_rows,
    require_unique_index,
)
from processing.crs import metric_crs, north_deg, to_metric
from processing.errors import BadGeometry
from processing.lighting.grid import Bools, Floats, Ints, Rows, side
from processing.lighting.illuminance import Lamps
from processing.lighting.luminaire import Luminaire

WORKING, FAULT, UNKNOWN = "working", "fault", "unknown"
NO_HEIGHT, NO_LUMINAIRE, BAD_FACTOR = "no_height", "no_luminaire", "bad_maintenance_factor"
"""Reasons why the light of a lamp cannot be computed."""

_LAMP_COLUMNS = ("state", "luminaire", "height_m", "power_w")


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Street parts in the order of their ids; `width_m` is NaN where it is not known."""

    ids: Ints
    lines: NDArray[Any]
    length_m: Floats
    width_m: Floats
    lighting_class: list[str | None]


@dataclass(frozen=True, slots=True, eq=False)
class Lights:
    """Lamps in the order of their ids.

    `lamps` holds those whose light can be computed, `place` their positions among all lamps;
    `fault` says of each lamp why it cannot be ("" when it can). `power_w` is NaN when not known.
    """

    ids: Ints
    xy: Floats
    state: NDArray[np.object_]
    cabinet: NDArray[np.object_]
    power_w: Floats
    height_m: Floats
    fault: NDArray[np.object_]
    lamps: Lamps
    place: Ints
    rows: Rows
    azimuths_derived: int


def parts(area: Area, streets: gpd.GeoDataFrame, *, default_width_m: float | None) -> Parts:
    """Return the street parts of an area; raises MissingColumn, BadGeometry, EmptyInput ..."""
    there = message("input.in_area", layer="streets", area=area.id)
    require_rows(streets, name=there, remedy=message("input.load_layer"))
    require_columns(streets, ("lighting_class", "width_m"), name="streets")
    require_unique_index(streets, name="streets")
    require_geometry(streets, ("LineString",), name="streets")
    frame = to_metric(streets, area, name="streets").sort_index()
    frame = frame[~frame.geometry.isna() & ~frame.geometry.is_empty]
    placed = message("input.with_place", layer="streets")
    require_rows(frame, name=placed, remedy=message("input.load_anew"))
    lines = np.asarray(frame.geometry.values)
    length = shapely.length(lines)
    if not np.isfinite(length).all():
        broken = first_ids(frame.index[~np.isfinite(length)])
        what = message("input.layer", layer="streets")
        raise BadGeometry(message("input.not_numbers", what=what, ids=broken))
    width = numbers(frame, "width_m")
    width[~(width > 0)] = np.nan if default_width_m is None else default_width_m
    asked = frame["lighting_class"].astype(object)
    return Parts(
        ids=frame.index.to_numpy(dtype=np.int64),
        lines=lines,
        length_m=length,
        width_m=width,
        lighting_class=asked.where(asked.notna(), None).tolist(),
    )


def lights(
    area: Area,
    street_lights: gpd.GeoDataFrame,
    streets: Parts,
    library: Mapping[str, Luminaire],
    *,
    default_maintenance_factor: float,
    row_limit_m: float,
) -> Lights:
    """Return the lamps of an area, each with the street part that it stands at (`row_limit_m`).

    Raises EmptyInput, MissingColumn, BadGeometry, NotProjected.
    """
    frame = _checked(area, street_lights)
    factor = numbers(frame, "maintenance_factor")
    factor[np.isnan(factor)] = default_maintenance_factor
    names = list(library)
    luminaire = np.array([_position(names, name) for name in frame["luminaire"]], dtype=np.int64)
    height = numbers(frame, "height_m")
    fault = np.select(
        [~(height > 0), luminaire < 0, ~((factor > 0) & (factor <= 1))],
        [NO_HEIGHT, NO_LUMINAIRE, BAD_FACTOR],
        default="",
    ).astype(object)
    rows, bearing, derived = _beside(area, frame, streets, row_limit_m)
    usable = np.flatnonzero(fault == "")
    xy = shapely.get_coordinates(np.asarray(frame.geometry.values))
    arm, radians = _or_zero(numbers(frame, "arm_m")), np.radians(bearing)
    lamps = Lamps(
        x=(xy[:, 0] + arm * np.sin(radians))[usable],
        y=(xy[:, 1] + arm * np.cos(radians))[usable],
        height_m=height[usable],
        bearing_deg=bearing[usable],
        tilt_deg=_or_zero(numbers(frame, "tilt_deg"))[usable],
        factor=factor[usable],
        luminaire=luminaire[usable],
    )
    return Lights(
        ids=frame.index.to_numpy(dtype=np.int64),
        xy=xy,
        state=_texts(frame, "state"),
        cabinet=_texts(frame, "cabinet"),
        power_w=_power(frame, luminaire, list(library.values())),
        height_m=height,
        fault=fault,
        lamps=lamps,
        place=usable,
        rows=rows,
        azimuths_derived=derived,
    )


def _checked(area: Area, street_lights: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the lamps that have a place, in the order of their ids, in the area's CRS."""
    there = message("input.in_area", layer="street_lights", area=area.id)
    require_rows(street_lights, name=there, remedy=message("input.load_layer"))
    require_columns(street_lights, _LAMP_COLUMNS, name="street_lights")
    require_unique_index(street_lights, name="street_lights")
    require_geometry(street_lights, ("Point",), name="street_lights")
    frame = to_metric(street_lights, area, name="street_lights").sort_index()
    frame = frame[~frame.geometry.isna() & ~frame.geometry.is_empty]
    placed = message("input.with_place", layer="street_lights")
    require_rows(frame, name=placed, remedy=message("input.load_anew"))
    return frame


def numbers(frame: gpd.GeoDataFrame, column: str) -> Floats:
    """Return a column as numbers, NaN where it is not known, infinite or not there."""
    if column not in frame.columns:
        return np.full(len(frame), np.nan)
    found: Floats = frame[column].to_numpy(dtype=np.float64, na_value=np.nan).copy()
    found[~np.isfinite(found)] = np.nan
    return found


def _beside(
    area: Area, frame: gpd.GeoDataFrame, streets: Parts, row_limit_m: float
) -> tuple[Rows, Floats, int]:
    """Return the rows of lamps, the bearing of each lamp, and how many bearings were derived.

    A lamp stands at the nearest street part (of equals that of the lowest id); without an azimuth
    it looks square at it, or north when there is none within the limit.
    """
    points = np.asarray(frame.geometry.values)
    tree = shapely.STRtree(streets.lines)
    which, near = tree.query_nearest(points, max_distance=row_limit_m, all_matches=True)
    order = np.lexsort((near, which))
    which, first = np.unique(which[order], return_index=True)
    near = near[order][first]
    lines = streets.lines[near]
    measure = shapely.line_locate_point(lines, points[which])
    rows = Rows(street=near, measure_m=measure, left=side(lines, points[which], measure))
    across = shapely.get_coordinates(shapely.line_interpolate_point(lines, measure))
    across = across - shapely.get_coordinates(points[which])
    north = north_deg(metric_crs(area), shapely.get_coordinates(points))
    bearing = numbers(frame, "azimuth_deg") + north
    unknown = np.isnan(bearing)
    towards = np.zeros(len(points))
    towards[which] = np.degrees(np.arctan2(across[:, 0], across[:, 1]))
    return rows, np.where(unknown, towards, bearing), int(unknown.sum())


def _power(frame: gpd.GeoDataFrame, luminaire: Ints, library: Sequence[Luminaire]) -> Floats:
    """Return the power of each lamp, that of its luminaire where it is not known."""
    power = numbers(frame, "power_w")
    power[power < 0] = np.nan
    known = np.array([item.power_w for item in library] + [np.nan])
    return np.where(np.isnan(power), known[luminaire], power)


def _position(names: list[str], name: object) -> int:
    return names.index(name) if isinstance(name, str) and name in names else -1


def _texts(frame: gpd.GeoDataFrame, column: str) -> NDArray[np.object_]:
    if column not in frame.columns:
        return np.full(len(frame), None, dtype=object)
    values = frame[column].astype(object)
    texts: NDArray[np.object_] = values.where(values.notna(), None).to_numpy(dtype=object)
    return texts


def _or_zero(values: Floats) -> Floats:
    return np.nan_to_num(values, nan=0.0)


def unreliable(xy: Floats, holes_xy: Floats, *, reach_m: float) -> Bools:
    """Tell which points lie within `reach_m` of a lamp whose light cannot be computed."""
    if not len(holes_xy) or not len(xy):
        return np.zeros(len(xy), dtype=bool)
    distance, _ = cKDTree(holes_xy).query(xy, distance_upper_bound=reach_m)
    near: Bools = np.isfinite(distance)
    return near
