"""A table of somebody else's in the database, as far as publishing it needs to know it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import psycopg
from psycopg import Connection, sql
from psycopg.rows import tuple_row

from layers.crs import OWN_SRID, SYSTEMS
from layers.errors import UnfitTable
from layers.model import ITEMS, OF_TILES, STANDARD_FIELDS, FieldType, GeometryType

_WHOLE = ("smallint", "integer", "bigint")
_CASTS: dict[str, tuple[FieldType, str]] = {
    "smallint": ("integer", "bigint"),
    "integer": ("integer", "bigint"),
    "bigint": ("integer", "bigint"),
    "real": ("number", "double precision"),
    "double precision": ("number", "double precision"),
    "numeric": ("number", "double precision"),
    "boolean": ("boolean", "boolean"),
    "date": ("date", "date"),
    "timestamp with time zone": ("datetime", "timestamptz"),
    "timestamp without time zone": ("datetime", "timestamptz"),
    "text": ("string", "text"),
    "character varying": ("string", "text"),
    "character": ("string", "text"),
    "uuid": ("string", "text"),
    "citext": ("string", "text"),
}
_CASTS |= {
    f"{name}[]": (array, f"{cast}[]")
    for name, (item, cast) in _CASTS.items()
    for array, held in ITEMS.items()
    if held == item
}
_GEOMETRIES: dict[str, GeometryType] = {
    one.upper(): one
    for one in (
        "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon",
    )
}  # fmt: skip
_RESERVED = {"id", "geom", "geometry", *OF_TILES, *(f.name for f in STANDARD_FIELDS)}


@dataclass(frozen=True, slots=True)
class Column:
    """A column that becomes a field; `name` is the field's, `title` what the comment says.

    `naive` = a time without a zone.
    """

    column: str
    name: str
    type: FieldType
    cast: str
    required: bool
    title: str
    naive: bool


@dataclass(frozen=True, slots=True)
class SourceTable:
    """What is known of the table.

    `srid` is the number to read its coordinates by: for SK-42 and SK-95 that of the pinned datum
    shift. `left_out` are the columns of types that a layer cannot hold.
    """

    schema: str
    table: str
    title: str
    key: str
    geometry_column: str
    geometry: GeometryType
    srid: int
    flat: bool
    columns: tuple[Column, ...]
    left_out: tuple[str, ...]

    @property
    def identifier(self) -> sql.Identifier:
        """Its quoted name."""
        return sql.Identifier(self.schema, self.table)

    @property
    def name(self) -> str:
        """Its name for people."""
        return f"{self.schema}.{self.table}"


def read_source(
    conn: Connection, table: str, *, geometry: str | None = None, key: str | None = None
) -> SourceTable:
    """Read the catalogue about a table, `name` or `schema.name`, quoted as in SQL where needed.

    `geometry` and `key` choose columns where the table leaves a choice. Raises UnfitTable.
    """
    with conn.transaction(), conn.cursor(row_factory=tuple_row) as cursor:
        oid, schema, name, comment = _relation(cursor, table)
        rows = cursor.execute(_COLUMNS, (oid,)).fetchall()
        unique = cursor.execute(_KEYS, (oid,)).fetchall()
        known = {srid for (srid,) in cursor.execute("SELECT srid FROM spatial_ref_sys").fetchall()}
    shape = _geometry(rows, table, geometry)
    kind, srid, flat = _shape(shape, table, known)
    key = _key(rows, unique, table, key)
    columns, left_out = _columns(rows, {key, shape[0]})
    if not columns:
        raise UnfitTable(
            f"{table} has no column besides its key and its geometry that can be shown"
        )
    return SourceTable(
        schema=schema,
        table=name,
        title=comment or name,
        key=key,
        geometry_column=shape[0],
        geometry=kind,
        srid=srid,
        flat=flat,
        columns=columns,
        left_out=left_out,
    )


# Name, type, not null, comment, kind of type (e = enumeration), name of type; then of a geometry.
_COLUMNS = """
SELECT a.attname, format_type(a.atttypid, NULL), a.attnotnull,
    col_description(a.attrelid, a.attnum), t.typtype::text, t.typname::text,
    CASE WHEN t.typname = 'geometry' THEN postgis_typmod_srid(a.atttypmod) END,
    CASE WHEN t.typname = 'geometry' THEN postgis_typmod_type(a.atttypmod) END,
    CASE WHEN t.typname = 'geometry' THEN postgis_typmod_dims(a.atttypmod) END
FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""

# Columns that are unique by themselves; the primary key first.
_KEYS = """
SELECT a.attname, i.indisprimary FROM pg_index AS i
JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
WHERE i.indrelid = %s AND i.indisunique AND i.indisvalid AND i.indnkeyatts = 1
    AND i.indpred IS NULL AND i.indexprs IS NULL
ORDER BY NOT i.indisprimary, a.attnum
"""


def _relation(cursor: psycopg.Cursor[tuple[object, ...]], table: str) -> tuple[int, str, str, str]:
    try:
        row = cursor.execute(
            "SELECT c.oid, n.nspname, c.relname, obj_description(c.oid, 'pg_class'),"
            " c.relkind::text, c.relpersistence::text FROM pg_class AS c"
            " JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = to_regclass(%s)",
            (table,),
        ).fetchone()
    except psycopg.Error:
        row = None
    if row is None:
        raise UnfitTable(f"there is no table {table!r} in the database; write SCHEMA.TABLE")
    oid, schema, name, comment, kind, persistence = row
    if schema in ("features", "tiles", "layers", "staging", "runs", "access"):
        raise UnfitTable(
            f"{table} belongs to the geoportal itself; its layers are published already"
        )
    if kind != "r" or persistence == "t":
        raise UnfitTable(
            f"{table} is not an ordinary table, so nobody would notice when its rows change;"
            " publish the table behind it, or copy it into one"
        )
    return int(str(oid)), str(schema), str(name), str(comment or "")


def _geometry(rows: list[tuple[object, ...]], table: str, wanted: str | None) -> tuple:  # type: ignore[type-arg]
    found = [row for row in rows if row[5] == "geometry" and wanted in (None, row[0])]
    if len(found) == 1:
        return found[0]
    if not found:
        what = f"geometry column {wanted!r}" if wanted else "column of type geometry"
        raise UnfitTable(f"{table} has no {what}")
    names = ", ".join(str(row[0]) for row in found)
    raise UnfitTable(f"{table} has several geometry columns; choose with --geometry: {names}")


def _shape(row: tuple, table: str, known: set[int]) -> tuple[GeometryType, int, bool]:  # type: ignore[type-arg]
    column, srid, kind, dimensions = row[0], row[6], row[7], row[8]
    if srid not in known:
        raise UnfitTable(
            f"{table}.{column} does not say its coordinate reference system (SRID {srid}); give it"
            f" one with ALTER TABLE ... ALTER COLUMN ... TYPE geometry(..., EPSG code)"
        )
    pinned = {srid + OWN_SRID} & {one.crs.srid for one in SYSTEMS} & known
    plain = str(kind).upper().removesuffix("M").removesuffix("Z")
    return _GEOMETRIES.get(plain, "Geometry"), pinned.pop() if pinned else srid, dimensions == 2


def _key(
    rows: list[tuple[object, ...]], unique: list[tuple[object, ...]], table: str, wanted: str | None
) -> str:
    """Choose the column of the ids: whole numbers, unique, never null."""
    fit = {str(row[0]) for row in rows if row[1] in _WHOLE and row[2]}
    candidates = [str(name) for name, primary in unique if name in fit and (wanted or primary)]
    chosen = [name for name in candidates if wanted in (None, name)]
    if chosen:
        return chosen[0]
    raise UnfitTable(
        f"{table} has no "
        + (f"unique, not null column {wanted!r}" if wanted else "primary key")
        + " of one whole-number column, so its features would have no lasting ids; name a unique"
        " one with --key, or add one: ALTER TABLE ... ADD COLUMN feature_id bigint GENERATED"
        " ALWAYS AS IDENTITY UNIQUE NOT NULL"
    )


def _columns(
    rows: Iterable[tuple[object, ...]], used: set[str]
) -> tuple[tuple[Column, ...], tuple[str, ...]]:
    found: list[Column] = []
    left_out: list[str] = []
    for name, kind, required, comment, typtype, *_ in rows:
        if name in used:
            continue
        known = _CASTS["text"] if typtype == "e" else _CASTS.get(str(kind))
        if known is None:
            left_out.append(str(name))
            continue
        field = _field_name(str(name), len(found) + 1, {one.name for one in found})
        title = str(comment or name)
        naive = kind == "timestamp without time zone"
        found.append(Column(str(name), field, *known, bool(required), title, naive))
    return tuple(found), tuple(left_out)


def _field_name(column: str, number: int, taken: set[str]) -> str:
    """Return a field name like the column's, of the letters that field names may have."""
    name = re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_")[:40]
    if not name or not name[0].isalpha():
        name = f"field_{name or number}"
    if name in _RESERVED or name in taken:
        name = f"{name}_{number}"
    return name
