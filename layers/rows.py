"""Rows of a frame as the text that COPY reads; what does not fit the layer becomes a fault."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from numbers import Integral, Real
from typing import NamedTuple, TypeGuard

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from pandas.api.types import infer_dtype

from layers.errors import RefusedLoad
from layers.faults import Faults
from layers.message import Message, Unreadable, message, why
from layers.model import STANDARD_FIELDS, Area, Field, FieldType, Layer, Origin
from layers.row_texts import TEXT, Sums, Texts, copy_lines, extended, sums

CHUNK = 10_000
"""Rows turned into text at a time: bounds the memory whatever the size of a frame."""

_UNUSUAL = re.compile("[\0\ud800-\udfff]")
_BIGINT = 2**63

_TYPE_IDS = {
    "Point": 0, "LineString": 1, "Polygon": 3, "MultiPoint": 4, "MultiLineString": 5,
    "MultiPolygon": 6,
}  # fmt: skip
_WKB_TYPES = {0: 1, 1: 2, 3: 3, 4: 4, 5: 5, 6: 6}
"""Types of WKB by those of shapely."""

_PROMOTED: dict[str, tuple[str, Callable[..., object]]] = {
    "MultiPoint": ("Point", shapely.multipoints),
    "MultiLineString": ("LineString", shapely.multilinestrings),
    "MultiPolygon": ("Polygon", shapely.multipolygons),
}


type Values = pa.Array | np.ndarray
"""A column: of Arrow, or of objects, None where there is none."""


class Chunk(NamedTuple):
    """Some rows: ids (n), the text that COPY reads (UTF-8), and what it says.

    `prints` (n) are equal for equal shapes; `bounds` (n, 4) in degrees, no numbers where there is
    no shape; `sums` those of the rows, None when only PostgreSQL knows how it writes a value.
    """

    ids: np.ndarray
    text: bytes
    prints: np.ndarray
    bounds: np.ndarray
    sums: Sums | None


class Rows(NamedTuple):
    """Rows in EPSG:4326 of which all else has the layer's form: ids (n), values of fields, shapes.

    `wkb` (n) is given where the shapes are known to be finite, not empty, and of the layer's type
    or its single one: their WKB, all of it in one byte order, or None where it is still to be made.
    """

    ids: np.ndarray
    columns: Mapping[str, Values | pd.Series]
    shapes: np.ndarray
    wkb: np.ndarray | None = None


def columns(layer: Layer) -> tuple[str, ...]:
    """Return the columns that `text` writes, in its order."""
    return ("id", *(f.name for f in _stored(layer)), "geom")


def text(
    frame: gpd.GeoDataFrame | Rows, layer: Layer, *, area: Area, origin: Origin, faults: Faults
) -> Iterator[Chunk]:
    """Yield the rows of a frame in EPSG:4326 as COPY text, some at a time.

    Single geometries are promoted to the layer's Multi type, Z is dropped, the standard columns get
    their defaults from area and origin. A value that cannot be stored is written as null and
    recorded in `faults`. Raises RefusedLoad when the frame as a whole does not have the form.
    """
    defaults = {"area": area.id, "soato": area.soato or None, "status": origin.status}
    for rows in _parts(frame, layer):
        cells = {"id": Texts(pa.array(rows.ids).cast(TEXT), plain=True)}
        for field in _stored(layer):
            if field.name in rows.columns:
                cells[field.name] = _cells(rows.columns[field.name], field, rows.ids, faults)
            else:
                default = pa.scalar(defaults.get(field.name), TEXT)
                cells[field.name] = Texts(pa.repeat(default, len(rows.ids)))
        yield _chunk(rows.ids, cells, *_shaped(rows, layer, faults))


def _parts(frame: gpd.GeoDataFrame | Rows, layer: Layer) -> Iterator[Rows]:
    if isinstance(frame, Rows):
        yield frame
        return
    _require_form(frame, layer)
    for start in range(0, len(frame), CHUNK):
        part = frame.iloc[start : start + CHUNK]
        shapes = np.array(part.geometry.to_numpy(), dtype=object)
        columns = {f.name: part[f.name] for f in _stored(layer) if f.name in part.columns}
        yield Rows(part.index.to_numpy(dtype=np.int64), columns, shapes)


def _shaped(rows: Rows, layer: Layer, faults: Faults) -> tuple[np.ndarray, np.ndarray]:
    """Return the WKB of rows whose shapes are of the layer's type only, and their bounds."""
    shapes, wkb, bounds = rows.shapes, rows.wkb, shapely.bounds(rows.shapes)
    if wkb is None or (np.abs(bounds) > (180, 90, 180, 90)).any():
        shapes, wkb = shapes.copy(), np.full(len(shapes), None, dtype=object)
        for reason, bad in _faulty(shapes, layer):
            faults.add(reason, rows.ids[bad].tolist())
            shapes[bad] = None
            bounds[bad] = np.nan
    kind = _TYPE_IDS.get(layer.geometry)
    head = b"\1" + (0 if kind is None else _WKB_TYPES[kind]).to_bytes(4, "little")
    other = np.array([w is None or not w.startswith(head) for w in wkb], dtype=bool)
    if other.any():
        wkb = wkb.copy()
        made = _promote(shapes[other], layer)
        wkb[other] = shapely.to_wkb(made, output_dimension=2, byte_order=1)
    return wkb, bounds


def _chunk(ids: np.ndarray, cells: dict[str, Texts], wkb: np.ndarray, bounds: np.ndarray) -> Chunk:
    cells["geom"] = Texts(extended(wkb), plain=True)
    prints = np.fromiter(map(hash, wkb), np.int64, len(ids))
    return Chunk(ids, copy_lines(cells.values()), prints, bounds, sums(cells))


def _stored(layer: Layer) -> tuple[Field, ...]:
    own = layer.published_fields
    return own if layer.scope != "national" else (STANDARD_FIELDS[0], *own)


def _require_form(frame: gpd.GeoDataFrame, layer: Layer) -> None:
    if not isinstance(frame, gpd.GeoDataFrame) or frame.active_geometry_name is None:
        raise RefusedLoad(f"{layer.id}: the rows are not a GeoDataFrame with a geometry column")
    if frame.crs is None or not frame.crs.equals("EPSG:4326", ignore_axis_order=True):
        name = "no CRS" if frame.crs is None else f"the CRS {frame.crs.to_string()}"
        raise RefusedLoad(f"{layer.id}: the rows have {name}; transform them to EPSG:4326 first")
    if not pd.api.types.is_integer_dtype(frame.index.dtype):
        raise RefusedLoad(f"{layer.id}: the index of the rows must be the integer feature id")
    known = {f.name for f in _stored(layer)} | {frame.active_geometry_name}
    unknown = [str(c) for c in frame.columns if c not in known]
    if unknown:
        raise RefusedLoad(
            f"{layer.id} has no field {', '.join(unknown)};"
            f" its fields are {', '.join(sorted(known - {frame.active_geometry_name}))}"
        )


def _cells(given: Values | pd.Series, field: Field, ids: np.ndarray, faults: Faults) -> Texts:
    plain = _plain_cells(given, field.type)
    if plain is not None:
        return plain
    values = pd.Series(given.to_pylist() if isinstance(given, pa.Array) else given, dtype=object)
    convert = _CONVERT[field.type]
    missing = values.isna().to_numpy()
    bad: dict[Message, list[int]] = {}
    cells: list[str | None] = []
    for i, value, null in zip(ids.tolist(), values.tolist(), missing, strict=True):
        if null:
            cells.append(None)
            continue
        try:
            cells.append(convert(value))
        except ValueError as error:
            bad.setdefault(why(error), []).append(i)
            cells.append(None)
    for reason, found in bad.items():
        faults.add(message("row.value", field=field.name, why=reason), found)
    return Texts(pa.array(cells, TEXT), written=field.type in _WRITTEN or bool(missing.all()))


def _plain_cells(values: Values | pd.Series, kind: FieldType) -> Texts | None:
    """Return the cells of a column whose values are all as they should be; None when not so."""
    try:
        found = values if isinstance(values, pa.Array) else _arrow(values, kind)
        if isinstance(found, pa.ChunkedArray):
            found = found.combine_chunks()
        if found is None or not _PLAIN[kind](found):
            return None
        return Texts(found.cast(TEXT), kind != "number" or _alike(found), plain=kind != "string")
    except (KeyError, ValueError, TypeError, OverflowError):  # of several types, or no such kind
        return None


def _arrow(values: np.ndarray | pd.Series, kind: FieldType) -> pa.Array | None:
    if values.dtype == object and infer_dtype(values, skipna=True) != _NAMED.get(kind):
        return None  # Arrow would take a truth value for a number
    return pa.array(values, from_pandas=True)


def _plain_string(found: pa.Array) -> bool:
    known = pa.types.is_string(found.type) or pa.types.is_large_string(found.type)
    return known and not pc.any(pc.match_substring(found, "\0")).as_py()


def _plain_integer(found: pa.Array) -> bool:
    return bool(pa.types.is_signed_integer(found.type))


def _plain_number(found: pa.Array) -> bool:
    return bool(pa.types.is_floating(found.type) and pc.all(pc.is_finite(found)).as_py())


def _alike(found: pa.Array) -> bool:
    """Tell whether Arrow and PostgreSQL write numbers alike: without exponents."""
    if found.type != pa.float64():
        return False
    size = pc.abs(found)
    near = pc.or_(pc.equal(size, 0), pc.and_(pc.less_equal(1e-4, size), pc.less(size, 1e10)))
    return bool(pc.all(near).as_py())


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise Unreadable("value.not_text")
    unusual = _UNUSUAL.search(value)
    if unusual is not None:
        raise Unreadable("value.nul" if "\0" in value else "value.not_unicode")
    return value


def _is_number(value: object) -> TypeGuard[float]:
    if type(value) in (int, float):  # nearly always, and much faster than asking for an ABC
        return True
    return isinstance(value, Real) and not isinstance(value, (bool, np.bool_))


def _integer(value: object) -> str:
    if not _is_number(value):
        raise Unreadable("value.not_whole")
    if type(value) is not int and not (isinstance(value, Integral) or float(value).is_integer()):
        raise Unreadable("value.not_whole")
    number = int(value)
    if not -_BIGINT <= number < _BIGINT:
        raise Unreadable("value.too_large")
    return str(number)


def _number(value: object) -> str:
    if not _is_number(value):
        raise Unreadable("value.not_number")
    number = float(value)
    if not math.isfinite(number):
        raise Unreadable("value.infinite")
    return repr(number)


def _array(item: Callable[[object], str]) -> Callable[[object], str]:
    """Arrays of items as PostgreSQL's text has them."""

    def convert(value: object) -> str:
        if not isinstance(value, (list, tuple, np.ndarray)):
            raise Unreadable("value.not_list")
        items = value.tolist() if isinstance(value, np.ndarray) else value
        return f"{{{','.join(map(item, items))}}}"

    return convert


def _quoted(value: object) -> str:
    _string(value)  # it refuses what is no text
    text = str(value)
    return '"' + text.replace("\\", r"\\").replace('"', r"\"") + '"'


def _boolean(value: object) -> str:
    if not isinstance(value, (bool, np.bool_)):
        raise Unreadable("value.not_true_or_false")
    return "t" if value else "f"


def _date(value: object) -> str:
    if isinstance(value, datetime):
        if value.tzinfo is not None or value.time() != datetime.min.time():
            raise Unreadable("value.time_not_date")
        value = value.date()
    if not isinstance(value, date):
        raise Unreadable("value.not_date")
    return value.isoformat()


def _datetime(value: object) -> str:
    if not isinstance(value, datetime):
        raise Unreadable("value.not_time")
    if value.tzinfo is None:
        raise Unreadable("value.no_zone")
    return value.isoformat()


_NAMED = {"string": "string", "integer": "integer", "number": "floating"}
"""What pandas calls a column of values of one type, by the type of the field."""

_PLAIN: dict[FieldType, Callable[[pa.Array], bool]] = {
    "string": _plain_string,
    "integer": _plain_integer,
    "number": _plain_number,
}
"""Whether a column of Arrow needs no second look at its values, by the type of the field."""

_WRITTEN = ("string", "integer", "boolean", "date")
"""Types of fields whose values we write as PostgreSQL does, one by one as well."""

_CONVERT: dict[FieldType, Callable[[object], str]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "string_array": _array(_quoted),
    "integer_array": _array(_integer),
    "number_array": _array(_number),
}


def _faulty(shapes: np.ndarray, layer: Layer) -> Iterator[tuple[Message, np.ndarray]]:
    """Yield each reason with a mask of the geometries PostGIS must not see."""
    present = ~shapely.is_missing(shapes)
    if layer.geometry != "Geometry":
        kinds = {layer.geometry, _PROMOTED.get(layer.geometry, (layer.geometry,))[0]}
        allowed = [_TYPE_IDS[k] for k in kinds]
        wrong = present & ~np.isin(shapely.get_type_id(shapes), allowed)
        wanted = message(f"shape.{layer.geometry.lower()}")
        yield message("geometry.not_type", wanted=wanted), wrong
        present &= ~wrong
    empty = present & shapely.is_empty(shapes)
    yield message("geometry.empty"), empty
    coordinates = shapely.get_coordinates(shapes)
    if (np.abs(coordinates) <= (180, 90)).all():  # so for nearly every part, and no infinite one
        return
    coordinates, owner = shapely.get_coordinates(shapes, return_index=True)
    infinite = _flag(owner[~np.isfinite(coordinates).all(axis=1)], len(shapes)) & present
    yield message("geometry.not_finite"), infinite
    outside = (np.abs(coordinates) > (180, 90)).any(axis=1)
    yield (
        message("geometry.not_degrees"),
        _flag(owner[outside], len(shapes)) & present & ~infinite,
    )


def _flag(positions: np.ndarray, size: int) -> np.ndarray:
    mask = np.zeros(size, dtype=bool)
    mask[positions] = True
    return mask


def _promote(shapes: np.ndarray, layer: Layer) -> np.ndarray:
    if layer.geometry not in _PROMOTED:
        return shapes
    single, make = _PROMOTED[layer.geometry]
    singles = np.flatnonzero(shapely.get_type_id(shapes) == _TYPE_IDS[single])
    if len(singles):
        shapes[singles] = make(shapes[singles], indices=np.arange(len(singles)))
    return shapes
