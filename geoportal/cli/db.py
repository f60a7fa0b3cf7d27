"""`geoportal db`: the database itself."""

from __future__ import annotations

import os
import shutil

import click

from geoportal.cli import database
from geoportal.cli.common import Group, settings
from geoportal.cli.progress import say
from geoportal.errors import ClusterError
from geoportal.postgres import find_programs


@click.group(
    cls=Group,
    short_help="The database: init, start, stop, migrate, shell, url.",
    epilog="""
    geoportal db start
    psql "$(geoportal db url)"
    geoportal db stop
    """,
)
def db() -> None:
    """The database: the embedded one, or that of GEOPORTAL_DATABASE_URL."""


@db.command(epilog="geoportal db init")
def init() -> None:
    """Make the embedded database when there is none, and the tables of all layers."""
    given = settings()
    with database.available(given) as url, database.connect(url) as connection:
        _say_made(database.migrate(connection, given))


@db.command(epilog="geoportal db start")
def start() -> None:
    """Start the embedded database; it runs until `geoportal db stop`."""
    if settings().database_url:
        say("GEOPORTAL_DATABASE_URL is set: there is nothing to start.")
        return
    cluster = database.embedded()
    say(f"The database {'was started' if cluster.keep() else 'was running'}: {cluster.url}")


@db.command(epilog="geoportal db stop")
def stop() -> None:
    """Stop the embedded database."""
    stopped = database.embedded().stop()
    say("The database was stopped." if stopped else "The database was not running.")


@db.command(epilog="GEOPORTAL_DATABASE_URL=postgresql://... geoportal db migrate")
def migrate() -> None:
    """Bring the tables to the layer definitions; says which were made anew."""
    given = settings()
    with database.available(given) as url, database.connect(url) as connection:
        _say_made(database.migrate(connection, given))


@db.command(epilog='psql "$(geoportal db url)"')
def url() -> None:
    """Print the connection URL of the running database; starts nothing."""
    click.echo(database.running_url(settings()))


@db.command(epilog="geoportal db shell")
def shell() -> None:
    """Open psql on the database."""
    programs = [str(found.folder / "psql") for found in reversed(find_programs())]
    psql = shutil.which("psql") or next(iter(programs), None)
    if psql is None:
        raise ClusterError("psql is not installed: install Debian's postgresql-client.")
    os.execv(psql, [psql, database.running_url(settings())])  # noqa: S606 - no shell wanted


def _say_made(made: list[str]) -> None:
    say(f"Tables made: {', '.join(made)}" if made else "The tables are as the layers define them.")
