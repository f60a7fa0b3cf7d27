"""The command `geoportal`: every error is one clear sentence and an exit code."""

from __future__ import annotations

import errno
import os
import signal
import sys
import traceback
from collections.abc import Mapping
from importlib import metadata
from types import TracebackType

import click
import psycopg

from geoportal.cli import database
from geoportal.cli.check import check
from geoportal.cli.common import Group
from geoportal.cli.db import db
from geoportal.cli.keys import keys
from geoportal.cli.language import words
from geoportal.cli.layers import layers
from geoportal.cli.load import load
from geoportal.cli.load_network import gtfs, series
from geoportal.cli.report import report
from geoportal.cli.run import run
from geoportal.cli.scenarios import scenarios
from geoportal.cli.sources import sources
from geoportal.cli.tiles import bundle, tiles
from geoportal.cli.up import prepare, serve, up
from geoportal.cli.worker import worker
from geoportal.errors import GeoportalError
from layers.errors import LayersError
from processing.errors import ProcessingError

INTERRUPTED = 130


def _version() -> str:
    try:
        return metadata.version("geoportal-by")
    except metadata.PackageNotFoundError:  # run from the checkout
        return "(not installed)"


KNOWN: Mapping[type[Exception], str] = {
    psycopg.errors.DiskFull: "The disk of the database is full: free some space and try again.",
    psycopg.errors.InsufficientPrivilege: (
        "The database user may not do that: let GEOPORTAL_DATABASE_URL name the database's owner."
    ),
    psycopg.errors.UndefinedTable: (
        "The database lacks the geoportal's tables: run `geoportal db migrate`."
    ),
}


@click.group(
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""
    geoportal up                                     start everything
    geoportal load osm krems.osm.gz --area krems     bring a place in from OpenStreetMap
    geoportal run service-coverage --area krems      compute its coverage and publish it
    geoportal COMMAND --help                         more examples
    """,
)
@click.version_option(_version())
def cli() -> None:
    """The geoportal of the Smart Cities of Belarus programme.

    Settings are environment variables GEOPORTAL_*; README.md lists them.
    """


COMMANDS = (
    up,
    serve,
    worker,
    db,
    load,
    sources,
    layers,
    run,
    report,
    scenarios,
    tiles,
    bundle,
    keys,
    check,
    prepare,
)
for command in COMMANDS:
    cli.add_command(command)
for command in (gtfs, series):
    load.add_command(command)


def main() -> None:
    """Run the command line and end the process with 0, 1 (error) or 2 (wrong usage)."""
    sys.excepthook = _unforeseen
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job is given none
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)  # so that whatever was started is stopped
    try:
        code = cli.main(prog_name="geoportal", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # `geoportal layers list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (GeoportalError, LayersError, ProcessingError, psycopg.Error, OSError) as error:
        click.echo(f"geoportal: {sentence(error)}", err=True)
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


def sentence(error: Exception) -> str:
    """Return what went wrong and what to do, in one line."""
    for kind, text in KNOWN.items():
        if isinstance(error, kind):
            return text
    said = " ".join(words(error).split())
    if isinstance(error, psycopg.Error):
        return f"The database refused or was interrupted: {said}"
    if isinstance(error, OSError):
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        return "The disk is full: free some space and try again." if full else f"{said}."
    return said


def _end(number: int, _frame: object) -> None:
    signal.signal(number, signal.SIG_IGN)  # once is enough: the ending itself must not be cut off
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(128 + number)


def _unforeseen(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Keep the traceback of a programming error in a file; a person gets a sentence."""
    log = database.embedded().home / "error.log"
    try:
        log.parent.mkdir(exist_ok=True)
        log.write_text("".join(traceback.format_exception(kind, error, trace)))
        where = f"; please report it with {log}"
    except OSError:
        where = ""
    click.echo(
        f"geoportal: a fault of the program itself: {kind.__name__}: {error}{where}", err=True
    )


if __name__ == "__main__":
    main()
