"""Programs that people use read the live service: GDAL's OAPIF driver (pyogrio) and OWSLib."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import geopandas as gpd
import psycopg
import pyogrio
import pyproj
import pytest
from owslib.ogcapi.features import Features

from layers.crs import SYSTEMS
from tests.fix_server import Server

Connection = psycopg.Connection[tuple[Any, ...]]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        "OAPIF" not in pyogrio.list_drivers(), reason="pyogrio's GDAL has no OAPIF driver"
    ),
]


@pytest.fixture
def source(api_server: Server) -> str:
    return f"OAPIF:{api_server.url}/ogc"


def names(oracle: Connection, where: str) -> list[str]:
    query = f"SELECT name FROM features.test_parcels WHERE {where} ORDER BY id"
    return [row[0] for row in oracle.execute(query.encode())]


def test_gdal_lists_layers_with_their_geometry_and_fields(source: str) -> None:
    assert dict(pyogrio.list_layers(source)) == {
        "test_broken": "Unknown", "test_parcels": "Polygon", "test_ties": "Point",
    }  # fmt: skip
    about = pyogrio.read_info(source, layer="test_parcels")
    kinds = dict(zip(about["fields"], about["ogr_types"], strict=True))
    assert kinds == {"name": "OFTString", "area_ha": "OFTReal", "built": "OFTDate"}
    assert about["features"] == 20_000


def test_gdal_follows_the_pages_to_the_end(source: str, oracle: Connection) -> None:
    frame = pyogrio.read_dataframe(source, layer="test_ties", PAGE_SIZE="7", fid_as_index=True)
    rows = oracle.execute("SELECT id, ST_X(geom) FROM features.test_ties ORDER BY id").fetchall()
    assert list(zip(frame.index, frame.geometry.x, strict=True)) == rows


def test_gdal_filters_by_a_box(source: str, oracle: Connection) -> None:
    frame = pyogrio.read_dataframe(
        source, layer="test_parcels", bbox=(24.101, 51.601, 24.501, 51.901)
    )
    inside = "ST_Intersects(geom, ST_MakeEnvelope(24.101, 51.601, 24.501, 51.901, 4326))"
    assert list(frame["name"]) == names(oracle, inside) != []


@pytest.mark.parametrize(
    ("where", "sql"),
    [
        ("area_ha = 1.5", "area_ha = 1.5"),
        ("name = 'Участок 20'", "name = 'Участок 20'"),
        ("area_ha < 1.5 AND name LIKE '%1'", "area_ha < 1.5 AND name LIKE '%1'"),
        ("built >= '2024/08/20'", "built >= '2024-08-20'"),
        ("name ILIKE 'участок 1999%'", "name ILIKE 'участок 1999%'"),
        ("area_ha > 199.5 OR name IS NULL", "area_ha > 199.5 OR name IS NULL"),
        ("NOT (area_ha > 0.5)", "NOT area_ha > 0.5"),
    ],
)
def test_gdal_filters_by_attributes(source: str, oracle: Connection, where: str, sql: str) -> None:
    frame = pyogrio.read_dataframe(source, layer="test_parcels", where=where, PAGE_SIZE="10000")
    assert list(frame["name"]) == names(oracle, sql) != []


def test_gdal_leaves_the_filter_to_the_server(api_server: Server, tmp_path: Path) -> None:
    """What GDAL asked for is in its log, which only a process of its own writes to a file."""
    script = (
        "import pyogrio, sys; pyogrio.set_gdal_config_options({'CPL_CURL_VERBOSE': 'NO',"
        " 'CPL_DEBUG': 'ON', 'CPL_LOG': sys.argv[2]});"
        " print(len(pyogrio.read_dataframe(sys.argv[1], layer='test_parcels',"
        " where='area_ha < 0.05 OR area_ha > 199.98')))"
    )
    log = tmp_path / "gdal.log"
    command = [sys.executable, "-c", script, f"OAPIF:{api_server.url}/ogc", str(log)]
    environ = os.environ | {"CPL_DEBUG": "ON", "CPL_LOG": str(log)}
    done = subprocess.run(
        command, env=environ, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "6"
    said = log.read_text() if log.exists() else done.stderr
    asked = [line for line in said.splitlines() if "/test_parcels/items?" in line]
    assert any("filter-lang=cql-text" in line and "filter=" in line for line in asked), said


@pytest.mark.parametrize("code", ["EPSG:28404", "EPSG:20004", "EPSG:32635", "EPSG:3035"])
def test_gdal_asks_for_another_system_and_turns_the_axes(source: str, code: str) -> None:
    """GDAL gives east before north, as GIS do, whatever the register says of the axes."""
    frame = pyogrio.read_dataframe(
        source, layer="test_ties", CRS=code, max_features=3, PAGE_SIZE="3"
    )
    assert frame.crs == pyproj.CRS(code)
    system = next(s for s in SYSTEMS if s.code == code)
    wanted = pyproj.Transformer.from_pipeline(system.pipeline).transform(24.01, 53)
    assert frame.geometry.iloc[0].coords[0] == pytest.approx(wanted, abs=1e-3)


def test_geopandas_reads_an_address(api_server: Server) -> None:
    url = f"{api_server.url}/ogc/collections/test_parcels/items?limit=25"
    frame = gpd.read_file(url)
    assert len(frame) == 25
    assert frame.crs.equals("EPSG:4326", ignore_axis_order=True)


def test_owslib_finds_its_way(api_server: Server, oracle: Connection) -> None:
    service = Features(f"{api_server.url}/ogc")
    assert service.api()["openapi"] == "3.0.3"
    assert any(c.endswith("-1/1.0/conf/core") for c in service.conformance()["conformsTo"])
    assert service.feature_collections() == ["test_broken", "test_parcels", "test_ties"]
    assert service.collection("test_parcels")["itemType"] == "feature"
    properties = service.collection_queryables("test_parcels")["properties"]
    assert {"name", "area_ha", "built"} <= set(properties)
    box = [24.101, 51.601, 24.501, 51.901]
    page = service.collection_items("test_parcels", bbox=box, limit=1000)
    inside = "ST_Intersects(geom, ST_MakeEnvelope(24.101, 51.601, 24.501, 51.901, 4326))"
    found = [feature["properties"]["name"] for feature in page["features"]]
    assert found == names(oracle, inside) != []
    assert page["numberMatched"] == len(found)
    answer = service.collection_items("test_parcels", filter="area_ha < 0.05", limit=1000)
    assert answer["numberReturned"] == len(names(oracle, "area_ha < 0.05")) == 4
    assert service.collection_item("test_parcels", "7")["properties"]["name"] == "Участок 7"
