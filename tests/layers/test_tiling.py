"""Tiles against PostGIS asked directly: what a tile should hold is computed without our SQL."""

from collections.abc import Iterator
from typing import Any

import mapbox_vector_tile
import psycopg
import pytest
import shapely
from pyproj import Transformer

from layers import tiling
from layers.model import POINT_COUNT, Layer, Tiles
from layers.query import Filter
from layers.registry import load_layers
from layers.tile_matrix_set import TILE_MATRIX_SETS, WEB_MERCATOR_QUAD, TileMatrixSet
from layers.tiling import Address, Tile
from tests.fix_db import new_database

Connection = psycopg.Connection[tuple[Any, ...]]
LAYERS = load_layers()
BUILDINGS = LAYERS["buildings"]
STREETS = LAYERS["streets"]
LAMPS = LAYERS["street_lights"].model_copy(update={"tiles": Tiles()})
ORSHA = (30.42, 54.51)

ROWS = """
CREATE TABLE features.{0}__a9 PARTITION OF features.{0} FOR VALUES IN ('orsha');
CREATE TABLE tiles.{0}__a9 PARTITION OF tiles.{0} FOR VALUES IN ('orsha');
"""
# 80 x 80 squares of 6 to 40 m, one every 100 m or so; every tenth one is a school.
MAKE_BUILDINGS = """
INSERT INTO features.buildings (id, area, kind, status, storeys, geom)
SELECT 900000000 + n, 'orsha', CASE WHEN n % 10 = 0 THEN 'school' ELSE 'residential' END,
       'demonstration', 1 + n % 9,
       ST_Multi(ST_Transform(ST_Expand(ST_Translate(o.p, (n % 80) * 100, (n / 80) * 100),
                3 + n % 17), 4326))
FROM generate_series(1, 6400) AS n,
     (SELECT ST_Transform(ST_SetSRID(ST_MakePoint(30.42, 54.51), 4326), 32636) AS p) AS o;
INSERT INTO tiles.buildings (id, area, kind, status, storeys, geom)
SELECT id, area, kind, status, storeys, ST_Transform(geom, 3857) FROM features.buildings;
"""
MAKE_LAMPS = """
INSERT INTO features.street_lights (id, area, lamp_id, lamp_type, state, status, geom)
SELECT 900000000 + n, 'orsha', 'L' || n, 'led', CASE WHEN n % 4 = 0 THEN 'fault' ELSE 'working' END,
       'demonstration', ST_SetSRID(ST_MakePoint(30.42 + (n % 60) * 0.002, 54.51 + n / 60 * 0.001),
       4326)
FROM generate_series(1, 3000) AS n;
INSERT INTO tiles.street_lights (id, area, lamp_id, state, status, geom)
SELECT id, area, lamp_id, state, status, ST_Transform(geom, 3857) FROM features.street_lights;
"""
MAKE_STREETS = """
INSERT INTO tiles.streets (id, area, highway, status, geom)
SELECT 900000000 + n, 'orsha', 'residential', 'demonstration', ST_MakeLine(
       ST_SetSRID(ST_MakePoint(3386000 + n * 10, 7267000), 3857),
       ST_SetSRID(ST_MakePoint(3386000 + n * 10, 7267000 + n), 3857))
FROM generate_series(1, 500) AS n;
"""


@pytest.fixture(scope="module")
def filled(server: str, template: str) -> Iterator[Connection]:
    with (
        new_database(server, template) as url,
        psycopg.connect(url, autocommit=True) as connection,
    ):
        for name in ("buildings", "street_lights", "streets"):
            connection.execute(ROWS.format(name).encode())
        for text in (MAKE_BUILDINGS, MAKE_LAMPS, MAKE_STREETS):
            connection.execute(text.encode())
        yield connection


def make(
    connection: Connection, layer: Layer, address: Address, rows: Filter = tiling.EVERYTHING
) -> Tile:
    making = tiling.tile(layer, address, rows)
    query = next(making)
    while True:
        cursor = connection.execute(query.sql.encode(), query.params, binary=True)
        row = cursor.fetchone()
        assert row is not None
        try:
            query = making.send(row)
        except StopIteration as done:
            tile: Tile = done.value
            return tile


def at(tms: TileMatrixSet, level: int, lon: float = 30.44, lat: float = 54.52) -> Address:
    """The tile of a place, at the level of a set that is like a zoom level."""
    point = Transformer.from_crs(4326, tms.srid, always_xy=True).transform(lon, lat)
    z = level - tms.level(0)
    row, _, col, _ = tms.covering(z, (*point, *point))
    return Address(tms, z, row, col)


def decode(tile: Tile, layer: Layer) -> list[dict[str, Any]]:
    if not tile.data:
        return []
    found: list[dict[str, Any]] = mapbox_vector_tile.decode(tile.data)[layer.id]["features"]
    return found


def oracle(connection: Connection, layer: Layer, address: Address, margin: float = 0) -> set[int]:
    """Ids of the features that touch the tile, by exact geometry in the set's own CRS."""
    west, south, east, north = address.bounds
    wide = (east - west) * margin
    rows = connection.execute(
        f"SELECT id FROM features.{layer.id} WHERE ST_Intersects(ST_Transform(geom, %s::int),"
        " ST_MakeEnvelope(%s, %s, %s, %s, %s::int))",
        (
            address.tms.srid, west - wide, south - wide, east + wide, north + wide,
            address.tms.srid,
        ),
    ).fetchall()  # fmt: skip
    return {row[0] for row in rows}


@pytest.mark.parametrize("tms", TILE_MATRIX_SETS.values(), ids=TILE_MATRIX_SETS)
@pytest.mark.parametrize("level", [14, 16])
def test_tile_of_every_set_holds_what_postgis_finds(
    filled: Connection, tms: TileMatrixSet, level: int
) -> None:
    address = at(tms, level)
    found = {f["id"] for f in decode(make(filled, BUILDINGS, address), BUILDINGS)}
    inside = oracle(filled, BUILDINGS, address)
    assert len(inside) > 5
    assert inside <= found
    assert found <= oracle(filled, BUILDINGS, address, margin=1.001 * 64 / 4096)


@pytest.mark.parametrize("tms", TILE_MATRIX_SETS.values(), ids=TILE_MATRIX_SETS)
def test_coordinates_are_where_the_set_puts_them(filled: Connection, tms: TileMatrixSet) -> None:
    address = at(tms, 15)
    west, south, east, north = address.bounds
    features = decode(make(filled, LAMPS, address), LAMPS)
    assert features
    for feature in features:
        (lon, lat), = filled.execute(
            "SELECT ST_X(geom), ST_Y(geom) FROM features.street_lights WHERE id = %s",
            (feature["id"],),
        ).fetchall()  # fmt: skip
        x, y = Transformer.from_crs(4326, tms.srid, always_xy=True).transform(lon, lat)
        # mapbox_vector_tile turns the y axis up.
        wanted = ((x - west) / (east - west) * 4096, (y - south) / (north - south) * 4096)
        assert feature["geometry"]["coordinates"] == pytest.approx(wanted, abs=1)


def test_geometry_is_cut_at_the_buffer(filled: Connection) -> None:
    features = decode(make(filled, BUILDINGS, at(WEB_MERCATOR_QUAD, 18)), BUILDINGS)
    numbers = [
        n
        for f in features
        for ring in f["geometry"]["coordinates"]
        for point in ring
        for n in point
    ]
    assert numbers
    assert min(numbers) >= -64
    assert max(numbers) <= 4096 + 64


@pytest.mark.parametrize("level", [14, 16, 18])
def test_shapes_are_those_of_postgis(filled: Connection, level: int) -> None:
    address = at(WEB_MERCATOR_QUAD, level)
    tile = mapbox_vector_tile.decode(
        make(filled, BUILDINGS, address).data, default_options={"y_coord_down": True}
    )
    drawn = {f["id"]: shapely.geometry.shape(f["geometry"]) for f in tile["buildings"]["features"]}
    rows = filled.execute(
        "SELECT id, snaps, ST_AsBinary(shape) FROM (SELECT b.*,"
        "  ST_AsMVTGeom(geom, ST_TileEnvelope(%s, %s, %s), 4096, 64, true) AS shape"
        " FROM tiles.buildings AS b OFFSET 0) AS b WHERE shape IS NOT NULL",
        (address.z, address.col, address.row),
    ).fetchall()
    assert any(snaps <= level for _, snaps, _ in rows)
    assert drawn.keys() == {id_ for id_, _, _ in rows}
    for id_, _, shape in rows:
        assert shapely.equals(drawn[id_], shapely.from_wkb(shape))


# Stars of 3 to 12 points with a hole now and then, sharp and blunt ones, 1 to 100 m wide.
MAKE_STARS = """
SELECT setseed(0.5);
CREATE TEMPORARY TABLE star AS SELECT n, ST_ForcePolygonCW(ST_SetSRID(CASE WHEN n % 3 = 0
  THEN ST_MakePolygon(ST_ExteriorRing(s), ARRAY[ST_ExteriorRing(ST_Scale(
    s, ST_MakePoint(0.6, 0.6), ST_Centroid(s)))]) ELSE s END, 3857)) AS geom
FROM (SELECT n, ST_MakePolygon(ST_AddPoint(l, ST_StartPoint(l))) AS s FROM (
  SELECT n, ST_MakeLine(ST_MakePoint(x + r * (0.1 + 0.9 * random()) * cos(2 * pi() * k / points),
    y + r * (0.1 + 0.9 * random()) * sin(2 * pi() * k / points)) ORDER BY k) AS l
  FROM (SELECT n, 3 + n % 10 AS points, 3386000 + random() AS x, 7267000 + random() AS y,
          10 ^ (2 * random()) AS r FROM generate_series(1, 3000) AS n) AS o,
       generate_series(0, points - 1) AS k GROUP BY n) AS l) AS p;
"""


def test_polygons_that_snap_stay_valid(filled: Connection) -> None:
    for text in MAKE_STARS.split(";")[:-1]:
        filled.execute(text.encode())
    rows = filled.execute(
        "SELECT level, count(*), count(*) FILTER (WHERE ST_IsValid(moved)"
        "  AND ST_NPoints(moved) = ST_NPoints(geom) AND ST_IsPolygonCCW(moved)) FROM ("
        " SELECT level, geom, ST_SnapToGrid(ST_Affine(geom, k, 0, 0, -k, 0, 0), 1) AS moved"
        " FROM star, generate_series(9, 20) AS level,"
        "  LATERAL (SELECT 4096 * 2 ^ level / (2 * 20037508.342789244) AS k) AS one"
        " WHERE tiles.snaps(geom) <= level) AS s GROUP BY level ORDER BY level"
    ).fetchall()
    assert rows
    assert all(count == sound for _, count, sound in rows)
    counts = [count for _, count, _ in rows]
    assert counts == sorted(counts)
    assert counts[0] < 1000
    assert counts[-1] > 2000


@pytest.mark.parametrize(
    ("shape", "snaps"),
    [
        ("POLYGON((0 0, 0 20, 20 20, 20 0, 0 0))", 10),
        ("POLYGON((0 0, 0 20, 20 20, 20 0, 0 0), (5 5, 15 5, 15 15, 5 15, 5 5))", 12),
        ("POLYGON((0 0, 20 0, 20 20, 0 20, 0 0))", None),  # turns the other way
        ("POLYGON((0 0, 20 20, 20 0, 0 20, 0 0))", None),  # crosses itself
        ("GEOMETRYCOLLECTION(POLYGON((0 0, 0 20, 20 20, 20 0, 0 0)))", None),
        ("LINESTRING(0 0, 0 20)", None),
        ("POINT(0 0)", None),
    ],
)
def test_only_sound_polygons_snap(filled: Connection, shape: str, snaps: int | None) -> None:
    # 20 m hold two moves of half a diagonal, 13 837 m * 2**-10; 5 m do at level 12.
    query = "SELECT tiles.snaps(ST_GeomFromText(%s, 3857))"
    assert filled.execute(query, (shape,)).fetchall() == [(snaps,)]


def test_many_vertices_are_left_to_postgis(filled: Connection) -> None:
    query = "SELECT tiles.snaps(ST_ForcePolygonCW(ST_Buffer('POINT(0 0)', 1000, %s)))"
    assert filled.execute(query, (24,)).fetchall() == [(8,)]
    assert filled.execute(query, (25,)).fetchall() == [(None,)]


def test_empty_tile_is_empty(filled: Connection) -> None:
    assert make(filled, BUILDINGS, Address(WEB_MERCATOR_QUAD, 14, 0, 0)) == Tile(b"")


def area_px(features: list[dict[str, Any]]) -> float:
    """Drawn area in pixels of a tile of 256."""
    total = 0.0
    for feature in features:
        for ring in feature["geometry"]["coordinates"]:
            pairs = zip(ring, [*ring[1:], ring[0]], strict=True)
            total += abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs)) / 2
    return total / 16**2


def test_small_polygons_are_thinned_and_their_area_stays_true(filled: Connection) -> None:
    address = at(WEB_MERCATOR_QUAD, 11)
    features = decode(make(filled, BUILDINGS, address), BUILDINGS)
    (real,), = filled.execute(
        "SELECT sum(ST_Area(ST_Intersection(geom, ST_TileEnvelope(11, %s, %s))))"
        " FROM tiles.buildings",
        (address.col, address.row),
    ).fetchall()  # fmt: skip
    pixel = WEB_MERCATOR_QUAD.cell_size(11)
    everything = oracle(filled, BUILDINGS, address)
    assert 100 < len(features) < len(everything) / 3
    assert area_px(features) == pytest.approx(real / pixel**2, rel=0.1)


def test_what_is_drawn_at_a_level_is_drawn_at_finer_ones(filled: Connection) -> None:
    for level in range(9, 14):
        coarse = {
            f["id"]
            for f in decode(make(filled, BUILDINGS, at(WEB_MERCATOR_QUAD, level)), BUILDINGS)
        }
        here = at(WEB_MERCATOR_QUAD, level + 1)
        fine = {f["id"] for f in decode(make(filled, BUILDINGS, here), BUILDINGS)}
        assert coarse
        assert coarse & oracle(filled, BUILDINGS, here) <= fine


def test_short_lines_are_thinned_by_their_length(filled: Connection) -> None:
    pixel = WEB_MERCATOR_QUAD.cell_size(9)  # 306 m
    features = decode(make(filled, STREETS, at(WEB_MERCATOR_QUAD, 9, 30.42, 54.51)), STREETS)
    ids = {f["id"] - 900_000_000 for f in features}
    # A line of n metres is number n: what reaches a pixel is there.
    assert {n for n in range(1, 501) if n >= pixel} <= ids
    short = [n for n in ids if n < pixel]
    assert len(short) == pytest.approx(pixel / 2, rel=0.15)


def test_points_are_clustered_and_every_one_is_counted(filled: Connection) -> None:
    address = at(WEB_MERCATOR_QUAD, 9)
    features = decode(make(filled, LAMPS, address), LAMPS)
    assert 1 < len(features) < 300
    total = sum(f["properties"][POINT_COUNT] for f in features)
    assert total == len(oracle(filled, LAMPS, address)) == 3000
    faults = [f for f in features if f["properties"]["state"] == "fault"]
    assert sum(f["properties"][POINT_COUNT] for f in faults) == 750
    crowd = max(features, key=lambda f: f["properties"][POINT_COUNT])
    assert "id" not in crowd or not crowd["id"]
    assert "lamp_id" not in crowd["properties"]


@pytest.mark.parametrize("tms", TILE_MATRIX_SETS.values(), ids=TILE_MATRIX_SETS)
def test_neighbours_agree_on_the_clusters_at_their_border(
    filled: Connection, tms: TileMatrixSet
) -> None:
    left = at(tms, 12, 30.45, 54.52)
    right = Address(tms, left.z, left.row, left.col + 1)

    def near(address: Address, low: float, high: float) -> set[tuple[int, int, int]]:
        return {
            (round(x) % 4096, round(y), f["properties"][POINT_COUNT])
            for f in decode(make(filled, LAMPS, address), LAMPS)
            for x, y in [f["geometry"]["coordinates"]]
            if low < x < high
        }

    # What lies in the buffer of one lies in the first cells of the other.
    assert near(left, 4096, 4160) == near(right, 0, 64)
    assert near(right, -64, 0) == near(left, 4032, 4096)


def test_single_points_keep_id_and_fields(filled: Connection) -> None:
    features = decode(make(filled, LAMPS, at(WEB_MERCATOR_QUAD, 13)), LAMPS)
    single = [f for f in features if f["properties"][POINT_COUNT] == 1]
    assert single
    for one in single:
        assert one["properties"]["lamp_id"] == f"L{one['id'] - 900_000_000}"


def test_points_are_as_they_are_from_the_detail_zoom_on(filled: Connection) -> None:
    address = at(WEB_MERCATOR_QUAD, 14)
    features = decode(make(filled, LAMPS, address), LAMPS)
    assert {f["id"] for f in features} >= oracle(filled, LAMPS, address)
    assert all(POINT_COUNT not in f["properties"] for f in features)


def test_layer_decides_where_detail_begins(filled: Connection) -> None:
    layer = LAMPS.model_copy(update={"tiles": Tiles(cluster=False)})
    assert len(decode(make(filled, layer, at(WEB_MERCATOR_QUAD, 9)), layer)) == 3000
    early = BUILDINGS.model_copy(update={"tiles": Tiles(detail_zoom=10)})
    address = at(WEB_MERCATOR_QUAD, 11)
    features = {f["id"] for f in decode(make(filled, early, address), early)}
    assert features == oracle(filled, early, address, margin=64 / 4096)


def test_budget_keeps_the_largest_and_tells_what_it_cut(filled: Connection) -> None:
    layer = BUILDINGS.model_copy(update={"tiles": Tiles(feature_limit=40)})
    address = at(WEB_MERCATOR_QUAD, 14)
    tile = make(filled, layer, address)
    kept = {f["id"] for f in decode(tile, layer)}
    all_of_it = oracle(filled, layer, address, margin=64 / 4096)
    assert len(kept) == 40
    assert tile.cut == len(all_of_it) - 40
    sizes = dict(
        filled.execute("SELECT id, ST_Area(geom) FROM tiles.buildings WHERE id = ANY(%s)",
                       (list(all_of_it),)).fetchall()
    )  # fmt: skip
    assert min(sizes[i] for i in kept) >= max(sizes[i] for i in all_of_it - kept) * 0.999


def test_budget_keeps_the_clusters_of_most_points(filled: Connection) -> None:
    address = at(WEB_MERCATOR_QUAD, 12)
    every = decode(make(filled, LAMPS, address), LAMPS)
    counts = sorted((f["properties"][POINT_COUNT] for f in every), reverse=True)
    layer = LAMPS.model_copy(update={"tiles": Tiles(feature_limit=50)})
    tile = make(filled, layer, address)
    found = sorted((f["properties"][POINT_COUNT] for f in decode(tile, layer)), reverse=True)
    assert found == counts[:50]
    assert tile.cut == len(counts) - 50


def test_rough_tile_keeps_to_its_bytes(filled: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    address = at(WEB_MERCATOR_QUAD, 12)
    whole = make(filled, BUILDINGS, address)
    monkeypatch.setattr(tiling, "MOST_BYTES", len(whole.data) // 3)
    tile = make(filled, BUILDINGS, address)
    assert 0 < len(tile.data) <= len(whole.data) // 3
    assert len(decode(tile, BUILDINGS)) + tile.cut == len(decode(whole, BUILDINGS))
    detail = make(filled, BUILDINGS, at(WEB_MERCATOR_QUAD, 14))
    monkeypatch.setattr(tiling, "MOST_BYTES", 10)
    assert make(filled, BUILDINGS, at(WEB_MERCATOR_QUAD, 14)) == detail


@pytest.mark.parametrize("level", [10, 14])
def test_condition_holds_at_every_level(filled: Connection, level: int) -> None:
    address = at(WEB_MERCATOR_QUAD, level)
    rows = Filter(equal=(("kind", "school"), ("storeys", 1)))
    features = decode(make(filled, BUILDINGS, address, rows), BUILDINGS)
    assert features
    assert {f["properties"]["kind"] for f in features} == {"school"}
    every = decode(make(filled, BUILDINGS, address), BUILDINGS)
    wanted = {
        f["id"]
        for f in every
        if f["properties"]["kind"] == "school" and f["properties"]["storeys"] == 1
    }
    assert {f["id"] for f in features} == wanted
    assert len(wanted) < len(every) / 20
