"""`geoportal up`: from nothing to a running geoportal; `geoportal serve`: the server alone."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click
import psycopg

from geoportal.cli import database
from geoportal.cli.common import DEMO_AREA, DEMO_BUILDINGS, Command, settings
from geoportal.cli.progress import say
from geoportal.cli.worker import kept_running
from geoportal.settings import Settings

PIPELINE = "smart-quarter-coverage"
ROOMS = ("layers", "processing", "data")
"""What decides the loaded rows, besides the sources directory."""


@click.command(
    cls=Command,
    short_help="Start everything: database, layers, a computed pipeline, web server, worker.",
    epilog="""
    geoportal up
    GEOPORTAL_PORT=9000 GEOPORTAL_SOURCES_DIR=/srv/sources geoportal up
    GEOPORTAL_DATABASE_URL=postgresql://user:password@host/database geoportal up
    """,
)
def up() -> None:
    """Start all: database, layers, one computed pipeline, web server, worker; Ctrl-C stops it.

    A later start loads only what changed. With GEOPORTAL_DATABASE_URL that database is used.
    """
    given = _free(settings())
    with database.available(given) as url:
        os.environ["GEOPORTAL_DATABASE_URL"] = url
        _prepare_if_needed(given, url)
        with kept_running() if given.jobs else nullcontext():
            _serve(given)


@click.command(cls=Command, epilog="GEOPORTAL_WORKERS=4 geoportal serve")
def serve() -> None:
    """Start the web server on what the database holds; Ctrl-C stops it."""
    given = _free(settings())
    with database.available(given) as url:
        os.environ["GEOPORTAL_DATABASE_URL"] = url
        _serve(given)


@click.command(cls=Command, hidden=True)
def prepare() -> None:
    """Load and compute what `up` shows; its own process, so that the server stays small."""
    from geoportal.cli.load import load_national
    from geoportal.cli.load_demo import load_demo
    from geoportal.cli.run import run_pipeline
    from layers.area import get_area
    from processing import runner
    from processing.errors import ProcessingError

    given = settings()
    with database.migrated(given) as connection:
        load_national(connection, given)
        area = get_area(connection, DEMO_AREA)
        load_demo(connection, given, area, DEMO_BUILDINGS, keep=True)
        try:
            if runner.needed(connection, PIPELINE, area.id, {}):
                run_pipeline(connection, PIPELINE, area.id, {}, publish=True)
            else:
                say(f"{PIPELINE}, {area.id}: unchanged")
        except ProcessingError as error:
            # Data of one's own may lack what the pipeline needs; layers are shown all the same.
            say(f"{PIPELINE}, {area.id}: not computed: {error}")


def _free(given: Settings) -> Settings:
    from geoportal.server import require_free

    require_free(given.host, given.port)
    return given


def _serve(given: Settings) -> None:
    from geoportal import server

    server.serve(given, say)


def _prepare_if_needed(given: Settings, url: str) -> None:
    """Run `prepare` in a process of its own, unless nothing changed since it last ended well."""
    name = hashlib.sha256(url.encode()).hexdigest()[:12]  # one mark for every database
    mark = database.MARKS / f"prepared-{name}"
    with database.connect(url) as connection:
        database.migrate(connection, given)
        before = _state(connection, given, url)
    if mark.exists() and mark.read_text() == before:
        say("database and layers: unchanged")
        return
    done = subprocess.run([sys.executable, "-m", "geoportal", "prepare"], check=False)
    if done.returncode:
        sys.exit(done.returncode)
    with database.connect(url) as connection:
        mark.parent.mkdir(exist_ok=True)
        mark.write_text(_state(connection, given, url))


def _state(connection: psycopg.Connection[Any], given: Settings, url: str) -> str:
    """Return a checksum of everything that decides what is loaded, and of what is loaded."""
    sums = hashlib.sha256(url.encode())
    for room in ROOMS:
        for file in _files(database.CHECKOUT / room):
            if file.suffix != ".pyc":
                sums.update(f"{file}\n".encode())
                sums.update(file.read_bytes())
    sums.update(str(given.sources_dir).encode())
    if given.sources_file and given.sources_file.is_file():
        sums.update(given.sources_file.read_bytes())
    for file in _files(given.sources_dir) if given.sources_dir else ():
        found = file.stat()
        sums.update(f"{file} {found.st_size} {found.st_mtime_ns}\n".encode())
    query = "SELECT layer, area, version FROM layers.version ORDER BY 1, 2"
    sums.update(repr(connection.execute(query).fetchall()).encode())
    return sums.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    return iter(sorted(path for path in folder.rglob("*") if path.is_file()))
