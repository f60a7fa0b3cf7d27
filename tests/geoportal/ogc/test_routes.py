"""Parity with upstream: every address that it has exists here, or is an honest 404."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from starlette.testclient import TestClient

from geoportal.ogc.route import Route
from geoportal.ogc.routes import ROUTES

# Importing upstream's application needs files and variables, so it happens in another process.
LIST_ROUTES = (
    "from pygeoapi.starlette_app import api_routes\n"
    "for r in api_routes: print(r.path, ','.join(sorted(r.methods)))"
)
SAMPLES = {
    "collection_id": "test_parcels", "item_id": "1", "tileMatrixSetId": "WebMercatorQuad",
    "tile_matrix": "8", "tileRow": "83", "tileCol": "147", "process_id": "service-coverage",
}  # fmt: skip

# What nothing is configured for: 404 for everybody, never 501.
NOT_OFFERED = re.compile(
    r"/(asyncapi|stac.*|jobs/.*|collections/[^/]+/"
    r"(coverage|styles/.*|position|area|cube|radius|trajectory|corridor|locations.*|instances.*))"
)


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, list[str]]]:
    folder = tmp_path_factory.mktemp("upstream")
    config = {
        "server": {
            "bind": {"host": "127.0.0.1", "port": 5000}, "url": "http://127.0.0.1:5000",
            "mimetype": "application/json", "encoding": "utf-8", "languages": ["en"],
            "limits": {"default_items": 10, "max_items": 10}, "map": {"url": "", "attribution": ""},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {
                "title": "x", "description": "x", "keywords": ["x"],
                "terms_of_service": "x", "url": "http://127.0.0.1",
            },
            "license": {"name": "x", "url": "x"}, "provider": {"name": "x", "url": "x"},
            "contact": {"name": "x"},
        },
        "resources": {},
    }  # fmt: skip
    (folder / "config.yml").write_text(yaml.safe_dump(config))
    (folder / "openapi.yml").write_text("openapi: 3.0.3\ninfo: {title: x, version: x}\npaths: {}\n")
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LIST_ROUTES],
        check=True, capture_output=True, text=True, cwd=Path(folder),
        env={
            "PYGEOAPI_CONFIG": str(folder / "config.yml"),
            "PYGEOAPI_OPENAPI": str(folder / "openapi.yml"), "PATH": "/usr/bin:/bin",
        },
    )  # fmt: skip
    rows = [line.split() for line in result.stdout.splitlines()]
    return [(path, methods.split(",")) for path, methods in rows]


def filled(path: str) -> str:
    path = re.sub(r"\{(\w+)(:path)?\}", lambda m: SAMPLES.get(m.group(1), "x"), path)
    return "/ogc" + (path if path != "/" else "")


def test_every_upstream_address_is_answered(
    client: TestClient, upstream: list[tuple[str, list[str]]]
) -> None:
    assert len(upstream) > 40
    for path, methods in upstream:
        for method in set(methods) - {"HEAD"}:
            answer = client.request(method, filled(path))
            assert answer.status_code < 500, (method, path)
            if method == "GET":
                wanted = 404 if NOT_OFFERED.fullmatch(filled(path)[4:]) else 200
                assert answer.status_code == wanted, path


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_unknown_parameter_and_method_are_refused(client: TestClient, route: Route) -> None:
    names = {"collectionId": "test_parcels", "featureId": "1", "processId": "service-coverage"}
    path = filled(re.sub(r"\{(\w+)\}", lambda m: names.get(m.group(1), m.group()), route.path))
    answer = client.request(route.method, path + "?nosuch=1")
    # The collection may not be edited, so a method of edits is what is wrong first.
    wanted = 405 if route.editing else 400
    kind = answer.headers["content-type"]
    assert (answer.status_code, kind) == (wanted, "application/problem+json")
    refused = client.request("PROPFIND", path)
    assert refused.status_code == 405
    assert (route.method in refused.headers["allow"]) != route.editing
    assert client.options(path).status_code == 200
