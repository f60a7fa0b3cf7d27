"""Synchronous execution: what it answers, what it refuses, what it leaves as it was."""

import json
import time
from collections.abc import Iterator
from typing import Any

import psutil
import psycopg
import pytest
from starlette.testclient import TestClient

from geoportal.app import create_app
from geoportal.settings import Settings
from tests.fix_server import Server

PROCESS = "/ogc/processes/service-coverage"
EXECUTION = f"{PROCESS}/execution"


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
    assert document["jobControlOptions"] == ["sync-execute"]


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
        for p in (f["properties"] for f in outputs["service_coverage"]["features"])
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
        ({"inputs": {"area": "minsk"}}, 422, "minsk"),
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
    import socket

    def workers() -> list[psutil.Process]:
        main = psutil.Process(portal_server.process.pid)
        found = []
        for child in main.children(recursive=True):
            try:
                if "geoportal.worker" in child.cmdline():
                    found.append(child)
            except psutil.NoSuchProcess:
                continue
        return found

    body = json.dumps({"inputs": {"area": "orsha"}}).encode()
    head = (
        f"POST {EXECUTION} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", portal_server.port), timeout=5) as connection:
        connection.sendall(head.encode() + body)
        deadline = time.monotonic() + 10
        while not workers() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert workers()
    deadline = time.monotonic() + 3
    while workers() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert workers() == []
