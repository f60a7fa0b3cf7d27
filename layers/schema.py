"""Migration: numbered SQL for what all layers share, then each layer's own tables.

The tables belong to `geoportal_writer`, because only an owner may attach partitions, and loads run
in that role. A layer whose table.sql changed loses its tables and versions; the next load refills
them from the source.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import Connection, sql
from psycopg.rows import tuple_row

from layers import former, kept_text, publication, registry
from layers.errors import BadLayerFile, EditedLayer, StoreFailure, UnfitDatabase
from layers.locks import clean_staging, set_lock_timeout
from layers.message import message
from layers.model import Field, FieldType, Layer

WRITER = "geoportal_writer"
SHARED = Path(__file__).resolve().parent / "_schema"
MINIMUM_POSTGRESQL = 15
MINIMUM_POSTGIS = (3, 3)
LOCK = "geoportal migrate"
TILE_TABLE = 3
"""Number of the design of the side tables of tiles; a new number remakes them."""
OVERVIEWS = (3, 6, 8, 10, 12)
"""Levels with an index of their own over what is drawn at them (tiles.appears)."""

_COLUMN_TYPES: Mapping[FieldType, tuple[str, ...]] = {
    "string": ("text",),
    "integer": ("bigint", "integer"),
    "number": ("double precision",),
    "boolean": ("boolean",),
    "date": ("date",),
    "datetime": ("timestamp with time zone",),
    "string_array": ("text[]",),
    "integer_array": ("bigint[]", "integer[]"),
    "number_array": ("double precision[]",),
}


def migrate(
    conn: Connection, layers: Mapping[str, Layer], *, roots: Sequence[Path] = ()
) -> list[str]:
    """Bring the database to the layer definitions; return the ids of the layers (re)made.

    Idempotent; one migration runs at a time, and drops what killed loads left. `roots` are the
    folders of layers outside the package. Raises UnfitDatabase when the server is too old or has no
    PostGIS, BadLayerFile when a table.sql does not make the table its layer.yml describes,
    StoreFailure when a table that must be remade stays in use, EditedLayer when that would lose
    edits.
    """
    require_fit(conn)
    with _one_at_a_time(conn):
        files = sorted(SHARED.glob("*.sql"))
        for file in (f for f in files if f.name < "900"):
            _run_shared(conn, file)
        clean_staging(conn)
        made = [layer.id for layer in layers.values() if _make(conn, layer, roots)]
        for layer in layers.values():
            _keep_texts(conn, layer)
            publication.record(conn, layer, registry.style(layer.id, *roots))
        for file in (f for f in files if f.name >= "900"):
            _run_shared(conn, file)
    return made


def add(conn: Connection, layer: Layer, *, roots: Sequence[Path] = ()) -> bool:
    """Publish the definition of one layer of a migrated database; tell whether anything changed.

    Never touches a table that is there. Raises BadLayerFile when the definition needs another
    table, or the id is that of a published table.
    """
    with _one_at_a_time(conn):
        checksum = _checksum(layer, registry.table_sql(layer.id, *roots))
        _require_ours(conn, layer)
        with conn.transaction(), conn.cursor(row_factory=tuple_row) as cursor:
            row = cursor.execute(
                "SELECT checksum FROM layers.definition WHERE layer = %s", (layer.id,)
            ).fetchone()
        if row and row[0] != checksum:
            raise _bad(layer, "the table must be made anew; run `geoportal db migrate`, then load")
        made = row is None and _make(conn, layer, roots)
        return publication.record(conn, layer, registry.style(layer.id, *roots)) or made


def require_fit(conn: Connection) -> None:
    """Raise UnfitDatabase when the server cannot hold the layers, naming the remedy."""
    with conn.transaction(), conn.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(
            "SELECT coalesce(installed_version, default_version)"
            " FROM pg_available_extensions WHERE name = 'postgis'"
        ).fetchone()
    fault = unfit(conn.info.server_version, row[0] if row else None)
    if fault:
        raise UnfitDatabase(fault)


def unfit(server_version: int, postgis: str | None) -> str | None:
    """Say why a server (version as libpq numbers it) with that PostGIS will not do, or None."""
    major = server_version // 10_000
    if major < MINIMUM_POSTGRESQL:
        return f"the database is PostgreSQL {major}; use version {MINIMUM_POSTGRESQL} or newer"
    if postgis is None:
        return (
            "the database server has no PostGIS; install it there"
            f" (Debian: postgresql-{major}-postgis-3)"
        )
    if tuple(int(part) for part in postgis.split(".")[:2]) < MINIMUM_POSTGIS:
        return (
            f"the database has PostGIS {postgis}; install 3.3 or newer"
            " and run ALTER EXTENSION postgis UPDATE"
        )
    return None


def tile_fields(layer: Layer) -> tuple[Field, ...]:
    """Return the fields that vector tiles carry; `area` is a column of every table already."""
    return tuple(f for f in layer.published_fields if f.in_tile and f.name != "area")


def tile_column_type(field: Field) -> sql.SQL:
    """Return the column type of a field in the side table of tiles."""
    return sql.SQL(_COLUMN_TYPES[field.type][0])


@contextmanager
def _one_at_a_time(conn: Connection) -> Iterator[None]:
    key = sql.SQL("hashtextextended({}, 0)").format(sql.Literal(LOCK))
    with conn.transaction():
        conn.execute(sql.SQL("SELECT pg_advisory_lock({})").format(key))
    try:
        yield
    finally:
        if not conn.closed:
            with conn.transaction():
                conn.execute(sql.SQL("SELECT pg_advisory_unlock({})").format(key))


def _run_shared(conn: Connection, file: Path) -> None:
    try:
        with conn.transaction():
            conn.execute(file.read_bytes())
    except psycopg.errors.InsufficientPrivilege as error:
        raise UnfitDatabase(
            f"the database user may not do what {file.name} asks"
            f" ({error.diag.message_primary}); connect as the owner of the database,"
            " and let an administrator run CREATE EXTENSION postgis once"
        ) from None


def _make(conn: Connection, layer: Layer, roots: Sequence[Path]) -> bool:
    """Make the tables of a layer unless they are there as defined; tell whether they were made."""
    text = registry.table_sql(layer.id, *roots)
    checksum = _checksum(layer, text)
    _require_ours(conn, layer)
    if _is_made(conn, layer, checksum):
        return False
    try:
        with conn.transaction():
            set_lock_timeout(conn)
            _require_unedited(conn, layer)
            _drop(conn, layer)
            conn.execute(_as_writer())
            conn.execute(text.encode())
            _require_columns(conn, layer)
            conn.execute(_tile_table(layer))
            conn.execute("RESET ROLE")
            conn.execute(
                "INSERT INTO layers.definition (layer, checksum) VALUES (%s, %s)"
                " ON CONFLICT (layer) DO UPDATE SET checksum = excluded.checksum",
                (layer.id, checksum),
            )
    except psycopg.errors.LockNotAvailable:
        raise _in_use(layer) from None
    except (psycopg.ProgrammingError, psycopg.errors.FeatureNotSupported) as error:
        raise _bad(layer, f"PostgreSQL refuses it: {error.diag.message_primary}") from None
    return True


def _keep_texts(conn: Connection, layer: Layer) -> None:
    """Let the table keep the text of its features as defined now; running servers hear of it."""
    query = kept_text.marked(layer)
    with conn.transaction(), conn.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(query.sql.encode(), query.params).fetchone()
    if (row[1] if row else "") == kept_text.mark(layer):
        return
    types = {f.name: tile_column_type(f) for f in layer.published_fields}
    try:
        with conn.transaction():
            set_lock_timeout(conn)
            conn.execute(_as_writer())
            for command in kept_text.make(layer, types):
                conn.execute(command)
            conn.execute("SELECT pg_notify('geoportal_layers', %s)", (layer.id,))
    except psycopg.errors.LockNotAvailable:
        raise _in_use(layer) from None


def _in_use(layer: Layer) -> StoreFailure:
    return StoreFailure(message("load.in_use", layer=layer.id))


def _as_writer() -> sql.Composed:
    return sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(WRITER))


def _checksum(layer: Layer, table_sql: str) -> str:
    tile = [(f.name, f.type) for f in tile_fields(layer)]
    text = json.dumps([table_sql, layer.scope, layer.geometry, tile, TILE_TABLE])
    return hashlib.sha256(text.encode()).hexdigest()


def _is_made(conn: Connection, layer: Layer, checksum: str) -> bool:
    with conn.transaction(), conn.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(
            "SELECT checksum, to_regclass(%s) IS NOT NULL AND to_regclass(%s) IS NOT NULL"
            " FROM layers.definition WHERE layer = %s",
            (f"features.{layer.id}", f"tiles.{layer.id}", layer.id),
        ).fetchone()
    return row is not None and row[0] == checksum and bool(row[1])


def _require_ours(conn: Connection, layer: Layer) -> None:
    with conn.transaction(), conn.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(
            "SELECT relation FROM layers.definition WHERE layer = %s AND relation IS NOT NULL",
            (layer.id,),
        ).fetchone()
    if row:
        raise _bad(layer, f"the id is that of the published table {row[0]}; choose another")


def _require_unedited(conn: Connection, layer: Layer) -> None:
    with conn.cursor(row_factory=tuple_row) as cursor:
        areas = cursor.execute(
            "SELECT area FROM layers.version WHERE layer = %s AND edited_at IS NOT NULL"
            " ORDER BY area",
            (layer.id,),
        ).fetchall()
    if areas:
        raise EditedLayer(
            f"the table of {layer.id} must be remade, but people have edited it since its last load"
            f" in {', '.join(area for (area,) in areas)}: keep an export, then let their edits go"
            f" with `geoportal layers discard-edits {layer.id} --area AREA`"
        )


def _drop(conn: Connection, layer: Layer) -> None:
    for schema in ("features", "tiles"):
        table = sql.Identifier(schema, layer.id)
        conn.execute(sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(table))
    for command in kept_text.drop(layer):
        conn.execute(command)
    former.drop_all(conn, layer)
    conn.execute("DELETE FROM layers.version WHERE layer = %s", (layer.id,))


def _tile_table(layer: Layer) -> sql.Composed:
    columns = [
        sql.SQL(", {} {}").format(sql.Identifier(f.name), tile_column_type(f))
        for f in tile_fields(layer)
    ]
    # Points are all drawn (clustered), so an index over some of them would be one over all.
    overviews = () if layer.geometry in ("Point", "MultiPoint") else OVERVIEWS
    indexes = [
        sql.SQL("; CREATE INDEX {} ON {} USING gist (geom) WHERE appears <= {}").format(
            sql.Identifier(f"{layer.id}_z{level}"),
            sql.Identifier("tiles", layer.id),
            sql.Literal(level),
        )
        for level in overviews
    ]
    return sql.SQL(
        "CREATE TABLE {table} (id bigint NOT NULL, area text NOT NULL{columns},"
        " geom geometry(Geometry, 3857) NOT NULL,"
        " appears smallint GENERATED ALWAYS AS (tiles.appears(id, geom)) STORED,"
        " snaps smallint GENERATED ALWAYS AS (tiles.snaps(geom)) STORED)"
        " PARTITION BY LIST (area);"
        " CREATE INDEX {index} ON {table} USING gist (geom){overviews}"
    ).format(
        table=sql.Identifier("tiles", layer.id),
        columns=sql.SQL("").join(columns),
        index=sql.Identifier(f"{layer.id}_geom"),
        overviews=sql.SQL("").join(indexes),
    )


def _require_columns(conn: Connection, layer: Layer) -> None:
    """Raise BadLayerFile when the table made is not the one that layer.yml describes."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(
            "SELECT a.attname, format_type(a.atttypid, a.atttypmod), p.partstrat,"
            " pg_get_partkeydef(a.attrelid) FROM pg_attribute a"
            " LEFT JOIN pg_partitioned_table p ON p.partrelid = a.attrelid"
            " WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped",
            (f"features.{layer.id}",),
        ).fetchall()
    if not rows:
        raise _bad(layer, f"does not make the table features.{layer.id}")
    if rows[0][2] is None or rows[0][3] != "LIST (area)":
        raise _bad(layer, "the table must be PARTITION BY LIST (area)")
    found = {name: kind for name, kind, *_ in rows}
    wanted: dict[str, tuple[str, ...]] = {"id": ("bigint",), "area": ("text",)}
    wanted["geom"] = (f"geometry({layer.geometry},4326)",)
    wanted |= {f.name: _COLUMN_TYPES[f.type] for f in layer.published_fields}
    for name, kinds in wanted.items():
        if found.get(name) not in kinds:
            is_now = f"is {found[name]}" if name in found else "is missing"
            raise _bad(layer, f"column {name} {is_now}; it must be {' or '.join(kinds)}")


def _bad(layer: Layer, reason: str) -> BadLayerFile:
    return BadLayerFile(f"layers/{layer.theme}/{layer.id}/table.sql: {reason}")
