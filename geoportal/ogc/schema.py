"""Schema, queryables and sortables of a collection (Features Part 5, OGC 23-058), in a language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geoportal.ogc import coverages
from geoportal.ogc.links import link, self_links
from geoportal.ogc.request import Answer, OgcRequest
from layers.model import Field, Language, Layer, Text

if TYPE_CHECKING:
    from geoportal.ogc.api import Api

SCHEMA_TYPE = "application/schema+json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
CODELIST_INLINE = "http://www.opengis.net/def/profile/OGC/0/codelist-inline"
GEOMETRY = Text(be="Геаметрыя", ru="Геометрия", en="Geometry")
IDENTIFIER = Text(be="Нумар аб’екта", ru="Номер объекта", en="Feature identifier")
TYPES: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
}


def property_schema(field: Field, language: Language) -> dict[str, Any]:
    """Return the schema of one property for OpenAPI 3.0: its code list is an `enum`."""
    schema = _logical_schema(field, language)
    single = schema["items"] if field.is_array else schema
    if field.codes:
        del single["oneOf"]
        single["enum"] = [code.value for code in field.codes]
    return schema


def parameter_schema(field: Field, language: Language) -> dict[str, Any]:
    """Return the schema of the query parameter of a property: of an array it names one item."""
    schema = property_schema(field, language)
    if not field.is_array:
        return schema
    single: dict[str, Any] = schema["items"]
    return {"title": schema["title"]} | single


def _logical_schema(field: Field, language: Language) -> dict[str, Any]:
    """The JSON Schema: title, unit (UCUM), role, range; codes in the profile codelist-inline."""
    schema: dict[str, Any] = {"title": field.title.get(language)}
    single = _value_schema(field, language)
    schema |= {"type": "array", "items": single} if field.is_array else single
    if field.description:
        schema["description"] = field.description.get(language)
    if field.unit:
        schema |= {"x-ogc-unit": field.unit, "x-ogc-unitLang": "UCUM"}
    if field.role and field.role != "title":
        schema["x-ogc-role"] = field.role
    return schema


def _value_schema(field: Field, language: Language) -> dict[str, Any]:
    schema = dict(TYPES[field.item_type])
    if field.codes:
        schema["oneOf"] = [
            {"const": code.value, "title": code.title.get(language)} for code in field.codes
        ]
    if field.minimum is not None:
        schema["minimum"] = field.minimum
    if field.maximum is not None:
        schema["maximum"] = field.maximum
    return schema


def _answer(api: Api, request: OgcRequest, layer: Layer, properties: dict[str, Any]) -> Answer:
    """The schema of the properties, numbered in their order; nothing else may be named."""
    kind = request.route.path.rpartition("/")[2]
    url = f"{api.base_url}/collections/{layer.id}/{kind}"
    links = self_links(request, url, SCHEMA_TYPE)
    if any(f.codes for f in layer.published_fields):
        links.append(link(CODELIST_INLINE, "profile", "text/html"))
    document: dict[str, Any] = {
        "$schema": DIALECT,
        "$id": url,
        "type": "object",
        "title": layer.title.get(request.language),
        "description": layer.description.get(request.language),
        "properties": {
            name: schema | {"x-ogc-propertySeq": n}
            for n, (name, schema) in enumerate(properties.items(), start=1)
        },
        "additionalProperties": False,
    }
    if kind == "schema":
        document["required"] = [f.name for f in layer.published_fields if f.required]
    return {}, 200, document | {"links": links}


def _values(layer: Layer, language: Language) -> dict[str, Any]:
    return {f.name: _logical_schema(f, language) for f in layer.published_fields}


def _geometry(layer: Layer, language: Language) -> dict[str, Any]:
    format_ = "geometry-any" if layer.geometry == "Geometry" else f"geometry-{layer.geometry}"
    schema = {"x-ogc-role": "primary-geometry", "format": format_.lower()}
    return {"geometry": {"title": GEOMETRY.get(language)} | schema}


def get_schema(api: Api, request: OgcRequest, collection_id: str) -> Answer:
    """Answer the schema of the features (Features Part 5, returnables and receivables)."""
    if collection_id in api.portal.coverages:
        one = api.portal.coverage(collection_id)
        return {}, 200, coverages.schema_document(api, request, one)
    layer = api.portal.layer(collection_id)
    identifier = {
        "title": IDENTIFIER.get(request.language),
        "type": "integer",
        "x-ogc-role": "id",
        "readOnly": True,
    }
    properties = {"id": identifier} | _geometry(layer, request.language)
    return _answer(api, request, layer, properties | _values(layer, request.language))


def get_queryables(api: Api, request: OgcRequest, collection_id: str) -> Answer:
    """Answer the properties that requests may use (Features Part 3)."""
    layer = api.portal.layer(collection_id)
    properties = _geometry(layer, request.language) | _values(layer, request.language)
    return _answer(api, request, layer, properties)


def get_sortables(api: Api, request: OgcRequest, collection_id: str) -> Answer:
    """Answer the properties that `sortby` may name (Features Part 5, sortables)."""
    layer = api.portal.layer(collection_id)
    sortable = {f.name for f in layer.published_fields if not f.is_array}
    properties = _values(layer, request.language)
    return _answer(api, request, layer, {n: s for n, s in properties.items() if n in sortable})
