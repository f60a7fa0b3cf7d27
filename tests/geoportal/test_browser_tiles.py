"""MapLibre draws tiles of the data set from their TileJSON alone, points with their counts."""

from typing import Any

import pytest

from tests.geoportal.test_browser import Open, browser, portal, visit

__all__ = ["browser", "portal", "visit"]

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# The map page is only the frame: its own map is not touched.
DRAW = """async ([url, zoom, styles]) => {
  const library = globalThis.maplibregl ?? await import(MODULE);
  const box = document.createElement("div");
  box.style.cssText = "position:fixed;inset:0;width:800px;height:600px;z-index:99";
  document.body.append(box);
  const map = new library.Map({
    container: box, center: [30.4258, 54.5093], zoom, fadeDuration: 0,
    style: {version: 8, sources: {all: {type: "vector", url}},
            layers: styles.map((one) => ({...one, source: "all"}))},
  });
  const fault = new Promise((_, no) => map.on("error", (event) => no(event.error)));
  await Promise.race([new Promise((done) => map.once("idle", done)), fault]);
  const found = map.queryRenderedFeatures().map((one) => (
    {layer: one.sourceLayer, id: one.id ?? null, properties: one.properties}));
  map.remove(); box.remove();
  return found;
}"""
STYLES = [
    {"id": "a", "type": "fill", "source-layer": "buildings", "paint": {"fill-color": "#888"}},
    {"id": "b", "type": "line", "source-layer": "streets"},
    {"id": "c", "type": "circle", "source-layer": "service_points"},
]


def draw(visit: Open, zoom: float) -> list[dict[str, Any]]:
    page = visit("/map")
    page.wait_for_selector("#app[data-map-state=idle]", timeout=60_000)
    module = page.evaluate(
        "[...document.querySelectorAll('script[src], link[rel=modulepreload]')]"
        ".map((one) => one.src || one.href).find((one) => /maplibre-gl[^/]*\\.m?js/.test(one))"
        " ?? ''"
    )
    url = page.evaluate("location.origin") + "/ogc/tiles/WebMercatorQuad?f=tilejson"
    script = DRAW.replace("MODULE", repr(module))
    found: list[dict[str, Any]] = page.evaluate(script, [url, zoom, STYLES])
    return found


def test_several_layers_of_one_tile_are_drawn(visit: Open) -> None:
    found = draw(visit, 15)
    assert {one["layer"] for one in found} == {"buildings", "streets", "service_points"}
    assert all(one["id"] for one in found)


def test_clusters_have_a_count_and_no_id(visit: Open) -> None:
    points = [one for one in draw(visit, 10) if one["layer"] == "service_points"]
    crowds = [one for one in points if one["properties"]["point_count"] > 1]
    assert crowds
    assert all(one["id"] is None for one in crowds)
    assert all(one["properties"]["service_class"] for one in crowds)
