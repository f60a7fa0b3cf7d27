"""HTML of the OGC documents and of our own pages: one cached environment, small templates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from jinja2 import ChainableUndefined, Environment, FileSystemLoader, TemplateNotFound

from geoportal.web import format as written
from geoportal.web.assets import assets
from geoportal.web.derivation import derivation
from geoportal.web.openapi_page import operations_by_tag
from geoportal.web.texts import text, texts, unit_symbol
from layers.model import LANGUAGES, THEMES, Language

LANGUAGE_NAMES: dict[Language, str] = {"be": "Беларуская", "ru": "Русский", "en": "English"}

_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_CONTROL = re.compile(r"[\x00-\x20\x7f]")


@cache
def environment() -> Environment:
    """Return the environment of the templates; everything written into a page is escaped."""
    found = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        # A document lacks what its standard makes optional; a page then leaves it out.
        undefined=ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals |= {
        "languages": LANGUAGE_NAMES,
        "centre": centre,
        "derivation": derivation,
        "operations_by_tag": operations_by_tag,
        "by_theme": by_theme,
    }
    return found


def render(
    page: str, document: Mapping[str, Any], *, language: Language, path: str, base_url: str
) -> str:
    """Return the HTML of a document of the API.

    `page` names the template (unknown ones get the general `document`), `path` is the current path
    with its query (for the language links and the JSON link), `base_url` the portal's root.
    """
    return page_html(
        f"{page}.html", {"doc": document}, language=language, path=path, base_url=base_url
    )


def page_html(
    template: str, values: Mapping[str, Any], *, language: Language, path: str, base_url: str
) -> str:
    """Return the HTML of a template with our own values."""
    try:
        found = environment().get_template(template)
    except TemplateNotFound:
        found = environment().get_template("document.html")
    return found.render(**_context(language, path, base_url), **values)


def _context(language: Language, path: str, base_url: str) -> dict[str, Any]:
    base_path = urlsplit(base_url).path
    chosen = dict(parse_qsl(urlsplit(path).query)).get("lang") == language
    return {
        "lang": language,
        "t": partial(text, language),
        "t_or": partial(_text_or, language),
        "base_url": base_url,
        "root": f"{base_url}/ogc",
        # Own pages are linked by path, so that the portal also works at another name of its host.
        "static": base_path + assets().prefix,
        "catalogue_url": f"{base_path}/map/catalogue.json",
        "language_urls": {one: base_path + with_query(path, lang=one) for one in LANGUAGES},
        "json_url": base_path + with_query(path, f="json"),
        "href": partial(page_href, keep=language if chosen else None, base_url=base_url),
        "raw": safe_href,
        "number": partial(written.number, language=language),
        "value": partial(_value, language),
        "cell": partial(_cell, language),
        "feature_title": partial(feature_title, language),
        "unit": partial(unit_symbol, language),
        "when": partial(_when, language),
    }


def _text_or(language: Language, key: str, otherwise: Any) -> Any:
    """Return a text whose key comes from data, or something else when there is none."""
    return texts(language).get(key, otherwise)


def _value(language: Language, given: Any, field: Mapping[str, Any] | None = None) -> str:
    return written.value(given, language, field)


def _cell(language: Language, given: Any, field: Mapping[str, Any]) -> str:
    """Return a value for a table whose heading already names the unit."""
    if isinstance(given, list) and given:
        return ", ".join(_cell(language, one, field) for one in given)
    shown = written.value(given, language, field)
    unit = unit_symbol(language, field.get("unit"))
    return shown.removesuffix(unit).rstrip("\u00a0") if unit else shown


def feature_title(
    language: Language, feature: Mapping[str, Any], layer: Mapping[str, Any]
) -> str | None:
    """Return what a person calls a feature, in their language where it has such a name."""
    properties = feature.get("properties") or {}
    marked = [f["name"] for f in layer.get("fields", ()) if f.get("role") == "title"]
    for name in (f"name_{language}", *marked, "name_ru", "name"):
        if properties.get(name):
            return str(properties[name])
    return None


def _when(language: Language, given: Any) -> str:
    return written.value(given, language, {"type": "datetime"})


def with_query(path: str, **changed: str) -> str:
    """Return a path with some query parameters replaced; fragment and foreign host are dropped."""
    plain, _, query = path.partition("#")[0].partition("?")
    pairs = [(k, v) for k, v in parse_qsl(query, keep_blank_values=True) if k not in changed]
    # Browsers read a backslash as a slash and drop control characters: neither may make a host.
    plain = "/" + _CONTROL.sub("", plain).replace("\\", "/").lstrip("/")
    return f"{plain}?{urlencode([*pairs, *changed.items()], safe=',:/')}"


def safe_href(given: Any) -> str:
    """Return an address that a page may link to: `#` for any scheme but http and https."""
    address = str(given or "#")
    scheme = _SCHEME.match(address)
    if _CONTROL.search(address) or (scheme and scheme[0].lower() not in ("http:", "https:")):
        return "#"
    return address


def page_href(given: Any, *, keep: Language | None, base_url: str) -> str:
    """Return a link of a document as a person follows it: without its format, in their language.

    `keep` is the language that was asked for by `?lang=`; other sites' addresses stay as they are.
    """
    address = safe_href(given)
    own = address == base_url or address.startswith((f"{base_url}/", f"{base_url}?"))
    if not own and not address.startswith("/"):
        return address
    path = address.removeprefix(base_url) if own else address
    plain, _, query = path.partition("?")
    # Never `//name`: a browser would take it for another host.
    plain = "/" + plain.lstrip("/")
    pairs = [
        (k, v)
        for k, v in parse_qsl(query, keep_blank_values=True)
        if k != "lang" and (k, v) not in (("f", "html"), ("f", "json"))
    ]
    pairs += [("lang", keep)] if keep else []
    return urlsplit(base_url).path + plain + (f"?{urlencode(pairs, safe=',:/')}" if pairs else "")


def by_theme(collections: Iterable[Mapping[str, Any]]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """Return collections grouped by their theme, in the order of the map's tree."""
    groups: dict[str, list[Mapping[str, Any]]] = {theme: [] for theme in (*THEMES, "other")}
    for one in collections or ():
        theme = one.get("theme")
        groups[theme if theme in groups else "other"].append(one)
    return [(theme, found) for theme, found in groups.items() if found]


def centre(geometry: Mapping[str, Any] | None) -> tuple[float, float] | None:
    """Return the middle (lon, lat, degrees) of the box around a GeoJSON geometry, or None."""
    points = list(_positions((geometry or {}).get("coordinates")))
    if not points:
        return None
    lons, lats = [p[0] for p in points], [p[1] for p in points]
    return round((min(lons) + max(lons)) / 2, 6), round((min(lats) + max(lats)) / 2, 6)


def _positions(coordinates: Any) -> Iterable[tuple[float, float]]:
    if not isinstance(coordinates, list) or not coordinates:
        return
    if isinstance(coordinates[0], int | float):
        yield coordinates[0], coordinates[1]
        return
    for part in coordinates:
        yield from _positions(part)
