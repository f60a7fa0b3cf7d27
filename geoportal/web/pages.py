"""Our own addresses beside the API: home page, map, its catalogue, static files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from geoportal.errors import BadParameter, NotFound
from geoportal.settings import Settings
from geoportal.web import catalogue as pure
from geoportal.web.assets import Asset, assets
from geoportal.web.headers import SECURITY_HEADERS
from geoportal.web.language import negotiate
from geoportal.web.render import page_html
from layers.model import LANGUAGES, Area, Language, Layer
from layers.version import Version

FOR_EVER = "public, max-age=31536000, immutable"
ASK_ANEW = "no-cache"


class Portal(Protocol):
    """What the pages need to know; `geoportal.portal.Portal` knows it."""

    settings: Settings
    layers: Mapping[str, Layer]
    versions: Mapping[tuple[str, str], Version]
    areas: Mapping[str, Area]

    def style(self, layer_id: str) -> dict[str, Any]:
        """Return the style of a layer (MapLibre style document)."""
        ...


def routes(portal: Portal) -> list[Route]:
    """Return the routes of the pages, for GET and HEAD."""
    pages: dict[str, Callable[[Request], Response]] = {
        "/": lambda request: _home(portal, request),
        "/map": lambda request: _map(portal, request),
        "/map/catalogue.json": lambda request: _catalogue(portal, request),
        "/favicon.ico": lambda request: _static(request, "favicon.svg"),
        "/static/{path:path}": lambda request: _static(request, request.path_params["path"]),
    }
    return [Route(path, _endpoint(answer), methods=["GET"]) for path, answer in pages.items()]


def _endpoint(answer: Callable[[Request], Response]) -> Callable[[Request], Any]:
    # A coroutine: a plain function would be sent to a thread for a few milliseconds of work.
    async def endpoint(request: Request) -> Response:
        return answer(request)

    return endpoint


def language_of(request: Request) -> Language:
    """Return the language of a request; raises BadParameter for an unknown `?lang=`."""
    found = negotiate(request.query_params.get("lang"), request.headers.get("accept-language"))
    if found is None:
        raise BadParameter(f"Parameter lang must be one of {', '.join(LANGUAGES)}.")
    return found


def _document(portal: Portal, language: Language) -> dict[str, Any]:
    return pure.catalogue(
        portal.layers,
        portal.versions,
        areas=portal.areas,
        style=portal.style,
        language=language,
        base_path=urlsplit(portal.settings.base_url).path,
    )


def _html(portal: Portal, request: Request, template: str, values: Mapping[str, Any]) -> Response:
    language = language_of(request)
    query = f"?{request.url.query}" if request.url.query else ""
    content = page_html(
        template,
        values,
        language=language,
        path=request.url.path + query,
        base_url=portal.settings.base_url,
    )
    headers = {
        **SECURITY_HEADERS,
        "Content-Language": language,
        "Vary": "Accept-Language",
        "Cache-Control": ASK_ANEW,
    }
    return Response(content, headers=headers, media_type="text/html")


def _home(portal: Portal, request: Request) -> Response:
    language = language_of(request)
    found = _document(portal, language)
    rows = [version.row_count for version in portal.versions.values()]
    statuses = {version.status for version in portal.versions.values()}
    values = {
        "themes": found["themes"],
        "places": [area for area in found["areas"] if area["loaded"]],
        "reported": {area for layer, area in portal.versions if layer == "indicators"},
        "layer_count": len(portal.layers),
        "feature_count": sum(rows),
        "has_demonstration": "demonstration" in statuses,
    }
    return _html(portal, request, "home.html", values)


def _map(portal: Portal, request: Request) -> Response:
    latest = max((version.version for version in portal.versions.values()), default=0)
    values = {"has_map": assets().has_map, "catalogue_version": latest}
    return _html(portal, request, "map.html", values)


def _catalogue(portal: Portal, request: Request) -> Response:
    language = language_of(request)
    content = orjson.dumps(_document(portal, language))
    headers = {
        "Content-Language": language,
        "Vary": "Accept-Language",
        "Cache-Control": ASK_ANEW,
    }
    return Response(content, headers=headers, media_type="application/json")


def _static(request: Request, path: str) -> Response:
    found = assets().find(path)
    if found is None:
        raise NotFound("There is no such static file.")
    asset, lasting = found
    headers = {
        "ETag": asset.etag,
        "Cache-Control": FOR_EVER if lasting else ASK_ANEW,
        "Vary": "Accept-Encoding",
    }
    if asset.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return _encoded(asset, request.headers.get("accept-encoding", ""), headers)


def _encoded(asset: Asset, accepted: str, headers: dict[str, str]) -> Response:
    if asset.compressed is not None and "gzip" in accepted.lower():
        headers = {**headers, "Content-Encoding": "gzip"}
        return Response(asset.compressed, headers=headers, media_type=asset.media_type)
    return Response(asset.content, headers=headers, media_type=asset.media_type)
