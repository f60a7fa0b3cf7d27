"""Layers without a restart: two server processes, one database, tables that come and go."""

import http.client
import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pyogrio
import pytest

from tests.fix_db import new_database
from tests.fix_portal import geoportal
from tests.fix_server import Server, start_server

WITHIN_S = 15.0
SAID = ("--status", "official", "--licence", "CC-BY-4.0", "--supplier", "Orsha")
BENCHES = """
CREATE SCHEMA city;
CREATE TYPE city.state AS ENUM ('good', 'broken');
CREATE TABLE city.benches (
    gid serial PRIMARY KEY, "Назва" text, state city.state NOT NULL, seats smallint,
    made timestamp, weight numeric(8, 2), tags jsonb, "limit" int DEFAULT 7,
    kept date, shape geometry(PointZ, 32636) NOT NULL
);
COMMENT ON TABLE city.benches IS 'Benches of Orsha';
COMMENT ON COLUMN city.benches.seats IS 'How many may sit';
INSERT INTO city.benches ("Назва", state, seats, made, weight, tags, shape)
SELECT 'Лаўка ' || n, 'good', n % 5, '2024-05-01 10:00', n / 4.0, '{}',
    ST_Transform(ST_SetSRID(ST_MakePoint(30.40 + n % 100 * 1e-3, 54.5 + n / 100 * 1e-3, 7), 4326),
        32636)
FROM generate_series(1, 2000) AS n;
UPDATE city.benches SET weight = 'NaN' WHERE gid = 2000;
UPDATE city.benches SET kept = 'infinity' WHERE gid = 1998;
UPDATE city.benches SET kept = '12026-01-02' WHERE gid = 1999;
UPDATE city.benches SET kept = '0044-03-15 BC' WHERE gid = 2000;
"""


@pytest.fixture(scope="module")
def live(server: str, template: str) -> Iterator[str]:
    """A database with a table of the town's."""
    with new_database(server, template) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(BENCHES)
        yield url


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("layers")


@pytest.fixture(scope="module")
def two(live: str, folder: Path) -> Iterator[tuple[Server, Server]]:
    """Two servers as on two hosts; only the first one watches a folder."""
    geoportal(live, "load", "demo", "--area", "orsha", "--buildings", "60")
    with start_server(live, layers_dir=folder) as first, start_server(live, layers_dir="") as other:
        yield first, other


def until(servers: tuple[Server, ...], true: Callable[[Server], bool]) -> float:
    """Wait until it is true of each server; return the seconds it took."""
    start = time.monotonic()
    while not all(true(one) for one in servers):
        assert time.monotonic() < start + WITHIN_S, "the servers did not follow"
        time.sleep(0.05)
    return time.monotonic() - start


def get(server: Server, path: str) -> dict[str, object]:
    status, _, body = server.request("GET", path)
    assert status == 200, body
    return dict(json.loads(body))


def has(layer_id: str) -> Callable[[Server], bool]:
    return lambda one: one.request("GET", f"/ogc/collections/{layer_id}?f=json")[0] == 200


def lacks(layer_id: str) -> Callable[[Server], bool]:
    return lambda one: one.request("GET", f"/ogc/collections/{layer_id}?f=json")[0] == 404


def test_a_published_table_is_a_whole_collection_in_every_server(
    live: str, two: tuple[Server, Server]
) -> None:
    assert lacks("benches")(two[0])
    said = geoportal(live, "layers", "publish", "city.benches", *SAID)
    until(two, has("benches"))
    assert "2 000 rows of city.benches" in said
    assert "column tags is of a type that a layer cannot hold" in said
    assert "Benches of Orsha" in geoportal(live, "layers", "list")
    assert "buildings" in geoportal(live, "layers", "list")
    shown = geoportal(live, "layers", "show", "benches")
    assert "city.benches" in shown
    assert "How many may sit" in shown
    for one in two:
        collection = get(one, "/ogc/collections/benches?f=json")
        assert collection["title"] == "Benches of Orsha"
        assert collection["itemCount"] == 2000
        items = get(one, "/ogc/collections/benches/items?f=json&limit=3")
        assert items["numberMatched"] == 2000
        first = items["features"][0]  # type: ignore[index]
        assert first["id"] == 1
        assert first["geometry"]["coordinates"] == pytest.approx([30.401, 54.5], abs=1e-7)
        assert first["properties"] == {
            "field_1": "Лаўка 1", "state": "good", "seats": 1,
            "made": "2024-05-01T10:00:00+00:00", "weight": 0.25, "limit": 7,
            "kept": None,
        }  # fmt: skip
        found = get(one, "/ogc/collections/benches/items?f=json&filter=seats=4&limit=1")
        assert found["numberMatched"] == 400
        box = "bbox=30.4005,54.4995,30.4025,54.5005"
        assert get(one, f"/ogc/collections/benches/items?f=json&{box}")["numberMatched"] == 2
        for kind in ("queryables", "schema", "sortables"):
            assert "seats" in get(one, f"/ogc/collections/benches/{kind}")["properties"]  # type: ignore[operator]
        assert (
            get(one, "/ogc/collections/benches/items/2000?f=json")["properties"]["weight"] is None
        )  # type: ignore[index]
        # Days that only PostgreSQL knows turn pages, too.
        page, turned = get(one, "/ogc/collections/benches/items?f=json&limit=1&sortby=kept"), []
        for _ in range(4):
            turned.append(page["features"][0]["id"])  # type: ignore[index]
            (to,) = (x["href"] for x in page["links"] if x["rel"] == "next")  # type: ignore[attr-defined]
            page = get(one, "/ogc" + to.partition("/ogc")[2])
        assert turned == [2000, 1999, 1998, 1]
        # A column called like a parameter leaves that parameter its meaning.
        seven = get(one, "/ogc/collections/benches/items?f=json&limit=2&filter=limit=7")
        assert (seven["numberReturned"], seven["numberMatched"]) == (2, 2000)
        of_items = get(one, "/ogc/openapi?f=json")["paths"]["/collections/benches/items"]  # type: ignore[index]
        named = [
            x.get("name") or x["$ref"].rpartition("/")[2] for x in of_items["get"]["parameters"]
        ]
        assert named.count("limit") == 1
        assert get(one, "/ogc/styles/benches?f=mapbox")["version"] == 8
        tile = one.request("GET", "/ogc/collections/benches/tiles/WebMercatorQuad/8/81/149")
        assert tile[0] == 200
        assert b"benches" in tile[2]
        assert "benches" in json.dumps(get(one, "/map/catalogue.json"))


def test_gdal_reads_it(two: tuple[Server, Server]) -> None:
    found = pyogrio.read_info(f"OAPIF:{two[1].url}/ogc", "benches")
    assert found["features"] == 2000
    assert list(found["fields"])[:3] == ["field_1", "state", "seats"]


def count_of(layer_id: str) -> Callable[[Server], object]:
    return lambda one: get(one, f"/ogc/collections/{layer_id}?f=json")["itemCount"]


def tiled(connection: psycopg.Connection[tuple[object, ...]]) -> bool:
    query = (
        "SELECT d.tiled = v.version FROM layers.definition AS d JOIN layers.version AS v"
        " USING (layer) WHERE d.layer = 'benches'"
    )
    row = connection.execute(query).fetchone()
    return bool(row and row[0])


def test_changes_of_its_rows_are_seen_and_tiles_are_true_before_and_after_the_side_table(
    live: str, two: tuple[Server, Server]
) -> None:
    etag = two[1].request("GET", "/ogc/collections/benches/items/7?f=json")[1]["etag"]
    with psycopg.connect(live, autocommit=True) as connection:
        until(two, lambda _: tiled(connection))
        steps = (
            ("DELETE FROM city.benches WHERE gid > 1500", 1500),
            ("UPDATE city.benches SET shape = ST_Translate(shape, 1000, 0) WHERE gid = 7", 1500),
            ("INSERT INTO city.benches (state, shape) SELECT state, shape FROM city.benches", 3000),
        )
        for change, count in steps:
            connection.execute(change)
            until(two, lambda one, count=count: count_of("benches")(one) == count)  # type: ignore[misc]
            direct = connection.execute("SELECT count(*) FROM city.benches").fetchone()
            assert direct == (count,)
            query = "SELECT id, ST_AsText(geom, 3), appears, seats FROM tiles.benches ORDER BY id"
            connection.execute("UPDATE layers.definition SET tiled = NULL WHERE layer = 'benches'")
            live_rows = connection.execute(query).fetchall()
            until(two, lambda _: tiled(connection))
            assert connection.execute(query).fetchall() == live_rows
            assert len(live_rows) == count
        plan = connection.execute("EXPLAIN ANALYZE SELECT count(*) FROM tiles.benches").fetchall()
        assert any("never executed" in str(line) for line in plan)
    status, headers, _ = two[1].request(
        "GET", "/ogc/collections/benches/items/7?f=json", {"If-None-Match": etag}
    )
    assert status == 200
    assert headers["etag"] != etag


@pytest.mark.usefixtures("two")
def test_boxes_use_an_index_in_the_system_of_the_table(live: str) -> None:
    with psycopg.connect(live, autocommit=True) as connection:
        connection.execute("SET enable_seqscan = off")
        connection.execute("SET ROLE geoportal_reader")
        plan = connection.execute(
            "EXPLAIN SELECT id FROM features.benches AS t"
            " WHERE ST_Intersects(t.geom, ST_MakeEnvelope(30.4, 54.4, 30.41, 54.6, 4326))"
        ).fetchall()
        assert any("geoportal_benches" in str(line) for line in plan)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT tags FROM city.benches")


def test_a_lost_announcement_is_made_good_by_looking(live: str, two: tuple[Server, Server]) -> None:
    with psycopg.connect(live, autocommit=True) as connection:
        connection.execute("ALTER TABLE layers.definition DISABLE TRIGGER announce")
        connection.execute("ALTER TABLE layers.version DISABLE TRIGGER announce")
        try:
            connection.execute("CREATE TABLE city.quiet (LIKE city.benches INCLUDING ALL)")
            geoportal(live, "layers", "publish", "city.quiet", "--title-be", "Ціха", *SAID)
            until(two, has("quiet"))
            insert = "INSERT INTO city.quiet (gid, state, shape) SELECT gid, state, shape"
            connection.execute(f"{insert} FROM city.benches WHERE gid <= 3")
            until(two, lambda one: count_of("quiet")(one) == 3)
            said = geoportal(live, "layers", "unpublish", "quiet")
            assert "city.quiet stays" in said
            until(two, lacks("quiet"))
        finally:
            connection.execute("ALTER TABLE layers.definition ENABLE ALWAYS TRIGGER announce")
            connection.execute("ALTER TABLE layers.version ENABLE ALWAYS TRIGGER announce")


def test_a_request_in_flight_ends_whole(live: str, two: tuple[Server, Server]) -> None:
    with psycopg.connect(live, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE city.many AS SELECT n::bigint AS n, repeat('x', 200) AS word,"
            " ST_SetSRID(ST_MakePoint(30, 54), 4326)::geometry(Point, 4326) AS shape"
            " FROM generate_series(1, 100000) AS n"
        )
        connection.execute("ALTER TABLE city.many ADD PRIMARY KEY (n)")
    geoportal(live, "layers", "publish", "city.many", *SAID)
    until(two, has("many"))
    opened = http.client.HTTPConnection("127.0.0.1", two[0].port, timeout=60)
    opened.request("GET", "/ogc/collections/many/items?f=csv")
    answer = opened.getresponse()
    assert answer.status == 200
    head = answer.read(100_000)
    geoportal(live, "layers", "publish", "city.benches", "--title-en", "Seats", *SAID)
    until(two, lambda one: get(one, "/ogc/collections/benches?f=json")["title"] == "Seats")
    rest = answer.read()
    assert (head + rest).count(b"\n") == 100_001
    opened.close()


def test_a_table_that_goes_takes_its_collection_with_it_and_never_says_500(
    live: str, two: tuple[Server, Server]
) -> None:
    with psycopg.connect(live, autocommit=True) as connection:
        connection.execute("CREATE TABLE city.gone (LIKE city.benches INCLUDING ALL)")
        connection.execute("INSERT INTO city.gone SELECT * FROM city.benches LIMIT 5")
        geoportal(live, "layers", "publish", "city.gone", *SAID)
        until(two, has("gone"))
        with pytest.raises(psycopg.errors.DependentObjectsStillExist):
            connection.execute("DROP TABLE city.gone")
        connection.execute("DROP TABLE city.gone CASCADE")
    tile = "tiles/WebMercatorQuad/8/81/149"
    for path in ("items?f=json", "items?f=csv", "items?f=gpkg", "items/1", tile):
        status, _, body = two[0].request("GET", f"/ogc/collections/gone/{path}")
        assert (status, json.loads(body)["status"]) == (503, 503), path
    geoportal(live, "layers", "unpublish", "gone")
    until(two, lacks("gone"))


def test_a_watched_folder_publishes_what_is_sound_and_keeps_what_was_before(
    live: str, folder: Path, two: tuple[Server, Server]
) -> None:
    theme = folder / "infrastructure"
    layer = theme / "kiosks"
    original = Path(__file__).parents[2] / "layers" / "infrastructure" / "wifi_access_points"
    new = folder.parent / "kiosks"
    shutil.copytree(original, new)
    for file in new.iterdir():
        file.write_text(file.read_text().replace("wifi_access_points", "kiosks"))
    theme.mkdir()
    new.rename(layer)
    with psycopg.connect(live, autocommit=True) as connection:
        until(two, lambda _: _exists(connection, "features.kiosks"))
        assert lacks("kiosks")(two[0])  # it has no rows yet
        connection.execute(
            "INSERT INTO layers.version (layer, area, checksum, row_count, status, source,"
            " source_checksum) VALUES ('kiosks', 'orsha', '', 0, 'official', 'test', '')"
        )
        until(two, has("kiosks"))
        definition = layer / "layer.yml"
        sound = definition.read_text()
        definition.write_text(sound.replace("geometry: Point", "geometry: Pont"))
        time.sleep(2)
        for one in two:
            assert has("kiosks")(one)
        title = get(two[0], "/ogc/collections/kiosks?f=json&lang=en")["title"]
        definition.write_text(sound.replace(f"en: {title}", "en: Kiosks"))
        path = "/ogc/collections/kiosks?f=json&lang=en"
        until(two, lambda one: get(one, path)["title"] == "Kiosks")
        shutil.rmtree(layer)
        until(two, lacks("kiosks"))
        assert _exists(connection, "features.kiosks")


def _exists(connection: psycopg.Connection[tuple[object, ...]], table: str) -> bool:
    row = connection.execute("SELECT to_regclass(%s) IS NOT NULL", (table,)).fetchone()
    return bool(row and row[0])


def test_a_server_makes_the_side_table_that_the_load_of_a_file_left(
    live: str, two: tuple[Server, Server], tmp_path: Path
) -> None:
    file = tmp_path / "points.csv"
    file.write_text("service_class,lon,lat\nschool,30.42,54.5\nshop,30.43,54.51\n")
    given = ("--layer", "service_points", "--area", "orsha", "--accept-removals")
    geoportal(live, "load", "vector", str(file), *given)
    until(two, lambda one: count_of("service_points")(one) == 2)
    query = (
        "SELECT v.tiled, (SELECT count(*) FROM tiles.service_points) FROM layers.version AS v"
        " WHERE v.layer = 'service_points'"
    )
    with psycopg.connect(live, autocommit=True) as connection:
        until(two, lambda _: connection.execute(query).fetchone() == (True, 2))
