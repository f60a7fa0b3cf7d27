"""The web process as a whole: what it imports, how it follows the database."""

import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from starlette.testclient import TestClient

from geoportal.app import create_app
from geoportal.settings import Settings
from layers.area import save_area, seed_areas

HEAVY = ("geopandas", "pandas", "scipy", "rasterio", "pyogrio")
VERSION = """
INSERT INTO layers.version (layer, area, checksum, row_count, status, source, source_checksum)
VALUES (%s, 'by', 'x', 0, 'open', 'tests', 'x')
"""


def test_web_process_imports_nothing_heavy() -> None:
    code = f"import sys, geoportal.app; print([m for m in {HEAVY} if m in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert result.stdout.strip() == "[]"


def test_layers_appear_and_go_without_a_restart(database: str) -> None:
    with (
        psycopg.connect(database, autocommit=True) as connection,
        TestClient(create_app(Settings(database_url=database))) as client,
    ):

        def collections() -> list[str]:
            return [c["id"] for c in client.get("/ogc/collections").json()["collections"]]

        def become(wanted: list[str]) -> bool:
            deadline = time.monotonic() + 10
            while collections() != wanted and time.monotonic() < deadline:
                time.sleep(0.1)
            return collections() == wanted

        assert client.get("/health/ready").status_code == 503
        assert collections() == []
        save_area(connection, seed_areas()["by"])
        connection.execute(VERSION, ("settlements",))
        assert become(["settlements"])
        assert client.get("/health/ready").json() == {"status": "ready", "layers": 1}
        connection.execute("DELETE FROM layers.version")
        assert become([])


@pytest.mark.parametrize("path", ["/ogc/collections", "/ogc/openapi", "/health/live", "/"])
def test_a_server_without_its_database_still_answers(path: str) -> None:
    settings = Settings(database_url="postgresql://nobody@127.0.0.1:1/nothing")
    with TestClient(create_app(settings)) as client:
        assert client.get(path).status_code == 200
        ready = client.get("/health/ready")
        assert ready.status_code == 503
        assert ready.headers["content-type"] == "application/problem+json"
        assert ready.headers["retry-after"] == "5"
