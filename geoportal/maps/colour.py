"""Colours as the style specification and OGC API - Maps write them."""

from __future__ import annotations

import re
from functools import lru_cache

from PIL import ImageColor

Colour = tuple[float, float, float, float]
"""Red, green, blue as 0 to 255, opacity as 0 to 1."""

_CALL = re.compile(r"(rgb|hsl)a\(([^)]*),\s*([0-9.]+%?)\s*\)", re.IGNORECASE)


@lru_cache(maxsize=1024)
def parse_colour(text: str) -> Colour:
    """Return a CSS colour (name, #hex, rgb(), rgba(), hsl(), hsla()); raises ValueError."""
    opacity = 1.0
    if call := _CALL.fullmatch(text.strip()):
        last = call[3]
        opacity = float(last.removesuffix("%")) / (100 if last.endswith("%") else 1)
        text = f"{call[1]}({call[2]})"
    red, green, blue, *alpha = ImageColor.getrgb(text.strip())
    return red, green, blue, opacity * (alpha[0] / 255 if alpha else 1.0)


def css(colour: Colour) -> str:
    """Return a colour without its opacity as #rrggbb."""
    return "#{:02x}{:02x}{:02x}".format(*(round(min(max(part, 0), 255)) for part in colour[:3]))


def between(low: Colour, high: Colour, share: float) -> Colour:
    """Return the colour at a share of the way, as the style specification mixes (RGB)."""
    red, green, blue, opacity = (a + (b - a) * share for a, b in zip(low, high, strict=True))
    return red, green, blue, opacity


def rgba(colour: Colour) -> str:
    """Return a colour as CSS writes it with its opacity."""
    red, green, blue, opacity = colour
    return f"rgba({red:.0f},{green:.0f},{blue:.0f},{opacity:g})"
