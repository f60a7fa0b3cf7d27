"""`geoportal load reports` and `geoportal layers quality`: how good loaded rows are."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click
import orjson

from geoportal.cli import database
from geoportal.cli.common import Command, settings
from geoportal.cli.language import language
from layers.errors import UnknownLayer
from layers.message import message
from layers.model import LANGUAGES, Language

if TYPE_CHECKING:
    from layers.ingest.vector.finding import Finding
    from layers.quality import Quality

SHOWN = 10
"""How many faults are shown one by one."""


@click.command(
    cls=Command,
    epilog="""
    geoportal load reports
    geoportal load reports parcels --area orsha --json --lang be
    """,
)
@click.argument("layer_id", metavar="[LAYER]", required=False)
@click.option("--area", "area_id", metavar="ID", help="Only of this area.")
@click.option("--json", "as_json", is_flag=True, help="Whole reports, one line of JSON each.")
@click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    default=language,
    show_default="that of the shell",
    help="Language of reasons and details.",
)
def reports(layer_id: str | None, area_id: str | None, as_json: bool, lang: Language) -> None:
    """List the reports of loads that are kept, the newest first, with why one was refused."""
    from geoportal.cli.layers import table
    from layers.ingest.vector.reports import reports as kept
    from layers.load_reports import in_words

    with database.migrated(settings()) as connection:
        found = [in_words(one, lang) for one in kept(connection, layer_id, area_id)]
    if as_json:
        for one in found:
            click.echo(orjson.dumps(one).decode())
        return
    rows: list[tuple[str, ...]] = [
        ("time", "layer", "area", "file", "read", "repaired", "refused", "decision")
    ]
    rows += [_line(one) for one in found]
    click.echo(table(rows) if found else "no load has left a report yet")
    for one in found:
        if one["reason"]:
            click.echo(f"{one['time'][:19]} {one['layer']}, {one['area']}: {one['reason']}")


def _line(report: dict[str, Any]) -> tuple[str, ...]:
    counts = report["counts"]
    numbers = (str(counts[name]) for name in ("read", "repaired", "refused"))
    named = (report["time"][:19], report["layer"], report["area"], report["file"])
    return (*named, *numbers, report["decision"])


@click.command(cls=Command, epilog="geoportal layers quality parcels --area orsha")
@click.argument("layer_id", metavar="ID")
@click.option("--area", "area_id", metavar="ID", required=True, help="City, quarter or by.")
def quality(layer_id: str, area_id: str) -> None:
    """Hold what is loaded against the layer's rules; ends with 1 when one would refuse a load."""
    from psycopg import sql

    from layers.area import get_area
    from layers.quality import check

    given = settings()
    known = database.definitions(given)
    if layer_id not in known:
        raise UnknownLayer(message("load.no_layer", layer=layer_id, layers=list(known)))
    with database.migrated(given) as connection:
        area = get_area(connection, area_id)
        found = check(connection, known[layer_id], sql.Identifier("features", layer_id), area)
    for line in _told(found):
        click.echo(line)
    if found.verdict == "refuse":
        sys.exit(1)


def _told(found: Quality) -> list[str]:
    lines = [f"{found.row_count} features"]
    lines += [
        f"rule {one.rule} (ISO 19157 measure {one.measure}): {one.faulty} at fault,"
        f" {one.share:.1%}, {one.verdict}"
        for one in found.rules
    ]
    lines += [
        f"{one.element}, {one.name} ({one.measure}){f', {one.field}' if one.field else ''}: "
        + (f"{one.value:.1%}" if one.rate else f"{one.value:g}")
        for one in found.measures
        if one.value
    ]
    return lines + [_fault(one) for one in found.findings[:SHOWN]]


def _fault(one: Finding) -> str:
    return f"  {one.value or one.feature} {one.detail} (at {one.lon:.6f}, {one.lat:.6f})"
