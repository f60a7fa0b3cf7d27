from typing import Any

import psycopg
import pytest
from starlette.testclient import TestClient

from geoportal.ogc.search import MOST
from layers import count

SEARCH = "/ogc/search"


def found(answer: Any) -> set[tuple[str, int]]:
    assert answer.status_code == 200, answer.text
    return {(f["collection"], f["id"]) for f in answer.json()["features"]}


def test_search_goes_over_every_collection(client: TestClient) -> None:
    answer = client.get(SEARCH, params={"bbox": "24.0,51.5,24.1,53.1", "limit": "1000"})
    collections = {name for name, _ in found(answer)}
    assert collections == {"test_parcels", "test_ties"}
    counts = {c["id"]: c["numberReturned"] for c in answer.json()["collections"]}
    assert sum(counts.values()) == answer.json()["numberReturned"] == len(found(answer))


@pytest.mark.parametrize("limit", [1, 3, 1000])
def test_what_is_found_beyond_the_limit_is_counted(
    client: TestClient, oracle: psycopg.Connection[Any], limit: int
) -> None:
    bbox = "24.0,51.5,24.1,53.1"
    ((wanted,),) = oracle.execute(
        " UNION ALL ".join(
            f"SELECT ST_Intersects(geom, ST_MakeEnvelope({bbox}, 4326)) AS found"
            f" FROM features.{name}" for name in ("test_parcels", "test_ties")
        ).join(("SELECT count(*) FROM (", ") AS t WHERE found"))
    )  # fmt: skip
    answer = client.get(SEARCH, params={"bbox": bbox, "limit": limit}).json()
    assert wanted > 3
    assert (answer["limit"], answer["numberMatched"]) == (limit, wanted)
    assert answer["numberReturned"] == len(answer["features"]) == min(limit, wanted)


def test_what_is_dear_to_count_is_not(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(count, "MOST_COST", 0.0)
    box = {"bbox": "24.0,51.5,24.1,53.1"}
    assert "numberMatched" not in client.get(SEARCH, params=box | {"limit": "1"}).json()
    whole = client.get(SEARCH, params=box | {"limit": "1000"}).json()
    assert whole["numberMatched"] == whole["numberReturned"]


def test_the_most_of_one_answer_is_told(client: TestClient) -> None:
    answer = client.get(SEARCH, params={"q": "участок", "limit": "999999"}).json()
    told = client.get("/ogc/openapi").json()
    own = next(p for p in told["paths"]["/search"]["get"]["parameters"] if p.get("name") == "limit")
    body = told["components"]["schemas"]["search"]["properties"]["limit"]
    assert own["schema"]["maximum"] == body["maximum"] == answer["limit"] == MOST


def test_get_and_post_are_one(client: TestClient) -> None:
    params = {"q": "участок 1999", "collections": "test_parcels", "limit": "100"}
    body = {"q": "участок 1999", "collections": ["test_parcels"], "limit": 100}
    assert found(client.get(SEARCH, params=params)) == found(client.post(SEARCH, json=body))
    filter_ = {"op": "=", "args": [{"property": "area_ha"}, 1.5]}
    one = client.post(SEARCH, json={"filter": filter_})
    assert found(one) == {("test_parcels", 150)}
    assert found(client.post(SEARCH, json={"filter": "area_ha = 1.5"})) == found(one)


def test_an_answer_links_to_itself_where_it_has_an_address(client: TestClient) -> None:
    params = {"q": "участок 1999", "collections": "test_parcels", "limit": "3"}
    answer = client.get(SEARCH, params=params)
    links = {one["rel"]: one["href"] for one in answer.json()["links"]}
    assert found(client.get(links["self"])) == found(answer)
    assert client.get(links["alternate"]).headers["content-type"].startswith("text/html")
    assert client.post(SEARCH, json={"q": "участок"}).json()["links"] == []


def test_text_that_looks_like_a_feature_stays_text(client: TestClient) -> None:
    answer = client.get(SEARCH, params={"collections": "test_parcels", "q": "script", "limit": "5"})
    (feature,) = answer.json()["features"]
    assert feature["properties"]["name"].startswith("<script>")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"q": "x", "nosuch": 1}, 400),
        ({"q": 5}, 400),
        ({"q": "x", "limit": 0}, 400),
        ({"q": "x", "collections": ["nosuch"]}, 404),
        ({"filter": "nosuch = 1"}, 400),
        ({"filter": "nosuch = 1", "collections": ["test_parcels"]}, 400),
        ([], 400),
    ],
)
def test_bad_searches_are_refused(client: TestClient, body: Any, status: int) -> None:
    answer = client.post(SEARCH, json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (
        status,
        "application/problem+json",
    )


def test_functions_are_described(client: TestClient) -> None:
    functions = client.get("/ogc/functions?lang=en").json()["functions"]
    assert "area_m2" in {f["name"] for f in functions}
    assert all(f["returns"] and f["arguments"] for f in functions)


def test_page_leads_to_what_was_found(client: TestClient) -> None:
    answer = client.get(SEARCH, params={"q": "участок 1999", "f": "html", "lang": "be"})
    assert 'href="/ogc/collections/test_parcels/items/1999' in answer.text
    assert "Пошук" in answer.text
    nothing = client.get(SEARCH, params={"q": "няма такога слова", "f": "html", "lang": "be"})
    assert nothing.status_code == 200
