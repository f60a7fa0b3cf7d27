"""How many rows pass: counted where PostgreSQL expects that to be cheap (docs/decisions/0005)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from psycopg import sql

from layers import box, query
from layers.model import Layer
from layers.query import Filter, Query, Shape

MOST_COST = 10_000.0
"""What counting may cost, in the planner's units (1 = a page read): about 15 ms."""
SMALL_LAYER = 5_000
"""Of a layer with no more rows any count is worth its while, whatever the planner says."""
MOST_ROWS = 50_000
"""A count stops here, should the planner have been wrong."""


def matched(layer: Layer, rows: Filter) -> Query:
    """Build the count of matching rows: one row, at most MOST_ROWS + 1."""
    params = query.bound(rows) | {"most": MOST_ROWS + 1}
    return Query(_text(layer, query.shape_of(rows)), params, prepare=rows.empty)


def plan(layer: Layer, rows: Filter) -> Query:
    """Build what PostgreSQL expects of that count, without counting: one row (the plan as JSON).

    Of a box only what its index says is weighed: PostGIS puts the cost of an intersection far too
    high for boxes.
    """
    params = query.bound(rows) | {"most": MOST_ROWS + 1}
    return Query(_plan_text(layer, query.shape_of(rows)), params, prepare=False)


def is_cheap(*plans: Sequence[Any]) -> bool:
    """Tell whether plans, as `plan` gives them, are together worth being carried out."""
    return bool(sum(one[0]["Plan"]["Total Cost"] for one in plans) <= MOST_COST)


@lru_cache(maxsize=1024)
def _text(layer: Layer, shape: Shape) -> str:
    return _count(layer, shape, query.where(layer, shape))


@lru_cache(maxsize=1024)
def _plan_text(layer: Layer, shape: Shape) -> str:
    rest = replace(shape, box=None)
    near = [] if shape.box is None else [box.condition(box.near, shape.box, crosses=shape.crosses)]
    return "EXPLAIN (FORMAT JSON) " + _count(layer, shape, query.where(layer, rest, *near))


def _count(layer: Layer, shape: Shape, where: sql.Composable) -> str:
    text = sql.SQL("SELECT count(*) FROM (SELECT FROM {} AS t{} LIMIT %(most)s) AS t")
    return text.format(query._table(layer, asof=shape.asof), where).as_string()
