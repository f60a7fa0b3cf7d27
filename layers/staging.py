"""A load before the swap: rows copied to a table in `staging`, repaired, checked, summed, indexed.

Everything here happens in one transaction, so a load that dies leaves nothing behind.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import psycopg
import pyarrow as pa
from psycopg import Connection, sql

from layers import partition, rows, side_tiles
from layers.ahead import ahead
from layers.errors import RefusedLoad
from layers.extents import Extents
from layers.faults import SHOWN, Faults
from layers.message import Message, message
from layers.model import COUNTRY, Area, Layer, Origin
from layers.repeated import repeated
from layers.row_sums import Sums, sum_rows
from layers.said import said
from layers.staging_check import Facts, check, check_unique, facts, not_null, select, staging

NAMED = 1_000
"""How many repaired geometries are named by their ids."""

Progress = Callable[[int], None]
"""Called with the number of rows just copied."""


class Left(NamedTuple):
    """Whether the rows are all as they were copied, and whether those that are there have their ids
    of then and their shapes.
    """

    rows: bool
    places: bool


@dataclass(frozen=True)
class Settle:
    """What is done to the full staging table, whose shapes are valid: rows are renumbered, or go.

    It is given the table's name and the ids of the rows whose shape another row has as well, and
    tells what it has left as it was copied. `rewrites`: it puts a table of its own, made by
    `create`, in the place of this one, which therefore needs no generated columns.
    """

    run: Callable[[str, np.ndarray], Left]
    rewrites: bool


_DIMENSION = {
    "LineString": 2, "MultiLineString": 2, "Polygon": 3, "MultiPolygon": 3,
}  # as ST_CollectionExtract numbers them  # fmt: skip


@dataclass(frozen=True)
class Repaired:
    """Geometries that were invalid and were made valid; area change in m2 (polygons only).

    The first NAMED of them by id, with the reason that PostGIS gives.
    """

    count: int = 0
    area_change_m2: float = 0.0
    ids: tuple[int, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Load:
    """What is being loaded where; without `tiles`, their side table is left to a server."""

    layer: Layer
    area: Area
    origin: Origin
    tiles: bool = True

    @property
    def partition(self) -> str:
        """Name of the area's partition in `features` and in `tiles`."""
        return f"{self.layer.id}__a{self.area.number}"

    def require_area(self) -> None:
        """Raise RefusedLoad when the layer is not one of such an area."""
        country = self.area.id == COUNTRY
        if self.layer.scope == "national" and not country:
            raise RefusedLoad(
                message("load.national", layer=self.layer.id, area=self.area.id, country=COUNTRY)
            )
        if self.layer.scope == "area" and country:
            raise RefusedLoad(message("load.city", layer=self.layer.id, area=self.area.id))


@dataclass(frozen=True)
class Staged:
    """A checked load; table names in schema `staging`, `sums` what its checksum is made of.

    `extents` are at least those of its rows, None when they are not known. `tiles` is None as long
    as the side table is not made.
    """

    table: str
    checksum: str
    row_count: int
    sums: tuple[str, str]
    repaired: Repaired
    facts: Facts
    extents: Extents | None = None
    tiles: str | None = None


def copy(
    conn: Connection,
    load: Load,
    frames: Iterable[gpd.GeoDataFrame | rows.Rows],
    progress: Progress | None,
    settle: Settle | None = None,
) -> Staged:
    """Copy the frames to a new staging table, repair, settle, check and sum them.

    Runs inside the caller's transaction. Raises RefusedLoad naming reasons, counts and first ids.
    """
    table = _name(load)
    _share_work(conn)
    create(conn, load.layer, table, generated=not (settle and settle.rewrites))
    faults = Faults()
    copied = _copy_rows(conn, load, table, frames, faults, progress)
    repaired = Repaired()
    if settle:
        left = settle.run(table, repeated(copied.ids, copied.prints))
    else:
        repaired = _repair(conn, load.layer, table, faults)
        left = Left(not repaired.count, not repaired.count)
    found = check(conn, load.layer, load.area, table, faults)
    if len(repeated(copied.ids, copied.ids)):
        check_unique(conn, table, faults)
    if faults:
        raise RefusedLoad(_refusal(load, faults.told()))
    known = (rows.columns(load.layer), copied.sums) if left.rows and copied.sums else None
    checksum, row_count, sums = sum_rows(conn, table, known)
    extents = copied.extents if left.places else None
    return Staged(table, checksum, row_count, sums, repaired, found, extents)


def copy_table(conn: Connection, load: Load, source: sql.Identifier) -> Staged:
    """Copy the rows of a table that has the layer's columns to a new staging table, and sum them.

    Runs inside the caller's transaction. The rows are not checked: they were published once.
    """
    table = _name(load)
    _share_work(conn)
    create(conn, load.layer, table)
    names = sql.SQL(", ").join(sql.Identifier(c) for c in rows.columns(load.layer))
    command = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}")
    conn.execute(command.format(staging(table), names, names, source))
    checksum, row_count, sums = sum_rows(conn, table)
    found = facts(conn, load.layer, table)
    return Staged(table, checksum, row_count, sums, Repaired(), found)


def finish(conn: Connection, load: Load, staged: Staged, *, tiles: bool = True) -> Staged:
    """Give the staging table what the parent has, and make the side table for tiles.

    After this, attaching both is instant: every constraint and index of the parents is there.
    Without `tiles`, the side table is left to layers/tile_fill.py. Raises RefusedLoad when a row
    breaks a constraint of the layer's table.sql.
    """
    parent = sql.Identifier("features", load.layer.id)
    # Sorting and index building of millions of rows in memory, not in temporary files.
    conn.execute("SET LOCAL work_mem = '64MB'; SET LOCAL maintenance_work_mem = '128MB'")
    try:
        _constrain(conn, load, staged.table)
    except psycopg.IntegrityError as error:
        raise RefusedLoad(_refusal(load, said(error.diag.message_primary))) from None
    partition.like_parent(conn, load.area, staged.table, parent)
    if not (tiles and load.tiles):
        return staged
    made = f"{staged.table[:-1]}t"
    side_tiles.make(conn, load.layer, load.area, staging(staged.table), made)
    return replace(staged, tiles=made)


def _share_work(conn: Connection) -> None:
    """Let one worker help with the readings of the whole table, even where requests have none.

    Kept texts are made faster where the settings are those that they need.
    """
    conn.execute(
        "SET LOCAL max_parallel_workers_per_gather = 1; SET LOCAL timezone = 'UTC';"
        " SET LOCAL extra_float_digits = 1"
    )


def _name(load: Load) -> str:
    # 63 bytes is the longest name: 48 of the layer, 8 of the area, 6 of ours.
    return f"{load.partition}_{secrets.token_hex(2)}f"


def _refusal(load: Load, reasons: Message) -> Message:
    return message("load.refused", layer=load.layer.id, area=load.area.id, why=reasons)


class _Copied(NamedTuple):
    """What is known of copied rows: ids and prints (n), extents, and sums if they are known."""

    ids: np.ndarray
    prints: np.ndarray
    extents: Extents
    sums: Sums | None


def _copy_rows(
    conn: Connection,
    load: Load,
    table: str,
    frames: Iterable[gpd.GeoDataFrame | rows.Rows],
    faults: Faults,
    progress: Progress | None,
) -> _Copied:
    ids, prints = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    extents: list[Extents] = []
    sums: Sums | None = Sums()
    names = sql.SQL(", ").join(sql.Identifier(c) for c in rows.columns(load.layer))
    command = sql.SQL("COPY {} ({}) FROM STDIN (ENCODING 'UTF8')").format(staging(table), names)
    made = (
        chunk
        for frame in frames
        for chunk in rows.text(frame, load.layer, area=load.area, origin=load.origin, faults=faults)
    )
    with conn.cursor() as cursor, cursor.copy(command) as target:
        for chunk in ahead(made):  # PostgreSQL takes one in while the next is made
            target.write(chunk.text)
            ids.append(chunk.ids)
            prints.append(chunk.prints)
            extents.append(Extents.of(chunk.ids, chunk.bounds))
            sums = sums.and_with(chunk.sums) if sums and chunk.sums else None
            if progress:
                progress(len(chunk.ids))
    pa.default_memory_pool().release_unused()  # it keeps what the columns took
    return _Copied(np.concatenate(ids), np.concatenate(prints), Extents.joined(extents), sums)


def create(conn: Connection, layer: Layer, table: str, *, generated: bool = True) -> None:
    """Make the table without the parent's constraints: the checks name rows, they would not."""
    optional = sql.SQL(", ").join(
        sql.SQL("ALTER COLUMN {} DROP NOT NULL").format(sql.Identifier(name))
        for name in sorted(not_null(conn, layer))
    )
    names = {
        "table": staging(table),
        "parent": sql.Identifier("features", layer.id),
        "optional": optional,
        "generated": sql.SQL("INCLUDING GENERATED " if generated else ""),
    }
    like = "CREATE TABLE {table} (LIKE {parent} {generated}INCLUDING STORAGE)"
    conn.execute(sql.SQL(like).format(**names))
    conn.execute(sql.SQL("ALTER TABLE {table} {optional}").format(**names))


def _repaired_shape(layer: Layer) -> str:
    """SQL that makes `geom` valid, keeping its dimension; null or empty when that is impossible."""
    if layer.geometry == "Geometry":
        return (
            "CASE WHEN GeometryType(geom) = 'GEOMETRYCOLLECTION' THEN ST_MakeValid(geom)"
            " ELSE ST_CollectionExtract(ST_MakeValid(geom), ST_Dimension(geom) + 1) END"
        )
    extract = f"ST_CollectionExtract(ST_MakeValid(geom), {_DIMENSION[layer.geometry]})"
    if layer.geometry.startswith("Multi"):
        return f"ST_Multi({extract})"
    return f"CASE WHEN ST_NumGeometries({extract}) = 1 THEN ST_GeometryN({extract}, 1) END"


def _repair(conn: Connection, layer: Layer, table: str, faults: Faults) -> Repaired:
    if layer.geometry in ("Point", "MultiPoint"):
        return Repaired()
    areal = "ST_Dimension(old) = 2" if layer.geometry == "Geometry" else "true"
    if layer.geometry.endswith("LineString"):
        areal = "false"
    # One reading of the table finds the invalid ones; the area is measured for them alone.
    found = select(
        conn,
        "WITH broken AS MATERIALIZED ("
        "  SELECT id, ctid AS place, geom AS old, {shape} AS good FROM {table}"
        "  WHERE geom IS NOT NULL AND NOT ST_IsValid(geom)), "
        "usable AS MATERIALIZED (SELECT * FROM broken WHERE NOT ST_IsEmpty(good)), "
        "done AS (UPDATE {table} AS t SET geom = usable.good FROM usable"
        "  WHERE t.ctid = usable.place RETURNING t.id) "
        "SELECT count(*), coalesce(sum(CASE WHEN {areal} THEN abs("
        "  ST_Area(good::geography) - ST_Area(old::geography)) END), 0),"
        " (array_agg(id ORDER BY id))[1:{named}],"
        " (array_agg(ST_IsValidReason(old) ORDER BY id))[1:{named}], (SELECT count(*) FROM done),"
        " (SELECT count(*) FROM broken b WHERE ST_IsEmpty(good) IS NOT FALSE),"
        " (SELECT (array_agg(id ORDER BY id))[1:{shown}] FROM broken"
        "   WHERE ST_IsEmpty(good) IS NOT FALSE),"
        " (SELECT min(ST_IsValidReason(old)) FROM broken WHERE ST_IsEmpty(good) IS NOT FALSE)"
        " FROM usable",
        table=staging(table),
        shape=sql.SQL(_repaired_shape(layer)),
        areal=sql.SQL(areal),
        shown=sql.Literal(SHOWN),
        named=sql.Literal(NAMED),
    )
    count, change, ids, reasons, _, lost, lost_ids, reason = found[0]
    if lost:
        faults.add_counted(message("row.beyond_repair", text=reason), lost, lost_ids)
    return Repaired(count, float(change), tuple(ids or ()), tuple(reasons or ()))


def _constrain(conn: Connection, load: Load, table: str) -> None:
    parts = [partition.bound(load.area)]
    parts += [
        sql.SQL("ALTER COLUMN {} SET NOT NULL").format(sql.Identifier(name))
        for name in sorted(not_null(conn, load.layer))
    ]
    checks = select(
        conn,
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = to_regclass(%s) AND contype = 'c'",
        params=(f"features.{load.layer.id}",),
    )
    # The text of a constraint is PostgreSQL's own.
    parts += [
        sql.SQL("ADD CONSTRAINT {} {}").format(sql.Identifier(name), sql.SQL(text))
        for name, text in checks
    ]
    conn.execute(sql.SQL("ALTER TABLE {} {}").format(staging(table), sql.SQL(", ").join(parts)))
