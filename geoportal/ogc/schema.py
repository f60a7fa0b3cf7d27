"""The schema and the queryables of a collection, from its definition, in the caller's language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geoportal.ogc.links import self_links
from geoportal.ogc.request import Answer, OgcRequest
from layers.model import Field, Language, Layer

if TYPE_CHECKING:
    from geoportal.ogc.api import Api

SCHEMA_TYPE = "application/schema+json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
TYPES: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
}


def property_schema(field: Field, language: Language) -> dict[str, Any]:
    """Return the JSON Schema of one property: title, unit (UCUM), role, code list, range."""
    schema: dict[str, Any] = {"title": field.title.get(language), **TYPES[field.type]}
    if field.description:
        schema["description"] = field.description.get(language)
    if field.unit:
        schema |= {"x-ogc-unit": field.unit, "x-ogc-unitLang": "UCUM"}
    if field.role and field.role != "title":
        schema["x-ogc-role"] = field.role
    if field.codes:
        schema["enum"] = [code.value for code in field.codes]
        schema["x-ogc-codelist"] = {c.value: c.title.get(language) for c in field.codes}
    if field.minimum is not None:
        schema["minimum"] = field.minimum
    if field.maximum is not None:
        schema["maximum"] = field.maximum
    return schema


def _document(layer: Layer, language: Language, url: str) -> dict[str, Any]:
    format_ = "geometry-any" if layer.geometry == "Geometry" else f"geometry-{layer.geometry}"
    properties: dict[str, Any] = {
        "geometry": {"x-ogc-role": "primary-geometry", "format": format_.lower()}
    }
    properties |= {f.name: property_schema(f, language) for f in layer.published_fields}
    return {
        "$schema": DIALECT,
        "$id": url,
        "type": "object",
        "title": layer.title.get(language),
        "description": layer.description.get(language),
        "properties": properties,
    }


def get_schema(api: Api, request: OgcRequest, collection_id: str) -> Answer:
    """Answer the schema of the features (Features Part 5, returnables)."""
    layer = api.portal.layer(collection_id)
    url = f"{api.base_url}/collections/{layer.id}/schema"
    document = _document(layer, request.language, url)
    document["properties"] = {
        "id": {"type": "integer", "x-ogc-role": "id", "readOnly": True},
        **document["properties"],
    }
    document["required"] = [f.name for f in layer.published_fields if f.required]
    return {}, 200, document | {"links": self_links(request, url, SCHEMA_TYPE)}


def get_queryables(api: Api, request: OgcRequest, collection_id: str) -> Answer:
    """Answer the properties that requests may use (Features Part 3)."""
    layer = api.portal.layer(collection_id)
    url = f"{api.base_url}/collections/{layer.id}/queryables"
    document = _document(layer, request.language, url)
    return (
        {},
        200,
        document | {"additionalProperties": False, "links": self_links(request, url, SCHEMA_TYPE)},
    )
