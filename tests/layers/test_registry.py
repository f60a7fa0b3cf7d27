"""All layers load, in order, fast, without the heavy libraries; our own are faultless."""

import re
import shutil
import subprocess
import sys

import pytest

from layers import registry
from layers.errors import BadLayerFile, UnknownLayer
from layers.model import LANGUAGES, THEMES, Layer, Text

LAYERS = registry.load_layers()

# The collections that the foundation promises.
PROMISED = {
    "admin_units", "settlements", "weather_stations", "airspace_zones", "air_quality_yearly",
    "cycle_network", "smart_quarters", "buildings", "streets", "service_points", "street_lights",
    "light_cabinets", "utility_meters", "wifi_access_points", "base_stations", "air_sensors",
    "air_sensor_readings", "green_areas", "parcels", "functional_zones", "red_lines",
    "service_coverage", "service_areas",
}  # fmt: skip


def test_our_own_layers_have_no_fault():
    assert [str(fault) for fault in registry.check()] == []


def test_all_promised_layers_are_there():
    assert set(LAYERS) >= PROMISED


def test_layers_come_by_theme_then_order_then_id():
    places = [(THEMES.index(one.theme), one.order, one.id) for one in LAYERS.values()]

    assert places == sorted(places)
    assert list(LAYERS) == [one.id for one in LAYERS.values()]


def test_a_start_of_a_process_reads_every_definition_once():
    opened: list[str] = []
    watching = True

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event == "open" and str(arguments[0]).endswith("layer.yml"):
            opened.append(str(arguments[0]))

    sys.addaudithook(watch)  # it cannot be taken out again, only be told to look away
    layers = registry.load_layers()
    watching = False
    assert len(opened) == len(set(opened)) == len(layers)


def test_the_registry_needs_no_heavy_library():
    code = (
        "import sys; from layers import registry; registry.check();"
        "print([m for m in ('numpy', 'pandas', 'geopandas', 'shapely', 'psycopg', 'pygeoapi')"
        " if m in sys.modules])"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        cwd=registry.PACKAGE.parent,
    )  # fmt: skip

    assert out.stdout.strip() == "[]"


def test_more_roots_add_layers(spoilt):
    more = spoilt.root / "services" / "benches"
    shutil.copytree(registry.PACKAGE / "base" / "buildings", more)
    text = (more / "layer.yml").read_text(encoding="utf-8")
    text = text.replace("id: buildings", "id: benches").replace("theme: base", "theme: services")
    (more / "layer.yml").write_text(text, encoding="utf-8")
    shutil.rmtree(spoilt.root / "base")

    assert set(registry.load_layers(spoilt.root)) == {*LAYERS, "benches"}
    assert list(registry.load_layers(spoilt.root, package=False)) == ["benches"]
    assert registry.folder("benches", spoilt.root) == more
    assert registry.folder("buildings", spoilt.root) == registry.PACKAGE / "base" / "buildings"


def test_an_operators_layer_may_not_take_the_name_of_one_of_ours(spoilt):
    with pytest.raises(BadLayerFile, match=r"layer\.yml:1: id: the layer 'buildings' is already"):
        registry.load_layers(spoilt.root)


def test_a_malformed_definition_stops_the_loading_with_file_and_line(spoilt):
    spoilt.replace("layer.yml", "scope: area", "scope: city")
    line = spoilt.line("layer.yml", "scope:")

    with pytest.raises(BadLayerFile, match=rf"buildings/layer\.yml:{line}: scope: must be one of"):
        registry.load_layers(spoilt.root, package=False)


def test_a_missing_root_is_said(tmp_path):
    with pytest.raises(BadLayerFile, match="there is no such folder of layers"):
        registry.load_layers(tmp_path / "nowhere")


def test_style_table_and_sample_are_those_of_the_folder():
    assert registry.style("buildings")["sources"] == {"buildings": {"type": "vector"}}
    assert registry.table_sql("buildings").startswith("CREATE TABLE IF NOT EXISTS features.build")
    assert registry.sample("buildings")["type"] == "FeatureCollection"


def test_a_file_of_a_layer_that_is_broken_is_named(spoilt):
    spoilt.replace("style.json", "{", "[")

    with pytest.raises(BadLayerFile, match=r"style\.json:2: is not valid JSON"):
        registry.style("buildings", spoilt.root, package=False)


def test_an_unknown_layer_is_answered_with_the_known_ones():
    with pytest.raises(UnknownLayer, match=r"no layer 'houses'; the known layers are .*buildings"):
        registry.folder("houses")


def _texts(value):
    """All texts inside a frozen value."""
    if isinstance(value, Text):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _texts(item)
    elif hasattr(type(value), "model_fields"):
        for name in type(value).model_fields:
            yield from _texts(getattr(value, name))


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_each_text_is_in_its_language(layer: Layer):
    # Letters that only the other language has give a text pasted into the wrong place away.
    foreign = {"be": "[ищъ]", "ru": "[іў]", "en": "[а-яё]"}
    for text in _texts(layer):
        for language in LANGUAGES:
            assert not re.search(foreign[language], text.get(language), re.I), text


def test_classes_of_service_are_the_same_wherever_they_are_listed():
    lists = [
        LAYERS[layer].field("service_class").codes
        for layer in ("service_points", "service_coverage", "service_areas")
    ]

    assert lists[0] == lists[1] == lists[2]


TIMETABLE = {"transit_stops", "transit_lines", "transit_departures"}
"""Filled from feeds alone, never generated."""


def test_generated_and_computed_layers_say_so():
    assert {LAYERS[layer_id].status for layer_id in TIMETABLE} == {"open"}
    for layer in LAYERS.values():
        if layer.scope == "area" and layer.id not in TIMETABLE:
            expected = "derived" if layer.theme == "results" else "demonstration"
            assert layer.status == expected, layer.id
            word = "computed" if expected == "derived" else "generated demonstration"
            assert word in layer.supplier.name.en.lower(), layer.id


def test_area_layers_are_drawn_in_a_sensible_order():
    order = {layer.id: layer.order for layer in LAYERS.values()}
    chain = ["admin_units", "functional_zones", "parcels", "green_areas", "buildings", "streets"]
    chain += ["service_areas", "service_coverage", "street_lights", "service_points", "settlements"]

    assert [order[one] for one in chain] == sorted(order[one] for one in chain)
