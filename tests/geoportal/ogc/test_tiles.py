from typing import Any

import mapbox_vector_tile
import psycopg
import pytest
from starlette.testclient import TestClient


TILES = "/ogc/collections/test_parcels/tiles/WebMercatorQuad"
Connection = psycopg.Connection[tuple[Any, ...]]


def test_tile_holds_what_postgis_finds_there(client: TestClient, oracle: Connection) -> None:
    answer = client.get(f"{TILES}/8/83/147")
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    layer = mapbox_vector_tile.decode(answer.content)["test_parcels"]
    rows = oracle.execute(
        "SELECT id, name FROM features.test_parcels WHERE ST_Intersects("
        " ST_Transform(geom, 3857), ST_TileEnvelope(8, 147, 83))"
    ).fetchall()
    found = {f["id"]: f["properties"]["name"] for f in layer["features"]}
    assert len(rows) > 50
    # The tile also has what lies in its buffer.
    assert found.items() >= dict(rows).items()
    assert layer["extent"] == 4096


def test_hidden_column_and_unlisted_field_stay_out(client: TestClient) -> None:
    layer = mapbox_vector_tile.decode(client.get(f"{TILES}/8/83/147").content)["test_parcels"]
    assert {key for f in layer["features"] for key in f["properties"]} == {"name"}


def test_empty_tile_is_204(client: TestClient) -> None:
    answer = client.get(f"{TILES}/8/0/0")
    assert (answer.status_code, answer.content) == (204, b"")


def test_known_version_is_304(client: TestClient) -> None:
    etag = client.get(f"{TILES}/8/83/147").headers["etag"]
    again = client.get(f"{TILES}/8/83/147", headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


def test_whole_country_at_zoom_0_is_small(client: TestClient) -> None:
    answer = client.get(f"{TILES}/0/0/0")
    assert answer.status_code in (200, 204)
    assert len(answer.content) < 500_000


@pytest.mark.parametrize("address", ["-1/0/0", "99/0/0", "1/5/5", "1/0/2", "a/0/0", "1/0/1e0"])
def test_address_outside_is_404(client: TestClient, address: str) -> None:
    assert client.get(f"{TILES}/{address}").status_code == 404
    assert client.get(f"/ogc/collections/test_parcels/tiles/Nosuch/{address}").status_code == 404
