"""Tile matrix sets: WebMercatorQuad, defined by us from OGC 17-083r4 annex D.1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geoportal.errors import NotFound
from geoportal.ogc.links import link, self_links
from geoportal.ogc.request import Answer, OgcRequest

if TYPE_CHECKING:
    from geoportal.ogc.api import Api

WEB_MERCATOR_QUAD = "WebMercatorQuad"
URI = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
CRS = "http://www.opengis.net/def/crs/EPSG/0/3857"
TITLE = "Google Maps Compatible for the World"

MAX_ZOOM = 24
HALF_M = 20_037_508.342_789_244  # half the circumference of the sphere of EPSG:3857
TILE_PX = 256
PIXEL_M = 0.000_28  # the standard's pixel, 0.28 mm


def check(tile_matrix_set_id: str) -> None:
    """Raise NotFound unless the set is offered."""
    if tile_matrix_set_id != WEB_MERCATOR_QUAD:
        raise NotFound(
            f"There is no tile matrix set {tile_matrix_set_id[:80]!r}; there is WebMercatorQuad."
        )


def web_mercator_quad() -> dict[str, Any]:
    """Return the definition of WebMercatorQuad (2D Tile Matrix Set 2.0)."""
    return {
        "id": WEB_MERCATOR_QUAD,
        "title": TITLE,
        "uri": URI,
        "crs": CRS,
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": [_matrix(z) for z in range(MAX_ZOOM + 1)],
    }


def _matrix(z: int) -> dict[str, Any]:
    cell_size = 2 * HALF_M / TILE_PX / 2**z
    return {
        "id": str(z),
        "scaleDenominator": cell_size / PIXEL_M,
        "cellSize": cell_size,
        "cornerOfOrigin": "topLeft",
        "pointOfOrigin": [-HALF_M, HALF_M],
        "tileWidth": TILE_PX,
        "tileHeight": TILE_PX,
        "matrixWidth": 2**z,
        "matrixHeight": 2**z,
    }


def get_tile_matrix_sets(api: Api, request: OgcRequest) -> Answer:
    """Answer the list of tile matrix sets."""
    url = f"{api.base_url}/tileMatrixSets"
    entry = {
        "id": WEB_MERCATOR_QUAD,
        "title": TITLE,
        "uri": URI,
        "crs": CRS,
        "links": [link(f"{url}/{WEB_MERCATOR_QUAD}?f=json", "self", "application/json", TITLE)],
    }
    return {}, 200, {"tileMatrixSets": [entry], "links": self_links(request, url)}


def get_tile_matrix_set(api: Api, request: OgcRequest, tile_matrix_set_id: str) -> Answer:
    """Answer one tile matrix set; raises NotFound."""
    check(tile_matrix_set_id)
    url = f"{api.base_url}/tileMatrixSets/{WEB_MERCATOR_QUAD}"
    return {}, 200, web_mercator_quad() | {"links": self_links(request, url)}
