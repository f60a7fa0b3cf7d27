"""Run the official OGC suites in GEOPORTAL_CITE_DIR against a server of ours on a fresh database.

Without that directory nothing is run and the last line says so; names of suites as arguments run
only these. Exit code 1 when a method failed or was skipped that conformance_known.yml does not
list, when one passed that it lists, or when fewer passed than must.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import yaml

from geoportal.cluster import Cluster
from geoportal.postgres import Account

ROOT = Path(__file__).resolve().parent.parent
SUITES = {"features10": 71, "tiles10": 16, "maps10": 20, "processes10": 51}
"""Suite -> how many methods must pass: all but those of conformance_known.yml."""

KNOWN = ROOT / "tools" / "conformance_known.yml"

TILES = "/tiles/WebMercatorQuad/{tileMatrix}/{tileRow}/{tileCol}?f=mvt"
# Four tiles of level 6 that all have settlements in them: the suite wants tiles with content.
PLACE = {"tilematrix": 6, "mintilerow": 20, "maxtilerow": 21, "mintilecol": 36, "maxtilecol": 37}

READY_S = 180.0
SUITE_S = 600


def main() -> int:
    """Run every suite; return the exit code."""
    folder = os.environ.get("GEOPORTAL_CITE_DIR")
    if not folder:
        print("conformance: skipped, GEOPORTAL_CITE_DIR is not set")
        return 0
    program = Path(folder).resolve() / "run-suite"
    if not program.exists():
        print(f"conformance: GEOPORTAL_CITE_DIR has no {program.name}: {folder}", file=sys.stderr)
        return 1
    if shutil.which("java") is None:
        print("conformance: the suites need Java 17 or later on the PATH", file=sys.stderr)
        return 1
    suites = {name: SUITES[name] for name in sys.argv[1:] or SUITES}
    known = yaml.safe_load(KNOWN.read_text(encoding="utf-8"))
    with database() as url, server(url) as address:
        return max(
            _run(program, suite, passed, known.get(suite, {}), address)
            for suite, passed in suites.items()
        )


def _run(program: Path, suite: str, passed: int, known: Mapping[str, str], address: str) -> int:
    print(f"conformance: {suite}, at least {passed} methods must pass", flush=True)
    root = f"{address}/ogc"
    command = [sys.executable, str(program), suite, root, "--json"]
    if suite == "tiles10":
        for name, value in {"urltemplatefortiles": root + TILES, **PLACE}.items():
            command += ["--set", f"{name}={value}"]
    done = subprocess.run(command, check=False, timeout=SUITE_S, stdout=subprocess.PIPE)
    if done.returncode == 2:
        return 2
    # Behind the outcomes stands a line of summary.
    outcomes, _ = json.JSONDecoder().raw_decode(done.stdout.decode())
    return judge(suite, passed, known, outcomes)


def judge(
    suite: str, least: int, known: Mapping[str, str], found: Sequence[Mapping[str, str]]
) -> int:
    """Tell what did not pass and why that is known; return the exit code."""
    methods: dict[str, str] = {}
    for one in found:
        # One failed call fails a method; it is skipped only when no call of it was passed: of the
        # five boxes that features10 asks everybody for, none has a feature of this country in it.
        former = methods.get(one["name"], "skipped")
        methods[one["name"]] = max(former, one["outcome"], key=_HEAVIER.index)
        if one["outcome"] != "passed":
            reason = known.get(one["name"])
            print(f"{one['outcome']:8}{one['name']}  {reason or one['message']}")
    counted = Counter(methods.values())
    new = [n for n, o in methods.items() if o != "passed" and n not in known]
    gone = [name for name in known if methods.get(name, "passed") == "passed"]
    for name in gone:
        print(f"conformance: {name} passes; take it out of {KNOWN.name}")
    for name in new:
        print(f"conformance: {name} does not pass and is not in {KNOWN.name}")
    told = ", ".join(f"{counted[name]} {name}" for name in ("passed", "failed", "skipped"))
    print(f"{suite}: methods {told}; {len(known)} known", flush=True)
    return int(bool(new or gone) or counted["passed"] < least)


_HEAVIER = ("skipped", "passed", "set-up", "failed")


@contextmanager
def database() -> Iterator[str]:
    """Give the URL of a throw-away cluster's database."""
    folder = Path(
        tempfile.mkdtemp(prefix="geoportal-cite-", dir="/tmp")
    )  # sockets need short paths
    account = Account.of_caller()
    account.own(folder)
    cluster = Cluster(folder, folder / "data", folder / "socket", account, durable=False)
    try:
        with cluster.use() as url:
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def server(url: str) -> Iterator[str]:
    """Give the address of a geoportal with its layers loaded; its settings are the defaults."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    keep = {"GEOPORTAL_SOURCES_DIR"}
    environ = {k: v for k, v in os.environ.items() if not k.startswith("GEOPORTAL_") or k in keep}
    environ |= {"GEOPORTAL_DATABASE_URL": url, "GEOPORTAL_PORT": str(port)}
    process = subprocess.Popen([sys.executable, "-m", "geoportal", "up"], cwd=ROOT, env=environ)
    try:
        _await_ready(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def _await_ready(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/health/ready")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.2)
    sys.exit("conformance: the server did not get ready")


if __name__ == "__main__":
    sys.exit(main())
