"""Every fault of a style.json is found with its line."""

import json

import pytest

from layers import registry

STYLE = "base/buildings/style.json"
GET = '["get", "kind"]'

# What is replaced, by what, the words of the line that must be named, words of the message.
FAULTS = {
    "no JSON": ('"version": 8,', '"version": 8', '"sources"', "is not valid JSON: Expecting ','"),
    "NaN": ('"minzoom": 12', '"minzoom": NaN', None, "NaN is not a JSON number"),
    "duplicate key": (
        '"version": 8,',
        '"version": 8,\n"version": 8,',
        '"version": 8,',
        "duplicate",
    ),
    "version": ('"version": 8', '"version": 7', '"version"', "version: must be 8"),
    "outside": ('"version": 8,', '"version": 8, "glyphs": "x",', "glyphs", "the map decides it"),
    "source type": ('{"type": "vector"}', '{"type": "raster"}', '"sources"', "sources: must be"),
    "source": ('"source": "b', '"source": "x', '"source": "x', "must be 'buildings'"),
    "source layer": ('layer": "b', 'layer": "x', '"source-layer": "x', "source-layer: must be"),
    "id of another": ("buildings-fill", "houses-fill", "houses-fill", "must begin with buildings-"),
    "id twice": ("buildings-outline", "buildings-fill", None, "'buildings-fill' is used twice"),
    "layer type": ('"type": "fill"', '"type": "raster"', "raster", "must be one of fill, line"),
    "layer key": ('"minzoom": 12', '"min-zoom": 12', "min-zoom", "is not a key of a style layer"),
    "unknown field": (GET, '["get", "colour"]', None, "'colour' is not a field of the layer"),
    "not in tiles": (GET, '["get", "address"]', None, "address is not in the tiles; set in_tile"),
    "no code": ('"school", "#', '"college", "#', None, "'college' is not among the codes of the f"),
    "short match": ('"#dcdad5"\n', '"#dcdad5", 1\n', None, 'must be ["match", input, value'),
    "zooms": ('"minzoom": 14', '"minzoom": 14, "maxzoom": 13', "maxzoom", "13 is not above min"),
    "zoom": ('"minzoom": 14', '"minzoom": 41', '"minzoom": 41', "from 0 to 24, not 41"),
    "never drawn": ('"minzoom": 12', '"maxzoom": 9', "maxzoom", "nothing is ever drawn"),
    "font": ('"Noto Sans Regular"', '"Arial"', "Arial", 'must be ["Noto Sans Regular"]'),
    "no font": ('"text-font"', '"text-fount"', None, 'must be ["Noto Sans Regular"]'),
    "property": ('"fill-color"', '"line-color"', '"line-color"', "not a property of a fill layer"),
    "operator": ('"interpolate"', '"interpolte"', "interpolte", "'interpolte' is not an operator"),
    "old function": ('"#9c9182"', '{"property": "kind"}', '"property"', "old function syntax"),
    "old filter": (
        '"minzoom": 14,',
        '"filter": ["all", ["==", "kind", "school"]],',
        "filter",
        'old filter syntax; write ["get", "kind"]',
    ),
    "code of a filter": (
        '"minzoom": 14,',
        '"filter": ["==", ["get", "kind"], "college"],',
        "filter",
        "'college' is not among the codes",
    ),
    "codes of a list": (
        '"minzoom": 14,',
        '"filter": ["in", ["get", "kind"], ["literal", ["school", "college"]]],',
        "filter",
        "'college' is not among the codes",
    ),
    "zoom inside": (
        '["interpolate", ["linear"], ["zoom"], 14, 0.3, 18, 1.2]',
        '["*", 2, ["interpolate", ["linear"], ["zoom"], 14, 0.3, 18, 1.2]]',
        "line-width",
        "may only be the input of the outermost",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_the_style_is_found_with_its_line(spoilt, name):
    old, new, words, message = FAULTS[name]
    spoilt.replace("style.json", old, new)

    mine = [f for f in spoilt.faults() if f.startswith(STYLE) and message in f]

    assert mine, spoilt.faults()
    if words:
        lines = {n for n, t in enumerate(spoilt.text("style.json").splitlines(), 1) if words in t}
        assert int(mine[0].split(":")[1]) in lines, (mine, lines)


def test_the_column_of_a_json_fault_is_named(spoilt):
    spoilt.replace("style.json", '"sources": {', '"sources" {')

    assert spoilt.faults() == [f"{STYLE}:3: is not valid JSON: Expecting ':' delimiter (column 13)"]


def test_id_and_standard_fields_may_be_used(spoilt):
    expression = ["match", ["get", "status"], "official", ["get", "id"], ["get", "storeys"]]
    spoilt.replace("style.json", '"minzoom": 14,', f'"filter": {json.dumps(expression)},')

    assert spoilt.faults() == []


def test_style_ids_differ_over_all_layers():
    ids = [one["id"] for layer in registry.load_layers() for one in registry.style(layer)["layers"]]

    assert len(ids) == len(set(ids))


def test_point_count_may_be_used_where_points_are_clustered(spoilt):
    spoilt.replace("style.json", GET, '["get", "point_count"]')
    assert any("'point_count' is not a field" in fault for fault in spoilt.faults())

    spoilt.replace("layer.yml", "geometry: MultiPolygon", "geometry: Point")
    assert not any("point_count" in fault for fault in spoilt.faults())
