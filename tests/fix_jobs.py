"""A server and workers over databases of their own, with trial processes for tests only."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from tests.fix_db import new_database
from tests.fix_server import MODULES, Server, start_server

ROOT = Path(__file__).parents[1]
PROCESSES = "trial_processes"  # in tests/fixtures/modules
WITHIN_S = 60.0


def until[T](look: Callable[[], T | None], seconds: float = WITHIN_S) -> T:
    """What `look` gives as soon as it gives something."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
    return found


@contextmanager
def start_worker(database_url: str, **settings: object) -> Iterator["subprocess.Popen[bytes]"]:
    """A running `geoportal worker`."""
    given = {"database_url": database_url, "processes": PROCESSES, **settings}
    environ = {k: v for k, v in os.environ.items() if not k.startswith("GEOPORTAL_")}
    environ |= {f"GEOPORTAL_{name.upper()}": str(value) for name, value in given.items()}
    environ["PYTHONPATH"] = str(MODULES)
    process = subprocess.Popen([sys.executable, "-m", "geoportal", "worker"], env=environ, cwd=ROOT)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(20)


def await_worker(database_url: str) -> None:
    def alive() -> bool:
        with psycopg.connect(database_url) as connection:
            found = connection.execute(
                "SELECT count(*) FROM jobs.worker WHERE alive_at > now() - interval '10 s'"
            ).fetchone()
        return found is not None and found[0] > 0

    until(alive)


class Jobs:
    """A client of /jobs and of executions."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def call(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = None if body is None else json.dumps(body).encode()
        if sent is not None:
            given["Content-Type"] = "application/json"
        return self.server.request(method, f"/ogc{path}", given, sent)

    def run(self, process: str, inputs: Any, **members: Any) -> tuple[int, dict[str, str], bytes]:
        return self.call("POST", f"/processes/{process}/execution", {"inputs": inputs, **members})

    def begin(self, process: str, inputs: Any, **headers: str) -> str:
        body = {"inputs": inputs}
        path = f"/processes/{process}/execution"
        status, found, text = self.call("POST", path, body, Prefer="respond-async", **headers)
        assert status == 201, text
        assert found["location"].endswith(json.loads(text)["jobID"])
        return str(json.loads(text)["jobID"])

    def status(self, job: str, **headers: str) -> dict[str, Any]:
        status, _, text = self.call("GET", f"/jobs/{job}?f=json", **headers)
        assert status == 200, text
        return dict(json.loads(text))

    def await_status(self, job: str, *wanted: str, seconds: float = WITHIN_S) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            found = self.status(job)
            return found if found["status"] in wanted else None

        return until(look, seconds)


@pytest.fixture(scope="session")
def jobs_database(server: str, template: str) -> Iterator[str]:
    """URL of a database without layers, for jobs."""
    with new_database(server, template) as url:
        yield url


@pytest.fixture(scope="session")
def jobs(jobs_database: str) -> Iterator[Jobs]:
    """A server with a worker that does two jobs at once."""
    with start_worker(jobs_database, job_result_mb=30, job_disk_mb=20):
        await_worker(jobs_database)
        with start_server_for_jobs(jobs_database) as running:
            yield Jobs(running)


@contextmanager
def start_server_for_jobs(database_url: str, **settings: object) -> Iterator[Server]:
    given = {"layers_dir": "", "processes": PROCESSES, **settings}
    with start_server(database_url, ready="live", **given) as running:
        yield running


def traces(file: Path) -> list[tuple[int, Path]]:
    """Process and folder of every attempt that left a trace."""
    if not file.exists():
        return []
    rows = [line.split() for line in file.read_text().splitlines()]
    return [(int(pid), Path(folder)) for pid, folder in rows]


def members(pid: int) -> list[psutil.Process]:
    """The living processes of a group."""
    found = []
    for one in psutil.process_iter():
        try:
            if os.getpgid(one.pid) == pid and one.status() != psutil.STATUS_ZOMBIE:
                found.append(one)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return found
