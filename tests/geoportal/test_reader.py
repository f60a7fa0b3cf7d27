"""The reader gives what psycopg's own cursor gives, and leaves its connection fit for the next."""

from __future__ import annotations

import asyncio
import string
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import AsyncConnection

from geoportal.reader import MOST_STATEMENTS, Reader, Row
from layers.query import Query

Work = Callable[[Reader, AsyncConnection[Row]], Awaitable[Any]]

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_characters="\0", codec="utf-8")),
    st.binary(),
    st.dates(date(1, 1, 1)),
    st.datetimes(datetime(1000, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1),
    st.lists(st.text(string.printable), min_size=1),
)


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def run(url: str, work: Work) -> Any:
    """Do some work on a new connection, in the event loop that the server has."""

    async def connected() -> Any:
        connection = await AsyncConnection.connect(url, autocommit=True)
        reader = Reader(connection)
        try:
            return await work(reader, connection)
        finally:
            reader.unwatch()
            await connection.close()

    return uvloop.run(connected())


@settings(max_examples=25, deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=5))
def test_rows_equal_those_of_a_cursor(database_url: str, values: list[Any]) -> None:
    names = [f"v{i}" for i in range(len(values))]
    text = "SELECT " + ", ".join(f"%({name})s" for name in names) + ", '%%', %(v0)s"
    params = dict(zip(names, values, strict=True))

    async def both(reader: Reader, connection: AsyncConnection[Row]) -> None:
        # Three times: sent as it is, then prepared, then by its name.
        found = [await reader.rows(Query(text, params)) for _ in range(3)]
        wanted = await connection.cursor(binary=True).execute(text.encode(), params)
        assert found == [await wanted.fetchall()] * 3

    run(database_url, both)


def test_per_cent_signs_of_a_bare_text_stand_for_themselves(database_url: str) -> None:
    async def ask(reader: Reader, _: AsyncConnection[Row]) -> list[Row]:
        return await reader.rows(Query("SELECT 'a%%' LIKE '%', 7 % 4, '%(v)s'"))

    assert run(database_url, ask) == [(True, 3, "%(v)s")]


def test_rows_of_any_number_and_size(database_url: str) -> None:
    async def ask(reader: Reader, _: AsyncConnection[Row]) -> None:
        assert await reader.rows(Query("SELECT 1 WHERE false")) == []
        many = await reader.rows(Query("SELECT n, repeat('ў', n) FROM generate_series(0, 3000) n"))
        assert many == [(n, "ў" * n) for n in range(3001)]
        # More than a socket takes at once, both ways.
        long = "ж" * 3_000_000
        assert await reader.rows(Query("SELECT %(long)s::text", {"long": long})) == [(long,)]

    run(database_url, ask)


def test_texts_that_come_again_are_prepared_and_forgotten_in_turn(database_url: str) -> None:
    async def ask(reader: Reader, _: AsyncConnection[Row]) -> None:
        async def prepared() -> list[str]:
            found = await reader.rows(
                Query("SELECT statement FROM pg_prepared_statements", prepare=False)
            )
            return [text for (text,) in found]

        await reader.rows(Query("SELECT 0"))
        assert await prepared() == []
        for _ in range(2):
            await reader.rows(Query("SELECT 0"))
        assert await prepared() == ["SELECT 0"]
        await reader.rows(Query("SELECT 'never'", prepare=False))
        await reader.rows(Query("SELECT 'never'", prepare=False))
        for n in range(1, MOST_STATEMENTS + 20):
            for _ in range(2):
                assert await reader.rows(Query(f"SELECT {n}")) == [(n,)]
        texts = await prepared()
        assert len(texts) == MOST_STATEMENTS
        assert "SELECT 0" not in texts
        assert "SELECT 'never'" not in texts

    run(database_url, ask)


def test_values_of_another_type_are_another_statement(database_url: str) -> None:
    async def ask(reader: Reader, _: AsyncConnection[Row]) -> None:
        for value in (1, 1, 2**40, 2**40, 1.5, 1.5, "x", "x", None, None):
            ((found,),) = await reader.rows(Query("SELECT %(v)s", {"v": value}))
            assert found == value

    run(database_url, ask)


def test_error_is_that_of_psycopg_and_the_next_query_runs(database_url: str) -> None:
    async def ask(reader: Reader, _: AsyncConnection[Row]) -> None:
        for _again in range(3):
            with pytest.raises(psycopg.errors.UndefinedTable, match="nowhere") as caught:
                await reader.rows(Query("SELECT * FROM nowhere"))
            assert caught.value.diag.message_primary == 'relation "nowhere" does not exist'
            with pytest.raises(psycopg.errors.DivisionByZero):
                await reader.rows(Query("SELECT 1 / %(zero)s", {"zero": 0}))
            with pytest.raises(psycopg.DataError, match="NUL"):
                await reader.rows(Query("SELECT %(text)s::text", {"text": "a\0b"}))
            assert await reader.rows(Query("SELECT 5")) == [(5,)]

    run(database_url, ask)


def test_cancelled_query_ends_and_its_connection_goes_on(database_url: str) -> None:
    async def ask(reader: Reader, _: AsyncConnection[Row]) -> None:
        for prepare in (False, True, True, True):
            task = asyncio.ensure_future(reader.rows(Query("SELECT pg_sleep(60)", prepare=prepare)))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(task, 5)
            assert await reader.rows(Query("SELECT 5")) == [(5,)]

    run(database_url, ask)


def test_lost_connection_is_told_and_leaves_no_file_open(database_url: str) -> None:
    async def ask(reader: Reader, connection: AsyncConnection[Row]) -> None:
        pid = connection.info.backend_pid

        async def end() -> None:
            async with await AsyncConnection.connect(database_url, autocommit=True) as other:
                await other.execute("SELECT pg_terminate_backend(%s)", (pid,))

        task = asyncio.ensure_future(reader.rows(Query("SELECT pg_sleep(60)")))
        await asyncio.sleep(0.05)
        await end()
        with pytest.raises(psycopg.OperationalError):
            await asyncio.wait_for(task, 5)
        with pytest.raises(psycopg.OperationalError):
            await reader.rows(Query("SELECT 5"))

    before = open_files()
    run(database_url, ask)
    assert open_files() <= before


def test_reader_lets_go_of_a_socket_that_is_closed_while_nobody_asks(database_url: str) -> None:
    async def ask(reader: Reader, connection: AsyncConnection[Row]) -> None:
        assert await reader.rows(Query("SELECT 5")) == [(5,)]
        assert reader._watched is not None
        # As a pool does it, without the reader's knowing.
        connection.pgconn.finish()
        for _ in range(100):
            await asyncio.sleep(0.02)
            if reader._watched is None:
                return
        raise AssertionError("the socket is still watched")

    run(database_url, ask)
