"""What the OpenAPI document says of edits: bodies made of the layer, headers, keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geoportal.ogc.components import CRS_SCHEMA
from geoportal.ogc.schema import property_schema
from layers.model import Field, Language, Layer, Text
from layers.submission import LONGEST, MOST_ITEMS

if TYPE_CHECKING:
    from geoportal.ogc.route import Route

Schema = dict[str, Any]

SECURITY_SCHEMES: dict[str, Schema] = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
SECURITY: list[Schema] = [{name: []} for name in SECURITY_SCHEMES]
FILLED_IN = ("area", "status")
"""Required, but given by the area when they are not sent."""

CONTENT_CRS = Text(
    be="СК каардынат у целе запыту", ru="СК координат в теле запроса", en="CRS of the body"
)
IF_MATCH = Text(
    be="ETag аб’екта, які бачылі", ru="ETag увиденного объекта", en="ETag of the feature as seen"
)


def members(route: Route, layer: Layer, language: Language) -> Schema:
    """Return the members of an edit's operation: body, security and headers of the answers."""
    found: Schema = {"security": SECURITY}
    if route.accepts:
        schema = _feature(layer, language, patch=route.method == "PATCH")
        found["requestBody"] = {
            "required": True,
            "content": {media_type: {"schema": schema} for media_type in route.accepts},
        }
    return found


def header_parameters(route: Route, language: Language) -> list[Schema]:
    """Return the headers that an edit reads."""
    found = [_header("Content-Crs", CONTENT_CRS.get(language), CRS_SCHEMA)] if route.accepts else []
    if route.method != "POST":
        # 428 and not 400 answers a request without it, so that its absence is no broken request.
        found.append(_header("If-Match", IF_MATCH.get(language), {"type": "string"}))
    return found


def answer_headers(route: Route) -> Schema:
    """Return the headers of the answer to a change that was made."""
    names = {"POST": ("Location", "ETag"), "DELETE": ()}.get(route.method, ("ETag",))
    return {name: {"schema": {"type": "string"}} for name in names}


def _header(name: str, description: str, schema: Schema) -> Schema:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": description,
        "schema": schema,
    }


def _feature(layer: Layer, language: Language, *, patch: bool) -> Schema:
    required = [f.name for f in layer.published_fields if f.required and f.name not in FILLED_IN]
    properties: Schema = {
        "type": "object",
        "nullable": patch or not required,
        "additionalProperties": False,
        "properties": {f.name: _value(f, language) for f in layer.published_fields},
    }
    if required and not patch:
        properties["required"] = required
    schema: Schema = {
        "type": "object",
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "id": {"type": "integer"},
            "geometry": {"allOf": [{"$ref": "#/components/schemas/geometry"}], "nullable": True},
            "properties": properties,
        },
    }
    return schema if patch else schema | {"required": ["type", "geometry", "properties"]}


def _value(field: Field, language: Language) -> Schema:
    schema = property_schema(field, language)
    single = schema["items"] if field.is_array else schema
    if field.is_array:
        schema["maxItems"] = MOST_ITEMS
    if field.item_type == "string" and not field.codes:
        single["maxLength"] = LONGEST
    if not field.required or field.name in FILLED_IN:
        schema["nullable"] = True
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
    return schema
