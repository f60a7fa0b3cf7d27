from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from starlette.testclient import TestClient

from geoportal.ogc.validator import is_fresh

Connection = psycopg.Connection[tuple[Any, ...]]
URLS = [
    "/ogc", "/ogc/collections", "/ogc/collections/test_parcels", "/ogc/openapi",
    "/ogc/collections/test_parcels/items?limit=5", "/ogc/collections/test_parcels/items/5",
    "/ogc/collections/test_parcels/schema", "/ogc/collections/test_parcels/tiles",
]  # fmt: skip


@contextmanager
def locked(api_database: str) -> Iterator[None]:
    """Nobody can read the table of test_parcels."""
    with psycopg.connect(api_database) as holder:
        holder.execute("LOCK TABLE features.test_parcels IN ACCESS EXCLUSIVE MODE")
        yield
        holder.rollback()


@pytest.mark.parametrize("url", URLS)
def test_known_answer_is_304_with_the_same_tag(client: TestClient, url: str) -> None:
    first = client.get(url)
    assert first.headers["cache-control"] == "public, no-cache"
    assert first.headers["last-modified"].endswith("GMT")
    again = client.get(url, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    tags = {answer.headers["etag"].removeprefix("W/") for answer in (first, again)}
    assert len(tags) == 1
    assert "Accept" in again.headers["vary"]


def test_304_does_not_touch_the_table(client: TestClient, api_database: str) -> None:
    tags = {url: client.get(url).headers["etag"] for url in URLS[4:6]}
    with locked(api_database):
        for url, etag in tags.items():
            assert client.get(url, headers={"If-None-Match": etag}).status_code == 304


@pytest.mark.parametrize("change", ["lang=en", "f=html", "limit=6"])
def test_another_form_has_another_tag(client: TestClient, change: str) -> None:
    url = "/ogc/collections/test_parcels/items?lang=ru"
    etag = client.get(url).headers["etag"]
    other = client.get(f"/ogc/collections/test_parcels/items?{change}")
    assert other.headers["etag"] != etag


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("nosuch/items", 404),
        ("test_parcels/items/999999999", 404),
        ("test_parcels/items/x", 404),
        ("test_parcels/tiles/NoSuch", 404),
        ("test_parcels/tiles/WebMercatorQuad/3/99/0", 404),
        ("test_parcels/items?bbox=1", 400),
        ("test_parcels/items/5", 304),
        ("test_parcels/items?f=csv", 304),
        ("test_parcels/tiles/WebMercatorQuad/8/83/147", 304),
    ],
)
def test_star_is_304_only_where_something_is(client: TestClient, path: str, status: int) -> None:
    answer = client.get(f"/ogc/collections/{path}", headers={"If-None-Match": "*"})
    assert answer.status_code == status
    assert ("etag" in answer.headers) is (status == 304)


@pytest.mark.parametrize(
    ("header", "fresh"),
    [
        ('"a"', True),
        ('W/"a"', True),
        ('"b", "a"', True),
        ("*", False),
        ('"b"', False),
        (None, False),
    ],
)
def test_comparison_is_weak(header: str | None, fresh: bool) -> None:
    assert is_fresh(header, '"a"') is fresh
