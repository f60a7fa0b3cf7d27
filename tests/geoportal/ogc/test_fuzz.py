"""schemathesis: what the API definition promises holds for whatever it lets a caller send."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fix_api import FIXTURES, new_api_database
from tests.fix_jobs import await_worker, start_worker
from tests.fix_server import Server, start_server

SECONDS = 60
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance",
    "response_headers_conformance", "response_schema_conformance", "negative_data_rejection",
    "unsupported_method", "allow_header_conformance", "missing_required_header",
)  # fmt: skip


@pytest.fixture
def fuzzed(server: str, template: str) -> Iterator[Server]:
    """A server with a worker over a database that nobody else reads: executions write."""
    with (
        new_api_database(server, template) as url,
        start_worker(url, processes=""),
        start_server(url) as running,
    ):
        await_worker(url)
        yield running


@pytest.mark.slow
def test_no_generated_request_breaks_the_definition(fuzzed: Server, tmp_path: Path) -> None:
    """First every border of every parameter, then random requests until the time is up."""
    done = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"),
            "--config-file", FIXTURES / "schemathesis.toml", "run", f"{fuzzed.url}/ogc/openapi",
            "--phases", "coverage,fuzzing", "--checks", ",".join(CHECKS),
            "--max-time", str(SECONDS), "--max-examples", "50", "--seed", "20261121",
            "--continue-on-failure", "--no-color", "--warnings", "off",
        ],
        check=False, capture_output=True, text=True, cwd=tmp_path, timeout=SECONDS * 4,
        env=os.environ
        | {"PYTHONPATH": str(FIXTURES), "SCHEMATHESIS_HOOKS": "schemathesis_hooks"},
    )  # fmt: skip
    told = "\n".join(line[:300] for line in (done.stdout + done.stderr).splitlines())
    assert done.returncode == 0, told
    assert "Tested:" in done.stdout
