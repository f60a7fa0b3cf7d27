"""Time from `geoportal up` to a served country and quarter: the first start, and the second."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.errors import ServerFailed
from benchmarks.place import console, folder, free_port

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("geoportal", "processing", "layers", "data", "pyproject.toml")
WANTED_S = (120, 10)
LONGEST_S = 300
STOP_S = 30


def main(quick: bool, features: int | None = None) -> int:
    """Start a copy of the checkout twice and print the times; nothing is smaller or larger here."""
    del quick, features
    with folder() as inside, _checkout(inside / "geoportal-by") as checkout:
        for title, wanted in zip(("first start", "second start"), WANTED_S, strict=True):
            took = _start(checkout, inside / "up.log")
            verdict = "reached" if took < wanted else "MISSED"
            console.print(f"{title}: ready in {took:.1f} s (wanted: under {wanted} s: {verdict})")
    return 0


@contextmanager
def _checkout(copy: Path) -> Iterator[Path]:
    """Give a copy of what runs, so that the database of the checkout itself is left alone."""
    for room in ROOMS:
        source = ROOT / room
        if source.is_dir():
            shutil.copytree(source, copy / room, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, copy / room)
    try:
        yield copy
    finally:
        _geoportal(copy, "db", "stop").wait(STOP_S)
        note = copy / ".geoportal" / "cluster"
        if note.exists():
            said = json.loads(note.read_text())
            for name in ("data", "socket"):
                shutil.rmtree(said[name], ignore_errors=True)


def _geoportal(checkout: Path, *words: str, **variables: str) -> subprocess.Popen[bytes]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith("GEOPORTAL_")}
    if "GEOPORTAL_SOURCES_DIR" in os.environ:
        environ["GEOPORTAL_SOURCES_DIR"] = os.environ["GEOPORTAL_SOURCES_DIR"]
    environ |= variables | {"PYTHONPATH": str(checkout)}
    log = (checkout.parent / "up.log").open("ab")
    return subprocess.Popen(
        [sys.executable, "-m", "geoportal", *words], cwd=checkout, env=environ,
        stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
    )  # fmt: skip


def _start(checkout: Path, log: Path) -> float:
    """Run `up` until it serves; stop it; return the seconds. Raises ServerFailed."""
    port = free_port()
    started = time.monotonic()
    process = _geoportal(checkout, "up", GEOPORTAL_PORT=str(port))
    try:
        while time.monotonic() - started < LONGEST_S and process.poll() is None:
            if _ready(port):
                return time.monotonic() - started
            time.sleep(0.05)
        raise ServerFailed(f"`geoportal up` did not get ready: {log.read_text()[-500:]}")
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
