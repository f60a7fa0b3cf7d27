"""The list of bad requests, sent over the wire to a server of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import directory
from tests.fix_jobs import Jobs
from tests.fix_server import Server

GROUPS = (
    "page,bbox,dt,id,coll,crs,param,path,attr,tile,meth,neg,http,html,json,static,geom,csv,cql,map"
)


def test_every_bad_request_is_answered_as_wanted(api_server: Server, tmp_path: Path) -> None:
    checks = directory("GEOPORTAL_CHECKS_DIR")
    result = subprocess.run(
        [sys.executable, checks / "bad_inputs_run.py", f"{api_server.url}/ogc",
         "collection=test_parcels", "invalid=test_broken", "map=test_parcels",
         "--only", GROUPS, "--out", tmp_path / "answers.json"],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    assert len(json.loads((tmp_path / "answers.json").read_text())) == 80


def test_every_bad_execution_and_job_is_answered_as_wanted(jobs: Jobs, tmp_path: Path) -> None:
    checks = directory("GEOPORTAL_CHECKS_DIR")
    result = subprocess.run(
        [sys.executable, checks / "bad_inputs_run.py", f"{jobs.server.url}/ogc",
         "process=hello", "geomprocess=place", "--only", "proc,job",
         "--out", tmp_path / "answers.json"],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    assert len(json.loads((tmp_path / "answers.json").read_text())) == 18


@pytest.mark.parametrize("path", ["/", "/map", "/ogc", "/nosuch", "/ogc/nosuch", "/health/live"])
def test_long_headers_and_addresses_are_refused_everywhere(api_server: Server, path: str) -> None:
    status, headers, body = api_server.request("GET", path, {"X-A": "a" * 64_000})
    assert status == 431
    assert headers["content-type"] == "application/problem+json"
    assert json.loads(body)["instance"] == f"urn:uuid:{headers['x-request-id']}"
    status, headers, _ = api_server.request("GET", f"{path}?x={'a' * 40_000}")
    assert (status, headers["content-type"]) == (414, "application/problem+json")


def test_unknown_method_reaches_us(api_server: Server) -> None:
    for path in ("/", "/map", "/ogc/collections", "/health/ready"):
        status, headers, _ = api_server.request("FOO", path)
        assert (status, headers["content-type"]) == (405, "application/problem+json"), path
        assert "GET" in headers["allow"]


def test_body_that_is_too_long_is_refused(api_server: Server) -> None:
    path = "/ogc/processes/service-coverage/execution"
    headers = {"Content-Type": "application/json"}
    status, _, _ = api_server.request("POST", path, headers, b" " * 1_100_000)
    assert status == 413
