"""`geoportal worker`: run the jobs of OGC API Processes; `Workers` ties one to the server."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import click

from geoportal.cli import database
from geoportal.cli.common import Command, settings

_PR_SET_PDEATHSIG = 1
_PARENT = "GEOPORTAL_WORKER_PARENT"
AGAIN_S = 1.0
STOP_S = 15.0


@click.command(
    cls=Command,
    epilog="""
    geoportal worker
    GEOPORTAL_JOBS=4 geoportal worker
    """,
)
def worker() -> None:
    """Run the jobs of the queue until Ctrl-C; `up` starts a worker itself."""
    from geoportal.jobs.worker import Worker

    if parent := os.environ.pop(_PARENT, ""):
        # Nobody stops a worker whose `up` was killed.
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != int(parent):
            return
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("procrastinate").setLevel(logging.ERROR)
    given = settings()
    with database.available(given) as url:
        if not parent:
            with database.connect(url) as connection:
                database.migrate(connection, given)
        found = given.model_copy(update={"database_url": url})
        asyncio.run(_until_stopped(Worker(found).run()))


async def _until_stopped(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(work)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):
        await task


@contextmanager
def kept_running() -> Iterator[None]:
    """Keep a worker running beside the block, started anew when it dies."""
    over = threading.Event()
    keeper = threading.Thread(target=_keep, args=(over,), daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()


def _keep(over: threading.Event) -> None:
    # The thread that starts a process must live as long as it: a death of the parent is one of it.
    while not over.is_set():
        process = subprocess.Popen(
            [sys.executable, "-m", "geoportal", "worker"],
            env={**os.environ, _PARENT: str(os.getpid())},
            start_new_session=True,  # Ctrl-C comes from us, once
        )
        while process.poll() is None and not over.wait(0.2):
            pass
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        over.wait(AGAIN_S)
