"""Jobs in real worker processes: what ends them, and what is left afterwards."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.fix_db import cluster_in, new_database, throw_away_folder
from tests.fix_jobs import (
    Jobs,
    await_worker,
    members,
    start_server_for_jobs,
    start_worker,
    traces,
    until,
)


def begun(file: Path, attempts: int = 1) -> tuple[int, Path]:
    """The latest attempt, once there are so many."""
    return until(lambda: traces(file)[attempts - 1 :] or None)[-1]


def gone(pid: int, folder: Path) -> bool:
    return not members(pid) and not folder.exists()


def solver_of(pid: int) -> psutil.Process | None:
    return next((one for one in members(pid) if "cbc" in one.name()), None)


def test_a_job_runs_and_tells_how_far_it_is(jobs: Jobs) -> None:
    job = jobs.begin("echo", {"text": "Орша", "pause": 3})
    seen = until(lambda: (found := jobs.status(job))["progress"] > 0 and found)
    assert (seen["status"], seen["message"]) == ("running", "pause")
    status, _, text = jobs.call("GET", f"/jobs/{job}/results?f=json")
    assert status == 404
    assert json.loads(text)["type"].endswith("/result-not-ready")
    done = jobs.await_status(job, "successful")
    assert done["progress"] == 100
    assert done["created"] <= done["started"] <= done["finished"]
    status, _, text = jobs.call("GET", f"/jobs/{job}/results?f=json")
    assert (status, json.loads(text)) == (200, {"text": "Орша"})


def test_dismiss_in_the_middle_of_a_solve_ends_the_solver_too(jobs: Jobs, tmp_path: Path) -> None:
    file = tmp_path / "trace"
    job = jobs.begin("solve", {"name": str(file)})
    pid, folder = begun(file)
    until(lambda: solver_of(pid))
    assert list(folder.iterdir()) != []
    status, _, text = jobs.call("DELETE", f"/jobs/{job}")
    asked = time.monotonic()
    assert (status, json.loads(text)["status"]) == (200, "dismissed")
    until(lambda: gone(pid, folder))
    assert time.monotonic() - asked < 2.0  # the promise itself, not a benchmark
    assert jobs.status(job)["status"] == "dismissed"
    assert jobs.call("GET", f"/jobs/{job}/results?f=json")[0] == 404


def test_dismiss_cancels_the_query_of_a_job(jobs: Jobs, jobs_database: str, tmp_path: Path) -> None:
    file = tmp_path / "trace"
    job = jobs.begin("query", {"name": str(file)})
    pid, folder = begun(file)
    looking = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(300)'"
    with psycopg.connect(jobs_database, autocommit=True) as connection:

        def running() -> int:
            row = connection.execute(looking).fetchone()
            return int(row[0]) if row else 0

        until(running)
        jobs.call("DELETE", f"/jobs/{job}")
        until(lambda: running() == 0, 3.0)
    until(lambda: gone(pid, folder), 3.0)


def test_what_left_the_group_of_a_job_ends_with_it(jobs: Jobs, tmp_path: Path) -> None:
    file = tmp_path / "trace"
    job = jobs.begin("sleep", {"name": str(file), "size": 300})
    pid, folder = begun(file)
    family = until(
        lambda: len(found := psutil.Process(pid).children(recursive=True)) == 2 and found
    )
    jobs.call("DELETE", f"/jobs/{job}")
    until(lambda: gone(pid, folder), 5.0)
    assert psutil.wait_procs(family, timeout=5.0)[1] == []


@pytest.mark.parametrize(
    ("name", "word"),
    [("die", "without a result"), ("break", "broke"), ("other", "nothing to")],
)
def test_a_job_that_breaks_says_so_and_nothing_of_its_inside(
    jobs: Jobs, name: str, word: str
) -> None:
    job = jobs.begin("fail", {"name": name})
    failed = jobs.await_status(job, "failed")
    assert word in failed["message"]
    answered, headers, text = jobs.call("GET", f"/jobs/{job}/results?f=json")
    assert headers["content-type"] == "application/problem+json"
    assert answered == 422
    assert b"secret" not in text


def test_huge_outputs_are_streamed_or_refused(jobs: Jobs) -> None:
    status, headers, text = jobs.run("huge", {"name": "", "size": 25})
    assert (status, headers["content-type"], len(text)) == (200, "text/plain", 25_000_000)
    status, _, text = jobs.run("huge", {"name": "", "size": 31})
    assert status == 422
    assert "GEOPORTAL_JOB_RESULT_MB" in json.loads(text)["detail"]
    status, _, text = jobs.run("huge", {"name": "file", "size": 25})
    assert status == 422, text  # the file is larger than GEOPORTAL_JOB_DISK_MB


@pytest.fixture
def own(server: str, template: str) -> Iterator[str]:
    with new_database(server, template) as url:
        yield url


def test_deadline_ends_a_job(own: str, tmp_path: Path) -> None:
    file = tmp_path / "trace"
    with (
        start_worker(own),
        start_server_for_jobs(own, job_deadlines="sleep=2,echo=60") as running,
    ):
        jobs = Jobs(running)
        job = jobs.begin("sleep", {"name": str(file), "size": 300})
        failed = jobs.await_status(job, "failed")
        assert failed["message"].startswith("timeout")
        assert gone(*traces(file)[0])


@pytest.mark.slow
def test_killed_worker_loses_no_job_and_leaves_no_process(own: str, tmp_path: Path) -> None:
    file = tmp_path / "trace"
    with start_server_for_jobs(own) as running:
        jobs = Jobs(running)
        with start_worker(own) as first:
            job = jobs.begin("sleep", {"name": str(file), "size": 4})
            pid, folder = begun(file)
            first.kill()
            first.wait()
            killed = time.monotonic()
            until(lambda: gone(pid, folder), 5.0)
        with start_worker(own, jobs=1), start_worker(own, jobs=1):
            jobs.await_status(job, "successful")
            assert time.monotonic() - killed < 60.0  # the promise itself
    assert len(traces(file)) == 2
    with psycopg.connect(own) as connection:
        rows = connection.execute("SELECT job::text, body FROM jobs.result").fetchall()
        attempts = connection.execute("SELECT attempt FROM jobs.job").fetchall()
    assert rows == [(job, b"slept")]
    assert attempts == [(2,)]


@pytest.mark.slow
def test_a_worker_that_was_paused_writes_no_second_result(own: str, tmp_path: Path) -> None:
    file = tmp_path / "trace"
    with start_server_for_jobs(own) as running, start_worker(own, jobs=1) as first:
        jobs = Jobs(running)
        job = jobs.begin("sleep", {"name": str(file), "size": 3})
        pid, _ = begun(file)
        paused = [first.pid, *(one.pid for one in members(pid))]
        for one in paused:
            os.kill(one, signal.SIGSTOP)
        with start_worker(own, jobs=1):
            jobs.await_status(job, "successful")
            for one in paused:
                os.kill(one, signal.SIGCONT)
            until(lambda: not members(pid), 15.0)
            found = jobs.status(job)
    assert found["status"] == "successful"
    with psycopg.connect(own) as connection:
        row = connection.execute(
            "SELECT count(*), max(attempt) FROM jobs.result JOIN jobs.job ON job.id = result.job"
        ).fetchone()
    assert row == (1, 2)


@pytest.mark.slow
def test_two_workers_do_every_job_once(own: str, tmp_path: Path) -> None:
    files = [tmp_path / str(number) for number in range(6)]
    with start_server_for_jobs(own) as running, start_worker(own), start_worker(own):
        jobs = Jobs(running)
        names = [jobs.begin("sleep", {"name": str(f), "size": 0.2}) for f in files]
        for name in names:
            jobs.await_status(name, "successful")
    assert [len(traces(file)) for file in files] == [1] * 6


@pytest.mark.slow
def test_jobs_survive_a_restart_of_the_database(tmp_path: Path) -> None:
    from layers.registry import load_layers
    from layers.schema import migrate

    file = tmp_path / "trace"
    with throw_away_folder() as folder:
        cluster = cluster_in(folder)
        cluster.start()
        try:
            with psycopg.connect(cluster.url, autocommit=True) as connection:
                migrate(connection, load_layers())
            with start_server_for_jobs(cluster.url) as running, start_worker(cluster.url):
                jobs = Jobs(running)
                await_worker(cluster.url)
                job = jobs.begin("sleep", {"name": str(file), "size": 3})
                begun(file)
                cluster.stop()
                time.sleep(1.0)
                cluster.start()

                def over() -> bool:
                    status, _, text = jobs.call("GET", f"/jobs/{job}?f=json")
                    return status == 200 and json.loads(text)["status"] == "successful"

                until(over)
                assert jobs.run("hello", {"name": "again"})[0] == 200
        finally:
            cluster.stop()


def test_ctrl_c_gives_the_job_back(own: str, tmp_path: Path) -> None:
    file = tmp_path / "trace"
    with start_server_for_jobs(own) as running, start_worker(own) as worker:
        jobs = Jobs(running)
        job = jobs.begin("sleep", {"name": str(file), "size": 300})
        pid, folder = begun(file)
        worker.send_signal(signal.SIGINT)
        worker.wait(15)
        assert gone(pid, folder)
        assert jobs.status(job)["status"] == "accepted"
