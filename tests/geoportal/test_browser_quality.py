"""The page of a layer's reports in a headless Chromium, and its faults on the map."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import geopandas as gpd
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from geoportal.web.assets import assets
from geoportal.web.texts import texts
from layers.model import LANGUAGES, Language
from tests.fix_loads import write
from tests.fix_server import Server, start_server
from tests.geoportal.test_browser import AXE, DRAWN_WITHIN_MS, IDLE, PHONE, Watch
from tests.geoportal.test_cli import geoportal
from tests.geoportal.test_cli_quality import WHERE, faulty

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Plots = Callable[..., gpd.GeoDataFrame]
SAID = {
    "перакрывае аб’ект": "be", "перекрывает объект": "ru", "overlaps feature": "en",
    "— не код са спіса": "be", "— не код из списка": "ru", "is none of the codes": "en",
}  # fmt: skip
PATH = "/ogc/collections/parcels/quality?f=html&lang="


@pytest.fixture
def reported(database: str, plots: Plots, tmp_path: Path) -> Iterator[Server]:
    """A server over one load with faults of every kind."""
    file = write(faulty(plots), tmp_path / "участкі.gpkg", geometry_type="Unknown")
    assert geoportal("load", "vector", str(file), *WHERE, database_url=database).returncode == 0
    with start_server(database, layers_dir="") as running:
        yield running


@pytest.fixture
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


def test_a_report_is_a_page_that_leads_to_the_map(reported: Server, browser: Browser) -> None:
    watch = Watch(reported.url)
    # The policy would refuse the examiner's own script; nothing else is let in by this.
    context = browser.new_context(viewport=PHONE, bypass_csp=True)
    context.route("**/*", watch.route)
    page = context.new_page()
    watch.follow(page)
    for language in LANGUAGES:
        page.goto(reported.url + PATH + language)
        says_it(page, language)
    if assets().has_map:
        place = page.get_attribute("td a[href*='load_faults']", "href") or ""
        page.goto(reported.url + place.replace("?", "?test=1&", 1))
        page.wait_for_selector(IDLE, timeout=DRAWN_WITHIN_MS)
        shown = json.loads(page.get_attribute("#app", "data-features") or "{}")
        assert shown.get("load_faults", 0) > 0
        # The link leads to the fault: it lies in the middle of the map.
        box = page.locator("canvas").first.bounding_box()
        assert box
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.wait_for_selector(".hit [data-complete] [data-field=detail_en]")
        card = page.inner_text(".identify")
        assert "made valid" in card
        assert "invalid geometry" in card
        assert "false" not in card
        assert not page.locator("[data-field=detail_be], [data-field=detail_ru]").count()
    watch.assert_clean()


def says_it(page: Page, language: Language) -> None:
    words = texts(language)
    text = page.inner_text("main")
    for key in ("quality.rule.overlap", "quality.decision.published_with_warnings"):
        assert words[key].lower() in text.lower()
    assert "rule.overlap" in text
    for said, its_own in SAID.items():
        assert (said in text) == (its_own == language), said
    assert "<замок>" in text
    assert page.evaluate("document.documentElement.lang") == language
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    if AXE.is_file():
        page.add_script_tag(content=AXE.read_text(encoding="utf-8"))
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
        found = page.evaluate("(tags) => axe.run(document, {runOnly: tags})", tags)
        assert [(v["id"], v["nodes"][0]["html"]) for v in found["violations"]] == []
