"""Which load may run: one at a time per layer and area; and what a killed load left behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
from psycopg import Connection, sql
from psycopg.rows import tuple_row

LOCK_TIMEOUT_MS = 2_000
"""How long a load waits for a lock; readers wait at most as long for a swap that waits itself."""


def set_lock_timeout(conn: Connection) -> None:
    """Bound the waiting for locks in the current transaction."""
    conn.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(LOCK_TIMEOUT_MS)))


@contextmanager
def exclusive(conn: Connection, partition: str) -> Iterator[None]:
    """Hold the lock of one layer in one area, so that loads of it follow one another.

    Raises LockNotAvailable after the lock time-out.
    """
    key = _key(partition)
    with conn.transaction():
        set_lock_timeout(conn)
        conn.execute(sql.SQL("SELECT pg_advisory_lock({})").format(key))
    try:
        yield
    finally:
        # A connection that broke has given its locks back.
        with suppress(psycopg.OperationalError):
            conn.execute(sql.SQL("SELECT pg_advisory_unlock({})").format(key))


def clean_staging(conn: Connection) -> list[str]:
    """Drop what killed loads left in `staging`, never a table of a running load; return the names.

    A load holds its lock until its table is swapped in or dropped, so a table whose lock is free
    belongs to nobody.
    """
    with conn.transaction(), conn.cursor(row_factory=tuple_row) as cursor:
        found = cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'staging' ORDER BY tablename"
        ).fetchall()
        left = []
        for (table,) in found:
            key = _key(table.rpartition("_")[0])
            lock = sql.SQL("SELECT pg_try_advisory_xact_lock({})").format(key)
            free = cursor.execute(lock).fetchone()
            if free and free[0]:
                name = sql.Identifier("staging", table)
                cursor.execute(sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(name))
                left.append(table)
    return left


def _key(partition: str) -> sql.Composed:
    return sql.SQL("hashtextextended({}, 0)").format(sql.Literal(f"geoportal load {partition}"))
