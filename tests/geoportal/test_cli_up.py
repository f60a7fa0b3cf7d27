"""`geoportal up` from nothing to a served layer and back to nothing, as a person runs it."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest

from geoportal.cluster import Cluster
from tests.fix_db import cluster_in, throw_away_folder
from tests.fix_portal import geoportal

ROOT = Path(__file__).resolve().parents[2]
READY_S = 120.0

# The command as it is, with the embedded cluster of the checkout replaced by a throw-away one.
PROGRAM = """
import sys
from pathlib import Path
from geoportal import __main__ as program
from geoportal.cli import database
from geoportal.cluster import Cluster
from geoportal.postgres import Account
home = Path(sys.argv.pop(1))
cluster = Cluster(home, home / "data", home / "socket", Account.of_caller(), durable=False)
database.embedded = lambda: cluster
database.MARKS = home
program.main()
"""


class Started:
    """A started command, what it said and how to end it."""

    def __init__(self, home: Path, *arguments: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        environ = {k: v for k, v in os.environ.items() if not k.startswith("GEOPORTAL_")}
        environ |= {"GEOPORTAL_PORT": str(self.port), "GEOPORTAL_WORKERS": "1"}
        # A sources directory without sources: the seed tables must do, and nothing is downloaded.
        (home / "sources").mkdir(exist_ok=True)
        environ["GEOPORTAL_SOURCES_DIR"] = str(home / "sources")
        self.log = home / "said"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, str(home), *arguments],
                cwd=ROOT,
                env=environ,
                stderr=log,
            )

    @property
    def said(self) -> str:
        return self.log.read_text()

    def get(self, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()

    def wait_ready(self) -> float:
        """Wait until layers are served; how long it took, s."""
        begun = time.monotonic()
        while self.get("/health/ready") != 200:
            assert self.process.poll() is None, self.said
            assert time.monotonic() - begun < READY_S, self.said
            time.sleep(0.1)
        return time.monotonic() - begun

    def end(self, number: signal.Signals) -> int:
        """Send a signal; the exit code, once no process of it is left."""
        family = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(number)
        code = self.process.wait(30)
        _, alive = psutil.wait_procs(family, timeout=10)
        assert [process.name() for process in alive if "postgres" not in process.name()] == []
        return code


@contextmanager
def started(home: Path, *arguments: str) -> Iterator[Started]:
    command = Started(home, *arguments)
    try:
        yield command
    finally:
        if command.process.poll() is None:
            command.end(signal.SIGTERM)


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with throw_away_folder() as folder:
        yield folder
        cluster_in(folder).stop()


@pytest.fixture
def cluster(home: Path) -> Cluster:
    return cluster_in(home)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_up_serves_layers_and_stops_everything_it_started(
    home: Path, cluster: Cluster, number: signal.Signals
) -> None:
    with started(home, "up") as command:
        command.wait_ready()
        assert cluster.running()
        assert command.get("/ogc/collections/service_coverage/items?limit=1&f=json") == 200
        assert command.get("/ogc/collections/settlements/items?limit=1&f=json") == 200
        code = command.end(number)
    assert code in (0, 130, 128 + number), command.said
    assert "Traceback" not in command.said
    assert not cluster.running()


@pytest.mark.slow
def test_a_second_start_loads_nothing(home: Path) -> None:
    with started(home, "up") as command:
        command.wait_ready()
        command.end(signal.SIGINT)
    with started(home, "up") as command:
        command.wait_ready()
        assert "database and layers: unchanged" in command.said
        assert "loaded" not in command.said


@pytest.mark.slow
def test_up_leaves_a_database_running_that_it_did_not_start(home: Path, cluster: Cluster) -> None:
    cluster.keep()
    try:
        with started(home, "up") as command:
            command.wait_ready()
            command.end(signal.SIGINT)
        assert cluster.running()
    finally:
        cluster.stop()


@pytest.mark.slow
def test_after_kill_9_the_workers_go_and_the_next_start_takes_over(
    home: Path, cluster: Cluster
) -> None:
    with started(home, "up") as command:
        command.wait_ready()
        workers = [
            child
            for child in psutil.Process(command.process.pid).children(recursive=True)
            if "postgres" not in child.name()
        ]
        assert workers
        command.process.kill()
        command.process.wait()
        assert psutil.wait_procs(workers, timeout=10)[1] == []
    assert cluster.running()
    with started(home, "up") as command:
        command.wait_ready()
        command.end(signal.SIGINT)
    assert not cluster.running()


@pytest.mark.slow
def test_stopping_while_layers_are_loaded_leaves_no_process_and_no_half_layer(
    home: Path, cluster: Cluster
) -> None:
    with started(home, "load", "demo", "--area", "big", "--buildings", "20000") as command:
        deadline = time.monotonic() + READY_S
        while "smart_quarters" not in command.said:
            assert command.process.poll() is None, command.said
            assert time.monotonic() < deadline
            time.sleep(0.05)
        command.end(signal.SIGTERM)
    assert not cluster.running()
    with cluster.use(), cluster.connect() as connection:
        staged = connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'staging'"
        ).fetchone()
        loaded = connection.execute("SELECT layer FROM layers.version WHERE area = 'big'")
        names = {str(row[0]) for row in loaded.fetchall()}
    assert staged == (0,)
    assert "smart_quarters" in names
    assert "red_lines" not in names


def test_a_cluster_that_two_blocks_use_runs_until_both_are_over(cluster: Cluster) -> None:
    with cluster.use():
        with cluster.use():
            assert cluster.running()
        assert cluster.running()
    assert not cluster.running()


def test_prepare_goes_on_when_the_pipeline_has_nothing_to_compute(
    database: str, tmp_path: Path
) -> None:
    geoportal(database, "load", "demo", GEOPORTAL_SOURCES_DIR=str(tmp_path))
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("DELETE FROM features.buildings")
        # Rows of somebody else: `up` leaves them as they are.
        connection.execute(
            "UPDATE layers.version SET source = 'city.osm' WHERE layer = 'buildings'"
        )
    said = geoportal(database, "prepare", GEOPORTAL_SOURCES_DIR=str(tmp_path))
    assert "smart-quarter-coverage, orsha: not computed" in said
