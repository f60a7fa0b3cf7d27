"""Map tiles over HTTP: places on them, what crosses their edges, their documents, bad addresses."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pyproj import Transformer
from starlette.testclient import TestClient

from layers.tile_matrix_set import TILE_MATRIX_SETS, TileMatrixSet

TIES = "/ogc/collections/test_ties/map/tiles"
PLACE = 24.3, 53.0  # of a point of test_ties; the next ones 670 m east and west of it
RADIUS_PX = 5
TILESETS = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-map"


def pixels(client: TestClient, path: str, **params: Any) -> np.ndarray[Any, np.dtype[np.uint8]]:
    answer = client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    with Image.open(BytesIO(answer.content)) as image:
        return np.array(image.convert("RGBA"))


def pixel(tms: TileMatrixSet, z: int) -> tuple[float, float]:
    """Column and row of PLACE in pixels of a whole level."""
    go = Transformer.from_crs("OGC:CRS84", f"EPSG:{tms.srid}", always_xy=True)
    x, y = go.transform(*PLACE)
    cell = tms.cell_size(z)
    return (x - tms.west) / cell, (tms.north - y) / cell


def block(client: TestClient, tms: TileMatrixSet, z: int, column: float, row: float) -> Any:
    """Opacity of the 2 x 2 tiles around the nearest corner of tiles, and its column and row."""
    col, r = round(column / 256) - 1, round(row / 256) - 1
    parts = [
        np.hstack([pixels(client, f"{TIES}/{tms.id}/{z}/{y}/{x}")[..., 3] for x in (col, col + 1)])
        for y in (r, r + 1)
    ]
    return np.vstack(parts).astype(float), col * 256, r * 256


@pytest.mark.parametrize("tms", TILE_MATRIX_SETS.values(), ids=list(TILE_MATRIX_SETS))
def test_a_sign_on_the_edge_of_a_tile_is_whole(client: TestClient, tms: TileMatrixSet) -> None:
    levels = [z for z in range(tms.levels) if 13 <= tms.level(z) <= 18]
    # The level at which the point lies nearest to an edge.
    z = min(levels, key=lambda one: min(min(p % 256, -p % 256) for p in pixel(tms, one)))
    column, row = pixel(tms, z)
    assert min(min(p % 256, -p % 256) for p in (column, row)) < 12
    opacity, left, top = block(client, tms, z, column, row)
    x, y = column - left, row - top
    rows, columns = np.indices(opacity.shape)
    near = np.hypot(columns + 0.5 - x, rows + 0.5 - y) < 2 * RADIUS_PX
    assert opacity[near].sum() / 255 == pytest.approx(np.pi * RADIUS_PX**2, rel=0.06)
    weights = opacity * near
    assert (columns * weights).sum() / weights.sum() + 0.5 == pytest.approx(x, abs=0.3)
    assert (rows * weights).sum() / weights.sum() + 0.5 == pytest.approx(y, abs=0.3)


def test_nothing_is_written_on_a_tile(client: TestClient) -> None:
    tms = TILE_MATRIX_SETS["WebMercatorQuad"]
    column, row = pixel(tms, 16)
    path = f"{TIES}/WebMercatorQuad/16/{int(row // 256)}/{int(column // 256)}"
    opacity = pixels(client, path)[..., 3] / 255
    box = tms.bounds(16, int(row // 256), int(column // 256))
    written = pixels(
        client,
        TIES.removesuffix("/tiles"),
        **{"bbox": ",".join(map(repr, box)), "bbox-crs": tms.crs, "crs": tms.crs},
        width=256,
        height=256,
    )[..., 3]
    assert opacity.sum() < 1.5 * np.pi * RADIUS_PX**2 < (written / 255).sum()


def test_filter_background_and_choice_are_obeyed(client: TestClient) -> None:
    tms = TILE_MATRIX_SETS["WebMercatorQuad"]
    column, row = pixel(tms, 16)
    address = f"WebMercatorQuad/16/{int(row // 256)}/{int(column // 256)}"
    none = {"filter": "id = 0", "filter-lang": "cql2-text"}
    assert not pixels(client, f"{TIES}/{address}", **none)[..., 3].any()
    red = pixels(client, f"{TIES}/{address}", bgcolor="red", **none)
    assert {tuple(one) for one in red.reshape(-1, 4)} == {(255, 0, 0, 255)}
    chosen = pixels(client, f"/ogc/map/tiles/{address}", collections="test_ties")
    assert np.array_equal(chosen, pixels(client, f"{TIES}/{address}"))
    other = pixels(client, f"/ogc/map/tiles/{address}", collections="test_parcels")
    assert not np.array_equal(other, chosen)


def test_tilesets_lead_from_the_landing_page_to_tiles(client: TestClient) -> None:
    for page in ("/ogc/", "/ogc/collections/test_ties"):
        links = client.get(page, params={"f": "json"}).json()["links"]
        (address,) = [one["href"] for one in links if one["rel"] == TILESETS]
        tilesets = client.get(address).json()["tilesets"]
        assert [one["tileMatrixSetId"] for one in tilesets] == list(TILE_MATRIX_SETS)
        for one in tilesets:
            own = next(x["href"] for x in one["links"] if x["rel"] in ("self", "alternate"))
            document = client.get(own, params={"f": "json"}).json()
            assert document["dataType"] == "map"
            assert document["attribution"]
            scheme = next(x["href"] for x in document["links"] if "tiling-scheme" in x["rel"])
            assert client.get(scheme).json()["id"] == document["tileMatrixSetId"]
            limit = document["tileMatrixSetLimits"][-1]
            templates = {x["type"]: x["href"] for x in document["links"] if x["rel"] == "item"}
            assert set(templates) == {"image/png", "image/jpeg"}
            for media_type, template in templates.items():
                filled = template.format(
                    tileMatrix=limit["tileMatrix"],
                    tileRow=limit["minTileRow"],
                    tileCol=limit["minTileCol"],
                )
                answer = client.get(filled)
                assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)


def test_tilejson_names_the_tiles(client: TestClient) -> None:
    document = client.get(f"{TIES}/WebMercatorQuad", params={"f": "tilejson"}).json()
    assert document["tilejson"] == "3.0.0"
    assert document["tiles"][0].endswith("/WebMercatorQuad/{z}/{y}/{x}?f=png")
    assert "vector_layers" not in document
    path = document["tiles"][0].format(z=document["minzoom"], x=0, y=0)
    assert client.get(path).headers["content-type"] == "image/png"
    assert client.get(f"{TIES}/WorldCRS84Quad", params={"f": "tilejson"}).status_code == 400
    only = client.get("/ogc/map/tiles/WebMercatorQuad?f=tilejson&collections=test_ties").json()
    assert only["tiles"][0].endswith("collections=test_ties")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{TIES}/WebMercatorQuad/5/99/0", 404), (f"{TIES}/WebMercatorQuad/5/x/0", 404),
        (f"{TIES}/NoSuch/5/0/0", 404), (f"{TIES}/NoSuch", 404),
        ("/ogc/collections/nosuch/map/tiles", 404),
        ("/ogc/collections/nosuch/map/tiles/WebMercatorQuad/0/0/0", 404),
        ("/ogc/map/tiles/WebMercatorQuad/0/0/0?collections=nosuch", 400),
        (f"{TIES}/WebMercatorQuad/0/0/0?filter=(", 400),
        (f"{TIES}/WebMercatorQuad/0/0/0?bgcolor=nocolour", 400),
        (f"{TIES}/WebMercatorQuad/0/0/0?width=5", 400),
        (f"{TIES}/WebMercatorQuad/0/0/0?f=webp", 400),
    ],
)  # fmt: skip
def test_bad_addresses_are_refused(client: TestClient, path: str, status: int) -> None:
    assert client.get(path).status_code == status
