"""Links of documents, made from the public address."""

from __future__ import annotations

from typing import Any

from geoportal.ogc.request import OgcRequest
from layers.model import Text

AS_JSON = Text(be="Гэты дакумент як JSON", ru="Этот документ как JSON", en="This document as JSON")
AS_HTML = Text(be="Гэты дакумент як HTML", ru="Этот документ как HTML", en="This document as HTML")


def link(href: str, rel: str, type_: str, title: str | None = None) -> dict[str, Any]:
    """Return one link object."""
    found = {"href": href, "rel": rel, "type": type_}
    return found | {"title": title} if title else found


def self_links(
    request: OgcRequest, url: str, type_: str = "application/json"
) -> list[dict[str, Any]]:
    """Return the document's links to itself and to its other form; `url` has no `f=`."""
    join = "&" if "?" in url else "?"
    html = request.format == "html"
    language = request.language
    return [
        link(f"{url}{join}f=json", "alternate" if html else "self", type_, AS_JSON.get(language)),
        link(
            f"{url}{join}f=html",
            "self" if html else "alternate",
            "text/html",
            AS_HTML.get(language),
        ),
    ]
