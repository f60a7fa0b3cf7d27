"""The run table: runs cut into tiles that are not finished, and what their finished tiles gave."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import tuple_row

from layers.errors import StoreFailure

_LOCK = "SELECT {}(hashtextextended('geoportal run ' || %s, 0))"


@dataclass(frozen=True, slots=True)
class Unfinished:
    """One run by its key, which tells everything that its tiles hang on."""

    key: str
    run_id: str
    pipeline: str
    area: str
    tile_m: float


@dataclass(frozen=True, slots=True)
class FinishedTiles:
    """The finished tiles of a run; each is there at once and whole, or not at all."""

    conn: Connection
    key: str

    def get(self, step: str, tile: str) -> bytes | None:
        """Return what a tile gave, or None when it is not finished."""
        with self.conn.transaction(), self.conn.cursor(row_factory=tuple_row) as cursor:
            row = cursor.execute(
                "SELECT content FROM runs.finished_tile WHERE key = %s AND step = %s AND tile = %s",
                (self.key, step, tile),
            ).fetchone()
        return None if row is None else bytes(row[0])

    def put(self, step: str, tile: str, content: bytes) -> None:
        """Keep what a tile gave, in place of what it gave before."""
        with self.conn.transaction():
            self.conn.execute(
                "INSERT INTO runs.finished_tile (key, step, tile, content) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (key, step, tile)"
                " DO UPDATE SET content = excluded.content, finished_at = now()",
                (self.key, step, tile, content),
            )


@contextmanager
def begun(conn: Connection, run: Unfinished, *, resume: bool) -> Iterator[FinishedTiles]:
    """Give the finished tiles of a run; with `resume` those of an interrupted one, else none.

    Other unfinished runs of the pipeline in the area are forgotten, unless they go on now: their
    inputs, parameters or code are not those of now. The run is forgotten when the block ends well,
    and kept when it is interrupted. Raises StoreFailure when the very same run goes on elsewhere.
    """
    if not _lock(conn, run.key):
        raise StoreFailure(
            f"{run.pipeline} in {run.area} is being computed from the same inputs by another"
            " process; wait until it ends"
        )
    try:
        _forget_others(conn, run)
        if not resume:
            _forget(conn, run.key)
        with conn.transaction():
            conn.execute(
                "INSERT INTO runs.unfinished (key, run_id, pipeline, area, tile_m)"
                " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (key) DO NOTHING",
                (run.key, run.run_id, run.pipeline, run.area, run.tile_m),
            )
        yield FinishedTiles(conn, run.key)
        _forget(conn, run.key)
    finally:
        if not conn.closed and not conn.broken:
            _unlock(conn, run.key)


def _forget_others(conn: Connection, run: Unfinished) -> None:
    with conn.transaction(), conn.cursor(row_factory=tuple_row) as cursor:
        others = cursor.execute(
            "SELECT key FROM runs.unfinished WHERE pipeline = %s AND area = %s AND key <> %s",
            (run.pipeline, run.area, run.key),
        ).fetchall()
    for (key,) in others:
        if _lock(conn, key):
            _forget(conn, key)
            _unlock(conn, key)


def _forget(conn: Connection, key: str) -> None:
    with conn.transaction():
        conn.execute("DELETE FROM runs.unfinished WHERE key = %s", (key,))


def _lock(conn: Connection, key: str) -> bool:
    """Hold a run until the session ends or lets go; false when another session holds it."""
    with conn.transaction(), conn.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(_LOCK.format("pg_try_advisory_lock"), (key,)).fetchone()
    return bool(row and row[0])


def _unlock(conn: Connection, key: str) -> None:
    with conn.transaction():
        conn.execute(_LOCK.format("pg_advisory_unlock"), (key,))
