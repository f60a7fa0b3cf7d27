"""Every fault of a sample.geojson is found with its line."""

import pytest

from layers.check_sample import value_problem
from layers.model import Code, Field, Text

SAMPLE = "base/buildings/sample.geojson"

# What is replaced, by what, the words of the line that must be named, words of the message.
FAULTS = {
    "no JSON": ('"features": [', '"features": [,', '"features"', "is not valid JSON"),
    "type": ("FeatureCollection", "Collection", None, 'must be an object of "type": "Fea'),
    "member": ('"features"', '"crs": {}, "features"', '"crs"', "crs: is not a member of a sample"),
    "feature": ('"type": "Feature",', '"type": "F",', None, 'an object of "type": "Feature"'),
    "id text": ('"id": 100000001', '"id": "1"', '"id": "1"', "id: must be a whole number"),
    "id twice": ("100000002", "100000001", None, "features.1.id: 100000001 is used twice"),
    "id of the country": ('"id": 100000001', '"id": 7', '"id": 7', "is not an id of a area layer"),
    "unknown field": ('"name"', '"title"', '"title"', "title: is not a field of the layer"),
    "missing field": ('"dwellings": 60,\n', "", None, "the field dwellings is missing"),
    "null": ('"residential"', "null", '"kind": null', "kind: is required, so it must not be null"),
    "code": ('"residential"', '"house"', '"house"', "'house' is not among the codes"),
    "integer": ('"storeys": 5', '"storeys": 5.5', "5.5", "storeys: 5.5 is not of type integer"),
    "boolean": ('"storeys": 5', '"storeys": true', "true", "True is not of type integer"),
    "minimum": ('"storeys": 5', '"storeys": -5', "-5", "-5 is below the minimum 0"),
    "maximum": ('"storeys": 5', '"storeys": 500', "500", "500 is above the maximum 200"),
    "huge": ("15.0", "1e999", "1e999", "inf is not of type number"),
    "geometry type": ('"MultiPolygon"', '"Polygon"', '"Polygon"', "must be a MultiPolygon"),
    "lat first": ("[30.4251, 54.5101]", "[54.5101, 30.4251]", "54.5101", "(lon first)"),
    "ring": (", [30.4251, 54.5101]]]]", "]]]", None, "a ring needs 4 positions, the last like"),
    "position": ("[30.4259, 54.5101]", "[30.4259]", "30.4259]", "is not a position [lon, lat]"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_the_sample_is_found_with_its_line(spoilt, name):
    old, new, words, message = FAULTS[name]
    spoilt.replace("sample.geojson", old, new)

    mine = [f for f in spoilt.faults() if f.startswith(SAMPLE) and message in f]

    assert mine, spoilt.faults()
    if words:
        text = spoilt.text("sample.geojson")
        lines = {n for n, t in enumerate(text.splitlines(), 1) if words in t}
        found = int(mine[0].split(":")[1])
        # A list's own line is named, so a fault inside it may be that of the key.
        assert found in lines, (mine, lines)


def test_a_sample_has_one_to_five_features(spoilt):
    text = '{"type": "FeatureCollection", "features": []}'
    (spoilt.folder / "sample.geojson").write_text(text)

    assert spoilt.faults() == [f"{SAMPLE}:1: features: must be a list of 1 to 5 features"]


def test_no_geometry_is_allowed_where_the_table_allows_it(spoilt):
    text = spoilt.text("sample.geojson")
    start, end = text.index('"geometry": {'), text.index('"properties"')
    (spoilt.folder / "sample.geojson").write_text(f'{text[:start]}"geometry": null,{text[end:]}')

    assert ["allows no empty geometry" in fault for fault in spoilt.faults()] == [True]

    spoilt.replace(
        "table.sql", "geometry(MultiPolygon, 4326) NOT NULL", "geometry(MultiPolygon, 4326)"
    )

    assert spoilt.faults() == []


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("string", ["", "5"], [5, True, ["x"]]),
        ("integer", [0, -3], [0.0, "1", False]),
        ("number", [0, 1.5], ["1", True, float("nan"), float("inf")]),
        ("string_array", [[], ["", "5"]], ["5", [5], [None], [["x"]], {}]),
        ("integer_array", [[0, -3]], [0, [0.0], ["1"], [False]]),
        ("number_array", [[0, 1.5]], [["1"], [True], [float("nan")]]),
        ("boolean", [True, False], [0, 1, "true"]),
        ("date", ["2026-02-28"], ["2026-02-30", "20260228", "2026-02-28T00:00:00Z", 2026]),
        (
            "datetime",
            ["2026-10-01T00:00:00Z", "2026-10-01T03:00:00.5+03:00"],
            ["2026-10-01", "2026-10-01T00:00:00", "2026-10-01T25:00:00Z", "2026-W40-4T00:00:00Z"],
        ),
    ],
)
def test_values_have_the_type_of_their_field(kind, good, bad):
    field = Field(name="x", type=kind, title=Text(be="х", ru="х", en="x"))

    assert [value_problem(field, value) for value in good] == [None] * len(good)
    assert all(value_problem(field, value) for value in bad)


def test_limits_and_codes_are_inclusive():
    title = Text(be="х", ru="х", en="x")
    share = Field(name="share", type="number", title=title, minimum=0, maximum=1)
    kind = Field(name="kind", type="string", title=title, codes=(Code(value="a", title=title),))

    assert value_problem(share, 0) is None
    assert value_problem(share, 1) is None
    assert value_problem(share, 1.01) == "1.01 is above the maximum 1"
    assert value_problem(kind, "a") is None
    assert value_problem(kind, None) is None
    kinds = kind.model_copy(update={"type": "string_array"})
    assert value_problem(kinds, ["a", "a"]) is None
    assert value_problem(kinds, ["a", "A"]) == "'A' is not among the codes of the field"
    assert value_problem(kind, "A") == "'A' is not among the codes of the field"
