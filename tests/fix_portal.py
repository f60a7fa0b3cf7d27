"""What a newcomer sees: the country from the seed tables, the Orsha quarter and its coverage."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fix_db import new_database
from tests.fix_jobs import await_worker, start_worker
from tests.fix_server import Server, start_server

ROOT = Path(__file__).parents[1]


def geoportal(database: str, *arguments: str, **environ: str) -> str:
    """Run the command line over a database; return what it says."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GEOPORTAL_")}
    done = subprocess.run(
        [sys.executable, "-m", "geoportal", *arguments],
        cwd=ROOT,
        env=kept | {"GEOPORTAL_DATABASE_URL": database, **environ},
        check=False,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="session")
def portal_database(
    server: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """URL of a database with the demonstration loaded and computed; tests only read it."""
    nothing = str(tmp_path_factory.mktemp("sources"))
    with new_database(server, template) as url:
        geoportal(url, "load", GEOPORTAL_SOURCES_DIR=nothing)
        geoportal(url, "run", "service-coverage", "--area", "orsha")
        yield url


@pytest.fixture(scope="session")
def portal_server(portal_database: str) -> Iterator[Server]:
    """A server and a worker over `portal_database`."""
    with (
        start_worker(portal_database, processes=""),
        start_server(portal_database, layers_dir="") as running,
    ):
        await_worker(portal_database)
        yield running
