import logging

import pytest
from starlette.testclient import TestClient
from starlette.types import Message


def test_a_caller_who_leaves_amid_the_body_is_no_error(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    coming: list[Message] = [
        {"type": "http.request", "body": b'{"q":', "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return coming.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/ogc/search", "raw_path": b"/ogc/search",
        "query_string": b"", "headers": [(b"content-type", b"application/json")],
        "http_version": "1.1", "scheme": "http", "server": ("portal.example", 80),
    }  # fmt: skip
    assert client.portal is not None
    with caplog.at_level(logging.INFO, "geoportal.request"):
        client.portal.call(client.app, scope, receive, send)
    assert sent == []
    assert [record.levelname for record in caplog.records] == ["INFO"]
