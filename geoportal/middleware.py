"""Around every request: its id, its limits, CORS, and problem+json for whatever goes wrong."""

from __future__ import annotations

import logging
import uuid

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from geoportal.errors import (
    UNEXPECTED,
    AddressTooLong,
    GeoportalError,
    HeadersTooLarge,
    MethodNotAllowed,
    NotFound,
    answer_of,
)
from geoportal.ogc.execute import ClientLeft
from geoportal.problem import problem_response

LOGGER = logging.getLogger("geoportal.request")

HEADERS_LIMIT = 32_768  # bytes
ADDRESS_LIMIT = 16_384  # bytes

ALWAYS = (
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b"Accept-Ranges, Content-Attribution, Content-Bbox, Content-Crs, Content-Datetime,"
        b" Content-Disposition, Content-Range, ETag, Geoportal-Map-Cut, Geoportal-Tile-Cut, Link,"
        b" Location, OGC-NumberReturned, X-Request-Id",
    ),
    (b"x-content-type-options", b"nosniff"),
)
PREFLIGHT = (
    (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
    (
        b"access-control-allow-headers",
        b"Content-Type, Content-Crs, Accept, Accept-Language, Prefer, If-Match, If-None-Match,"
        b" If-Range, Range, Authorization, X-API-Key",
    ),
    (b"access-control-max-age", b"86400"),
)


class Envelope:
    """The outermost ASGI layer; HEAD answers keep their headers and lose their body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = scope["geoportal.request_id"] = str(uuid.uuid4())
        started = False

        async def send_wrapped(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                extra = [*ALWAYS, (b"x-request-id", request_id.encode())]
                if scope["method"] == "OPTIONS":
                    extra += PREFLIGHT
                message = {**message, "headers": [*message["headers"], *extra]}
            elif scope["method"] == "HEAD":
                message = {**message, "body": b""}
            await send(message)

        try:
            check_limits(scope)
            await self.app(scope, receive, send_wrapped)
        except (ClientLeft, ClientDisconnect):
            LOGGER.info("%s %s: the caller left", scope["method"], scope["path"])
        except Exception as error:
            told = _ours(error, scope)
            if answer_of(told) is UNEXPECTED:
                LOGGER.exception("%s %s [%s]", scope["method"], scope["path"], request_id)
            if not started:
                await problem_response(told, request_id)(scope, receive, send_wrapped)


def check_limits(scope: Scope) -> None:
    """Raise HeadersTooLarge or AddressTooLong."""
    if sum(len(name) + len(value) for name, value in scope["headers"]) > HEADERS_LIMIT:
        raise HeadersTooLarge(f"The request headers are longer than {HEADERS_LIMIT} bytes.")
    if len(scope["path"]) + len(scope["query_string"]) > ADDRESS_LIMIT:
        raise AddressTooLong(f"The address is longer than {ADDRESS_LIMIT} bytes.")


def _ours(error: Exception, scope: Scope) -> Exception:
    """Translate Starlette's own exceptions."""
    if not isinstance(error, HTTPException):
        return error
    if error.status_code == 404:
        return NotFound(f"Nothing is at {scope['path'][:200]!r}.")
    if error.status_code == 405:
        allowed = tuple((error.headers or {}).get("Allow", "GET").split(", "))
        return MethodNotAllowed(f"Method {scope['method'][:20]} is not allowed here.", allowed)
    return GeoportalError(str(error.detail))
