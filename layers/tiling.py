"""The SQL of a vector tile as a value. Builds a Query and runs nothing."""

from __future__ import annotations

from functools import lru_cache

from psycopg import sql

from layers.model import Layer
from layers.query import Query

TILE_EXTENT = 4096
TILE_BUFFER = 64


def tile(layer: Layer, z: int, x: int, y: int) -> Query:
    """Build one WebMercatorQuad tile: one row (MVT bytes), from the side table in EPSG:3857."""
    return Query(_tile_text(layer), {"z": z, "x": x, "y": y, "most": layer.tiles.feature_limit})


@lru_cache(maxsize=256)
def _tile_text(layer: Layer) -> str:
    names = [sql.Identifier(f.name) for f in layer.published_fields if f.in_tile]
    columns = sql.SQL("").join(sql.SQL(", t.{}").format(n) for n in names)
    # Two envelopes: the tile itself cuts, a wider one selects. The subselect keeps its LIMIT so
    # that the planner does not flatten it and compute ST_AsMVTGeom twice.
    return (
        sql.SQL(
            "SELECT ST_AsMVT(m, {name}, {extent}, 'geom', 'id') FROM ("
            "SELECT t.id{columns}, ST_AsMVTGeom(t.geom, ST_TileEnvelope(%(z)s, %(x)s, %(y)s),"
            " {extent}, {buffer}, true) AS geom FROM {table} AS t"
            " WHERE t.geom && ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => {margin})"
            " LIMIT %(most)s) AS m"
        )
        .format(
            name=sql.Literal(layer.id),
            extent=sql.Literal(TILE_EXTENT),
            buffer=sql.Literal(TILE_BUFFER),
            margin=sql.Literal(TILE_BUFFER / TILE_EXTENT),
            columns=columns,
            table=sql.Identifier("tiles", layer.id),
        )
        .as_string()
    )
