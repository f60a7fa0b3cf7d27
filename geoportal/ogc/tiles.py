"""Vector tiles of a layer and the documents about them (in place of upstream's tiles)."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from geoportal.errors import NotFound
from geoportal.ogc import tilematrixsets as tms
from geoportal.ogc.enrich import attribution
from geoportal.ogc.links import link, self_links
from geoportal.ogc.parameters import INTEGER
from geoportal.ogc.request import Answer, OgcRequest
from geoportal.ogc.schema import property_schema
from layers import tiling
from layers.model import Layer
from layers.query import CRS84

if TYPE_CHECKING:
    from geoportal.ogc.api import Api

CONFORMANCE_CLASSES = [
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tilesets-list",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    "http://www.opengis.net/spec/tms/2.0/conf/tilematrixset",
    "http://www.opengis.net/spec/tms/2.0/conf/json-tilematrixset",
]

MVT = "application/vnd.mapbox-vector-tile"
DIMENSIONS = {"Point": 0, "LineString": 1, "Polygon": 2}

TileKey = tuple[str, int, int, int, int]


class TileCache:
    """The tiles used last, up to a number of bytes; 0 bytes = keeps nothing."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._size = 0
        self._tiles: OrderedDict[TileKey, bytes] = OrderedDict()

    def get(self, key: TileKey) -> bytes | None:
        """Return a kept tile."""
        tile = self._tiles.get(key)
        if tile is not None:
            self._tiles.move_to_end(key)
        return tile

    def put(self, key: TileKey, tile: bytes) -> None:
        """Keep a tile and let the least used go."""
        if len(tile) > self._most or key in self._tiles:
            return
        self._tiles[key] = tile
        self._size += len(tile)
        while self._size > self._most:
            _, gone = self._tiles.popitem(last=False)
            self._size -= len(gone)

    @property
    def size(self) -> int:
        """Bytes kept."""
        return self._size


def parse_address(matrix: str, row: str, col: str) -> tuple[int, int, int]:
    """Return z, x, y of WebMercatorQuad; raises NotFound for what lies outside."""
    if all(INTEGER.fullmatch(part) and len(part) < 12 for part in (matrix, row, col)):
        z, y, x = int(matrix), int(row), int(col)
        if 0 <= z <= tms.MAX_ZOOM and 0 <= x < 2**z and 0 <= y < 2**z:
            return z, x, y
    raise NotFound(f"WebMercatorQuad has no tile {matrix[:20]}/{row[:20]}/{col[:20]}.")


async def get_tile(  # noqa: PLR0913, PLR0917 - the parts of the address
    api: Api,
    request: OgcRequest,
    collection_id: str,
    tile_matrix_set_id: str,
    matrix: str,
    row: str,
    col: str,
) -> Answer:
    """Answer one vector tile: 204 when nothing is there, 304 when the caller has it."""
    portal = api.portal
    layer = portal.layer(collection_id)
    tms.check(tile_matrix_set_id)
    z, x, y = parse_address(matrix, row, col)
    version = portal.summaries[layer.id].version
    headers = {"ETag": f'"{layer.id}.{version}"', "Cache-Control": "public, max-age=60"}
    if request.param("v") == str(version):
        # An address that names the version never shows anything else.
        headers["Cache-Control"] = "public, max-age=604800, immutable"
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return headers, 304, b""
    if z < layer.tiles.min_zoom:
        return headers, 204, b""
    key = (layer.id, version, z, x, y)
    tile = api.tile_cache.get(key)
    if tile is None:
        ((tile,),) = await portal.database.rows(tiling.tile(layer, z, x, y))
        api.tile_cache.put(key, tile)
    return headers | {"Content-Type": MVT}, 200 if tile else 204, tile


def _tileset(api: Api, request: OgcRequest, layer: Layer) -> dict[str, Any]:
    base = f"{api.base_url}/collections/{layer.id}"
    url = f"{base}/tiles/{tms.WEB_MERCATOR_QUAD}"
    template = url + "/{tileMatrix}/{tileRow}/{tileCol}?f=mvt"
    return {
        "title": layer.title.get(request.language),
        "dataType": "vector",
        "crs": tms.CRS,
        "tileMatrixSetId": tms.WEB_MERCATOR_QUAD,
        "tileMatrixSetURI": tms.URI,
        "links": [
            *self_links(request, url),
            link(template, "item", MVT) | {"templated": True},
            link(
                f"{api.base_url}/tileMatrixSets/{tms.WEB_MERCATOR_QUAD}",
                "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme",
                "application/json",
            ),
            link(base, "http://www.opengis.net/def/rel/ogc/1.0/geodata", "application/json"),
        ],
    }


def get_tilesets(api: Api, request: OgcRequest, collection_id: str) -> Answer:
    """Answer the tilesets of a layer."""
    layer = api.portal.layer(collection_id)
    url = f"{api.base_url}/collections/{layer.id}/tiles"
    document = {"tilesets": [_tileset(api, request, layer)], "links": self_links(request, url)}
    return {}, 200, document


def get_tileset(
    api: Api, request: OgcRequest, collection_id: str, tile_matrix_set_id: str
) -> Answer:
    """Answer one tileset of a layer: limits, zoom levels, fields."""
    layer = api.portal.layer(collection_id)
    tms.check(tile_matrix_set_id)
    language = request.language
    properties = {f.name: property_schema(f, language) for f in layer.published_fields if f.in_tile}
    content: dict[str, Any] = {
        "id": layer.id,
        "title": layer.title.get(language),
        "minTileMatrix": str(layer.tiles.min_zoom),
        "maxTileMatrix": str(layer.tiles.max_zoom),
        "propertiesSchema": {"type": "object", "properties": properties},
    }
    if (dimension := DIMENSIONS.get(layer.geometry.removeprefix("Multi"))) is not None:
        content["geometryDimension"] = dimension
    document = _tileset(api, request, layer) | {
        "layers": [content],
        "attribution": attribution(api.portal, layer),
    }
    if bbox := api.portal.summaries[layer.id].bbox:
        west, south, east, north = bbox
        document["boundingBox"] = {
            "lowerLeft": [west, south],
            "upperRight": [east, north],
            "crs": CRS84.uri,
        }
    return {}, 200, document
