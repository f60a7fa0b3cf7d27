"""Compression of answers: zstd, Brotli or gzip, whichever the caller likes best."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import lru_cache
from typing import Protocol

import brotli
import zstandard
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LEAST_BYTES = 860  # a shorter answer fits into one packet anyway
KINDS = ("text/", "application/json", "application/geo+json", "application/schema+json",
         "application/problem+json", "application/vnd.oai", "application/vnd.mapbox-vector-tile",
         "application/vnd.ogc.fg+json", "application/geo+json-seq", "application/javascript",
         "application/vnd.google-earth.kml+xml", "image/svg+xml")  # fmt: skip


class Encoder(Protocol):
    """Compresses a body piece by piece."""

    def add(self, data: bytes) -> bytes:
        """Return what is ready of the compressed body so far."""

    def end(self) -> bytes:
        """Return the rest."""


class _Gzip:
    def __init__(self) -> None:
        self._encoder = zlib.compressobj(5, zlib.DEFLATED, 31)

    def add(self, data: bytes) -> bytes:
        return self._encoder.compress(data)

    def end(self) -> bytes:
        return self._encoder.flush()


class _Zstd:
    def __init__(self) -> None:
        self._encoder = zstandard.ZstdCompressor(level=3).compressobj()

    def add(self, data: bytes) -> bytes:
        return self._encoder.compress(data)

    def end(self) -> bytes:
        return self._encoder.flush()


class _Brotli:
    def __init__(self) -> None:
        self._encoder = brotli.Compressor(quality=4)

    def add(self, data: bytes) -> bytes:
        return bytes(self._encoder.process(data))

    def end(self) -> bytes:
        return bytes(self._encoder.finish())


# Fastest first: it decides between codings that the caller likes equally.
ENCODERS: dict[str, Callable[[], Encoder]] = {"zstd": _Zstd, "br": _Brotli, "gzip": _Gzip}


@lru_cache(maxsize=256)  # browsers and programs send few different ones
def choose(accept_encoding: str) -> str | None:
    """Return the coding for an Accept-Encoding header (RFC 9110, 12.5.3), None = identity."""
    liked: dict[str, float] = {}
    for part in accept_encoding.lower().split(",")[:20]:
        name, _, weight = part.partition(";")
        try:
            liked[name.strip()] = float(weight.partition("=")[2] or 1)
        except ValueError:
            continue
    weights = {name: liked.get(name, liked.get("*", 0.0)) for name in ENCODERS}
    best = max(weights, key=lambda name: weights[name])
    return best if weights[best] > 0 and weights[best] >= liked.get("identity", 0.0) else None


class Compression:
    """The ASGI layer; an answer that has a coding, is short or is no text passes as it is."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        coding = choose(Headers(scope=scope).get("accept-encoding", ""))
        if scope["method"] == "HEAD":
            coding = None
        await self.app(scope, receive, _Responder(send, coding))


class _Responder:
    """Sends one answer, compressed when its head says that it is worth it; None = never."""

    def __init__(self, send: Send, coding: str | None) -> None:
        self._send = send
        self._coding = coding
        self._encoder: Encoder | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            message = self._head(message)
        elif message["type"] == "http.response.body" and self._encoder:
            body = self._encoder.add(message.get("body", b""))
            if not message.get("more_body", False):
                body += self._encoder.end()
            elif not body:
                return
            message = {**message, "body": body}
        await self._send(message)

    def _head(self, message: Message) -> Message:
        headers = MutableHeaders(raw=list(message["headers"]))
        kind = headers.get("content-type", "")
        # A plain answer says so as well: a cache must not give a coded one to who asks for plain.
        headers.add_vary_header("Accept-Encoding")
        if self._coding is None or "no-transform" in headers.get("cache-control", ""):
            return {**message, "headers": headers.raw}
        etag = headers.get("etag", "")
        # Another coding is another sequence of bytes, and a strong tag names bytes.
        weak = {"ETag": f"W/{etag}"} if etag.startswith('"') else {}
        if message["status"] == 304:
            headers.update(weak)
        elif (
            kind.startswith(KINDS)
            and message["status"] not in (204, 206, 304)
            and "content-encoding" not in headers
            and int(headers.get("content-length", LEAST_BYTES)) >= LEAST_BYTES
        ):
            self._encoder = ENCODERS[self._coding]()
            headers["Content-Encoding"] = self._coding
            del headers["content-length"]
            headers.update(weak)
        return {**message, "headers": headers.raw}
