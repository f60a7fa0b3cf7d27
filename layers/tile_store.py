"""Making a tile over a plain connection, for commands; the server has its own pool."""

from __future__ import annotations

from psycopg import Connection
from psycopg.rows import tuple_row

from layers import swap, tile_fill, tiling
from layers.model import Layer
from layers.query import Filter
from layers.tiling import EVERYTHING, Address, Tile


def make_tile(conn: Connection, layer: Layer, address: Address, rows: Filter = EVERYTHING) -> Tile:
    """Return a tile of one layer, empty before its first zoom level.

    Raises StoreFailure when the database refuses.
    """
    if address.level < layer.tiles.min_zoom:
        return Tile(b"")
    with (
        swap.translated(f"a tile of {layer.id}"),
        conn.cursor(row_factory=tuple_row, binary=True) as cursor,
    ):
        making = tiling.tile(layer, address, rows, untiled=tile_fill.untiled(conn, layer))
        query = next(making)
        while True:
            # The text is made by layers.tiling from constants and quoted names only.
            row = cursor.execute(query.sql.encode(), query.params).fetchone()
            assert row is not None  # noqa: S101 - an aggregate returns its row
            try:
                query = making.send(row)
            except StopIteration as done:
                tile: Tile = done.value
                return tile
