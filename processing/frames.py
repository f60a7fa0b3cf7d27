"""Frames of results: do they fit their layer, what is their checksum, what is their GeoJSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.message import message
from layers.model import AREA_STRIDE, Area, Field, Layer
from processing.checks import first_ids, require_geometry, require_rows, require_unique_index
from processing.crs import to_metric
from processing.errors import RunFailed


def placed(
    frame: gpd.GeoDataFrame, area: Area, kinds: tuple[str, ...], *, name: str, needed: bool = True
) -> gpd.GeoDataFrame:
    """Return the rows that have a geometry, by id, in the area's metric CRS.

    Raises RepeatedId, BadGeometry for another type than `kinds`, NotProjected, and EmptyInput when
    there is none and one is needed.
    """
    require_unique_index(frame, name=name)
    require_geometry(frame, kinds, name=name)
    there = frame[~(frame.geometry.isna() | frame.geometry.is_empty)].sort_index()
    if needed:
        what = message("input.in_area", layer=name, area=area.id)
        require_rows(there, name=what, remedy=message("input.load_layer"))
    return to_metric(there, area, name=name)


def require_fit(frame: gpd.GeoDataFrame, layer: Layer, area: Area) -> None:
    """Raise RunFailed when the frame lacks the fields, codes, ranges or ids of its layer."""
    wanted = {field.name for field in layer.fields}
    given = set(frame.columns) - {frame.geometry.name}
    if wanted != given:
        differ = ", ".join(sorted(wanted ^ given))
        raise RunFailed(f"{layer.id}: the result and the layer differ in the fields {differ}")
    first, last = area.feature_id(1), area.feature_id(AREA_STRIDE - 1)
    if not frame.index.is_unique or not frame.index.to_series().between(first, last).all():
        raise RunFailed(f"{layer.id}: the ids must be unique and lie in {first} to {last}")
    for field in layer.fields:
        bad = _misfits(frame[field.name], field)
        if bad.any():
            raise RunFailed(
                f"{layer.id}.{field.name}: ids {first_ids(frame.index[bad])} do not fit"
            )


def _misfits(values: pd.Series[Any], field: Field) -> np.ndarray[Any, Any]:
    missing = values.isna().to_numpy()
    bad = missing.copy() if field.required else np.zeros(len(values), dtype=bool)
    known = ~missing
    if field.is_array:
        bad |= _of_items(values[known], field, known)
        return bad
    if field.codes:
        bad |= known & ~values.isin([code.value for code in field.codes]).to_numpy()
    if field.type in ("integer", "number"):
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        bad |= known & ~np.isfinite(numbers)
        if field.minimum is not None:
            bad |= known & (numbers < field.minimum)
        if field.maximum is not None:
            bad |= known & (numbers > field.maximum)
    return bad


def _of_items(
    arrays: pd.Series[Any], field: Field, known: np.ndarray[Any, Any]
) -> np.ndarray[Any, Any]:
    """Tell of each of the `known` rows whether its array holds an item that does not fit."""
    item = field.model_copy(update={"type": field.item_type, "required": True})
    bad = np.zeros(len(known), dtype=bool)
    bad[known] = [bool(_misfits(pd.Series(list(a), dtype="object"), item).any()) for a in arrays]
    return bad


def checksum(frames: Mapping[str, gpd.GeoDataFrame]) -> str:
    """Return the SHA-256 of the content of frames: ids, fields and geometry, bit by bit.

    Neither the order of rows nor that of columns matters; missing values are all alike.
    """
    digest = hashlib.sha256()
    for name in sorted(frames):
        frame = frames[name].sort_index()
        digest.update(f"\x1d{name}\x1e{len(frame)}\x1e".encode())
        digest.update(frame.index.to_numpy(dtype="<i8").tobytes())
        for column in sorted(set(frame.columns) - {frame.geometry.name}):
            digest.update(f"\x1e{column}\x1e".encode())
            digest.update(json.dumps(_plain(frame[column])).encode())
        for shape in shapely.to_wkb(frame.geometry.to_numpy(), byte_order=1, output_dimension=2):
            digest.update(b"\x1f" if shape is None else b"\x1e" + shape)
    return digest.hexdigest()


def feature_collection(frame: gpd.GeoDataFrame, **constants: Any) -> dict[str, Any]:
    """Return a frame in EPSG:4326 as a GeoJSON FeatureCollection; `constants` go to every feature.

    Coordinates have 7 decimals, about a centimetre.
    """
    names = [column for column in frame.columns if column != frame.geometry.name]
    rows = zip(*(_plain(frame[name]) for name in names), strict=True)
    shapes = shapely.transform(frame.geometry.to_numpy(), lambda xy: np.round(xy, 7))
    geometries = [None if text is None else json.loads(text) for text in shapely.to_geojson(shapes)]
    features = [
        {
            "type": "Feature",
            "id": int(i),
            "geometry": shape,
            "properties": dict(zip(names, row, strict=True)) | constants,
        }
        for i, shape, row in zip(frame.index, geometries, rows, strict=True)
    ]
    return {"type": "FeatureCollection", "features": features}


def _plain(values: pd.Series[Any]) -> list[Any]:
    missing = values.isna().tolist()
    pairs = zip(values.tolist(), missing, strict=True)
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return [None if no else _told(value) for value, no in pairs]
    return [None if no else value for value, no in pairs]


def _told(moment: pd.Timestamp) -> str:
    """Return a moment as RFC 3339 text; one without a zone is a date, as layers.store reads it."""
    return moment.date().isoformat() if moment.tzinfo is None else moment.isoformat()
