"""A layer of a MapLibre style as mapnik draws it: symbolizers whose values are in each feature."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import quoteattr

from geoportal.maps.colour import Colour, css, parse_colour
from geoportal.maps.expression import Compiled, Scope, as_text, compile_expression
from layers.model import Layer

Values = dict[str, Any]
FONTSET = "text"
CLIP = 'clip="true"'
"""Without it mapnik walks every dash of a line that leaves the picture by 1,000 km."""

# Which geometries a kind of style layer draws, as MapLibre does.
_GEOMETRIES = {
    "fill": ("Polygon",), "fill-extrusion": ("Polygon",), "line": ("LineString", "Polygon"),
    "circle": ("Point", "LineString", "Polygon"), "symbol": ("Point", "LineString", "Polygon"),
}  # fmt: skip


class Style:
    """The properties of one style layer, compiled on demand with their defaults."""

    def __init__(self, style_layer: Mapping[str, Any]) -> None:
        self.given = {**style_layer.get("layout", {}), **style_layer.get("paint", {})}
        self._compiled: dict[str, Compiled] = {}

    def value(self, name: str, scope: Scope, default: Any) -> Any:
        """Return a property for a feature."""
        if name not in self._compiled:
            self._compiled[name] = compile_expression(self.given.get(name))
        found = self._compiled[name](scope)
        return default if found is None else found

    def number(self, name: str, scope: Scope, default: float) -> float:
        """Return a number; what is none gives the default."""
        found = self.value(name, scope, default)
        return float(found) if isinstance(found, int | float) else default

    def colour(self, name: str, scope: Scope, default: str) -> Colour:
        """Return a colour; what is none gives the default."""
        found = self.value(name, scope, default)
        try:
            return parse_colour(found) if isinstance(found, str) else tuple(found)
        except (TypeError, ValueError):
            return parse_colour(default)


@dataclass(frozen=True, slots=True)
class Brush:
    """One style layer: the XML of its symbolizers, and what a feature needs for them.

    The names of the values begin with `name`; a feature that is not drawn has none.
    """

    name: str
    kind: str
    xml: str
    passes: Compiled
    sort_key: Any
    values: Callable[[Scope], Values]

    def look(self, scope: Scope) -> Values | None:
        """Return the values of a feature; None when this brush does not draw it."""
        if scope.geometry not in _GEOMETRIES[self.kind] or self.passes(scope) is not True:
            return None
        return {f"{self.name}_{key}": value for key, value in self.values(scope).items()}


def brush(name: str, layer: Layer, style_layer: Mapping[str, Any], zoom: float) -> Brush | None:
    """Return the brush of a style layer at a zoom level; None when nothing is drawn there.

    Raises UnknownExpression.
    """
    kind = str(style_layer["type"])
    shown = style_layer.get("minzoom", 0) <= zoom < style_layer.get("maxzoom", 99)
    style = Style(style_layer)
    if kind not in _MAKERS or not shown or style.given.get("visibility") == "none":
        return None
    xml, values = _MAKERS[kind](name, layer, style, Scope(zoom))
    return Brush(
        name=name,
        kind=kind,
        xml=xml,
        passes=compile_expression(style_layer.get("filter", True)),
        sort_key=style.given.get(f"{kind}-sort-key"),
        values=values,
    )


Made = tuple[str, Callable[[Scope], Values]]


def _fill(name: str, _layer: Layer, style: Style, _at: Scope) -> Made:
    kind = "fill-extrusion" if "fill-extrusion-color" in style.given else "fill"
    outlined = "fill-outline-color" in style.given

    def values(scope: Scope) -> Values:
        colour = style.colour(f"{kind}-color", scope, "#000000")
        opacity = style.number(f"{kind}-opacity", scope, 1)
        found = {"c": css(colour), "o": colour[3] * opacity}
        if outlined:
            line = style.colour("fill-outline-color", scope, "#000000")
            found |= {"lc": css(line), "lo": line[3] * opacity}
        return found

    xml = f'<PolygonSymbolizer fill="[{name}_c]" fill-opacity="[{name}_o]" {CLIP}/>'
    if outlined:
        xml += (
            f'<LineSymbolizer stroke="[{name}_lc]" stroke-opacity="[{name}_lo]" stroke-width="1"'
            f" {CLIP}/>"
        )
    return xml, values


def _line(name: str, _layer: Layer, style: Style, at: Scope) -> Made:
    def values(scope: Scope) -> Values:
        colour = style.colour("line-color", scope, "#000000")
        opacity = style.number("line-opacity", scope, 1)
        return {
            "c": css(colour), "o": colour[3] * opacity,
            "w": style.number("line-width", scope, 1),
        }  # fmt: skip

    # A dash pattern is in line widths; of widths that differ by feature it takes the common one.
    width = style.number("line-width", at, 1)
    pattern = style.value("line-dasharray", at, None)
    dashes = ""
    if isinstance(pattern, list):
        lengths = [float(part) * width for part in pattern]
        # mapnik wants pairs; an odd pattern is repeated, as SVG has it.
        lengths = lengths if len(lengths) % 2 == 0 else lengths * 2
        dashes = f' stroke-dasharray="{",".join(f"{length:g}" for length in lengths)}"'
    offset = style.number("line-offset", at, 0)
    cap = quoteattr(str(style.value("line-cap", at, "butt")))
    join = quoteattr(str(style.value("line-join", at, "miter")))
    return (
        f'<LineSymbolizer stroke="[{name}_c]" stroke-opacity="[{name}_o]"'
        f' stroke-width="[{name}_w]" stroke-linecap={cap} stroke-linejoin={join}'
        f' offset="{-offset:g}"{dashes} {CLIP}/>',
        values,
    )


def _circle(name: str, _layer: Layer, style: Style, _at: Scope) -> Made:
    def values(scope: Scope) -> Values:
        colour = style.colour("circle-color", scope, "#000000")
        stroke = style.colour("circle-stroke-color", scope, "#000000")
        width = style.number("circle-stroke-width", scope, 0)
        return {
            "c": css(colour), "o": colour[3] * style.number("circle-opacity", scope, 1),
            "sc": css(stroke), "so": stroke[3] * style.number("circle-stroke-opacity", scope, 1),
            # The stroke lies around the circle; here it is drawn on its edge.
            "d": 2 * style.number("circle-radius", scope, 5) + width, "sw": width,
        }  # fmt: skip

    return (
        f'<MarkersSymbolizer width="[{name}_d]" height="[{name}_d]" fill="[{name}_c]"'
        f' fill-opacity="[{name}_o]" stroke="[{name}_sc]" stroke-opacity="[{name}_so]"'
        f' stroke-width="[{name}_sw]" allow-overlap="true" ignore-placement="true"'
        ' multi-policy="each"/>',
        values,
    )


_ACROSS = {"left": "right", "right": "left"}
_ALONG = {"top": "bottom", "bottom": "top"}


def _symbol(name: str, layer: Layer, style: Style, at: Scope) -> Made:
    def values(scope: Scope) -> Values:
        colour = style.colour("text-color", scope, "#000000")
        halo = style.colour("text-halo-color", scope, "rgba(0,0,0,0)")
        size = style.number("text-size", scope, 16)
        offset = style.value("text-offset", scope, [0, 0])
        text = style.value("text-field", scope, "")
        return {
            "t": as_text(text), "s": size, "c": css(colour), "h": css(halo),
            "r": style.number("text-halo-width", scope, 0) if halo[3] else 0,
            "x": offset[0] * size, "y": offset[1] * size,
        }  # fmt: skip

    size = style.number("text-size", at, 16)
    anchor = str(style.value("text-anchor", at, "center"))
    across = next((_ACROSS[part] for part in _ACROSS if part in anchor), "middle")
    along = next((_ALONG[part] for part in _ALONG if part in anchor), "middle")
    more = {
        "horizontal-alignment": across,
        "vertical-alignment": along,
        "placement": _placement(layer, style, at),
        "wrap-width": f"{style.number('text-max-width', at, 10) * size:g}",
        "margin": f"{style.number('text-padding', at, 2):g}",
        "character-spacing": f"{style.number('text-letter-spacing', at, 0) * size:g}",
        "allow-overlap": str(bool(style.value("text-allow-overlap", at, False))).lower(),
    }
    if more["placement"] == "line":
        del more["wrap-width"]
        more |= {
            "spacing": f"{style.number('symbol-spacing', at, 250):g}",
            "max-char-angle-delta": f"{style.number('text-max-angle', at, 45):g}",
        }
    attributes = " ".join(f"{key}={quoteattr(value)}" for key, value in more.items())
    return (
        f'<TextSymbolizer fontset-name="{FONTSET}" size="[{name}_s]" fill="[{name}_c]"'
        f' halo-fill="[{name}_h]" halo-radius="[{name}_r]" dx="[{name}_x]" dy="[{name}_y]"'
        f" {attributes} {CLIP}>[{name}_t]</TextSymbolizer>",
        values,
    )


def _placement(layer: Layer, style: Style, at: Scope) -> str:
    if style.value("symbol-placement", at, "point") != "point":
        return "line"
    return "point" if layer.geometry in ("Point", "MultiPoint") else "interior"


_MAKERS: dict[str, Callable[[str, Layer, Style, Scope], Made]] = {
    "fill": _fill, "fill-extrusion": _fill, "line": _line, "circle": _circle, "symbol": _symbol,
}  # fmt: skip
