"""RFC 9457 problem+json: the one form of every error."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.responses import Response

from geoportal.errors import UNEXPECTED, MethodNotAllowed, RangeNotSatisfiable, answer_of
from layers.errors import RefusedFeature

MEDIA_TYPE = "application/problem+json"


def problem_document(error: Exception, request_id: str) -> dict[str, Any]:
    """Return the members of the problem; an unexpected error shows nothing of its inside."""
    told = answer_of(error)
    detail = "The request could not be answered." if told is UNEXPECTED else str(error)
    faults = error.faults if isinstance(error, RefusedFeature) else ()
    found = [{"pointer": pointer, "reason": reason} for pointer, reason in faults]
    return {
        "type": told.type,
        "title": told.title,
        "status": told.status,
        "detail": detail,
        "instance": f"urn:uuid:{request_id}",
        "code": told.code,
    } | ({"errors": found} if found else {})


def problem_response(error: Exception, request_id: str) -> Response:
    """Return the response for an error; the request id is in `instance`."""
    told = answer_of(error)
    headers = dict(told.headers) | {"Cache-Control": "no-store"}
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = ", ".join(error.allowed)
    if isinstance(error, RangeNotSatisfiable):
        headers["Content-Range"] = f"bytes */{error.length}"
    body = orjson.dumps(problem_document(error, request_id))
    return Response(body, told.status, headers, MEDIA_TYPE)
