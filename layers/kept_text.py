"""The GeoJSON text of a feature, kept with its row: a generated column, so no write can miss it.

It is the text that `layers.query` builds, made by a function of the layer beside its table, from a
type that has the names of its properties. The comment of the column names the text's definition: a
server uses the column where that is the definition it knows, and builds the text itself elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache

from psycopg import sql

from layers import query
from layers.model import Layer
from layers.query import KEPT_TEXT, Query

SELECT_MARKS = (
    "SELECT c.relname::text, col_description(c.oid, a.attnum) FROM pg_class AS c"  # noqa: S608
    " JOIN pg_attribute AS a ON a.attrelid = c.oid"
    " WHERE c.relnamespace = to_regnamespace('features') AND c.relkind = 'p'"
    f" AND a.attname = '{KEPT_TEXT}' AND NOT a.attisdropped"
)
"""Selects (layer, mark) of every table that has the column."""


def keeps(layer: Layer) -> bool:
    """Tell whether texts of the layer can be kept: an untyped geometry may be what JSON is not."""
    return layer.geometry != "Geometry"


@lru_cache(maxsize=1024)
def mark(layer: Layer) -> str:
    """Return what tells the definition of the layer's text from any other; empty = none is kept."""
    if not keeps(layer):
        return ""
    return hashlib.sha256(_definition(layer).encode()).hexdigest()[:16]


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
    without = sql.SQL("ALTER TABLE {table} DROP COLUMN IF EXISTS {column}").format(**names)
    if not keeps(layer):
        return without, *drop(layer)
    fields = layer.published_fields
    names["properties"] = _properties(layer)
    names["typed"] = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(f.name), types[f.name]) for f in fields
    )
    names["body"] = _body()
    names["shape"] = _shape()
    names["fields"] = sql.SQL(", ").join(sql.Identifier(f.name) for f in fields)
    names["mark"] = sql.Literal(mark(layer))
    return (
        without,
        *drop(layer),
        sql.SQL("CREATE TYPE {properties} AS ({typed})").format(**names),
        # Immutable in truth: the settings that the text depends on are set. In PL/pgSQL, which
        # evaluates an expression without the start of a query: half the time of SQL.
        sql.SQL(
            "CREATE FUNCTION {table}(id bigint, shape text, properties {properties}) RETURNS bytea"
            " LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE{settings} AS {body}"
        ).format(**names, settings=_settings(layer)),
        # Large texts out of line and as they are: to unpack them would take longer than to read.
        sql.SQL(
            "ALTER TABLE {table} ADD COLUMN {column} bytea"
            " GENERATED ALWAYS AS ({table}(id, {shape}, ROW({fields})::{properties})) STORED,"
            " ALTER COLUMN {column} SET STORAGE EXTERNAL"
        ).format(**names),
        sql.SQL("COMMENT ON COLUMN {table}.{column} IS {mark}").format(**names),
    )


def drop(layer: Layer) -> tuple[sql.Composed, sql.Composed]:
    """Build the end of what makes the texts of a layer, whose table keeps none any more."""
    return (
        sql.SQL("DROP FUNCTION IF EXISTS {}").format(sql.Identifier("features", layer.id)),
        sql.SQL("DROP TYPE IF EXISTS {}").format(_properties(layer)),
    )


def marked(layer: Layer) -> Query:
    """Build the mark of the layer's table: no row when no text is kept."""
    return Query(f"{SELECT_MARKS} AND c.relname = %(layer)s", {"layer": layer.id})


def _properties(layer: Layer) -> sql.Identifier:
    """The type of a layer's properties, whose names those of the JSON are."""
    return sql.Identifier("features", f"{layer.id}__properties")


def _settings(layer: Layer) -> sql.SQL:
    """Only what the fields need: each setting takes a microsecond per row."""
    kinds = {f.type for f in layer.published_fields}
    zone = " SET timezone = 'UTC'" if "datetime" in kinds else ""
    digits = " SET extra_float_digits = 1" if kinds & {"number", "number_array"} else ""
    return sql.SQL(zone + digits)


def _shape() -> sql.SQL:
    return sql.SQL(f"ST_AsGeoJSON(geom, {query.DEGREE_DIGITS}, 0)")


def _body() -> sql.Literal:
    text = query.feature_text(
        sql.SQL("id"), sql.SQL("coalesce(shape, 'null')"), sql.SQL("row_to_json(properties)::text")
    )
    # Nothing of it lies in a schema that a restored dump would have to search.
    return sql.Literal(f"BEGIN RETURN {query._utf8(text).as_string()}; END")


def _definition(layer: Layer) -> str:
    fields = ", ".join(f"{f.name} {f.type}" for f in layer.published_fields)
    return f"{_body().as_string()} {_shape().as_string()} {fields}"
