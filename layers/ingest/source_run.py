"""What the database keeps of the fetches of a source: when it was tried, how it ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import tuple_row
from psycopg.types.json import Jsonb

from layers.errors import StoreFailure
from layers.ingest.fetch import Mark
from layers.message import message

SELECT_STARTED = "SELECT source, started_at FROM layers.source_run"
_LOCK = "hashtextextended('geoportal sources', 0)"


@dataclass(frozen=True, slots=True)
class SourceRun:
    """The last fetches of a source; `fault` is that of `failed_at`, in words."""

    source: str
    started_at: datetime
    succeeded_at: datetime | None = None
    failed_at: datetime | None = None
    fault: str | None = None
    marks: Mapping[str, Mark] = field(default_factory=dict)

    @property
    def broken_off(self) -> bool:
        """True when the last fetch has not ended: it still runs, or its process was killed."""
        return self.started_at not in (self.succeeded_at, self.failed_at)


@contextmanager
def alone(conn: Connection) -> Iterator[None]:
    """Hold the lock of all fetches of sources: one runs at a time, whoever started it.

    Raises StoreFailure when another one runs.
    """
    with conn.transaction(), conn.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(f"SELECT pg_try_advisory_lock({_LOCK})".encode()).fetchone()
    if not row or not row[0]:
        raise StoreFailure(message("load.sources_busy"))
    try:
        yield
    finally:
        if not conn.closed:
            with conn.transaction():
                conn.execute(f"SELECT pg_advisory_unlock({_LOCK})".encode())


def runs(conn: Connection) -> dict[str, SourceRun]:
    """Return the last fetches by source."""
    with conn.transaction(), conn.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(
            "SELECT source, started_at, succeeded_at, failed_at, fault, marks"
            " FROM layers.source_run"
        ).fetchall()
    return {
        source: SourceRun(source, started_at, succeeded_at, failed_at, fault, _marks(marks))
        for source, started_at, succeeded_at, failed_at, fault, marks in rows
    }


def begin(conn: Connection, source: str, layers: Iterable[str], now: datetime) -> None:
    """Record that a fetch starts, so that one that breaks off is not tried again at once."""
    with conn.transaction():
        conn.execute(
            "INSERT INTO layers.source_run (source, layers, started_at) VALUES (%s, %s, %s)"
            " ON CONFLICT (source) DO UPDATE"
            " SET layers = excluded.layers, started_at = excluded.started_at",
            (source, list(layers), now),
        )


def succeed(conn: Connection, source: str, marks: Mapping[str, Mark], now: datetime) -> None:
    """Record that the rows are those of the origin now."""
    given = {path: mark.model_dump() for path, mark in marks.items()}
    with conn.transaction():
        conn.execute(
            "UPDATE layers.source_run SET succeeded_at = %s, marks = %s WHERE source = %s",
            (now, Jsonb(given), source),
        )


def fail(conn: Connection, source: str, fault: str, now: datetime, *, held: bool = False) -> None:
    """Record why the old rows stay; `held`: the new ones wait for a person's review."""
    with conn.transaction():
        conn.execute(
            "UPDATE layers.source_run SET failed_at = %s, fault = %s, held = %s WHERE source = %s",
            (now, fault, held, source),
        )


def forget_others(conn: Connection, scheduled: Iterable[str]) -> None:
    """Forget the sources that have no schedule any more: readers are told nothing of them."""
    with conn.transaction():
        conn.execute("DELETE FROM layers.source_run WHERE source <> ALL (%s)", (list(scheduled),))


def _marks(found: Mapping[str, Any]) -> dict[str, Mark]:
    return {path: Mark.model_validate(mark) for path, mark in found.items()}
