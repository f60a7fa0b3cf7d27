"""Vector tiles of a layer and the documents about them (in place of upstream's tiles)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from geoportal.errors import BadParameter
from geoportal.ogc import tilematrixsets as grids
from geoportal.ogc.enrich import attribution
from geoportal.ogc.filtering import parse_filter
from geoportal.ogc.links import link, self_links
from geoportal.ogc.request import Answer, OgcRequest
from geoportal.ogc.schema import property_schema
from geoportal.ogc.tile_cache import TileKey
from geoportal.ogc.tilejson import TILEJSON, joined, tilejson
from layers import tiling
from layers.model import POINT_COUNT, Language, Layer, Text
from layers.query import CRS84, Filter
from layers.tile_matrix_set import TILE_MATRIX_SETS, WEB_MERCATOR_QUAD, TileMatrixSet
from layers.tiling import Address, Tile
from layers.version import Bbox

if TYPE_CHECKING:
    from geoportal.ogc.api import Api

CONFORMANCE_CLASSES = [
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tilesets-list",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/dataset-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/collections-selection",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/datetime",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/tms/2.0/conf/tilematrixset",
    "http://www.opengis.net/spec/tms/2.0/conf/tilematrixsetlimits",
    "http://www.opengis.net/spec/tms/2.0/conf/json-tilematrixset",
    "http://www.opengis.net/spec/tms/2.0/conf/json-tilematrixsetlimits",
]

MVT = "application/vnd.mapbox-vector-tile"
CUT = "Geoportal-Tile-Cut"
"""Header of a tile that has fewer features than there are: how many its budget cut."""

DIMENSIONS = {"Point": 0, "LineString": 1, "Polygon": 2}
COUNTED = Text(
    be="Колькі аб’ектаў у кропцы", ru="Сколько объектов в точке", en="Features at the point"
)


async def tile_of(api: Api, layer: Layer, address: Address, rows: Filter) -> Tile:
    """Return a tile of one layer, kept or made; empty before the layer's first zoom level."""
    if address.level < layer.tiles.min_zoom:
        return Tile(b"")
    key = TileKey(layer.id, api.portal.summaries[layer.id].version, address, rows)
    kept = api.tile_cache.get(key)
    if kept is not None:
        return kept
    untiled = api.portal.untiled.get(layer.id, ())
    making = tiling.tile(layer, address, rows, untiled=untiled)
    query = next(making)
    while True:
        (row,) = await api.portal.database.rows(query)
        try:
            query = making.send(row)
        except StopIteration as done:
            tile: Tile = done.value
            api.tile_cache.put(key, tile)
            return tile


def tile_answer(tile: Tile, headers: dict[str, str]) -> Answer:
    """Return the answer with a tile: 204 when nothing is there, the header of what was cut."""
    cut = {CUT: str(tile.cut)} if tile.cut else {}
    return headers | cut | {"Content-Type": MVT}, 200 if tile.data else 204, tile.data


async def get_tile(  # noqa: PLR0913, PLR0917 - the parts of the address
    api: Api,
    request: OgcRequest,
    collection_id: str,
    tile_matrix_set_id: str,
    matrix: str,
    row: str,
    col: str,
) -> Answer:
    """Answer one vector tile of a layer; raises UnknownLayer, NotFound, BadParameter, BadValue."""
    layer = api.portal.layer(collection_id)
    address = grids.address(grids.find(tile_matrix_set_id), matrix, row, col)
    tile = await tile_of(api, layer, address, parse_filter(layer, request.params))
    headers = {}
    if request.param("v") == str(api.portal.summaries[layer.id].version):
        # An address that names the version never shows anything else.
        headers["Cache-Control"] = "public, max-age=604800, immutable"
    return tile_answer(tile, headers)


def summary(
    request: OgcRequest, tms: TileMatrixSet, base: str, title: str, query: str = ""
) -> dict[str, Any]:
    """Return what a list says about a tileset.

    `base` is the address of what is tiled, `query` the choice of it as `&collections=a,b`.
    """
    root = base.partition("/collections/")[0].removesuffix("/map")
    url = f"{base}/tiles/{tms.id}"
    item = url + "/{tileMatrix}/{tileRow}/{tileCol}?f=mvt" + query
    links = [
        *self_links(request, f"{url}?{query[1:]}" if query else url),
        link(item, "item", MVT) | {"templated": True},
        link(
            f"{root}/tileMatrixSets/{tms.id}?f=json",
            grids.TILING_SCHEME,
            "application/json",
            tms.title.get(request.language),
        ),
    ]
    if tms is WEB_MERCATOR_QUAD:
        links.append(link(f"{url}?f=tilejson{query}", "describedby", TILEJSON, "TileJSON 3.0"))
    return {
        "title": f"{title} ({tms.id})",
        "dataType": "vector",
        "crs": tms.crs,
        "tileMatrixSetId": tms.id,
        "tileMatrixSetURI": grids.address_of(tms, root),
        "links": links,
    }


def layer_document(api: Api, layer: Layer, tms: TileMatrixSet, language: Language) -> Any:
    """Return what a tileset says about one of its layers: levels, geometry, fields, extent."""
    properties = {f.name: property_schema(f, language) for f in layer.published_fields if f.in_tile}
    if layer.clustered:
        properties[POINT_COUNT] = {"title": COUNTED.get(language), "type": "integer"}
    first, last = grids.levels(tms, layer.tiles.min_zoom, layer.tiles.max_zoom)
    content: dict[str, Any] = {
        "id": layer.id,
        "title": layer.title.get(language),
        "description": layer.description.get(language),
        "dataType": "vector",
        "minTileMatrix": str(first),
        "maxTileMatrix": str(last),
        "propertiesSchema": {"type": "object", "properties": properties},
    }
    if (dimension := DIMENSIONS.get(layer.geometry.removeprefix("Multi"))) is not None:
        content["geometryDimension"] = dimension
    if bbox := api.portal.summaries[layer.id].bbox:
        content["boundingBox"] = box_document(bbox)
    return content


def box_document(bbox: Bbox) -> dict[str, Any]:
    """Return a box in degrees as 2D TMS writes it."""
    west, south, east, north = bbox
    return {"lowerLeft": [west, south], "upperRight": [east, north], "crs": CRS84.uri}


def extent_document(api: Api, layers: Sequence[Layer], tms: TileMatrixSet) -> dict[str, Any]:
    """Return box and limits of a tileset; nothing when its layers have no geometry."""
    bbox = joined(api.portal.summaries[layer.id].bbox for layer in layers)
    if bbox is None:
        return {}
    first, last = grids.levels(
        tms,
        min(layer.tiles.min_zoom for layer in layers),
        max(layer.tiles.max_zoom for layer in layers),
    )
    return {
        "tileMatrixSetLimits": grids.limits(tms, bbox, first, last),
        "boundingBox": box_document(bbox),
    }


def require_tilejson(request: OgcRequest, tms: TileMatrixSet) -> bool:
    """Tell whether TileJSON is asked; raises BadParameter where it cannot describe the set."""
    if request.format != "tilejson":
        return False
    if tms is not WEB_MERCATOR_QUAD:
        raise BadParameter("Parameter f: TileJSON describes tiles of WebMercatorQuad only.")
    return True


def get_tilesets(api: Api, request: OgcRequest, collection_id: str) -> Answer:
    """Answer the tilesets of a layer, one per tile matrix set."""
    layer = api.portal.layer(collection_id)
    base = f"{api.base_url}/collections/{layer.id}"
    title = layer.title.get(request.language)
    found = [
        summary(request, tms, base, title)
        | {"links": _links(request, tms, base, title)}
        | extent_document(api, [layer], tms)
        for tms in TILE_MATRIX_SETS.values()
    ]
    return {}, 200, {"tilesets": found, "links": self_links(request, f"{base}/tiles")}


def _links(request: OgcRequest, tms: TileMatrixSet, base: str, title: str) -> list[dict[str, Any]]:
    geodata = "http://www.opengis.net/def/rel/ogc/1.0/geodata"
    links: list[dict[str, Any]] = summary(request, tms, base, title)["links"]
    return [*links, link(base, geodata, "application/json", title)]


def get_tileset(
    api: Api, request: OgcRequest, collection_id: str, tile_matrix_set_id: str
) -> Answer:
    """Answer one tileset of a layer: limits, levels, fields; as TileJSON too."""
    layer = api.portal.layer(collection_id)
    tms = grids.find(tile_matrix_set_id)
    base = f"{api.base_url}/collections/{layer.id}"
    title = layer.title.get(request.language)
    if require_tilejson(request, tms):
        version = api.portal.summaries[layer.id].version
        url = f"{base}/tiles/{tms.id}/{{z}}/{{y}}/{{x}}?f=mvt&v={version}"
        return {}, 200, tilejson(api.portal, [layer], url, title, request.language)
    document = summary(request, tms, base, title) | {
        "description": layer.description.get(request.language),
        "links": _links(request, tms, base, title),
        "layers": [layer_document(api, layer, tms, request.language)],
        "attribution": attribution(api.portal, layer),
    }
    return {}, 200, document | extent_document(api, [layer], tms)
