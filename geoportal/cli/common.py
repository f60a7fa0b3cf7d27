"""Options and settings that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, override

import click

from geoportal.settings import Settings

DEMO_AREA = "orsha"
DEMO_BUILDINGS = 400


class Command(click.Command):
    """A command whose examples keep their lines."""

    @override
    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Print the examples as they are written."""
        _examples(self.epilog, formatter)


class Group(click.Group):
    """A group of such commands."""

    command_class = Command
    group_class = type

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the file, which is the order of use."""
        return list(self.commands)

    @override
    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Print the examples as they are written."""
        _examples(self.epilog, formatter)


def _examples(text: str | None, formatter: click.HelpFormatter) -> None:
    if text:
        with formatter.section("Examples"):
            for line in text.strip().splitlines():
                formatter.write(f"  {line.strip()}\n")


def settings() -> Settings:
    """Return the settings of the environment; raises BadSetting."""
    return Settings.from_environment()


def area_option(*, required: bool = False) -> Callable[[Any], Any]:
    """Return the option that names an area."""
    return click.option(
        "--area",
        "area_id",
        required=required,
        default=None if required else DEMO_AREA,
        show_default=not required,
        metavar="ID",
        help="City or quarter, e.g. orsha, minsk.",
    )


def counted(number: int, what: str) -> str:
    """Say a number of things: `1 row`, `2 rows`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}".replace(",", " ")
