"""Servers of their own for tests that need the wire: `geoportal serve` on a free port."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.fix_api import LAYERS

READY_WITHIN_S = 30.0
MODULES = Path(__file__).parent / "fixtures" / "modules"
"""Python modules that only tests name in settings."""


@dataclass
class Server:
    """A running server."""

    port: int
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def request(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers with lower-case names, body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, found, answer.read()
        finally:
            connection.close()

    def kill_workers(self, number: signal.Signals) -> None:
        """Send a signal to the main process and all that it started, all at once."""
        main = psutil.Process(self.process.pid)
        for one in (main, *main.children(recursive=True)):
            one.send_signal(number)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_ready(server: Server, ready: str = "ready") -> bool:
    try:
        return server.request("GET", f"/health/{ready}")[0] == 200
    except OSError:
        return False


@contextmanager
def start_server(
    database_url: str, *, ready: str = "ready", **settings: object
) -> Iterator[Server]:
    """Start a server over a database, wait until it is ready, stop it with all its processes."""
    port = free_port()
    given = {
        "database_url": database_url, "port": port, "layers_dir": LAYERS, "workers": 1, **settings,
    }  # fmt: skip
    environ = {k: v for k, v in os.environ.items() if not k.startswith("GEOPORTAL_")}
    environ |= {f"GEOPORTAL_{name.upper()}": str(value) for name, value in given.items()}
    environ["PYTHONPATH"] = str(MODULES)
    process = subprocess.Popen(
        [sys.executable, "-m", "geoportal", "serve"],
        env=environ,
        cwd=Path(__file__).parents[1],
        stdout=subprocess.DEVNULL,
    )
    server = Server(port, process)
    try:
        deadline = time.monotonic() + READY_WITHIN_S
        while not is_ready(server, ready):
            assert process.poll() is None, "the server ended before it was ready"
            assert time.monotonic() < deadline, "the server did not get ready"
            time.sleep(0.1)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def api_server(api_database: str) -> Iterator[Server]:
    """A server over `api_database`."""
    with start_server(api_database) as server:
        yield server
