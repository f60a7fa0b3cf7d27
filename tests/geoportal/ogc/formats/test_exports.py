"""Exports over the wire: bounded memory and time, nothing left behind, errors that show."""

import csv
import http.client
import io
import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from starlette.testclient import TestClient

from geoportal.ogc.formats.files import PREFIX
from geoportal.ogc.formats.registry import FORMATS, disposition
from tests.fix_exports import Connection
from tests.fix_server import Server, start_server

PROBE = "/ogc/collections/probe/items"
MANY = "/ogc/collections/many/items"
MEGABYTE = 1_000_000
ACTIVE = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND state <> 'idle' AND pid <> pg_backend_pid()"
)


@pytest.fixture(scope="module")
def exports_server(exports_database: str, exports_layers: Path, many: int) -> Iterator[Server]:
    assert many
    with start_server(exports_database, layers_dir=exports_layers, exports=1) as server:
        yield server


def worker(server: Server) -> psutil.Process:
    """The process that answers requests."""
    children = psutil.Process(server.process.pid).children()
    return max(children, key=lambda one: one.memory_info().rss)


class Watch:
    """The largest memory of the worker, and of the children it starts, while it is watched."""

    def __init__(self, server: Server) -> None:
        self._worker = worker(server)
        self.before = self.peak = self._worker.memory_info().rss
        self.child_peak = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def _look(self) -> None:
        while not self._over.wait(0.02):
            self.peak = max(self.peak, self._worker.memory_info().rss)
            for child in self._worker.children():
                try:
                    self.child_peak = max(self.child_peak, child.memory_info().rss)
                except psutil.NoSuchProcess:
                    continue

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def growth(self) -> int:
        return self.peak - self.before


def eventually(condition: Callable[[], bool], within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


def active(connection: Connection) -> int:
    row = connection.execute(ACTIVE).fetchone()
    assert row is not None
    return int(row[0])


def folders() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))


def hang(server: Server, path: str) -> socket.socket:
    """Send a request and leave its answer unread."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=5)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return connection


@pytest.mark.parametrize("format_", ["csv", "geojsonseq", "kml"])
def test_text_of_many_rows_needs_little_memory(
    exports_server: Server, many: int, format_: str
) -> None:
    exports_server.request("GET", f"{PROBE}?f={format_}")
    with Watch(exports_server) as watch:
        status, headers, body = exports_server.request("GET", f"{MANY}?f={format_}")
    assert status == 200
    assert int(headers["ogc-numberreturned"]) == many
    mark = {"csv": b"\r\n", "geojsonseq": b"\x1e", "kml": b"<Placemark "}[format_]
    assert body.count(mark) - (format_ == "csv") == many
    assert len(body) > 25 * MEGABYTE
    assert watch.growth < 25 * MEGABYTE, f"{watch.growth / 1e6:.0f} MB"


@pytest.mark.parametrize("format_", ["parquet", "gpkg"])
def test_file_of_many_rows_needs_little_memory(
    exports_server: Server, many: int, format_: str
) -> None:
    exports_server.request("GET", f"{PROBE}?f={format_}")
    with Watch(exports_server) as watch:
        status, headers, body = exports_server.request("GET", f"{MANY}?f={format_}")
    assert status == 200
    assert int(headers["ogc-numberreturned"]) == many
    assert int(headers["content-length"]) == len(body)
    assert watch.growth < 25 * MEGABYTE, f"{watch.growth / 1e6:.0f} MB"
    assert 0 < watch.child_peak < 400 * MEGABYTE, f"{watch.child_peak / 1e6:.0f} MB"
    assert eventually(lambda: folders() == set(), 2)


def test_caller_who_reads_slowly_costs_no_memory(exports_server: Server) -> None:
    with Watch(exports_server) as watch, hang(exports_server, f"{MANY}?f=geojsonseq") as connection:
        for _ in range(20):
            assert connection.recv(4096)
            time.sleep(0.1)
    assert watch.growth < 25 * MEGABYTE, f"{watch.growth / 1e6:.0f} MB"


@pytest.fixture
def locked(exports_database: str) -> Iterator[None]:
    with psycopg.connect(exports_database) as holder:
        holder.execute("LOCK TABLE features.probe IN ACCESS EXCLUSIVE MODE")
        yield
        holder.rollback()


@pytest.mark.usefixtures("locked")
@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_query_ends_when_its_caller_leaves(
    exports_server: Server, postgis: Connection, format_: str
) -> None:
    before = active(postgis)
    connection = hang(exports_server, f"{PROBE}?f={format_}")
    assert eventually(lambda: active(postgis) == before + 1, 10)
    connection.close()
    assert eventually(lambda: active(postgis) == before, 5)
    assert eventually(lambda: not worker(exports_server).children(), 2)
    assert eventually(lambda: folders() == set(), 2)


def test_query_ends_when_its_caller_leaves_in_the_middle(
    exports_server: Server, postgis: Connection
) -> None:
    connection = hang(exports_server, f"{MANY}?f=csv")
    assert b"200 OK" in connection.recv(4096)
    assert eventually(lambda: active(postgis) == 1, 5)
    connection.close()
    assert eventually(lambda: active(postgis) == 0, 5)


@pytest.mark.usefixtures("locked")
def test_more_exports_than_places_are_asked_to_come_back(
    exports_server: Server, postgis: Connection
) -> None:
    before = active(postgis)
    with hang(exports_server, f"{PROBE}?f=csv"):
        assert eventually(lambda: active(postgis) == before + 1, 5)
        status, headers, body = exports_server.request("GET", f"{MANY}?f=csv&limit=1")
        assert (status, json.loads(body)["title"]) == (503, "Busy")
        assert int(headers["retry-after"]) > 0
    assert eventually(lambda: active(postgis) == before, 5)
    assert exports_server.request("GET", f"{MANY}?f=csv&limit=1")[0] == 200


@pytest.mark.usefixtures("locked")
@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_export_that_takes_too_long_is_a_problem(
    exports_database: str, exports_layers: Path, format_: str
) -> None:
    given = {"layers_dir": exports_layers, "export_timeout_s": 2}
    with start_server(exports_database, **given) as server:
        status, headers, body = server.request("GET", f"{PROBE}?f={format_}")
    assert (status, json.loads(body)["title"]) == (503, "Query took too long")
    assert headers["content-type"] == "application/problem+json"


def test_error_in_the_middle_breaks_the_body(exports_server: Server, postgis: Connection) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", exports_server.port, timeout=30)
    connection.request("GET", f"{MANY}?f=csv")
    answer = connection.getresponse()
    assert answer.status == 200
    answer.read(MEGABYTE)
    postgis.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state <> 'idle'"
        " AND datname = current_database() AND pid <> pg_backend_pid()"
    )
    with pytest.raises(http.client.IncompleteRead):
        answer.read()
    connection.close()


def test_web_process_has_no_arrow() -> None:
    code = (
        "import sys, geoportal.app; print([m for m in ('pyarrow','pyogrio') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def lines(client: TestClient, query: str) -> list[list[str]]:
    answer = client.get(f"{PROBE}?f=csv&{query}")
    assert answer.status_code == 200, answer.text
    rows = list(csv.reader(io.StringIO(answer.text, newline="")))[1:]
    assert int(answer.headers["ogc-numberreturned"]) == len(rows)
    return rows


def test_export_has_everything_unless_a_limit_cuts(
    exports_server: Server, many: int, exports_client: TestClient
) -> None:
    # Above the largest page of GeoJSON, too.
    body = exports_server.request("GET", f"{MANY}?f=csv&limit=15000&properties=kind")[2]
    assert body.count(b"\n") == 15_001
    body = exports_server.request("GET", f"{MANY}?f=csv&limit=1000000&properties=kind")[2]
    assert body.count(b"\n") == many + 1
    assert len(exports_client.get(f"{PROBE}?f=json").json()["features"]) == 10
    assert len(lines(exports_client, "")) == 15
    assert [row[0] for row in lines(exports_client, "limit=3&offset=4")] == ["5", "6", "7"]


@pytest.mark.parametrize(
    "case",
    [
        ("kind=house&floors=2", "kind = 'house' AND floors = 2", "id"),
        ("bbox=30.03,54,30.06,54.1",
         "ST_Intersects(geom, ST_MakeEnvelope(30.03, 54, 30.06, 54.1, 4326))", "id"),
        ("datetime=2026-10-05/2026-10-09",
         "seen BETWEEN '2026-10-05' AND '2026-10-09T23:59:59.999999'", "id"),
        ("sortby=-floors,kind", "true", "floors DESC, kind, id"),
        ("filter=floors%3E5%20AND%20name%20IS%20NOT%20NULL",
         "floors > 5 AND name IS NOT NULL", "id"),
        ("filter=S_INTERSECTS(geometry,POINT(30.051%2054.001))",
         "ST_Intersects(geom, ST_SetSRID(ST_MakePoint(30.051, 54.001), 4326))", "id"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("format_", ["csv", "fgb"])
def test_filters_and_order_are_those_of_items(
    exports_client: TestClient, postgis: Connection, case: tuple[str, str, str], format_: str,
    tmp_path: Path,
) -> None:  # fmt: skip
    query, where, order = case
    rows = postgis.execute(f"SELECT id FROM features.probe WHERE {where} ORDER BY {order}".encode())
    wanted = [row[0] for row in rows]
    assert wanted
    page = exports_client.get(f"{PROBE}?f=json&limit=100&{query}").json()
    assert [f["id"] for f in page["features"]] == wanted
    if format_ == "csv":
        assert [int(row[0]) for row in lines(exports_client, query)] == wanted
        return
    import pyogrio

    path = tmp_path / "some.fgb"
    path.write_bytes(exports_client.get(f"{PROBE}?f=fgb&{query}").content)
    found = pyogrio.read_arrow(path)[1].column("id").to_pylist()
    assert (found if "sortby" in query else sorted(found)) == wanted


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_by_accept(exports_client: TestClient, format_: str) -> None:
    media_type = FORMATS[format_].media_type.partition(";")[0]
    answer = exports_client.get(f"{PROBE}?limit=1", headers={"Accept": media_type})
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert answer.headers["ogc-numberreturned"] == "1"


@pytest.mark.parametrize("format_", FORMATS)
def test_head_tells_the_number_and_makes_nothing(exports_client: TestClient, format_: str) -> None:
    answer = exports_client.head(f"{PROBE}?f={format_}")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["ogc-numberreturned"] == "15"
    assert "content-length" not in answer.headers


def test_unknown_format_is_named(exports_client: TestClient) -> None:
    answer = exports_client.get(f"{PROBE}?f=dxf")
    assert answer.status_code == 400
    assert all(name in answer.json()["detail"] for name in FORMATS)
    assert exports_client.get(f"{PROBE}/1?f=gpkg").status_code == 400


def test_wrong_filter_is_a_problem_before_anything_is_sent(exports_client: TestClient) -> None:
    for query in ("bbox=1,2,3", "cursor=xyz", "floors=many", "sortby=nosuch", "nosuch=1"):
        answer = exports_client.get(f"{PROBE}?f=csv&{query}")
        assert answer.status_code == 400, query
        assert answer.headers["content-type"] == "application/problem+json"


def test_page_has_links_to_every_format(exports_client: TestClient) -> None:
    page: dict[str, Any] = exports_client.get(f"{PROBE}?f=json&kind=house&limit=2").json()
    links = {one["type"]: one for one in page["links"] if one["rel"] == "alternate"}
    for one in FORMATS.values():
        href = links[one.media_type.partition(";")[0]]["href"]
        assert href.endswith(f"/items?kind=house&f={one.name}")
    collection = exports_client.get("/ogc/collections/probe?f=json").json()
    types = {one["type"] for one in collection["links"] if one["rel"] == "items"}
    assert types >= {one.media_type.partition(";")[0] for one in FORMATS.values()}


@pytest.mark.parametrize("path", [PROBE, "/ogc/collections/probe"])
def test_pages_offer_downloads(exports_client: TestClient, path: str) -> None:
    text = exports_client.get(f"{path}?f=html&lang=ru").text
    assert "Скачать" in text
    for name in FORMATS:
        assert f"f={name}" in text


def test_file_has_a_name_that_people_understand(exports_client: TestClient) -> None:
    given = exports_client.get(f"{PROBE}?f=csv&limit=1&lang=be").headers["content-disposition"]
    assert given.startswith('attachment; filename="probe-20')
    assert "filename*=UTF-8''%D0%91%D1%83%D0%B4%D1%8B%D0%BD%D0%BA%D1%96%2020" in given


def test_name_of_a_file_holds_no_header_of_its_own() -> None:
    given = disposition("x", 'a"\r\nSet-Cookie: b=c;/../', "2026-11-21", "csv")
    plain, spoken = given.split("; filename*=")
    assert plain == 'attachment; filename="x-2026-11-21.csv"'
    assert spoken == "UTF-8''aSet-Cookie%20b%3Dc..%202026-11-21.csv"
