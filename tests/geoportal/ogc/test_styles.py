import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from geoportal.app import create_app
from geoportal.settings import Settings


@pytest.fixture(scope="module")
def portal(portal_database: str) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(database_url=portal_database))) as client:
        yield client


def test_every_layer_and_the_data_set_have_a_style(portal: TestClient) -> None:
    document = portal.get("/ogc/styles?lang=en").json()
    collections = portal.get("/ogc/collections").json()["collections"]
    layers = [c["id"] for c in collections if c.get("itemType") == "feature"]
    assert [s["id"] for s in document["styles"]] == ["default", *layers]
    assert document["default"] == "default"
    one = portal.get("/ogc/collections/buildings/styles").json()
    assert [s["id"] for s in one["styles"]] == ["buildings"]


@pytest.mark.parametrize("style_id", ["default", "buildings", "settlements"])
def test_style_draws_from_our_tiles(portal: TestClient, style_id: str) -> None:
    answer = portal.get(f"/ogc/styles/{style_id}?f=mapbox&lang=be")
    assert answer.headers["content-type"] == "application/vnd.mapbox.style+json"
    style = answer.json()
    assert style["version"] == 8
    assert {one["source"] for one in style["layers"]} <= set(style["sources"])
    for source in style["sources"].values():
        (template,) = source["tiles"]
        z = max(source["minzoom"], 8)
        west, south, east, north = source["bounds"]
        assert west <= east
        assert south <= north
        url = template.replace("{z}", str(z)).replace("{y}", "82").replace("{x}", "149")
        assert portal.get(url).status_code in (200, 204)
    if style_id == "settlements":
        assert "name_be" in str(style["layers"])


@pytest.mark.parametrize("style_id", ["default", "buildings", "service_coverage", "streets"])
def test_legend_is_a_picture_with_the_words_of_the_code_list(
    portal: TestClient, style_id: str
) -> None:
    answer = portal.get(f"/ogc/styles/{style_id}/legend?lang=en")
    assert answer.headers["content-type"] == "image/svg+xml"
    picture = ET.fromstring(answer.text)
    words = [t.text for t in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert len(words) > 4
    if style_id == "buildings":
        assert "school" in words


def test_unknown_style_is_404(portal: TestClient) -> None:
    for path in ("", "/metadata", "/legend"):
        assert portal.get(f"/ogc/styles/nosuch{path}").status_code == 404


@pytest.mark.parametrize(("format_", "version"), [("sld10", "1.0.0"), ("sld11", "1.1.0")])
def test_a_style_is_told_as_sld(portal: TestClient, format_: str, version: str) -> None:
    answer = portal.get(f"/ogc/styles/buildings?f={format_}&lang=en")
    media_type = f"application/vnd.ogc.sld+xml;version={version[:3]}"
    assert answer.headers["content-type"] == media_type
    root = ET.fromstring(answer.content)
    assert root.get("version") == version
    words = [one.text for one in root.iter()]
    assert {"buildings", "school", "#b7d0ea"} <= set(words)
    (entry,) = portal.get("/ogc/collections/buildings/styles").json()["styles"]
    links = {link["type"]: link["href"] for link in entry["links"] if link["rel"] == "stylesheet"}
    assert portal.get(links[media_type]).headers["content-type"] == media_type
    metadata = portal.get("/ogc/styles/buildings/metadata").json()
    assert [one["version"] for one in metadata["stylesheets"]] == ["8", "1.0.0", "1.1.0"]


def test_the_style_of_the_data_set_names_every_layer_in_sld(portal: TestClient) -> None:
    accept = {"Accept": "application/vnd.ogc.sld+xml"}
    answer = portal.get("/ogc/styles/default?lang=be", headers=accept)
    assert answer.headers["content-type"].startswith("application/vnd.ogc.sld+xml")
    root = ET.fromstring(answer.content)
    sld = "{http://www.opengis.net/sld}"
    named = [one.findtext(f"{sld}Name") for one in root.iter(f"{sld}NamedLayer")]
    style = portal.get("/ogc/styles/default?f=mapbox").json()
    assert named == list(dict.fromkeys(one["source"] for one in style["layers"]))
    # What only tiles have is no field of a feature.
    assert b"point_count" not in answer.content


def test_a_page_shows_legend_map_and_forms_of_a_style(portal: TestClient) -> None:
    listed = portal.get("/ogc/styles?f=html&lang=en").text
    assert "/ogc/styles/buildings?" in listed
    page = portal.get("/ogc/styles/buildings?f=html&lang=en").text
    assert "<h1>Buildings</h1>" in page
    for address in re.findall(r'<img src="([^"]+)"', page):
        shown = portal.get(address.replace("&amp;", "&"))
        assert shown.status_code == 200
        assert shown.headers["content-type"].startswith("image/")
    assert page.count("<img ") == 2
    for form in ("mapbox", "sld10", "sld11"):
        assert f"/styles/buildings?f={form}" in page
