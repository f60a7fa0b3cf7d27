"""The server's database: a pool in the reader role, time-outs, one meaning for each failure."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from geoportal.errors import (
    BadParameter,
    Busy,
    DatabaseUnavailable,
    QueryTimeout,
    TableMissing,
)
from geoportal.reader import Reader, Row
from geoportal.settings import Settings
from layers.query import Query

LOGGER = logging.getLogger(__name__)

ROLE = "geoportal_reader"
POOL_WAIT_S = 2.0
UNAVAILABLE = "The database does not answer now."


@contextmanager
def translate_errors() -> Iterator[None]:
    """Turn what PostgreSQL and the pool raise into this room's errors."""
    try:
        yield
    except PoolTimeout:
        raise Busy("All database connections are in use; try again in a few seconds.") from None
    except psycopg.errors.QueryCanceled:
        raise QueryTimeout(
            "The query took longer than allowed; ask for a smaller area or fewer features."
        ) from None
    except psycopg.OperationalError:
        raise DatabaseUnavailable(UNAVAILABLE) from None
    except (
        psycopg.errors.UndefinedTable,
        psycopg.errors.UndefinedColumn,
        psycopg.errors.InsufficientPrivilege,
    ) as error:
        # It was unpublished or replaced while the request ran, or taken away behind our back.
        LOGGER.warning("a table of a layer is missing: %s", error.diag.message_primary)
        raise TableMissing(
            "The table behind the collection is not there as it was published; try again in a few"
            " seconds, or ask the operator to publish it anew."
        ) from None
    except (psycopg.DataError, psycopg.errors.InternalError_) as error:
        # What the checks of parameters cannot see: a box that its CRS cannot transform.
        message = str(error.diag.message_primary or error).splitlines()[0]
        raise BadParameter(f"The database cannot use a value of the request: {message}") from None


class _Connection(AsyncConnection[Row]):
    """A connection with its reader."""

    reader: Reader

    async def close(self) -> None:
        """Close the connection."""
        self.reader.unwatch()
        await super().close()


async def _configure(connection: _Connection) -> None:
    connection.reader = Reader(connection)


class Database:
    """Connections of one server process; made closed, `open()` it inside the event loop."""

    def __init__(self, settings: Settings) -> None:
        timeout_ms = int(settings.statement_timeout_s * 1000)
        # client_connection_check_interval ends a query whose server died (not whose client left:
        # that one is cancelled by us, at once).
        # Times are told in UTC, as the kept texts do (layers/kept_text.py).
        options = (
            f"-c role={ROLE} -c statement_timeout={timeout_ms} -c jit=off"
            " -c timezone=UTC -c extra_float_digits=1"
            " -c client_connection_check_interval=1s -c idle_in_transaction_session_timeout=60s"
        )
        self._pool: AsyncConnectionPool[_Connection] = AsyncConnectionPool(
            settings.database_url or "",
            connection_class=_Connection,
            min_size=1,
            max_size=settings.pool_size,
            timeout=POOL_WAIT_S,
            reconnect_timeout=2.0,
            open=False,
            name="reader",
            kwargs={
                "options": options,
                "autocommit": True,
                "connect_timeout": 5,
            },
            configure=_configure,
        )
        self._reading = 0

    async def open(self) -> None:
        """Begin to connect; does not wait, so a server starts while its database is down."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close(timeout=2.0)

    async def rows(self, query: Query) -> list[Row]:
        """Run a query and return its rows; bytea comes as bytes.

        A cancelled caller cancels the query in the database. A connection that broke before the
        first row is tried once more: every query of the server only reads.
        """
        with translate_errors():
            try:
                return await self._rows(query)
            except (psycopg.errors.QueryCanceled, PoolTimeout):
                raise
            except psycopg.OperationalError:
                return await self._rows(query)

    async def _rows(self, query: Query) -> list[Row]:
        # Taken and given back by hand: in autocommit there is no transaction to end on the way.
        try:
            connection = await self._pool.getconn()
        except PoolTimeout:
            if self._reading:
                raise
            # Nobody else has one: none could be made.
            raise DatabaseUnavailable(UNAVAILABLE) from None
        self._reading += 1
        try:
            return await connection.reader.rows(query)
        finally:
            self._reading -= 1
            await self._pool.putconn(connection)
