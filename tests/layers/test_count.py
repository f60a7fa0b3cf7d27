"""What is counted is exact, and what would cost much is not counted."""

from datetime import UTC, datetime
from typing import Any

import psycopg
import pyproj
import pytest

from layers import count, cql2, query
from layers.crs import SYSTEMS
from layers.model import Layer
from layers.query import CRS84, Box, Condition, Filter

Connection = psycopg.Connection[tuple[Any, ...]]
MANY = 20_000
FILL = f"""
CREATE TABLE features.probe__a7 PARTITION OF features.probe FOR VALUES IN ('quarter');
INSERT INTO features.probe (id, area, status, geom, kind, name, floors)
SELECT 700000000 + n, 'quarter', 'open',
    ST_Multi(ST_MakeEnvelope(30 + n / 1e5, 54, 30 + n / 1e5 + 5e-6, 54.0001, 4326)),
    CASE WHEN n % 1000 > 0 THEN 'house' ELSE 'shop' END, 'n ' || n, n % 9
FROM generate_series(1, {MANY}) AS n;
ANALYZE features.probe
"""


@pytest.fixture
def full(connection: Connection, probe: Layer) -> Connection:
    assert probe.id == "probe"
    connection.execute(FILL.encode())
    return connection


def asked(connection: Connection, wanted: query.Query) -> Any:
    ((found,),) = connection.execute(wanted.sql.encode(), wanted.params).fetchall()
    return found


def where(layer: Layer, text: str) -> Filter:
    condition, params = cql2.compile(layer, cql2.parse_text(text), crs=CRS84)
    return Filter(conditions=(Condition(condition.as_string(), tuple(params.items())),))


def outcome(connection: Connection, layer: Layer, rows: Filter) -> tuple[bool, int]:
    """Whether it would be counted, and the count."""
    cheap = count.is_cheap(asked(connection, count.plan(layer, rows)))
    return cheap, asked(connection, count.matched(layer, rows))


def test_what_an_index_finds_is_counted_and_a_long_scan_is_not(
    full: Connection, probe: Layer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(count, "MOST_COST", 1_000.0)  # the table is smaller than a city's
    assert outcome(full, probe, where(probe, "kind = 'shop'")) == (True, MANY // 1000)
    assert outcome(full, probe, where(probe, "name = 'n 7'")) == (False, 1)
    assert outcome(full, probe, where(probe, "floors = 8")) == (False, MANY // 9)


def test_a_count_stops(full: Connection, probe: Layer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(count, "MOST_ROWS", 5_000)
    found = asked(full, count.matched(probe, where(probe, "kind = 'house'")))
    assert found == 5_001


def test_a_box_is_weighed_by_its_index(full: Connection, probe: Layer) -> None:
    for system in SYSTEMS:
        turn = pyproj.Transformer.from_pipeline(system.pipeline).transform
        corners = [turn(x, y) for x in (30.05, 30.06) for y in (53.99, 54.01)]
        xs, ys = zip(*corners, strict=True)
        box = Box(min(xs), min(ys), max(xs), max(ys), system.crs)
        cheap, number = outcome(full, probe, Filter(box=box))
        assert cheap, system.code
        # Metric systems turn against the meridian: their box around the corners is wider.
        assert 1000 <= number < 2000, system.code
    # What the planner is told of a box is what its index knows, whatever PostGIS says it costs.
    wide = Filter(box=Box(30, 53, 31, 55))
    planned = asked(full, count.plan(probe, wide))[0]["Plan"]["Total Cost"]
    exact = query.Query(
        "EXPLAIN (FORMAT JSON) " + count.matched(probe, wide).sql, wide_params(wide)
    )
    assert 10 * planned < asked(full, exact)[0]["Plan"]["Total Cost"]


def wide_params(rows: Filter) -> dict[str, Any]:
    return query.bound(rows) | {"most": count.MOST_ROWS + 1}


def test_a_box_over_180_degrees_and_the_past_can_be_weighed(full: Connection, probe: Layer) -> None:
    assert outcome(full, probe, Filter(box=Box(170, 53, -170, 55)))[1] == 0
    turned = Filter(box=Box(30.05, 53, -170, 55), asof=datetime.now(UTC))
    _, number = outcome(full, probe, turned)
    assert number == MANY - 4999
