import json
from datetime import UTC, datetime
from typing import Any

import pytest

from geoportal.web.catalogue import catalogue, statuses, style_layers
from layers.area import seed_areas
from layers.model import LANGUAGES, Area, Language, Layer, Status
from layers.registry import load_layers, style
from layers.version import Bbox, Version

ORSHA_BOX = (30.41, 54.50, 30.44, 54.52)


def version(
    layer: str, area: str, *, status: Status = "open", box: Bbox | None = ORSHA_BOX, number: int = 7
) -> Version:
    return Version(
        layer=layer,
        area=area,
        version=number,
        checksum="c",
        row_count=3,
        bbox=box,
        time_start=None,
        time_end=None,
        loaded_at=datetime(2026, 1, 1, tzinfo=UTC),
        status=status,
        source="s",
        attribution=f"people of {area}",
        supplier=None,
        licence=None,
    )


@pytest.fixture(scope="module")
def layers() -> dict[str, Layer]:
    return load_layers()


@pytest.fixture(scope="module")
def areas() -> dict[str, Area]:
    return seed_areas()


def made(
    layers: dict[str, Layer], areas: dict[str, Area], language: Language = "en"
) -> dict[str, Any]:
    versions = {
        (name, area): version(name, area)
        for name, area in [
            ("settlements", "by"),
            ("buildings", "orsha"),
            ("service_coverage", "orsha"),
        ]
    }
    shown = {name: layers[name] for name, _ in versions}
    return catalogue(
        shown, versions, areas=areas, style=style, language=language, base_path="/portal"
    )


def by_id(document: dict[str, Any]) -> dict[str, Any]:
    return {layer["id"]: layer for theme in document["themes"] for layer in theme["layers"]}


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_layers_fit_into_the_document(
    layers: dict[str, Layer], areas: dict[str, Area], language: Language
) -> None:
    versions = {
        (name, "by" if one.scope == "national" else "orsha"): version(name, "orsha")
        for name, one in layers.items()
    }
    document = catalogue(
        layers, versions, areas=areas, style=style, language=language, base_path=""
    )
    assert set(by_id(json.loads(json.dumps(document)))) == set(layers)


def test_layers_are_grouped_by_theme_in_the_order_of_the_tree(
    layers: dict[str, Layer], areas: dict[str, Area]
) -> None:
    document = made(layers, areas)
    assert [theme["id"] for theme in document["themes"]] == ["base", "results"]
    assert document["themes"][0]["title"] == "Base"


def test_tiles_change_their_address_with_the_version(
    layers: dict[str, Layer], areas: dict[str, Area]
) -> None:
    tiles = by_id(made(layers, areas))["buildings"]["tiles"]
    base = "/portal/ogc/collections/buildings/tiles/WebMercatorQuad/"
    assert tiles == base + "{z}/{y}/{x}?f=mvt&v=7"


def test_fields_have_words_units_and_codes_of_the_language(
    layers: dict[str, Layer], areas: dict[str, Area]
) -> None:
    found = by_id(made(layers, areas, "ru"))["buildings"]
    fields = {field["name"]: field for field in found["fields"]}
    assert fields["kind"]["codes"]["school"] == "школа"
    assert (fields["height_m"]["unit"], fields["height_m"]["unitSymbol"]) == ("m", "м")
    assert {"area", "status"} <= set(fields)


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_show_the_name_in_the_language(
    layers: dict[str, Layer], areas: dict[str, Area], language: Language
) -> None:
    found = by_id(made(layers, areas, language))["settlements"]
    labels = [s["layout"]["text-field"] for s in found["style"] if s["type"] == "symbol"]
    assert labels
    assert all(f'["get", "name_{language}"]' in json.dumps(label) for label in labels)
    assert found["titleField"] == f"name_{language}"


def test_label_in_braces_becomes_a_field_of_the_language(areas: dict[str, Area]) -> None:
    layers = load_layers()
    label = {"id": "x", "type": "symbol", "layout": {"text-field": "{name_ru}"}}
    document = catalogue(
        {"settlements": layers["settlements"]},
        {("settlements", "by"): version("settlements", "by")},
        areas=areas,
        style=lambda _: {"layers": [label]},
        language="be",
        base_path="",
    )
    (drawn,) = by_id(document)["settlements"]["style"]
    assert drawn["layout"]["text-field"] == ["coalesce", ["get", "name_be"], ["get", "name_ru"]]
    assert label["layout"] == {"text-field": "{name_ru}"}  # the registry's style stays as it is


def test_selector_lists_the_classes(layers: dict[str, Layer], areas: dict[str, Area]) -> None:
    selector = by_id(made(layers, areas))["service_coverage"]["selector"]
    assert selector["field"] == "service_class"
    assert {"value": "school", "title": "school"} in selector["codes"]
    assert by_id(made(layers, areas))["buildings"]["selector"] is None


def test_demonstration_comes_first_among_the_statuses(layers: dict[str, Layer]) -> None:
    loaded = [
        version("buildings", "minsk", status="open"),
        version("buildings", "orsha", status="demonstration"),
    ]
    assert statuses(layers["buildings"], loaded) == ["demonstration", "open"]
    assert statuses(layers["buildings"], []) == [layers["buildings"].status]


def test_country_and_loaded_areas_come_first(
    layers: dict[str, Layer], areas: dict[str, Area]
) -> None:
    found = made(layers, areas)["areas"]
    assert [area["id"] for area in found[:2]] == ["by", "orsha"]
    assert [area["loaded"] for area in found[:3]] == [True, True, False]
    assert found[1]["bbox"] == ORSHA_BOX
    assert len(found) == len(areas)


def test_attribution_is_that_of_what_is_loaded(
    layers: dict[str, Layer], areas: dict[str, Area]
) -> None:
    assert by_id(made(layers, areas))["buildings"]["attribution"] == ["people of orsha"]


def test_points_that_stand_for_several_show_how_many(layers: dict[str, Layer]) -> None:
    plain = {"layers": [{"id": "service_points-circle", "type": "circle"}]}
    drawn = style_layers(layers["service_points"], plain, "en")
    assert [one["id"] for one in drawn] == ["service_points-circle", "service_points-point_count"]
    assert drawn[-1]["filter"] == [">", ["get", "point_count"], 1]
    assert drawn[-1]["maxzoom"] == 14  # from there on every point is itself
    for never in ("settlements", "buildings", "street_lights"):
        assert len(style_layers(layers[never], plain, "en")) == 1
