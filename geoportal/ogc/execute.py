"""From a Starlette request to a handler and back: every check of the route table happens here."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from geoportal.errors import (
    BadParameter,
    BodyTooLarge,
    MethodNotAllowed,
    UnsupportedContentCoding,
)
from geoportal.ogc import editing
from geoportal.ogc.api import Api
from geoportal.ogc.media_types import MEDIA_TYPES
from geoportal.ogc.negotiation import read_format
from geoportal.ogc.parameters import RESERVED
from geoportal.ogc.request import OgcRequest
from geoportal.ogc.route import Route
from geoportal.ogc.validator import is_fresh, validators
from geoportal.web.headers import SECURITY_HEADERS
from geoportal.web.language import negotiate
from geoportal.web.render import render
from layers.model import Language

BODY_LIMIT = 1_000_000  # bytes
# A request that is done sooner is not worth a second task that waits for its caller to leave.
PATIENCE_S = 0.02


VARY = {"Vary": "Accept, Accept-Language"}


class ClientLeft(Exception):
    """The caller closed the connection; nobody reads an answer."""


def read_parameters(api: Api, route: Route, request: Request) -> dict[str, str]:
    """Return the query parameters; raises BadParameter for an unknown or repeated one."""
    known = _known(api, route, request.path_params.get("collectionId", ""))
    sent = request.scope["query_string"].decode("latin-1")
    found: dict[str, str] = {}
    for name, value in parse_qsl(sent, keep_blank_values=True):
        if name not in known:
            raise BadParameter(
                f"Parameter {name[:80]!r} is unknown here; there are {', '.join(sorted(known))}."
            )
        if name in found:
            raise BadParameter(f"Parameter {name!r} is given more than once.")
        found[name] = value
    return found


def _known(api: Api, route: Route, layer_id: str) -> frozenset[str]:
    key = (route.name, layer_id)
    found = api.parameters.get(key)
    if found is None:
        fields = api.portal.layer(layer_id).published_fields if route.properties else ()
        names = {field.name for field in fields} - RESERVED
        found = frozenset(("f", "lang", *route.parameters, *names))
        if not layer_id or layer_id in api.portal.layers:
            api.parameters[key] = found
    return found


def read_language(params: Mapping[str, str], request: Request) -> Language:
    """Return the language of the answer; raises BadParameter for an unknown `lang`."""
    language = negotiate(params.get("lang"), request.headers.get("accept-language"))
    if language is None:
        raise BadParameter(
            f"Parameter lang: {params['lang'][:40]!r} is not offered; there are be, ru, en."
        )
    return language


async def read_body(request: Request) -> bytes:
    """Return the body; raises UnsupportedContentCoding, and BodyTooLarge before its end is read."""
    coding = request.headers.get("content-encoding", "").strip()
    # The body of a DELETE says nothing, in whatever coding.
    if request.method != "DELETE" and coding.lower() not in ("", "identity"):
        raise UnsupportedContentCoding(
            f"The body has the Content-Encoding {coding[:40]!r}; send it as it is, without one."
        )
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > BODY_LIMIT:
            raise BodyTooLarge(f"The body is longer than {BODY_LIMIT} bytes.")
        parts.append(part)
    return b"".join(parts)


async def until_client_left[T](request: Request, work: Awaitable[T]) -> T:
    """Await `work`, cancel it when the caller goes away: its database query ends with it."""
    # In the task of the request, because one more task takes longer than many an answer.
    task = asyncio.current_task()
    left = False

    async def watch() -> None:
        nonlocal left
        while (await request.receive())["type"] != "http.disconnect":
            pass
        left = True
        if task:
            task.cancel()

    watchers: list[asyncio.Task[None]] = []
    timer = asyncio.get_running_loop().call_later(
        PATIENCE_S, lambda: watchers.append(asyncio.ensure_future(watch()))
    )
    try:
        return await work
    except asyncio.CancelledError:
        if left and task and not task.uncancel():
            raise ClientLeft from None
        raise
    finally:
        timer.cancel()
        for watcher in watchers:
            watcher.cancel()


class Endpoint:
    """The ASGI application of one path; `routes` are its routes by method."""

    def __init__(self, get_api: Callable[[], Api], routes: Mapping[str, Route]) -> None:
        self.get_api = get_api
        self.routes = routes
        self.reading = {method: route for method, route in routes.items() if not route.editing}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        response = await self._answer(request)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        api = self.get_api()
        routes = self._routes(api, request.path_params.get("collectionId"))
        if request.method == "OPTIONS":
            return Response(status_code=200, headers=_offer(_allowed(routes), routes))
        route = routes.get("GET" if request.method == "HEAD" else request.method)
        if route is None:
            allowed = _allowed(routes)
            raise MethodNotAllowed(
                f"Method {request.method[:20]} is not allowed here;"
                f" there are {', '.join(allowed)}.",
                allowed,
            )
        return await _run(api, route, request)

    def _routes(self, api: Api, layer_id: str | None) -> Mapping[str, Route]:
        """Return the routes by method; those of edits only where the layer is editable."""
        return self.routes if editing.is_editable(api, layer_id) else self.reading


def _allowed(routes: Mapping[str, Route]) -> tuple[str, ...]:
    return tuple(sorted({*routes, "OPTIONS", *(["HEAD"] if "GET" in routes else [])}))


def _offer(allowed: tuple[str, ...], routes: Mapping[str, Route]) -> dict[str, str]:
    headers = {"Allow": ", ".join(allowed)}
    for method in ("POST", "PATCH"):
        if method in routes:
            headers[f"Accept-{method.capitalize()}"] = ", ".join(routes[method].accepts)
    return headers


async def _run(api: Api, route: Route, request: Request) -> Response:
    params = read_parameters(api, route, request)
    language = read_language(params, request)
    ogc_request = OgcRequest(
        route=route,
        path=request.scope["path"],
        params=params,
        headers=request.headers,
        language=language,
        format=read_format(route.formats, params.get("f"), request.headers.get("accept", "")),
        data=b"" if route.method == "GET" else await read_body(request),
        method=request.method,
        request_id=request.scope.get("geoportal.request_id", ""),
    )
    kept: dict[str, str] = {}
    if route.cacheable:
        layer_id = request.path_params.get("collectionId")
        if route.own_state and "asof" not in params and editing.is_editable(api, layer_id):
            known = (api, ogc_request, _address(request), *request.path_params.values())
            kept = await editing.item_validators(*known)
        else:
            kept = validators(api, ogc_request, _address(request), layer_id)
        if (
            layer_id in (None, *api.portal.layers, *api.portal.coverages)
            and kept
            and is_fresh(request.headers.get("if-none-match"), kept["ETag"])
        ):
            return Response(status_code=304, headers=kept | VARY)
    result = route.handler(api, ogc_request, *request.path_params.values())
    if inspect.isawaitable(result):
        result = await until_client_left(request, result)
    headers, status, content = result
    # Whatever is there answers `*`, and only its handler knows whether something is.
    if kept and status == 200 and request.headers.get("if-none-match", "").strip() == "*":
        return Response(status_code=304, headers=kept | VARY)
    return _respond(api, ogc_request, request, (kept | headers, status, content))


def _address(request: Request) -> str:
    path: str = request.scope["path"]
    sent: str = request.scope["query_string"].decode("latin-1")
    return f"{path}?{sent}" if sent else path


def _respond(
    api: Api, ogc_request: OgcRequest, request: Request, answer: tuple[dict[str, str], int, Any]
) -> Response:
    headers, status, content = answer
    format_ = ogc_request.format
    headers = (
        {
            "Content-Type": MEDIA_TYPES[format_],
            "Content-Language": ogc_request.language,
        }
        | VARY
        | headers
    )
    if isinstance(content, Response):
        content.headers.update(headers)
        return content
    if isinstance(content, dict):
        if format_ == "html":
            content = render(
                ogc_request.route.page,
                {"_summary": ogc_request.route.summary.get(ogc_request.language)} | content,
                language=ogc_request.language,
                path=_address(request),
                base_url=api.portal.settings.base_url,
            )
            headers |= SECURITY_HEADERS
        else:
            content = orjson.dumps({k: v for k, v in content.items() if not k.startswith("_")})
    if status in (204, 304) or content == b"":
        headers.pop("Content-Type")
    return Response(content, int(status), headers)
