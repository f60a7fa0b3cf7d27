"""A legend as one SVG picture, for print, reports and GIS clients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

ROW, SIGN, LEFT, WIDTH = 24, 26, 12, 420  # CSS pixels
FONT = "Noto Sans, DejaVu Sans, sans-serif"

Group = Mapping[str, Any]


def legend_svg(title: str, groups: Sequence[Group], note: str) -> str:
    """Return the picture: title, groups of signs with their words, attribution below."""
    rows: list[str] = []
    y = LEFT + 16
    rows.append(_text(LEFT, y, title, "font-weight='600' font-size='15'"))
    for group in groups:
        if not group["entries"]:
            continue
        if group["title"]:
            y += ROW
            rows.append(_text(LEFT, y, group["title"], "fill='#555'"))
        for entry in group["entries"]:
            y += ROW
            rows.append(_sign(entry["symbol"], y - 5))
            rows.append(_text(LEFT + SIGN + 10, y, entry["label"], ""))
    y += ROW
    rows.append(_text(LEFT, y, note, "fill='#555' font-size='10'"))
    height = y + LEFT
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' width='{WIDTH}'"
        f" height='{height}' font-family={quoteattr(FONT)} font-size='13'>"
        f"<title>{escape(title)}</title><rect width='100%' height='100%' fill='#fff'/>"
        f"{''.join(rows)}</svg>"
    )


def _text(x: int, y: int, text: str, attributes: str) -> str:
    return f"<text x='{x}' y='{y}' {attributes}>{escape(text)}</text>"


def _sign(symbol: Mapping[str, Any], middle: float) -> str:
    colour = quoteattr(str(symbol.get("colour", "none")))
    outline = quoteattr(str(symbol.get("outline", "rgba(0,0,0,0.25)")))
    opacity = symbol.get("opacity", 1)
    if symbol["shape"] == "line":
        width = min(max(symbol.get("width", 2), 1.5), 6)
        dashes = " ".join(str(part * width) for part in symbol.get("dash", ()))
        ends = f"x1='{LEFT}' x2='{LEFT + SIGN}' y1='{middle}' y2='{middle}'"
        casing = f"<line {ends} stroke={outline} stroke-width='{width + 2}'/>"
        line = f"<line {ends} stroke={colour} stroke-width='{width}' stroke-dasharray='{dashes}'/>"
        return (casing if "outline" in symbol else "") + line
    if symbol["shape"] == "point":
        radius = min(max(symbol.get("radius", 5), 4), 7.5)
        return (
            f"<circle cx='{LEFT + SIGN / 2}' cy='{middle}' r='{radius}' fill={colour}"
            f" fill-opacity='{opacity}' stroke={outline} stroke-width='1.2'/>"
        )
    return (
        f"<rect x='{LEFT}' y='{middle - 8}' width='{SIGN}' height='16' rx='2' fill={colour}"
        f" fill-opacity='{opacity}' stroke={outline} stroke-width='1.2'/>"
    )
