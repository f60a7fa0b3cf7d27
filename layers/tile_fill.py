"""Side tables of tiles that loads have left to later: made beside the rows, and put in at once.

Until then `layers.version.tiled` is false and tiles come from the rows themselves; a side table of
the rows before stays, for servers that have not heard of the new ones yet.
"""

from __future__ import annotations

import secrets

from psycopg import Connection, Rollback, sql
from psycopg.rows import tuple_row

from layers import partition, side_tiles, swap
from layers.locks import set_lock_timeout
from layers.model import Area, Layer


def untiled(conn: Connection, layer: Layer) -> tuple[str, ...]:
    """Return the areas whose side table is not that of their rows."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(
            "SELECT area FROM layers.version WHERE layer = %s AND NOT tiled ORDER BY area",
            (layer.id,),
        ).fetchall()
    return tuple(area for (area,) in rows)


def fill(conn: Connection, layer: Layer, area: Area) -> bool:
    """Make the side table of an area's present rows and put it in place; tell whether it is.

    False when it is there already, another process makes it, or the rows changed meanwhile: then it
    is to be made again. Raises StoreFailure when the layer is busy or the database refuses.
    """
    name = f"{layer.id}__a{area.number}"
    with swap.translated(f"tiles of {layer.id}, area {area.id}"), swap.writing(conn) as whole:
        version = _begun(conn, layer, area, name)
        if version is None:
            return False
        conn.execute("SET LOCAL statement_timeout = 0")
        table = f"{name}_{secrets.token_hex(2)}t"
        side_tiles.make(conn, layer, area, sql.Identifier("features", name), table)
        set_lock_timeout(conn)
        # Loads and edits wait from here on; what they did before shows in the version.
        lock = "LOCK TABLE ONLY {} IN ACCESS EXCLUSIVE MODE"
        conn.execute(sql.SQL(lock).format(sql.Identifier("tiles", layer.id)))
        done = conn.execute(
            "UPDATE layers.version SET tiled = true"
            " WHERE layer = %s AND area = %s AND version = %s AND NOT tiled",
            (layer.id, area.id, version),
        )
        if not done.rowcount:
            raise Rollback(whole)
        former = sql.Identifier("tiles", name)
        conn.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(former))
        partition.put_in(conn, layer, area, ("tiles", table))
        return True
    return False


def _begun(conn: Connection, layer: Layer, area: Area, name: str) -> int | None:
    """Return the version whose tiles are to be made, None when this process shall not."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        mine = cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))",
            (f"geoportal tiles {name}",),
        ).fetchone()
        row = cursor.execute(
            "SELECT version FROM layers.version WHERE layer = %s AND area = %s AND NOT tiled",
            (layer.id, area.id),
        ).fetchone()
    return int(row[0]) if row and mine and mine[0] else None
