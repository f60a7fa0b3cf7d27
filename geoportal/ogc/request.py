"""A request to the OGC API, checked against its route: an APIRequest that upstream understands."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from babel import Locale
from pygeoapi.api import APIRequest

from layers.model import Language

if TYPE_CHECKING:
    from geoportal.ogc.route import Route


@cache
def _locale(language: Language) -> Locale:
    return Locale(language)  # looks at the disk each time


class OgcRequest(APIRequest):  # type: ignore[misc]
    """Route, language, format and parameters after negotiation; `params` holds only known ones."""

    def __init__(  # noqa: PLR0913 - the parts of a request
        self,
        *,
        route: Route,
        path: str,
        params: Mapping[str, str],
        headers: Mapping[str, str],
        language: Language,
        format: str,
        data: bytes = b"",
        method: str = "GET",
        request_id: str = "",
    ) -> None:
        # Upstream's __init__ reads a web framework's request; every attribute it sets is set here.
        self.route = route
        self.language = language
        self._args = dict(params)
        self._path_info = path.strip("/")
        self._raw_locale: str = language
        self._locale = _locale(language)
        self._format = format
        self._headers = dict(headers)
        self._data = data
        self.method = method
        self.request_id = request_id

    def as_json(self) -> Self:
        """Return the same request for JSON: upstream answers documents, pages are ours."""
        other = copy(self)
        other._format = "json"
        return other

    def param(self, name: str) -> str | None:
        """Return the raw value of a query parameter, None when it was not sent."""
        return self._args.get(name)


Answer = tuple[dict[str, str], int, Any]
"""Headers, status, content: a document (dict) to be negotiated, text, bytes or a Response."""
