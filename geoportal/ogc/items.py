"""Features: pages of items and single items, as PostGIS wrote them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from geoportal.errors import BadParameter, NotFound
from geoportal.ogc import filtering, past
from geoportal.ogc import parameters as read
from geoportal.ogc.crs import parse_crs
from geoportal.ogc.enrich import status_of
from geoportal.ogc.exports import export
from geoportal.ogc.formats.registry import FORMATS, export_links
from geoportal.ogc.formats.text import JSONFG_CLASSES, jsonfg_root
from geoportal.ogc.links import jsonfg_links, link, same_query, self_links
from geoportal.ogc.request import Answer, OgcRequest
from geoportal.portal import Portal
from geoportal.web.catalogue import field_documents
from layers import count, keyset, query
from layers.export_query import EVERYTHING, jsonfg_item
from layers.model import Layer

if TYPE_CHECKING:
    from geoportal.ogc.api import Api

CONFORMANCE_CLASSES_FEATURES = [
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    *filtering.CONFORMANCE_CLASSES,
    *JSONFG_CLASSES,
]
CONFORMANCE_CLASSES_RECORDS: list[str] = []

GEOJSON = "application/geo+json"


def parse_page(layer: Layer, request: OgcRequest, most: int) -> query.Page:
    """Return the page of a request; raises BadParameter, BadValue and UnknownField."""
    order = (*read.parse_sortby(layer, request.param("sortby")), ("id", False))
    cursor = request.param("cursor")
    if cursor is not None and request.param("offset") is not None:
        raise BadParameter("Parameters cursor and offset: a page begins at one of them, not both.")
    return query.Page(
        limit=read.parse_limit(request.param("limit"), most),
        offset=read.parse_offset(request.param("offset")),
        cursor=None if cursor is None else keyset.read(layer, order, cursor),
        order=order,
        fields=read.parse_properties(layer, request.param("properties")),
        geometry=not read.parse_boolean("skipGeometry", request.param("skipGeometry")),
        crs=parse_crs("crs", request.param("crs")),
    )


async def get_collection_items(api: Api, request: OgcRequest, collection_id: str) -> Answer:
    """Answer a page of features as GeoJSON; raises UnknownLayer and the errors of parameters."""
    portal = api.portal
    layer = portal.layer(collection_id)
    rows = filtering.parse_filter(layer, request.params)
    rows = await past.at_moment(api, request, layer, rows)
    if request.format in FORMATS:
        return export(api, request, layer, rows, parse_page(layer, request, EVERYTHING))
    page = parse_page(layer, request, portal.settings.items_limit)
    # Behind the last row there is nothing to look for.
    beyond = page.offset >= portal.summaries[layer.id].row_count and rows.asof is None
    found, text, keys = 0, b"", []
    if not beyond:
        wanted = query.items(layer, rows, page, kept=layer.id in portal.kept_texts)
        ((found, text, keys),) = await portal.database.rows(wanted)
    returned = min(found, page.limit)
    matched = await _matched(api, layer, rows, page, found)
    links = _page_links(api, request, layer, _turns(request, page, found, keys if found else []))
    tail: dict[str, Any] = {"links": links}
    if matched is not None:
        tail["numberMatched"] = matched
    tail |= {
        "numberReturned": returned,
        "timeStamp": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
    }
    # The features are spliced in as PostGIS wrote them: nothing parses them on the way.
    head = b'{"type":"FeatureCollection","features":['
    body = b"".join((head, text, b"],", orjson.dumps(tail)[1:]))
    headers = {"Content-Crs": f"<{page.crs.uri}>"}
    if request.format == "html":
        return headers, 200, orjson.loads(body) | {"_layer": describe(portal, layer, request)}
    return headers | {"Content-Type": GEOJSON}, 200, body


async def _matched(
    api: Api, layer: Layer, rows: query.Filter, page: query.Page, found: int
) -> int | None:
    """Return the number of matching features, exact; None = counting would cost too much."""
    if rows.empty:
        return api.portal.summaries[layer.id].row_count
    if page.cursor is None and 0 < found <= page.limit:
        return page.offset + found
    if page.cursor is None and page.offset == 0 and not found:
        return 0
    database = api.portal.database
    if api.portal.summaries[layer.id].row_count > count.SMALL_LAYER:
        ((planned,),) = await database.rows(count.plan(layer, rows))
        if not count.is_cheap(planned):
            return None
    ((number,),) = await database.rows(count.matched(layer, rows))
    return int(number) if number <= count.MOST_ROWS else None


def _turns(
    request: OgcRequest, page: query.Page, found: int, keys: list[list[Any]]
) -> dict[str, dict[str, Any]]:
    """Return the paging parameters of `self`, `prev` and `next`, as far as those pages exist."""
    more = found > page.limit
    turns: dict[str, dict[str, Any]] = {"self": {}}
    if request.param("offset") is not None:
        turns["self"] = {"offset": page.offset}
        if page.offset:
            turns["prev"] = {"offset": max(0, page.offset - page.limit)}
        if more:
            turns["next"] = {"offset": page.offset + page.limit}
        return turns
    cursor = page.cursor
    if cursor:
        turns["self"] = {"cursor": cursor.text()}
    ends = dict(zip(("first", "last"), (keys[0], keys[-1]), strict=True)) if keys else {}
    backwards = bool(cursor and cursor.backwards)
    # Read backwards, the first row in the direction of reading is the last of the page.
    before, after = ("last", "first") if backwards else ("first", "last")
    if ends and (more if backwards else cursor):
        turns["prev"] = {"cursor": keyset.made(page.order, ends[before], backwards=True).text()}
    if ends and (cursor if backwards else more):
        turns["next"] = {"cursor": keyset.made(page.order, ends[after], backwards=False).text()}
    return turns


def _page_links(
    api: Api, request: OgcRequest, layer: Layer, turns: dict[str, dict[str, Any]]
) -> list[dict[str, Any]]:
    base = f"{api.base_url}/collections/{layer.id}"
    same = same_query(request, without=("offset", "cursor"))

    def url(rel: str) -> str:
        # What turns the page is made of letters, digits, `-` and `_`.
        turn = (f"{name}={value}" for name, value in turns[rel].items())
        together = "&".join((same, *turn) if same else turn)
        return f"{base}/items?{together}" if together else f"{base}/items"

    links = self_links(request, url("self"), GEOJSON)
    html = request.format == "html"
    for rel in ("prev", "next"):
        if rel in turns:
            address = f"{url(rel)}&f={'html' if html else 'json'}"
            links.append(link(address, rel, "text/html" if html else GEOJSON))
    filtered = same_query(request, without=("offset", "cursor", "limit"))
    links += export_links(f"{base}/items", filtered, "alternate", request.language)
    title = layer.title.get(request.language)
    return [*links, link(base, "collection", "application/json", title)]


def describe(portal: Portal, layer: Layer, request: OgcRequest) -> dict[str, Any]:
    """Return what a page needs to show features: titles, units and code labels of the fields."""
    language = request.language
    fields = field_documents(layer, language)
    areas = {area.id: area.title.get(language) for area in portal.areas.values()}
    return {
        "id": layer.id,
        "title": layer.title.get(language),
        "status": status_of(portal, layer),
        "geometry": layer.geometry,
        "fields": [f | {"codes": areas} if f["name"] == "area" else f for f in fields],
    }


async def get_collection_item(
    api: Api, request: OgcRequest, collection_id: str, feature_id: str
) -> Answer:
    """Answer one feature; raises NotFound."""
    portal = api.portal
    layer = portal.layer(collection_id)
    crs = parse_crs("crs", request.param("crs"))
    missing = NotFound(f"Collection {layer.id} has no feature {feature_id[:80]!r}.")
    # What is no integer is no id of ours: not there, rather than wrong.
    if not read.INTEGER.fullmatch(feature_id) or abs(int(feature_id)) > read.MAX_INTEGER:
        raise missing
    jsonfg = request.format == "jsonfg"
    if request.param("asof") is None:
        kept = layer.id in portal.kept_texts
        number = int(feature_id)
        found = (
            jsonfg_item(layer, number, crs) if jsonfg else query.item(layer, number, crs, kept=kept)
        )
        rows = await portal.database.rows(found)
    else:
        rows = await past.item(api, request, layer, int(feature_id), crs)
    if not rows:
        raise missing
    base = f"{api.base_url}/collections/{layer.id}"
    title = layer.title.get(request.language)
    same = same_query(request)
    url = f"{base}/items/{int(feature_id)}" + (f"?{same}" if same else "")
    links = jsonfg_links(request, url) if jsonfg else self_links(request, url, GEOJSON)
    links.append(link(base, "collection", "application/json", title))
    headers = {"Content-Crs": f"<{crs.uri}>"}
    if jsonfg:
        root = jsonfg_root(layer, crs, f"{base}/schema")
        return headers, 200, rows[0][0][:-1] + b"," + orjson.dumps(root | {"links": links})[1:]
    body = rows[0][0][:-1] + b',"links":' + orjson.dumps(links) + b"}"
    if request.format == "html":
        return headers, 200, orjson.loads(body) | {"_layer": describe(portal, layer, request)}
    return headers | {"Content-Type": GEOJSON}, 200, body
