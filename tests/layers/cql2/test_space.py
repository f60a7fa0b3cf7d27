"""Geometry literals: axes, CRS, the antimeridian, collections; shapely (GEOS >= 3.13) as oracle."""

import itertools
from collections.abc import Callable

import psycopg
import pytest
import shapely
from psycopg import sql

from layers.cql2 import Expression, compile, parse_text, tree
from layers.errors import BadFilter
from layers.query import CRS84, Crs
from tests.fix_cql2 import SAMPLE

Ids = Callable[..., list[int]]

EPSG4326 = Crs("http://www.opengis.net/def/crs/EPSG/0/4326", 4326, flip=True)
UTM36 = Crs("http://www.opengis.net/def/crs/EPSG/0/32636", 32636, metric=True)
LAEA = Crs("http://www.opengis.net/def/crs/EPSG/0/3035", 3035, flip=True, metric=True)


def test_axes_follow_the_crs(ids: Ids) -> None:
    assert ids(parse_text("S_INTERSECTS(geom, POINT(30.5 54.5))")) == [2]
    assert ids(parse_text("S_INTERSECTS(geom, POINT(54.5 30.5))"), EPSG4326) == [2]
    assert ids(parse_text("S_INTERSECTS(geom, BBOX(54.4, 30.4, 54.6, 30.6))"), EPSG4326) == [2]
    line = "S_INTERSECTS(geom, LINESTRING(54.4 30.4, 54.6 30.6))"
    assert ids(parse_text(line), EPSG4326) == [2]
    assert ids(parse_text(line)) == []
    assert ids(parse_text("S_INTERSECTS(geom, BBOX(54, 30, 54, 30))"), EPSG4326) == [1, 2]
    assert ids(parse_text("S_INTERSECTS(geom, BBOX(30, 0, 30, 90))")) == [1, 2]


@pytest.mark.parametrize("shape", ["BBOX(0, {n}, 600000, {m})", "LINESTRING(0 {n}, 600000 {n})"])
def test_straight_edges_stay_straight_in_their_crs(shape: str, ids: Ids) -> None:
    # This line of UTM reaches 53.04 N at 30 E; the chord between its transformed ends only 52.96 N,
    # and the sample's area begins at 53 N.
    northing = 5_881_400
    text = f"S_INTERSECTS(geom, {shape.format(n=northing, m=northing + 1000)})"
    assert ids(parse_text(text), UTM36) == [2]


def test_coordinates_are_transformed(db: psycopg.Connection, ids: Ids) -> None:
    row = db.execute(
        "SELECT ST_X(p), ST_Y(p) FROM ST_Transform('SRID=4326;POINT(30 54)'::geometry, 3035) AS p"
    ).fetchone()
    assert row is not None
    east, north = row
    near = f"S_INTERSECTS(geom, BBOX({north - 1}, {east - 1}, {north + 1}, {east + 1}))"
    assert ids(parse_text(near), LAEA) == [1, 2]
    swapped = f"S_INTERSECTS(geom, BBOX({east - 1}, {north - 1}, {east + 1}, {north + 1}))"
    assert ids(parse_text(swapped), LAEA) == []
    at = f"distance_m(geom, POINT({north} {east})) < 0.001"
    assert ids(parse_text(at), LAEA) == [1, 2]


@pytest.mark.parametrize(
    ("text", "crs", "reason"),
    [
        ("S_INTERSECTS(geom, POINT(90 180))", CRS84, "longitude 90, latitude 180 is no place"),
        ("S_INTERSECTS(geom, POINT(30 54))", EPSG4326, ""),
        ("S_INTERSECTS(geom, POINT(100 54))", EPSG4326, "latitude 100 is no place"),
        ("S_INTERSECTS(geom, LINESTRING(0 0, 181 0))", CRS84, "longitude 181"),
        ("S_INTERSECTS(geom, BBOX(0, 10, 5, 9))", CRS84, "south edge"),
        ("S_INTERSECTS(geom, BBOX(10, 0, 5, 9))", CRS84, ""),
        ("S_INTERSECTS(geom, BBOX(10, 0, 5, 9))", UTM36, "west edge"),
    ],
)
def test_no_place_on_earth(text: str, crs: Crs, reason: str, ids: Ids) -> None:
    if not reason:
        ids(parse_text(text), crs)
        return
    with pytest.raises(BadFilter, match="at character 20: .*" + reason):
        ids(parse_text(text), crs)


def test_a_box_over_the_antimeridian_is_two(db: psycopg.Connection) -> None:
    for box, wanted in (
        ("BBOX(170,-10,-170,10)", (True, True, False)),
        ("BBOX(-170,-10,170,10)", (False, False, True)),
    ):
        answers = tuple(
            _ask(db, parse_text(f"S_WITHIN({point}, {box})"))
            for point in ("POINT(175 0)", "POINT(-175 5)", "POINT(0 0)")
        )
        assert answers == wanted


def _ask(db: psycopg.Connection, node: Expression) -> bool:
    where, params = compile(SAMPLE, node, crs=CRS84)
    row = db.execute(sql.SQL("SELECT {}").format(where).as_string(), params).fetchone()
    assert row is not None
    return bool(row[0])


RELATIONS: dict[str, Callable[..., bool]] = {
    "s_contains": shapely.contains,
    "s_crosses": shapely.crosses,
    "s_disjoint": shapely.disjoint,
    "s_equals": shapely.equals,
    "s_intersects": shapely.intersects,
    "s_overlaps": shapely.overlaps,
    "s_touches": shapely.touches,
    "s_within": shapely.within,
}
SHAPES = (
    "POINT (1 1)",
    "POINT (2 1)",
    "MULTIPOINT ((1 1), (9 9))",
    "LINESTRING (0 0, 2 2)",
    "LINESTRING (2 0, 2 4)",
    "MULTILINESTRING ((0 0, 2 2), (5 5, 6 6))",
    "POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))",
    "POLYGON ((2 0, 4 0, 4 2, 2 2, 2 0))",
    "MULTIPOLYGON (((1 0, 3 0, 3 2, 1 2, 1 0)), ((8 8, 9 8, 9 9, 8 8)))",
    "GEOMETRYCOLLECTION (POINT (1 1), POINT (9 9))",
    "GEOMETRYCOLLECTION (POINT (9 9), LINESTRING (0 0, 2 2))",
    "GEOMETRYCOLLECTION (POINT (1 1), POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0)))",
    "GEOMETRYCOLLECTION (LINESTRING (1 1, 5 1), POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0)))",
    "GEOMETRYCOLLECTION (POLYGON ((0 0, 1 0, 1 2, 0 2, 0 0)), POLYGON ((1 0, 2 0, 2 2, 1 2, 1 0)))",
)


@pytest.mark.skipif(shapely.geos_version < (3, 13, 0), reason="older GEOS relates no collections")
@pytest.mark.parametrize("op", RELATIONS)
def test_spatial_relations_are_those_of_geos(op: str, db: psycopg.Connection) -> None:
    different = []
    for a, b in itertools.product(SHAPES, SHAPES):
        node = parse_text(f"{op}({a}, {b})")
        assert isinstance(node, tree.Relation)
        wanted = bool(RELATIONS[op](shapely.from_wkt(a), shapely.from_wkt(b)))
        if _ask(db, node) != wanted:
            different.append((a, b, wanted))
    assert different == []
