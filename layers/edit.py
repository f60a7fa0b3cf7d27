"""One change of one feature as SQL values: its row, and its twin in the tiles.

The statements of a change run in one transaction of the writer role, in this order (H = history):
`H.hold`, `H.opened`, `former`, `H.sums_now`, `twin_out`, one of `insert`, `update`, `delete`, then
`twin_in`, `H.sums_now`, `H.record` and `H.remember`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from psycopg import sql

from layers import side_tiles
from layers.history import Change
from layers.keyset import Scalar, Value
from layers.model import AREA_STRIDE, STANDARD_FIELDS, STORED_SRID, Field, Layer
from layers.query import KEPT_TEXT, Crs, Query
from layers.schema import tile_column_type

STATE = "encode(substr(sha256(record_send(t)), 1, 12), 'hex')"
"""What a row holds, as 24 digits: the same row, the same state, in every session."""

FULL_DIGITS = 15


def stored_fields(layer: Layer) -> tuple[Field, ...]:
    """Return the columns of a layer's table besides id and geometry."""
    own = layer.published_fields
    return own if layer.scope != "national" else (STANDARD_FIELDS[0], *own)


def state(layer: Layer, feature_id: int) -> Query:
    """Build the state of one feature: no row or one."""
    text = sql.SQL("SELECT {state} FROM {table} AS t WHERE t.id = %(id)s")
    return Query(_text(layer, text), {"id": feature_id})


def former(change: Change, crs: Crs) -> Query:
    """Build the row as it is: no row, or (state, all of it as JSON text, GeoJSON feature in `crs`).

    The row is not locked: `opened` has locked out every other edit of its area.
    """
    return Query(_former_text(change.layer, crs), change.key)


def next_id(change: Change) -> Query:
    """Build the lowest id that nothing in the area has or ever had."""
    first = change.area.number * AREA_STRIDE
    text = sql.SQL(
        "SELECT 1 + greatest(%(first)s, (SELECT max(t.id) FROM {table} AS t WHERE t.area = %(area)s"
        "  AND t.id < %(end)s), (SELECT max(h.id) FROM layers.history AS h WHERE"
        "  h.layer = %(layer)s AND h.id > %(first)s AND h.id < %(end)s))"
    )
    params: dict[str, Scalar] = {
        "first": first,
        "end": first + AREA_STRIDE,
        "area": change.area.id,
        "layer": change.layer.id,
    }
    return Query(_text(change.layer, text), params)


def place(shape: str, crs: Crs) -> Query:
    """Build what is to be known of a geometry: (valid, reason, west, south, east, north)."""
    text = sql.SQL(
        "SELECT ST_IsValid(g), ST_IsValidReason(g), ST_XMin(g), ST_YMin(g), ST_XMax(g), ST_YMax(g)"
        " FROM (SELECT {} AS g OFFSET 0) AS s"
    )
    return Query(text.format(sql.SQL(_shape(crs))).as_string(), {"shape": shape})


def insert(change: Change, values: Mapping[str, Value], shape: str | None, crs: Crs) -> Query:
    """Build the new row; `values` has every stored field."""
    return Query(_insert_text(change.layer, crs), _bound(change, values) | {"shape": shape})


def update(
    change: Change, values: Mapping[str, Value], shape: str | None, crs: Crs | None
) -> Query:
    """Build the row's new content; `crs` None leaves its geometry as it is."""
    params = _bound(change, values) | ({} if crs is None else {"shape": shape})
    return Query(_update_text(change.layer, crs), params)


def delete(change: Change) -> Query:
    """Build the end of the row."""
    text = sql.SQL("DELETE FROM {table} AS t WHERE t.id = %(id)s AND t.area = %(area)s")
    return Query(_text(change.layer, text), change.key)


def twin_out(change: Change) -> Query:
    """Build the end of the twin in the tiles, found by its place: that is what has an index.

    Runs before the row itself changes.
    """
    text = sql.SQL(
        "DELETE FROM {tiles} AS u USING {table} AS t WHERE t.id = %(id)s AND t.area = %(area)s"
        " AND u.id = %(id)s AND u.area = %(area)s AND u.geom && ST_Expand({drawn}, 1)"
    )
    return Query(_text(change.layer, text), change.key)


def twin_in(change: Change) -> Query:
    """Build the twin of the row as it is now, the same that a load would make.

    None where the area has no side table of its present rows: it comes with all of them.
    """
    return Query(_twin_text(change.layer), change.key)


def _features(layer: Layer) -> sql.Identifier:
    return sql.Identifier("features", layer.id)


def _shape(crs: Crs) -> str:
    shape = f"ST_SetSRID(ST_GeomFromGeoJSON(%(shape)s::text), {crs.srid})"
    return shape if crs.srid == STORED_SRID else f"ST_Transform({shape}, {STORED_SRID})"


def _stored_shape(layer: Layer, crs: Crs) -> sql.SQL:
    multi = layer.geometry.startswith("Multi")
    return sql.SQL(f"ST_Multi({_shape(crs)})" if multi else _shape(crs))


def _text(layer: Layer, text: sql.SQL) -> str:
    return text.format(
        table=_features(layer),
        tiles=sql.Identifier("tiles", layer.id),
        state=sql.SQL(STATE),
        drawn=side_tiles.drawn("t"),
    ).as_string()


def _bound(change: Change, values: Mapping[str, Value]) -> dict[str, Value]:
    fields = enumerate(stored_fields(change.layer))
    return {**change.key} | {f"value{i}": values[f.name] for i, f in fields if f.name != "area"}


def _value(i: int, field: Field) -> sql.Composable:
    if field.name == "area":
        return sql.SQL("%(area)s")
    return sql.SQL("{}::{}").format(sql.Placeholder(f"value{i}"), tile_column_type(field))


@lru_cache(maxsize=256)
def _insert_text(layer: Layer, crs: Crs) -> str:
    fields = stored_fields(layer)
    return (
        sql.SQL("INSERT INTO {} (id, geom, {}) VALUES (%(id)s, {}, {})")
        .format(
            _features(layer),
            sql.SQL(", ").join(sql.Identifier(f.name) for f in fields),
            _stored_shape(layer, crs),
            sql.SQL(", ").join(_value(i, f) for i, f in enumerate(fields)),
        )
        .as_string()
    )


@lru_cache(maxsize=256)
def _update_text(layer: Layer, crs: Crs | None) -> str:
    pairs = [
        sql.SQL("{} = {}").format(sql.Identifier(f.name), _value(i, f))
        for i, f in enumerate(stored_fields(layer))
        if f.name != "area"
    ]
    if crs is not None:
        pairs.append(sql.SQL("geom = {}").format(_stored_shape(layer, crs)))
    text = sql.SQL("UPDATE {} AS t SET {} WHERE t.id = %(id)s AND t.area = %(area)s")
    return text.format(_features(layer), sql.SQL(", ").join(pairs)).as_string()


@lru_cache(maxsize=256)
def _former_text(layer: Layer, crs: Crs) -> str:
    names = [sql.Identifier(f.name) for f in layer.published_fields]
    shape = "t.geom" if crs.srid == STORED_SRID else f"ST_Transform(t.geom, {crs.srid})"
    shape = f"ST_FlipCoordinates({shape})" if crs.flip else shape
    return (
        sql.SQL(
            "SELECT {state}, (to_jsonb(t) - {kept} || jsonb_build_object("
            "  'geom', ST_AsGeoJSON(t.geom, {digits}, 0)::jsonb))::text,"
            " json_build_object('type', 'Feature', 'id', t.id,"
            "  'geometry', ST_AsGeoJSON({shape}, {digits}, 0)::json,"
            "  'properties', row_to_json(p))::text"
            " FROM {table} AS t CROSS JOIN LATERAL (SELECT {names}) AS p"
            " WHERE t.id = %(id)s AND t.area = %(area)s"
        )
        .format(
            state=sql.SQL(STATE),
            kept=sql.Literal(KEPT_TEXT),
            digits=sql.Literal(FULL_DIGITS),
            shape=sql.SQL(shape),
            table=_features(layer),
            names=sql.SQL(", ").join(sql.SQL("t.{}").format(n) for n in names),
        )
        .as_string()
    )


@lru_cache(maxsize=256)
def _twin_text(layer: Layer) -> str:
    return (
        sql.SQL(
            "INSERT INTO {tiles} (id, area{columns}, geom) SELECT * FROM ("
            " SELECT t.id, t.area{values}, {drawn} AS geom FROM {table} AS t"
            " WHERE t.id = %(id)s AND t.area = %(area)s AND t.geom IS NOT NULL) AS moved"
            " WHERE NOT ST_IsEmpty(geom) AND NOT EXISTS (SELECT FROM layers.version AS v"
            "  WHERE v.layer = {layer} AND v.area = %(area)s AND NOT v.tiled)"
        )
        .format(
            tiles=sql.Identifier("tiles", layer.id),
            table=_features(layer),
            layer=sql.Literal(layer.id),
            drawn=side_tiles.drawn("t"),
            columns=side_tiles.columns(layer),
            values=side_tiles.values(layer, "t"),
        )
        .as_string()
    )
