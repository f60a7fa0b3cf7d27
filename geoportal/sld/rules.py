"""The layers of a MapLibre style as rules: a condition, a range of scales, one way of drawing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

from geoportal.maps.expression import Scope, UnknownExpression, evaluate
from geoportal.sld.domain import Domain, Where
from geoportal.sld.outcomes import EVERYWHERE, Untellable, at_zoom, folded, outcomes
from layers.check_style import MAX_ZOOM

MOST_RULES = 600
"""Of one style layer; nobody's program reads more of them gladly."""

LATITUDE = 53.7
"""Degrees: the middle of Belarus, where a zoom level is told as a scale on the ground."""

# 1 : this is drawn at zoom 0 on the equator: 40,075,016.69 m on 512 pixels of 0.28 mm.
_ZOOM_0 = 40_075_016.685_578_5 / 512 / 0.000_28

DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "fill": {"fill-color": "#000000", "fill-opacity": 1, "fill-outline-color": None},
    "line": {
        "line-color": "#000000", "line-opacity": 1, "line-width": 1, "line-dasharray": None,
        "line-cap": "butt", "line-join": "miter",
    },
    "circle": {
        "circle-color": "#000000", "circle-opacity": 1, "circle-radius": 5,
        "circle-stroke-color": "#000000", "circle-stroke-width": 0, "circle-stroke-opacity": 1,
    },
    "symbol": {
        "text-field": "", "text-color": "#000000", "text-size": 16, "text-halo-color": None,
        "text-halo-width": 0, "text-anchor": "center", "text-offset": (0, 0),
        "symbol-placement": "point",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """One rule; `condition` is what of the style layer's filter the domains do not say.

    `nearest` and `farthest` are scale denominators: drawn from `nearest` to below `farthest`.
    """

    kind: str
    where: Where
    condition: Any
    nearest: float | None
    farthest: float | None
    properties: Mapping[str, Any]


def denominator(zoom: float) -> float:
    """Return the scale denominator of a zoom level at LATITUDE, for pixels of 0.28 mm."""
    return float(_ZOOM_0 * math.cos(math.radians(LATITUDE)) / 2**zoom)


def rules(style_layer: Mapping[str, Any]) -> list[Rule]:
    """Return the rules of a style layer; raises Untellable for what SLD has no rules for."""
    kind = str(style_layer["type"])
    if kind not in DEFAULTS:
        raise Untellable(f"a {kind} layer")
    given = {**style_layer.get("layout", {}), **style_layer.get("paint", {})}
    if "text-field" not in given and kind == "symbol":
        raise Untellable("a symbol layer without text")
    properties = {name: given.get(name, default) for name, default in DEFAULTS[kind].items()}
    condition = style_layer.get("filter", True)
    found: list[Rule] = []
    for low, high, resolved, limit in _bands(style_layer, properties, condition):
        for where, values in _combined(kind, resolved):
            narrowed, rest = _narrowed(where, limit)
            if rest is not False and not narrowed.empty:
                nearest = None if high >= MAX_ZOOM else denominator(high)
                farthest = None if low <= 0 else denominator(low)
                found.append(Rule(kind, narrowed, rest, nearest, farthest, values))
    if len(found) > MOST_RULES:
        raise Untellable(f"{len(found)} rules would be needed")
    return found


Band = tuple[float, float, dict[str, Any], Any]


def _bands(
    style_layer: Mapping[str, Any], properties: Mapping[str, Any], condition: Any
) -> Iterator[Band]:
    """Ranges of zoom with one value of everything; a gradual change is told level by level."""
    low, high = style_layer.get("minzoom", 0), style_layer.get("maxzoom", MAX_ZOOM)
    stops = sorted({s for e in (*properties.values(), condition) for s in _stops(e)})
    edges = {low, high}
    if stops:
        edges |= set(stops) | set(range(math.ceil(stops[0]), math.floor(stops[-1])))
    cuts = sorted(edge for edge in edges if low <= edge <= high)
    bands: list[Band] = []
    for one, other in pairwise(cuts):
        middle = (one + other) / 2
        resolved = {name: at_zoom(e, middle) for name, e in properties.items()}
        bands.append((one, other, resolved, folded(at_zoom(condition, middle))))
    for (resolved_text, _), same in groupby(bands, key=lambda b: (repr(b[2]), repr(b[3]))):
        del resolved_text
        group = list(same)
        yield group[0][0], group[-1][1], group[0][2], group[0][3]


def _stops(expression: Any) -> Iterator[float]:
    """The zoom levels at which an expression changes."""
    if not isinstance(expression, list) or not expression or expression[0] == "literal":
        return
    head = expression[0]
    if (head == "step" and expression[1] == ["zoom"]) or (
        str(head).startswith("interpolate") and expression[2] == ["zoom"]
    ):
        yield from expression[3::2]
    elif head in ("<", "<=", ">", ">=", "==", "!=") and ["zoom"] in expression:
        yield from (part for part in expression[1:] if isinstance(part, int | float))
    for part in expression[1:]:
        yield from _stops(part)


def _combined(kind: str, properties: Mapping[str, Any]) -> list[tuple[Where, dict[str, Any]]]:
    found: list[tuple[Where, dict[str, Any]]] = [(EVERYWHERE, {})]
    for name, expression in properties.items():
        if name in ("text-offset", "line-dasharray"):
            found = [(w, v | {name: _listed(expression)}) for w, v in found]
            continue
        found = [
            (where & other, values | {name: value})
            for where, values in found
            for other, value in outcomes(expression, DEFAULTS[kind][name])
            if not (where & other).empty
        ]
        if len(found) > MOST_RULES:
            raise Untellable(f"more than {MOST_RULES} rules would be needed")
    return found


def _listed(expression: Any) -> Any:
    if isinstance(expression, list) and expression and isinstance(expression[0], str):
        if expression[0] != "literal":
            raise Untellable("a list that depends on the feature")
        return expression[1]
    return expression


def _narrowed(where: Where, condition: Any) -> tuple[Where, Any]:
    """Return a domain without what a filter drops, and what of the filter is left to be said."""
    names = set(_fields(condition))
    if not names:
        return where, _holds(condition, {})
    if len(names) != 1:
        return where, condition
    (name,) = names
    domain = where.domains.get(name, Domain())
    if domain.values is None:
        return where, condition
    kept = frozenset(v for v in domain.values if _holds(condition, {name: v}))
    null = domain.null and _holds(condition, {name: None})
    if not kept and not null:
        return where, False
    return where.and_(name, Domain(only=kept, null=null)), True


def _holds(condition: Any, properties: Mapping[str, Any]) -> bool:
    try:
        return evaluate(condition, Scope(0, properties)) is True
    except UnknownExpression as error:
        raise Untellable(str(error)) from None


def _fields(expression: Any) -> Iterator[str]:
    if not isinstance(expression, list) or not expression or expression[0] == "literal":
        return
    if expression[0] in ("get", "has") and isinstance(expression[1], str):
        yield expression[1]
    for part in expression[1:]:
        yield from _fields(part)
