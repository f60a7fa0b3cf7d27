"""Landing page, conformance, collections: upstream's documents, enriched, one per language."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson
from pygeoapi import api as upstream

from geoportal.ogc import coverages, editing, map_tiles, maps, styles
from geoportal.ogc.crs import TITLE as CRS_TITLE
from geoportal.ogc.dataset_tiles import TITLE as TILES_TITLE
from geoportal.ogc.enrich import STYLES, STYLES_TITLE, enrich
from geoportal.ogc.links import adopt, link, map_tilesets_link
from geoportal.ogc.request import Answer, OgcRequest
from geoportal.ogc.search import FUNCTIONS, FUNCTIONS_TITLE

if TYPE_CHECKING:
    from geoportal.ogc.api import Api

OURS = (
    *styles.CONFORMANCE_CLASSES,
    *maps.CONFORMANCE_CLASSES,
    *map_tiles.CONFORMANCE_CLASSES,
    *(
        f"http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/{name}"
        for name in (
            "schemas",
            "core-roles-features",
            "advanced-property-roles",
            "profile-codelists",
            "returnables-and-receivables",
            "queryables",
            "sortables",
        )
    ),
)


def _made_once(api: Api, key: tuple[str, ...], make: Callable[[], Any]) -> Any:
    if key not in api.documents:
        api.documents[key] = make()
    return api.documents[key]


def _upstream(
    handler: Callable[..., tuple[Any, Any, str]], api: Api, request: OgcRequest, *path: str
) -> Any:
    _, _, text = handler(api, request.as_json(), *path)
    return orjson.loads(text)


def landing_page(api: Api, request: OgcRequest) -> Answer:
    """Answer `/`: upstream's links without the forms that we do not give."""

    def make() -> dict[str, Any]:
        document: dict[str, Any] = _upstream(upstream.landing_page, api, request)
        root = api.base_url
        links = [
            one | {"href": one["href"].replace("/TileMatrixSets", "/tileMatrixSets")}
            for one in adopt(document["links"], request.language)
        ]
        links.append(link(f"{api.portal.settings.base_url}/map", "preview", "text/html"))
        systems = CRS_TITLE.get(request.language)
        links.append(link(f"{root}/crs", "describedby", "application/json", systems))
        functions = FUNCTIONS_TITLE.get(request.language)
        links.append(link(f"{root}/functions", FUNCTIONS, "application/json", functions))
        tiles = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"
        links.append(
            link(f"{root}/tiles", tiles, "application/json", TILES_TITLE.get(request.language))
        )
        links.append(
            link(f"{root}/styles", STYLES, "application/json", STYLES_TITLE.get(request.language))
        )
        links.append(
            link(
                f"{root}/conformance",
                "http://www.opengis.net/def/rel/ogc/1.0/conformance",
                "application/json",
            )
        )
        links.append(maps.map_link(root, TILES_TITLE.get(request.language)))
        links.append(map_tilesets_link(root, request.language))
        return document | {"links": links, "attribution": None} | maps.dataset_extent(api)

    return {}, 200, _made_once(api, ("landing", request.language), make)


def conformance(api: Api, request: OgcRequest) -> Answer:
    """Answer `/conformance`: upstream's list over our modules."""

    def make() -> dict[str, Any]:
        document = _upstream(upstream.conformance, api, request)
        return {
            "conformsTo": sorted(
                {*document["conformsTo"], *OURS, *_of_edits(api), *_of_coverages(api)}
            )
        }

    return {}, 200, _made_once(api, ("conformance",), make)


def _of_edits(api: Api) -> list[str]:
    editable = any(layer.editable for layer in api.portal.layers.values())
    return editing.CONFORMANCE_CLASSES if editable else []


def _of_coverages(api: Api) -> list[str]:
    return coverages.CONFORMANCE_CLASSES if api.portal.coverages else []


def collections(api: Api, request: OgcRequest) -> Answer:
    """Answer `/collections`: every published layer and every raster of an area."""

    def make() -> dict[str, Any]:
        document: dict[str, Any] = _upstream(upstream.describe_collections, api, request)
        found = [
            enrich(one, api.portal, api.portal.layers[one["id"]], request.language)
            for one in document["collections"]
        ]
        found += [
            coverages.describe(api, one, request.language) for one in api.portal.coverages.values()
        ]
        links = adopt(document["links"], request.language)
        return {"collections": found, "links": links}

    return {}, 200, _made_once(api, ("collections", request.language), make)


def collection(api: Api, request: OgcRequest, collection_id: str) -> Answer:
    """Answer `/collections/{collectionId}`; raises UnknownLayer."""
    if collection_id in api.portal.coverages:
        one = api.portal.coverage(collection_id)
        return {}, 200, coverages.describe(api, one, request.language)
    layer = api.portal.layer(collection_id)

    def make() -> dict[str, Any]:
        document = _upstream(upstream.describe_collections, api, request, collection_id)
        return enrich(document, api.portal, layer, request.language)

    return {}, 200, _made_once(api, ("collection", collection_id, request.language), make)
