"""Jobs as the server sees them: a small pool in the jobs' role, opened by the first request."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import procrastinate
from procrastinate.exceptions import ProcrastinateException
from psycopg import AsyncConnection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

from geoportal.database import POOL_WAIT_S, translate_errors
from geoportal.errors import NoSuchJob, TooManyJobs
from geoportal.jobs.queue import OPTIONS, deliver, queue
from geoportal.settings import Settings

LOGGER = logging.getLogger(__name__)

CONNECTIONS = 4
WATCH_S = 0.1
CHUNK_BYTES = 1_000_000
WORKER_GONE_S = 30.0
OVER = ("successful", "failed", "dismissed")

COLUMNS = (
    "id::text, process, owner, outputs, response, publish, kept, status, progress, message, fault,"
    " created_at, started_at, finished_at, updated_at"
)
MINE = "owner IS NOT DISTINCT FROM %(owner)s"
# One who has no key needs the id, one who has sees only what is theirs.
VISIBLE = "id = %(id)s AND (owner IS NULL OR owner = %(owner)s)"


@dataclass(frozen=True, slots=True)
class Job:
    """A row of `jobs.job`."""

    id: str
    process: str
    owner: str | None
    outputs: Mapping[str, str]
    response: str
    publish: bool
    kept: bool
    status: str
    progress: int
    message: str
    fault: Mapping[str, Any] | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    updated_at: datetime

    @property
    def over(self) -> bool:
        """Whether it will not change any more."""
        return self.status in OVER


@dataclass(frozen=True, slots=True)
class Order:
    """What a caller wants to be computed; `outputs` maps each to `value` or `reference`."""

    process: str
    owner: str | None
    inputs: Mapping[str, Any]
    outputs: Mapping[str, str]
    response: str
    deadline_s: float
    publish: bool = False
    kept: bool = True


class JobStore:
    """A pool that has no connection until somebody asks for a job."""

    def __init__(self, settings: Settings) -> None:
        timeout_ms = int(settings.statement_timeout_s * 1000)
        url = settings.database_url or ""
        self._pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(
            url,
            min_size=0,
            max_size=CONNECTIONS,
            timeout=POOL_WAIT_S,
            reconnect_timeout=2.0,
            open=False,
            name="jobs",
            kwargs={
                "options": f"{OPTIONS} -c statement_timeout={timeout_ms}",
                "autocommit": True,
                "connect_timeout": 5,
            },
        )
        self._queue: procrastinate.App = queue(url)
        self._most = settings.jobs_per_owner
        self._opening = asyncio.Lock()

    async def _opened(self) -> AsyncConnectionPool[AsyncConnection[Any]]:
        async with self._opening:
            if self._pool.closed:
                await self._pool.open(wait=False)
                await self._queue.connector.open_async(self._pool)
        return self._pool

    async def close(self) -> None:
        """Close every connection."""
        if not self._pool.closed:
            await self._pool.close(timeout=2.0)

    async def _jobs(self, text: str, params: Mapping[str, Any]) -> list[Job]:
        with translate_errors():
            async with (await self._opened()).connection() as connection:
                cursor = connection.cursor(row_factory=class_row(Job))
                await cursor.execute(text.encode(), params)
                return await cursor.fetchall()

    async def add(self, order: Order) -> Job:
        """Store a job and put it into the queue; raises TooManyJobs."""
        job_id = uuid.uuid4()  # 122 random bits: who knows the id was told it
        params = {
            "id": job_id,
            "process": order.process,
            "owner": order.owner,
            "inputs": Jsonb(dict(order.inputs)),
            "outputs": Jsonb(dict(order.outputs)),
            "response": order.response,
            "publish": order.publish,
            "kept": order.kept,
            "deadline": order.deadline_s,
            "most": self._most,
        }
        with translate_errors():
            async with (await self._opened()).connection() as connection, connection.transaction():
                # Two orders of one owner must not both take the last place.
                lock = f"geoportal jobs of {order.owner}"
                await connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (lock,))
                done = await connection.execute(
                    "INSERT INTO jobs.job (id, process, owner, inputs, outputs, response, publish,"
                    " kept, deadline_s) SELECT %(id)s, %(process)s, %(owner)s, %(inputs)s,"
                    " %(outputs)s, %(response)s, %(publish)s, %(kept)s, %(deadline)s"
                    " WHERE (SELECT count(*) FROM jobs.job WHERE status IN ('accepted', 'running')"
                    f" AND {MINE}) < %(most)s",
                    params,
                )
        if not done.rowcount:
            raise TooManyJobs(
                f"{self._most} jobs of yours wait or run already; dismiss one or come back later."
            )
        try:
            await deliver(self._queue, str(job_id))
        except ProcrastinateException as error:
            # A worker looks for jobs that are not in the queue, every few seconds.
            LOGGER.warning("job %s was not put into the queue yet: %s", job_id, error)
        return await self.get(str(job_id), order.owner)

    async def get(self, job_id: str, owner: str | None) -> Job:
        """Return a job that the caller may see; raises NoSuchJob."""
        try:
            known = str(uuid.UUID(job_id)) == job_id
        except ValueError:
            known = False
        text = f"SELECT {COLUMNS} FROM jobs.job WHERE {VISIBLE}"
        found = await self._jobs(text, {"id": job_id, "owner": owner}) if known else []
        if not found:
            raise NoSuchJob(f"There is no job {job_id[:80]!r}.")
        return found[0]

    async def page(
        self, owner: str | None, public: Iterable[str], limit: int, offset: int
    ) -> list[Job]:
        """Return jobs of an owner, else of nobody by public processes, the latest first."""
        text = (
            f"SELECT {COLUMNS} FROM jobs.job WHERE {MINE} AND kept"
            " AND (owner IS NOT NULL OR process = ANY(%(public)s))"
            " ORDER BY created_at DESC, id LIMIT %(limit)s OFFSET %(offset)s"
        )
        asked = {"owner": owner, "public": list(public), "limit": limit, "offset": offset}
        return await self._jobs(text, asked)

    async def wait(self, job: Job, seconds: float) -> Job:
        """Return the job when it is over, or as it is after that time."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not job.over and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(WATCH_S)
            job = await self.get(job.id, job.owner)
        return job

    async def dismiss(self, job: Job) -> Job:
        """End a job that is not over, remove one that is; returns what it is then."""
        ended = await self._jobs(
            "UPDATE jobs.job SET status = 'dismissed', message = '', updated_at = now(),"
            " finished_at = now() WHERE id = %(id)s AND status IN ('accepted', 'running')"
            f" RETURNING {COLUMNS}",
            {"id": job.id},
        )
        return ended[0] if ended else await self.remove(job)

    async def remove(self, job: Job) -> Job:
        """Remove a job with its results."""
        text = f"DELETE FROM jobs.job WHERE id = %(id)s RETURNING {COLUMNS}"
        found = await self._jobs(text, {"id": job.id})
        if not found:
            raise NoSuchJob(f"There is no job {job.id!r}.")
        return found[0]

    async def sizes(self, job: Job) -> dict[str, tuple[str, int]]:
        """Return media type and size in bytes of each result."""
        rows = await self._rows(
            "SELECT output, media_type, octet_length(body) FROM jobs.result WHERE job = %(id)s",
            {"id": job.id},
        )
        return {output: (media_type, size) for output, media_type, size in rows}

    async def body(self, job: Job, output: str, size: int) -> AsyncIterator[bytes]:
        """Give a result in pieces: the server never holds a whole one."""
        for start in range(0, size, CHUNK_BYTES):
            rows = await self._rows(
                "SELECT substring(body FROM %(start)s FOR %(length)s) FROM jobs.result"
                " WHERE job = %(id)s AND output = %(output)s",
                {"id": job.id, "output": output, "start": start + 1, "length": CHUNK_BYTES},
            )
            if not rows:
                raise NoSuchJob("The job was removed while its result was read.")
            yield rows[0][0]

    async def served(self) -> bool:
        """Whether a worker lives."""
        rows = await self._rows(
            "SELECT 1 FROM jobs.worker WHERE alive_at > now() - make_interval(secs => %(gone)s)",
            {"gone": WORKER_GONE_S},
        )
        return bool(rows)

    async def _rows(self, text: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        with translate_errors():
            async with (await self._opened()).connection() as connection:
                cursor = await connection.execute(text.encode(), params)
                return await cursor.fetchall()
