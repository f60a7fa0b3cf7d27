"""The rows that the last load of a file replaced, kept so that the load can be undone."""

from __future__ import annotations

from typing import Any

from psycopg import Connection, sql
from psycopg.rows import tuple_row

from layers.model import Area, Layer

SCHEMA = "former"


def table(layer: Layer, area: Area) -> sql.Identifier:
    """Return the name of the table with the former rows."""
    return sql.Identifier(SCHEMA, _partition(layer, area))


def keep(conn: Connection, layer: Layer, area: Area) -> None:
    """Move the partition of an area out of its layer, and remember its version; none, nothing.

    In the transaction of a swap, which holds the locks.
    """
    done = conn.execute(
        "INSERT INTO layers.former (layer, area, version) SELECT v.layer, v.area, to_jsonb(v)"
        " FROM layers.version AS v WHERE v.layer = %s AND v.area = %s",
        (layer.id, area.id),
    )
    if not done.rowcount:
        return
    names = {
        "parent": sql.Identifier("features", layer.id),
        "partition": sql.Identifier("features", _partition(layer, area)),
        "schema": sql.Identifier(SCHEMA),
    }
    conn.execute(sql.SQL("ALTER TABLE {parent} DETACH PARTITION {partition}").format(**names))
    conn.execute(sql.SQL("ALTER TABLE {partition} SET SCHEMA {schema}").format(**names))


def version(conn: Connection, layer: Layer, area: Area) -> dict[str, Any] | None:
    """Return the row of layers.version that belongs to the former rows, None when none are kept."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(
            "SELECT version FROM layers.former WHERE layer = %s AND area = %s", (layer.id, area.id)
        ).fetchone()
    return None if row is None else row[0]


def drop(conn: Connection, layer: Layer, area: Area) -> None:
    """Forget the former rows of an area."""
    conn.execute("DELETE FROM layers.former WHERE layer = %s AND area = %s", (layer.id, area.id))
    conn.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(table(layer, area)))


def drop_all(conn: Connection, layer: Layer) -> None:
    """Forget the former rows of every area, for a layer whose table is made anew."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        found = cursor.execute(
            "DELETE FROM layers.former AS f USING layers.area AS a WHERE f.area = a.id"
            " AND f.layer = %s RETURNING a.number",
            (layer.id,),
        ).fetchall()
    for (number,) in found:
        name = sql.Identifier(SCHEMA, f"{layer.id}__a{number}")
        conn.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(name))


def _partition(layer: Layer, area: Area) -> str:
    return f"{layer.id}__a{area.number}"
