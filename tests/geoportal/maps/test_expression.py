"""Expressions: values that the style specification gives, and every style of ours compiles."""

from typing import Any

import pytest

from geoportal.maps import expression
from geoportal.maps.colour import parse_colour
from geoportal.maps.expression import Scope, UnknownExpression, compile_expression, evaluate
from layers import check_style
from layers.registry import load_layers, style

LAYERS = list(load_layers())


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["+", 1, ["*", 2, 3]], 7), (["-", 5], -5), (["/", 1, 0], None), (["%", 7, 4], 3),
        (["^", 2, 10], 1024), (["round", 2.5], 3), (["round", -2.5], -3), (["min", 3, 1, 2], 1),
        (["concat", "a", 1, 2.5, True], "a12.5true"), (["upcase", "ўзгор’е"], "ЎЗГОР’Е"),
        (["get", "kind"], "park"), (["has", "kind"], True), (["has", "nothing"], False),
        (["coalesce", ["get", "nothing"], ["get", "kind"]], "park"),
        (["==", ["get", "on"], 1], False),  # true is not 1 there
        (["!=", ["get", "nothing"], "x"], True), ([">", ["get", "nothing"], 1], None),
        (["all", True, ["!", False]], True), (["any", False, ["has", "kind"]], True),
        (["in", ["get", "kind"], ["literal", ["park", "wood"]]], True),
        (["match", ["get", "kind"], ["wood", "park"], "a", "b"], "a"),
        (["match", ["get", "nothing"], "park", "a", "b"], "b"),
        (["case", ["get", "on"], 1, 2], 1), (["case", ["==", ["get", "size"], 9], 1, 2], 2),
        (["step", ["get", "size"], "s", 10, "m", 20, "l"], "m"),
        (["step", ["get", "size"], "s", 15, "m", 20, "l"], "m"),
        (["interpolate", ["linear"], ["zoom"], 10, 0, 12, 4], 2),
        (["interpolate", ["linear"], ["zoom"], 12, 5, 14, 9], 5),
        (["interpolate", ["linear"], ["get", "nothing"], 12, 5, 14, 9], None),
        # (2^1 - 1) / (2^2 - 1) = 1/3 of the way.
        (["interpolate", ["exponential", 2], ["zoom"], 10, 0, 12, 3], 1),
        (["interpolate", ["linear"], ["zoom"], 10, "#000000", 12, "#ff8000"], (127.5, 64, 0, 1)),
        (["let", "x", 2, ["*", ["var", "x"], 3]], 6), (["geometry-type"], "Point"),
        (["to-string", ["get", "size"]], "15"), (["to-number", "7"], 7.0),
        (["length", "abc"], 3), (["at", 1, ["literal", [4, 5]]], 5),
    ],
)  # fmt: skip
def test_an_expression_has_its_value(given: Any, expected: Any) -> None:
    scope = Scope(11, {"kind": "park", "size": 15, "on": True, "nothing": None})
    assert evaluate(given, scope) == expected


def test_an_unknown_operator_is_refused_before_anything_is_drawn() -> None:
    for one in (["heatmap-density"], ["interpolate", ["cubic-bezier", 0, 0, 1, 1], 1, 2, 3]):
        with pytest.raises(UnknownExpression):
            compile_expression(one)


@pytest.mark.parametrize("layer_id", LAYERS)
def test_every_style_of_ours_is_drawn_whole(layer_id: str) -> None:
    for one in style(layer_id)["layers"]:
        for value in (one.get("filter"), *one.get("layout", {}).values(), *one["paint"].values()):
            compile_expression(value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#f80", (255, 136, 0, 1)), ("#ff8800", (255, 136, 0, 1)), ("Navy", (0, 0, 128, 1)),
        ("rgb(1, 2, 3)", (1, 2, 3, 1)), ("rgba(1,2,3,0.25)", (1, 2, 3, 0.25)),
        ("hsla(120, 100%, 50%, 50%)", (0, 255, 0, 0.5)),
    ],
)  # fmt: skip
def test_a_colour_is_read_as_css_writes_it(text: str, expected: tuple[float, ...]) -> None:
    assert parse_colour(text) == expected


def test_the_operators_that_styles_may_use_are_known() -> None:
    # What the checker of styles lets through but no picture shows is named here.
    drawn = expression._PLAIN.keys() | expression._SPECIAL.keys() | {"interpolate"}
    assert check_style._OPERATORS - drawn == {
        "interpolate-hcl", "interpolate-lab", "array", "collator", "number-format", "image",
        "typeof", "index-of", "slice", "feature-state", "within", "to-rgba", "heatmap-density",
        "linear", "exponential", "cubic-bezier", "var",
    }  # fmt: skip
