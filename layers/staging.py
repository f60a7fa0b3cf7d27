"""A load before the swap: rows copied to a table in `staging`, repaired, checked, summed, indexed.

Everything here happens in one transaction, so a load that dies leaves nothing behind.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, LiteralString

import geopandas as gpd
import psycopg
from psycopg import Connection, sql
from psycopg.rows import tuple_row

from layers import rows
from layers.errors import RefusedLoad
from layers.faults import SHOWN, Faults
from layers.model import AREA_STRIDE, Area, Field, Layer, Origin
from layers.schema import tile_column_type, tile_fields

Progress = Callable[[int], None]
"""Called with the number of rows just copied."""

Row = tuple[Any, ...]

_DIMENSION = {
    "LineString": 2, "MultiLineString": 2, "Polygon": 3, "MultiPolygon": 3,
}  # as ST_CollectionExtract numbers them  # fmt: skip


@dataclass(frozen=True)
class Repaired:
    """Geometries that were invalid and were made valid; area change in m2 (polygons only)."""

    count: int = 0
    area_change_m2: float = 0.0
    ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class Load:
    """What is being loaded where."""

    layer: Layer
    area: Area
    origin: Origin

    @property
    def partition(self) -> str:
        """Name of the area's partition in `features` and in `tiles`."""
        return f"{self.layer.id}__a{self.area.number}"


@dataclass(frozen=True)
class Staged:
    """A checked load; table names in schema `staging`, `sums` what its checksum is made of."""

    table: str
    tiles: str
    checksum: str
    row_count: int
    sums: tuple[str, str]
    repaired: Repaired


def copy(
    conn: Connection, load: Load, frames: Iterable[gpd.GeoDataFrame], progress: Progress | None
) -> Staged:
    """Copy the frames to a new staging table, repair, check and sum them.

    Runs inside the caller's transaction. Raises RefusedLoad naming reasons, counts and first ids.
    """
    token = secrets.token_hex(2)
    # 63 bytes is the longest name: 48 of the layer, 8 of the area, 6 of ours.
    table, tiles = (f"{load.partition}_{token}{kind}" for kind in "ft")
    _create(conn, load, table)
    faults = Faults()
    _copy_rows(conn, load, table, frames, faults, progress)
    repaired = _repair(conn, load.layer, table, faults)
    _check(conn, load, table, faults)
    if faults:
        raise RefusedLoad(_refusal(load, faults.sentence()))
    checksum, row_count, sums = _sum(conn, table)
    return Staged(table, tiles, checksum, row_count, sums, repaired)


def finish(conn: Connection, load: Load, staged: Staged) -> None:
    """Give the staging table what the parent has, and make the side table for tiles.

    After this, attaching both is instant: every constraint and index of the parents is there.
    Raises RefusedLoad when a row breaks a constraint of the layer's table.sql.
    """
    parent = sql.Identifier("features", load.layer.id)
    # Sorting and index building of millions of rows in memory, not in temporary files.
    conn.execute("SET LOCAL work_mem = '64MB'; SET LOCAL maintenance_work_mem = '128MB'")
    try:
        _constrain(conn, load, staged.table)
    except psycopg.IntegrityError as error:
        raise RefusedLoad(_refusal(load, str(error.diag.message_primary))) from None
    _like_partition(conn, load, staged.table, parent)
    _make_tiles(conn, load, staged)
    _like_partition(conn, load, staged.tiles, sql.Identifier("tiles", load.layer.id))


def _staging(table: str) -> sql.Identifier:
    return sql.Identifier("staging", table)


def _refusal(load: Load, reasons: str) -> str:
    return f"{load.layer.id}, area {load.area.id}: refused, nothing was changed: {reasons}"


def _rows(
    conn: Connection, query: LiteralString, *, params: Row = (), **names: sql.Composable
) -> list[Row]:
    with conn.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(sql.SQL(query).format(**names), params or None).fetchall()


def _copy_rows(
    conn: Connection,
    load: Load,
    table: str,
    frames: Iterable[gpd.GeoDataFrame],
    faults: Faults,
    progress: Progress | None,
) -> None:
    names = sql.SQL(", ").join(sql.Identifier(c) for c in rows.columns(load.layer))
    command = sql.SQL("COPY {} ({}) FROM STDIN").format(_staging(table), names)
    with conn.cursor() as cursor, cursor.copy(command) as target:
        for frame in frames:
            chunks = rows.text(frame, load.layer, area=load.area, origin=load.origin, faults=faults)
            for count, text in chunks:
                target.write(text)
                if progress:
                    progress(count)


def _create(conn: Connection, load: Load, table: str) -> None:
    """Make the table without the parent's constraints: the checks name rows, they would not."""
    optional = sql.SQL(", ").join(
        sql.SQL("ALTER COLUMN {} DROP NOT NULL").format(sql.Identifier(name))
        for name in sorted(_not_null(conn, load.layer))
    )
    names = {
        "table": _staging(table),
        "parent": sql.Identifier("features", load.layer.id),
        "optional": optional,
    }
    like = "CREATE TABLE {table} (LIKE {parent} INCLUDING GENERATED INCLUDING STORAGE)"
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
    found = _rows(
        conn,
        "WITH broken AS MATERIALIZED ("
        "  SELECT id, ctid AS place, geom AS old, {shape} AS good FROM {table}"
        "  WHERE geom IS NOT NULL AND NOT ST_IsValid(geom)), "
        "usable AS MATERIALIZED (SELECT * FROM broken WHERE NOT ST_IsEmpty(good)), "
        "done AS (UPDATE {table} AS t SET geom = usable.good FROM usable"
        "  WHERE t.ctid = usable.place RETURNING t.id) "
        "SELECT count(*), coalesce(sum(CASE WHEN {areal} THEN abs("
        "  ST_Area(good::geography) - ST_Area(old::geography)) END), 0),"
        " (array_agg(id ORDER BY id))[1:{shown}], (SELECT count(*) FROM done),"
        " (SELECT count(*) FROM broken b WHERE ST_IsEmpty(good) IS NOT FALSE),"
        " (SELECT (array_agg(id ORDER BY id))[1:{shown}] FROM broken"
        "   WHERE ST_IsEmpty(good) IS NOT FALSE),"
        " (SELECT min(ST_IsValidReason(old)) FROM broken WHERE ST_IsEmpty(good) IS NOT FALSE)"
        " FROM usable",
        table=_staging(table),
        shape=sql.SQL(_repaired_shape(layer)),
        areal=sql.SQL(areal),
        shown=sql.Literal(SHOWN),
    )
    count, change, ids, _, lost, lost_ids, reason = found[0]
    if lost:
        faults.add_counted(f"the geometry is invalid beyond repair ({reason})", lost, lost_ids)
    return Repaired(count, float(change), tuple(ids or ()))


@dataclass(frozen=True)
class _Rule:
    """Rows where `broken` (SQL over the staging table) is true have the fault `reason`."""

    reason: str
    broken: sql.Composable


def _rules(load: Load, not_null: set[str]) -> list[_Rule]:
    first = load.area.number * AREA_STRIDE
    id_range = sql.SQL("(id <= {} OR id >= {})").format(
        sql.Literal(first), sql.Literal(first + AREA_STRIDE)
    )
    reason = f"the id is outside the area's range {first + 1} to {first + AREA_STRIDE - 1}"
    rules = [_Rule(reason, id_range)]
    area = sql.SQL("area IS DISTINCT FROM {}").format(sql.Literal(load.area.id))
    rules.append(_Rule(f"area is not {load.area.id}", area))
    rules.append(_Rule("looks like lat/lon: swap the coordinates to lon/lat", _mirrored(load.area)))
    required = not_null | {f.name for f in load.layer.published_fields if f.required}
    for name in sorted(required - {"id", "area"}):
        what = "no geometry" if name == "geom" else f"no value in {name}"
        rules.append(_Rule(what, sql.SQL("{} IS NULL").format(sql.Identifier(name))))
    for field in load.layer.published_fields:
        rules += _field_rules(field)
    return rules


def _field_rules(field: Field) -> list[_Rule]:
    name = sql.Identifier(field.name)
    rules = []
    if field.codes:
        codes = sql.SQL(", ").join(sql.Literal(c.value) for c in field.codes)
        broken = sql.SQL("{} NOT IN ({})").format(name, codes)
        rules.append(_Rule(f"{field.name} is not one of its codes", broken))
    if field.minimum is not None:
        broken = sql.SQL("{} < {}").format(name, sql.Literal(field.minimum))
        rules.append(_Rule(f"{field.name} is below {field.minimum:g}", broken))
    if field.maximum is not None:
        broken = sql.SQL("{} > {}").format(name, sql.Literal(field.maximum))
        rules.append(_Rule(f"{field.name} is above {field.maximum:g}", broken))
    return rules


def _check(conn: Connection, load: Load, table: str, faults: Faults) -> None:
    rules = _rules(load, _not_null(conn, load.layer))
    if faults:
        # A value that could not be stored is null now; to call it missing as well would mislead.
        rules = [rule for rule in rules if not rule.reason.startswith("no ")]
    counts = sql.SQL(", ").join(
        sql.SQL("count(*) FILTER (WHERE {})").format(rule.broken) for rule in rules
    )
    found = _rows(conn, "SELECT {counts} FROM {table}", counts=counts, table=_staging(table))[0]
    for rule, count in zip(rules, found, strict=True):
        if count:
            ids = _rows(
                conn,
                "SELECT id FROM {table} WHERE {broken} ORDER BY id LIMIT {shown}",
                table=_staging(table),
                broken=rule.broken,
                shown=sql.Literal(SHOWN),
            )
            faults.add_counted(rule.reason, count, [i for (i,) in ids])
    _check_unique(conn, table, faults)


def _check_unique(conn: Connection, table: str, faults: Faults) -> None:
    twice = _rows(
        conn,
        "SELECT id, count(*) OVER () FROM (SELECT id FROM {table} GROUP BY id"
        " HAVING count(*) > 1) AS twice ORDER BY id LIMIT {shown}",
        table=_staging(table),
        shown=sql.Literal(SHOWN),
    )
    if twice:
        faults.add_counted("the id is used more than once", twice[0][1], [i for i, _ in twice])


def _mirrored(area: Area) -> sql.Composed:
    """SQL that is true for a geometry near the area's mirror image: latitude before longitude."""
    near = "(abs((ST_XMin(geom) + ST_XMax(geom)) / 2 - {x}) < 5"
    near += " AND abs((ST_YMin(geom) + ST_YMax(geom)) / 2 - {y}) < 5)"
    lon, lat = sql.Literal(area.lon), sql.Literal(area.lat)
    mirror, here = sql.SQL(near).format(x=lat, y=lon), sql.SQL(near).format(x=lon, y=lat)
    return sql.SQL("({} AND NOT {})").format(mirror, here)


def _not_null(conn: Connection, layer: Layer) -> set[str]:
    found = _rows(
        conn,
        "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s)"
        " AND attnotnull AND attnum > 0 AND NOT attisdropped",
        params=(f"features.{layer.id}",),
    )
    return {name for (name,) in found}


def _sum(conn: Connection, table: str) -> tuple[str, int, tuple[str, str]]:
    """Return a checksum of the rows that does not depend on their order, their number, the sums.

    SHA-256 of each row's text in fixed settings; 128 bits of them are added up, the sum is hashed.
    layers/history.py carries the sums on when a single row changes.
    """
    columns = _rows(
        conn,
        'SELECT array_agg(attname::text ORDER BY attname COLLATE "C") FROM pg_attribute'
        " WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped"
        " AND attgenerated = ''",
        params=(f"staging.{table}",),
    )[0][0]
    for setting in ("timezone = 'UTC'", "datestyle = 'ISO, YMD'", "extra_float_digits = 1"):
        conn.execute(sql.SQL("SET LOCAL " + setting))
    count, high, low = _rows(
        conn,
        "SELECT count(*), coalesce(sum(('x' || left(h, 16))::bit(64)::bigint::numeric), 0)::text,"
        " coalesce(sum(('x' || substr(h, 17, 16))::bit(64)::bigint::numeric), 0)::text"
        " FROM (SELECT encode(sha256(convert_to(ROW({columns})::text, 'UTF8')), 'hex') AS h"
        " FROM {table}) AS hashes",
        columns=sql.SQL(", ").join(sql.Identifier(c) for c in columns),
        table=_staging(table),
    )[0]
    text = json.dumps([columns, count, high, low])
    return hashlib.sha256(text.encode()).hexdigest(), count, (high, low)


def _constrain(conn: Connection, load: Load, table: str) -> None:
    parts = [
        sql.SQL("ALTER COLUMN {} SET NOT NULL").format(sql.Identifier(name))
        for name in sorted(_not_null(conn, load.layer))
    ]
    checks = _rows(
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
    conn.execute(sql.SQL("ALTER TABLE {} {}").format(_staging(table), sql.SQL(", ").join(parts)))


def _like_partition(conn: Connection, load: Load, table: str, parent: sql.Composable) -> None:
    """Give a table the indexes of `parent`, the bound as a check, statistics and rights.

    PostgreSQL makes the missing indexes of a table that becomes a partition; a shell without rows
    takes it in and lets it go, so that the real parent finds them made.
    """
    shell = _staging(f"{table[:-1]}s")
    names = {
        "table": _staging(table),
        "shell": shell,
        "parent": parent,
        "area": sql.Literal(load.area.id),
    }
    for command in (
        "ALTER TABLE {table} ADD CONSTRAINT area_is CHECK (area = {area})",
        "CREATE TABLE {shell} (LIKE {parent} INCLUDING ALL) PARTITION BY LIST (area)",
        "ALTER TABLE {shell} ATTACH PARTITION {table} FOR VALUES IN ({area})",
        "ALTER TABLE {shell} DETACH PARTITION {table}",
        "DROP TABLE {shell}",
        "GRANT SELECT ON {table} TO geoportal_reader",
        "ANALYZE {table}",
    ):
        conn.execute(sql.SQL(command).format(**names))


def _make_tiles(conn: Connection, load: Load, staged: Staged) -> None:
    fields = tile_fields(load.layer)
    names = {
        "tiles": _staging(staged.tiles),
        "parent": sql.Identifier("tiles", load.layer.id),
        "rows": _staging(staged.table),
        "columns": sql.SQL("").join(sql.SQL(", {}").format(sql.Identifier(f.name)) for f in fields),
        "values": sql.SQL("").join(
            sql.SQL(", {}::{}").format(sql.Identifier(f.name), tile_column_type(f)) for f in fields
        ),
    }
    make = "CREATE TABLE {tiles} (LIKE {parent} INCLUDING GENERATED)"
    conn.execute(sql.SQL(make).format(**names))
    # Web Mercator ends at 85.06 degrees; rings turn as tiles have them; ORDER BY geom follows a
    # space-filling curve.
    conn.execute(
        sql.SQL(
            "INSERT INTO {tiles} (id, area{columns}, geom) SELECT * FROM ("
            " SELECT id, area{values}, ST_ForcePolygonCW(ST_Transform(CASE"
            "   WHEN geom @ ST_MakeEnvelope(-180, -85.06, 180, 85.06, 4326) THEN geom"
            "   ELSE ST_Intersection(geom, ST_MakeEnvelope(-180, -85.06, 180, 85.06, 4326))"
            "   END, 3857)) AS geom FROM {rows} WHERE geom IS NOT NULL) AS moved"
            " WHERE NOT ST_IsEmpty(geom) ORDER BY geom"
        ).format(**names)
    )
