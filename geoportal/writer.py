"""The server's writing connections: opened by the first edit, a few, in the writer role."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from geoportal.database import POOL_WAIT_S, translate_errors
from geoportal.errors import Busy
from geoportal.reader import Row
from geoportal.settings import Settings
from layers.errors import RefusedFeature
from layers.query import Query
from layers.schema import WRITER

CONNECTIONS = 2
"""Edits of one layer in one area follow one another anyway."""
PREPARE_AFTER = 2
LOCK_TIMEOUT_MS = 3_000
IDLE_S = 300.0


class Change:
    """The open transaction of one request."""

    def __init__(self, connection: AsyncConnection[Row]) -> None:
        self._connection = connection

    async def rows(self, query: Query) -> list[Row]:
        """Run a statement; return its rows, none when it gives none."""
        cursor = self._connection.cursor(binary=True)
        await cursor.execute(query.sql.encode(), query.params or None)
        return await cursor.fetchall() if cursor.description else []


class Writer:
    """A pool that has no connection until somebody edits."""

    def __init__(self, settings: Settings) -> None:
        timeout_ms = int(settings.statement_timeout_s * 1000)
        # Time zone, date style and digits are those in which content checksums are made.
        options = (
            f"-c role={WRITER} -c statement_timeout={timeout_ms} -c lock_timeout={LOCK_TIMEOUT_MS}"
            " -c timezone=UTC -c datestyle=ISO,YMD -c extra_float_digits=1 -c jit=off"
            " -c client_connection_check_interval=1s -c idle_in_transaction_session_timeout=30s"
        )
        self._pool: AsyncConnectionPool[AsyncConnection[Row]] = AsyncConnectionPool(
            settings.database_url or "",
            min_size=0,
            max_size=CONNECTIONS,
            max_idle=IDLE_S,
            timeout=POOL_WAIT_S,
            reconnect_timeout=2.0,
            open=False,
            name="writer",
            kwargs={
                "options": options,
                "autocommit": True,
                "prepare_threshold": PREPARE_AFTER,
                "connect_timeout": 5,
            },
        )
        self._opening = asyncio.Lock()

    @asynccontextmanager
    async def change(self) -> AsyncIterator[Change]:
        """Give a transaction; it is committed at the end of the block, or nothing of it happened.

        Raises RefusedFeature for what only the database finds wrong, Busy when a load or another
        edit holds the layer for too long, and what `translate_errors` knows.
        """
        async with self._opening:
            if self._pool.closed:
                await self._pool.open(wait=False)
        with translate_errors(), _refusals():
            async with self._pool.connection() as connection, connection.transaction():
                yield Change(connection)

    async def close(self) -> None:
        """Close every connection."""
        if not self._pool.closed:
            await self._pool.close(timeout=2.0)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except psycopg.errors.LockNotAvailable:
        raise Busy("A load or another edit holds the layer now; try again in seconds.") from None
    except psycopg.errors.DeadlockDetected:
        raise Busy("Another change came in between; try again.") from None
    except psycopg.errors.NotNullViolation as error:
        column = error.diag.column_name or ""
        pointer = "/geometry" if column == "geom" else f"/properties/{column}"
        raise RefusedFeature((pointer, "required")) from None
    except (
        psycopg.DataError,
        psycopg.IntegrityError,
        psycopg.errors.InternalError_,
        psycopg.errors.ProgramLimitExceeded,
    ) as error:
        # A constraint of the layer's table.sql, a number or text too large for its column.
        message = str(error.diag.message_primary or error).splitlines()[0]
        raise RefusedFeature(("", f"the database refuses it: {message}")) from None
