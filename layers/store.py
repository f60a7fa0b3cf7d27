"""The one place between tables and GeoDataFrames: read a layer, replace or remove its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from psycopg import Connection, Rollback, sql
from psycopg.rows import tuple_row

from layers import locks, staging, swap
from layers.errors import UnknownArea, UnknownField
from layers.message import message
from layers.model import Area, Field, Layer, Origin
from layers.staging import Load, Progress, Repaired, Staged

__all__ = ["Judge", "Loaded", "Progress", "Repaired", "discard_edits", "read", "remove", "replace"]


Judge = Callable[[Staged], None]
"""Called with a checked load that differs from what is published; raises RefusedLoad to stop it."""


@dataclass(frozen=True)
class Loaded:
    """What a load did; `changed` is false when the same rows were there already."""

    version: int
    row_count: int
    changed: bool
    checksum: str
    repaired: Repaired = field(default_factory=Repaired)


def read(
    conn: Connection,
    layer: Layer,
    *,
    area: str | None = None,
    columns: Sequence[str] | None = None,
) -> gpd.GeoDataFrame:
    """Read a layer in EPSG:4326, ordered by id; the index is the feature id.

    `columns` None = all published fields. Whole numbers are int64 where the field is required, else
    the nullable Int64; numbers float64 with NaN; dates datetime64, times in UTC; arrays are lists.
    Raises UnknownField for a column that is not published, StoreFailure when the database refuses.
    """
    fields = [_field(layer, name) for name in columns] if columns is not None else None
    chosen = list(layer.published_fields) if fields is None else fields
    names = sql.SQL("").join(sql.SQL(", {}").format(sql.Identifier(f.name)) for f in chosen)
    query = sql.SQL("SELECT id, ST_AsBinary(geom){names} FROM {table}{where} ORDER BY id").format(
        names=names,
        table=sql.Identifier("features", layer.id),
        where=sql.SQL("" if area is None else " WHERE area = %s"),
    )
    with (
        swap.translated(f"reading {layer.id}"),
        conn.transaction(),
        conn.cursor(row_factory=tuple_row, binary=True) as cursor,
    ):
        rows = cursor.execute(query, None if area is None else (area,)).fetchall()
    values = list(zip(*rows, strict=True)) or [()] * (len(chosen) + 2)
    index = pd.Index(values[0], dtype="int64", name="id")
    data = {f.name: _series(f, v, index) for f, v in zip(chosen, values[2:], strict=True)}
    shapes = shapely.from_wkb(list(values[1]))
    return gpd.GeoDataFrame(data, index=index, geometry=gpd.GeoSeries(shapes, index, crs=4326))


def replace(
    conn: Connection,
    layer: Layer,
    frames: Iterable[gpd.GeoDataFrame],
    *,
    area: Area,
    origin: Origin,
    progress: Progress | None = None,
) -> Loaded:
    """Put the rows of `frames` (EPSG:4326, index = feature id) in place of the area's rows.

    Memory stays flat, whatever the number of frames. The same content changes nothing, in whatever
    order the rows come. On any error the old rows stay. `progress` gets the number of rows just
    copied. Raises RefusedLoad naming ids and reasons, EditedLayer when people have edited the rows
    since the last load, UnknownArea when the area is not saved, StoreFailure when the database
    interrupts. The connection should be in autocommit; inside a
    transaction of the caller, readers wait from the swap until its end.
    """
    return replace_judged(conn, Load(layer, area, origin), frames, progress)


def replace_judged(
    conn: Connection,
    load: Load,
    frames: Iterable[gpd.GeoDataFrame],
    progress: Progress | None = None,
    judge: Judge | None = None,
) -> Loaded:
    """As `replace`; `judge` is shown the rows before they are published, and may refuse them."""
    load.require_area()
    area = load.area
    what = message("load.what", layer=load.layer.id, area=area.id)
    with swap.translated(what), locks.exclusive(conn, load.partition):
        _require_area(conn, area)
        staged, old_version = _stage(conn, load, frames, progress, judge)
        if old_version is not None:
            swap.record_origin(conn, load)
            return _loaded(old_version, staged, changed=False)
        try:
            version = swap.swap(conn, load, staged)
        except BaseException:
            if not conn.closed:
                swap.drop(conn, staged)
            raise
    return _loaded(version, staged, changed=True)


def remove(conn: Connection, layer: Layer, area: Area) -> bool:
    """Remove the rows of a layer in one area; tell whether there was a load.

    Raises EditedLayer when people have edited it, StoreFailure when the layer is busy or the
    database refuses.
    """
    what = message("load.what", layer=layer.id, area=area.id)
    with swap.translated(what), locks.exclusive(conn, f"{layer.id}__a{area.number}"):
        return swap.take_out(conn, layer, area)


def discard_edits(conn: Connection, layer: Layer, area: Area) -> bool:
    """Let the next load of an area undo the edits since the last one; tell whether there were any.

    The rows and the history stay. Raises StoreFailure when the database refuses.
    """
    with swap.translated(message("load.what", layer=layer.id, area=area.id)):
        return swap.discard_edits(conn, layer, area)


def _stage(
    conn: Connection,
    load: Load,
    frames: Iterable[gpd.GeoDataFrame],
    progress: Progress | None,
    judge: Judge | None,
) -> tuple[Staged, int | None]:
    """Copy and check; return the load and, when the same rows are published, their version."""
    with swap.writing(conn) as transaction:
        staged = staging.copy(conn, load, frames, progress)
        version = _published(conn, load, staged)
        if version is not None:
            raise Rollback(transaction)
        if judge:
            judge(staged)
        staged = staging.finish(conn, load, staged)
    return staged, version


def _published(conn: Connection, load: Load, staged: Staged) -> int | None:
    with conn.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(
            "SELECT version FROM layers.version WHERE layer = %s AND area = %s AND checksum = %s",
            (load.layer.id, load.area.id, staged.checksum),
        ).fetchone()
    return row[0] if row else None


def _loaded(version: int, staged: Staged, *, changed: bool) -> Loaded:
    return Loaded(version, staged.row_count, changed, staged.checksum, staged.repaired)


def _require_area(conn: Connection, area: Area) -> None:
    with conn.transaction():
        found = conn.execute(
            "SELECT FROM layers.area WHERE id = %s AND number = %s", (area.id, area.number)
        ).rowcount
    if not found:
        raise UnknownArea(
            f"the area {area.id!r} with number {area.number} is not in the database; save it first"
        )


def _field(layer: Layer, name: str) -> Field:
    found = layer.field(name)
    if found is None:
        known = ", ".join(f.name for f in layer.published_fields)
        raise UnknownField(f"{layer.id} has no field {name!r}; its fields are {known}")
    return found


def _series(described: Field, values: Sequence[Any], index: pd.Index) -> pd.Series:
    kind = described.type
    if kind == "date":
        return pd.Series(pd.to_datetime(list(values)), index=index, dtype="datetime64[us]")
    if kind == "datetime":
        times = pd.to_datetime(list(values), utc=True)
        return pd.Series(times, index=index, dtype="datetime64[us, UTC]")
    if described.is_array:
        return pd.Series(list(values), index=index, dtype="object")
    nullable = {"string": "str", "integer": "Int64", "number": "float64", "boolean": "boolean"}
    plain = {"integer": "int64", "boolean": "bool"}
    dtype = plain.get(kind) if described.required else None
    return pd.Series(list(values), index=index, dtype=dtype or nullable[kind])
