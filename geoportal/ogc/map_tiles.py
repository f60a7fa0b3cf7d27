"""Map tiles: pictures of the tiles of a collection or of the data set, for clients of pictures.

OGC API - Tiles (20-057) over OGC API - Maps (20-058): a tile shows what a map of its box shows, but
nothing is written on it; whose data it shows stands in its tileset.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from geoportal.maps.order import MapOrder
from geoportal.maps.view import View
from geoportal.ogc import maps
from geoportal.ogc import tilematrixsets as grids
from geoportal.ogc.coverage_parameters import extent_of
from geoportal.ogc.crs import SUPPORTED
from geoportal.ogc.dataset_tiles import TITLE
from geoportal.ogc.enrich import attribution
from geoportal.ogc.links import TITLES, link, self_links
from geoportal.ogc.media_types import MEDIA_TYPES
from geoportal.ogc.request import Answer, OgcRequest
from geoportal.ogc.tilejson import joined
from geoportal.ogc.tiles import box_document, require_tilejson, summary
from layers.model import Layer
from layers.query import Box
from layers.tile_matrix_set import TILE_MATRIX_SETS, TILE_PX, TileMatrixSet
from layers.tiling import Address
from layers.version import Bbox

if TYPE_CHECKING:
    from geoportal.ogc.api import Api

SCHEMES = ("http", "https")
"""The published standard writes http, its present draft https."""

CONFORMANCE_CLASSES = [
    *(f"{scheme}://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/tilesets" for scheme in SCHEMES),
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/png",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/jpeg",
]
PICTURES = ("png", "jpeg")
PARAMETERS = ("datetime", "transparent", "bgcolor")
LAST_LEVEL = 18
"""Of rasters, which name no levels of their own."""


async def get_tile(  # noqa: PLR0913, PLR0917 - the parts of the address
    api: Api,
    request: OgcRequest,
    collection_id: str,
    tile_matrix_set_id: str,
    matrix: str,
    row: str,
    col: str,
) -> Answer:
    """Answer the picture of one tile; raises UnknownLayer, NotFound, BadParameter."""
    view = _view(grids.address(grids.find(tile_matrix_set_id), matrix, row, col))
    if collection_id in api.portal.coverages:
        coverage = api.portal.coverage(collection_id)
        return await _paint(api, maps.order_of_coverage(api, request, coverage, view))
    layer = api.portal.layer(collection_id)
    return await _paint(api, maps.order_of(api, request, [layer], view))


async def get_dataset_tile(
    api: Api, request: OgcRequest, tile_matrix_set_id: str, matrix: str, row: str, col: str
) -> Answer:
    """Answer the picture of one tile of `collections`; else of the visible layers."""
    view = _view(grids.address(grids.find(tile_matrix_set_id), matrix, row, col))
    layers = maps.stacked(api, request.param("collections"))
    return await _paint(api, maps.order_of(api, request, layers, view))


def _view(address: Address) -> View:
    return View(Box(*address.bounds, SUPPORTED[address.tms.crs]), TILE_PX, TILE_PX)


async def _paint(api: Api, order: MapOrder) -> Answer:
    picture = await api.portal.painters.paint(replace(order, tile=True))
    return {maps.CUT: str(picture.cut)} if picture.cut else {}, 200, picture.data


@dataclass(frozen=True, slots=True)
class Tiled:
    """What is tiled: its address, its box in degrees, its levels as those of WebMercatorQuad."""

    base: str
    title: str
    attribution: str
    bbox: Bbox | None
    zooms: tuple[int, int]
    query: str = ""

    def limits(self, tms: TileMatrixSet) -> dict[str, Any]:
        """Return box and limits; nothing when nothing has a place."""
        if self.bbox is None:
            return {}
        return {
            "tileMatrixSetLimits": grids.limits(tms, self.bbox, *grids.levels(tms, *self.zooms)),
            "boundingBox": box_document(self.bbox),
        }


def _collection(api: Api, request: OgcRequest, collection_id: str) -> Tiled:
    base = f"{api.base_url}/collections/{collection_id}/map"
    if collection_id in api.portal.coverages:
        coverage = api.portal.coverage(collection_id)
        title = coverage.title.get(request.language)
        box = extent_of(coverage)
        return Tiled(base, title, coverage.attribution, box, (0, LAST_LEVEL))
    layer = api.portal.layer(collection_id)
    return _layers(api, [layer], base, layer.title.get(request.language))


def _layers(api: Api, layers: Sequence[Layer], base: str, title: str, query: str = "") -> Tiled:
    said = "; ".join(dict.fromkeys(attribution(api.portal, layer) for layer in layers))
    box = joined(api.portal.summaries[layer.id].bbox for layer in layers)
    first = min(layer.tiles.min_zoom for layer in layers)
    last = max(layer.tiles.max_zoom for layer in layers)
    return Tiled(base, title, said, box, (first, last), query)


def get_tilesets(api: Api, request: OgcRequest, collection_id: str) -> Answer:
    """Answer the map tilesets of a collection, one per tile matrix set; raises UnknownLayer."""
    return _list(request, _collection(api, request, collection_id))


def get_dataset_tilesets(api: Api, request: OgcRequest) -> Answer:
    """Answer the map tilesets of the data set, one per tile matrix set."""
    layers = maps.stacked(api, None)
    return _list(request, _layers(api, layers, f"{api.base_url}/map", TITLE.get(request.language)))


def get_tileset(
    api: Api, request: OgcRequest, collection_id: str, tile_matrix_set_id: str
) -> Answer:
    """Answer one map tileset of a collection, as TileJSON too; raises UnknownLayer, NotFound."""
    tms = grids.find(tile_matrix_set_id)
    return _one(request, tms, _collection(api, request, collection_id))


def get_dataset_tileset(api: Api, request: OgcRequest, tile_matrix_set_id: str) -> Answer:
    """Answer one map tileset of the data set or of its `collections`, as TileJSON too."""
    tms = grids.find(tile_matrix_set_id)
    value = request.param("collections")
    layers = maps.stacked(api, value)
    query = f"&collections={','.join(layer.id for layer in layers)}" if value else ""
    title = TITLE.get(request.language)
    return _one(request, tms, _layers(api, layers, f"{api.base_url}/map", title, query))


def _list(request: OgcRequest, tiled: Tiled) -> Answer:
    found = [_summary(request, tms, tiled) | tiled.limits(tms) for tms in TILE_MATRIX_SETS.values()]
    title = f"{TITLES['tilesets-map'].get(request.language)}: {tiled.title}"
    links = self_links(request, f"{tiled.base}/tiles")
    return {}, 200, {"title": title, "tilesets": found, "links": links}


def _one(request: OgcRequest, tms: TileMatrixSet, tiled: Tiled) -> Answer:
    if require_tilejson(request, tms):
        return {}, 200, _tilejson(tms, tiled)
    document = _summary(request, tms, tiled) | {"attribution": tiled.attribution}
    return {}, 200, document | tiled.limits(tms)


def _summary(request: OgcRequest, tms: TileMatrixSet, tiled: Tiled) -> dict[str, Any]:
    document = summary(request, tms, tiled.base, tiled.title, tiled.query) | {"dataType": "map"}
    url = f"{tiled.base}/tiles/{tms.id}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}?f="
    items = [
        link(f"{url}{name}{tiled.query}", "item", MEDIA_TYPES[name]) | {"templated": True}
        for name in PICTURES
    ]
    document["links"] = [*items, *(one for one in document["links"] if one["rel"] != "item")]
    return document


def _tilejson(tms: TileMatrixSet, tiled: Tiled) -> dict[str, Any]:
    document: dict[str, Any] = {
        "tilejson": "3.0.0",
        "name": tiled.title,
        "tiles": [f"{tiled.base}/tiles/{tms.id}/{{z}}/{{y}}/{{x}}?f=png{tiled.query}"],
        "scheme": "xyz",
        "minzoom": tiled.zooms[0],
        "maxzoom": tiled.zooms[1],
        "attribution": tiled.attribution,
    }
    return document | ({"bounds": list(tiled.bbox)} if tiled.bbox else {})
