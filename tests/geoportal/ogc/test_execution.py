"""Execution of pipelines: what it answers, what it refuses, what it leaves as it was."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import psutil
import psycopg
import pytest
from starlette.testclient import TestClient

from geoportal.app import create_app
from geoportal.cli.keys import add_key
from geoportal.settings import Settings
from layers.registry import load_layers
from tests.fix_jobs import await_worker, start_worker, until
from tests.fix_server import Server

PROCESS = "/ogc/processes/service-coverage"
EXECUTION = f"{PROCESS}/execution"


@pytest.fixture(scope="module", autouse=True)
def worker(portal_database: str) -> Iterator[None]:
    with start_worker(portal_database, processes=""):
        await_worker(portal_database)
        yield


@pytest.fixture(scope="module")
def portal(portal_database: str) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(database_url=portal_database))) as client:
        yield client


@pytest.fixture
def oracle_of_portal(portal_database: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    with psycopg.connect(portal_database, autocommit=True) as connection:
        yield connection


def test_description_offers_the_areas_that_are_loaded(portal: TestClient) -> None:
    document = portal.get(f"{PROCESS}?lang=en").json()
    assert document["inputs"]["area"]["schema"]["enum"] == ["orsha"]
    assert document["inputs"]["buffer_m"]["schema"]["minimum"] == 1
    assert set(document["outputs"]) == {"summary", "service_coverage", "service_areas"}
    assert document["jobControlOptions"] == ["sync-execute", "async-execute", "dismiss"]


def test_execution_gives_what_is_published_and_publishes_nothing(
    portal: TestClient, oracle_of_portal: psycopg.Connection[tuple[Any, ...]]
) -> None:
    before = oracle_of_portal.execute("SELECT * FROM layers.version ORDER BY layer").fetchall()
    answer = portal.post(EXECUTION, json={"inputs": {"area": "orsha"}})
    assert answer.status_code == 200, answer.text
    outputs = answer.json()
    assert set(outputs) == {"summary", "service_coverage", "service_areas"}
    rows = oracle_of_portal.execute(
        "SELECT building_id, service_class, distance_m FROM features.service_coverage"
    )
    published = {(b, c): d for b, c, d in rows}
    computed = {
        (p["building_id"], p["service_class"]): p["distance_m"]
        for p in (f["properties"] for f in outputs["service_coverage"]["value"]["features"])
    }
    assert computed.keys() == published.keys()
    assert all(computed[key] == pytest.approx(published[key]) for key in computed)
    after = oracle_of_portal.execute("SELECT * FROM layers.version ORDER BY layer").fetchall()
    assert after == before


def test_one_output_can_be_had_alone(portal: TestClient) -> None:
    order = {
        "inputs": {"area": "orsha", "service_classes": ["school"], "limits_m": {"school": 800}},
        "outputs": {"summary": {}},
        "response": "raw",
    }
    summary = portal.post(EXECUTION, json=order).json()
    (row,) = summary["classes"]
    assert (row["service_class"], row["limit_m"], row["norm_status"]) == ("school", 800, "user")


@pytest.mark.parametrize(
    ("order", "status", "word"),
    [
        ({"inputs": {}}, 400, "area"),
        ({"inputs": {"area": 5}}, 400, "area"),
        ({"inputs": {"area": "nosuch"}}, 400, "nosuch"),
        ({"inputs": {"area": "orsha", "buffer_m": -1}}, 400, "buffer_m"),
        ({"inputs": {"area": "orsha", "nosuch": 1}}, 400, "nosuch"),
        ({"inputs": {"area": "orsha"}, "outputs": {"nosuch": {}}}, 400, "outputs"),
        ({"inputs": {"area": "orsha"}, "subscriber": {}}, 400, "subscriber"),
        ({"inputs": []}, 400, "inputs"),
        ([], 400, "object"),
        ({"inputs": {"area": "minsk"}}, 400, "minsk"),
        ({"inputs": {"area": "orsha", "publish": True}}, 401, "publisher"),
    ],
)
def test_bad_orders_are_refused_in_words(
    portal: TestClient, order: Any, status: int, word: str
) -> None:
    answer = portal.post(EXECUTION, json=order)
    assert (answer.status_code, answer.headers["content-type"]) == (
        status,
        "application/problem+json",
    ), answer.text
    assert word in answer.json()["detail"]


def test_body_must_be_json(portal: TestClient) -> None:
    assert portal.post(EXECUTION, content=b"{").status_code == 400
    text = portal.post(EXECUTION, content=b"x", headers={"Content-Type": "text/plain"})
    assert text.status_code == 415
    missing = portal.post("/ogc/processes/nosuch/execution", json={"inputs": {}})
    assert missing.status_code == 404
    assert missing.json()["type"].endswith("/no-such-process")


def test_computation_ends_with_its_caller(portal_server: Server) -> None:
    def computations() -> list[psutil.Process]:
        found = []
        for one in psutil.Process().children(recursive=True):
            try:
                if "geoportal.jobs.guard" in one.cmdline():
                    found.append(one)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found

    others = computations()
    body = json.dumps({"inputs": {"pause": 50}}).encode()
    head = (
        "POST /ogc/processes/echo/execution HTTP/1.1\r\nHost: x\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", portal_server.port), timeout=5) as connection:
        connection.sendall(head.encode() + body)
        # The guard, and from its fork on the computation too, which bears the same command line.
        mine = until(lambda: [one for one in computations() if one not in others])
    # Long before its 50 s are over.
    until(lambda: not any(one.is_running() for one in mine), 20.0)
    assert set(computations()) <= set(others)


def test_a_publisher_may_replace_the_result_and_nobody_else(
    portal: TestClient, oracle_of_portal: psycopg.Connection[tuple[Any, ...]]
) -> None:
    layers = load_layers()
    keys = {
        name: add_key(oracle_of_portal, name, role, ids, layers)
        for name, role, ids in (
            ("boss", "publisher", ()),
            ("half", "publisher", ("service_areas",)),
            ("hand", "editor", ()),
        )
    }
    order = {
        "inputs": {"area": "orsha", "publish": True, "buffer_m": 30},
        "outputs": {"summary": {}},
    }
    look = "SELECT version FROM layers.version WHERE layer = 'service_areas'"
    before = oracle_of_portal.execute(look).fetchone()
    for name in ("half", "hand"):
        answer = portal.post(EXECUTION, json=order, headers={"X-API-Key": keys[name]})
        assert answer.status_code == 403, answer.text
    assert oracle_of_portal.execute(look).fetchone() == before
    answer = portal.post(EXECUTION, json=order, headers={"X-API-Key": keys["boss"]})
    assert answer.status_code == 200, answer.text
    after = oracle_of_portal.execute(look).fetchone()
    assert after != before
    # The same again is the same: nothing is published twice.
    assert portal.post(EXECUTION, json=order, headers={"X-API-Key": keys["boss"]}).is_success
    assert oracle_of_portal.execute(look).fetchone() == after
    del order["inputs"]["buffer_m"]  # leave the database as it was found
    assert portal.post(EXECUTION, json=order, headers={"X-API-Key": keys["boss"]}).is_success
    oracle_of_portal.execute("DELETE FROM access.api_key")
