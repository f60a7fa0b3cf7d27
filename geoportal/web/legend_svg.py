"""A legend as one SVG picture, for print, reports and GIS clients."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from geoportal.web.legend_layout import LEFT, SIGN, TEXT_PX, Group, Sign, Words, layout

FONT = "Noto Sans, DejaVu Sans, sans-serif"


def legend_svg(title: str, groups: Sequence[Group], note: str) -> str:
    """Return the picture: title, groups of signs with their words, attribution below."""
    found = layout(title, groups, note)
    drawn = (_text(one) if isinstance(one, Words) else _sign(one) for one in found.items)
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {found.width} {found.height}'"
        f" width='{found.width}' height='{found.height}' font-family={quoteattr(FONT)}"
        f" font-size='{TEXT_PX}'><title>{escape(title)}</title>"
        f"<rect width='100%' height='100%' fill='#fff'/>{''.join(drawn)}</svg>"
    )


def _text(words: Words) -> str:
    weight = " font-weight='600'" if words.bold else ""
    return (
        f"<text x='{words.x}' y='{words.y}' font-size='{words.size}' fill='{words.colour}'"
        f"{weight}>{escape(words.text)}</text>"
    )


def _sign(sign: Sign) -> str:
    symbol, middle = sign.symbol, sign.middle
    colour = quoteattr(str(symbol.get("colour", "none")))
    outline = quoteattr(str(symbol.get("outline", "rgba(0,0,0,0.25)")))
    opacity = symbol.get("opacity", 1)
    if symbol["shape"] == "line":
        width = sign.line_width
        dashes = " ".join(str(part * width) for part in symbol.get("dash", ()))
        ends = f"x1='{LEFT}' x2='{LEFT + SIGN}' y1='{middle}' y2='{middle}'"
        casing = f"<line {ends} stroke={outline} stroke-width='{width + 2}'/>"
        line = f"<line {ends} stroke={colour} stroke-width='{width}' stroke-dasharray='{dashes}'/>"
        return (casing if "outline" in symbol else "") + line
    if symbol["shape"] == "point":
        return (
            f"<circle cx='{LEFT + SIGN / 2}' cy='{middle}' r='{sign.radius}' fill={colour}"
            f" fill-opacity='{opacity}' stroke={outline} stroke-width='1.2'/>"
        )
    return (
        f"<rect x='{LEFT}' y='{middle - 8}' width='{SIGN}' height='16' rx='2' fill={colour}"
        f" fill-opacity='{opacity}' stroke={outline} stroke-width='1.2'/>"
    )
