"""Does an answer hold what was asked? Features are counted, in GeoJSON and in vector tiles."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from urllib.parse import urlsplit

import orjson

from benchmarks.errors import WrongAnswer

ANSWER_S = 120
"""Stock pygeoapi takes tens of seconds for a tile."""

Range = tuple[int, int]
"""The fewest and the most features that a right answer may have."""


def fetch(address: str, path: str) -> bytes:
    """Return the body of an answer; raises WrongAnswer when its status is not 200."""
    return _get(address, path)[0]


def etag(address: str, path: str) -> str:
    """Return the ETag of an answer; raises WrongAnswer when it has none, and as `fetch`."""
    found = _get(address, path)[1]
    if found is None:
        raise WrongAnswer(f"{address}{path}: no ETag")
    return found


def _get(address: str, path: str) -> tuple[bytes, str | None]:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=ANSWER_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
    except OSError as error:
        raise WrongAnswer(f"{address}{path}: {error or 'no answer'}") from None
    finally:
        connection.close()
    if answer.status != 200:
        raise WrongAnswer(f"{address}{path}: status {answer.status}: {body[:200]!r}")
    return body, answer.headers["ETag"]


def check(address: str, path: str, wanted: Range) -> int:
    """Return how many features a GeoJSON answer or tile has; raises WrongAnswer."""
    body = fetch(address, path)
    count = count_geojson(body) if body[:1] == b"{" else count_tile(body)
    if not wanted[0] <= count <= wanted[1]:
        raise WrongAnswer(
            f"{address}{path}: {count} features instead of {wanted[0]} to {wanted[1]}"
        )
    return count


def count_geojson(body: bytes) -> int:
    """Return the number of features; a feature without geometry or properties is none."""
    document = orjson.loads(body)
    features = document.get("features", [document])
    return sum(1 for f in features if f["geometry"]["coordinates"] and f["properties"])


def count_tile(body: bytes) -> int:
    """Return the number of features of a Mapbox vector tile (specification 2.1, section 4)."""
    layers = (value for number, value in _fields(body) if number == 3)
    return sum(1 for layer in layers for number, _ in _fields(layer) if number == 2)


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield number and content of the fields of a protocol buffers message, numbers left out."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == 0:
            _, at = _varint(message, at)
        elif kind == 2:
            size, at = _varint(message, at)
            yield key >> 3, message[at : at + size]
            at += size
        else:
            at += {1: 8, 5: 4}[kind]


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7
