"""Links of documents, made from the public address."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from urllib.parse import urlencode

from geoportal.ogc.request import OgcRequest
from layers.model import Language, Text

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


def same_query(request: OgcRequest, *, without: Collection[str] = ()) -> str:
    """Return the query of a request but for its form, and for what is left out, as `a=b&c=d`."""
    kept = {k: v for k, v in request.params.items() if k != "f" and k not in without}
    # Commas, colons and slashes are legal in a query and people read these links.
    return urlencode(kept, safe=",:/") if kept else ""


def jsonfg_links(request: OgcRequest, url: str) -> list[dict[str, Any]]:
    """Return the links of a JSON-FG document to itself, and to the same as GeoJSON and HTML."""
    join = "&" if "?" in url else "?"
    others = self_links(request, url, "application/geo+json")
    itself = link(f"{url}{join}f=jsonfg", "self", "application/vnd.ogc.fg+json")
    return [itself, *(one | {"rel": "alternate"} for one in others)]


def map_tilesets_link(url: str, language: Language) -> dict[str, Any]:
    """Return the link to the map tilesets of what has its map at `url`/map."""
    relation = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-map"
    title = TITLES["tilesets-map"].get(language)
    return link(f"{url}/map/tiles", relation, "application/json", title)


# Upstream links to forms that we do not give.
NOT_GIVEN = ("application/ld+json", "text/csv")

# Upstream's titles are English only: the last part of a link's relation tells what it leads to.
TITLES = {
    "root": Text(be="Стартавая старонка", ru="Стартовая страница", en="Landing page"),
    "self": Text(be="Гэты дакумент", ru="Этот документ", en="This document"),
    "alternate": Text(be="Гэты дакумент", ru="Этот документ", en="This document"),
    "service-desc": Text(be="Апісанне API", ru="Описание API", en="API definition"),
    "service-doc": Text(be="Апісанне API", ru="Описание API", en="API definition"),
    "conformance": Text(be="Класы адпаведнасці", ru="Классы соответствия", en="Conformance"),
    "data": Text(be="Калекцыі", ru="Коллекции", en="Collections"),
    "items": Text(be="Аб’екты", ru="Объекты", en="Features"),
    "schema": Text(be="Схема аб’ектаў", ru="Схема объектов", en="Schema of the features"),
    "queryables": Text(be="Уласцівасці для адбору", ru="Свойства для отбора", en="Queryables"),
    "tilesets-vector": Text(be="Вектарныя тайлы", ru="Векторные тайлы", en="Vector tiles"),
    "tilesets-map": Text(be="Тайлы карты", ru="Тайлы карты", en="Map tiles"),
    "processes": Text(be="Працэсы", ru="Процессы", en="Processes"),
    "tiling-schemes": Text(be="Сеткі тайлаў", ru="Сетки тайлов", en="Tile matrix sets"),
}
FORMS = {"text/html": "HTML"}


def adopt(links: list[dict[str, Any]], language: Language) -> list[dict[str, Any]]:
    """Return upstream's links that we serve, titled in the caller's language."""
    found = []
    for one in links:
        if one.get("type", "").startswith(NOT_GIVEN):
            continue
        title = TITLES.get(one["rel"].rpartition("/")[2])
        form = FORMS.get(one.get("type", ""), "JSON")
        named = {"title": f"{title.get(language)} ({form})"} if title else {}
        found.append(one | named)
    return found
