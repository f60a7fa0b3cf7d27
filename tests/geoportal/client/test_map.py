"""Maps hold all they need: no address in the document, nothing fetched, nothing run from data."""

from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from playwright.sync_api import Error, sync_playwright

from geoportal.client import map as maps
from geoportal.client.errors import NoMap
from geoportal.client.map import OfflineMap, draw, external_addresses

pytestmark = pytest.mark.skipif(
    not (maps.LEAFLET / "leaflet.js").is_file(),
    reason="the browser files are not installed: make assets",
)

ATTACK = "</script><img src=http://evil.example/x onerror=\"document.title='run'\">"


def frame(**columns: object) -> gpd.GeoDataFrame:
    shapes = [shapely.box(30, 54, 30.01, 54.01), shapely.Point(30.02, 54.02), None]
    return gpd.GeoDataFrame(columns or {"kind": ["a", "b", "c"]}, geometry=shapes, crs=4326)


def test_a_map_names_no_address() -> None:
    assert external_addresses(draw(frame(), "kind").html) == []


@pytest.mark.parametrize(
    "part",
    [
        '<script src="https://cdn.example/x.js"></script>',
        "<link rel=stylesheet href=//cdn.example/x.css>",
        "<style>a{background:url('http://cdn.example/x.png')}</style>",
        '<style>@import "http://cdn.example/x.css";</style>',
        '<img src="/x.png">',
    ],
)
def test_a_document_that_fetches_is_refused(part: str) -> None:
    whole = draw(frame()).html
    with pytest.raises(NoMap, match="must hold all"):
        OfflineMap(whole + part)
    with pytest.raises(NoMap):
        OfflineMap(whole.replace(maps.POLICY, "default-src *"))


def test_a_browser_draws_it_fetching_nothing(chromium: str, tmp_path: Path) -> None:
    source = {"attribution": "Someone", "licence": "CC0", "status": "demonstration"}
    rows = frame(kind=["a", ATTACK, "c"], value=[1.0, 2.0, 3.0]).to_crs(32636)
    rows.attrs["source"] = source
    file = draw(rows, "kind").save(tmp_path / "map.html")
    requests, said = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(file.as_uri())
        page.wait_for_selector(".leaflet-container canvas")
        drawn = page.evaluate(
            "Object.values(window).filter(x => x instanceof L.GeoJSON)[0].getLayers()"
            ".map(x => [x.feature.geometry.type, x.options.fillColor])"
        )
        box = page.evaluate(
            "Object.values(window).filter(x => x instanceof L.Map)[0].getBounds().toBBoxString()"
        )
        credit = page.inner_text(".leaflet-control-attribution")
        with pytest.raises(Error):
            page.evaluate("fetch('http://127.0.0.1:1/')")
        title = page.title()
        browser.close()
    assert requests == [file.as_uri()]
    assert [kind for kind, _ in drawn] == ["Polygon", "Point"]
    assert len({colour for _, colour in drawn}) == 2
    west, south, east, north = map(float, box.split(","))
    assert west < 30
    assert south < 54
    assert east > 30.02
    assert north > 54.02
    assert credit == "Someone; CC0; demonstration"
    assert title != "run"
    assert [line for line in said if "Content Security Policy" not in line] == []


def test_data_are_shown_as_text() -> None:
    made = draw(frame(kind=[ATTACK, "b", "c"]), "kind").html
    assert "<img src=http://evil" not in made


def test_a_notebook_shows_it_in_a_frame_of_its_own() -> None:
    shown = draw(frame())._repr_html_()
    assert shown.startswith('<iframe srcdoc="&lt;!DOCTYPE html&gt;')


def test_numbers_are_coloured_in_five_classes_and_unknown_ones_grey() -> None:
    values = [*range(10), None]
    points = [shapely.Point(30 + i / 100, 54) for i in range(11)]
    made = draw(gpd.GeoDataFrame({"n": values}, geometry=points, crs=4326), "n").html
    assert all(colour in made for colour in (*maps.STEPS, maps.UNKNOWN))
    assert "0 - 1.8" in made


def test_every_value_may_be_the_same() -> None:
    assert "4 - 4" in draw(frame(n=[4.0, 4.0, 4.0]), "n").html


def test_colours_may_be_given() -> None:
    made = draw(frame(), "kind", colours={"a": "#123456"}).html
    assert "#123456" in made
    assert maps.UNKNOWN in made


def test_what_cannot_be_drawn_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(NoMap, match="nothing to draw"):
        draw(frame().iloc[2:])
    many = gpd.GeoDataFrame(
        {"kind": [str(i) for i in range(9)]}, geometry=[shapely.Point(30, 54)] * 9, crs=4326
    )
    with pytest.raises(NoMap, match="kind has 9 values"):
        draw(many, "kind")
    with monkeypatch.context() as patch:
        patch.setattr(maps, "MOST", 8)
        with pytest.raises(NoMap, match="9 features are more than the 8"):
            draw(many)
    monkeypatch.setattr(maps, "LEAFLET", tmp_path)
    with pytest.raises(NoMap, match="make assets"):
        draw(frame())
