"""The provenance of a published result: what a run read, computed with, and gave."""

from __future__ import annotations

from typing import Any, Protocol
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from geoportal.database import Database
from geoportal.errors import BadParameter, NotFound
from geoportal.settings import Settings
from geoportal.web.headers import SECURITY_HEADERS
from geoportal.web.pages import ASK_ANEW, language_of
from geoportal.web.render import render
from layers.query import Query

_SELECT = "SELECT to_jsonb(run) FROM runs.run AS run WHERE id = %(id)s::uuid"


class Portal(Protocol):
    """What provenance needs to know; `geoportal.portal.Portal` knows it."""

    settings: Settings
    database: Database


def routes(portal: Portal) -> list[Route]:
    """Return the route `/runs/{run_id}`, JSON for programs and a page for people."""

    async def run(request: Request) -> Response:
        return _answer(portal, request, await _document(portal, request))

    return [Route("/runs/{run_id}", run, methods=["GET"])]


async def _document(portal: Portal, request: Request) -> dict[str, Any]:
    asked = request.path_params["run_id"]
    missing = NotFound(f"No published result is of a run {asked[:80]!r}.")
    try:
        run_id = UUID(asked)
    except ValueError:
        raise missing from None
    rows = await portal.database.rows(Query(_SELECT, {"id": str(run_id)}))
    if not rows:
        raise missing
    row = rows[0][0]
    url = portal.settings.base_url
    pipeline = row["pipeline"]
    links = [{"href": f"{url}/ogc/processes/{pipeline}", "rel": "via", "title": pipeline}]
    links += [
        {"href": f"{url}/ogc/collections/{name}", "rel": "item", "title": name}
        for name in row["outputs"]
    ]
    return {**row, "links": links}


def _answer(portal: Portal, request: Request, document: dict[str, Any]) -> Response:
    language = language_of(request)
    headers = {
        "Cache-Control": ASK_ANEW, "Content-Language": language, "Vary": "Accept, Accept-Language",
    }  # fmt: skip
    asked = request.query_params.get("f")
    if asked not in (None, "json", "html"):
        raise BadParameter("Parameter f must be json or html.")
    if asked == "html" or (asked is None and "text/html" in request.headers.get("accept", "")):
        query = f"?{request.url.query}" if request.url.query else ""
        content = render(
            "document", document, language=language, path=request.url.path + query,
            base_url=portal.settings.base_url,
        )  # fmt: skip
        return Response(content, headers={**headers, **SECURITY_HEADERS}, media_type="text/html")
    return Response(orjson.dumps(document), headers=headers, media_type="application/json")
