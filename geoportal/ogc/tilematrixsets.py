"""Tile matrix sets: their definitions as 2D TMS 2.0 documents, and what of them a box needs."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pyproj import Transformer

from geoportal.errors import NotFound
from geoportal.ogc.links import link, self_links
from geoportal.ogc.parameters import INTEGER
from geoportal.ogc.request import Answer, OgcRequest
from layers.model import Language
from layers.tile_matrix_set import TILE_MATRIX_SETS, TILE_PX, TileMatrixSet
from layers.tiling import Address
from layers.version import Bbox

if TYPE_CHECKING:
    from geoportal.ogc.api import Api

TILING_SCHEME = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"
_EDGE = 85.06  # degrees: where EPSG:3857 ends
_SEGMENTS = 64  # per side of a box whose edges are curved in the other CRS


def find(tile_matrix_set_id: str) -> TileMatrixSet:
    """Return a set by its id; raises NotFound."""
    try:
        return TILE_MATRIX_SETS[tile_matrix_set_id]
    except KeyError:
        raise NotFound(
            f"There is no tile matrix set {tile_matrix_set_id[:80]!r};"
            f" there are {', '.join(TILE_MATRIX_SETS)}."
        ) from None


def address(tms: TileMatrixSet, matrix: str, row: str, col: str) -> Address:
    """Return the address of a tile; raises NotFound for what the set does not have."""
    if all(INTEGER.fullmatch(part) and len(part) < 12 for part in (matrix, row, col)):
        found = Address(tms, int(matrix), int(row), int(col))
        if tms.has(found.z, found.row, found.col):
            return found
    raise NotFound(f"{tms.id} has no tile {matrix[:20]}/{row[:20]}/{col[:20]}.")


def address_of(tms: TileMatrixSet, base_url: str) -> str:
    """Return the URI of a set: the registered one, else where its definition is."""
    return tms.uri or f"{base_url}/tileMatrixSets/{tms.id}"


def definition(tms: TileMatrixSet, language: Language, base_url: str) -> dict[str, Any]:
    """Return the definition of a set (2D Tile Matrix Set 2.0); coordinates in the CRS's order."""
    document = {
        "id": tms.id,
        "title": tms.title.get(language),
        "uri": address_of(tms, base_url),
        "crs": tms.crs,
        "orderedAxes": list(tms.axes),
        "tileMatrices": [_matrix(tms, z) for z in range(tms.levels)],
    }
    return document | ({"wellKnownScaleSet": tms.scale_set} if tms.scale_set else {})


def _matrix(tms: TileMatrixSet, z: int) -> dict[str, Any]:
    width, height = tms.matrix_size(z)
    return {
        "id": str(z),
        "scaleDenominator": tms.scale_denominator(z),
        "cellSize": tms.cell_size(z),
        "cornerOfOrigin": "topLeft",
        "pointOfOrigin": [tms.north, tms.west] if tms.flip else [tms.west, tms.north],
        "tileWidth": TILE_PX,
        "tileHeight": TILE_PX,
        "matrixWidth": width,
        "matrixHeight": height,
    }


@lru_cache(maxsize=8)
def _to(srid: int) -> Transformer:
    return Transformer.from_crs(4326, srid, always_xy=True)


def box_in(tms: TileMatrixSet, bbox: Bbox) -> Bbox:
    """Return a box in degrees as one in units of a set's CRS that holds all of it."""
    west, south, east, north = bbox
    south, north = max(south, -_EDGE), min(north, _EDGE)
    if tms.srid == 4326:
        return west, south, east, north
    found = _to(tms.srid).transform_bounds(west, south, east, north, densify_pts=_SEGMENTS)
    return tuple(found)  # type: ignore[return-value]


def limits(tms: TileMatrixSet, bbox: Bbox, first: int, last: int) -> list[dict[str, Any]]:
    """Return tileMatrixSetLimits of a box in degrees, from level `first` to level `last`."""
    box = box_in(tms, bbox)
    found = []
    for z in range(first, last + 1):
        first_row, last_row, first_col, last_col = tms.covering(z, box)
        found.append(
            {
                "tileMatrix": str(z),
                "minTileRow": first_row,
                "maxTileRow": last_row,
                "minTileCol": first_col,
                "maxTileCol": last_col,
            }
        )
    return found


def levels(tms: TileMatrixSet, min_zoom: int, max_zoom: int) -> tuple[int, int]:
    """Return first and last level of a set for zoom levels of a layer definition."""
    offset = tms.level(0)
    return max(min_zoom - offset, 0), min(max(max_zoom - offset, 0), tms.levels - 1)


def get_tile_matrix_sets(api: Api, request: OgcRequest) -> Answer:
    """Answer the list of tile matrix sets."""
    url = f"{api.base_url}/tileMatrixSets"
    entries = []
    for tms in TILE_MATRIX_SETS.values():
        title = tms.title.get(request.language)
        entries.append(
            {
                "id": tms.id,
                "title": title,
                "uri": address_of(tms, api.base_url),
                "crs": tms.crs,
                "links": [link(f"{url}/{tms.id}?f=json", "self", "application/json", title)],
            }
        )
    return {}, 200, {"tileMatrixSets": entries, "links": self_links(request, url)}


def get_tile_matrix_set(api: Api, request: OgcRequest, tile_matrix_set_id: str) -> Answer:
    """Answer one tile matrix set; raises NotFound."""
    tms = find(tile_matrix_set_id)
    url = f"{api.base_url}/tileMatrixSets/{tms.id}"
    document = definition(tms, request.language, api.base_url)
    return {}, 200, document | {"links": self_links(request, url)}
