"""The OpenAPI 3.0 document, made of the route table and the layer definitions."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from geoportal.ogc import editing_openapi, search
from geoportal.ogc.components import SCHEMAS, parameter, parameters
from geoportal.ogc.formats.registry import FORMATS as EXPORTS
from geoportal.ogc.map_openapi import MAP_LIMITS, PICTURE_HEADERS
from geoportal.ogc.media_types import MEDIA_TYPES, SPELLINGS
from geoportal.ogc.parameters import RESERVED
from geoportal.ogc.request import Answer, OgcRequest
from geoportal.ogc.schema import parameter_schema
from geoportal.ogc.tiles import CUT
from layers.model import Language, Layer
from layers.scenario import NAME
from layers.tile_matrix_set import TILE_MATRIX_SETS

if TYPE_CHECKING:
    from geoportal.ogc.api import Api
    from geoportal.ogc.route import Route

COLLECTION = "/collections/{collectionId}"
TEXTS = ("html", "sld10", "sld11", "iso19139")
"""Formats that are neither JSON nor files."""


def get_openapi(api: Api, request: OgcRequest) -> Answer:
    """Answer the API definition."""
    key = ("openapi", request.language)
    if key not in api.documents:
        api.documents[key] = openapi_document(api, request.language)
    return {}, 200, api.documents[key]


def openapi_document(api: Api, language: Language) -> dict[str, Any]:
    """Return the OpenAPI document; every collection has paths of its own with its properties."""
    identification = api.config["metadata"]["identification"]
    paths: dict[str, dict[str, Any]] = {}
    for route in api.routes:
        for path, layer in _addresses(api, route):
            paths.setdefault(path, {})[route.method.lower()] = _operation(
                api, route, path, layer, language
            )
    return {
        "openapi": "3.0.3",
        "info": {
            "title": identification["title"][language],
            "description": identification["description"][language],
            "version": "1.0",
            "x-OGC-limits": {"maps": MAP_LIMITS},
        },
        "servers": [{"url": api.base_url}],
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in api.routes)],
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "parameters": _parameters(api, language),
            "responses": {"problem": _problem("Problem")},
            "securitySchemes": editing_openapi.SECURITY_SCHEMES,
        },
    }


def _addresses(api: Api, route: Route) -> list[tuple[str, Layer | None]]:
    """The address once, or once for each collection where its properties are parameters."""
    if not route.path.startswith(COLLECTION) or (
        route.tag in ("tiles", "maps", "coverages") and not route.properties
    ):
        return [(route.path, None)]
    return [
        (route.path.replace("{collectionId}", layer.id), layer)
        for layer in api.portal.layers.values()
        if layer.editable or not route.editing
    ]


def _parameters(api: Api, language: Language) -> dict[str, Any]:
    known = parameters(api.portal.settings.items_limit)
    return {name: parameter(name, schema, more, language) for name, (schema, more) in known.items()}


def _operation(
    api: Api, route: Route, path: str, layer: Layer | None, language: Language
) -> dict[str, Any]:
    title = route.summary.get(language)
    operation: dict[str, Any] = {
        "operationId": _operation_id(route, layer),
        "tags": [route.tag],
        "summary": f"{title}: {layer.title.get(language)}" if layer else title,
        "parameters": _operation_parameters(api, route, path, layer, language),
        "responses": _responses(route),
    }
    if route.editing and layer:
        operation |= editing_openapi.members(route, layer, language)
    elif route.body and route.method != "GET":
        schema = {"$ref": f"#/components/schemas/{route.body}"}
        operation["requestBody"] = {
            "required": True,
            "content": {media_type: {"schema": schema} for media_type in route.accepts},
        }
    if route.keyed:
        operation["security"] = editing_openapi.SECURITY
    return operation


def _operation_id(route: Route, layer: Layer | None) -> str:
    if layer is None:
        return route.name
    # OGC API - Tiles names the end of the id, the others its beginning.
    return f"{layer.id}.{route.name}" if route.tag == "tiles" else f"{route.name}.{layer.id}"


def _operation_parameters(
    api: Api, route: Route, path: str, layer: Layer | None, language: Language
) -> list[dict[str, Any]]:

    found = [_path_parameter(api, route, name) for name in _names(path)]
    formats = [SPELLINGS.get(f, (f,))[0] for f in route.formats]
    found.append(parameter("f", {"type": "string", "enum": formats}, {}, language))
    kept = layer is not None and layer.editable  # only then there is a history
    references = ["lang", *(name for name in route.parameters if kept or name != "asof")]
    if route.name == "search":  # its answers are shorter than pages of items
        references.remove("limit")
        found.append(parameter("limit", *parameters(search.MOST)["limit"], language))
    found += [{"$ref": f"#/components/parameters/{name}"} for name in references]
    if route.editing or route.keyed:
        found += editing_openapi.header_parameters(route, language)
    if layer and route.properties:
        found += [
            {
                "name": field.name,
                "in": "query",
                "required": False,
                "schema": parameter_schema(field, language),
            }
            for field in layer.published_fields
            if field.name not in RESERVED
        ]
    return found


def _names(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


def _path_parameter(api: Api, route: Route, name: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if name == "collectionId":
        ids = [] if route.tag == "coverages" else list(api.portal.layers)
        if route.tag == "coverages" or route.name == "map.collection.getMap":
            ids += api.portal.coverages
        schema |= {"enum": ids} if ids else {}
    if name == "tileMatrixSetId":
        schema["enum"] = list(TILE_MATRIX_SETS)
    if name == "processId":
        schema["enum"] = list(api.portal.processes)
    if name == "scenarioId":
        schema["pattern"] = NAME
    if name == "jobId":
        schema["format"] = "uuid"
    if name in ("tileMatrix", "tileRow", "tileCol"):
        schema = {"type": "integer", "minimum": 0}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _responses(route: Route) -> dict[str, Any]:

    found: dict[str, Any] = {}
    # Parameters make an address as long as its writer wants.
    for status in sorted({*route.statuses, *((414,) if route.parameters else ())}):
        phrase = HTTPStatus(status).phrase
        if status >= 400:
            found[str(status)] = _problem(phrase)
        elif status != 200:
            found[str(status)] = {"description": phrase}
            if route.editing or route.keyed:
                found[str(status)]["headers"] = editing_openapi.answer_headers(route)
        else:
            content = {
                MEDIA_TYPES[f].split("; ")[0]: {"schema": _answer_schema(route, f)}
                for f in route.formats
            }
            found["200"] = {"description": phrase, "content": content}
            if set(EXPORTS) & set(route.formats):
                found["200"]["headers"] = {"OGC-NumberReturned": _NUMBER_RETURNED}
            if route.formats == ("mvt",):
                found["200"]["headers"] = {CUT: _TILE_CUT}
            if route.tag == "maps":
                found["200"]["headers"] = PICTURE_HEADERS
    return found


def _answer_schema(route: Route, format_: str) -> dict[str, Any]:
    if format_ in EXPORTS and EXPORTS[format_].made == "file":
        return {"type": "string", "format": "binary"}
    # JSON-FG is GeoJSON with further members; the other texts are no JSON.
    if format_ in TEXTS or (format_ in EXPORTS and format_ != "jsonfg"):
        return {"type": "string"}
    schema = "tileJson" if format_ == "tilejson" else route.schema
    return {"$ref": f"#/components/schemas/{schema}"}


_TILE_CUT = {
    "description": "How many features the budget of the tile cut: the smallest ones",
    "schema": {"type": "integer", "minimum": 1},
}
_NUMBER_RETURNED = {
    "description": "How many features an export holds",
    "schema": {"type": "integer", "minimum": 0},
}


def _problem(phrase: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/problem"}
    return {"description": phrase, "content": {"application/problem+json": {"schema": schema}}}
