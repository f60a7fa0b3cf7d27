import math

import pytest
from starlette.testclient import TestClient

from geoportal.ogc import tilematrixsets as grids
from layers.tile_matrix_set import BELARUS_UTM35, TILE_MATRIX_SETS, WEB_MERCATOR_QUAD


def test_every_set_is_published(client: TestClient) -> None:
    document = client.get("/ogc/tileMatrixSets?f=json").json()
    assert [one["id"] for one in document["tileMatrixSets"]] == list(TILE_MATRIX_SETS)
    for one in document["tileMatrixSets"]:
        full = client.get(one["links"][0]["href"]).json()
        assert (full["id"], full["crs"], full["uri"]) == (one["id"], one["crs"], one["uri"])
        assert [m["id"] for m in full["tileMatrices"]] == [
            str(z) for z in range(len(full["tileMatrices"]))
        ]


def test_corner_is_written_in_the_order_of_the_crs(client: TestClient) -> None:
    laea = client.get("/ogc/tileMatrixSets/EuropeanETRS89_LAEAQuad").json()
    assert laea["orderedAxes"] == ["Y", "X"]
    assert laea["tileMatrices"][3]["pointOfOrigin"] == [5500000, 2000000]
    assert laea["tileMatrices"][3]["matrixWidth"] == 8
    world = client.get("/ogc/tileMatrixSets/WorldCRS84Quad").json()
    assert world["tileMatrices"][0]["pointOfOrigin"] == [-180, 90]
    assert world["tileMatrices"][0]["matrixWidth"] == 2


def test_national_set_defines_itself(client: TestClient) -> None:
    document = client.get("/ogc/tileMatrixSets/BelarusUTM35").json()
    assert document["uri"] == "http://portal.example/ogc/tileMatrixSets/BelarusUTM35"
    assert document["crs"].endswith("/EPSG/0/32635")
    assert document["tileMatrices"][12]["cellSize"] == 1


@pytest.mark.parametrize("language", ["be", "ru", "en"])
def test_pages(client: TestClient, language: str) -> None:
    for path in ("", "/BelarusUTM35"):
        page = client.get(f"/ogc/tileMatrixSets{path}?f=html&lang={language}")
        assert page.status_code == 200
        assert BELARUS_UTM35.title.get(language) in page.text  # type: ignore[arg-type]


def test_unknown_set_is_404_and_names_those_there_are(client: TestClient) -> None:
    answer = client.get("/ogc/tileMatrixSets/Nosuch")
    assert answer.status_code == 404
    assert "WorldCRS84Quad" in answer.json()["detail"]


def slippy(lon: float, lat: float, z: int) -> tuple[int, int]:
    """Row and column by the well-known formula of slippy map tiles."""
    down = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return math.floor(down * 2**z), math.floor((lon + 180) / 360 * 2**z)


@pytest.mark.parametrize("z", [0, 6, 14, 18])
def test_limits_are_those_of_the_box(z: int) -> None:
    (found,) = grids.limits(WEB_MERCATOR_QUAD, (30.39, 54.50, 30.44, 54.52), z, z)
    top, left = slippy(30.39, 54.52, z)
    bottom, right = slippy(30.44, 54.50, z)
    assert found == {
        "tileMatrix": str(z),
        "minTileRow": top,
        "maxTileRow": bottom,
        "minTileCol": left,
        "maxTileCol": right,
    }


def test_box_beyond_the_poles_of_web_mercator() -> None:
    (limit,) = grids.limits(WEB_MERCATOR_QUAD, (-180, -90, 180, 90), 1, 1)
    assert (limit["minTileRow"], limit["maxTileRow"], limit["maxTileCol"]) == (0, 1, 1)


def test_levels_follow_the_zoom_levels_of_a_layer() -> None:
    assert grids.levels(WEB_MERCATOR_QUAD, 3, 18) == (3, 18)
    assert grids.levels(BELARUS_UTM35, 3, 18) == (0, 14)
    assert grids.levels(BELARUS_UTM35, 10, 14) == (6, 10)
