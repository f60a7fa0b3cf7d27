import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from geoportal.ogc.routes import ROUTES


@pytest.fixture(scope="module")
def document(client: TestClient) -> dict[str, Any]:
    answer = client.get("/ogc/openapi?lang=en")
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.0"
    found: dict[str, Any] = answer.json()
    return found


def references(part: Any) -> list[str]:
    if isinstance(part, list):
        return [r for one in part for r in references(one)]
    if not isinstance(part, dict):
        return []
    own = [part["$ref"]] if "$ref" in part else []
    return own + [r for one in part.values() for r in references(one)]


def test_every_reference_is_inside_and_exists(document: dict[str, Any]) -> None:
    found = set(references(document))
    assert found
    for reference in found:
        assert reference.startswith("#/"), reference
        part = document
        for key in reference[2:].split("/"):
            part = part[key]


def test_every_route_is_in_the_document(document: dict[str, Any]) -> None:
    # No layer here may be edited; tests/geoportal/ogc/test_editing.py has the others.
    for route in (one for one in ROUTES if not one.editing):
        path = re.escape(route.path).replace(re.escape("{collectionId}"), "[^/]+")
        matching = [p for p in document["paths"] if re.fullmatch(path, p)]
        assert matching, route.path
        assert route.method.lower() in document["paths"][matching[0]]


def test_operation_ids_are_unique(document: dict[str, Any]) -> None:
    ids = [op["operationId"] for path in document["paths"].values() for op in path.values()]
    assert len(ids) == len(set(ids))


def test_published_properties_are_parameters(document: dict[str, Any]) -> None:
    operation = document["paths"]["/collections/test_parcels/items"]["get"]
    names = {p["name"] for p in operation["parameters"] if "name" in p}
    assert {"name", "area_ha", "built"} <= names
    assert "owner_secret" not in names


def test_each_language_has_its_own(client: TestClient) -> None:
    titles = {
        client.get(f"/ogc/openapi?lang={language}").json()["info"]["title"]
        for language in ("be", "ru", "en")
    }
    assert len(titles) == 3
