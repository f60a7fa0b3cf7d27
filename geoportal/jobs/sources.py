"""The schedule of the sources: every minute a worker looks whether one is due and has it fetched.

It is fetched by `geoportal sources update --due` in a process of its own, as the worker imports no
analysis library; what becomes of a source stands in layers.source_run.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from contextlib import suppress
from datetime import UTC, datetime

import procrastinate
import psycopg
from procrastinate.exceptions import ProcrastinateException
from psycopg import AsyncConnection

from geoportal.jobs.guard import kill_group
from geoportal.jobs.queue import OPTIONS, queue
from geoportal.settings import Settings
from layers.errors import LayersError
from layers.ingest.schedule import due
from layers.ingest.source_run import SELECT_STARTED
from layers.ingest.sources import read_sources

LOGGER = logging.getLogger(__name__)

QUEUE = "sources"
EVERY_MINUTE = "* * * * *"
AGAIN_S = 1.0


async def keep_schedule(settings: Settings) -> None:
    """Look for due sources for ever; a database that is away is waited for.

    With a connection of its own: procrastinate ends a worker that has periodic tasks when its
    listener fails, and running jobs shall outlive a restart of the database.
    """
    while True:
        app = queue(settings.database_url or "")
        _schedule(app, settings)
        try:
            async with app.open_async():
                await app.run_worker_async(
                    queues=[QUEUE],
                    name=f"geoportal-sources-{os.getpid()}",
                    concurrency=1,
                    install_signal_handlers=False,
                    delete_jobs="always",
                    shutdown_graceful_timeout=0.1,
                )
        except (psycopg.Error, ProcrastinateException, OSError) as broken:
            LOGGER.warning("the schedule waits for the database: %s", broken)
        await asyncio.sleep(AGAIN_S)


def _schedule(app: procrastinate.App, settings: Settings) -> None:
    """Give a queue the task that looks for due sources; over all workers one at a time does."""

    async def sources(timestamp: int) -> None:
        del timestamp  # the minute that it was meant for: what is due now counts
        await update_due(settings)

    task = app.task(name=QUEUE, queue=QUEUE, lock=QUEUE, queueing_lock=QUEUE, pass_context=False)
    app.periodic(cron=EVERY_MINUTE)(task(sources))


async def update_due(settings: Settings) -> None:
    """Have the due sources fetched and wait for the end, at most as long as for a job."""
    if not await is_any_due(settings, datetime.now(UTC)):
        return
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "geoportal", "sources", "update", "--due"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "GEOPORTAL_DATABASE_URL": settings.database_url or ""},
    )
    try:
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), settings.job_timeout_s)
    finally:
        if process.returncode is None:
            kill_group(process.pid)
            await process.wait()
    if process.returncode:
        LOGGER.warning("a source could not be updated; `geoportal sources list` says why")


async def is_any_due(settings: Settings, now: datetime) -> bool:
    """Tell whether a source is due; a faulty list of sources is logged and none is."""
    try:
        listed = read_sources(settings.sources_file).values()
    except LayersError as error:
        LOGGER.warning("no source is updated: %s", error)
        return False
    if all(source.update is None for source in listed):
        return False
    async with await AsyncConnection.connect(
        settings.database_url or "", options=OPTIONS, connect_timeout=5
    ) as connection:
        rows = await (await connection.execute(SELECT_STARTED.encode())).fetchall()
    return bool(due(listed, dict(rows), now))
