"""`geoportal sources`: which sources are fetched when, how that went, and fetching them now."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from geoportal.cli import database
from geoportal.cli.common import Group, settings
from geoportal.cli.layers import table
from geoportal.cli.load import places, source_list
from geoportal.cli.progress import say
from layers.errors import MissingSource

if TYPE_CHECKING:
    from layers.ingest.source_run import SourceRun
    from layers.ingest.sources import Source

HEAD = ("SOURCE", "UPDATE", "LAST SUCCESS", "LAST FAILURE", "NEXT RUN")


@click.group(
    cls=Group,
    short_help="Sources of the national layers: their schedules, updates by hand.",
    epilog="""
    geoportal sources list
    geoportal sources update weather-stations
    geoportal sources update --due
    """,
)
def sources() -> None:
    """Where the national layers come from, and when that is fetched anew; times in UTC."""


@sources.command("list", epilog="geoportal sources list")
def list_() -> None:
    """List every source: schedule, last success, last failure with its words, next run."""
    from layers.ingest.source_run import runs

    given = settings()
    with database.migrated(given) as connection:
        found = runs(connection)
    listed = source_list(given).values()
    rows = [_row(source, found.get(source.id), datetime.now(UTC)) for source in listed]
    click.echo(table([HEAD, *rows]))
    for source in listed:
        run = found.get(source.id)
        if run is not None and run.fault:
            click.echo(f"{source.id}: {run.fault}")


@sources.command(
    epilog="""
    geoportal sources update                     every source that has a schedule
    geoportal sources update weather-stations    this one, due or not
    geoportal sources update --due               what the worker runs every minute
    """
)
@click.argument("source_id", metavar="[ID]", required=False)
@click.option("--due", "only_due", is_flag=True, help="Only where the time of the schedule came.")
@click.option(
    "--accept-removals",
    is_flag=True,
    help="Load a source that is held for review because many features would vanish.",
)
def update(source_id: str | None, only_due: bool, accept_removals: bool) -> None:
    """Fetch sources that have a schedule and load what changed; a failure keeps the old rows.

    So does a file much smaller than the last one, as one that was cut off: it is held for review.
    Ends with 1 when a source failed or is held.
    """
    from layers.ingest.schedule import due
    from layers.ingest.source_run import alone, runs
    from layers.ingest.update import Asked
    from layers.ingest.update import update as update_source

    if accept_removals and source_id is None:
        raise click.UsageError("--accept-removals is for one source: name it.")
    given = settings()
    known = source_list(given)
    chosen = _chosen(known, source_id)
    where = places(given)
    good = True
    with database.migrated(given) as connection, alone(connection):
        if only_due:
            started = {name: run.started_at for name, run in runs(connection).items()}
            chosen = due(chosen, started, datetime.now(UTC))
        for source in chosen:
            asked, layers = Asked(datetime.now(UTC), accept_removals), database.definitions(given)
            done = update_source(connection, layers, known, source.id, where, asked)
            for outcome in done.outcomes:
                say(str(outcome))
            if done.fault:
                say(f"{source.id}: {done.state} ({done.fault})")
                good = False
    if not good:
        sys.exit(1)


def _chosen(known: dict[str, Source], source_id: str | None) -> tuple[Source, ...]:
    if source_id is None:
        return tuple(source for source in known.values() if source.update is not None)
    if source_id not in known:
        raise MissingSource(f"there is no source {source_id!r}; `geoportal sources list` has all")
    if known[source_id].update is None:
        raise MissingSource(
            f"{source_id} has no `update`: its files are fixed; `geoportal load national` loads it"
        )
    return (known[source_id],)


def _row(source: Source, run: SourceRun | None, now: datetime) -> tuple[str, ...]:
    from layers.ingest.schedule import next_run

    if source.update is None:
        return source.id, "-", "-", "-", "-"
    at = next_run(source.update, run.started_at if run else None)
    when = "now" if at is None or at <= now else _moment(at)
    if run is not None and run.broken_off:
        when += f" (that of {_moment(run.started_at)} runs, or was broken off)"
    succeeded, failed = (run.succeeded_at, run.failed_at) if run else (None, None)
    return source.id, source.update, _moment(succeeded), _moment(failed), when


def _moment(given: datetime | None) -> str:
    return "-" if given is None else given.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
