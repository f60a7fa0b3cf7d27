"""The worker: takes jobs from the queue, gives each a guard, ends what was dismissed or is late."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import sys
import tempfile
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

import procrastinate
import psycopg
from procrastinate.exceptions import ProcrastinateException
from procrastinate.jobs import Status
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from geoportal.jobs.child import FAIL, application
from geoportal.jobs.guard import GROUP, kill_group, started
from geoportal.jobs.queue import OPTIONS, TASK, deliver, queue
from geoportal.jobs.sources import keep_schedule
from geoportal.settings import Settings

LOGGER = logging.getLogger(__name__)

LOOK_S = 0.4
"""How often a running job is looked at: dismissed? late?"""
SIGN_S = 3.0
LOST_S = 15.0
"""A job without a sign of life for so long is taken from its worker."""
ATTEMPTS = 3
CANCEL_S = 0.2
END_S = 10.0
KEPT_ANSWER_S = 600

CLAIM = (
    "UPDATE jobs.job SET status = 'running', attempt = attempt + 1, progress = 0, message = '',"
    " started_at = now(), updated_at = now(), alive_at = now()"
    " WHERE id = %(id)s AND status = 'accepted' RETURNING attempt, deadline_s"
)
IN_FORCE = (
    "SELECT 1 FROM jobs.job WHERE id = %(id)s AND attempt = %(attempt)s AND status = 'running'"
)
ALIVE = "UPDATE jobs.job SET alive_at = now() WHERE id = %(id)s AND attempt = %(attempt)s"
CANCEL = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = %(name)s"
RETURN = (
    "UPDATE jobs.job SET status = 'accepted', progress = 0, message = '', updated_at = now()"
    " WHERE id = %(id)s AND attempt = %(attempt)s AND status = 'running'"
)
# What a dead worker left: taken up again, or given up when it takes every worker down.
LOST = "status = 'running' AND alive_at < now() - make_interval(secs => %(lost)s)"
RETAKE = (
    "UPDATE jobs.job SET status = 'accepted', progress = 0, message = '', updated_at = now()"
    f" WHERE {LOST} AND attempt < %(attempts)s"
)
GIVE_UP = (
    "UPDATE jobs.job SET status = 'failed', fault = %(fault)s, message = %(message)s,"
    f" finished_at = now(), updated_at = now() WHERE {LOST} AND attempt >= %(attempts)s"
)
WAITING = "SELECT id::text FROM jobs.job WHERE status = 'accepted' ORDER BY created_at LIMIT 1000"
REMOVE_OLD = (
    "DELETE FROM jobs.job WHERE finished_at < now() - make_interval(secs => CASE WHEN kept THEN"
    " %(kept)s ELSE %(answer)s END)"
)
SIGN = (
    "INSERT INTO jobs.worker VALUES (%(id)s, now())"
    " ON CONFLICT (id) DO UPDATE SET alive_at = excluded.alive_at"
)
FORGET = "DELETE FROM jobs.worker WHERE id = %(id)s OR alive_at < now() - interval '1 day'"


def fault(title: str, detail: str, status: int = 500) -> dict[str, Any]:
    """Return why a job failed."""
    return {"status": status, "title": title, "detail": detail}


TIMEOUT = "timeout"


def jobs_folder() -> Path:
    """Return the folder of the jobs' folders: this user's only."""
    folder = Path(tempfile.gettempdir()) / f"geoportal-jobs-{os.geteuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.geteuid():
        raise PermissionError(f"{folder} belongs to another user; set TMPDIR to another folder")
    return folder


def sweep_folders(folder: Path) -> None:
    """End the groups and remove the folders of jobs whose worker and guard were both killed."""
    for one in folder.iterdir():
        with suppress(OSError, ValueError):
            guard, since, *_ = (one / GROUP).read_text().split()
            if started(int(guard)) != since:
                end_left(one)


def end_left(folder: Path) -> None:
    """Kill the group of a job that has no guard any more and remove its folder."""
    with suppress(OSError, ValueError):
        _, _, pid, since = (folder / GROUP).read_text().split()
        # Without its leader a group keeps its number, so another group cannot have it.
        if started(int(pid)) in (since, ""):
            kill_group(int(pid))
    shutil.rmtree(folder, ignore_errors=True)


class Worker:
    """One process that runs up to `settings.jobs` jobs at once."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.url = settings.database_url or ""
        self.id = uuid.uuid4()
        self.folder = jobs_folder()

    async def run(self) -> None:
        """Work until cancelled; a database that is away is waited for."""
        sweep_folders(self.folder)
        try:
            while True:
                try:
                    await self._serve()
                except* (psycopg.Error, ProcrastinateException, OSError) as broken:
                    LOGGER.warning("waiting for the database: %s", broken.exceptions[0])
                await asyncio.sleep(1.0)
        finally:
            with suppress(psycopg.Error):
                await self._execute(FORGET, {"id": self.id})

    async def _serve(self) -> None:
        app = queue(self.url)

        async def job(job: str) -> None:
            await self._job(job)

        app.task(name=TASK, queue="jobs", pass_context=False)(job)
        async with app.open_async(), asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_order(app))
            tasks.create_task(keep_schedule(self.settings))
            tasks.create_task(
                app.run_worker_async(
                    queues=["jobs"],
                    name=f"geoportal-{os.getpid()}",
                    concurrency=max(1, self.settings.jobs),
                    install_signal_handlers=False,
                    delete_jobs="always",
                    fetch_job_polling_interval=2.0,
                    shutdown_graceful_timeout=0.1,
                )
            )

    async def _execute(self, text: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
        async with await self._connect() as connection:
            cursor = await connection.execute(text.encode(), params)
            return await cursor.fetchall() if cursor.description else []

    async def _connect(self) -> AsyncConnection[tuple[Any, ...]]:
        return await AsyncConnection.connect(
            self.url, autocommit=True, options=OPTIONS, connect_timeout=5
        )

    async def _keep_order(self, app: procrastinate.App) -> None:
        """Every few seconds: say that this worker lives, take up what others lost, tidy up."""
        lost = {
            "lost": LOST_S,
            "attempts": ATTEMPTS,
            "fault": Jsonb(
                fault("Worker lost", f"The worker died in each of {ATTEMPTS} attempts.")
            ),
            "message": f"The worker died in each of {ATTEMPTS} attempts.",
        }
        old = {"kept": self.settings.job_days * 86_400, "answer": KEPT_ANSWER_S}
        while True:
            async with await self._connect() as connection:
                await connection.execute(SIGN, {"id": self.id})
                await connection.execute(GIVE_UP, lost)
                await connection.execute(RETAKE, lost)
                await connection.execute(REMOVE_OLD, old)
                rows = await (await connection.execute(WAITING)).fetchall()
            for stalled in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=LOST_S):
                await app.job_manager.finish_job(stalled, Status.FAILED, delete_job=True)
            for (job_id,) in rows:
                await deliver(app, job_id)
            await asyncio.sleep(SIGN_S)

    async def _job(self, job_id: str) -> None:
        claimed = await self._execute(CLAIM, {"id": job_id})
        if not claimed:
            return  # dismissed, or delivered twice
        attempt, deadline_s = claimed[0]
        key = {"id": job_id, "attempt": attempt}
        guard, folder = await self._start(job_id, attempt)
        try:
            reason = await self._watch(guard, key, deadline_s)
        except asyncio.CancelledError:
            await self._end(guard, folder, job_id)
            with suppress(psycopg.Error):
                await asyncio.shield(self._execute(RETURN, key))
            raise
        except BaseException:
            await self._end(guard, folder, job_id)
            raise
        await self._end(guard, folder, job_id)
        if reason is not None:
            await self._execute(FAIL, key | {"fault": Jsonb(reason), "message": reason["detail"]})

    async def _start(self, job_id: str, attempt: int) -> tuple[asyncio.subprocess.Process, Path]:
        folder = Path(tempfile.mkdtemp(prefix=f"{job_id}-", dir=self.folder))
        guard = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "geoportal.jobs.guard",
            str(folder),
            job_id,
            str(attempt),
            stdin=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the worker only
            env={**os.environ, "GEOPORTAL_DATABASE_URL": self.url},
        )
        return guard, folder

    async def _watch(
        self, guard: asyncio.subprocess.Process, key: dict[str, Any], deadline_s: float
    ) -> dict[str, Any] | None:
        """Wait for the end of a job; return why it failed when it could not say so itself."""
        loop = asyncio.get_running_loop()
        begun = signed = loop.time()
        while True:
            with suppress(TimeoutError):
                code = await asyncio.wait_for(guard.wait(), LOOK_S)
                said = f"The computation ended without a result (exit code {code})."
                return fault("Execution failed", said)
            if loop.time() - begun > deadline_s:
                said = f"{TIMEOUT}: the computation took longer than {deadline_s:g} s."
                return fault("Execution took too long", said, 422)
            try:
                if not await self._execute(IN_FORCE, key):
                    return None
                if loop.time() - signed > SIGN_S:
                    await self._execute(ALIVE, key)
                    signed = loop.time()
            except psycopg.OperationalError as error:
                LOGGER.warning("job %s goes on without the database: %s", key["id"], error)

    async def _end(self, guard: asyncio.subprocess.Process, folder: Path, job_id: str) -> None:
        """Cancel the queries of a job, then have its guard kill it; sure to be gone afterwards."""
        if guard.returncode is None:
            with suppress(psycopg.Error, TimeoutError):
                await asyncio.wait_for(self._cancel(job_id), 1.0)
            if guard.stdin is not None:
                guard.stdin.close()
            with suppress(TimeoutError):
                await asyncio.wait_for(guard.wait(), END_S)
        if folder.exists():  # the guard itself was killed, or hangs
            with suppress(ProcessLookupError):
                guard.kill()
            end_left(folder)

    async def _cancel(self, job_id: str) -> None:
        # The owner's connection, not the role's: a role may not cancel queries of its login.
        async with await AsyncConnection.connect(self.url, connect_timeout=5) as connection:
            name = {"name": application(job_id)}
            if await (await connection.execute(CANCEL, name)).fetchall():
                await asyncio.sleep(CANCEL_S)
