"""A small place with every layer and raster, and the ways in which each of them can be bad."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.area import seed_areas, utm_srid
from layers.model import Area, Text
from processing import demo
from processing.demo import rasters
from processing.pipelines import PIPELINES
from processing.raster import Raster

Frame = gpd.GeoDataFrame

ORSHA = seed_areas()["orsha"]
BOX_M = (-120.0, 160.0, 180.0, 460.0)
"""Which part of the demonstration quarter is taken, from its middle."""
HOURS = 48
KEYS = {
    "node_from", "node_to", "building_id", "sensor_id", "meter_id", "unit_id", "terminal_id",
    "terminal", "cabinet",
}  # fmt: skip
"""Columns by which features refer to one another."""


def area_at(lon: float, lat: float, srid: int | None = None) -> Area:
    """An area with its middle there, measured in the UTM zone of the middle unless told."""
    title = Text(be="Мяжа", ru="Граница", en="Border")
    zone = utm_srid(lon, lat) if srid is None else srid
    return Area(id="border", number=2_000, title=title, soato="", srid=zone, lon=lon, lat=lat)


@cache
def place(area: Area) -> Mapping[str, Any]:
    """Every layer and raster of a part of the demonstration quarter.

    The facilities of the whole quarter crowd in it, so that there is one of every class.
    """
    made = {name: pd.concat(list(demo.frames(area, name))) for name in demo.LAYERS}
    middle = gpd.GeoSeries([shapely.Point(area.lon, area.lat)], crs=4326).to_crs(area.srid)
    x, y = shapely.get_coordinates(middle)[0]
    west, south, east, north = BOX_M
    box = shapely.box(x + west, y + south, x + east, y + north)
    cut = {name: frame[frame.to_crs(area.srid).intersects(box)] for name, frame in made.items()}
    spots = np.asarray(cut["service_points"].geometry)
    points, readings, told = (
        made[name] for name in ("service_points", "air_sensor_readings", "meter_readings")
    )
    points = points.set_geometry(np.resize(spots, len(points)), crs=points.crs)
    cut["service_points"] = _first_of(points, "service_class", "stop")
    until = readings["time"].min() + pd.Timedelta(hours=HOURS)
    known = readings["sensor_id"].isin(cut["air_sensors"]["sensor_id"])
    cut["air_sensor_readings"] = readings[known & (readings["time"] < until)]
    cut["meter_readings"] = told[told["meter_id"].isin(cut["utility_meters"]["meter_id"])]
    cut["buildings"] = _first_of(cut["buildings"], "kind", "residential")
    around = box.buffer(150.0).bounds
    return cut | {name: _cut(rasters.raster(area, name), around) for name in rasters.RASTERS}


COARSE: Mapping[str, Mapping[str, Any]] = {
    "radio-coverage": {
        "technologies": ["gsm", "wifi", "lorawan"], "cell_m": 100, "surface_m": 5,
    },
    "site-selection": {"sites": 1, "curve_sites": 1},
}  # fmt: skip
"""Parameters with which the slower pipelines are fast."""


def compute(
    name: str,
    changed: Mapping[str, Any] | None = None,
    params: Mapping[str, Any] | None = None,
    area: Area = ORSHA,
) -> Any:
    """Run a pipeline on the small place; `changed` are other inputs by argument."""
    pipeline = PIPELINES[name]
    given = {argument: place(ORSHA)[layer] for argument, layer in pipeline.INPUTS.items()}
    asked = pipeline.Params(**{**COARSE.get(name, {}), **(params or {})})
    return pipeline.compute(asked, area, **{**given, **(changed or {})}, **pipeline.seeds())


def _first_of(frame: Frame, column: str, value: str) -> Frame:
    """The frame with the rows of a kind before the others: faults meet the first feature."""
    return frame.iloc[np.argsort((frame[column] != value).to_numpy(dtype=bool), kind="stable")]


def _cut(raster: Raster, bounds: tuple[float, ...]) -> Raster:
    a, b, c, d, e, f = raster.transform
    columns = slice(int((bounds[0] - c) // a), int((bounds[2] - c) // a))
    rows = slice(int((bounds[3] - f) // e), int((bounds[1] - f) // e))
    corner = (a, b, c + a * columns.start, d, e, f + e * rows.start)
    return Raster(raster.values[rows, columns], corner, raster.crs, raster.nodata)


# --- Frames ---------------------------------------------------------------------------------------


def _columns(frame: Frame, *kinds: str) -> list[str]:
    """The columns of these kinds of dtype that are no keys."""
    return [
        name
        for name in frame.columns
        if name != frame.geometry.name and name not in KEYS and _kind(frame[name]) in kinds
    ]


def _kind(column: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(column):
        return "flag"
    if pd.api.types.is_numeric_dtype(column):
        return "number"
    return "time" if pd.api.types.is_datetime64_any_dtype(column) else "text"


def _with(frame: Frame, columns: list[str], value: float) -> Frame:
    return frame.assign(**{name: np.full(len(frame), value) for name in columns})


def _unknown(frame: Frame, columns: list[str]) -> Frame:
    """The columns as a table gives them in which nothing is known."""
    open_ = {"int64": "Int64", "bool": "boolean"}
    return frame.assign(
        **{
            name: pd.Series(pd.NA, frame.index, dtype="object").astype(
                open_.get(str(frame[name].dtype), frame[name].dtype)
            )
            if not pd.api.types.is_float_dtype(frame[name])
            else np.nan
            for name in columns
        }
    )


def _first(frame: Frame, shape: Any) -> Frame:
    """The frame with another shape for its first feature."""
    shapes = np.asarray(frame.geometry).copy()
    shapes[0] = shape
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))


def _moved(frame: Frame, change: Callable[[Any], Any]) -> Frame:
    shapes = shapely.transform(np.asarray(frame.geometry), change)
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))


def _first_moved(frame: Frame, change: Callable[[Any], Any]) -> Frame:
    return _first(frame, shapely.transform(frame.geometry.iloc[0], change))


def _second_nan(xy: Any) -> Any:
    broken = xy.copy()
    broken[min(1, len(xy) - 1)] = np.nan
    return broken


def _of_another_kind(frame: Frame) -> Frame:
    shape = frame.geometry.iloc[0]
    point = shapely.point_on_surface(shape)
    return _first(frame, point if shape.geom_type != "Point" else point.buffer(1e-4))


def _apart(frame: Frame) -> Frame:
    """Lines that do not meet any more: each shrunk about its middle, with junctions of its own."""
    shapes = np.asarray(frame.geometry)
    middle = shapely.get_coordinates(shapely.centroid(shapes))
    xy, at = shapely.get_coordinates(shapes, return_index=True)
    shapes = shapely.set_coordinates(shapes.copy(), middle[at] + 0.9 * (xy - middle[at]))
    made = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))
    ends = np.arange(2 * len(made)).reshape(-1, 2)
    if "node_from" not in made:
        return made
    return made.assign(node_from=ends[:, 0], node_to=ends[:, 1])


FRAME_FAULTS: Mapping[str, Callable[[Frame], Any]] = {
    "absent": lambda _: None,
    "empty": lambda f: f.iloc[:0],
    "no_columns": lambda f: f[[f.geometry.name]],
    "no_texts": lambda f: _unknown(f, _columns(f, "text")),
    "no_numbers": lambda f: _unknown(f, _columns(f, "number", "flag", "time")),
    "no_keys": lambda f: _unknown(f, [name for name in f.columns if name in KEYS]),
    "zeros": lambda f: _with(f, _columns(f, "number"), 0.0),
    "negative": lambda f: _with(f, _columns(f, "number"), -5.0),
    "infinite": lambda f: _with(f, _columns(f, "number"), np.inf),
    "no_crs": lambda f: f.set_crs(None, allow_override=True),
    "other_crs": lambda f: f.to_crs(3857),
    "metres_as_degrees": lambda f: f.to_crs(32636).set_crs(4326, allow_override=True),
    "repeated_id": lambda f: pd.concat([f, f.iloc[:1]]),
    "another_kind": _of_another_kind,
    "one_placeless": lambda f: _first(f, None),
    "placeless": lambda f: f.set_geometry(gpd.GeoSeries([None] * len(f), f.index, crs=f.crs)),
    "one_nan": lambda f: _first_moved(f, _second_nan),
    "one_without_size": lambda f: _first_moved(f, lambda xy: xy * 0.0 + xy[:1]),
    "one_at_0_0": lambda f: _first_moved(f, lambda xy: xy - xy[:1]),
    "apart": _apart,
    "far": lambda f: _moved(f, lambda xy: xy + np.array([0.5, 0.0])),
}
"""What can be wrong with a layer; each takes a frame in EPSG:4326."""


# --- Rasters --------------------------------------------------------------------------------------


def _cells(raster: Raster, change: Callable[[Any], Any]) -> Raster:
    return Raster(change(raster.values.copy()), raster.transform, raster.crs, raster.nodata)


def _hole(values: Any) -> Any:
    rows, columns = values.shape
    values[rows // 3 : rows // 2, columns // 3 : columns // 2] = np.nan
    return values


RASTER_FAULTS: Mapping[str, Callable[[Raster], Any]] = {
    "absent": lambda _: None,
    "no_crs": lambda r: Raster(r.values, r.transform, "", r.nodata),
    "other_crs": lambda r: Raster(r.values, r.transform, "EPSG:32635", r.nodata),
    "degrees": lambda r: Raster(r.values, r.transform, "EPSG:4326", r.nodata),
    "void": lambda r: _cells(r, lambda v: np.full_like(v, np.nan)),
    "hole": lambda r: _cells(r, _hole),
    "infinite": lambda r: _cells(r, lambda v: np.full_like(v, np.inf)),
    "strange": lambda r: _cells(r, lambda v: np.full_like(v, -9_999.0)),
    "one_cell": lambda r: _cells(r, lambda v: v[:1, :1]),
    "no_cells": lambda r: _cells(r, lambda v: v[:0, :0]),
    "away": lambda r: Raster(
        r.values, (*r.transform[:2], r.transform[2] + 30_000.0, *r.transform[3:]), r.crs, r.nodata
    ),
}
"""What can be wrong with a raster."""
