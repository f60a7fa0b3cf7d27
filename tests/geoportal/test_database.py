"""What a caller is told when no connection can be had."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import uvloop

from geoportal.database import Database
from geoportal.errors import Busy, DatabaseUnavailable
from geoportal.settings import Settings
from layers.query import Query


def test_no_server_is_no_busy_server(tmp_path: Path) -> None:
    async def ask() -> None:
        database = Database(Settings(database_url=f"postgresql:///x?host={tmp_path}"))
        await database.open()
        try:
            with pytest.raises(DatabaseUnavailable):
                await database.rows(Query("SELECT 1"))
        finally:
            await database.close()

    uvloop.run(ask())


def test_connections_in_use_are_told(api_settings: Settings) -> None:
    async def ask() -> None:
        database = Database(api_settings.model_copy(update={"pool_size": 1}))
        await database.open()
        try:
            long = asyncio.ensure_future(database.rows(Query("SELECT pg_sleep(60)")))
            await asyncio.sleep(0.2)
            with pytest.raises(Busy):
                await database.rows(Query("SELECT 1"))
            long.cancel()
            with pytest.raises(asyncio.CancelledError):
                await long
            assert await database.rows(Query("SELECT 1")) == [(1,)]
        finally:
            await database.close()

    uvloop.run(ask())
