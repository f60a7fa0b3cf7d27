"""StyledLayerDescriptor 1.0.0 and 1.1.0 (Symbology Encoding) out of rules.

Sources: OGC 02-070 (SLD 1.0), OGC 05-078r4 and 05-077r4 (SLD 1.1, SE 1.1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, register_namespace, tostring

from geoportal.errors import NotAcceptable
from geoportal.maps.colour import css, parse_colour
from geoportal.sld.filter import OGC, filter_element
from geoportal.sld.outcomes import Field, Untellable
from geoportal.sld.rules import Rule, rules

SLD = "http://www.opengis.net/sld"
SE = "http://www.opengis.net/se"
for _prefix, _uri in (("sld", SLD), ("se", SE), ("ogc", OGC)):
    register_namespace(_prefix, _uri)

FONT = "Noto Sans"

_ANCHORS = {"left": (0.0, None), "right": (1.0, None), "top": (None, 1.0), "bottom": (None, 0.0)}


@dataclass(frozen=True, slots=True)
class Named:
    """A layer of the document: id, title, style layers, what a rule with a domain is called."""

    id: str
    title: str
    style: Sequence[Mapping[str, Any]]
    caption: Callable[[Rule], str | None]


class Writer:
    """Writes one version: names, parameters and containers differ, the rest is the same."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.ns = SLD if version == "1.0.0" else SE
        self.parameter = "CssParameter" if version == "1.0.0" else "SvgParameter"

    def write(self, title: str, layers: Iterable[Named]) -> bytes:
        """Return the document; raises NotAcceptable when none of the style can be told."""
        root = Element(f"{{{SLD}}}StyledLayerDescriptor", version=self.version)
        told = 0
        for layer in layers:
            named = SubElement(root, f"{{{SLD}}}NamedLayer")
            self._text(named, "Name", layer.id)
            style = SubElement(named, f"{{{SLD}}}UserStyle")
            self._text(style, "Name", layer.id)
            self._description(style, layer.title, None)
            missing, types = self._feature_types(layer)
            told += len(types)
            if missing:
                self._omissions(style, layer.title, missing)
            style.extend(types)
        if not told:
            raise NotAcceptable(
                f"The style {title!r} cannot be told in SLD; f=mapbox has all of it."
            )
        indent(root)
        data: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
        return data

    def _feature_types(self, layer: Named) -> tuple[list[str], list[Element]]:
        missing: list[str] = []
        found: list[Element] = []
        for style_layer in layer.style:
            one = Element(f"{{{self.ns}}}FeatureTypeStyle")
            self._text(one, "Name", str(style_layer["id"]))
            try:
                told = rules(style_layer)
                for rule in told:
                    self._rule(one, rule, layer)
            except Untellable as error:
                missing.append(f"{style_layer['id']}: {error}")
                continue
            if one.find(f"{{{self.ns}}}Rule") is not None:
                found.append(one)
        return missing, found

    def _omissions(self, style: Element, title: str, missing: Sequence[str]) -> None:
        """Say in the style's abstract what is left out."""
        text = f"Left out, because SLD cannot say it: {'; '.join(missing)}."
        for part in style.findall(f"{{{self.ns}}}Description") + style.findall(f"{{{SLD}}}Title"):
            style.remove(part)
        self._description(style, title, text)

    def _description(self, parent: Element, title: str, abstract: str | None) -> None:
        holder = parent
        if self.version != "1.0.0":
            holder = SubElement(parent, f"{{{SE}}}Description")
        self._text(holder, "Title", title)
        if abstract:
            self._text(holder, "Abstract", abstract)

    def _rule(self, parent: Element, rule: Rule, layer: Named) -> None:
        if rule.kind == "symbol" and not rule.properties["text-field"]:
            return
        found = SubElement(parent, f"{{{self.ns}}}Rule")
        if caption := layer.caption(rule):
            self._description(found, caption, None)
        condition = filter_element(rule.where, rule.condition)
        if condition is not None:
            found.append(condition)
        if rule.nearest is not None:
            self._text(found, "MinScaleDenominator", f"{rule.nearest:.2f}")
        if rule.farthest is not None:
            self._text(found, "MaxScaleDenominator", f"{rule.farthest:.2f}")
        _SYMBOLIZERS[rule.kind](self, found, rule.properties)

    def _text(self, parent: Element, name: str, text: str) -> Element:
        found = SubElement(parent, f"{{{self.ns}}}{name}")
        found.text = text
        return found

    def _element(self, parent: Element, name: str) -> Element:
        return SubElement(parent, f"{{{self.ns}}}{name}")

    def _parameters(self, parent: Element, **values: Any) -> None:
        for name, value in values.items():
            if value is not None:
                text = f"{value:g}" if isinstance(value, int | float) else str(value)
                found = SubElement(parent, f"{{{self.ns}}}{self.parameter}")
                found.set("name", name.replace("_", "-"))
                found.text = text

    def _fill(self, parent: Element, colour: Any, opacity: float) -> None:
        shown, alpha = _colour(colour)
        self._parameters(
            self._element(parent, "Fill"), fill=shown, fill_opacity=_share(alpha * opacity)
        )

    def _stroke(self, parent: Element, colour: Any, opacity: float, **more: Any) -> None:
        shown, alpha = _colour(colour)
        self._parameters(
            self._element(parent, "Stroke"),
            stroke=shown, stroke_opacity=_share(alpha * opacity), **more,
        )  # fmt: skip

    def polygon(self, rule: Element, given: Mapping[str, Any]) -> None:
        """Write a PolygonSymbolizer."""
        found = self._element(rule, "PolygonSymbolizer")
        self._fill(found, given["fill-color"], given["fill-opacity"])
        if given["fill-outline-color"] is not None:
            self._stroke(found, given["fill-outline-color"], given["fill-opacity"], stroke_width=1)

    def line(self, rule: Element, given: Mapping[str, Any]) -> None:
        """Write a LineSymbolizer."""
        width = _number(given["line-width"])
        dashes = given["line-dasharray"]
        join = {"miter": "mitre"}.get(given["line-join"], given["line-join"])
        self._stroke(
            self._element(rule, "LineSymbolizer"), given["line-color"], given["line-opacity"],
            stroke_width=round(width, 3), stroke_linejoin=join, stroke_linecap=given["line-cap"],
            stroke_dasharray=" ".join(f"{part * width:g}" for part in dashes) if dashes else None,
        )  # fmt: skip

    def point(self, rule: Element, given: Mapping[str, Any]) -> None:
        """Write a PointSymbolizer: a circle."""
        graphic = self._element(self._element(rule, "PointSymbolizer"), "Graphic")
        mark = self._element(graphic, "Mark")
        self._text(mark, "WellKnownName", "circle")
        self._fill(mark, given["circle-color"], given["circle-opacity"])
        width = _number(given["circle-stroke-width"])
        if width:
            self._stroke(
                mark, given["circle-stroke-color"], given["circle-stroke-opacity"],
                stroke_width=round(width, 3),
            )  # fmt: skip
        # The stroke lies around the circle there, on its edge here.
        self._text(graphic, "Size", f"{2 * _number(given['circle-radius']) + width:g}")

    def text(self, rule: Element, given: Mapping[str, Any]) -> None:
        """Write a TextSymbolizer; the label is a field or a constant."""
        found = self._element(rule, "TextSymbolizer")
        label = self._element(found, "Label")
        if isinstance(given["text-field"], Field):
            SubElement(label, f"{{{OGC}}}PropertyName").text = given["text-field"].name
        else:
            label.text = str(given["text-field"])
        size = _number(given["text-size"])
        self._parameters(self._element(found, "Font"), font_family=FONT, font_size=round(size, 2))
        self._placement(self._element(found, "LabelPlacement"), given, size)
        if given["text-halo-color"] is not None and given["text-halo-width"]:
            halo = self._element(found, "Halo")
            self._text(halo, "Radius", f"{_number(given['text-halo-width']):g}")
            self._fill(halo, given["text-halo-color"], 1)
        self._fill(found, given["text-color"], 1)

    def _placement(self, parent: Element, given: Mapping[str, Any], size: float) -> None:
        if given["symbol-placement"] != "point":
            self._element(parent, "LinePlacement")
            return
        found = self._element(parent, "PointPlacement")
        anchors = [_ANCHORS[part] for part in _ANCHORS if part in given["text-anchor"]]
        across = next((x for x, _ in anchors if x is not None), 0.5)
        along = next((y for _, y in anchors if y is not None), 0.5)
        anchor = self._element(found, "AnchorPoint")
        self._text(anchor, "AnchorPointX", f"{across:g}")
        self._text(anchor, "AnchorPointY", f"{along:g}")
        x, y = given["text-offset"]
        if x or y:
            moved = self._element(found, "Displacement")
            self._text(moved, "DisplacementX", f"{x * size:g}")
            # Upwards here, downwards there.
            self._text(moved, "DisplacementY", f"{-y * size:g}")


_SYMBOLIZERS: dict[str, Callable[[Writer, Element, Mapping[str, Any]], None]] = {
    "fill": Writer.polygon, "line": Writer.line, "circle": Writer.point, "symbol": Writer.text,
}  # fmt: skip


def _colour(value: Any) -> tuple[str, float]:
    try:
        found = parse_colour(value)
    except (TypeError, ValueError, AttributeError):
        raise Untellable(f"the colour {value!r}") from None
    return css(found), found[3]


def _number(value: Any) -> float:
    if isinstance(value, int | float):
        return float(value)
    raise Untellable("a size that is the value of a field")


def _share(value: float) -> float | None:
    return None if value == 1 else round(value, 3)
