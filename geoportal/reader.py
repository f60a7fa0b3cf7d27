"""Queries through libpq as psycopg wraps it, one at a time on a connection.

psycopg's cursors take 70 to 100 µs of this process for a query, as much as PostgreSQL itself takes
for a page; this way takes 30 to 45 (docs/decisions/0016). Connecting, values, types and errors
remain psycopg's.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections import OrderedDict
from functools import lru_cache
from typing import Any

import orjson
from psycopg import AsyncConnection, errors
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGresult
from psycopg.types.json import set_json_loads

from layers.query import Query

LOGGER = logging.getLogger(__name__)

Row = tuple[Any, ...]

MOST_STATEMENTS = 100
"""So many texts are remembered by a connection; one that comes again is prepared."""
CANCEL_S = 5.0
"""How long PostgreSQL may take to end a query that nobody waits for, s."""

DONE = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)
PLACEHOLDER = re.compile(r"%(?:\((\w+)\)s|%)")


@lru_cache(maxsize=2048)
def _compiled(text: str, *, bare: bool) -> tuple[bytes, tuple[str, ...], tuple[PyFormat, ...]]:
    """Return a text with numbered parameters, their names, and the formats to send them in.

    `bare` = it has no values; then per cent signs stand for themselves, as everywhere in psycopg.
    """
    if bare:
        return text.encode(), (), ()
    numbers: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        if found[1] is None:
            return "%"
        return f"${numbers.setdefault(found[1], len(numbers) + 1)}"

    numbered = PLACEHOLDER.sub(number, text)
    return numbered.encode(), tuple(numbers), (PyFormat.AUTO,) * len(numbers)


class Reader:
    """Reads through a connection that is in autocommit and in nobody else's hands meanwhile."""

    def __init__(self, connection: AsyncConnection[Row]) -> None:
        set_json_loads(orjson.loads, connection)
        self._connection = connection
        self._pgconn = connection.pgconn
        self._values = Transformer(connection)
        self._statements: OrderedDict[tuple[bytes, tuple[int, ...]], bytes | None] = OrderedDict()
        self._made = 0
        self._watched: int | None = None
        self._waiting: asyncio.Future[None] | None = None

    async def rows(self, query: Query) -> list[Row]:
        """Run a query and return its rows in binary format; bytea comes as bytes.

        A cancelled caller cancels the query in the database. Raises what psycopg raises.
        """
        text, names, formats = _compiled(query.sql, bare=not query.params)
        values = self._values
        params = values.dump_sequence([query.params[name] for name in names], formats)
        types, sent = values.types or (), values.formats
        name = await self._prepared(text, types) if query.prepare else None
        if name:
            self._pgconn.send_query_prepared(name, params, sent, Format.BINARY)
        else:
            self._pgconn.send_query_params(text, params, types, sent, Format.BINARY)
        result = await self._result()
        values.set_pgresult(result)
        rows = values.load_rows(0, result.ntuples, tuple)
        result.clear()  # what may be megabytes
        return rows

    async def _prepared(self, text: bytes, types: tuple[int, ...]) -> bytes | None:
        """Return the name of a prepared statement; None for a text that comes the first time."""
        statements = self._statements
        key = text, types
        if key not in statements:
            statements[key] = None
            if len(statements) > MOST_STATEMENTS:
                await self._forget(statements.popitem(last=False)[1])
            return None
        statements.move_to_end(key)
        name = statements[key]
        if name is None:
            self._made += 1
            name = b"read_%d" % self._made
            self._pgconn.send_prepare(name, text, types)
            await self._result()
            statements[key] = name
        return name

    async def _forget(self, name: bytes | None) -> None:
        if name is not None:
            self._pgconn.send_query_params(b"DEALLOCATE " + name, None)
            await self._result()

    async def _result(self) -> PGresult:
        """Return the result of what was sent; raises what PostgreSQL says against it."""
        try:
            return await self._received()
        except asyncio.CancelledError:
            await self._give_up()
            raise

    async def _received(self) -> PGresult:
        pgconn = self._pgconn
        while pgconn.flush():
            await self._ready(write=True)
            pgconn.consume_input()
        found = None
        while True:
            while pgconn.is_busy():
                await self._ready()
                pgconn.consume_input()
            result = pgconn.get_result()
            if result is None:
                break
            found = result
        if found is None:
            raise errors.OperationalError("PostgreSQL gave no result.")
        if found.status not in DONE:
            raise errors.error_from_result(found)
        return found

    async def _give_up(self) -> None:
        """End the query in the database; a connection where that fails is closed."""
        try:
            async with asyncio.timeout(CANCEL_S):
                await self._connection.cancel_safe(timeout=CANCEL_S)
                await self._received()
        except errors.QueryCanceled:
            pass
        except (errors.Error, TimeoutError) as error:
            LOGGER.warning("a query could not be ended, its connection is closed: %s", error)
            self._pgconn.finish()
        except BaseException:
            self._pgconn.finish()
            raise

    async def _ready(self, *, write: bool = False) -> None:
        """Wait until the socket can be read, or written to.

        The loop goes on watching it for reading between queries, which spares it two system calls
        for each. It watches a duplicate: libpq closes its own without telling anybody.
        """
        loop = asyncio.get_running_loop()
        if self._watched is None:
            self._watched = os.dup(self._pgconn.socket)
            loop.add_reader(self._watched, self._wake)
        watched = self._watched
        self._waiting = loop.create_future()
        if write:
            loop.add_writer(watched, self._wake)
        try:
            await self._waiting
        finally:
            self._waiting = None
            if write:
                loop.remove_writer(watched)

    def _wake(self) -> None:
        if self._waiting is None:
            # Nobody asked: the server closed the connection, or psycopg itself reads an answer.
            self.unwatch()
        elif not self._waiting.done():
            self._waiting.set_result(None)

    def unwatch(self) -> None:
        """Leave the socket alone, until the next query."""
        if self._watched is not None:
            asyncio.get_running_loop().remove_reader(self._watched)
            os.close(self._watched)
            self._watched = None
