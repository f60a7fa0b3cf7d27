from typing import Any

import psycopg
import pytest
from starlette.testclient import TestClient

PARCELS = "/ogc/collections/test_parcels/items"
Connection = psycopg.Connection[tuple[Any, ...]]
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"


def ids(client: TestClient, params: dict[str, str], path: str = PARCELS) -> list[int]:
    answer = client.get(path, params=params | {"limit": "10000"})
    assert answer.status_code == 200, answer.text
    return [feature["id"] for feature in answer.json()["features"]]


@pytest.mark.parametrize(
    ("filter_", "where"),
    [
        ("area_ha > 199.5", "area_ha > 199.5"),
        ("area_ha BETWEEN 1 AND 1.1 OR name = 'Участок 7'",
         "area_ha BETWEEN 1 AND 1.1 OR name = 'Участок 7'"),
        ("CASEI(name) LIKE casei('УЧАСТОК 1999%')", "name LIKE 'Участок 1999%'"),
        ("built = DATE('2000-01-02')", "built = '2000-01-02'"),
        ("T_BEFORE(built, DATE('2000-01-03'))", "built < '2000-01-03'"),
        ("S_INTERSECTS(geometry, BBOX(24, 51.5, 24.1, 51.6))",
         "ST_Intersects(geom, ST_MakeEnvelope(24, 51.5, 24.1, 51.6, 4326))"),
        ("NOT (area_ha * 2 < 399) AND name IS NOT NULL", "area_ha * 2 >= 399"),
    ],
)  # fmt: skip
def test_filter_gives_the_rows_of_postgis(
    client: TestClient, oracle: Connection, filter_: str, where: str
) -> None:
    query = f"SELECT id FROM features.test_parcels WHERE {where} ORDER BY id"
    wanted = [row[0] for row in oracle.execute(query.encode())]
    assert wanted
    assert ids(client, {"filter": filter_}) == wanted
    page = client.get(PARCELS, params={"filter": filter_, "limit": "1"}).json()
    assert page["numberMatched"] == len(wanted)


def test_filter_in_json_and_in_another_crs(client: TestClient) -> None:
    text = {"filter": "area_ha = 1.5"}
    json = {"filter": '{"op":"=","args":[{"property":"area_ha"},1.5]}', "filter-lang": "cql2-json"}
    assert ids(client, text) == ids(client, json) == [150]
    east_north = "S_INTERSECTS(geometry, POINT(24.05 51.51))"
    north_east = "S_INTERSECTS(geometry, POINT(51.51 24.05))"
    assert ids(client, {"filter": east_north}) == [1]
    assert ids(client, {"filter": north_east, "filter-crs": EPSG + "4326"}) == [1]


def test_filter_goes_with_the_other_parameters_and_with_cursors(client: TestClient) -> None:
    params = {"filter": "area_ha < 100", "bbox": "24,51,25,53", "datetime": "2000-01-01/2010-01-01"}
    wanted = ids(client, params)
    seen: list[int] = []
    page = client.get(PARCELS, params=params | {"limit": "50", "sortby": "-area_ha"}).json()
    while True:
        seen += [feature["id"] for feature in page["features"]]
        following = [x["href"] for x in page["links"] if x["rel"] == "next"]
        if not following:
            break
        page = client.get(following[0]).json()
    assert len(wanted) > 100
    assert sorted(seen) == wanted
    assert len(seen) == len(wanted)


@pytest.mark.parametrize(
    ("params", "word"),
    [
        ({"filter": "nosuch = 1"}, "nosuch"),
        ({"filter": "owner_secret LIKE 'SECRET-1%'"}, "owner_secret"),
        ({"filter": "area_ha = 'abc'"}, "character"),
        ({"filter": "area_ha >"}, "character"),
        ({"filter": "("}, "character"),
        ({"filter": "(" * 5000 + "a"}, ""),
        ({"filter": ""}, ""),
        ({"filter": "[", "filter-lang": "cql2-json"}, ""),
        ({"filter": "area_ha = 1", "filter-lang": "sql"}, "filter-lang"),
        ({"filter": "area_ha = 1", "filter-crs": "EPSG:1"}, "filter-crs"),
        (
            {"filter": '{"op":"=","args":[{"property":"x"},1]}', "filter-lang": "cql2-json"},
            "/args/0",
        ),
    ],
)
def test_filter_that_cannot_be_is_400_and_says_where(
    client: TestClient, params: dict[str, str], word: str
) -> None:
    answer = client.get(PARCELS, params=params)
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert word in answer.json()["detail"]


@pytest.mark.parametrize("q", ["УЧАСТОК 19999", "участок 19999", "19999", "участок 1999 9999"])
def test_words_are_found_whatever_their_case(client: TestClient, q: str) -> None:
    assert 19999 in ids(client, {"q": q})


def test_signs_of_like_are_only_signs(client: TestClient) -> None:
    assert ids(client, {"q": "участок_1"}) == []
    assert ids(client, {"q": "Ко"}, "/ogc/collections/test_broken/items") == []


@pytest.mark.parametrize("q", ["", " ", "%", "a " * 30, "x" * 300])
def test_text_that_is_no_search_is_refused(client: TestClient, q: str) -> None:
    assert client.get(PARCELS, params={"q": q}).status_code == 400


def test_code_titles_are_searched_in_every_language(portal_database: str) -> None:
    from geoportal.app import create_app
    from geoportal.settings import Settings

    with TestClient(create_app(Settings(database_url=portal_database))) as portal:
        path = "/ogc/collections/service_points/items"
        found = {q: ids(portal, {"q": q}, path) for q in ("школа", "SCHOOL", "аптэка", "аптека")}
        assert found["школа"]
        assert set(found["SCHOOL"]) <= set(found["школа"])
        assert found["аптэка"] == found["аптека"]
        assert found["аптэка"]


@pytest.mark.parametrize(
    "filter_", ["length_m(geometry) > 1000", "distance_m(geometry, POINT(27 53)) < 1"]
)
def test_an_arc_has_a_length_and_a_distance(client: TestClient, filter_: str) -> None:
    path = "/ogc/collections/test_broken/items"
    assert ids(client, {"filter": f"id = 7 AND {filter_}"}, path) == [7]
