"""`geoportal check`: is everything here that the geoportal needs?"""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import click
import psycopg

from geoportal.cli import database
from geoportal.cli.common import Command, counted, settings
from geoportal.cli.layers import table
from geoportal.errors import ClusterError, GeoportalError
from geoportal.postgres import find_programs
from geoportal.settings import Settings
from layers import registry
from layers.errors import LayersError


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    good: bool
    detail: str

    def row(self) -> tuple[str, ...]:
        """Return it as a row of a table."""
        return ("ok" if self.good else "FAULT", self.what, self.detail)


@click.command(
    cls=Command,
    short_help="Check programs, settings, layer definitions, database.",
    epilog="geoportal check && geoportal up",
)
def check() -> None:
    """Check programs, settings, layer definitions and the database; exit code 1 on a fault."""
    findings = list(_findings(settings()))
    click.echo(table([finding.row() for finding in findings]))
    if not all(finding.good for finding in findings):
        sys.exit(1)


def _findings(given: Settings) -> Iterator[Finding]:
    yield Finding("python", True, platform.python_version())
    for package in ("pygeoapi", "granian", "psycopg"):
        yield Finding(package, True, metadata.version(package))
    for name, value in given.model_dump(exclude_defaults=True).items():
        # A URL may hold a password.
        yield Finding(f"GEOPORTAL_{name.upper()}", True, "set" if "url" in name else str(value))
    yield from _directories(given)
    faults = _told("layers", lambda: registry.check(*database.roots(given)))
    if isinstance(faults, Finding):
        yield faults
    elif faults:
        yield Finding("layers", False, f"{counted(len(faults), 'fault')}, the first: {faults[0]}")
    else:
        yield Finding("layers", True, f"{len(database.definitions(given))} defined")
    yield from _database(given)


def _directories(given: Settings) -> Iterator[Finding]:
    for name in ("sources_dir", "layers_dir", "reference_dir", "cite_dir", "peers_dir"):
        folder = getattr(given, name)
        if folder is not None and not folder.is_dir():
            yield Finding(f"GEOPORTAL_{name.upper()}", False, f"{folder} is not a directory")
    if given.sources_file is not None and not given.sources_file.is_file():
        yield Finding("GEOPORTAL_SOURCES_FILE", False, f"{given.sources_file} is not a file")


def _database(given: Settings) -> Iterator[Finding]:
    if not given.database_url:
        found = find_programs()
        versions = ", ".join(str(programs.major) for programs in found)
        yield Finding("PostgreSQL with PostGIS", bool(found), versions or "not installed")
        if not database.embedded().running():
            yield Finding("database", True, "not running; `geoportal up` starts it")
            return
    answer = _told("database", lambda: _versions(given))
    if isinstance(answer, Finding):
        yield answer
        return
    server, postgis, layers = answer
    yield Finding("database", True, f"PostgreSQL {server}, PostGIS {postgis}")
    yield Finding("loaded layers", layers > 0, str(layers) if layers else "none: geoportal load")


def _versions(given: Settings) -> tuple[str, str, int]:
    with database.connect(database.running_url(given)) as connection:
        try:
            return (
                _value(connection, "SHOW server_version").split()[0],
                _value(connection, "SELECT postgis_lib_version()"),
                int(_value(connection, "SELECT count(DISTINCT layer) FROM layers.version")),
            )
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedFunction):
            raise ClusterError("it has no tables yet: run `geoportal db migrate`") from None


def _value(connection: psycopg.Connection[Any], query: str) -> str:
    row = connection.execute(query.encode()).fetchone()
    return "" if row is None else str(row[0])


def _told[T](what: str, ask: Callable[[], T]) -> T | Finding:
    try:
        return ask()
    except (GeoportalError, LayersError) as error:
        return Finding(what, False, str(error))
