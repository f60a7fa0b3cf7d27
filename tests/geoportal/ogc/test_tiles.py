from dataclasses import replace
from typing import Any

import mapbox_vector_tile
import psycopg
import pytest
from pyproj import Transformer
from starlette.testclient import TestClient

from geoportal.app import create_app
from geoportal.settings import Settings
from layers.model import Tiles

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


SETS = ("WebMercatorQuad", "WorldCRS84Quad", "EuropeanETRS89_LAEAQuad", "BelarusUTM35")
PLACE = (27.5, 53.5)


def address(client: TestClient, tms: str, z: int) -> tuple[str, tuple[float, ...], int]:
    """z/row/col of a place by the published definition, bounds in its CRS (east, north), EPSG."""
    document = client.get(f"/ogc/tileMatrixSets/{tms}").json()
    code = document["crs"].rpartition("/")[2]
    srid = 4326 if code == "CRS84" else int(code)
    x, y = Transformer.from_crs(4326, srid, always_xy=True).transform(*PLACE)
    matrix = document["tileMatrices"][z]
    west, north = matrix["pointOfOrigin"]
    if document["orderedAxes"][0] in ("Y", "N"):
        west, north = north, west
    span = matrix["cellSize"] * matrix["tileWidth"]
    col, row = int((x - west) / span), int((north - y) / span)
    left, top = west + col * span, north - row * span
    return f"{matrix['id']}/{row}/{col}", (left, top - span, left + span, top), srid


@pytest.mark.parametrize("tms", SETS)
def test_tile_of_every_published_set(client: TestClient, oracle: Connection, tms: str) -> None:
    # By nothing but the published definition: address, bounds and CRS.
    where, bounds, srid = address(client, tms, 6)
    answer = client.get(f"/ogc/collections/test_parcels/tiles/{tms}/{where}")
    assert answer.status_code == 200
    features = mapbox_vector_tile.decode(answer.content)["test_parcels"]["features"]
    # At these levels every parcel is larger than a pixel, so none is thinned.
    rows = oracle.execute(
        "SELECT id FROM features.test_parcels"
        " WHERE ST_Intersects(ST_MakeEnvelope(%s, %s, %s, %s, %s::int),"
        " ST_Transform(geom, %s::int))",
        (*bounds, srid, srid),
    ).fetchall()
    assert len(rows) > 5
    assert {row[0] for row in rows} <= {f["id"] for f in features}


@pytest.mark.parametrize("tms", SETS)
def test_limits_hold_every_tile_with_content(client: TestClient, tms: str) -> None:
    document = client.get(f"/ogc/collections/test_parcels/tiles/{tms}?f=json").json()
    by_level = {one["tileMatrix"]: one for one in document["tileMatrixSetLimits"]}
    sizes = client.get(f"/ogc/tileMatrixSets/{tms}").json()["tileMatrices"]
    level = 4 if tms != "BelarusUTM35" else 2
    limit, size = by_level[str(level)], sizes[level]
    base = f"/ogc/collections/test_parcels/tiles/{tms}/{level}"
    for row in range(size["matrixHeight"]):
        for col in range(size["matrixWidth"]):
            inside = (
                limit["minTileRow"] <= row <= limit["maxTileRow"]
                and limit["minTileCol"] <= col <= limit["maxTileCol"]
            )
            near = (
                limit["minTileRow"] - 1 <= row <= limit["maxTileRow"] + 1
                and limit["minTileCol"] - 1 <= col <= limit["maxTileCol"] + 1
            )
            if near and not inside:
                tile = client.get(f"{base}/{row}/{col}")
                layers = mapbox_vector_tile.decode(tile.content) if tile.content else {}
                # At most what lies in the buffer of the tile.
                for feature in layers.get("test_parcels", {}).get("features", []):
                    assert outside(feature["geometry"]["coordinates"])


def outside(rings: list[Any]) -> bool:
    points = [p for ring in rings for p in (ring if isinstance(ring[0][0], int) else ring[0])]
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return max(xs) <= 0 or min(xs) >= 4096 or max(ys) <= 0 or min(ys) >= 4096


def test_datetime_is_that_of_the_items(client: TestClient, oracle: Connection) -> None:
    tile = client.get(f"{TILES}/8/83/147", params={"datetime": "2000-01-01/2001-12-31"})
    found = {f["id"] for f in mapbox_vector_tile.decode(tile.content)["test_parcels"]["features"]}
    rows = oracle.execute(
        "SELECT id FROM features.test_parcels WHERE built BETWEEN '2000-01-01' AND '2001-12-31'"
        " AND ST_Intersects(ST_Transform(geom, 3857), ST_TileEnvelope(8, 147, 83))"
    ).fetchall()
    wanted = {row[0] for row in rows}
    assert wanted
    assert wanted <= found
    every = mapbox_vector_tile.decode(client.get(f"{TILES}/8/83/147").content)["test_parcels"]
    assert len(found) < len(every["features"]) / 2
    assert client.get(f"{TILES}/8/83/147", params={"datetime": "yesterday"}).status_code == 400


def test_property_filter_and_cql2(client: TestClient) -> None:
    where = f"{TILES}/8/83/147"
    every = mapbox_vector_tile.decode(client.get(where).content)["test_parcels"]["features"]
    one = every[0]["properties"]["name"]
    for params in ({"name": one}, {"filter": f"name = '{one}'"}):
        tile = client.get(where, params=params)
        assert tile.status_code == 200, tile.text
        features = mapbox_vector_tile.decode(tile.content)["test_parcels"]["features"]
        assert [f["id"] for f in features] == [every[0]["id"]]
    assert client.get(where, params={"area_ha": "many"}).status_code == 400
    assert client.get(where, params={"filter": "nosuch = 1"}).status_code == 400
    assert client.get(where, params={"nosuch": "1"}).status_code == 400


def test_version_in_the_address_may_be_kept_for_ever(client: TestClient) -> None:
    document = client.get("/ogc/collections/test_parcels/tiles/WebMercatorQuad?f=tilejson").json()
    url = document["tiles"][0].format(z=8, y=83, x=147)
    assert "immutable" in client.get(url).headers["cache-control"]
    assert "immutable" not in client.get(f"{TILES}/8/83/147").headers["cache-control"]


def test_tilejson_of_a_layer(client: TestClient) -> None:
    answer = client.get("/ogc/collections/test_parcels/tiles/WebMercatorQuad?f=tilejson&lang=en")
    assert answer.headers["content-type"] == "application/vnd.mapbox.tile+json"
    document = answer.json()
    assert document["tilejson"] == "3.0.0"
    (layer,) = document["vector_layers"]
    assert layer["id"] == "test_parcels"
    assert layer["fields"] == {"name": "String: Name"}
    west, south, east, north = document["bounds"]
    assert (west, south, east, north) == (24, 51.5, 32, 55.6)
    assert document["attribution"] == "made by the tests"
    assert client.get(document["tiles"][0].format(z=8, y=83, x=147)).status_code == 200


def test_tilejson_is_for_web_mercator_only(client: TestClient) -> None:
    answer = client.get("/ogc/collections/test_parcels/tiles/BelarusUTM35?f=tilejson")
    assert answer.status_code == 400
    assert "WebMercatorQuad" in answer.json()["detail"]


def test_layer_has_a_tileset_in_every_set(client: TestClient) -> None:
    document = client.get("/ogc/collections/test_parcels/tiles?f=json").json()
    assert [one["tileMatrixSetId"] for one in document["tilesets"]] == list(SETS)
    for one in document["tilesets"]:
        (own,) = [x for x in one["links"] if x["rel"] == "self"]
        full = client.get(own["href"]).json()
        assert full["tileMatrixSetURI"] == one["tileMatrixSetURI"]
        assert full["layers"][0]["propertiesSchema"]["properties"].keys() == {"name"}
        page = client.get(own["href"].replace("f=json", "f=html"))
        assert page.status_code == 200


def test_cut_is_told(api_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(api_settings)
    portal = app.state.portal
    read = portal._read

    def with_few(rows: Any) -> Any:
        found = read(rows)
        layer = found["test_parcels"].layer
        few = layer.model_copy(update={"tiles": Tiles(feature_limit=10)})
        return found | {"test_parcels": replace(found["test_parcels"], layer=few)}

    monkeypatch.setattr(portal, "_read", with_few)
    with TestClient(app, base_url="http://portal.example") as client:
        answer = client.get(f"{TILES}/8/83/147")
        again = client.get(f"{TILES}/8/83/147")
    found = mapbox_vector_tile.decode(answer.content)["test_parcels"]["features"]
    assert len(found) == 10
    assert int(answer.headers["geoportal-tile-cut"]) > 50
    assert again.headers["geoportal-tile-cut"] == answer.headers["geoportal-tile-cut"]
