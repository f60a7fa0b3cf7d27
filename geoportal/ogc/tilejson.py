"""TileJSON 3.0: what MapLibre, QGIS and Leaflet read to draw vector tiles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from geoportal.ogc.enrich import attribution
from geoportal.portal import Portal
from layers.model import POINT_COUNT, Field, Language, Layer
from layers.version import Bbox

TILEJSON = "application/vnd.mapbox.tile+json"
_TYPES = {"integer": "Number", "number": "Number", "boolean": "Boolean"}


def tilejson(
    portal: Portal, layers: Sequence[Layer], url: str, name: str, language: Language
) -> dict[str, Any]:
    """Return the document; `url` is the template of the tiles with {z}, {x} and {y}."""
    document: dict[str, Any] = {
        "tilejson": "3.0.0",
        "name": name,
        "tiles": [url],
        "scheme": "xyz",
        "minzoom": min((layer.tiles.min_zoom for layer in layers), default=0),
        "maxzoom": max((layer.tiles.max_zoom for layer in layers), default=0),
        "attribution": "; ".join(dict.fromkeys(attribution(portal, layer) for layer in layers)),
        "vector_layers": [vector_layer(layer, language) for layer in layers],
    }
    if bbox := joined(portal.summaries[layer.id].bbox for layer in layers):
        west, south, east, north = bbox
        document["bounds"] = [west, south, east, north]
        middle = [(west + east) / 2, (south + north) / 2]
        document["center"] = [*middle, document["minzoom"]]
    if len(layers) == 1:
        document["description"] = layers[0].description.get(language)
    return document


def vector_layer(layer: Layer, language: Language) -> dict[str, Any]:
    """Return the entry of one layer: its fields are those of the tiles."""
    fields = {f.name: _type(f, language) for f in layer.published_fields if f.in_tile}
    if layer.clustered:
        fields[POINT_COUNT] = "Number"
    return {
        "id": layer.id,
        "description": layer.title.get(language),
        "minzoom": layer.tiles.min_zoom,
        "maxzoom": layer.tiles.max_zoom,
        "fields": fields,
    }


def _type(field: Field, language: Language) -> str:
    # The value is a free text for people; tools look at its first word.
    unit = f", {field.unit}" if field.unit else ""
    return f"{_TYPES.get(field.type, 'String')}: {field.title.get(language)}{unit}"


def joined(boxes: Iterable[Bbox | None]) -> Bbox | None:
    """Return the box around all boxes, in degrees; None when there is none."""
    found = [box for box in boxes if box is not None]
    if not found:
        return None
    west, south, east, north = zip(*found, strict=True)
    return min(west), min(south), max(east), max(north)
