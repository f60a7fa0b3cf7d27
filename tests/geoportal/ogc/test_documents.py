import re
from typing import Any

import pytest
from starlette.testclient import TestClient

PAGES = [
    "/ogc", "/ogc/", "/ogc/conformance", "/ogc/openapi", "/ogc/api", "/ogc/collections",
    "/ogc/collections/test_parcels", "/ogc/collections/test_parcels/schema",
    "/ogc/crs", "/ogc/collections/test_parcels/sortables",
    "/ogc/collections/test_parcels/queryables", "/ogc/collections/test_parcels/items",
    "/ogc/collections/test_parcels/items/1", "/ogc/collections/test_parcels/tiles",
    "/ogc/collections/test_parcels/tiles/WebMercatorQuad", "/ogc/tileMatrixSets",
    "/ogc/tileMatrixSets/WebMercatorQuad", "/ogc/processes", "/ogc/processes/service-coverage",
]  # fmt: skip


def links(document: Any) -> list[dict[str, Any]]:
    """Every link object, wherever it is."""
    if isinstance(document, list):
        return [link for part in document for link in links(part)]
    if not isinstance(document, dict):
        return []
    own = [document] if "href" in document else []
    return own + [link for part in document.values() for link in links(part)]


@pytest.mark.parametrize("path", PAGES)
def test_every_link_of_ours_can_be_followed(client: TestClient, path: str) -> None:
    for link in links(client.get(path).json()):
        href = link["href"]
        if link.get("templated") or not href.startswith("http://portal.example/"):
            continue
        if link["rel"] == "preview" or link["rel"].endswith("/execute"):
            continue
        answer = client.get(href)
        assert answer.status_code == 200, href
        wanted = link["type"].split(";")[0]
        assert answer.headers["content-type"].split(";")[0] in (wanted, f"{wanted}+json"), href


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["be", "ru", "en"])
def test_every_page_is_html_in_the_language_asked_for(
    client: TestClient, path: str, language: str
) -> None:
    answer = client.get(path, params={"f": "html", "lang": language})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-language"] == language
    assert f'<html lang="{language}"' in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    loads = re.findall(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=\"([^\"]+)\"", answer.text)
    assert [url for url in loads if url.startswith(("http", "//"))] == []


def test_collection_says_where_it_comes_from(client: TestClient) -> None:
    document = client.get("/ogc/collections/test_parcels?lang=en").json()
    assert document["status"] == "demonstration"
    assert document["supplier"] == {"name": "tests", "url": None}
    assert document["licence"]["id"] == "CC0-1.0"
    assert document["attribution"] == "made by the tests"
    assert document["updatePeriod"] == "once"
    assert document["itemCount"] == 20000
    assert document["extent"]["spatial"]["bbox"] == [[24, 51.5, 32, 55.6]]
    assert document["extent"]["temporal"]["interval"][0][0].startswith("2000-01-01")


def test_a_layer_without_data_is_no_collection(client: TestClient) -> None:
    found = [c["id"] for c in client.get("/ogc/collections").json()["collections"]]
    assert found == ["test_broken", "test_parcels", "test_ties"]
    assert client.get("/ogc/collections/buildings").status_code == 404


@pytest.mark.parametrize("name", ["schema", "queryables", "sortables"])
def test_schema_comes_from_the_definition(client: TestClient, name: str) -> None:
    answer = client.get(f"/ogc/collections/test_parcels/{name}")
    assert answer.headers["content-type"] == "application/schema+json"
    document = answer.json()
    properties = document["properties"]
    places = [one.pop("x-ogc-propertySeq") for one in properties.values()]
    assert places == list(range(1, len(properties) + 1))
    assert properties["area_ha"] == {
        "title": "Area", "type": "number", "x-ogc-unit": "har", "x-ogc-unitLang": "UCUM",
    }  # fmt: skip
    assert properties["built"]["x-ogc-role"] == "primary-instant"
    assert "owner_secret" not in properties
    # What is spatial has a format and no type; what sorts is not spatial.
    spatial = properties.get("geometry", {})
    assert (spatial.get("format"), "type" in spatial) == (
        (None, False) if name == "sortables" else ("geometry-polygon", False)
    )
    assert document["$id"] == f"http://portal.example/ogc/collections/test_parcels/{name}"
    assert document["additionalProperties"] is False
    relation = f"http://www.opengis.net/def/rel/ogc/1.0/{name}"
    collection = client.get("/ogc/collections/test_parcels").json()
    assert relation in {link["rel"] for link in collection["links"]}


def test_what_is_no_sortable_does_not_sort(client: TestClient) -> None:
    for name in ("geometry", "id", "owner_secret"):
        answer = client.get(f"/ogc/collections/test_parcels/items?sortby={name}")
        assert answer.status_code == 400


@pytest.mark.parametrize(
    ("header", "language"),
    [("be", "be"), ("de, en;q=0.5", "en"), ("", "ru"), ("*", "ru"), ("en;q=0.2, be;q=0.9", "be")],
)
def test_language_is_negotiated(client: TestClient, header: str, language: str) -> None:
    answer = client.get("/ogc", headers={"Accept-Language": header})
    assert answer.headers["content-language"] == language
    assert "Accept-Language" in answer.headers["vary"]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("application/json", "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("text/html;q=0.1, application/json", "application/json"),
    ],
)
def test_format_is_negotiated(client: TestClient, accept: str, media_type: str) -> None:
    answer = client.get("/ogc/collections", headers={"Accept": accept})
    assert answer.headers["content-type"].split(";")[0] == media_type


def test_a_form_that_nobody_offers_is_406(client: TestClient) -> None:
    answer = client.get("/ogc/collections", headers={"Accept": "image/png"})
    assert answer.status_code == 406
    assert answer.headers["content-type"] == "application/problem+json"


def test_conformance_lists_our_modules_classes(client: TestClient) -> None:
    classes = client.get("/ogc/conformance").json()["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in classes
    assert "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs" in classes
    assert "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt" in classes
    # What upstream's modules declare and we do not give yet is not claimed.
    assert not [c for c in classes if "ogcapi-features-4" in c or c.endswith("/callback")]
