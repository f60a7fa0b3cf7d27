"""The first style of a layer that nobody has drawn yet: plain, visible, one colour."""

from __future__ import annotations

from typing import Any

from layers.model import Layer

_COLOUR = "#7b3fa0"
_LIGHT = "#ffffff"
_KINDS: dict[str, tuple[str, ...]] = {
    "Point": ("circle",),
    "MultiPoint": ("circle",),
    "LineString": ("line",),
    "MultiLineString": ("line",),
    "Polygon": ("fill", "line"),
    "MultiPolygon": ("fill", "line"),
    "Geometry": ("fill", "line", "circle"),
}
_PAINT: dict[str, dict[str, Any]] = {
    "fill": {"fill-color": _COLOUR, "fill-opacity": 0.3},
    "line": {"line-color": _COLOUR, "line-width": 1.5},
    "circle": {
        "circle-color": _COLOUR,
        "circle-radius": 4,
        "circle-stroke-color": _LIGHT,
        "circle-stroke-width": 1,
    },
}
_DRAWS = {"fill": "Polygon", "circle": "Point"}


def first_style(layer: Layer) -> dict[str, Any]:
    """Return a MapLibre style (version 8) that draws every geometry of a layer."""
    return {
        "version": 8,
        "sources": {layer.id: {"type": "vector"}},
        "layers": [_style_layer(layer, kind) for kind in _KINDS[layer.geometry]],
    }


def _style_layer(layer: Layer, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": f"{layer.id}-{kind}",
        "type": kind,
        "source": layer.id,
        "source-layer": layer.id,
        "paint": dict(_PAINT[kind]),
    }
    if layer.geometry == "Geometry" and kind in _DRAWS:
        found["filter"] = ["==", ["geometry-type"], _DRAWS[kind]]
    return found
