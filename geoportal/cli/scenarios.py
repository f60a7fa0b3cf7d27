"""`geoportal scenarios`: what planners would add, change or remove, kept by name."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson

from geoportal.cli import database
from geoportal.cli.common import Group, counted, settings
from geoportal.cli.layers import table
from geoportal.cli.progress import say

if TYPE_CHECKING:
    from layers.scenario import Scenario


@click.group(
    cls=Group,
    short_help="What-if: features that would be added, changed or removed.",
    epilog="""
    geoportal scenarios save new-clinic.json
    geoportal run service-coverage --scenario new-clinic
    geoportal scenarios list
    """,
)
def scenarios() -> None:
    """Scenarios are small overlays over the layers of an area; the layers stay as they are."""


@scenarios.command(epilog="geoportal scenarios save new-clinic.json")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def save(file: Path) -> None:
    """Check the scenario in FILE (JSON) and keep it under its name."""
    from layers import scenario
    from layers.area import get_area

    given, read = settings(), read_file(file)
    scenario.edits(read, database.definitions(given))
    with database.migrated(given) as connection:
        get_area(connection, read.area)
        scenario.save(connection, read)
    changes = counted(len(read.changes), "change")
    say(f"scenario {read.name}: {changes} of {', '.join(read.layers)} in {read.area}")


@scenarios.command("list", epilog="geoportal scenarios list")
def list_() -> None:
    """List the scenarios that are kept."""
    from layers import scenario

    with database.migrated(settings()) as connection:
        found = scenario.stored(connection)
    rows: list[tuple[str, ...]] = [("name", "area", "changes", "layers", "title")]
    rows += [
        (one.name, one.area, str(len(one.changes)), ", ".join(one.layers), one.title)
        for one in found
    ]
    click.echo(table(rows))


@scenarios.command(epilog="geoportal scenarios show new-clinic > new-clinic.json")
@click.argument("name")
def show(name: str) -> None:
    """Write the scenario NAME as JSON, to pass it on or change it."""
    from layers import scenario

    with database.migrated(settings()) as connection:
        found = scenario.find(connection, name)
    text = orjson.dumps(
        found.model_dump(mode="json", exclude_none=True),
        option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE,
    )
    sys.stdout.write(text.decode())


@scenarios.command(epilog="geoportal scenarios remove new-clinic")
@click.argument("name")
def remove(name: str) -> None:
    """Forget the scenario NAME."""
    from layers import scenario

    with database.migrated(settings()) as connection:
        scenario.remove(connection, name)
    say(f"scenario {name} is forgotten")


def read_file(file: Path) -> Scenario:
    """Return the scenario in a file; raises BadScenario and OSError."""
    from layers import scenario
    from layers.errors import BadScenario

    try:
        return scenario.read(orjson.loads(file.read_bytes()))
    except orjson.JSONDecodeError as error:
        reason = f"not JSON: {error}; see `geoportal scenarios show`"
        raise BadScenario((str(file), reason)) from None
