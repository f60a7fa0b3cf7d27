"""Coverages over HTTP: cells bit for bit, grids, other systems, pictures, and what is refused."""

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import psycopg
import pytest
from PIL import Image
from rasterio.io import MemoryFile
from starlette.testclient import TestClient

from geoportal.app import create_app
from geoportal.settings import Settings
from layers import raster_store
from layers.area import next_area, save_area, seed_areas
from layers.ingest.raster import file_checksum, read_raster
from layers.model import Origin
from layers.raster import Raster, get_raster
from layers.tile_matrix_set import TILE_MATRIX_SETS
from tests.fix_db import new_database

ORSHA = seed_areas()["orsha"]
ORIGIN = Origin(status="demonstration", source="test", checksum="1")
WEST, NORTH, CELL_M, ROWS, COLUMNS = 332_000.0, 6_044_000.0, 5.0, 300, 500
NATIVE = "http://www.opengis.net/def/crs/EPSG/0/32636"
DEM = "/ogc/collections/dem.orsha"


def heights() -> np.ndarray[Any, np.dtype[np.float32]]:
    """A plane that rises 0.1 m a column eastwards and 0.2 m a row southwards, with a void."""
    rows, columns = np.indices((ROWS, COLUMNS))
    values = (100 + 0.1 * columns + 0.2 * rows).astype(np.float32)
    values[10:20, 30:50] = np.nan
    return values


@pytest.fixture(scope="module")
def coverages(server: str, template: str) -> Iterator[TestClient]:
    """The API over a database with a terrain and a land cover of Orsha."""
    classes = np.where(np.indices((ROWS, COLUMNS))[1] < 200, 5, 4).astype(np.float32)
    transform = (CELL_M, 0.0, WEST, 0.0, -CELL_M, NORTH)
    with new_database(server, template) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            save_area(connection, ORSHA)
            for raster_id, values, nodata in (
                ("dem", heights(), np.nan),
                ("land_cover", classes, 0.0),
            ):
                raster = Raster(values, transform, "EPSG:32636", nodata)
                raster_store.replace(
                    connection, get_raster(raster_id), raster, area=ORSHA, origin=ORIGIN
                )
        with TestClient(create_app(Settings(database_url=url))) as client:
            yield client


def tiff(answer: Any) -> tuple[Any, Any, Any]:
    """Cells, transform and EPSG code of an answer."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("image/tiff")
    with MemoryFile(answer.content) as file, file.open() as source:
        return source.read(1), source.transform, source.crs.to_epsg()


def test_the_collection_leads_to_cells_schema_and_map(coverages: TestClient) -> None:
    found = {one["id"]: one for one in coverages.get("/ogc/collections").json()["collections"]}
    assert set(found) == {"dem.orsha", "land_cover.orsha"}
    one = coverages.get(DEM).json()
    assert one == found["dem.orsha"]
    assert one["storageCrs"] == NATIVE == one["crs"][0]
    assert [axis["cellsCount"] for axis in one["extent"]["spatial"]["grid"]] == [COLUMNS, ROWS]
    west, south, east, north = one["extent"]["spatial"]["bbox"][0]
    assert 30 < west < east < 31
    assert 54 < south < north < 55
    for link in one["links"]:
        assert (
            coverages.get(
                urlsplit(link["href"])._replace(scheme="", netloc="").geturl()
            ).status_code
            == 200
        ), link
    schema = coverages.get(DEM + "/schema").json()["properties"]["dem"]
    assert (schema["type"], schema["x-ogc-unit"]) == ("number", "m")
    cover = coverages.get("/ogc/collections/land_cover.orsha/schema").json()
    assert {one["const"] for one in cover["properties"]["land_cover"]["oneOf"]} == {
        1,
        2,
        3,
        4,
        5,
        6,
    }
    classes = coverages.get("/ogc/conformance").json()["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-coverages-1/1.0/conf/subsetting" in classes
    assert coverages.get(DEM, headers={"accept": "text/html"}).status_code == 200


def test_the_whole_comes_bit_for_bit(coverages: TestClient) -> None:
    cells, transform, epsg = tiff(coverages.get(DEM + "/coverage"))
    assert np.array_equal(cells, heights(), equal_nan=True)
    assert (transform.a, transform.c, transform.e, transform.f) == (CELL_M, WEST, -CELL_M, NORTH)
    assert epsg == 32636


@pytest.mark.parametrize("form", ["bbox", "subset"])
def test_a_box_takes_the_whole_cells_that_it_touches(coverages: TestClient, form: str) -> None:
    # From the middle of column 40 to the edge after column 59, rows 15 to 24.
    west, east = WEST + 40.5 * CELL_M, WEST + 60 * CELL_M
    north, south = NORTH - 15 * CELL_M, NORTH - 24.2 * CELL_M
    params = (
        {"bbox": f"{west},{south},{east},{north}", "bbox-crs": NATIVE}
        if form == "bbox"
        else {"subset": f"E({west}:{east}),N({south}:{north})", "subset-crs": NATIVE}
    )
    answer = coverages.get(DEM + "/coverage", params=params)
    cells, transform, _ = tiff(answer)
    assert np.array_equal(cells, heights()[15:25, 40:60], equal_nan=True)
    assert (transform.c, transform.f) == (WEST + 40 * CELL_M, NORTH - 15 * CELL_M)
    corners = [float(part) for part in answer.headers["content-bbox"].split(",")]
    assert corners == [WEST + 200, NORTH - 125, WEST + 300, NORTH - 75]
    params |= {"f": "json"}
    document = coverages.get(DEM + "/coverage", params=params).json()
    axes, array = document["domain"]["axes"], document["ranges"]["dem"]
    assert axes["x"] == {"start": WEST + 202.5, "stop": WEST + 297.5, "num": 20}
    assert axes["y"] == {"start": NORTH - 77.5, "stop": NORTH - 122.5, "num": 10}
    expected = heights()[15:25, 40:60]
    values = np.array(array["values"], dtype=np.float32).reshape(array["shape"])
    assert np.array_equal(values, expected, equal_nan=True)
    assert array["values"].count(None) == np.isnan(expected).sum() == 50


def test_scaling_gives_the_size_that_was_asked_and_means(coverages: TestClient) -> None:
    for scale in (
        {"scale-factor": "10"},
        {"scale-axes": "E(10),N(10)"},
        {"scale-size": "E(50),N(30)"},
    ):
        cells, transform, _ = tiff(coverages.get(DEM + "/coverage", params=scale))
        assert cells.shape == (30, 50)
        assert transform.a == 50
        # The mean of a plane over a block is its value in the middle.
        assert cells[20, 30] == pytest.approx(100 + 0.1 * 304.5 + 0.2 * 204.5, abs=0.01)
    cover, _, _ = tiff(
        coverages.get("/ogc/collections/land_cover.orsha/coverage", params={"scale-factor": "7"})
    )
    assert set(np.unique(cover)) == {4, 5}  # never a class between two


def test_another_system_has_the_value_of_the_place(coverages: TestClient) -> None:
    from pyproj import Transformer

    for code in (4326, 3857, 3035, 28406):
        uri = f"http://www.opengis.net/def/crs/EPSG/0/{code}"
        cells, t, epsg = tiff(coverages.get(DEM + "/coverage", params={"crs": uri}))
        assert epsg == code
        if code == 28406:
            continue  # its datum shift is not the one that this PROJ would choose
        row, column = cells.shape[0] // 2, cells.shape[1] // 2
        x, y = t @ (column + 0.5, row + 0.5)
        e, n = Transformer.from_crs(code, 32636, always_xy=True).transform(x, y)
        expected = 100 + 0.1 * ((e - WEST) / CELL_M - 0.5) + 0.2 * ((NORTH - n) / CELL_M - 0.5)
        assert cells[row, column] == pytest.approx(expected, abs=0.02), code


def test_elsewhere_is_no_content(coverages: TestClient) -> None:
    for params in ({"bbox": "10,10,11,11"}, {"bbox": "10,10,11,11", "crs": NATIVE[:-5] + "3857"}):
        answer = coverages.get(DEM + "/coverage", params=params)
        assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize(
    "query",
    [
        "bbox=1,2,3", "bbox=nan,0,1,1", "bbox=30,54,30,54", "bbox=31,54,30,55&bbox-crs=" + NATIVE,
        "subset=Lat(54)", "subset=Q(1:2)", "subset=Lat(1:2),Lat(1:2)", "subset=E(a:b)",
        "crs=EPSG:1", "bbox-crs=x&bbox=1,2,3,4", "scale-factor=0", "scale-factor=-1",
        "scale-factor=1e-9", "scale-factor=nan", "scale-factor=0.0001",
        "scale-size=E(99999),N(9999)",
        "scale-size=", "scale-size=E(1)N(", "scale-size=E(1),E(2)", "scale-axes=E(0)",
        "scale-factor=2&scale-size=E(5)", "bbox=30,54,31,55&subset=Lat(54:55)", "f=png", "nosuch=1",
        "bbox=1e308,1e308,1.7e308,1.7e308&bbox-crs=" + NATIVE, "bbox=-1e308,-1e308,1e308,1e308",
        "crs=" + NATIVE[:-5] + "3857&bbox=0,-95,10,99", "f=json&scale-factor=0.1",
    ],
)  # fmt: skip
def test_bad_requests_are_refused(coverages: TestClient, query: str) -> None:
    answer = coverages.get(f"{DEM}/coverage?{query}")
    assert answer.status_code == 400, (answer.status_code, answer.headers)
    assert answer.headers["content-type"] == "application/problem+json"


def test_what_is_not_there_is_404(coverages: TestClient) -> None:
    for path in ("dem.minsk/coverage", "nosuch/coverage", "dem.orsha/items", "dem.orsha/tiles"):
        assert coverages.get(f"/ogc/collections/{path}").status_code == 404, path


def picture(client: TestClient, path: str, **params: str) -> Any:
    answer = client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    with Image.open(BytesIO(answer.content)) as image:
        return np.array(image.convert("RGBA"))


def test_a_picture_has_the_colours_of_the_classes(coverages: TestClient) -> None:
    box = f"{WEST},{NORTH - 1500},{WEST + 2500},{NORTH}"
    view = {"bbox": box, "bbox-crs": NATIVE, "crs": NATIVE, "width": "250", "height": "150"}
    found = picture(coverages, "/ogc/collections/land_cover.orsha/map", **view)
    assert tuple(found[20, 50]) == (0x6A, 0xA5, 0xD8, 255)
    assert tuple(found[20, 150]) == (0x3F, 0x7F, 0x3F, 255)
    ground = picture(coverages, DEM + "/map", **view)
    assert ground[7, 20, 3] == 0  # the void
    assert ground[100, 100, 3] == 255
    jpeg = coverages.get(DEM + "/map", params=view | {"f": "jpeg"})
    assert jpeg.headers["content-type"] == "image/jpeg"
    assert coverages.get(DEM + "/map", params={"filter": "a=1"}).status_code == 400
    assert coverages.get(DEM + "/map", headers={"accept": "text/html"}).status_code == 200


def test_map_tiles_of_a_raster_show_what_its_map_shows(coverages: TestClient) -> None:
    path = DEM + "/map/tiles"
    tileset = coverages.get(f"{path}/WebMercatorQuad", params={"f": "json"}).json()
    limit = next(one for one in tileset["tileMatrixSetLimits"] if one["tileMatrix"] == "15")
    row, column = limit["minTileRow"], limit["minTileCol"]
    tile = picture(coverages, f"{path}/WebMercatorQuad/15/{row}/{column}")
    grid = TILE_MATRIX_SETS["WebMercatorQuad"]
    box = ",".join(map(repr, grid.bounds(15, row, column)))
    view = {"bbox": box, "bbox-crs": grid.crs, "crs": grid.crs, "width": "256", "height": "256"}
    shown = picture(coverages, DEM + "/map", **view)
    assert tile[..., 3].any()
    assert np.array_equal(tile[:180], shown[:180])  # below, words are written on a map
    assert coverages.get(f"{path}/WebMercatorQuad/15/0/0?datetime=2024").status_code == 400


def test_an_answer_is_kept_until_the_raster_changes(coverages: TestClient) -> None:
    tag = coverages.get(DEM + "/coverage").headers["etag"]
    assert coverages.get(DEM + "/coverage", headers={"if-none-match": tag}).status_code == 304


@pytest.mark.parametrize(
    ("file", "raster_id", "place"),
    [
        ("porto-alegre-r5r/poa_elevation.tif", "dem", (-51.2, -30.05)),
        ("gpw-population-density/gpw_popdens_2020_15min_belarus.tif", "population_density", None),
    ],
)
def test_real_grids_are_published(
    database: str, sources_dir: Path, file: str, raster_id: str, place: tuple[float, float] | None
) -> None:
    source = sources_dir / file
    definition = get_raster(raster_id)
    with psycopg.connect(database, autocommit=True) as connection:
        area = seed_areas()["by"]
        if place:
            area = next_area(connection, "far", lon=place[0], lat=place[1])
        save_area(connection, area)
        cells = read_raster(source, definition, area)
        origin = Origin(status="open", source=file, checksum=file_checksum(source))
        raster_store.replace(connection, definition, cells, area=area, origin=origin)
    with TestClient(create_app(Settings(database_url=database))) as client:
        path = f"/ogc/collections/{raster_id}.{area.id}"
        found, _, epsg = tiff(client.get(path + "/coverage"))
        assert epsg == area.srid
        assert np.array_equal(found, cells.values, equal_nan=True)
        document = json.loads(client.get(path + "/coverage", params={"f": "json"}).content)
        assert document["ranges"][raster_id]["shape"][0] > 1
        assert picture(client, path + "/map", width="200")[..., 3].any()


def test_the_metadata_of_a_raster_say_its_band(coverages: TestClient) -> None:
    answer = coverages.get(f"{DEM}/metadata?f=iso19139&lang=en")
    assert answer.status_code == 200, answer.text
    assert coverages.get(f"{DEM}?lang=en").json()["title"] in answer.text
    assert 'xlink:href="http://www.opengis.net/def/uom/UCUM/m"' in answer.text
    document = coverages.get(f"{DEM}/metadata").json()
    assert document["dct:identifier"] == "dem.orsha"
