"""schemathesis: what the API definition promises holds for whatever it lets a caller send."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fix_api import FIXTURES
from tests.fix_server import Server

SECONDS = 60
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance",
    "response_headers_conformance", "response_schema_conformance", "negative_data_rejection",
    "unsupported_method", "allow_header_conformance", "missing_required_header",
)  # fmt: skip


@pytest.mark.slow
def test_no_generated_request_breaks_the_definition(api_server: Server, tmp_path: Path) -> None:
    """First every border of every parameter, then random requests until the time is up."""
    done = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"),
            "--config-file", FIXTURES / "schemathesis.toml", "run", f"{api_server.url}/ogc/openapi",
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
