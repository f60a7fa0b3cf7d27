"""Servers that mislead or dawdle: the client follows no link elsewhere and keeps its deadline."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import override

import pytest

from geoportal.client import Geoportal
from geoportal.client.connection import Connection, origin
from geoportal.client.errors import DeadlinePassed, ForeignLink, NotReachable, RequestRefused

Answer = Callable[[BaseHTTPRequestHandler], None]

ABOUT = {
    "title": "Trees", "status": "open", "attribution": "", "licence": {"title": "CC0"},
    "properties": {"id": {"x-ogc-role": "id"}},
}  # fmt: skip
TREE = {
    "type": "Feature", "id": 1, "properties": {},
    "geometry": {"type": "Point", "coordinates": [1, 2]},
}  # fmt: skip


@contextmanager
def serving(answer: Answer) -> Iterator[tuple[str, list[str]]]:
    """A server that answers as told; gives its address and the paths it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        @override
        def log_message(self, *_: object) -> None: ...

        def do_GET(self) -> None:
            asked.append(self.path)
            try:
                answer(self)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def send(handler: BaseHTTPRequestHandler, document: object, status: int = 200) -> None:
    body = json.dumps(document).encode()
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def page(next_url: str | None) -> dict[str, object]:
    links = [] if next_url is None else [{"rel": "next", "href": next_url}]
    return {"features": [TREE], "links": links}


def collection(next_url: Callable[[], str]) -> Answer:
    """A collection whose first page names a next one."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        first = "/items" in handler.path and "last" not in handler.path
        send(handler, page(next_url() if first else None) if "/items" in handler.path else ABOUT)

    return answer


def test_a_next_link_within_the_origin_is_followed() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        host = handler.headers["Host"]
        collection(lambda: f"http://{host}/ogc/collections/trees/items?last=1")(handler)

    with serving(answer) as (address, asked):
        assert len(Geoportal(f"{address}/ogc").items("trees")) == 2
    assert asked[-1] == "/ogc/collections/trees/items?last=1"


@pytest.mark.parametrize("scheme", ["http", "https", "file", "ftp"])
def test_a_next_link_to_another_origin_is_not_followed(scheme: str) -> None:
    with serving(lambda handler: send(handler, page(None))) as (elsewhere, asked):
        foreign = elsewhere.replace("http", scheme, 1)
        with (
            serving(collection(lambda: foreign)) as (address, _),
            pytest.raises(ForeignLink, match="not followed"),
        ):
            Geoportal(f"{address}/ogc").items("trees")
    assert asked == []


def test_a_redirection_to_another_origin_is_not_followed() -> None:
    with serving(lambda handler: send(handler, {})) as (elsewhere, asked):

        def redirect(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(302)
            handler.send_header("Location", elsewhere)
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        with serving(redirect) as (address, _), pytest.raises(ForeignLink):
            Connection(address, language="en", timeout_s=5).get("/")
    assert asked == []


def test_an_empty_page_is_the_last_one() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        again = {"rel": "next", "href": f"http://{handler.headers['Host']}/ogc/items"}
        send(handler, {"features": [], "links": [again]} if "/items" in handler.path else ABOUT)

    with serving(answer) as (address, asked):
        assert len(Geoportal(f"{address}/ogc").items("trees")) == 0
    assert len(asked) == 3


def endless(handler: BaseHTTPRequestHandler) -> None:
    """Every page names itself as the next one."""
    url = f"http://{handler.headers['Host']}{handler.path}"
    send(handler, page(url) if "/items" in handler.path else ABOUT)


def silent(_: BaseHTTPRequestHandler) -> None:
    time.sleep(3)


def dripping(handler: BaseHTTPRequestHandler) -> None:
    """A byte now and then: no single read of the client ever waits long."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(60):
        handler.wfile.write(b" ")
        time.sleep(0.05)


@pytest.mark.parametrize("answer", [endless, silent, dripping], ids=lambda f: f.__name__)
def test_one_deadline_holds_for_all_requests_of_a_call(answer: Answer) -> None:
    with serving(answer) as (address, _):
        start = time.monotonic()
        with pytest.raises(DeadlinePassed, match=r"within the 0\.5 s"):
            Geoportal(f"{address}/ogc", timeout_s=0.5).items("trees")
        assert time.monotonic() - start < 2


def test_a_problem_document_is_repeated_and_other_errors_are_told() -> None:
    problem = {"title": "Busy", "detail": "Try again in a minute."}
    with (
        serving(lambda handler: send(handler, problem, 503)) as (address, _),
        pytest.raises(RequestRefused, match=r"answered 503: Busy: Try again in a minute\."),
    ):
        Geoportal.open(address)
    with (
        serving(lambda handler: send(handler, ["?"], 500)) as (address, _),
        pytest.raises(RequestRefused, match="answered 500: Internal Server Error"),
    ):
        Geoportal.open(address)


def test_another_kind_of_server_is_no_geoportal() -> None:
    def hello(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "5")
        handler.end_headers()
        handler.wfile.write(b"<htm>")

    with serving(hello) as (address, _), pytest.raises(NotReachable, match="not with JSON"):
        Geoportal.open(address)
    with (
        serving(lambda handler: send(handler, {"links": []})) as (address, _),
        pytest.raises(NotReachable, match="names no collections"),
    ):
        Geoportal.open(address)


def test_origins_are_compared_as_browsers_do() -> None:
    assert origin("http://Portal.example/a") == origin("http://portal.example:80/b?c")
    assert origin("https://portal.example") != origin("http://portal.example")
    assert origin("https://portal.example:8443") != origin("https://portal.example")
