"""The servers that are compared: how each is started and addressed, and how it is stopped.

All of them serve the same rows from the same database, on the loopback address, at the same time;
only one is asked at a time.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg

from benchmarks import stock
from benchmarks.errors import ServerFailed
from benchmarks.place import LAYER, PLAIN, Place, free_port

WORKERS = 4
"""A connection stays with the worker that took it; of two, one often gets all four clients."""
READY_S = 60.0
STOP_S = 5.0
LINGER_S = 4.0  # so long the last answers of a measurement may still be under way
TABLE = f"{PLAIN}.{LAYER}"
OURS = "geoportal"
KEEPING = "geoportal, tiles kept"
NAME = "geoportal-bench"
"""Begins the name under which each server is known to the database."""


@dataclass(frozen=True)
class Tile:
    """The address of a WebMercatorQuad tile."""

    z: int
    x: int
    y: int


@dataclass(frozen=True)
class Server:
    """One server: the command that runs it and the paths of its answers; None = has no such."""

    name: str
    command: list[str]
    environ: Mapping[str, str]
    port: int
    ready: str
    items: Callable[[str], str] | None = None
    item: Callable[[int], str] | None = None
    tile: Callable[[Tile], str] | None = None
    rough: Callable[[Tile], str] | None = None
    """A tile of a low level, which takes some servers minutes."""
    unchanged: Callable[[Tile], str] | None = None
    """A tile whose caller has it already."""
    following: Callable[[str], str] | None = None
    """Items behind a cursor."""


@dataclass
class Running:
    """A server that runs; `processes` are all of its own."""

    server: Server
    process: subprocess.Popen[bytes]
    log: Path
    address: str = field(init=False)

    def __post_init__(self) -> None:
        self.address = f"http://127.0.0.1:{self.server.port}"

    def await_ready(self) -> None:
        """Wait until it answers; raises ServerFailed when it does not in time."""
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline and self.process.poll() is None:
            connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=5)
            try:
                connection.request("GET", self.server.ready)
                if connection.getresponse().status == 200:
                    return
            except (OSError, http.client.HTTPException):
                time.sleep(0.1)
            finally:
                connection.close()
        last = self.log.read_text(errors="replace").strip()[-500:]
        raise ServerFailed(f"{self.server.name} does not answer: {last or 'it said nothing'}")

    def processes(self) -> list[int]:
        """Return the ids of its processes, the first one is the one that was started."""
        return [self.process.pid, *_descendants(self.process.pid)]

    def memory_mb(self) -> float:
        """Return the resident memory of its largest process now, MB."""
        return max(_resident_mb(pid) for pid in self.processes())


def ours(place: Place, tile_cache_mb: int = 0, name: str = OURS) -> Server:
    """Return the geoportal itself; by default it keeps no tile."""
    port = free_port()
    base = f"/ogc/collections/{LAYER}"

    def tile(t: Tile) -> str:
        return f"{base}/tiles/WebMercatorQuad/{t.z}/{t.y}/{t.x}"

    return Server(
        name=name,
        command=[sys.executable, "-m", "geoportal", "serve"],
        environ={
            "GEOPORTAL_DATABASE_URL": place.url,
            "GEOPORTAL_LAYERS_DIR": str(place.layers_dir),
            "GEOPORTAL_PORT": str(port),
            "GEOPORTAL_WORKERS": str(WORKERS),
            "GEOPORTAL_TILE_CACHE_MB": str(tile_cache_mb),
        },
        port=port,
        ready="/health/ready",
        items=lambda query: f"{base}/items?{query}",
        item=lambda id_: f"{base}/items/{id_}",
        tile=tile,
        rough=tile,
        unchanged=tile,
        following=lambda query: f"{base}/items?{query}",
    )


def keeping_tiles(place: Place) -> Server:
    """Return the geoportal with its cache of tiles in memory, asked for tiles only."""
    return replace(
        ours(place, 64, KEEPING), items=None, item=None, rough=None, unchanged=None, following=None
    )


def stock_pygeoapi(place: Place, folder: Path) -> Server:
    """Return pygeoapi as it is installed: its own application and providers."""
    port = free_port()
    files = stock.prepare(place, folder, port)
    base = f"/collections/{LAYER}"
    return Server(
        name="pygeoapi",
        command=[
            *(sys.executable, "-m", "uvicorn", "pygeoapi.starlette_app:APP"),
            *("--host", "127.0.0.1", "--port", str(port), "--workers", str(WORKERS)),
            *("--log-level", "warning", "--no-access-log"),
        ],
        environ=files,
        port=port,
        ready="/conformance?f=json",
        items=lambda query: f"{base}/items?{query}&f=json",
        item=lambda id_: f"{base}/items/{id_}?f=json",
        tile=lambda t: f"{base}/tiles/WebMercatorQuad/{t.z}/{t.y}/{t.x}?f=mvt",
    )


def tipg(place: Place) -> Server:
    """Return tipg."""
    port = free_port()
    base = f"/collections/{TABLE}"
    socket = quote(str(place.socket_folder), safe="")
    return Server(
        name="tipg",
        command=[
            *(sys.executable, "-m", "uvicorn", "tipg.main:app"),
            *("--host", "127.0.0.1", "--port", str(port), "--workers", str(WORKERS)),
            *("--log-level", "warning", "--no-access-log"),
        ],
        environ={
            "DATABASE_URL": f"postgresql://{place.user}@{socket}/{place.name}",
            "TIPG_DB_SCHEMAS": json.dumps([PLAIN]),
            # Without these it looks through the whole table at each start.
            "TIPG_DB_SPATIAL_EXTENT": "FALSE",
            "TIPG_DB_DATETIME_EXTENT": "FALSE",
        },
        port=port,
        ready="/healthz",
        items=lambda query: f"{base}/items?{query}&f=geojson",
        item=lambda id_: f"{base}/items/{id_}?f=geojson",
        tile=lambda t: f"{base}/tiles/WebMercatorQuad/{t.z}/{t.x}/{t.y}",
    )


def pg_featureserv(place: Place, programs: Path) -> Server:
    """Return pg_featureserv."""
    port = free_port()
    base = f"/collections/{TABLE}/items"
    return Server(
        name="pg_featureserv",
        command=[str(programs / "pg_featureserv")],
        environ={
            "DATABASE_URL": place.url,
            "PGFS_SERVER_HTTPHOST": "127.0.0.1",
            "PGFS_SERVER_HTTPPORT": str(port),
            "PGFS_PAGING_LIMITMAX": "10000",
        },
        port=port,
        ready="/collections.json",
        items=lambda query: f"{base}.json?{query}",
        item=lambda id_: f"{base}/{id_}.json",
    )


def pg_tileserv(place: Place, programs: Path) -> Server:
    """Return pg_tileserv."""
    port = free_port()
    return Server(
        name="pg_tileserv",
        command=[str(programs / "pg_tileserv")],
        environ={
            "DATABASE_URL": place.url,
            "TS_HTTPHOST": "127.0.0.1",
            "TS_HTTPPORT": str(port),
        },
        port=port,
        ready="/index.json",
        tile=lambda t: f"/{TABLE}/{t.z}/{t.x}/{t.y}.pbf",
        rough=lambda t: f"/{TABLE}/{t.z}/{t.x}/{t.y}.pbf",
    )


def martin(place: Place, programs: Path, folder: Path) -> Server:
    """Return martin without its cache."""
    port = free_port()
    settings = folder / "martin.yaml"
    # Every JSON document is YAML, which is what martin reads.
    settings.write_text(
        json.dumps(
            {
                "listen_addresses": f"127.0.0.1:{port}",
                "worker_processes": WORKERS,
                "cache_size_mb": 0,
                "postgres": {
                    "connection_string": f"{place.url}&application_name={NAME}-martin",
                    "pool_size": 8,
                    "auto_publish": {"from_schemas": PLAIN},
                },
            }
        )
    )
    return Server(
        name="martin",
        command=[str(programs / "martin"), "--config", str(settings)],
        environ={},
        port=port,
        ready="/health",
        tile=lambda t: f"/{LAYER}/{t.z}/{t.x}/{t.y}",
        rough=lambda t: f"/{LAYER}/{t.z}/{t.x}/{t.y}",
    )


def found(place: Place, folder: Path) -> tuple[list[Server], list[str]]:
    """Return the servers that can be compared here, ours first, and why others are left out."""
    servers, missing = [ours(place), keeping_tiles(place)], []
    absent = [name for name in ("psycopg2", "geoalchemy2", "uvicorn") if find_spec(name) is None]
    if absent:
        missing.append(f"pygeoapi: {', '.join(absent)} not installed (requirements/bench.txt)")
    else:
        servers.append(stock_pygeoapi(place, folder))
    if find_spec("tipg") is None:
        missing.append("tipg: not installed (requirements/bench.txt)")
    else:
        servers.append(tipg(place))
    given = os.environ.get("GEOPORTAL_PEERS_DIR")
    if not given:
        missing.append("pg_featureserv, pg_tileserv, martin: GEOPORTAL_PEERS_DIR is not set")
        return servers, missing
    programs = Path(given).resolve()
    makers: dict[str, Callable[[], Server]] = {
        "pg_featureserv": lambda: pg_featureserv(place, programs),
        "pg_tileserv": lambda: pg_tileserv(place, programs),
        "martin": lambda: martin(place, programs, folder),
    }
    for name, make in makers.items():
        if (programs / name).is_file():
            servers.append(make())
        else:
            missing.append(f"{name}: not in GEOPORTAL_PEERS_DIR")
    return servers, missing


@contextmanager
def running(server: Server, folder: Path) -> Iterator[Running]:
    """Run a server for a block; it need not be ready at the beginning."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("GEOPORTAL_")}
    environ |= {"PGAPPNAME": f"{NAME}-{server.name}", **server.environ}
    log = folder / f"{server.name.replace(', ', '-').replace(' ', '-')}.log"
    with log.open("wb") as output:
        # A session of its own: a Ctrl-C reaches only us, and we stop it with all its children.
        process = subprocess.Popen(
            server.command, env=environ, cwd=Path(__file__).parents[1],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    try:
        yield Running(server, process, log)
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            continue
    process.wait()


def end_queries(place: Place, server: Server) -> int:
    """End what a server left running in the database; return how many queries there were."""
    running = "FROM pg_stat_activity WHERE application_name = %s AND state = 'active'"
    name = [f"{NAME}-{server.name}"]
    deadline = time.monotonic() + LINGER_S
    with psycopg.connect(place.url, autocommit=True) as connection:
        while time.monotonic() < deadline:
            time.sleep(0.1)
            if not connection.execute(f"SELECT pid {running}".encode(), name).fetchall():
                return 0
        left = connection.execute(f"SELECT pg_terminate_backend(pid) {running}".encode(), name)
        return len(left.fetchall())


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(word) for word in task.read_text().split()]
        except OSError:
            continue
        for child in children:
            found += [child, *_descendants(child)]
    return found


def _resident_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(x.split()[1]) / 1024 for x in lines if x.startswith("VmRSS:")), 0.0)
