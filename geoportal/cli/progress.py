"""Progress bars for what takes long; on a terminal only, a log gets one line per result."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from geoportal.cli.language import language
from layers.message import Message

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Bar:
    """One bar: rows counted without a known end, or steps of a known number."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def add(self, count: int) -> None:
        """Count rows that are done."""
        self._progress.advance(self._task, count)

    def step(self, what: str, done: int, total: int) -> None:
        """Show what is being done, and how many of how many steps are done."""
        self._progress.update(self._task, description=what, completed=done, total=total)


@contextmanager
def bar(title: str) -> Iterator[Bar]:
    """Show a bar while the block runs; it disappears afterwards."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as shown:
        yield Bar(shown, shown.add_task(title, total=None))


def say(told: str | Message) -> None:
    """Print a line for a person; standard output stays free for what a program reads."""
    click.echo(told if isinstance(told, str) else told.text(language()), err=True)
