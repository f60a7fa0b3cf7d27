"""One attempt of a job: reads what is wanted, computes, writes what came out exactly once."""

from __future__ import annotations

import os
import resource
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import psycopg
from psycopg.types.json import Jsonb

from geoportal.errors import UNEXPECTED, ExecutionFailed, GeoportalError, answer_of
from geoportal.jobs.queue import ROLE
from geoportal.processes.model import Process
from geoportal.processes.registry import find
from geoportal.settings import Settings
from layers.errors import LayersError
from processing.errors import ProcessingError

PROGRESS_S = 0.5
PERSIST_S = 30.0
"""How long a finished computation waits for a database that is restarted."""
FENCE = "id = %(id)s AND attempt = %(attempt)s AND status = 'running'"


def application(job_id: str) -> str:
    """Return the name under which the connections of a job can be found."""
    return f"geoportal job {job_id}"


@dataclass
class Attempt:
    """The context of the process, and the place where its end is written."""

    settings: Settings
    id: str
    number: int
    folder: Path
    publish: bool = False
    _told: float = field(default=0.0, init=False)

    @property
    def key(self) -> dict[str, Any]:
        """What every statement about this attempt is bound to."""
        return {"id": self.id, "attempt": self.number}

    @property
    def scheduler(self) -> str | None:
        """Address of the Dask scheduler of the settings."""
        return self.settings.dask_scheduler

    @contextmanager
    def database(self, role: str = ROLE) -> Iterator[psycopg.Connection[Any]]:
        """Give a connection in a role, in autocommit mode."""
        options = f"-c role={role} -c client_connection_check_interval=1s -c timezone=UTC"
        with psycopg.connect(
            self.settings.database_url or "",
            autocommit=True,
            options=options,
            connect_timeout=5,
            application_name=application(self.id),
        ) as connection:
            yield connection

    def progress(self, percent: float, message: str = "") -> None:
        """Tell how far the computation is; twice a second at most, and never less than before."""
        if time.monotonic() - self._told < PROGRESS_S:
            return
        self._told = time.monotonic()
        told = {"progress": max(0, min(99, int(percent))), "message": message[:200]}
        try:
            with self.database() as connection:
                connection.execute(
                    "UPDATE jobs.job SET progress = greatest(progress, %(progress)s),"
                    f" message = %(message)s, updated_at = now() WHERE {FENCE}",
                    self.key | told,
                )
        except psycopg.OperationalError:
            return  # it is only news

    def succeed(self, results: Mapping[str, tuple[str, bytes]]) -> None:
        """Write results and status in one transaction, unless the attempt is not in force."""
        with self.database() as connection, connection.transaction():
            done = connection.execute(
                "UPDATE jobs.job SET status = 'successful', progress = 100, message = '',"
                f" finished_at = now(), updated_at = now() WHERE {FENCE}",
                self.key,
            )
            if done.rowcount:
                for output, (media_type, body) in results.items():
                    connection.execute(
                        "INSERT INTO jobs.result VALUES (%s, %s, %s, %b)",
                        (self.id, output, media_type, body),
                    )

    def fail(self, fault: Mapping[str, Any]) -> None:
        """Write why there is no result, unless the attempt is not in force."""
        with self.database() as connection:
            fail(connection, self.key, fault)


def fail(
    connection: psycopg.Connection[Any], key: Mapping[str, Any], fault: Mapping[str, Any]
) -> None:
    """End an attempt as failed; `fault` has status, title and detail."""
    connection.execute(FAIL, {**key, "fault": Jsonb(dict(fault)), "message": fault["detail"]})


FAIL = (
    "UPDATE jobs.job SET status = 'failed', fault = %(fault)s, message = %(message)s,"
    f" finished_at = now(), updated_at = now() WHERE {FENCE}"
)


def main(folder: Path, job_id: str, number: int, errors: int) -> int:
    """Compute; return 0 when the end of the attempt is written."""
    settings = Settings.from_environment()
    limit = settings.job_disk_mb * 1_000_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    attempt = Attempt(settings, job_id, number, folder)
    try:
        results = _results(attempt)
    except (ProcessingError, LayersError, GeoportalError) as error:
        told = answer_of(error)
        fault = {"status": told.status, "title": told.title, "detail": str(error)[:2000]}
        _persist(lambda: attempt.fail(fault))
    except BaseException:  # noqa: BLE001 - a pipeline may break in any way; the job must end
        os.write(errors, f"job {job_id}: {traceback.format_exc()}".encode())
        fault = {
            "status": UNEXPECTED.status,
            "title": UNEXPECTED.title,
            "detail": "The computation broke; the operator's log has the reason.",
        }
        _persist(lambda: attempt.fail(fault))
    else:
        _persist(lambda: attempt.succeed(results))
    return 0


def _persist(write: Any) -> None:
    deadline = time.monotonic() + PERSIST_S
    while True:
        try:
            write()
            return
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def _results(attempt: Attempt) -> dict[str, tuple[str, bytes]]:
    with attempt.database() as connection:
        row = connection.execute(
            f"SELECT process, inputs, outputs, publish FROM jobs.job WHERE {FENCE}", attempt.key
        ).fetchone()
    if row is None:
        sys.exit(0)  # dismissed, or another worker has it
    process_id, inputs, outputs, attempt.publish = row
    process = find(attempt.settings.processes, process_id)
    given = process.run(inputs, attempt)
    found = {name: encode(process, name, given[name]) for name in outputs if name in given}
    size = sum(len(body) for _, body in found.values())
    if size > attempt.settings.job_result_mb * 1_000_000:
        raise ExecutionFailed(
            f"The outputs take {size // 1_000_000} MB, more than GEOPORTAL_JOB_RESULT_MB ="
            f" {attempt.settings.job_result_mb}; ask for fewer outputs or a smaller area."
        )
    return found


def encode(process: Process, name: str, value: Any) -> tuple[str, bytes]:
    """Return media type and bytes of an output."""
    media_type = process.outputs()[name].media_type
    option = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
    return media_type, value if isinstance(value, bytes) else orjson.dumps(value, option=option)
