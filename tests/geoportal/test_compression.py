import gzip

import brotli
import pytest
import zstandard
from starlette.testclient import TestClient

from geoportal.compression import choose

PAGE = "/ogc/collections/test_parcels/items?limit=100&lang=ru"
DECODE = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
}


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ("gzip, deflate, br, zstd", "zstd"), ("gzip, br", "br"), ("gzip", "gzip"),
        ("gzip;q=1, br;q=0.5", "gzip"), ("*", "zstd"), ("*;q=0", None), ("", None),
        ("identity", None), ("zstd;q=0, gzip", "gzip"), ("gzip;q=x", None),
        ("gzip;q=0.5, identity;q=1", None), ("gzip, identity", "gzip"),
    ],
)  # fmt: skip
def test_coding_is_what_the_caller_likes_best(header: str, coding: str | None) -> None:
    assert choose(header) == coding


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_body_is_the_same_behind_the_coding(client: TestClient, coding: str) -> None:
    plain = client.get("/ogc/conformance", headers={"Accept-Encoding": "identity"})
    with client.stream("GET", "/ogc/conformance", headers={"Accept-Encoding": coding}) as coded:
        raw = b"".join(coded.iter_raw())
        assert coded.headers["content-encoding"] == coding
        assert "Accept-Encoding" in coded.headers["vary"]
    assert len(raw) < len(plain.content)
    assert DECODE[coding](raw) == plain.content
    assert "content-encoding" not in plain.headers


def test_short_answers_and_heads_stay_plain(client: TestClient) -> None:
    headers = {"Accept-Encoding": "gzip"}
    assert "content-encoding" not in client.get("/health/live", headers=headers).headers
    assert "content-encoding" not in client.head(PAGE, headers=headers).headers


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_a_cache_hears_that_the_coding_was_chosen(client: TestClient, coding: str) -> None:
    headers = {"Accept-Encoding": coding}
    for answer in (client.get(PAGE, headers=headers), client.head(PAGE, headers=headers)):
        assert "Accept-Encoding" in answer.headers["vary"]


def test_a_strong_tag_becomes_weak_and_still_matches(client: TestClient) -> None:
    url = "/ogc/collections/test_parcels/schema"
    strong = client.get(url, headers={"Accept-Encoding": "identity"}).headers["etag"]
    weak = client.get(url, headers={"Accept-Encoding": "gzip"}).headers["etag"]
    assert weak == f"W/{strong}"
    answer = client.get(url, headers={"Accept-Encoding": "gzip", "If-None-Match": weak})
    assert answer.status_code == 304
