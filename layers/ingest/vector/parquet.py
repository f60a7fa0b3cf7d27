"""The geometry of a Parquet file: of GeoParquet or GeoArrow, as WKB or as coordinates."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from shapely.errors import ShapelyError

from layers.errors import RefusedLoad
from layers.message import message

ENCODINGS = (
    "wkb", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon",
)  # fmt: skip
"""Those of GeoParquet 1.1, of GeoArrow 0.2 without boxes, unions and text."""
_NAME, _METADATA = b"ARROW:extension:name", b"ARROW:extension:metadata"
_GEOARROW = "geoarrow."


@dataclass(frozen=True)
class Geometry:
    """The column that holds the shapes, one of ENCODINGS, and their CRS (None: it is not said)."""

    column: str
    encoding: str
    crs: str | None


def geometry(file: Path) -> Geometry | None:
    """Return where the shapes of a file are, None when it has none; raises RefusedLoad."""
    # That of the schema lacks it where the writer kept a schema of Arrow beside it.
    told = (pq.read_metadata(file).metadata or {}).get(b"geo")
    found = _geoparquet(json.loads(told)) if told else _geoarrow(pq.read_schema(file))
    if found and found.encoding not in ENCODINGS:
        raise RefusedLoad(message("file.not_wkb", file=file.name, encoding=found.encoding))
    return found


def wkb(column: pa.Array, encoding: str) -> np.ndarray:
    """Return shapes (n) as WKB, None where there is none, empty for coordinates that make none."""
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    if encoding == "wkb":
        return np.array(column.to_pylist(), dtype=object)
    try:
        return _from_coordinates(column, encoding)
    except (ShapelyError, ValueError):
        if len(column) == 1:
            return np.array([b""], dtype=object)
        each = [wkb(column.slice(i, 1), encoding) for i in range(len(column))]
        return np.concatenate(each)


def _from_coordinates(column: pa.Array, encoding: str) -> np.ndarray:
    # A part of a longer array would bring all its coordinates.
    part = whole = column.take(pa.array(np.arange(len(column))))
    offsets: list[np.ndarray] = []
    while pa.types.is_list(part.type) or pa.types.is_large_list(part.type):
        offsets.insert(0, part.offsets.to_numpy())
        part = part.values
    kind = shapely.GeometryType[encoding.upper()]
    shapes = shapely.from_ragged_array(kind, _coordinates(part), tuple(offsets) or None)
    made = np.asarray(shapely.to_wkb(shapes), dtype=object)
    made[whole.is_null().to_numpy(zero_copy_only=False)] = None
    return made


def _coordinates(column: pa.Array) -> np.ndarray:
    """Return coordinates (n, 2 or 3), which GeoArrow has one after another or each by itself."""
    if isinstance(column, pa.FixedSizeListArray):
        size = column.type.list_size
        return np.asarray(column.values.to_numpy(zero_copy_only=False).reshape(-1, size)[:, :3])
    names = [field.name for field in column.type if field.name in ("x", "y", "z")]
    return np.column_stack([column.field(n).to_numpy(zero_copy_only=False) for n in names])


def _geoparquet(meta: dict[str, Any]) -> Geometry:
    name = meta["primary_column"]
    column = meta["columns"][name]
    # GeoParquet 1.1: absent means CRS84, null unknown.
    crs = column.get("crs", "OGC:CRS84")
    return Geometry(name, str(column.get("encoding")).lower(), _text(crs))


def _geoarrow(schema: pa.Schema) -> Geometry | None:
    for field in schema:
        metadata = field.metadata or {}
        kind = metadata.get(_NAME, b"").decode()
        if kind.startswith(_GEOARROW):
            crs = json.loads(metadata.get(_METADATA) or b"{}").get("crs")
            return Geometry(field.name, kind.removeprefix(_GEOARROW), _text(crs))
    return None


def _text(crs: Any) -> str | None:
    return json.dumps(crs) if isinstance(crs, dict) else crs
