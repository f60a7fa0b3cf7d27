"""What is wrong with a sample.geojson: its features must be what the layer publishes."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator
from typing import Any

from layers.document import Document, Fault, Key
from layers.model import AREA_STRIDE, Field, FieldType, Layer

BELARUS = (23.0, 51.0, 33.0, 57.0)
"""West, south, east, north in degrees (CRS84): what national and demonstration data lie in."""

WORLD = (-180.0, -90.0, 180.0, 90.0)

# How deep the positions lie: a Point's coordinates are one position.
_DEPTHS = {
    "Point": 0,
    "MultiPoint": 1,
    "LineString": 1,
    "MultiLineString": 2,
    "Polygon": 2,
    "MultiPolygon": 3,
}

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def sample_faults(document: Document, layer: Layer, *, null_geometry: bool) -> list[Fault]:
    """Return what does not fit between a sample.geojson (lon/lat) and its layer."""
    value = document.value
    if not isinstance(value, dict) or value.get("type") != "FeatureCollection":
        return [document.fault('must be an object of "type": "FeatureCollection"')]
    faults = [
        document.fault("is not a member of a sample", key)
        for key in value
        if key not in ("type", "features", "bbox")
    ]
    features = value.get("features")
    if not isinstance(features, list) or not 1 <= len(features) <= 5:
        return [*faults, document.fault("must be a list of 1 to 5 features", "features")]
    seen: set[int] = set()
    for number, feature in enumerate(features):
        at: tuple[Key, ...] = ("features", number)
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            faults.append(document.fault('must be an object of "type": "Feature"', *at))
            continue
        faults += _id_faults(document, layer, feature.get("id"), seen, at)
        faults += _property_faults(document, layer, feature.get("properties"), at)
        geometry = feature.get("geometry")
        if geometry is not None or not null_geometry:
            faults += _geometry_faults(document, layer, geometry, at)
    return faults


def _id_faults(
    document: Document, layer: Layer, value: Any, seen: set[int], at: tuple[Key, ...]
) -> Iterator[Fault]:
    if type(value) is not int:
        yield document.fault("must be a whole number", *at, "id")
        return
    if value in seen:
        yield document.fault(f"{value} is used twice", *at, "id")
    seen.add(value)
    # The country has number 0, so ids of national layers lie below the first area's.
    national = 1 <= value < AREA_STRIDE
    if value < 1 or national != (layer.scope == "national"):
        wanted = f"1 to {AREA_STRIDE - 1}" if layer.scope == "national" else f"above {AREA_STRIDE}"
        yield document.fault(f"{value} is not an id of a {layer.scope} layer ({wanted})", *at, "id")


def _property_faults(
    document: Document, layer: Layer, properties: Any, at: tuple[Key, ...]
) -> Iterator[Fault]:
    at = (*at, "properties")
    if not isinstance(properties, dict):
        yield document.fault("must be an object", *at)
        return
    for name, value in properties.items():
        field = layer.field(name)
        if field is None:
            yield document.fault("is not a field of the layer", *at, name)
        elif problem := value_problem(field, value):
            yield document.fault(problem, *at, name)
    for field in layer.published_fields:
        if field.name not in properties:
            yield document.fault(f"the field {field.name} is missing (null if unknown)", *at)


def value_problem(field: Field, value: Any) -> str | None:
    """Return why a JSON value does not fit a field, or None."""
    if value is None:
        return "is required, so it must not be null" if field.required else None
    if field.is_array:
        if not isinstance(value, list):
            return f"{value!r} is not of type {field.type}"
        problems = (_single_problem(field, item) for item in value)
        return next((problem for problem in problems if problem), None)
    return _single_problem(field, value)


def _single_problem(field: Field, value: Any) -> str | None:
    """Return why a value, or an item of an array, does not fit."""
    if not _has_type(field.item_type, value):
        return f"{value!r} is not of type {field.item_type}"
    if field.codes and value not in {code.value for code in field.codes}:
        return f"{value!r} is not among the codes of the field"
    if field.minimum is not None and value < field.minimum:
        return f"{value} is below the minimum {field.minimum:g}"
    if field.maximum is not None and value > field.maximum:
        return f"{value} is above the maximum {field.maximum:g}"
    return None


def _has_type(kind: FieldType, value: Any) -> bool:
    # type() and not isinstance(): in Python a bool is an int.
    if kind == "number":
        return type(value) in (int, float) and math.isfinite(value)
    if kind in ("boolean", "integer"):
        return type(value) is (bool if kind == "boolean" else int)
    if not isinstance(value, str):
        return False
    return kind == "string" or _is_time(value, kind)


def _is_time(value: str, kind: str) -> bool:
    try:
        if kind == "date":
            return dt.date.fromisoformat(value).isoformat() == value
        dt.datetime.fromisoformat(value)
    except ValueError:
        return False
    return _INSTANT.fullmatch(value) is not None


def _geometry_faults(
    document: Document, layer: Layer, geometry: Any, at: tuple[Key, ...]
) -> Iterator[Fault]:
    at = (*at, "geometry")
    if not isinstance(geometry, dict):
        yield document.fault("must be an object; the table allows no empty geometry", *at)
        return
    kind = geometry.get("type")
    if kind not in _DEPTHS or layer.geometry not in (kind, "Geometry"):
        yield document.fault(f"must be a {layer.geometry}, not {kind!r}", *at, "type")
        return
    at = (*at, "coordinates")
    near_home = layer.scope == "national" or layer.status == "demonstration"
    bounds = BELARUS if near_home else WORLD
    if problem := _coordinate_problem(geometry.get("coordinates"), _DEPTHS[kind], bounds):
        yield document.fault(problem, *at)
    elif kind in ("Polygon", "MultiPolygon"):
        polygons = geometry["coordinates"] if kind == "MultiPolygon" else [geometry["coordinates"]]
        for ring in (ring for polygon in polygons for ring in polygon):
            if len(ring) < 4 or ring[0] != ring[-1]:
                yield document.fault("a ring needs 4 positions, the last like the first", *at)
                return


def _coordinate_problem(
    value: Any, depth: int, bounds: tuple[float, float, float, float]
) -> str | None:
    if depth > 0:
        if not isinstance(value, list) or not value:
            return "must be a list of coordinates of the right depth"
        problems = (_coordinate_problem(item, depth - 1, bounds) for item in value)
        return next((problem for problem in problems if problem), None)
    if not isinstance(value, list) or len(value) != 2:
        return f"{value!r} is not a position [lon, lat]"
    if not all(type(number) in (int, float) and math.isfinite(number) for number in value):
        return f"{value!r} is not a position of two numbers"
    west, south, east, north = bounds
    if not (west <= value[0] <= east and south <= value[1] <= north):
        return f"{value} is not in lon {west:g}..{east:g}, lat {south:g}..{north:g} (lon first)"
    return None
