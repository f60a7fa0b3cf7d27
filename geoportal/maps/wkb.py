"""Small geometries as WKB, for what is drawn besides features."""

from __future__ import annotations

import struct
from collections.abc import Sequence

Place = tuple[float, float]


def point(x: float, y: float) -> bytes:
    """Return a point."""
    return struct.pack("<BI2d", 1, 1, x, y)


def line(places: Sequence[Place]) -> bytes:
    """Return a line."""
    return struct.pack("<BII", 1, 2, len(places)) + _places(places)


def polygon(ring: Sequence[Place]) -> bytes:
    """Return a polygon of one closed ring."""
    return struct.pack("<BIII", 1, 3, 1, len(ring)) + _places(ring)


def _places(places: Sequence[Place]) -> bytes:
    return b"".join(struct.pack("<2d", *place) for place in places)
