"""What the map needs to know, as one JSON document: themes, layers, legends, areas. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from geoportal.web.legend import legend
from geoportal.web.texts import section, text, unit_symbol
from layers.model import COUNTRY, POINT_COUNT, THEMES, Area, Field, Language, Layer, Status
from layers.version import Bbox, Summary, Version

Versions = Mapping[tuple[str, str], Version]
StyleOf = Callable[[str], Mapping[str, Any]]

MAP_TEXTS = ("map.", "status.", "value.", "unit.", "theme.")
"""Prefixes of the texts that the map's scripts use."""

QUARTER_ZOOM = 14.5
"""Zoom of a jump to an area of which only the centre is known."""


def catalogue(
    layers: Mapping[str, Layer],
    versions: Versions,
    *,
    areas: Mapping[str, Area],
    style: StyleOf,
    language: Language,
    base_path: str,
) -> dict[str, Any]:
    """Return the map's document: boxes are west, south, east, north in degrees (CRS84)."""
    found = [
        _layer(layer, of_layer(versions, layer.id), style(layer.id), language, base_path)
        for layer in layers.values()
    ]
    return {
        "language": language,
        "themes": [
            {
                "id": theme,
                "title": text(language, f"theme.{theme}"),
                "layers": [one for one in found if one["theme"] == theme],
            }
            for theme in THEMES
            if any(one["theme"] == theme for one in found)
        ],
        "areas": area_documents(areas, versions, language),
        "texts": section(language, *MAP_TEXTS),
    }


def of_layer(versions: Versions, layer_id: str) -> list[Version]:
    """Return the versions of one layer, one per area."""
    return [version for version in versions.values() if version.layer == layer_id]


def statuses(layer: Layer, versions: Iterable[Version]) -> list[Status]:
    """Return what the loaded data are, demonstration first so that it is never overlooked."""
    found: set[Status] = {version.status for version in versions} or {layer.status}
    order: tuple[Status, ...] = ("demonstration", "derived", "open", "official")
    return [status for status in order if status in found]


def _layer(
    layer: Layer,
    versions: Sequence[Version],
    style: Mapping[str, Any],
    language: Language,
    base_path: str,
) -> dict[str, Any]:
    summary = Summary.of(versions)
    url = f"{base_path}/ogc/collections/{layer.id}"
    title = layer.with_role("title")
    return {
        "id": layer.id,
        "theme": layer.theme,
        "title": layer.title.get(language),
        "description": layer.description.get(language),
        "keywords": [*layer.keywords, layer.title.be, layer.title.ru, layer.title.en],
        "statuses": statuses(layer, versions),
        "supplier": layer.supplier.name.get(language),
        "licence": layer.licence.title,
        "attribution": _attribution(layer, versions),
        "geometry": layer.geometry,
        "visible": layer.visible,
        "order": layer.order,
        "titleField": _localised(layer, title.name, language) if title else None,
        "selector": _selector(layer, language),
        "fields": field_documents(layer, language),
        "rows": summary.row_count,
        "bbox": summary.bbox,
        "url": url,
        "tiles": f"{url}/tiles/WebMercatorQuad/{{z}}/{{y}}/{{x}}?f=mvt&v={summary.version}",
        "minzoom": layer.tiles.min_zoom,
        "maxzoom": layer.tiles.max_zoom,
        "style": style_layers(layer, style, language),
        "legend": legend(layer, style, language),
    }


def _attribution(layer: Layer, versions: Iterable[Version]) -> list[str]:
    found = dict.fromkeys(version.attribution or layer.attribution for version in versions)
    return list(found) or [layer.attribution]


def field_documents(layer: Layer, language: Language) -> list[dict[str, Any]]:
    """Return the fields as the map and the HTML pages use them: words in one language.

    What is said in another language is left out.
    """
    return [
        _field_document(field, language)
        for field in layer.published_fields
        if field.language in (None, language)
    ]


def _field_document(field: Field, language: Language) -> dict[str, Any]:
    return {
        "name": field.name,
        "type": field.type,
        "title": field.title.get(language),
        "unit": field.unit,
        "unitSymbol": unit_symbol(language, field.unit),
        "role": field.role,
        "codes": {code.value: code.title.get(language) for code in field.codes},
    }


def _selector(layer: Layer, language: Language) -> dict[str, Any] | None:
    field = layer.field(layer.selector) if layer.selector else None
    if field is None:
        return None
    return {
        "field": field.name,
        "title": field.title.get(language),
        "codes": [{"value": c.value, "title": c.title.get(language)} for c in field.codes],
    }


def _localised(layer: Layer, name: str, language: Language) -> str:
    """Return the field that holds a name in the caller's language, when the layer has one."""
    stem, _, ending = name.rpartition("_")
    wanted = f"{stem}_{language}"
    return wanted if ending in ("be", "ru", "en") and layer.field(wanted) else name


def style_layers(
    layer: Layer, style: Mapping[str, Any], language: Language
) -> list[dict[str, Any]]:
    """Return the style's layers with labels in the caller's language, and those of clusters."""
    found = [_style_layer(layer, one, language) for one in style.get("layers", [])]
    return [*found, _cluster_label(layer)] if layer.clustered else found


def _cluster_label(layer: Layer) -> dict[str, Any]:
    """The number at a point that stands for several."""
    return {
        "id": f"{layer.id}-{POINT_COUNT}",
        "type": "symbol",
        "source": layer.id,
        "source-layer": layer.id,
        "maxzoom": layer.tiles.detail_zoom,
        "filter": [">", ["get", POINT_COUNT], 1],
        "layout": {
            "text-field": ["to-string", ["get", POINT_COUNT]],
            "text-font": ["Noto Sans Regular"],
            "text-size": 11,
            "text-offset": [0, -1],
        },
        "paint": {"text-color": "#1b2a33", "text-halo-color": "#ffffff", "text-halo-width": 1.5},
    }


def _style_layer(
    layer: Layer, style_layer: Mapping[str, Any], language: Language
) -> dict[str, Any]:
    found = {**style_layer, "source": layer.id, "source-layer": layer.id}
    layout = style_layer.get("layout", {})
    if "text-field" in layout:
        label = _in_language(layer, layout["text-field"], language)
        found["layout"] = {**layout, "text-field": label}
    return found


def _in_language(layer: Layer, expression: Any, language: Language) -> Any:
    """Label by the name in the caller's language; where that is missing, by the written one."""
    if isinstance(expression, str) and expression.startswith("{") and expression.endswith("}"):
        expression = ["get", expression[1:-1]]
    if not isinstance(expression, list):
        return expression
    if expression[:1] == ["get"] and len(expression) == 2 and isinstance(expression[1], str):
        wanted = _localised(layer, expression[1], language)
        return expression if wanted == expression[1] else ["coalesce", ["get", wanted], expression]
    return [_in_language(layer, part, language) for part in expression]


def area_documents(
    areas: Mapping[str, Area], versions: Versions, language: Language
) -> list[dict[str, Any]]:
    """Return the places to jump to: the country, areas with data of their own, then the others."""
    boxes = {area: area_bbox(area, versions) for area in areas}
    found = [
        {
            "id": area.id,
            "title": area.title.get(language),
            "loaded": any(key[1] == area.id for key in versions),
            "bbox": boxes[area.id],
            "center": [area.lon, area.lat],
            "zoom": QUARTER_ZOOM,
        }
        for area in areas.values()
    ]
    return sorted(found, key=lambda a: (a["id"] != COUNTRY, not a["loaded"], str(a["title"])))


def area_bbox(area_id: str, versions: Versions) -> Bbox | None:
    """Return the box of an area (degrees): of its buildings, which unlike its streets end there."""
    homes = versions.get(("buildings", area_id))
    if homes is not None and homes.bbox is not None:
        return homes.bbox
    return Summary.of(v for v in versions.values() if v.area == area_id).bbox
