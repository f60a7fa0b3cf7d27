"""Publishing a table of somebody else's as a layer, without a copy, and taking the layer back.

The layer's table `features.<id>` is a view over it, and so is `tiles.<id>`, which reads a side
table where that was made from the present rows. Triggers on the table give the layer a new version
whenever its rows change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import Connection, sql
from psycopg.rows import tuple_row
from psycopg.types.json import Jsonb

from layers.area import areas, save_area, seed_areas
from layers.errors import StoreFailure, UnfitTable, UnknownLayer
from layers.locks import set_lock_timeout
from layers.model import COUNTRY, ITEMS, STORED_SRID, Layer
from layers.schema import WRITER, tile_column_type, tile_fields
from layers.source_table import Column, SourceTable

READER = "geoportal_reader"
TIMES_UTC = " AT TIME ZONE 'UTC'"


def publish(conn: Connection, source: SourceTable, layer: Layer, style: dict[str, Any]) -> int:
    """Publish a table, or publish it anew; return the number of its rows.

    The connection must be the owner's of the table and of the geoportal's schemas. Raises
    UnfitTable when the id is taken or rights are missing, StoreFailure when the table is in use.
    """
    with _translated(layer.id), conn.transaction():
        _await_tiles(conn, layer.id)
        _require_free(conn, layer.id, source)
        if COUNTRY not in areas(conn):
            save_area(conn, seed_areas()[COUNTRY])
        _drop_views(conn, layer.id)
        conn.execute(_features_view(source, layer))
        conn.execute(_tile_views(layer))
        _follow(conn, source, layer)
        _define(conn, source, layer, style)
        return _record_version(conn, source, layer)


def unpublish(conn: Connection, layer_id: str) -> str:
    """Take a published table back: its rows stay as they are; return the table's name.

    Raises UnknownLayer when the layer is not a published table.
    """
    with _translated(layer_id), conn.transaction():
        _await_tiles(conn, layer_id)
        relation = _relation_of(conn, layer_id)
        if relation is None:
            raise UnknownLayer(
                f"{layer_id!r} is not a published table; a layer of a folder goes with its folder"
            )
        _unfollow(conn, layer_id)
        _drop_views(conn, layer_id)
        conn.execute("DELETE FROM layers.version WHERE layer = %s", (layer_id,))
        conn.execute("DELETE FROM layers.definition WHERE layer = %s", (layer_id,))
    return relation


def index_geometry(conn: Connection, source: SourceTable, layer: Layer) -> bool:
    """Make the index that boxes need, while the table is read and written; tell whether it was.

    A table in EPSG:4326 that has a GiST index needs none. Outside a transaction only.
    """
    stored = source.srid == STORED_SRID and source.flat
    if stored and _has_index(conn, source):
        return False
    conn.execute(
        sql.SQL("CREATE INDEX CONCURRENTLY IF NOT EXISTS {} ON {} USING gist (({}))").format(
            sql.Identifier(_index_name(layer.id)), source.identifier, _geometry(source)
        )
    )
    conn.execute(sql.SQL("ANALYZE {}").format(source.identifier))
    return True


def fill_tiles(conn: Connection, layer: Layer) -> bool:
    """Make the side table of tiles from the present rows; False when it is or another does it.

    Tiles are right before and after: the view of tiles reads the side table only while it is of
    the layer's version. In the writer's role.
    """
    side = sql.Identifier("tiles", _side(layer.id))
    fields = sql.SQL("").join(
        sql.SQL(", {}").format(sql.Identifier(f.name)) for f in tile_fields(layer)
    )
    with conn.transaction(), conn.cursor(row_factory=tuple_row) as cursor:
        # One snapshot: rows and version belong together.
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        conn.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(WRITER)))
        conn.execute("SET LOCAL statement_timeout = 0")
        locked = cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", (_lock(layer.id),)
        ).fetchone()
        row = cursor.execute(
            "SELECT v.version FROM layers.version AS v JOIN layers.definition AS d USING (layer)"
            " WHERE v.layer = %s AND d.relation IS NOT NULL AND v.version IS DISTINCT FROM d.tiled",
            (layer.id,),
        ).fetchone()
        if not (locked and locked[0]) or row is None:
            return False
        conn.execute(sql.SQL("DELETE FROM {}").format(side))
        conn.execute(
            sql.SQL(
                "INSERT INTO {side} (id, area{fields}, geom)"
                " SELECT id, area{fields}, {moved} FROM (SELECT * FROM {features} OFFSET 0) AS f"
                " WHERE {holds}"
                " ORDER BY f.geom"
            ).format(
                side=side, fields=fields, moved=_MOVED, holds=_HOLDS,
                features=sql.Identifier("features", layer.id),
            )
        )  # fmt: skip
        conn.execute("UPDATE layers.definition SET tiled = %s WHERE layer = %s", (row[0], layer.id))
    conn.execute(sql.SQL("ANALYZE {}").format(side))
    return True


# Of a subquery with OFFSET 0: its geometry is transformed once and not once per mention.
_MOVED = sql.SQL(
    "ST_Transform(CASE WHEN f.geom @ ST_MakeEnvelope(-180, -85.06, 180, 85.06, 4326) THEN f.geom"
    " ELSE ST_Intersection(f.geom, ST_MakeEnvelope(-180, -85.06, 180, 85.06, 4326)) END, 3857)"
)
_HOLDS = sql.SQL(
    "f.geom IS NOT NULL AND NOT ST_IsEmpty(f.geom)"
    " AND f.geom && ST_MakeEnvelope(-180, -85.06, 180, 85.06, 4326)"
)


_WORLD = (180, 90, 180, 90)
"""Largest values of west, south, east, north, degrees."""


@contextmanager
def _translated(layer_id: str) -> Iterator[None]:
    try:
        yield
    except psycopg.errors.InsufficientPrivilege as error:
        raise UnfitTable(
            f"{layer_id}: the database user may not do this ({error.diag.message_primary});"
            " connect as the owner of the table and of the geoportal's schemas"
        ) from None
    except psycopg.errors.LockNotAvailable:
        raise StoreFailure(f"{layer_id}: the table is in use; retry when it is free") from None
    except (psycopg.DataError, psycopg.errors.InternalError_) as error:
        raise UnfitTable(
            f"{layer_id}: its coordinates do not fit the system it names"
            f" ({error.diag.message_primary}); correct them or the SRID of the column"
        ) from None


def _lock(layer_id: str) -> str:
    return f"geoportal tiles {layer_id}"


def _await_tiles(conn: Connection, layer_id: str) -> None:
    """Wait until nobody fills the side table; nobody waits for us meanwhile."""
    conn.execute("SET LOCAL lock_timeout = '10min'")
    conn.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (_lock(layer_id),))
    set_lock_timeout(conn)


def _side(layer_id: str) -> str:
    return f"{layer_id}__side"


def _index_name(layer_id: str) -> str:
    return f"geoportal_{layer_id}"


def _relation_of(conn: Connection, layer_id: str) -> str | None:
    with conn.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(
            "SELECT relation FROM layers.definition WHERE layer = %s", (layer_id,)
        ).fetchone()
    return None if row is None or row[0] is None else str(row[0])


def _require_free(conn: Connection, layer_id: str, source: SourceTable) -> None:
    with conn.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(
            "SELECT relation FROM layers.definition WHERE layer = %s", (layer_id,)
        ).fetchone()
    if row is not None and row[0] != source.name:
        taken = f"the table {row[0]}" if row[0] else "a layer of a folder"
        raise UnfitTable(f"the id {layer_id!r} is that of {taken}; choose another with --id")


def _drop_views(conn: Connection, layer_id: str) -> None:
    for schema in ("tiles", "features"):
        view = sql.Identifier(schema, layer_id)
        conn.execute(sql.SQL("DROP VIEW IF EXISTS {}").format(view))
    side = sql.Identifier("tiles", _side(layer_id))
    conn.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(side))


def _geometry(source: SourceTable) -> sql.Composable:
    """The geometry in EPSG:4326; the column itself where it is, so that its index is used."""
    shape = sql.Identifier(source.geometry_column)
    if source.srid == STORED_SRID and source.flat:
        return shape
    return sql.SQL("layers.lonlat({}, {})").format(shape, sql.Literal(source.srid))


def _features_view(source: SourceTable, layer: Layer) -> sql.Composed:
    columns = [
        sql.SQL(", ({})::{} AS {}").format(_plain(one), sql.SQL(one.cast), sql.Identifier(one.name))
        for one in source.columns
    ]
    return sql.SQL(
        "CREATE VIEW {view} AS SELECT {key}::bigint AS id, {area}::text AS area,"
        " {geometry} AS geom{columns} FROM {table};"
        " GRANT SELECT ON {view} TO {reader}, {writer}"
    ).format(
        view=sql.Identifier("features", layer.id),
        key=sql.Identifier(source.key),
        area=sql.Literal(COUNTRY),
        geometry=_geometry(source),
        columns=sql.SQL("").join(columns),
        table=source.identifier,
        reader=sql.Identifier(READER),
        writer=sql.Identifier(WRITER),
    )


def _plain(column: Column) -> sql.Composable:
    """A column as a layer has it."""
    name = sql.Identifier(column.column)
    if column.type in ITEMS:
        # The items of an array of arrays in a row.
        flat = "CASE WHEN array_ndims({0}) > 1 THEN ARRAY(SELECT unnest({0})) ELSE {0} END"
        return sql.SQL(flat).format(name)
    if column.type == "number":
        # JSON has no other numbers, and a cursor could name no place by them.
        finite = "CASE WHEN {0} NOT IN ('NaN', 'Infinity', '-Infinity') THEN {0} END"
        return sql.SQL(finite).format(name)
    # A time without zone: the table does not say which, so it is read as UTC.
    return name + sql.SQL(TIMES_UTC if column.naive else "")


def _tile_views(layer: Layer) -> sql.Composed:
    """The side table, empty, and the view that reads it while it is true, else transforms."""
    fields = tile_fields(layer)
    side = _side(layer.id)
    return sql.SQL(
        "CREATE TABLE {side} (id bigint NOT NULL, area text NOT NULL{typed},"
        " geom geometry(Geometry, 3857) NOT NULL,"
        " appears smallint GENERATED ALWAYS AS (tiles.appears(id, geom)) STORED);"
        " CREATE INDEX ON {side} USING gist (geom);"
        " CREATE INDEX ON {side} USING gist (geom) WHERE appears <= 8;"
        " ALTER TABLE {side} OWNER TO {writer};"
        " CREATE VIEW {view} AS"
        " SELECT s.id, s.area{of_side}, s.geom, s.appears FROM {side} AS s WHERE {fresh}"
        " UNION ALL SELECT f.id, f.area{of_features}, m.geom, tiles.appears(f.id, m.geom)"
        " FROM (SELECT * FROM {features} OFFSET 0) AS f"
        " CROSS JOIN LATERAL (SELECT {moved} AS geom OFFSET 0) AS m"
        " WHERE NOT {fresh} AND {holds};"
        " GRANT SELECT ON {view} TO {reader}, {writer}"
    ).format(
        side=sql.Identifier("tiles", side),
        view=sql.Identifier("tiles", layer.id),
        features=sql.Identifier("features", layer.id),
        typed=sql.SQL("").join(
            sql.SQL(", {} {}").format(sql.Identifier(f.name), tile_column_type(f)) for f in fields
        ),
        of_side=sql.SQL("").join(sql.SQL(", s.{}").format(sql.Identifier(f.name)) for f in fields),
        of_features=sql.SQL("").join(
            sql.SQL(", f.{}").format(sql.Identifier(f.name)) for f in fields
        ),
        moved=_MOVED,
        holds=_HOLDS,
        # Looked up once per query: the branch that does not hold is not run at all.
        fresh=sql.SQL(
            "coalesce((SELECT d.tiled = v.version FROM layers.definition AS d"
            " JOIN layers.version AS v USING (layer) WHERE d.layer = {}), false)"
        ).format(sql.Literal(layer.id)),
        reader=sql.Identifier(READER),
        writer=sql.Identifier(WRITER),
    )


def _follow(conn: Connection, source: SourceTable, layer: Layer) -> None:
    """Put the triggers on the table that count its changes."""
    events = {
        "INSERT": "REFERENCING NEW TABLE AS new_rows",
        "UPDATE": "REFERENCING NEW TABLE AS new_rows",
        "DELETE": "REFERENCING OLD TABLE AS old_rows",
        "TRUNCATE": "",
    }
    for event, tables in events.items():
        conn.execute(
            sql.SQL(
                "CREATE OR REPLACE TRIGGER {name} AFTER {event} ON {table} {tables}"
                " FOR EACH STATEMENT EXECUTE FUNCTION layers.follow({layer}, {column}, {srid})"
            ).format(
                name=sql.Identifier(f"geoportal_{layer.id}_{event.lower()}"),
                event=sql.SQL(event),
                table=source.identifier,
                tables=sql.SQL(tables),
                layer=sql.Literal(layer.id),
                column=sql.Literal(source.geometry_column),
                srid=sql.Literal(str(source.srid)),
            )
        )


def _unfollow(conn: Connection, layer_id: str) -> None:
    """Take triggers and index off the table, wherever it is by now; it may be gone."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        triggers = cursor.execute(
            "SELECT t.tgname, n.nspname, c.relname FROM pg_trigger AS t"
            " JOIN pg_class AS c ON c.oid = t.tgrelid"
            " JOIN pg_namespace AS n ON n.oid = c.relnamespace"
            " WHERE t.tgfoid = 'layers.follow'::regproc AND t.tgname = ANY(%s)",
            ([f"geoportal_{layer_id}_{e}" for e in ("insert", "update", "delete", "truncate")],),
        ).fetchall()
    for name, schema, table in triggers:
        conn.execute(
            sql.SQL("DROP TRIGGER {} ON {}").format(
                sql.Identifier(name), sql.Identifier(schema, table)
            )
        )
    for schema in {schema for _, schema, _ in triggers}:
        index = sql.Identifier(schema, _index_name(layer_id))
        conn.execute(sql.SQL("DROP INDEX IF EXISTS {}").format(index))


def _define(conn: Connection, source: SourceTable, layer: Layer, style: dict[str, Any]) -> None:
    conn.execute(
        "INSERT INTO layers.definition (layer, checksum, definition, style, revision, relation)"
        " VALUES (%s, %s, %s, %s, nextval('layers.version_number'), %s)"
        " ON CONFLICT (layer) DO UPDATE SET checksum = excluded.checksum,"
        " definition = excluded.definition, style = excluded.style, revision = excluded.revision,"
        " relation = excluded.relation, tiled = NULL",
        (
            layer.id,
            hashlib.sha256(repr(source).encode()).hexdigest(),
            Jsonb(layer.model_dump(mode="json")),
            Jsonb(style),
            source.name,
        ),
    )


def _record_version(conn: Connection, source: SourceTable, layer: Layer) -> int:
    with conn.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(
            sql.SQL(
                "INSERT INTO layers.version AS v (layer, area, checksum, row_count,"
                " west, south, east, north, status, source, source_checksum)"
                " SELECT %(layer)s, %(area)s, '', n,"
                " ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e), %(status)s, %(source)s, ''"
                " FROM (SELECT count(*) AS n, ST_Extent(geom) AS e FROM {view}) AS measured"
                " ON CONFLICT (layer, area) DO UPDATE SET"
                " version = nextval('layers.version_number'), loaded_at = clock_timestamp(),"
                " row_count = excluded.row_count, west = excluded.west, south = excluded.south,"
                " east = excluded.east, north = excluded.north, status = excluded.status"
                " RETURNING row_count, west, south, east, north"
            ).format(view=sql.Identifier("features", layer.id)),
            {
                "layer": layer.id,
                "area": COUNTRY,
                "status": layer.status,
                "source": f"table {source.name}",
            },
        ).fetchone()
    assert row is not None  # noqa: S101 - an upsert returns its row
    count, *box = row
    if any(
        value is not None and not abs(value) <= most
        for value, most in zip(box, _WORLD, strict=True)
    ):
        raise UnfitTable(
            f"{source.name} has coordinates outside the world (longitude {box[0]} to {box[2]},"
            f" latitude {box[1]} to {box[3]}); correct them or the SRID of the column"
        )
    return int(count)


def _has_index(conn: Connection, source: SourceTable) -> bool:
    with conn.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid"
            " JOIN pg_am AS m ON m.oid = c.relam JOIN pg_attribute AS a"
            " ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
            " WHERE i.indrelid = to_regclass(%s) AND m.amname IN ('gist', 'spgist')"
            " AND i.indisvalid AND i.indpred IS NULL AND a.attname = %s)",
            (source.identifier.as_string(), source.geometry_column),
        ).fetchone()
    return bool(row and row[0])
