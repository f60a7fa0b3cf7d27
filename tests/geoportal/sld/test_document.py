"""SLD: its structure is the schema's, and its rules say of every feature what the style says."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoportal.errors import NotAcceptable
from geoportal.maps.colour import parse_colour
from geoportal.maps.expression import Scope, evaluate
from geoportal.sld.document import Named, Writer
from geoportal.sld.domain import Domain
from geoportal.sld.outcomes import CLASSES, Field
from geoportal.sld.rules import DEFAULTS, Rule, denominator, rules
from layers.registry import load_layers, style

LAYERS = load_layers()
STYLE_LAYERS = {
    one["id"]: (layer_id, one) for layer_id in LAYERS for one in style(layer_id)["layers"]
}

# Children in the order of the schemas: SLD 1.0 (OGC 02-070), SE 1.1 (OGC 05-077r4).
ORDER = {
    "NamedLayer": ["Name", "Description", "UserStyle"],
    "UserStyle": ["Name", "Title", "Description", "Abstract", "FeatureTypeStyle"],
    "Description": ["Title", "Abstract"],
    "FeatureTypeStyle": ["Name", "Rule"],
    "Rule": [
        "Name", "Title", "Description", "Abstract", "Filter", "MinScaleDenominator",
        "MaxScaleDenominator", "LineSymbolizer", "PolygonSymbolizer", "PointSymbolizer",
        "TextSymbolizer",
    ],
    "PolygonSymbolizer": ["Fill", "Stroke"], "LineSymbolizer": ["Stroke"],
    "PointSymbolizer": ["Graphic"], "Graphic": ["Mark", "Size"],
    "Mark": ["WellKnownName", "Fill", "Stroke"],
    "TextSymbolizer": ["Label", "Font", "LabelPlacement", "Halo", "Fill"],
    "PointPlacement": ["AnchorPoint", "Displacement"], "Halo": ["Radius", "Fill"],
}  # fmt: skip


def write(version: str, layer_id: str) -> ET.Element:
    named = Named(layer_id, LAYERS[layer_id].title.be, style(layer_id)["layers"], lambda _: "є")
    return ET.fromstring(Writer(version).write("a title", [named]))


def local(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
@pytest.mark.parametrize("layer_id", LAYERS)
def test_the_document_is_built_as_its_schema_says(version: str, layer_id: str) -> None:
    root = write(version, layer_id)
    assert (local(root), root.get("version")) == ("StyledLayerDescriptor", version)
    for element in root.iter():
        names = [local(child) for child in element]
        if local(element) in ORDER:
            places = [ORDER[local(element)].index(name) for name in names]
            assert places == sorted(places), (local(element), names)
        if local(element) in ("CssParameter", "SvgParameter"):
            assert local(element) == ("CssParameter" if version == "1.0.0" else "SvgParameter")
    # Everything of our own styles can be told.
    assert not [a.text for a in root.iter() if local(a) == "Abstract"]


@pytest.mark.parametrize("name", STYLE_LAYERS)
@settings(max_examples=30, deadline=None, derandomize=True)
@given(data=st.data())
def test_a_feature_has_one_rule_that_draws_it_as_the_style_does(
    name: str, data: st.DataObject
) -> None:
    layer_id, style_layer = STYLE_LAYERS[name]
    properties = data.draw(st.fixed_dictionaries(dict(_fields(layer_id))))
    zoom = data.draw(st.floats(style_layer.get("minzoom", 0), style_layer.get("maxzoom", 21)))
    scope = Scope(zoom, properties)
    drawn = (
        style_layer.get("minzoom", 0) <= zoom < style_layer.get("maxzoom", 99)
        and evaluate(style_layer.get("filter", True), scope) is True
    )
    found = [rule for rule in _rules(name) if _applies(rule, scope)]
    assert len(found) == drawn, (properties, zoom, found)
    if drawn:
        given_ = {**style_layer.get("layout", {}), **style_layer["paint"]}
        for key, value in found[0].properties.items():
            expected = evaluate(given_.get(key), scope)
            _same(key, value, DEFAULTS[found[0].kind][key] if expected is None else expected,
                  properties, given_.get(key))  # fmt: skip


_KEPT: dict[str, list[Rule]] = {}


def _rules(name: str) -> list[Rule]:
    if name not in _KEPT:
        _KEPT[name] = rules(STYLE_LAYERS[name][1])
    return _KEPT[name]


def _fields(layer_id: str) -> Iterator[tuple[str, st.SearchStrategy[Any]]]:
    for field in LAYERS[layer_id].published_fields:
        values: st.SearchStrategy[Any] = st.text("абв", min_size=1, max_size=3)
        if field.codes:
            values = st.sampled_from([code.value for code in field.codes])
        elif field.type == "boolean":
            values = st.booleans()
        elif field.type in ("integer", "number"):
            values = st.sampled_from([0, 0.3, 0.5, 1, 5, 20, 40.0, 75, 1e5, 300_000, 3e6])
        yield field.name, st.none() | values


def _applies(rule: Rule, scope: Scope) -> bool:
    scale = denominator(scope.zoom)
    if rule.nearest is not None and scale <= rule.nearest:
        return False
    if rule.farthest is not None and scale > rule.farthest:
        return False
    inside = all(_in(domain, scope.properties.get(name)) for name, domain in rule.where)
    return inside and evaluate(rule.condition, scope) is True


def _in(domain: Domain, value: Any) -> bool:
    if value is None:
        return domain.null
    if not domain.some or value in domain.but:
        return False
    if domain.only is not None and value not in domain.only:
        return False
    return (domain.low is None or value >= domain.low) and (
        domain.high is None or value < domain.high
    )


def _same(key: str, told: Any, meant: Any, properties: Mapping[str, Any], expression: Any) -> None:
    if isinstance(told, Field):
        told = properties[told.name]
    if key.endswith("color") and told is not None:
        assert parse_colour(told) == pytest.approx(
            parse_colour(meant) if isinstance(meant, str) else meant, abs=128 / CLASSES
        )
    elif isinstance(told, int | float) and isinstance(meant, int | float):
        # A gradual change is told in classes: half a zoom level, and a part between two stops.
        gradual = "interpolate" in str(expression)
        assert told == pytest.approx(meant, rel=0.45 if gradual else 1e-9, abs=0.5 * gradual)
    elif key == "text-field":
        assert evaluate(["to-string", told], Scope(0)) == (meant or "")
    else:
        assert told is None or list(told) == list(meant)


def test_what_cannot_be_told_is_left_out_and_said() -> None:
    heat = {"id": "x-heat", "type": "heatmap", "paint": {}}
    line = {"id": "x-line", "type": "line", "paint": {"line-color": "#ff0000"}}
    both = Writer("1.1.0").write("t", [Named("x", "T", [heat, line], lambda _: None)])
    assert b"Left out, because SLD cannot say it: x-heat: a heatmap layer." in both
    assert both.count(b"FeatureTypeStyle>") == 2
    formula = {"type": "circle", "id": "x", "paint": {"circle-radius": ["sqrt", ["get", "n"]]}}
    for one in (heat, formula):
        with pytest.raises(NotAcceptable, match="f=mapbox has all of it"):
            Writer("1.0.0").write("t", [Named("x", "T", [one], lambda _: None)])


def test_a_zoom_level_is_a_scale_on_the_ground() -> None:
    # The tile of zoom z has 512 pixels of 0.28 mm; at 53.7 degrees a metre is 1/cos of it.
    assert denominator(0) == pytest.approx(279_541_132 * 0.592_013, rel=1e-4)
    assert denominator(12) == pytest.approx(denominator(0) / 4096)
