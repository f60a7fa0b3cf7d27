"""SQL of what a picture of a layer shows: geometries in the picture's CRS with the fields it needs.

Unlike the tiles this reads `features.<layer>` itself, so that a picture is exact in every CRS.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from psycopg import sql

from layers.model import Layer
from layers.query import STORED_SRID, Filter, Query, Shape, bound, shape_of, where

MOST_FEATURES = 100_000
"""Most features of a layer in one picture; of more the largest are drawn."""

_FEW_POINTS = 8  # what has no more points is not worth simplifying


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a layer is drawn: rows in a box, with these fields.

    `tolerance` = what may be simplified away, in units of the box's CRS.
    """

    rows: Filter
    fields: tuple[str, ...]
    tolerance: float


def features(layer: Layer, wanted: Wanted) -> Query:
    """Build the features: rows (id, geometry as WKB with east before north, fields ...).

    The box of `wanted.rows` names the CRS; at most MOST_FEATURES + 1 rows, the largest first when
    there are more.
    """
    assert wanted.rows.box is not None  # noqa: S101 - a picture has a box
    text = _features_text(layer, shape_of(wanted.rows), wanted.fields)
    params = bound(wanted.rows) | {"tolerance": wanted.tolerance, "most": MOST_FEATURES + 1}
    return Query(text, params, prepare=False)


def count(layer: Layer, rows: Filter) -> Query:
    """Build the count of the rows in the box of a picture."""
    condition = where(layer, shape_of(rows))
    text = sql.SQL("SELECT count(*) FROM {} AS t{}").format(_table(layer), condition)
    return Query(text.as_string(), bound(rows), prepare=False)


def _table(layer: Layer) -> sql.Composable:
    return sql.Identifier("features", layer.id)


@lru_cache(maxsize=512)
def _features_text(layer: Layer, shape: Shape, fields: tuple[str, ...]) -> str:
    assert shape.box is not None  # noqa: S101 - the caller has looked
    names = sql.SQL("").join(sql.SQL(", t.{}").format(sql.Identifier(name)) for name in fields)
    moved = "t.geom"
    if layer.geometry == "Geometry":
        moved = "CASE WHEN ST_HasArc(t.geom) THEN ST_CurveToLine(t.geom) ELSE t.geom END"
    if shape.box.srid != STORED_SRID:
        moved = f"ST_Transform({moved}, {shape.box.srid})"
    return (
        sql.SQL(
            "SELECT s.id, ST_AsBinary(CASE WHEN ST_NPoints(s.shape) > {few}"
            " THEN ST_Simplify(s.shape, %(tolerance)s::float8, true) ELSE s.shape END){shown}"
            " FROM (SELECT t.id, {moved} AS shape{names} FROM {table} AS t{where}"
            " ORDER BY {size}t.id LIMIT %(most)s) AS s"
            # What is no number cannot be drawn; NaN is above all others here.
            " WHERE ST_XMin(s.shape) > '-inf' AND ST_YMin(s.shape) > '-inf'"
            " AND ST_XMax(s.shape) < 'inf' AND ST_YMax(s.shape) < 'inf'"
        )
        .format(
            few=sql.Literal(_FEW_POINTS),
            shown=sql.SQL("").join(
                sql.SQL(", s.{}").format(sql.Identifier(name)) for name in fields
            ),
            moved=sql.SQL(moved),
            names=names,
            table=_table(layer),
            where=where(layer, shape),
            size=sql.SQL(_size(layer)),
        )
        .as_string()
    )


def _size(layer: Layer) -> str:
    """What makes a feature large. Of areas the largest is drawn first, so small ones stay seen."""
    if layer.geometry.endswith("Polygon"):
        return "ST_Area(t.geom) DESC, "
    if layer.geometry.endswith("LineString"):
        return "ST_Length(t.geom) DESC, "
    return ""
