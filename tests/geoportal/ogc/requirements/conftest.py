"""Black-box tests by the requirement ids of the standards that no official suite covers.

Each test names the requirements it holds the service to with the marker `requirement`; it knows the
service only by HTTP against a started server.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import psycopg
import pytest

from geoportal.cli.keys import add_key
from layers import store
from layers.area import save_area, seed_areas
from layers.model import Origin
from layers.registry import load_layers
from processing.demo import frames
from tests.fix_db import new_database
from tests.fix_server import Server, start_server

ORIGIN = Origin(status="demonstration", source="test", checksum="1")


@dataclass(frozen=True)
class Answer:
    """What came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0]


@dataclass(frozen=True)
class Service:
    """A started server, asked by paths below /ogc."""

    server: Server
    key: str = ""

    def get(self, path: str, params: dict[str, str] | None = None, **headers: str) -> Answer:
        return self.send("GET", path, params=params, **headers)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        params: dict[str, str] | None = None,
        **headers: str,
    ) -> Answer:
        if "://" in path:
            parts = urlsplit(path)
            path = parts.path.removeprefix("/ogc") + (f"?{parts.query}" if parts.query else "")
        query = f"?{urlencode(params, quote_via=quote)}" if params else ""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.key and method not in ("GET", "HEAD", "OPTIONS"):
            given |= {"Authorization": f"Bearer {self.key}"}
        content = None if body is None else json.dumps(body).encode()
        return Answer(*self.server.request(method, f"/ogc{path}{query}", given, content))

    def ids(self, path: str, **params: str) -> set[int]:
        answer = self.get(path, {"limit": "10000", **params})
        assert answer.status == 200, answer.body
        return {feature["id"] for feature in answer.json["features"]}


def feature_collections(service: Service) -> list[dict[str, Any]]:
    """The collections that hold features; a raster of an area is one of another kind."""
    found = service.get("/collections").json["collections"]
    return [one for one in found if one.get("itemType", "feature") == "feature"]


def hrefs(document: dict[str, Any], rel: str) -> list[str]:
    """Addresses of a document's links of a relation."""
    return [one["href"] for one in document["links"] if one["rel"] == rel]


@pytest.fixture(scope="session")
def parcels(api_server: Server) -> Service:
    """The layers of the list of bad inputs: test_parcels, test_ties, test_broken."""
    return Service(api_server)


@pytest.fixture(scope="session")
def portal(portal_server: Server) -> Service:
    """The demonstration."""
    return Service(portal_server)


@pytest.fixture(scope="module")
def desk(server: str, template: str) -> Iterator[Service]:
    """Street lights of Orsha that may be edited, and a key that allows it."""
    with new_database(server, template) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            area, layers = seed_areas()["orsha"], load_layers()
            save_area(connection, area)
            made = frames(area, "street_lights", buildings=12)
            store.replace(connection, layers["street_lights"], made, area=area, origin=ORIGIN)
            key = add_key(connection, "tester", "editor", (), layers)
        with start_server(url, layers_dir="") as started:
            yield Service(started, key)
