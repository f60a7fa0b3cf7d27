"""The templates: every page, every language, whatever a document holds or lacks."""

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from geoportal.web.render import by_theme, centre, page_href, render, safe_href, with_query
from layers.model import LANGUAGES, Language

BASE = "http://portal.example"
TEMPLATES = Path(__file__).parents[3] / "geoportal" / "web" / "templates"
OWN = {"base", "parts", "home", "map"}
PAGES = sorted({path.stem for path in TEMPLATES.glob("*.html")} - OWN)
SCRIPT = "<script>alert(1)</script>"

LAYER = {
    "id": "buildings",
    "title": "Здания",
    "status": "demonstration",
    "geometry": "MultiPolygon",
    "fields": [
        {"name": "name", "title": "Название", "unit": None, "codes": {}},
        {"name": "kind", "title": "Назначение", "unit": None, "codes": {"school": "школа"}},
        {"name": "height_m", "title": "Высота", "unit": "m", "codes": {}},
        {"name": "live", "title": "Живой", "unit": None, "codes": {}},
        {"name": "status", "title": "Статус", "unit": None, "codes": {}},
    ],
}
PROPERTIES = {
    "name": f"School {SCRIPT}",
    "kind": "school",
    "height_m": 1234.5,
    "live": None,
    "status": "demonstration",
}
FEATURE: dict[str, Any] = {
    "type": "Feature",
    "id": 100000001,
    "properties": PROPERTIES,
    "geometry": {"type": "Point", "coordinates": [30.4, 54.5]},
}


class Page(HTMLParser):
    """The parts of a page that tests look at; open elements must be closed in order."""

    VOID = ("meta", "link", "img", "br", "input")

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.stack: list[str] = []
        self.words = ""
        self.addresses: list[tuple[str, str]] = []
        self.feed(html)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.stack.append(tag)
        self.addresses += [(tag, v or "") for n, v in attrs if n in ("href", "src")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Drawings in the page: `<path …/>` closes itself."""

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def html(page: str, document: dict[str, Any], language: Language = "ru", path: str = "/x") -> str:
    return render(page, document, language=language, path=path, base_url=BASE)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", [*PAGES, "unknown"])
def test_a_page_shows_even_an_empty_document(page: str, language: Language) -> None:
    found = html(page, {}, language)
    assert f'<html lang="{language}">' in found
    Page(found)


@pytest.mark.parametrize("page", [*PAGES, "unknown"])
def test_what_a_document_says_is_never_markup(page: str) -> None:
    hostile: dict[str, Any] = {
        "id": SCRIPT,
        "title": SCRIPT,
        "description": SCRIPT,
        "status": SCRIPT,
        "detail": SCRIPT,
        "instance": SCRIPT,
        "$id": SCRIPT,
        "theme": SCRIPT,
        "properties": PROPERTIES | {SCRIPT: {"title": SCRIPT, "enum": [SCRIPT]}},
        "features": [FEATURE | {"id": SCRIPT}],
        "_layer": LAYER | {"title": SCRIPT, "id": SCRIPT, "status": SCRIPT},
        "links": [{"href": "javascript:alert(1)", "rel": SCRIPT, "title": SCRIPT}],
        "supplier": {"name": SCRIPT, "url": "javascript:alert(1)"},
        "licence": {"title": SCRIPT, "url": "data:text/html,x"},
        "sources": [{"area": SCRIPT, "status": SCRIPT, "source": SCRIPT}],
        "collections": [{"id": SCRIPT, "title": SCRIPT, "theme": SCRIPT}],
        "paths": {SCRIPT: {"get": {"tags": [SCRIPT], "summary": SCRIPT}}},
        "inputs": {SCRIPT: {"title": SCRIPT, "schema": {"default": [SCRIPT]}}},
        "conformsTo": [SCRIPT],
        "processes": [{"id": SCRIPT, "title": SCRIPT}],
        "tilesets": [{"title": SCRIPT, "links": [{"rel": "self", "href": SCRIPT}]}],
    }
    found = html(page, hostile, path=f"/{SCRIPT}?x={SCRIPT}")
    assert SCRIPT not in found
    for _, address in Page(found).addresses:
        assert not address.startswith(("javascript:", "data:")), address


def test_no_page_asks_for_anything_outside() -> None:
    for page in PAGES:
        for tag, address in Page(html(page, {})).addresses:
            if tag in ("script", "link", "img"):
                assert address.startswith("/static/v-"), (page, tag, address)


def test_items_have_titles_units_code_labels_and_the_status() -> None:
    url = f"{BASE}/ogc/collections/buildings/items"
    document = {
        "features": [FEATURE],
        "_layer": LAYER,
        "numberMatched": 4000,
        "numberReturned": 1,
        "links": [{"rel": "next", "href": f"{url}?offset=1&f=html"}],
    }
    page = Page(html("items", document))
    for words in ("Высота, м", "школа", "1\u202f234,5", "демонстрационные", "Показано 1 из"):
        assert words in page.words
    assert ("a", "/ogc/collections/buildings/items?offset=1") in page.addresses
    assert ("a", "/ogc/collections/buildings/items/100000001") in page.addresses


def test_item_is_named_in_the_language_and_leads_to_the_map() -> None:
    named = {"name_ru": "Орша", "name_be": "Орша (be)"}
    feature = FEATURE | {"properties": PROPERTIES | named, "_layer": LAYER}
    page = Page(html("item", feature, "be"))
    assert "Орша (be)" in page.words
    assert ("a", "/map#map=16/54.5/30.4&layers=buildings") in page.addresses
    assert "1\u202f234,5\u00a0м" in page.words
    assert "няма даных" in page.words


def test_collection_shows_status_source_and_licence() -> None:
    document = {
        "id": "buildings",
        "title": "Buildings",
        "status": "demonstration",
        "licence": {"title": "CC0", "url": "https://creativecommons.org/publicdomain/zero/1.0/"},
        "supplier": {"name": "Us", "url": None},
        "updatePeriod": "P1Y",
        "itemCount": 12345,
        "sources": [{"area": "orsha", "status": "open", "source": "OSM", "rows": 5}],
        "extent": {"spatial": {"bbox": [[30.1, 54.1, 30.2, None]]}},
    }
    words = Page(html("collection", document, "en")).words
    for expected in ("demonstration", "Demonstration data.", "CC0", "every year", "12,345", "OSM"):
        assert expected in words


def test_openapi_follows_references_and_survives_broken_ones() -> None:
    document = {
        "paths": {
            "/collections": {
                "parameters": [{"$ref": "#/components/parameters/lang"}, {"$ref": "#/nowhere"}],
                "get": {"tags": ["common"], "responses": {"200": {"$ref": "#/x/y"}}},
            }
        },
        "components": {"parameters": {"lang": {"name": "lang", "in": "query"}}},
    }
    words = Page(html("openapi", document, "en")).words
    assert "/collections" in words
    assert "lang" in words
    assert "Common" in words


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/ogc", "/ogc?lang=be"),
        ("/ogc?lang=ru&limit=5", "/ogc?limit=5&lang=be"),
        ("/ogc?bbox=1,2,3,4#x", "/ogc?bbox=1,2,3,4&lang=be"),
        ("//evil.example/x", "/evil.example/x?lang=be"),
        ("/\\evil.example", "/evil.example?lang=be"),
        ("\t//evil.example", "/evil.example?lang=be"),
        ("", "/?lang=be"),
    ],
)
def test_language_link_stays_on_the_page_and_the_host(path: str, expected: str) -> None:
    assert with_query(path, lang="be") == expected


def test_language_switch_and_json_link_are_on_the_page() -> None:
    addresses = Page(html("landing", {}, "en", "/ogc?lang=en")).addresses
    assert {("a", "/ogc?lang=be"), ("a", "/ogc?lang=ru"), ("a", "/ogc?lang=en&f=json")} <= set(
        addresses
    )
    # A language that was asked for is kept; one from the header needs no parameter.
    assert ("a", "/ogc/collections?lang=en") in addresses
    assert ("a", "/ogc/collections") in Page(html("landing", {}, "en", "/ogc")).addresses


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "JaVaScript:x", "data:text/html,x", "java\nscript:x", "vbscript:x", ""],
)
def test_addresses_that_run_something_are_dropped(address: str) -> None:
    assert safe_href(address) == "#"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (f"{BASE}/ogc/collections?f=html", "/ogc/collections?lang=be"),
        (f"{BASE}/ogc?f=csv", "/ogc?f=csv&lang=be"),
        ("https://creativecommons.org/x?f=json", "https://creativecommons.org/x?f=json"),
        ("http://portal.example.evil/x", "http://portal.example.evil/x"),
        ("//evil.example/x", "/evil.example/x?lang=be"),
    ],
)
def test_links_to_our_pages_lose_the_format_and_keep_the_language(
    address: str, expected: str
) -> None:
    assert page_href(address, keep="be", base_url=BASE) == expected


def test_a_portal_below_a_path_links_below_it() -> None:
    found = render("landing", {}, language="en", path="/ogc", base_url="https://x.by/geo")
    addresses = [a for _, a in Page(found).addresses if a.startswith("/")]
    assert addresses
    assert all(address.startswith("/geo/") for address in addresses)


def test_collections_of_an_unknown_theme_come_last() -> None:
    found = by_theme([{"id": "x", "theme": "?"}, {"id": "y", "theme": "base"}])
    assert [theme for theme, _ in found] == ["base", "other"]
    assert by_theme([]) == []


@pytest.mark.parametrize(
    ("geometry", "expected"),
    [
        (None, None),
        ({"type": "Point", "coordinates": []}, None),
        ({"type": "Point", "coordinates": [30.0, 54.0]}, (30.0, 54.0)),
        ({"type": "MultiPolygon", "coordinates": [[[[0, 0], [4, 0], [4, 2], [0, 0]]]]}, (2, 1)),
        ({"type": "GeometryCollection", "geometries": []}, None),
    ],
)
def test_centre_of_a_geometry(
    geometry: dict[str, Any] | None, expected: tuple[float, float] | None
) -> None:
    assert centre(geometry) == expected


def test_scenarios_show_how_to_make_one_instead_of_an_empty_table() -> None:
    def hidden(document: dict[str, Any]) -> list[str]:
        page = html("scenarios", document, "en")
        return [one for one in ("how", "table") if f'id="scenarios-{one}" hidden' in page]

    one = {"name": "more", "title": "More", "area": "orsha", "layers": [], "shared": True}
    assert hidden({"scenarios": []}) == ["table"]
    assert hidden({"scenarios": [one]}) == ["how"]
    for language in LANGUAGES:
        assert "POST" in Page(html("scenarios", {"scenarios": []}, language)).words
