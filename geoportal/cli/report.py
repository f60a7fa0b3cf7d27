"""`geoportal report`: the report of the last published run, as a file."""

from __future__ import annotations

from pathlib import Path

import click

from geoportal.cli import database
from geoportal.cli.common import Command, area_option, settings
from geoportal.cli.progress import say
from geoportal.errors import NotFound
from layers.model import LANGUAGES, Language


@click.command(
    cls=Command,
    short_help="Write the report on an area as HTML or PDF.",
    epilog="""
    geoportal run smart-quarter-coverage
    geoportal report orsha.pdf --lang be
    geoportal report orsha.html --area orsha --lang ru
    """,
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@area_option()
@click.option("--lang", type=click.Choice(LANGUAGES), default="be", show_default=True)
def report(file: Path, area_id: str, lang: Language) -> None:
    """Write the report on an area to FILE; its ending (.html or .pdf) says in which form."""
    from geoportal.web.reports import PIPELINE

    format_ = file.suffix.removeprefix(".").lower()
    if format_ not in ("html", "pdf"):
        raise click.BadParameter(f"{file.name} ends neither in .html nor in .pdf.")
    with database.migrated(settings()) as connection:
        row = connection.execute(
            "SELECT content FROM runs.report WHERE area = %s AND pipeline = %s"
            " AND language = %s AND format = %s",
            (area_id, PIPELINE, lang, format_),
        ).fetchone()
    if row is None:
        raise NotFound(
            f"There is no report on {area_id!r}: run `geoportal run {PIPELINE} --area {area_id}`."
        )
    file.write_bytes(row[0])
    say(f"written: {file}")
