from typing import Any

import pytest

from geoportal.web.legend import legend
from layers.model import LANGUAGES, Language, Layer
from layers.registry import load_layers, style

KIND = {
    "name": "kind",
    "type": "string",
    "title": {"be": "Від", "ru": "Вид", "en": "Kind"},
    "codes": [
        {"value": v, "title": {"be": f"{v} be", "ru": f"{v} ru", "en": f"the {v}"}}
        for v in ("a", "b", "c")
    ],
}
HEIGHT = {
    "name": "height_m",
    "type": "number",
    "unit": "m",
    "title": {"be": "Вышыня", "ru": "Высота", "en": "Height"},
}
SHARE = {**HEIGHT, "name": "share", "unit": "1", "title": {"be": "д", "ru": "д", "en": "Share"}}
LIVE = {"name": "live", "type": "boolean", "title": {"be": "ж", "ru": "ж", "en": "Live"}}


@pytest.fixture
def layer() -> Layer:
    return Layer.model_validate(
        {
            "id": "things",
            "theme": "base",
            "title": {"be": "Рэчы", "ru": "Вещи", "en": "Things"},
            "description": {"be": "-", "ru": "-", "en": "-"},
            "geometry": "MultiPolygon",
            "scope": "area",
            "status": "demonstration",
            "supplier": {"name": {"be": "-", "ru": "-", "en": "-"}},
            "update_period": "once",
            "licence": {"id": "CC0-1.0", "title": "CC0"},
            "attribution": "us",
            "fields": [KIND, HEIGHT, SHARE, LIVE],
        }
    )


def drawn(kind: str, **parts: Any) -> dict[str, Any]:
    paint = {f"{kind}-color": parts.pop("colour", "#111111"), **parts.pop("paint", {})}
    return {"id": f"x-{kind}", "type": kind, "paint": paint, **parts}


def labels(found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(e["label"], e["symbol"]["colour"]) for group in found for e in group["entries"]]


def test_one_colour_is_the_layer_itself_with_its_outline(layer: Layer) -> None:
    layers = [
        drawn("fill", colour="#eeeeee", paint={"fill-opacity": 0.5}),
        drawn("line", colour="#ffffff"),
        drawn("line", colour="#222222", paint={"line-dasharray": [4, 2]}),
    ]
    (group,) = legend(layer, {"layers": layers}, "en")
    assert group["title"] is None
    assert group["entries"] == [
        {
            "label": "Things",
            "symbol": {
                "shape": "polygon",
                "colour": "#eeeeee",
                "opacity": 0.5,
                "outline": "#222222",
                "dash": (4.0, 2.0),
            },
        }
    ]


def test_match_is_labelled_by_the_codes_in_their_order(layer: Layer) -> None:
    colour = ["match", ["get", "kind"], "b", "#00000b", "a", "#00000a", "#0000ff"]
    (group,) = legend(layer, {"layers": [drawn("fill", colour=colour)]}, "en")
    assert group["title"] == "Kind"
    assert labels([group]) == [("the a", "#00000a"), ("the b", "#00000b"), ("the c", "#0000ff")]


def test_default_colour_of_a_full_match_is_no_entry(layer: Layer) -> None:
    colour = ["match", ["get", "kind"], ["a", "b"], "#1", "c", "#2", "#3"]
    found = legend(layer, {"layers": [drawn("circle", colour=colour)]}, "ru")
    assert labels(found) == [("a ru, b ru", "#1"), ("c ru", "#2")]


def test_step_has_ranges_with_the_unit_in_the_title(layer: Layer) -> None:
    colour = ["step", ["coalesce", ["get", "height_m"], 0], "#1", 5, "#2", 12.5, "#3"]
    (group,) = legend(layer, {"layers": [drawn("fill", colour=colour)]}, "ru")
    assert group["title"] == "Высота, м"
    assert [label for label, _ in labels([group])] == ["менее 5", "5 – 12,5", "12,5 и более"]


def test_shares_are_shown_in_percent(layer: Layer) -> None:
    colour = ["interpolate", ["linear"], ["get", "share"], 0, "#1", 0.5, "#2"]
    (group,) = legend(layer, {"layers": [drawn("fill", colour=colour)]}, "en")
    assert (group["title"], labels([group])) == ("Share, %", [("0", "#1"), ("50", "#2")])


def test_case_on_a_boolean_names_both_sides(layer: Layer) -> None:
    colour = ["case", ["==", ["get", "live"], False], "#1", "#2"]
    found = legend(layer, {"layers": [drawn("circle", colour=colour)]}, "en")
    assert labels(found) == [("no", "#1"), ("yes", "#2")]


def test_case_around_a_scale_leaves_the_scale(layer: Layer) -> None:
    scale = ["step", ["get", "height_m"], "#1", 5, "#2"]
    colour = ["case", ["!", ["has", "height_m"]], "#9", scale]
    found = legend(layer, {"layers": [drawn("fill", colour=colour)]}, "en")
    assert ("less than 5", "#1") in labels(found)
    assert ("5 and more", "#2") in labels(found)


def test_filter_says_what_a_colour_stands_for(layer: Layer) -> None:
    layers = [
        drawn("line", colour="#1", filter=["==", ["get", "kind"], "a"]),
        drawn("line", colour="#2", filter=["in", ["get", "kind"], ["literal", ["b", "c"]]]),
        drawn("line", colour="#3", filter=["==", ["geometry-type"], "Point"]),
    ]
    found = legend(layer, {"layers": layers}, "en")
    assert labels(found) == [("the a", "#1"), ("the b, the c", "#2")]


def test_casing_spares_what_its_filter_leaves_out(layer: Layer) -> None:
    colour = ["match", ["get", "kind"], "a", "#a", "b", "#b", "c", "#c", "#d"]
    layers = [
        drawn("line", colour="#casing", filter=["!", ["in", ["get", "kind"], ["literal", ["c"]]]]),
        drawn("line", colour=colour),
    ]
    (group,) = legend(layer, {"layers": layers}, "en")
    outlines = [entry["symbol"].get("outline") for entry in group["entries"]]
    assert outlines == ["#casing", "#casing", None]


def test_zoom_is_taken_at_the_closest_view_and_fading_is_ignored(layer: Layer) -> None:
    match = ["match", ["get", "kind"], "a", "#a", "#other"]
    colour = ["interpolate", ["linear"], ["zoom"], 5, "#1", 10, match]
    fade = ["interpolate", ["linear"], ["zoom"], 5, 0.8, 10, 0]
    found = legend(
        layer, {"layers": [drawn("fill", colour=colour, paint={"fill-opacity": fade})]}, "en"
    )
    assert labels(found) == [("the a", "#a"), ("the b, the c", "#other")]
    assert found[0]["entries"][0]["symbol"]["opacity"] == 0.8


def test_labels_and_empty_styles_have_no_legend(layer: Layer) -> None:
    assert legend(layer, {}, "en") == []
    assert legend(layer, {"layers": [{"id": "t", "type": "symbol"}]}, "en") == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_layer_has_a_legend_of_different_words(language: Language) -> None:
    for layer_id, one in load_layers().items():
        for group in legend(one, style(layer_id), language):
            found = [entry["label"] for entry in group["entries"]]
            assert found, layer_id
            assert len(set(found)) == len(found), layer_id
        assert legend(one, style(layer_id), language), layer_id
