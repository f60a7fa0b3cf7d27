"""The portal in a headless Chromium: it draws, speaks three languages, and stays at home."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from playwright.sync_api import Browser, Page, Request, Route, sync_playwright

from geoportal.web.assets import assets
from geoportal.web.texts import texts
from layers.model import LANGUAGES
from tests.fix_server import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 740}
IDLE = "#app[data-map-state=idle]"
DRAWN_WITHIN_MS = 60_000  # a software renderer on a busy machine
ORSHA = "#map=15/54.5093/30.4258&layers=buildings,streets,service_points"
# The driver's own remark on reading pixels back, which headless Chromium prints on every map.
NOT_OURS = "GPU stall due to ReadPixels"


@pytest.fixture(scope="module")
def portal(portal_server: Server) -> Server:
    if not assets().has_map:
        pytest.skip("the map's assets are not installed: python tools/vendor_assets.py")
    return portal_server


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@dataclass
class Watch:
    """What a page did that it must not do."""

    origin: str
    outside: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def route(self, route: Route, request: Request) -> None:
        if request.url.startswith(self.origin + "/"):
            route.continue_()
        else:
            self.outside.append(request.url)
            route.abort()

    def follow(self, page: Page) -> None:
        page.on("console", lambda m: self._said(m.type, m.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("response", lambda r: self._answered(r.status, r.url))

    def _said(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and NOT_OURS not in text:
            self.complaints.append(text)

    def _answered(self, status: int, url: str) -> None:
        if status >= 400:
            self.refused.append(f"{status} {url}")

    def assert_clean(self) -> None:
        assert (self.outside, self.refused, self.complaints) == ([], [], [])


Open = Callable[..., Page]


@pytest.fixture
def visit(portal: Server, browser: Browser) -> Iterator[Open]:
    """Open a page of the portal; afterwards nothing may have gone wrong or outside."""
    made = []

    def open_page(path: str, **context: Any) -> Page:
        options = {"viewport": DESKTOP, "locale": "ru-RU"} | context
        opened = browser.new_context(**options)
        watch = Watch(portal.url)
        opened.route("**/*", watch.route)
        page = opened.new_page()
        watch.follow(page)
        made.append((opened, watch))
        page.goto(portal.url + path)
        return page

    yield open_page
    for opened, watch in made:
        opened.close()
        watch.assert_clean()


def drawn(page: Page) -> dict[str, int]:
    """Wait until the map is drawn and return the number of drawn features by layer."""
    page.wait_for_selector(IDLE, timeout=DRAWN_WITHIN_MS)
    found: dict[str, int] = json.loads(page.get_attribute("#app", "data-features") or "{}")
    return found


def settle(page: Page, act: Callable[[], object]) -> dict[str, int]:
    """Do something that changes the map, wait until it is drawn anew."""
    page.evaluate("document.getElementById('app').dataset.mapState = 'acting'")
    act()
    return drawn(page)


def has_no_sideways_scroll(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_country_is_drawn_at_first(visit: Open) -> None:
    found = drawn(visit("/map?test=1"))
    assert found.get("admin_units", 0) > 0
    assert found.get("settlements", 0) > 5


def test_quarter_is_drawn_with_its_coverage_and_says_that_it_is_a_demonstration(
    visit: Open,
) -> None:
    page = visit("/map?test=1&lang=en#area=orsha")
    found = drawn(page)
    for layer in ("buildings", "streets", "service_points", "service_coverage"):
        assert found.get(layer, 0) > 10, layer
    assert page.inner_text(".map-note") == "Demonstration data on the map"
    row = page.locator("[data-layer=buildings]")
    assert "demonstration" in row.inner_text()
    assert "residential" in row.inner_text()
    # The paint on the canvas, by coarse statistics: a blank map has one colour.
    colours = page.evaluate(
        """() => { const m = geoportalMap; m.redraw();
        const gl = m.getCanvas().getContext('webgl2');
        const px = new Uint8Array(4 * 200 * 200);
        gl.readPixels(gl.drawingBufferWidth / 2 - 100, gl.drawingBufferHeight / 2 - 100, 200, 200,
                      gl.RGBA, gl.UNSIGNED_BYTE, px);
        return new Set(new Uint32Array(px.buffer)).size; }"""
    )
    assert colours > 20


def test_jump_search_and_switching_change_the_map_and_the_address(visit: Open) -> None:
    page = visit("/map?test=1")
    drawn(page)
    found = settle(page, lambda: page.select_option("#area-jump", "orsha"))
    assert found.get("buildings", 0) > 10
    page.fill("#layer-search", "lighting")
    shown = page.locator(".row:visible")
    assert "street_lights" in {r.get_attribute("data-layer") for r in shown.all()}
    assert "buildings" not in {r.get_attribute("data-layer") for r in shown.all()}
    lamps = page.locator("[data-layer=street_lights] input")
    found = settle(page, lamps.check)
    assert found.get("street_lights", 0) > 10
    assert "street_lights" in page.url
    found = settle(page, lamps.uncheck)
    assert "street_lights" not in found
    page.fill("#layer-search", "zzzz")
    assert page.locator(".row:visible").count() == 0


def test_copied_address_shows_the_same_map(visit: Open) -> None:
    page = visit(f"/map?test=1&lang=be{ORSHA}")
    first = drawn(page)
    address = urlsplit(page.url)
    again = visit(f"{address.path}?{address.query}#{address.fragment}")
    assert drawn(again) == first
    assert again.get_attribute("#app", "data-state") == page.get_attribute("#app", "data-state")


def test_one_class_of_the_coverage_is_chosen(visit: Open) -> None:
    page = visit("/map?test=1#area=orsha")
    drawn(page)
    settle(page, lambda: page.select_option("[data-layer=service_coverage] select", "clinic"))
    classes = page.evaluate(
        """() => [...new Set(geoportalMap.queryRenderedFeatures()
            .filter(f => f.source === 'service_coverage').map(f => f.properties.service_class))]"""
    )
    assert classes == ["clinic"]
    assert "choose.service_coverage=clinic" in page.url


def place_of(page: Page, feature_id: int) -> tuple[float, float]:
    """The place on the page of the middle of a drawn feature."""
    x, y = page.evaluate(
        """(id) => { const m = geoportalMap;
        const f = m.queryRenderedFeatures().find(f => f.id === id && f.layer.type === 'fill');
        let ring = f.geometry.coordinates; while (typeof ring[0][0] !== 'number') ring = ring[0];
        const xs = ring.map(p => p[0]), ys = ring.map(p => p[1]);
        const p = m.project([(Math.min(...xs) + Math.max(...xs)) / 2,
                             (Math.min(...ys) + Math.max(...ys)) / 2]);
        const box = m.getCanvas().getBoundingClientRect(); return [p.x + box.x, p.y + box.y]; }""",
        feature_id,
    )
    return x, y


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_click_tells_the_value_of_the_database_with_its_unit(
    visit: Open, portal_database: str, size: dict[str, int]
) -> None:
    page = visit("/map?test=1&lang=en#map=16/54.5093/30.4258&layers=buildings", viewport=size)
    drawn(page)
    feature_id = page.evaluate(
        """() => { const m = geoportalMap, c = m.project(m.getCenter());
        const d = f => { let r = f.geometry.coordinates;
          while (typeof r[0][0] !== 'number') r = r[0];
          const p = m.project(r[0]); return (p.x - c.x) ** 2 + (p.y - c.y) ** 2; };
        return m.queryRenderedFeatures()
          .filter(f => f.source === 'buildings' && f.layer.type === 'fill')
          .sort((a, b) => d(a) - d(b))[0].id; }"""
    )
    page.mouse.click(*place_of(page, feature_id))
    page.wait_for_selector(".identify .attributes[data-complete=true]")
    with psycopg.connect(portal_database) as connection:
        row = connection.execute(
            "SELECT height_m, storeys FROM features.buildings WHERE id = %s", [feature_id]
        ).fetchone()
    assert row is not None
    card = page.locator(".identify details[open]")
    assert card.locator("[data-field=height_m] dt").inner_text() == "Height"
    assert card.locator("[data-field=height_m] dd").inner_text() == f"{row[0]:g}\u00a0m"
    assert card.locator("[data-field=storeys] dd").inner_text() == str(row[1])
    assert card.locator("[data-field=area] dd").inner_text() == "Orsha"
    assert "demonstration" in card.inner_text()
    link = card.locator(".hit-links a").get_attribute("href") or ""
    assert link.startswith(f"/ogc/collections/buildings/items/{feature_id}")
    assert has_no_sideways_scroll(page)
    page.keyboard.press("Escape")
    assert page.locator(".identify").is_hidden()


def test_keyboard_alone_is_enough(visit: Open) -> None:
    page = visit("/map?test=1&lang=en#map=16/54.5093/30.4258&layers=smart_quarters")
    drawn(page)
    page.focus(".maplibregl-canvas")
    before = page.get_attribute("#app", "data-state")
    settle(page, lambda: page.keyboard.press("ArrowRight"))
    assert page.get_attribute("#app", "data-state") != before
    page.keyboard.press("Enter")
    page.wait_for_selector(".identify .attributes[data-complete=true]")
    assert "Smart quarters" in page.inner_text(".identify")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.className") == "maplibregl-canvas"


def test_language_changes_every_label_and_keeps_the_view(visit: Open) -> None:
    page = visit(f"/map?test=1&lang=ru{ORSHA}")
    drawn(page)
    state = page.get_attribute("#app", "data-state")
    panels = {}
    for language in LANGUAGES:
        settle(page, page.locator(f"a[data-language={language}]").click)
        assert page.get_attribute("html", "lang") == language
        assert page.get_attribute("#app", "data-state") == state
        panels[language] = page.inner_text("body")
        assert texts(language)["map.clear"] in panels[language]
        assert page.get_attribute("#layer-search", "placeholder") == texts(language)["map.search"]
        canvas = page.locator(".maplibregl-canvas")
        assert canvas.get_attribute("aria-label") == texts(language)["map.region"]
        raw = re.findall(r"\b(?:map|status|theme|value|unit|nav|site)\.[a-z_]+\b", panels[language])
        assert raw == []
    assert len(set(panels.values())) == 3
    assert not re.search("[а-яё]", panels["en"].lower().replace("орша", ""))


def test_phone_has_the_map_first_and_the_layers_on_request(visit: Open) -> None:
    page = visit("/map?test=1&lang=be#area=orsha", viewport=PHONE)
    assert drawn(page).get("buildings", 0) > 10
    assert page.locator("#panel").is_hidden()
    page.click(".panel-toggle")
    assert page.locator("#panel").is_visible()
    assert has_no_sideways_scroll(page)
    page.click(".panel-toggle")
    assert page.locator("#panel").is_hidden()


def test_without_webgl_a_message_leads_to_the_catalogue(portal: Server, browser: Browser) -> None:
    opened = browser.new_context(viewport=DESKTOP)
    opened.add_init_script(
        """const make = HTMLCanvasElement.prototype.getContext;
        HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
          return kind.startsWith('webgl') ? null : make.call(this, kind, ...rest); };"""
    )
    page = opened.new_page()
    page.goto(f"{portal.url}/map?lang=en")
    page.wait_for_selector("#app[data-map-state=failed]")
    message = page.locator("#map-message")
    assert "WebGL 2" in message.inner_text()
    assert message.locator("a").get_attribute("href") == "/ogc/collections?lang=en"
    opened.close()


class Addresses(HTMLParser):
    """What a page loads, and where it leads."""

    LOADS = (("script", "src"), ("img", "src"), ("link", "href"), ("source", "src"))

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.leads: list[str] = []
        self.inline_scripts = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.loads += [given[name] or "" for t, name in self.LOADS if t == tag and name in given]
        self.inline_scripts += tag == "script" and "src" not in given
        if tag == "a":
            self.leads.append(given.get("href") or "")


def test_no_page_loads_anything_from_outside(portal: Server) -> None:
    """Every HTML page that can be reached by links, up to three of a kind."""
    waiting, seen, kinds = ["/", "/map"], set[str](), dict[str, int]()
    pages = 0
    while waiting:
        path = waiting.pop()
        status, headers, body = portal.request("GET", path, {"Accept": "text/html"})
        assert status == 200, path
        if not headers["content-type"].startswith("text/html"):
            continue
        pages += 1
        assert "default-src 'self'" in headers["content-security-policy"], path
        found = Addresses(body.decode())
        assert found.inline_scripts == 0, path
        for address in found.loads:
            assert address.startswith(("/static/v-", "/ogc/")), (path, address)
        for address in found.leads:
            own = address.removeprefix(portal.url).partition("#")[0]
            kind = re.sub(r"/collections/[^/?]+", "/collections/x", own.partition("?")[0])
            kind = re.sub(r"/items/\d+", "/items/1", kind)
            if own.startswith("/") and own not in seen and kinds.get(kind, 0) < 3:
                seen.add(own)
                kinds[kind] = kinds.get(kind, 0) + 1
                waiting.append(own)
    assert pages > 40


ACCESSIBLE = (
    "/",
    "/map#area=orsha",
    "/ogc",
    "/ogc/collections",
    "/ogc/collections/buildings",
    "/ogc/collections/buildings/items",
    "/ogc/collections/buildings/items/100000001",
    "/ogc/collections/buildings/schema",
    "/ogc/openapi",
    "/ogc/processes/service-coverage",
    "/ogc/tileMatrixSets/WebMercatorQuad",
    "/ogc/map?f=html",
)


@pytest.mark.parametrize("path", ACCESSIBLE)
def test_pages_are_accessible_and_fit_a_phone(visit: Open, path: str) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: npm ci")
    # The policy would refuse the examiner's own script; nothing else is let in by this.
    page = visit(path, viewport=PHONE, bypass_csp=True)
    if path.startswith("/map"):
        drawn(page)
        page.click(".panel-toggle")
    assert has_no_sideways_scroll(page)
    page.add_script_tag(content=AXE.read_text(encoding="utf-8"))
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found = page.evaluate("(tags) => axe.run(document, {runOnly: tags})", tags)
    assert [(v["id"], v["nodes"][0]["html"]) for v in found["violations"]] == []
    assert len(found["passes"]) > 10
