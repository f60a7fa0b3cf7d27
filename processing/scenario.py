"""Scenarios as frames: the base with an overlay of changes, and what differs in the results.

Pure: the base frames stay as they are, the overlay is a new frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.model import AREA_STRIDE, Area
from layers.scenario import Edit
from processing.checks import require_columns
from processing.crs import metric_crs
from processing.errors import UnfitScenario
from processing.scene import CLASSES

JOIN_M = 1.0
"""An added street joins a junction not further from its end than this."""

ADDED, REMOVED, CHANGED = "added", "removed", "changed"


def overlay(frame: gpd.GeoDataFrame, edits: Iterable[Edit], area: Area) -> gpd.GeoDataFrame:
    """Return the frame with the edits made, ordered by id; same columns, types and CRS (EPSG:4326).

    Added features get the last ids of the area, counted down in order, so they never meet the ids
    of a load. Added streets without junctions join those within 1 m of their ends, else get
    junctions of their own. The service classes of the base are kept in `attrs`, where
    `scene.classes_of` finds them. Raises UnfitScenario naming a feature that is not there.
    """
    made = frame.copy()
    added: list[int] = []
    for edit in edits:
        number = edit.id
        if edit.operation == "add":
            number = area.feature_id(AREA_STRIDE - 1 - len(added))
            made = pd.concat([made, _row(frame, edit, number, area)])
            added.append(number)
            continue
        if number not in made.index:
            raise UnfitScenario(f"the layer has no feature {number} in area {area.id}")
        made = made.drop(index=number) if edit.operation == "remove" else _set(made, edit)
    if added and {"node_from", "node_to"} <= set(made.columns):
        made = _joined(made, added, area)
    made = made.sort_index()
    if "service_class" in frame:
        made.attrs[CLASSES] = sorted(set(frame["service_class"].dropna().astype(str)))
    return made


def _row(frame: gpd.GeoDataFrame, edit: Edit, number: int, area: Area) -> gpd.GeoDataFrame:
    """One added feature, typed as the frame; the standard columns come from the area."""
    given = {"area": area.id, "soato": area.soato or None, "status": "derived"}
    values = {
        name: edit.values.get(name, None) if edit.values.get(name) is not None else given.get(name)
        for name in frame.columns
        if name != frame.geometry.name
    }
    index = pd.Index([number], dtype="int64", name="id")
    columns = {
        name: pd.Series([_cell(value)], index=index, dtype=_open(frame[name].dtype))
        for name, value in values.items()
    }
    shape = [shapely.from_geojson(edit.shape)]
    return gpd.GeoDataFrame(columns, geometry=shape, index=index, crs=frame.crs)


def _open(dtype: Any) -> Any:
    """The type that also holds "not known": required whole numbers and truths may await a value."""
    return {"int64": "Int64", "bool": "boolean"}.get(str(dtype), dtype)


def _cell(value: Any) -> Any:
    return pd.Timestamp(value) if hasattr(value, "isoformat") else value


def _set(frame: gpd.GeoDataFrame, edit: Edit) -> gpd.GeoDataFrame:
    made = frame.copy()
    for name, value in edit.values.items():
        if name in made.columns:
            made.loc[edit.id, name] = _cell(value)
    if edit.shape is not None:
        made.loc[edit.id, made.geometry.name] = shapely.from_geojson(edit.shape)
    return made


def _joined(frame: gpd.GeoDataFrame, added: Sequence[int], area: Area) -> gpd.GeoDataFrame:
    """Give the added streets their junctions."""
    made = frame.copy()
    lines = made.geometry.to_crs(metric_crs(area))
    known = made["node_from"].notna() & made["node_to"].notna()
    ends = np.concatenate([_end(lines[known], 0), _end(lines[known], -1)])
    nodes = np.concatenate([
        made.loc[known, name].to_numpy(dtype=np.int64) for name in ("node_from", "node_to")
    ])  # fmt: skip
    new = int(nodes.max(initial=0)) + 1
    for number in added:
        for name, side in (("node_from", 0), ("node_to", -1)):
            if pd.notna(made.at[number, name]):
                continue
            place = _end(lines.loc[[number]], side)
            away = np.hypot(*(ends - place).T)
            if len(away) and away.min() <= JOIN_M:
                made.loc[number, name] = nodes[int(away.argmin())]
                continue
            made.loc[number, name] = new
            ends, nodes = np.concatenate([ends, place]), np.append(nodes, new)
            new += 1
    return made


def _end(lines: gpd.GeoSeries, side: int) -> Any:
    points = shapely.get_point(lines.to_numpy(), side)
    return np.column_stack([shapely.get_x(points), shapely.get_y(points)])


def difference(
    before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, keys: Sequence[str]
) -> gpd.GeoDataFrame:
    """Return the rows of a result that differ, by their key columns.

    Columns: the keys, `change` (added, removed, changed), and for every other column that differs
    anywhere `NAME_before` and `NAME_after`; the geometry is that of `after`, of a removed row that
    of `before`. Ids are counted from 1. Raises MissingColumn when a frame lacks a key.
    """
    keys = list(keys)
    for name, frame in (("before", before), ("after", after)):
        require_columns(frame, keys, name=name)
    old, new = before.set_index(keys), after.set_index(keys)
    both = old.index.intersection(new.index)
    fields = [c for c in new.columns if c != new.geometry.name and c in old.columns]
    unlike = {name: _unlike(old.loc[both, name], new.loc[both, name]) for name in fields}
    moved = ~shapely.equals(old.loc[both].geometry.to_numpy(), new.loc[both].geometry.to_numpy())
    changed = both[np.logical_or.reduce([moved, *unlike.values()])] if len(both) else both
    rows = [
        (new.index.difference(old.index), ADDED),
        (changed, CHANGED),
        (old.index.difference(new.index), REMOVED),
    ]
    shown = [name for name in fields if unlike[name].any()]
    parts = [_differing(old, new, index, kind, shown) for index, kind in rows]
    made = pd.concat(parts).sort_values(keys, kind="stable").reset_index(drop=True)
    made.index = pd.Index(np.arange(1, len(made) + 1), name="id")
    return gpd.GeoDataFrame(made, geometry="geometry", crs=after.crs)


def _unlike(old: pd.Series, new: pd.Series) -> np.ndarray:
    missing = old.isna().to_numpy() & new.isna().to_numpy()
    same = (old == new).fillna(False).to_numpy(dtype=bool)
    return ~(same | missing)


def _differing(
    old: gpd.GeoDataFrame, new: gpd.GeoDataFrame, index: pd.Index, kind: str, shown: Sequence[str]
) -> pd.DataFrame:
    source = old if kind == REMOVED else new
    made = index.to_frame(index=False).assign(change=kind)
    for name in shown:
        for suffix, frame in (("before", old), ("after", new)):
            there = frame[name].reindex(index)
            made[f"{name}_{suffix}"] = there.array
    made["geometry"] = source.loc[index].geometry.to_numpy()
    return made


def figures(before: Any, after: Any) -> Any:
    """Return two trees of figures as one: each number as before, after and difference.

    Lists are told apart by position when they are equally long; what is no number is the value
    after.
    """
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return {name: figures(before.get(name), value) for name, value in after.items()}
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [figures(*pair) for pair in zip(before, after, strict=True)]
    if _is_number(before) and _is_number(after):
        return {"before": before, "after": after, "difference": after - before}
    if (before is None and _is_number(after)) or (after is None and _is_number(before)):
        return {"before": before, "after": after, "difference": None}
    return after


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
