"""A request that is given up, times out or loses its server leaves no query in the database."""

import json
import signal
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from tests.fix_server import Server, start_server

# A lock makes any reading query of the server wait as long as the test wants.
LOCK = "LOCK TABLE features.test_parcels IN ACCESS EXCLUSIVE MODE"
WAITING = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()"
)
ITEMS = "/ogc/collections/test_parcels/items?limit=10&bbox=24,51,25,52"
MAP = "/ogc/collections/test_parcels/map?bbox=24,51,25,52&width=100"
Connection = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture
def locked(api_database: str) -> Iterator[Connection]:
    with psycopg.connect(api_database) as holder:
        holder.execute(LOCK)
        yield holder
        holder.rollback()


def eventually(condition: Callable[[], bool], within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


def active(oracle: Connection) -> int:
    row = oracle.execute(WAITING).fetchone()
    assert row is not None
    return int(row[0])


def hang(server: Server, path: str = ITEMS) -> socket.socket:
    """Send a request and leave its answer unread."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=5)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return connection


@pytest.mark.usefixtures("locked")
@pytest.mark.parametrize("path", [ITEMS, MAP])
def test_query_ends_when_its_caller_leaves(
    api_server: Server, oracle: Connection, path: str
) -> None:
    connection = hang(api_server, path)
    assert eventually(lambda: active(oracle) == 1, 5)
    connection.close()
    assert eventually(lambda: active(oracle) == 0, 2)


@pytest.mark.usefixtures("locked")
def test_query_ends_when_its_server_is_killed(api_database: str, oracle: Connection) -> None:
    with start_server(api_database, statement_timeout_s=60) as server, hang(server):
        assert eventually(lambda: active(oracle) == 1, 5)
        server.kill_workers(signal.SIGKILL)
        assert eventually(lambda: active(oracle) == 0, 4)


@pytest.mark.usefixtures("locked")
def test_query_that_takes_too_long_is_a_problem(api_database: str, oracle: Connection) -> None:
    with start_server(api_database, statement_timeout_s=1) as server:
        started = time.monotonic()
        status, headers, body = server.request("GET", ITEMS)
        assert time.monotonic() - started < 4
        assert (status, headers["retry-after"]) == (503, "5")
        assert json.loads(body)["title"] == "Query took too long"
        assert eventually(lambda: active(oracle) == 0, 2)
