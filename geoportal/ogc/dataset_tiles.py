"""Tiles of the data set: several layers in one vector tile, chosen by `collections`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geoportal.errors import BadParameter
from geoportal.ogc import parameters as read
from geoportal.ogc import tilematrixsets as grids
from geoportal.ogc.links import self_links
from geoportal.ogc.request import Answer, OgcRequest
from geoportal.ogc.tilejson import tilejson
from geoportal.ogc.tiles import (
    extent_document,
    layer_document,
    require_tilejson,
    summary,
    tile_answer,
    tile_of,
)
from geoportal.portal import Portal
from layers.model import Layer, Text
from layers.query import Filter
from layers.tile_matrix_set import TILE_MATRIX_SETS
from layers.tiling import Tile

if TYPE_CHECKING:
    from geoportal.ogc.api import Api

TITLE = Text(be="Усе слаі", ru="Все слои", en="All layers")


def chosen(portal: Portal, value: str | None) -> list[Layer]:
    """Return the layers of `collections=a,b`; None = those visible by default, else all.

    Raises BadParameter for a layer that is not published.
    """
    if value is None:
        visible = [layer for layer in portal.layers.values() if layer.visible]
        return visible or list(portal.layers.values())
    names = dict.fromkeys(value.split(","))
    unknown = next((name for name in names if name not in portal.layers), None)
    if unknown is not None:
        raise BadParameter(f"Parameter collections: there is no collection {unknown[:80]!r}.")
    return [portal.layers[name] for name in names]


async def get_dataset_tile(
    api: Api, request: OgcRequest, tile_matrix_set_id: str, matrix: str, row: str, col: str
) -> Answer:
    """Answer one vector tile with several layers; raises NotFound and BadParameter."""
    address = grids.address(grids.find(tile_matrix_set_id), matrix, row, col)
    rows = Filter(period=read.parse_datetime(request.param("datetime")))
    layers = chosen(api.portal, request.param("collections"))
    # One after the other: a tile must not take every connection of the pool.
    tiles = [await tile_of(api, layer, address, rows) for layer in layers]
    # A vector tile is a list of layers, so tiles of one layer each simply follow one another.
    whole = Tile(b"".join(one.data for one in tiles), sum(one.cut for one in tiles))
    return tile_answer(whole, {})


def get_dataset_tilesets(api: Api, request: OgcRequest) -> Answer:
    """Answer the tilesets of the data set, one per tile matrix set."""
    title = TITLE.get(request.language)
    layers = chosen(api.portal, None)
    found = [
        summary(request, tms, api.base_url, title) | extent_document(api, layers, tms)
        for tms in TILE_MATRIX_SETS.values()
    ]
    return {}, 200, {"tilesets": found, "links": self_links(request, f"{api.base_url}/tiles")}


def get_dataset_tileset(api: Api, request: OgcRequest, tile_matrix_set_id: str) -> Answer:
    """Answer one tileset of the data set: limits and layers; as TileJSON too."""
    tms = grids.find(tile_matrix_set_id)
    title = TITLE.get(request.language)
    value = request.param("collections")
    layers = chosen(api.portal, value)
    only = f"&collections={','.join(layer.id for layer in layers)}" if value else ""
    if require_tilejson(request, tms):
        url = f"{api.base_url}/tiles/{tms.id}/{{z}}/{{y}}/{{x}}?f=mvt{only}"
        return {}, 200, tilejson(api.portal, layers, url, title, request.language)
    document: dict[str, Any] = summary(request, tms, api.base_url, title, only) | {
        "layers": [layer_document(api, layer, tms, request.language) for layer in layers]
    }
    return {}, 200, document | extent_document(api, layers, tms)
