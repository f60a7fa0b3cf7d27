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
    names["guarded"] = _guarded(layer)
    names["under"] = _under_settings(layer)
    names["body"] = _body()
    names["shape"] = _shape()
    names["fields"] = sql.SQL(", ").join(sql.Identifier(f.name) for f in fields)
    names["mark"] = sql.Literal(mark(layer))
    return (
        without,
        *drop(layer),
        sql.SQL("CREATE TYPE {properties} AS ({typed})").format(**names),
        # In PL/pgSQL, which evaluates an expression without the start of a query: half the time of
        # SQL.
        sql.SQL(
            "CREATE FUNCTION {table}(id bigint, shape text, properties {properties}) RETURNS bytea"
            " LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS {guarded}"
        ).format(**names),
        sql.SQL(
            "CREATE FUNCTION {under}(id bigint, shape text, properties {properties}) RETURNS bytea"
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


def drop(layer: Layer) -> tuple[sql.Composed, ...]:
    """Build the end of what makes the texts of a layer, whose table keeps none any more."""
    # With the column of rows that are kept to be brought back, which need none.
    function = "DROP FUNCTION IF EXISTS {} CASCADE"
    return (
        sql.SQL(function).format(sql.Identifier("features", layer.id)),
        sql.SQL(function).format(_under_settings(layer)),
        sql.SQL("DROP TYPE IF EXISTS {}").format(_properties(layer)),
    )


def marked(layer: Layer) -> Query:
    """Build the mark of the layer's table: no row when no text is kept."""
    return Query(f"{SELECT_MARKS} AND c.relname = %(layer)s", {"layer": layer.id})


def _properties(layer: Layer) -> sql.Identifier:
    """The type of a layer's properties, whose names those of the JSON are."""
    return sql.Identifier("features", f"{layer.id}__properties")


def _under_settings(layer: Layer) -> sql.Identifier:
    return sql.Identifier("features", f"{layer.id}__set")


def _needs(layer: Layer) -> dict[str, str]:
    """Return the settings that the text depends on, each with the condition that another holds."""
    kinds = {f.type for f in layer.published_fields}
    needed = {}
    if "datetime" in kinds:
        needed["timezone = 'UTC'"] = "current_setting('timezone') <> 'UTC'"
    if kinds & {"number", "number_array"}:
        needed["extra_float_digits = 1"] = "current_setting('extra_float_digits')::integer < 1"
    return needed


def _settings(layer: Layer) -> sql.SQL:
    return sql.SQL("".join(f" SET {setting}" for setting in _needs(layer)))


def _shape() -> sql.SQL:
    return sql.SQL(f"ST_AsGeoJSON(geom, {query.DEGREE_DIGITS}, 0)")


def _body() -> sql.Literal:
    return sql.Literal(f"BEGIN RETURN {_text()}; END")


def _guarded(layer: Layer) -> sql.Literal:
    """Immutable in truth: where other settings hold, the second function sets those it needs.

    To set one takes a microsecond per row, to look at it a tenth of that.
    """
    needs = " OR ".join(_needs(layer).values()) or "false"
    function = _under_settings(layer).as_string()
    return sql.Literal(
        f"BEGIN IF {needs} THEN RETURN {function}(id, shape, properties); END IF;"
        f" RETURN {_text()}; END"
    )


def _text() -> str:
    text = query.feature_text(
        sql.SQL("id"), sql.SQL("coalesce(shape, 'null')"), sql.SQL("row_to_json(properties)::text")
    )
    # Nothing of it lies in a schema that a restored dump would have to search.
    return query._utf8(text).as_string()


def _definition(layer: Layer) -> str:
    fields = ", ".join(f"{f.name} {f.type}" for f in layer.published_fields)
    return f"{_guarded(layer).as_string()} {_shape().as_string()} {fields}"
