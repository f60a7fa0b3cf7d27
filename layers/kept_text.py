"""The GeoJSON text of a feature, kept with its row: a generated column, so no write can miss it.

It is the text that `layers.query` builds, made by a function of the layer beside its table. The
comment of the column names the text's definition: a server uses the column where that is the
definition it knows, and builds the text itself everywhere else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache

from psycopg import sql

from layers import query
from layers.model import Layer
from layers.query import CRS84, KEPT_TEXT, Query

_MOST_FIELDS = 90
"""PostgreSQL's functions take 100 arguments."""

SELECT_MARKS = (
    "SELECT c.relname::text, col_description(c.oid, a.attnum) FROM pg_class AS c"  # noqa: S608
    " JOIN pg_attribute AS a ON a.attrelid = c.oid"
    " WHERE c.relnamespace = to_regnamespace('features') AND c.relkind = 'p'"
    f" AND a.attname = '{KEPT_TEXT}' AND NOT a.attisdropped"
)
"""Selects (layer, mark) of every table that has the column."""


def keeps(layer: Layer) -> bool:
    """Tell whether texts of the layer can be kept: an untyped geometry may be what JSON is not."""
    return layer.geometry != "Geometry" and len(layer.published_fields) <= _MOST_FIELDS


@lru_cache(maxsize=1024)
def mark(layer: Layer) -> str:
    """Return what tells the definition of the layer's text from any other; empty = none is kept."""
    if not keeps(layer):
        return ""
    return hashlib.sha256(_body(layer).as_string().encode()).hexdigest()[:16]


def current(layers: Mapping[str, Layer], marks: list[tuple[str, str | None]]) -> frozenset[str]:
    """Return the layers whose kept text is that of their definition; `marks` as selected."""
    return frozenset(
        name for name, found in marks if name in layers and found == mark(layers[name])
    )


def make(layer: Layer, types: Mapping[str, sql.SQL]) -> tuple[sql.Composed, ...]:
    """Build the statements that put the layer's text, or none, in the place of any older one.

    `types` are the column types of the published fields. Rows that are there get their text, which
    rewrites the table; nothing else of them changes.
    """
    table, column = sql.Identifier("features", layer.id), sql.Identifier(KEPT_TEXT)
    names: dict[str, sql.Composable] = {"table": table, "column": column}
    drop = (
        sql.SQL("ALTER TABLE {table} DROP COLUMN IF EXISTS {column}").format(**names),
        sql.SQL("DROP FUNCTION IF EXISTS {table}").format(**names),
    )
    if not keeps(layer):
        return drop
    names["given"] = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(f.name), types[f.name])
        for f in layer.published_fields
    )
    names["fields"] = _fields(layer)
    names["body"] = _body(layer)
    names["mark"] = sql.Literal(mark(layer))
    return (
        *drop,
        # Immutable in truth: the settings that the text depends on are set. The body is read now,
        # so that a restored dump needs no search path.
        sql.SQL(
            "CREATE FUNCTION {table}(id bigint, geom geometry, {given}) RETURNS bytea LANGUAGE sql"
            " IMMUTABLE PARALLEL SAFE SET timezone = 'UTC' SET extra_float_digits = 1"
            " RETURN ({body})"
        ).format(**names),
        # Large texts out of line and as they are: to unpack them would take longer than to read.
        sql.SQL(
            "ALTER TABLE {table} ADD COLUMN {column} bytea"
            " GENERATED ALWAYS AS ({table}(id, geom, {fields})) STORED,"
            " ALTER COLUMN {column} SET STORAGE EXTERNAL"
        ).format(**names),
        sql.SQL("COMMENT ON COLUMN {table}.{column} IS {mark}").format(**names),
    )


def marked(layer: Layer) -> Query:
    """Build the mark of the layer's table: no row when no text is kept."""
    return Query(f"{SELECT_MARKS} AND c.relname = %(layer)s", {"layer": layer.id})


def _body(layer: Layer) -> sql.Composed:
    text, properties = query._feature(layer, None, True, CRS84)
    return sql.SQL("SELECT {} FROM (SELECT id, geom, {}) AS t {}").format(
        query._utf8(text), _fields(layer), properties
    )


def _fields(layer: Layer) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(f.name) for f in layer.published_fields)
