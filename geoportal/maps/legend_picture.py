"""A legend as PNG, from the same layout as its SVG; pixels are the plane it is drawn on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from geoportal.maps.brush import FONTSET
from geoportal.maps.canvas import Canvas
from geoportal.maps.colour import css, parse_colour
from geoportal.maps.order import LegendOrder, Picture
from geoportal.maps.wkb import line, point, polygon
from geoportal.web.legend_layout import LEFT, SIGN, Sign, Words, layout

WHITE = (255.0, 255.0, 255.0, 1.0)


def paint_legend(order: LegendOrder) -> Picture:
    """Return the legend as PNG."""
    found = layout(order.title, order.groups, order.note)
    canvas = Canvas((found.width, found.height), (0, 0, found.width, found.height), WHITE)
    for number, one in enumerate(found.items):
        if isinstance(one, Words):
            _add_words(canvas, f"words{number}", one, found.height)
        else:
            _add_sign(canvas, f"sign{number}", one, found.height)
    return Picture(canvas.paint("png"))


def _add_words(canvas: Canvas, name: str, words: Words, height: int) -> None:
    # The middle of small letters stands a third of the size above the baseline.
    place = point(words.x, height - words.y + words.size / 3)
    xml = (
        f'<TextSymbolizer fontset-name="{FONTSET}" size="{words.size}" fill="{words.colour}"'
        ' horizontal-alignment="right" vertical-alignment="middle" allow-overlap="true">'
        "[words]</TextSymbolizer>"
    )
    canvas.add(name, xml, canvas.source(("words",), [(1, place, {"words": words.text})]))


def _add_sign(canvas: Canvas, name: str, sign: Sign, height: int) -> None:
    y = height - sign.middle
    shape = sign.symbol["shape"]
    xml: str
    if shape == "line":
        geometry = line(((LEFT, y), (LEFT + SIGN, y)))
        xml = _line_xml(sign)
    elif shape == "point":
        geometry = point(LEFT + SIGN / 2, y)
        size = f'width="{2 * sign.radius}" height="{2 * sign.radius}"'
        xml = (
            f"<MarkersSymbolizer {size} {_paint(sign.symbol, 'colour', 'fill', 'none')}"
            f" {_paint(sign.symbol, 'outline', 'stroke', 'rgba(0,0,0,0.25)')}"
            ' stroke-width="1.2" allow-overlap="true"/>'
        )
    else:
        geometry = polygon(_ring(LEFT, y - 8, LEFT + SIGN, y + 8))
        outline = _paint(sign.symbol, "outline", "stroke", "rgba(0,0,0,0.25)")
        xml = (
            f"<PolygonSymbolizer {_paint(sign.symbol, 'colour', 'fill', 'none')}/>"
            f'<LineSymbolizer {outline} stroke-width="1.2"/>'
        )
    canvas.add(name, xml, canvas.source((), [(1, geometry, {})]))


def _ring(west: float, south: float, east: float, north: float) -> Sequence[tuple[float, float]]:
    return ((west, south), (east, south), (east, north), (west, north), (west, south))


def _line_xml(sign: Sign) -> str:
    width = sign.line_width
    dash = [part * width for part in sign.symbol.get("dash", ())]
    dashes = f' stroke-dasharray="{",".join(map(str, dash))}"' if dash else ""
    paint = _paint(sign.symbol, "colour", "stroke", "none")
    drawn = f'<LineSymbolizer {paint} stroke-width="{width}"{dashes}/>'
    if "outline" not in sign.symbol:
        return drawn
    casing = _paint(sign.symbol, "outline", "stroke", "none")
    return f'<LineSymbolizer {casing} stroke-width="{width + 2}"/>{drawn}'


def _paint(symbol: Any, key: str, attribute: str, default: str) -> str:
    """The colour and opacity of a fill or stroke as attributes."""
    text = str(symbol.get(key, default))
    try:
        colour = parse_colour(text)
    except ValueError:
        colour = (0, 0, 0, 0)  # `none`
    opacity = colour[3] * (float(symbol.get("opacity", 1)) if key == "colour" else 1)
    return f'{attribute}="{css(colour)}" {attribute}-opacity="{opacity:g}"'
