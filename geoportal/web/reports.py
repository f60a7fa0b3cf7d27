"""The reports of areas: made by the last published run, sent as they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from geoportal.database import Database
from geoportal.errors import NotFound
from geoportal.web.headers import SECURITY_HEADERS
from geoportal.web.pages import ASK_ANEW, language_of
from layers.model import Area
from layers.query import Query

MEDIA_TYPES = {"html": "text/html", "pdf": "application/pdf"}

_SELECT = (
    "SELECT run_id::text, content FROM runs.report WHERE area = %(area)s"
    " AND pipeline = %(pipeline)s AND language = %(language)s AND format = %(format)s"
)
PIPELINE = "smart-quarter-coverage"


class Portal(Protocol):
    """What the reports need to know; `geoportal.portal.Portal` knows it."""

    database: Database
    areas: Mapping[str, Area]


def routes(portal: Portal) -> list[Route]:
    """Return the routes `/report/{area}` (a page) and `/report/{area}.pdf`."""

    async def page(request: Request) -> Response:
        return await _report(portal, request, "html")

    async def document(request: Request) -> Response:
        return await _report(portal, request, "pdf")

    return [
        Route("/report/{area}.pdf", document, methods=["GET"]),
        Route("/report/{area}", page, methods=["GET"]),
    ]


async def _report(portal: Portal, request: Request, format_: str) -> Response:
    area, language = request.path_params["area"], language_of(request)
    wanted = {"area": area, "pipeline": PIPELINE, "language": language, "format": format_}
    rows = await portal.database.rows(Query(_SELECT, wanted)) if area in portal.areas else []
    if not rows:
        name = area[:80]
        raise NotFound(
            f"There is no report on {name!r}: run `geoportal run {PIPELINE} --area {name}`."
        )
    run_id, content = rows[0]
    headers = {
        "ETag": f'"{run_id}-{language}-{format_}-{len(content)}"',
        "Cache-Control": ASK_ANEW,
        "Content-Language": language,
        "Vary": "Accept-Language",
    }
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if format_ == "html":
        headers |= SECURITY_HEADERS
    else:
        headers["Content-Disposition"] = f'inline; filename="{area}-{language}.pdf"'
    return Response(content, headers=headers, media_type=MEDIA_TYPES[format_])
