"""Inputs of an execute request: by value, or by reference to our own features; all of them checked.

No other host is ever asked for anything: a reference is answered by our own handler.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from geoportal.errors import BadParameter, GeoportalError
from geoportal.ogc.processes import inputs_of
from geoportal.ogc.request import OgcRequest
from geoportal.processes.model import GEOJSON, Input, Process
from layers.errors import LayersError
from layers.query import Query
from processing.errors import ProcessingError

if TYPE_CHECKING:
    from geoportal.ogc.api import Api

QUALIFIED = {"value", "mediaType", "encoding", "schema", "format"}
GEOMETRIES = frozenset({
    "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon",
    "GeometryCollection",
})  # fmt: skip
MOST_POSITIONS = 50_000
MOST_REFERENCED_BYTES = 20_000_000
WEST, SOUTH, EAST, NORTH = 22.0, 50.0, 34.0, 58.0
"""Around Belarus, degrees: what lies outside is a mistake, most often of the axes' order."""

PLACES = Query(
    "SELECT ST_IsValidReason(g), ST_IsValid(g), ST_XMin(g), ST_YMin(g), ST_XMax(g), ST_YMax(g)"
    " FROM (SELECT ST_GeomFromGeoJSON(one) AS g"
    " FROM jsonb_array_elements(%(shapes)s::jsonb) AS one OFFSET 0) AS s"
)


async def read_inputs(
    api: Api, request: OgcRequest, process: Process, given: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the value of every input; raises BadParameter naming the input at fault."""
    known = inputs_of(api.portal, process, request.language)
    if unknown := set(given) - set(known):
        name = min(unknown)
        raise BadParameter(
            f"Input {name[:80]}: process {process.id} has no such input; it has {', '.join(known)}."
        )
    found: dict[str, Any] = {}
    for name, one in known.items():
        if name in given:
            found[name] = await _read(api, request, name, one, given[name])
        elif one.least:
            raise BadParameter(f"Input {name}: is needed.")
    try:
        process.check(found)
    except ProcessingError as error:
        raise BadParameter(f"Input {error}.") from None
    return found


async def _read(api: Api, request: OgcRequest, name: str, about: Input, given: Any) -> Any:
    if about.most == 1:
        return await _value(api, request, name, about, given)
    values = given if isinstance(given, list) else [given]
    if not about.least <= len(values) <= about.most:
        raise BadParameter(f"Input {name}: {about.least} to {about.most} values are taken.")
    return [await _value(api, request, name, about, one) for one in values]


async def _value(api: Api, request: OgcRequest, name: str, about: Input, given: Any) -> Any:
    value = given
    if isinstance(given, dict) and "href" in given:
        value = await _referenced(api, request, name, given)
    elif isinstance(given, dict) and "value" in given and set(given) <= QUALIFIED:
        _require_media_type(name, about, given)
        # An input may itself be an object with a member `value`: then only the whole fits.
        fits = Draft202012Validator(about.schema).is_valid
        value = given if fits(given) and not fits(given["value"]) else given["value"]
    _require_schema(name, about, value)
    if about.schema.get("contentMediaType") == GEOJSON:
        await _require_shapes(api, name, value)
    return value


def _require_media_type(name: str, about: Input, given: Mapping[str, Any]) -> None:
    wanted = about.schema.get("contentMediaType")
    said = given.get("mediaType", (given.get("format") or {}).get("mediaType"))
    if wanted and said and said not in (wanted, "application/json"):
        raise BadParameter(f"Input {name}: {str(said)[:80]!r} is not taken; {wanted} is.")


def _require_schema(name: str, about: Input, value: Any) -> None:
    fault = best_match(Draft202012Validator(about.schema).iter_errors(value))
    if fault is not None:
        where = "".join(f"/{part}" for part in fault.absolute_path)
        raise BadParameter(f"Input {name}{where}: {fault.message[:300]}.")
    if about.schema.get("contentEncoding") == "base64":
        try:
            base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raise BadParameter(f"Input {name}: is not base64.") from None


async def _referenced(api: Api, request: OgcRequest, name: str, given: Mapping[str, Any]) -> Any:
    """Return the features that a reference names; raises BadParameter for any but our own."""
    from geoportal.ogc import items  # noqa: PLC0415 - it imports the modules of all formats

    address = given["href"]
    root = f"{api.base_url}/collections/"
    if not isinstance(address, str) or not address.startswith(root):
        raise BadParameter(f"Input {name}: only features below {root} can be referred to.")
    parts = urlsplit(address)
    path = [unquote(part) for part in address[len(root) :].partition("?")[0].split("/")]
    params = dict(parse_qsl(parts.query, keep_blank_values=True))
    params.pop("f", None)
    whole = len(path) == 2 and path[1] == "items"
    if not whole and not (len(path) == 3 and path[1] == "items"):
        raise BadParameter(f"Input {name}: {address[:200]!r} are not the items of a collection.")
    everything = whole and "limit" not in params
    if everything:
        params["limit"] = str(api.portal.settings.items_limit)
    try:
        sub = _request(api, request, "getFeatures" if whole else "getFeature", params, parts.path)
        if whole:
            _, _, body = await items.get_collection_items(api, sub, path[0])
        else:
            _, _, body = await items.get_collection_item(api, sub, path[0], path[2])
    except (GeoportalError, LayersError) as error:
        raise BadParameter(f"Input {name}: {error}") from None
    if len(body) > MOST_REFERENCED_BYTES:
        raise BadParameter(f"Input {name}: the features take {len(body)} bytes; choose fewer.")
    document = orjson.loads(body)
    # A page with another behind it; how many features there are may not have been counted.
    if everything and any(one["rel"] == "next" for one in document["links"]):
        raise BadParameter(
            f"Input {name}: there are more features than can be referred to at once"
            f" ({document['numberReturned']}); choose fewer by bbox or filter."
        )
    return document


def _request(
    api: Api, request: OgcRequest, operation: str, params: Mapping[str, str], path: str
) -> OgcRequest:
    route = next(one for one in api.routes if one.name == operation)
    known = {*route.parameters, "lang"}
    if route.properties:
        layer_id = unquote(path.rpartition("/collections/")[2].split("/")[0])
        known |= {field.name for field in api.portal.layer(layer_id).published_fields}
    if unknown := set(params) - known:
        raise BadParameter(f"Parameter {min(unknown)[:80]!r} of the reference is unknown.")
    return OgcRequest(
        route=route,
        path=path,
        params=params,
        headers={},
        language=request.language,
        format="geojson",
        request_id=request.request_id,
    )


async def _require_shapes(api: Api, name: str, value: Any) -> None:
    """Raise BadParameter for a geometry that is broken, too large or far from Belarus."""
    shapes = list(_geometries(value))
    if sum(map(_positions, shapes)) > MOST_POSITIONS:
        raise BadParameter(f"Input {name}: has more than {MOST_POSITIONS} positions.")
    if not shapes:
        return
    bound = Query(PLACES.sql, {"shapes": orjson.dumps(shapes).decode()})
    try:
        places = await api.portal.database.rows(bound)
    except BadParameter:
        raise BadParameter(f"Input {name}: a geometry is not GeoJSON.") from None
    for reason, valid, *box in places:
        if not valid:
            raise BadParameter(f"Input {name}: a geometry is not valid: {reason}.")
        if box[0] is not None:
            _require_near(name, *box)


def _require_near(name: str, west: float, south: float, east: float, north: float) -> None:
    if west >= WEST and east <= EAST and south >= SOUTH and north <= NORTH:
        return
    swapped = south >= WEST and north <= EAST and west >= SOUTH and east <= NORTH
    hint = "; longitude comes first, the axes seem to be swapped" if swapped else ""
    raise BadParameter(
        f"Input {name}: a geometry reaches {west:g}, {south:g} to {east:g}, {north:g}, outside"
        f" Belarus and what is around it{hint}."
    )


def _geometries(value: Any) -> Iterator[Any]:
    if not isinstance(value, dict):
        return
    if value.get("type") in GEOMETRIES:
        yield value
    elif value.get("type") == "Feature":
        yield from _geometries(value.get("geometry"))
    elif value.get("type") == "FeatureCollection" and isinstance(value.get("features"), list):
        for feature in value["features"]:
            yield from _geometries(feature)


def _positions(shape: Any) -> int:
    """Count the positions of a geometry without recursion: its depth is the caller's."""
    count, left = 0, [shape.get("coordinates"), *(shape.get("geometries") or [])]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            left += [one.get("coordinates"), *(one.get("geometries") or [])]
        elif isinstance(one, list) and one and isinstance(one[0], list):
            left += one
        else:
            count += 1
    return count
