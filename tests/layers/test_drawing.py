"""The features of a picture: as PostGIS has them, the largest when there are too many."""

from dataclasses import replace

import psycopg
import pytest

from layers import drawing
from layers.query import Box, Crs, Filter, Query
from layers.registry import load_layers
from tests.fix_api import LAYERS

Connection = psycopg.Connection[tuple[object, ...]]
TEST_LAYERS = load_layers(LAYERS)
BOX = Box(24, 51.5, 24.2, 51.6)
WANTED = drawing.Wanted(Filter(box=BOX), ("name",), 0.0)


def rows(oracle: Connection, query: Query) -> list[tuple[object, ...]]:
    return oracle.execute(query.sql.encode(), query.params, binary=True).fetchall()


def test_geometries_are_those_of_postgis(oracle: Connection) -> None:
    layer = TEST_LAYERS["test_parcels"]
    crs = Crs("http://www.opengis.net/def/crs/EPSG/0/3857", 3857, metric=True)
    west, south, east, north = 2_671_667.0, 6_700_000.0, 2_693_000.0, 6_726_000.0
    wanted = replace(WANTED, rows=Filter(box=Box(west, south, east, north, crs)))
    found = rows(oracle, drawing.features(layer, wanted))
    expected = oracle.execute(
        "SELECT id, ST_AsBinary(ST_Transform(geom, 3857)), name FROM features.test_parcels"
        " WHERE ST_Transform(geom, 3857) && ST_MakeEnvelope(%s, %s, %s, %s, 3857)",
        (west, south, east, north),
        binary=True,
    ).fetchall()
    assert len(found) > 10
    assert sorted(found) == sorted(expected)


def test_of_too_many_the_largest_come_first(
    oracle: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "MOST_FEATURES", 4)
    layer = TEST_LAYERS["test_parcels"]
    found = rows(oracle, drawing.features(layer, WANTED))
    assert len(found) == 5  # one more tells that there are more
    inside = oracle.execute(
        "SELECT id FROM features.test_parcels"
        " WHERE ST_Intersects(geom, ST_MakeEnvelope(24, 51.5, 24.2, 51.6, 4326))"
        " ORDER BY ST_Area(geom) DESC, id"
    ).fetchall()
    assert rows(oracle, drawing.count(layer, WANTED.rows)) == [(len(inside),)]
    assert [one[0] for one in found] == [one[0] for one in inside[:5]]


def test_what_has_no_place_is_not_drawn(oracle: Connection) -> None:
    layer = TEST_LAYERS["test_broken"]
    wide = drawing.Wanted(Filter(box=Box(-180, -90, 180, 90)), ("name",), 0.0)
    names = {row[2] for row in rows(oracle, drawing.features(layer, wide))}
    assert names == {"self-intersecting", "collection", "arc", "valid"}
