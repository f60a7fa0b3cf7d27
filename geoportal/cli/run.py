"""`geoportal run`: compute a pipeline for an area and publish its result."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import psycopg

from geoportal.cli import database
from geoportal.cli.common import Command, area_option, counted, settings
from geoportal.cli.progress import bar, say

if TYPE_CHECKING:
    from processing.runner import Run


@click.command(
    cls=Command,
    short_help="Compute a pipeline for an area and publish its result.",
    epilog="""
    geoportal run service-coverage
    geoportal run service-coverage --area orsha --param service_classes=school,clinic
    geoportal run service-coverage --no-publish --json result.json
    """,
)
@click.argument("pipeline")
@area_option()
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter.")
@click.option("--json", "file", metavar="FILE", help="Write the result there; - = standard output.")
@click.option("--publish/--no-publish", default=True, help="Replace the published result layers.")
def run(
    pipeline: str, area_id: str, params: tuple[str, ...], file: str | None, publish: bool
) -> None:
    """Run PIPELINE for an area and publish what it gives, with its provenance."""
    from processing.pipelines import get_pipeline, read_params

    given = read(params)
    read_params(get_pipeline(pipeline), given)  # before a database is started for nothing
    with database.migrated(settings()) as connection:
        done = run_pipeline(connection, pipeline, area_id, given, publish=publish)
    if file is not None:
        _write(file, done)


def read(params: tuple[str, ...]) -> dict[str, str]:
    """Return NAME=VALUE pairs as a mapping; raises click.BadParameter."""
    pairs: dict[str, str] = {}
    for param in params:
        name, equals, value = param.partition("=")
        if not name or not equals:
            raise click.BadParameter(f"{param!r} is not of the form NAME=VALUE.")
        if name in pairs:
            raise click.BadParameter(f"{name} is given twice.")
        pairs[name] = value
    return pairs


def run_pipeline(
    connection: psycopg.Connection[Any],
    name: str,
    area_id: str,
    params: Mapping[str, Any],
    *,
    publish: bool,
) -> Run:
    """Run a pipeline with a progress bar and say what came out."""
    from processing import runner

    with bar(f"{name}, {area_id}") as shown:
        done = runner.run(connection, name, area_id, params, publish=publish, progress=shown.step)
    for layer_id, frame in done.frames.items():
        state = "computed" if not publish else "published" if done.changed else "unchanged"
        say(f"{layer_id}, {area_id}: {counted(len(frame), 'row')}, {state}")
    say(f"run {done.id}, checksum {done.result_checksum[:12]}")
    return done


def _write(file: str, done: Run) -> None:
    import orjson

    data = orjson.dumps(done.document(), option=orjson.OPT_APPEND_NEWLINE)
    if file == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
    else:
        Path(file).write_bytes(data)
        say(f"written: {file}")
