"""The API over a database that holds the layers of the list of bad inputs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from starlette.testclient import TestClient

from geoportal.app import create_app
from geoportal.settings import Settings
from layers.area import save_area, seed_areas
from layers.registry import load_layers
from layers.schema import migrate
from tests.fix_db import new_database

FIXTURES = Path(__file__).parent / "fixtures"
LAYERS = FIXTURES / "layers"


@contextmanager
def new_api_database(server: str, template: str) -> Iterator[str]:
    """A database with the layers test_parcels and test_broken."""
    with new_database(server, template) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            migrate(connection, load_layers(LAYERS), roots=(LAYERS,))
            save_area(connection, seed_areas()["by"])
            connection.execute((FIXTURES / "bad_inputs.sql").read_bytes())
        yield url


@pytest.fixture(scope="session")
def api_database(server: str, template: str) -> Iterator[str]:
    """URL of a database with the layers test_parcels and test_broken; tests only read it."""
    with new_api_database(server, template) as url:
        yield url


@pytest.fixture(scope="session")
def api_settings(api_database: str) -> Settings:
    """Settings of the API over `api_database`."""
    return Settings(
        database_url=api_database, layers_dir=LAYERS, public_url="http://portal.example"
    )


@pytest.fixture(scope="session")
def client(api_settings: Settings) -> Iterator[TestClient]:
    """A client of the application, in this process."""
    with TestClient(create_app(api_settings), base_url="http://portal.example") as opened:
        yield opened


@pytest.fixture(scope="session")
def oracle(api_database: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """PostGIS asked directly."""
    with psycopg.connect(api_database, autocommit=True) as opened:
        yield opened
