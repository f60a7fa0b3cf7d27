"""The side table of tiles as SQL: the rows of a layer in EPSG:3857, in spatial order."""

from __future__ import annotations

from psycopg import Connection, sql

from layers import partition
from layers.model import Area, Layer
from layers.schema import tile_column_type, tile_fields


def drawn(rows: str) -> sql.SQL:
    """Return the shape that tiles have of a row of the table or alias `rows`.

    Web Mercator ends at 85.06 degrees; rings turn as tiles have them.
    """
    world = "ST_MakeEnvelope(-180, -85.06, 180, 85.06, 4326)"
    return sql.SQL(
        f"ST_ForcePolygonCW(ST_Transform(CASE WHEN {rows}.geom @ {world} THEN {rows}.geom"
        f" ELSE ST_Intersection({rows}.geom, {world}) END, 3857))"
    )


def values(layer: Layer, rows: str) -> sql.Composed:
    """Return the fields that tiles carry, each with a comma before it, as the side table has them.

    They are those of the table or alias `rows`.
    """
    return sql.SQL("").join(
        sql.SQL(", {}.{}::{}").format(
            sql.Identifier(rows), sql.Identifier(f.name), tile_column_type(f)
        )
        for f in tile_fields(layer)
    )


def columns(layer: Layer) -> sql.Composed:
    """Return the names of the fields that tiles carry, each with a comma before it."""
    return sql.SQL("").join(
        sql.SQL(", {}").format(sql.Identifier(f.name)) for f in tile_fields(layer)
    )


def make(conn: Connection, layer: Layer, area: Area, rows: sql.Identifier, table: str) -> None:
    """Make the side table of a table of an area's rows, as a table of `staging` of that name."""
    names = {
        "tiles": sql.Identifier("staging", table),
        "parent": sql.Identifier("tiles", layer.id),
        "bound": partition.bound(area),
        "rows": rows,
        "columns": columns(layer),
        "values": values(layer, "r"),
        "drawn": drawn("r"),
    }
    create = "CREATE TABLE {tiles} (LIKE {parent} INCLUDING GENERATED)"
    conn.execute(sql.SQL(create).format(**names))
    # ORDER BY geom follows a space-filling curve.
    conn.execute(
        sql.SQL(
            "INSERT INTO {tiles} (id, area{columns}, geom) SELECT * FROM ("
            " SELECT r.id, r.area{values}, {drawn} AS geom FROM {rows} AS r"
            " WHERE r.geom IS NOT NULL) AS moved WHERE NOT ST_IsEmpty(geom) ORDER BY geom"
        ).format(**names)
    )
    conn.execute(sql.SQL("ALTER TABLE {tiles} {bound}").format(**names))
    partition.like_parent(conn, area, table, sql.Identifier("tiles", layer.id))
