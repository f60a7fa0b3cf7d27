"""A feature that somebody sent, held against its layer: every fault with its JSON pointer."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from layers.errors import RefusedFeature
from layers.keyset import Value
from layers.model import STORED_SRID, Field, Layer
from layers.query import Crs

MEMBERS = ("type", "id", "bbox", "links", "geometry", "properties")
"""Members of a feature; more would be lost without a word, so they are refused."""
LONGEST = 1000
"""Characters of a text: an index cannot hold values of any length."""
MOST_ITEMS = 100
"""Items of an array."""
NESTED = 4
"""Depth of collections in a collection."""
DEEPEST = 20
"""Objects in objects of a patch."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
_BIGINT = 2**63
_SINGLE = {"MultiPoint": "Point", "MultiLineString": "LineString", "MultiPolygon": "Polygon"}
# How deep the positions of a geometry are nested, and the fewest in the innermost list.
_FORMS = {
    "Point": (0, 1), "MultiPoint": (1, 1), "LineString": (1, 2), "MultiLineString": (2, 2),
    "Polygon": (2, 4), "MultiPolygon": (3, 4),
}  # fmt: skip

Fault = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Submission:
    """A feature as it will be stored: every field of the layer, and the geometry as GeoJSON text.

    The coordinates are in the CRS of the request but east (or longitude) first and without height;
    None = no geometry. The standard fields are None where nothing was sent.
    """

    values: Mapping[str, Value]
    shape: str | None


def read(layer: Layer, feature: Any, crs: Crs, *, whole: bool = True) -> Submission:
    """Return what a GeoJSON feature says; coordinates in the axis order of `crs`.

    What is not sent is null; with `whole` false it is left out, as for a change of some fields.
    Raises RefusedFeature with every fault found.
    """
    faults = _outside(feature)
    if faults:
        raise RefusedFeature(*faults)
    values: dict[str, Value] = {}
    properties = feature.get("properties") or {}
    fields = {f.name: f for f in layer.published_fields}
    for name in properties:
        if name not in fields:
            faults.append((f"/properties/{_escaped(name)}", "no property of this collection"))
    for name, field in fields.items():
        if not whole and name not in properties:
            continue
        try:
            values[name] = value_of(field, properties.get(name))
        except ValueError as error:
            faults.append((f"/properties/{name}", str(error)))
    shape = None
    try:
        shape = shape_of(layer, feature.get("geometry"), crs)
    except _Misshapen as error:
        faults.append((f"/geometry{error.pointer}", error.reason))
    if faults:
        raise RefusedFeature(*faults)
    return Submission(values, shape)


def merge(target: Any, patch: Any, depth: int = 0) -> Any:
    """Return the target with a JSON merge patch applied; method: RFC 7396, section 2.

    Raises RefusedFeature for a patch nested deeper than any feature is.
    """
    if depth > DEEPEST:
        raise RefusedFeature(("", f"the patch is nested deeper than {DEEPEST} levels"))
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), value, depth + 1)
    return merged


def as_feature_patch(layer: Layer, patch: Any) -> dict[str, Any]:
    """Return a merge patch of the GeoJSON feature.

    Part 4 patches the document that the collection's schema describes, where properties stand
    beside the geometry; a patch with the member `properties` (or of type Feature) is one of the
    GeoJSON feature. Raises RefusedFeature.
    """
    if not isinstance(patch, dict):
        raise RefusedFeature(("", "the patch must be an object"))
    own = layer.field("properties") is not None
    if patch.get("type") == "Feature" or ("properties" in patch and not own):
        return patch
    outside = ("id", "geometry")
    properties = {name: value for name, value in patch.items() if name not in outside}
    feature: dict[str, Any] = {name: patch[name] for name in outside if name in patch}
    return feature | ({"properties": properties} if properties else {})


def value_of(field: Field, value: Any) -> Value:
    """Return a JSON value as the field stores it; raises ValueError saying what is wrong.

    A field that the layer fills itself (`area`, `status`) may be absent.
    """
    if value is None:
        if field.required and field.name not in ("area", "status"):
            raise ValueError("required")
        return None
    if not field.is_array:
        single: Value = _single(field, value)
        return single
    if not isinstance(value, list):
        raise ValueError("not a list")
    if len(value) > MOST_ITEMS:
        raise ValueError(f"more than {MOST_ITEMS} items")
    return [_item(field, item, n) for n, item in enumerate(value)]


def _item(field: Field, value: Any, n: int) -> Any:
    try:
        return _single(field, value)
    except ValueError as error:
        raise ValueError(f"item {n}: {error}") from None


def _single(field: Field, value: Any) -> Any:
    """Return the value of a field, or an item of its array."""
    typed = _TYPED[field.item_type](value)
    codes = [code.value for code in field.codes]
    if codes and typed not in codes:
        raise ValueError(f"not one of {', '.join(codes)}")
    if field.minimum is not None and typed < field.minimum:
        raise ValueError(f"below {field.minimum:g}")
    if field.maximum is not None and typed > field.maximum:
        raise ValueError(f"above {field.maximum:g}")
    return typed


def _outside(feature: Any) -> list[Fault]:
    """Return the faults of everything but the values."""
    if not isinstance(feature, dict):
        return [("", "a GeoJSON Feature is an object")]
    if feature.get("type") != "Feature":
        return [("/type", "must be Feature: one feature in a request")]
    faults = [
        (f"/{_escaped(name)}", f"unknown member; a feature has {', '.join(MEMBERS)}")
        for name in feature
        if name not in MEMBERS
    ]
    if not isinstance(feature.get("properties"), dict | None):
        faults.append(("/properties", "must be an object or null"))
    if not isinstance(feature.get("geometry"), dict | None):
        faults.append(("/geometry", "must be a GeoJSON geometry or null"))
    return faults


def _escaped(name: str) -> str:
    return name[:80].replace("~", "~0").replace("/", "~1")


def _string(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("not a text")
    if "\0" in value:
        raise ValueError("has a NUL character")
    if len(value) > LONGEST:
        raise ValueError(f"longer than {LONGEST} characters")
    return value


def _integer(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float) or value % 1 != 0:
        raise ValueError("not a whole number")
    if not -_BIGINT <= value < _BIGINT:
        raise ValueError("too large")
    return int(value)


def _number(value: Any) -> Any:
    if not _is_finite(value):
        raise ValueError("not a finite number")
    return float(value)


def _boolean(value: Any) -> Any:
    if not isinstance(value, bool):
        raise ValueError("not true or false")
    return value


def _date(value: Any) -> Any:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise ValueError("not a date YYYY-MM-DD")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("no day of the calendar") from None


def _datetime(value: Any) -> Any:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise ValueError("not a time with its zone, as 2026-10-01T12:00:00Z")
    try:
        moment = datetime.fromisoformat(value.upper())
        moment.utctimetuple()
    except (ValueError, OverflowError):
        raise ValueError("no moment of the calendar") from None
    return moment


_TYPED = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
}


def _is_finite(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 1e308 and math.isfinite(value)


class _Misshapen(Exception):
    """A geometry has a fault; `pointer` leads to it from the geometry."""

    def __init__(self, pointer: str, reason: str) -> None:
        super().__init__(reason)
        self.pointer, self.reason = pointer, reason


def shape_of(layer: Layer, geometry: Any, crs: Crs) -> str | None:
    """Return a GeoJSON geometry as text, east first and flat; the database judges its validity.

    Raises an exception with pointer and reason when it is not of the layer's type, a number is not
    finite, or a degree is out of range.
    """
    if geometry is None:
        return None
    kinds = [layer.geometry, _SINGLE.get(layer.geometry, layer.geometry)]
    if layer.geometry != "Geometry" and geometry.get("type") not in kinds:
        raise _Misshapen("/type", f"must be {' or '.join(sorted(set(kinds)))}")
    return json.dumps(_geometry(geometry, "", crs, NESTED))


def _geometry(geometry: Any, pointer: str, crs: Crs, depth: int) -> dict[str, Any]:
    if not isinstance(geometry, dict):
        raise _Misshapen(pointer, "must be a GeoJSON geometry")
    kind = geometry.get("type")
    if kind == "GeometryCollection" and depth:
        parts = geometry.get("geometries")
        if not isinstance(parts, list) or not parts:
            raise _Misshapen(f"{pointer}/geometries", "must be a list of geometries")
        found = [
            _geometry(part, f"{pointer}/geometries/{i}", crs, depth - 1)
            for i, part in enumerate(parts)
        ]
        return {"type": kind, "geometries": found}
    if not isinstance(kind, str) or kind not in _FORMS:
        raise _Misshapen(f"{pointer}/type", f"must be one of {', '.join(_FORMS)}")
    levels, least = _FORMS[kind]
    place = f"{pointer}/coordinates"
    coordinates = _nested(geometry.get("coordinates"), place, crs, levels, least)
    return {"type": kind, "coordinates": coordinates}


def _nested(value: Any, pointer: str, crs: Crs, levels: int, least: int) -> list[Any]:
    if levels == 0:
        return _position(value, pointer, crs)
    if not isinstance(value, list) or not value:
        raise _Misshapen(pointer, "must be a list that is not empty")
    if levels == 1 and len(value) < least:
        raise _Misshapen(pointer, f"needs at least {least} positions")
    found = [
        _nested(part, f"{pointer}/{i}", crs, levels - 1, least) for i, part in enumerate(value)
    ]
    if levels == 1 and least == _FORMS["Polygon"][1] and found[0] != found[-1]:
        raise _Misshapen(pointer, "a ring must end where it begins")
    return found


def _position(value: Any, pointer: str, crs: Crs) -> list[float]:
    if not isinstance(value, list) or not 2 <= len(value) <= 4:
        raise _Misshapen(pointer, "must be a position of two numbers")
    if not all(_is_finite(part) for part in value):
        raise _Misshapen(pointer, "a coordinate is not a finite number")
    x, y = value[1::-1] if crs.flip else value[:2]
    if crs.srid == STORED_SRID and (abs(x) > 180 or abs(y) > 90):
        order = "latitude, longitude" if crs.flip else "longitude, latitude"
        raise _Misshapen(pointer, f"not {order} in degrees")
    return [x, y]
