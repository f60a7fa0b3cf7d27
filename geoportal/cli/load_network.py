"""`geoportal load gtfs` and `geoportal load series`: timetables and readings of stations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from geoportal.cli import database
from geoportal.cli.common import Command, area_option, settings
from geoportal.cli.load import saved, tell
from geoportal.cli.progress import bar, say
from layers.message import message

if TYPE_CHECKING:
    from layers.ingest.series.load import Done
    from layers.ingest.vector.finding import Finding

SHOWN = 20


@click.command(
    cls=Command,
    epilog="""
    geoportal load gtfs timetable.zip --area orsha
    geoportal load gtfs timetable.zip --area orsha --date 2026-10-07
    """,
)
@click.argument("file", type=click.Path(path_type=Path))
@area_option(required=True)
@click.option(
    "--date",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Day whose departures are counted; without it the day with the most trips.",
)
@click.option("--licence", metavar="SPDX", help="Licence of the feed; told to readers.")
@click.option("--attribution", metavar="TEXT", help="Whom to name as its source.")
def gtfs(
    file: Path, area_id: str, day: datetime | None, licence: str | None, attribution: str | None
) -> None:
    """Load stops, lines and departures per hour of a GTFS timetable into an area."""
    from layers.area import next_area
    from layers.ingest.gtfs.feed import read
    from layers.ingest.gtfs.load import LAYERS, Terms, centre, load_gtfs
    from layers.ingest.vector.reports import refusals_kept
    from layers.model import Licence

    given = settings()
    terms = Terms(
        day.date() if day else None,
        Licence(id=licence, title=licence) if licence else None,
        attribution,
    )
    with database.migrated(given) as connection:
        with refusals_kept(connection, LAYERS, area_id, file):
            lon, lat = centre(read(file))
        area = next_area(connection, area_id, lon=lon, lat=lat)
        with saved(connection, area), bar(f"reading {file.name}") as shown:
            done = load_gtfs(
                connection, database.definitions(given), file, area, terms, progress=shown.add
            )
    weekday = message(f"told.weekday_{done.day.weekday()}")
    say(message("told.day", area=area.id, weekday=weekday, day=f"{done.day}"))
    for layer_id, result in done.loaded.items():
        tell(layer_id, area.id, result)
    name_findings(done.findings)


@click.command(
    cls=Command,
    epilog="""
    geoportal load series air.csv --layer air_sensor_readings --area orsha --time-zone Europe/Minsk
    geoportal load series air.csv --layer air_sensor_readings --area orsha --unit pm10=mg/m3
    """,
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--layer", "layer_id", required=True, metavar="ID", help="Layer of readings.")
@area_option(required=True)
@click.option("--time-zone", metavar="NAME", help="Zone of times without one, e.g. Europe/Minsk.")
@click.option("--unit", "units", multiple=True, metavar="NAME=UNIT", help="Unit of a parameter.")
@click.option(
    "--column", "columns", multiple=True, metavar="ROLE=NAME",
    help="Column of station, time, day, parameter, value or unit, where its name does not tell.",
)  # fmt: skip
@click.option("--encoding", metavar="NAME", help="Encoding of the file, where it is not found out.")
@click.option("--correct", is_flag=True, help="Values that differ from loaded ones win.")
@click.option("--replace", is_flag=True, help="Put the file in place of all that is loaded.")
@click.option("--licence", metavar="SPDX", help="Licence of the file; told to readers.")
def series(  # noqa: PLR0913, PLR0917 - one parameter per option
    file: Path, layer_id: str, area_id: str, time_zone: str | None, units: Sequence[str],
    columns: Sequence[str], encoding: str | None, correct: bool, replace: bool, licence: str | None,
) -> None:  # fmt: skip
    """Merge a CSV of readings of stations into a layer of an area."""
    from layers.area import get_area
    from layers.errors import UnknownLayer
    from layers.ingest.series.columns import Choice
    from layers.ingest.series.load import Terms, load_series, require_series
    from layers.ingest.series.read import read
    from layers.ingest.vector.reports import refusals_kept
    from layers.model import Licence

    given = settings()
    known = database.definitions(given)
    if layer_id not in known:
        raise UnknownLayer(message("load.no_layer", layer=layer_id, layers=list(known)))
    require_series(layer_id)
    choice, zone = Choice(_pairs(columns, "--column"), _pairs(units, "--unit")), _zone(time_zone)
    terms = Terms(
        file, Licence(id=licence, title=licence) if licence else None,
        correct=correct, replace=replace,
    )  # fmt: skip
    with database.migrated(given) as connection:
        area = get_area(connection, area_id)
        with refusals_kept(connection, [layer_id], area.id, file):
            found = read(file, known[layer_id], zone=zone, choice=choice, encoding=encoding)
        with saved(connection, area):
            done = load_series(connection, known, found, layer_id, area, terms)
    tell(layer_id, area.id, done.loaded)
    if found.unused:
        say(message("told.columns", columns=found.unused))
    _tell_series(done)


def _tell_series(done: Done) -> None:
    counts = {n: getattr(done, n) for n in ("read", "added", "late", "changed", "identical")}
    say(message("told.readings", **counts))
    name_findings(done.findings)


def name_findings(findings: Sequence[Finding]) -> None:
    """Say what was wrong with which row, the first of many."""
    for one in findings[:SHOWN]:
        value = message("said.other", text=one.value) if one.value else None
        parts = [message(f"kind.{one.code}"), one.field, value, one.message]
        named = {"feature": one.feature, "parts": [part for part in parts if part]}
        say(message("told.finding", action=message(f"told.action_{one.action}"), **named))
    if len(findings) > SHOWN:
        say(message("told.more", count=len(findings) - SHOWN))


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        raise click.BadParameter(
            f"{name!r} is no time zone; one is named like Europe/Minsk or UTC"
        ) from None


def _pairs(given: Sequence[str], option: str) -> dict[str, str]:
    for text in given:
        if "=" not in text:
            raise click.BadParameter(f"{option} {text!r} must have the form NAME=VALUE")
    return dict(text.split("=", 1) for text in given)
