import mapbox_vector_tile
import pytest
from starlette.testclient import TestClient

TILES = "/ogc/tiles/WebMercatorQuad"
PARCELS = "/ogc/collections/test_parcels/tiles/WebMercatorQuad"


def test_landing_page_leads_to_the_tilesets(client: TestClient) -> None:
    links = client.get("/ogc/?f=json").json()["links"]
    (tiles,) = [x for x in links if x["rel"].endswith("/tilesets-vector")]
    document = client.get(tiles["href"]).json()
    assert [one["tileMatrixSetId"] for one in document["tilesets"]] == [
        "WebMercatorQuad", "WorldCRS84Quad", "EuropeanETRS89_LAEAQuad", "BelarusUTM35",
    ]  # fmt: skip
    for one in document["tilesets"]:
        assert one["dataType"] == "vector"
        assert one["tileMatrixSetLimits"]
        (item,) = [x for x in one["links"] if x["rel"] == "item"]
        assert "{tileRow}/{tileCol}" in item["href"]


def test_chosen_layers_are_in_one_tile(client: TestClient) -> None:
    both = client.get(f"{TILES}/8/83/147?collections=test_parcels,test_ties")
    assert both.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    layers = mapbox_vector_tile.decode(both.content)
    alone = mapbox_vector_tile.decode(client.get(f"{PARCELS}/8/83/147").content)
    assert layers["test_parcels"] == alone["test_parcels"]
    one = mapbox_vector_tile.decode(
        client.get(f"{TILES}/8/83/147?collections=test_parcels").content
    )
    assert set(one) == {"test_parcels"}


@pytest.mark.parametrize("tileset", [TILES, "/ogc/map/tiles/WebMercatorQuad"])
def test_a_tileset_leads_to_the_tiles_of_the_chosen_layers(
    client: TestClient, tileset: str
) -> None:
    links = client.get(f"{tileset}?collections=test_parcels").json()["links"]
    of_choice = [x for x in links if x["rel"] in ("self", "alternate", "item", "describedby")]
    assert len(of_choice) >= 4
    assert all("collections=test_parcels" in x["href"] for x in of_choice)


def test_without_a_choice_the_tile_has_what_is_visible_by_default(client: TestClient) -> None:
    # No layer of the tests is visible by default, so there all of them are.
    layers = mapbox_vector_tile.decode(client.get(f"{TILES}/8/83/147").content)
    assert "test_parcels" in layers


def test_datetime_holds_for_every_layer(client: TestClient) -> None:
    answer = client.get(f"{TILES}/8/83/147?collections=test_parcels&datetime=2000-01-01/2001-12-31")
    few = mapbox_vector_tile.decode(answer.content)["test_parcels"]["features"]
    every = mapbox_vector_tile.decode(client.get(f"{PARCELS}/8/83/147").content)["test_parcels"]
    assert 0 < len(few) < len(every["features"]) / 2


@pytest.mark.parametrize("value", ["nosuch", "", "test_parcels,nosuch", "test_parcels,"])
def test_unknown_collection_is_400(client: TestClient, value: str) -> None:
    assert client.get(f"{TILES}/8/83/147", params={"collections": value}).status_code == 400
    assert client.get(TILES, params={"collections": value}).status_code == 400


@pytest.mark.parametrize("address", ["-1/0/0", "99/0/0", "1/5/5", "a/0/0"])
def test_address_outside_is_404(client: TestClient, address: str) -> None:
    assert client.get(f"{TILES}/{address}").status_code == 404
    assert client.get(f"/ogc/tiles/Nosuch/{address}").status_code == 404


def test_empty_tile_is_204(client: TestClient) -> None:
    answer = client.get(f"{TILES}/8/0/0")
    assert (answer.status_code, answer.content) == (204, b"")


def test_known_version_is_304(client: TestClient) -> None:
    etag = client.get(f"{TILES}/8/83/147").headers["etag"]
    again = client.get(f"{TILES}/8/83/147", headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(f"{TILES}/8/83/146").headers["etag"] != etag


def test_tilejson_keeps_the_choice(client: TestClient) -> None:
    document = client.get(f"{TILES}?f=tilejson&collections=test_parcels&lang=ru").json()
    assert document["name"] == "Все слои"
    assert [one["id"] for one in document["vector_layers"]] == ["test_parcels"]
    tile = client.get(document["tiles"][0].format(z=8, y=83, x=147))
    assert set(mapbox_vector_tile.decode(tile.content)) == {"test_parcels"}


@pytest.mark.parametrize("path", ["/ogc/tiles", TILES, "/ogc/tiles/BelarusUTM35"])
@pytest.mark.parametrize("language", ["be", "ru", "en"])
def test_pages(client: TestClient, path: str, language: str) -> None:
    page = client.get(f"{path}?f=html&lang={language}")
    assert page.status_code == 200
    assert "BelarusUTM35" in page.text or path == TILES


def test_operations_have_the_names_of_the_standard(client: TestClient) -> None:
    paths = client.get("/ogc/openapi").json()["paths"]
    ids = {operation["get"]["operationId"] for operation in paths.values() if "get" in operation}
    assert "dataset.vector.getTile" in ids
    assert "test_parcels.collection.vector.getTile" in ids
    tile = paths[
        "/collections/test_parcels/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}"
    ]
    names = {p.get("name") for p in tile["get"]["parameters"]}
    assert "area_ha" in names
    assert "Geoportal-Tile-Cut" in tile["get"]["responses"]["200"]["headers"]
