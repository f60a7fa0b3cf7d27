"""Search over several collections at once, and the functions that filters may use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from geoportal.errors import BadParameter, UnsupportedMediaType
from geoportal.ogc import filtering
from geoportal.ogc import parameters as read
from geoportal.ogc.crs import parse_crs
from geoportal.ogc.enrich import status_of
from geoportal.ogc.links import same_query, self_links
from geoportal.ogc.request import Answer, OgcRequest
from layers import count, cql2, query
from layers.errors import BadFilter, BadValue, UnknownField
from layers.model import Layer, Text

if TYPE_CHECKING:
    from geoportal.ogc.api import Api

FUNCTIONS = "http://www.opengis.net/def/rel/ogc/1.0/functions"
FUNCTIONS_TITLE = Text(
    be="Функцыі для ўмоў", ru="Функции для условий", en="Functions for filters"
)  # fmt: skip
GEOJSON = "application/geo+json"
MOST = 1_000  # features of one answer
MEMBERS = ("collections", "q", "filter", "filter-lang", "filter-crs", "bbox", "bbox-crs",
           "datetime", "crs", "limit")  # fmt: skip

# PostGIS writes every feature with this head, and no JSON string can hold its quotes unescaped.
HEAD = b'{"type":"Feature",'


def parse_order(body: bytes, content_type: str) -> dict[str, str]:
    """Return the members of a search as query parameters; raises BadParameter."""
    if content_type.split(";", maxsplit=1)[0].strip().lower() not in ("application/json", ""):
        raise UnsupportedMediaType("A search is application/json.")
    try:
        order = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadParameter(f"The body is not JSON: {error}.") from None
    if not isinstance(order, dict) or set(order) - set(MEMBERS):
        raise BadParameter(f"The body is an object of {', '.join(MEMBERS)}.")
    if isinstance(order.get("filter"), dict):
        order = {"filter-lang": "cql2-json"} | order
        order["filter"] = orjson.dumps(order["filter"]).decode()
    for name in ("collections", "bbox"):
        if isinstance(order.get(name), list):
            order[name] = ",".join(str(part) for part in order[name])
    if isinstance(order.get("limit"), int) and not isinstance(order["limit"], bool):
        order["limit"] = str(order["limit"])
    if wrong := [name for name, value in order.items() if not isinstance(value, str)]:
        raise BadParameter(f"Member {wrong[0]} has a value of a wrong type.")
    return {name: str(value) for name, value in order.items()}


async def search_by_get(api: Api, request: OgcRequest) -> Answer:
    """Answer a search whose conditions are query parameters."""
    return await _search(api, request, request.params)


async def search_by_post(api: Api, request: OgcRequest) -> Answer:
    """Answer a search whose conditions are members of a JSON body."""
    content_type = request.headers.get("content-type", "")
    return await _search(api, request, parse_order(request.data, content_type))


def choose(api: Api, params: Mapping[str, str]) -> list[tuple[Layer, query.Filter]]:
    """Return where to search and for what.

    Without `collections` that is every collection which has the texts and properties asked for.
    """
    named = params.get("collections")
    if named is not None:
        layers = [api.portal.layer(name) for name in dict.fromkeys(named.split(","))]
        return [(layer, filtering.parse_filter(layer, params)) for layer in layers]
    found = []
    reasons: list[Exception] = []
    for layer in api.portal.layers.values():
        try:
            found.append((layer, filtering.parse_filter(layer, params)))
        except (UnknownField, BadFilter, BadValue) as error:
            reasons.append(error)
    if not found and reasons:
        raise reasons[0]
    return found


async def _search(api: Api, request: OgcRequest, params: Mapping[str, str]) -> Answer:
    if not {"q", "filter", "bbox", "datetime"} & set(params):
        raise BadParameter("A search needs one of q, filter, bbox, datetime.")
    wanted = {k: v for k, v in params.items() if k in MEMBERS}
    limit = read.parse_limit(wanted.get("limit"), MOST)
    crs = parse_crs("crs", wanted.get("crs"))
    parts: list[bytes] = []
    counts: dict[str, int] = {}
    chosen = choose(api, wanted)
    uncounted: list[tuple[Layer, query.Filter]] = []
    for at, (layer, rows) in enumerate(chosen):
        left = limit - sum(counts.values())
        if left <= 0:
            uncounted += chosen[at:]
            break
        page = query.Page(limit=left, crs=crs)
        kept = layer.id in api.portal.kept_texts
        asked = query.items(layer, rows, page, kept=kept)
        ((found, text, _),) = await api.portal.database.rows(asked)
        if found:
            counts[layer.id] = min(found, left)
            parts.append(text.replace(HEAD, HEAD + f'"collection":"{layer.id}",'.encode()))
        if found > left:
            uncounted.append((layer, rows))
    told = {"limit": limit, "numberReturned": sum(counts.values())}
    more = await _matched(api, uncounted)
    if more is not None:
        names = {layer.id for layer, _ in uncounted}
        told["numberMatched"] = more + sum(n for name, n in counts.items() if name not in names)
    return _answer(api, request, crs, parts, counts, told)


async def _matched(api: Api, uncounted: Sequence[tuple[Layer, query.Filter]]) -> int | None:
    """Return how many features match in all, exact; None = counting would cost too much.

    The bounds are those of one layer (docs/decisions/0005), however many there are.
    """
    database = api.portal.database
    plans: list[Any] = []
    for one in uncounted:
        ((planned,),) = await database.rows(count.plan(*one))
        plans.append(planned)
        if not count.is_cheap(*plans):
            return None
    total = 0
    for one in uncounted:
        ((number,),) = await database.rows(count.matched(*one))
        total += number
        if total > count.MOST_ROWS:
            return None
    return total


def _answer(
    api: Api,
    request: OgcRequest,
    crs: query.Crs,
    parts: list[bytes],
    counts: dict[str, int],
    told: dict[str, int],
) -> Answer:
    url = f"{api.base_url}/search?{same_query(request)}"
    tail = {
        # What was searched by POST has no address.
        "links": [] if request.method == "POST" else self_links(request, url, GEOJSON),
        "collections": [{"id": name, "numberReturned": n} for name, n in counts.items()],
        **told,
        "timeStamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    head = b'{"type":"FeatureCollection","features":['
    body = b"".join((head, b",".join(parts), b"],", orjson.dumps(tail)[1:]))
    headers = {"Content-Crs": f"<{crs.uri}>"}
    if request.format == "html":
        page = orjson.loads(body)
        results = [_result(api, request, feature) for feature in page["features"]]
        return headers, 200, page | {"_results": results, "_q": request.param("q") or ""}
    return headers | {"Content-Type": GEOJSON}, 200, body


def _result(api: Api, request: OgcRequest, feature: dict[str, Any]) -> dict[str, Any]:
    """Return what a page says of one feature: its name, its layer and the status of its data."""
    layer = api.portal.layers[feature["collection"]]
    properties = feature["properties"]
    title = layer.with_role("title")
    name = properties.get(title.name) if title else None
    return {
        "collection": layer.id,
        "id": feature["id"],
        "name": name or f"№ {feature['id']}",
        "title": layer.title.get(request.language),
        "status": properties.get("status") or status_of(api.portal, layer),
    }


def get_functions(api: Api, request: OgcRequest) -> Answer:
    """Answer the functions of CQL2 filters (Features Part 3, /functions)."""
    functions = [
        {
            "name": name,
            "description": info.description.get(request.language),
            "returns": [info.returns],
            "arguments": [
                {"title": one.title.get(request.language), "type": [one.kind]} for one in info.args
            ],
        }
        for name, info in cql2.FUNCTIONS.items()
    ]
    links = self_links(request, f"{api.base_url}/functions")
    return {}, 200, {"functions": functions, "links": links}
