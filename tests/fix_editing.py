"""A database with layers that may be edited, and a client with a key for them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from starlette.testclient import TestClient

from geoportal.app import create_app
from geoportal.cli.keys import add_key
from geoportal.settings import Settings
from layers import store
from layers.area import save_area, seed_areas
from layers.model import Origin
from layers.registry import load_layers
from processing.demo import frames
from tests.fix_db import new_database

LAYERS = load_layers()
ORSHA, MINSK = (seed_areas()[name] for name in ("orsha", "minsk"))
ORIGIN = Origin(status="demonstration", source="test", checksum="1")
EDITED = ("street_lights", "green_areas", "service_points")
LIGHT = {"lamp_id": "L-1", "lamp_type": "led", "state": "working", "power_w": 40.5}
POINT = [30.42, 54.51]

Row = tuple[Any, ...]


def load(connection: psycopg.Connection[Row], layer_id: str, area: Any = ORSHA) -> store.Loaded:
    made = frames(area, layer_id, buildings=12)
    return store.replace(connection, LAYERS[layer_id], made, area=area, origin=ORIGIN)


@dataclass
class Desk:
    """A client with a key, and the database behind it."""

    client: TestClient
    url: str
    connection: psycopg.Connection[Row]
    key: str

    def send(self, method: str, path: str, body: Any = None, **headers: str | bytes) -> Any:
        kinds = {"PATCH": "application/merge-patch+json"}
        given: dict[str, str | bytes] = {"Authorization": f"Bearer {self.key}"}
        if body is not None:
            given["Content-Type"] = kinds.get(method, "application/geo+json")
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        given = {name: value for name, value in given.items() if value}
        return self.client.request(
            method, f"/ogc/collections/{path}", content=content, headers=given
        )

    def new(self, layer_id: str = "street_lights", body: Any = None) -> str:
        """Make a feature; return its path below /collections."""
        answer = self.send("POST", f"{layer_id}/items", body or feature())
        assert answer.status_code == 201, answer.text
        return str(answer.headers["location"]).partition("/ogc/collections/")[2]

    def etag(self, path: str) -> str:
        return str(self.client.get(f"/ogc/collections/{path}").headers["etag"])

    def get(self, path: str, **params: str) -> dict[str, Any]:
        answer = self.client.get(f"/ogc/collections/{path}", params=params)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def rows(self, query: str, *params: Any) -> list[Row]:
        return self.connection.execute(query, params).fetchall()  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def desk(server: str, template: str) -> Iterator[Desk]:
    with new_database(server, template) as url, psycopg.connect(url, autocommit=True) as connection:
        for area in (ORSHA, MINSK):
            save_area(connection, area)
            load(connection, "street_lights", area)
        for layer_id in EDITED[1:]:
            load(connection, layer_id)
        load(connection, "buildings")
        key = add_key(connection, "tester", "editor", (), LAYERS)
        settings = Settings(database_url=url, public_url="http://portal.example")
        with TestClient(create_app(settings), base_url="http://portal.example") as client:
            yield Desk(client, url, connection, key)


def feature(**changed: Any) -> dict[str, Any]:
    made = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": POINT},
        "properties": dict(LIGHT),
    }
    return made | changed


def square(x: float, y: float, size: float = 0.001) -> list[list[list[float]]]:
    return [[[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]]


def problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    return found


def pointers(answer: Any) -> set[str]:
    return {one["pointer"] for one in problem(answer, 422)["errors"]}
