"""Executions and jobs over HTTP: forms of inputs and answers, owners, preferences."""

import base64
import json
import os
from collections.abc import Iterator
from email import message_from_bytes
from typing import Any

import psycopg
import pytest
from starlette.testclient import TestClient

from geoportal.app import create_app
from geoportal.cli.keys import add_key
from geoportal.ogc.execution import preferences
from geoportal.settings import Settings
from layers.registry import load_layers
from tests.fix_api import LAYERS
from tests.fix_jobs import Jobs, await_worker, start_worker

ECHO = "/processes/echo/execution"


def test_one_output_comes_raw_and_several_in_a_document(jobs: Jobs) -> None:
    status, headers, text = jobs.run("echo", {"text": "Орша"}, outputs={"text": {}})
    assert (status, headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert text.decode() == "Орша"
    assert headers["cache-control"] == "private, no-store"
    measure = {"value": 5, "uom": "m"}
    image = base64.b64encode(os.urandom(1000)).decode()
    given = {"text": "x", "number": 2.5, "measure": {"value": measure}, "image": image}
    _, headers, text = jobs.run("echo", given, response="document")
    assert headers["content-type"] == "application/json"
    assert json.loads(text) == {
        "text": "x",
        "number": 2.5,
        "measure": {"mediaType": "application/json", "value": measure},
        "image": {"mediaType": "image/tiff", "encoding": "base64", "value": image},
    }


def test_several_raw_outputs_are_multipart(jobs: Jobs) -> None:
    _, headers, text = jobs.run("echo", {"text": "ab", "number": 7}, response="raw")
    head = f"Content-Type: {headers['content-type']}\r\n\r\n".encode()
    parts = {p["Content-ID"]: p for p in message_from_bytes(head + text).walk() if p["Content-ID"]}
    assert {name: part.get_payload(decode=True) for name, part in parts.items()} == {
        "<text>": b"ab", "<number>": b"7",
    }  # fmt: skip


def test_outputs_by_reference_can_be_fetched(jobs: Jobs) -> None:
    outputs = {"text": {"transmissionMode": "reference"}, "number": {}}
    given = {"text": "kept", "number": 1}
    _, _, text = jobs.run("echo", given, outputs=outputs, response="document")
    document = json.loads(text)
    assert document["number"] == 1
    path = document["text"]["href"].partition("/ogc")[2]
    assert jobs.call("GET", path)[2] == b"kept"
    outputs = {"text": {"transmissionMode": "reference"}}
    status, headers, text = jobs.run("echo", given, outputs=outputs, response="raw")
    assert (status, text) == (204, b"")
    assert "/results/text>" in headers["link"]


@pytest.mark.parametrize(
    ("inputs", "word"),
    [
        ({"number": "1"}, "Input number"),
        ({"nosuch": 1}, "Input nosuch"),
        ({"list": [1, "a"]}, "Input list/1"),
        ({"image": "%%%"}, "Input image"),
        ({"box": {"bbox": [1, 2, 3]}}, "Input box"),
        ({"features": {"href": "http://127.0.0.1:1/x"}}, "Input features"),
        ({"features": {"href": 5}}, "Input features"),
        ({"features": {"value": {"type": "Feature"}, "mediaType": "text/xml"}}, "text/xml"),
        ({"features": {"type": "Feature", "geometry": {"type": "Point"}}}, "not GeoJSON"),
    ],
)
def test_a_wrong_input_is_named(jobs: Jobs, inputs: Any, word: str) -> None:
    status, _, text = jobs.run("echo", inputs)
    assert status == 400, text
    assert word in json.loads(text)["detail"]


def test_swapped_axes_and_broken_rings_are_explained(jobs: Jobs) -> None:
    swapped = {"type": "Point", "coordinates": [53.9, 27.56]}
    assert b"swapped" in jobs.run("place", {"area": swapped})[2]
    bow = [[[30, 54], [31, 55], [31, 54], [30, 55], [30, 54]]]
    said = jobs.run("place", {"area": {"type": "Polygon", "coordinates": bow}})[2]
    assert b"30.5 54.5" in said


def test_preferences() -> None:
    assert preferences("respond-async, wait=5") == (True, 5.0)
    assert preferences("wait=5") == (False, 5.0)
    assert preferences("respond-sideways") == (False, None)
    assert preferences("respond-async; wait=x") == (True, None)


def test_a_job_is_answered_as_done_when_the_caller_waits(jobs: Jobs) -> None:
    headers = {"Prefer": "respond-async, wait=30"}
    status, found, text = jobs.call("POST", ECHO, {"inputs": {"text": "a"}}, **headers)
    assert (status, json.loads(text)["status"]) == (201, "successful")
    assert found["preference-applied"] == "respond-async"


def test_an_order_without_worker_and_too_many_jobs(database: str) -> None:
    given = Settings(database_url=database, jobs_per_owner=2)
    with TestClient(create_app(given)) as client:
        order: dict[str, Any] = {"inputs": {"text": "a"}}
        assert client.post(f"/ogc{ECHO}", json=order).status_code == 503
        later = {"Prefer": "respond-async"}
        codes = [client.post(f"/ogc{ECHO}", json=order, headers=later).status_code for _ in "abc"]
        assert codes == [201, 201, 429]


@pytest.fixture(scope="module")
def keys(jobs_database: str) -> dict[str, str]:
    layers = load_layers()
    with psycopg.connect(jobs_database, autocommit=True) as connection:
        return {n: add_key(connection, n, "editor", (), layers) for n in ("anna", "boris")}


def test_jobs_of_a_key_are_seen_by_that_key_only(jobs: Jobs, keys: dict[str, str]) -> None:
    anna, boris = {"X_API_Key": keys["anna"]}, {"X_API_Key": keys["boris"]}
    job = jobs.begin("echo", {"text": "hers"}, **anna)
    free = jobs.begin("echo", {"text": "free"})
    assert jobs.status(job, **anna)["jobID"] == job
    for headers in ({}, boris):
        for path in (f"/jobs/{job}", f"/jobs/{job}/results", f"/jobs/{job}/results/text"):
            assert jobs.call("GET", path, **headers)[0] == 404
        assert jobs.call("DELETE", f"/jobs/{job}", **headers)[0] == 404

    def listed(**headers: str) -> list[str]:
        return [one["jobID"] for one in json.loads(jobs.call("GET", "/jobs", **headers)[2])["jobs"]]

    assert listed(**anna) == [job]
    assert listed(**boris) == []
    # The jobs of `echo` that have no owner are everybody's; those of other processes nobody lists.
    hidden = jobs.begin("hello", {"name": "x"})
    assert free in listed()
    assert hidden not in listed()
    assert job not in listed()
    assert jobs.status(free)["jobID"] == free
    assert jobs.call("GET", "/jobs", X_API_Key="gp_wrong")[0] == 401


def test_a_job_that_is_over_can_be_removed(jobs: Jobs) -> None:
    job = jobs.begin("echo", {"text": "a"})
    jobs.await_status(job, "successful")
    assert jobs.call("DELETE", f"/jobs/{job}")[0] == 200
    assert jobs.call("GET", f"/jobs/{job}")[0] == 404


def test_pages_of_jobs_say_what_a_person_needs(jobs: Jobs) -> None:
    job = jobs.begin("echo", {"text": "a"})
    jobs.await_status(job, "successful")
    for path in ("/jobs", f"/jobs/{job}", f"/jobs/{job}/results"):
        for language in ("be", "ru", "en"):
            status, headers, text = jobs.call("GET", f"{path}?f=html&lang={language}")
            assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
            assert f'lang="{language}"'.encode() in text


@pytest.fixture(scope="module")
def parcels(api_database: str) -> Iterator[TestClient]:
    given = Settings(
        database_url=api_database, layers_dir=LAYERS, public_url="http://portal.example"
    )
    with start_worker(api_database, layers_dir=LAYERS):
        await_worker(api_database)
        with TestClient(create_app(given), base_url="http://portal.example") as client:
            yield client


def test_our_own_features_can_be_an_input(parcels: TestClient) -> None:
    items = "http://portal.example/ogc/collections/test_parcels/items"

    def run(href: str) -> Any:
        body = {"inputs": {"features": {"href": href}}, "outputs": {"features": {}}}
        return parcels.post(f"/ogc{ECHO}", json=body)

    few = run(f"{items}?limit=3&filter=id<3")
    assert few.status_code == 200, few.text
    assert [one["id"] for one in few.json()["features"]] == [1, 2]
    one = run(f"{items}/1")
    assert one.status_code == 200, one.text
    assert one.json()["id"] == 1
    for wrong in (
        f"{items}?nosuch=1", f"{items}/999999999", items.replace("test_parcels", "nosuch"),
        items.replace("portal.example", "portal.example.evil.test"), items.removesuffix("/items"),
    ):  # fmt: skip
        refused = run(wrong)
        assert refused.status_code == 400, wrong
        assert refused.json()["detail"].startswith("Input features")


@pytest.mark.parametrize("cost", [1.0, 1e9])
def test_no_feature_of_an_input_is_left_out_unsaid(
    api_database: str, monkeypatch: pytest.MonkeyPatch, cost: float
) -> None:
    monkeypatch.setattr("layers.count.MOST_COST", cost)  # whether they are counted or not
    given = Settings(
        database_url=api_database, layers_dir=LAYERS, public_url="http://portal.example",
        items_limit=20,
    )  # fmt: skip
    href = "http://portal.example/ogc/collections/test_parcels/items?filter=area_ha>1"
    with TestClient(create_app(given), base_url="http://portal.example") as client:
        answer = client.post(f"/ogc{ECHO}", json={"inputs": {"features": {"href": href}}})
    assert answer.status_code == 400, answer.text
    assert "more features than can be referred to" in answer.json()["detail"]
