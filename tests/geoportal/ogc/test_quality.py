"""The reports of a raster on its page and as JSON: what a file of cells was, and one refused."""

from pathlib import Path
from typing import Any

import psycopg
import pytest
from starlette.testclient import TestClient

from geoportal.app import create_app
from geoportal.settings import Settings
from layers.area import save_area
from layers.errors import CorruptSource
from layers.ingest.raster_load import load_raster
from tests.geoportal.test_cli_quality import jsonschema_faults
from tests.layers.ingest.test_raster import DEM, ORSHA, write
from tests.layers.ingest.test_raster_load import LAYERS, ORIGIN, holed

PATH = "/ogc/collections/dem.orsha/quality"


def test_a_raster_has_a_page_of_reports(database: str, tmp_path: Path) -> None:
    bad = tmp_path / "<b>.tif"
    bad.write_text("no raster")
    with psycopg.connect(database, autocommit=True) as connection:
        save_area(connection, ORSHA)
        file = write(tmp_path / "heights.tif", holed(), nodata=-32768)
        load_raster(connection, LAYERS, DEM, file, ORSHA, ORIGIN)
        with pytest.raises(CorruptSource):
            load_raster(connection, LAYERS, DEM, bad, ORSHA, ORIGIN)
    with TestClient(create_app(Settings(database_url=database))) as client:
        links = client.get("/ogc/collections/dem.orsha").json()["links"]
        assert [one for one in links if one["href"].endswith(PATH)]
        answer: dict[str, Any] = client.get(PATH).json()
        assert (answer["collection"], answer["rules"]) == ("dem.orsha", [])
        refused, good = answer["reports"]
        assert (refused["decision"], good["decision"]) == ("refused", "published")
        assert (good["counted"], good["counts"]["read"]) == ("cells", 14_300)
        assert [jsonschema_faults(client, one) for one in answer["reports"]] == [[], []]
        for language, made, void, why in (
            ("be", "аптымізаваны для воблака", "пустое месца", "нельга прачытаць як растр"),
            ("ru", "оптимизированный для облака", "пустое место", "нельзя прочитать как растр"),
            ("en", "a cloud-optimised GeoTIFF", "void", "cannot be read as a raster"),
        ):
            page = client.get(PATH, params={"lang": language, "f": "html"}).text
            for words in (made, void, why, "110", "&lt;b&gt;.tif", "EPSG:32636"):
                assert words in page
            assert "<b>.tif" not in page
            assert "layers=dem.orsha,load_faults" in page
        found = client.get("/ogc/collections/load_faults/items?layer=dem").json()["features"]
        assert {one["properties"]["code"] for one in found} == {"raster.void"}
