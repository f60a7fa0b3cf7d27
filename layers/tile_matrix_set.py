"""Tile matrix sets as values: how four coordinate reference systems are cut into tiles.

WebMercatorQuad, WorldCRS84Quad and EuropeanETRS89_LAEAQuad are those of OGC 17-083r4 annex D;
BelarusUTM35 is ours (docs/decisions/0020-belarus-utm35.md). Every set halves its cells from level
to level, so the first level and the number of levels say everything.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from layers.model import Text
from layers.version import Bbox

TILE_PX = 256
PIXEL_M = 0.000_28  # the standard's pixel, 0.28 mm
HALF_M = 20_037_508.342_789_244  # half the circumference of the sphere of EPSG:3857
DEGREE_M = HALF_M / 180
MIDDLE_LATITUDE = 53.7
"""Degrees north: where levels of different sets are compared, the middle of Belarus."""

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
DEFINITIONS = "http://www.opengis.net/def/tilematrixset/OGC/1.0/"
SCALE_SETS = "http://www.opengis.net/def/wkss/OGC/1.0/"


@dataclass(frozen=True, slots=True)
class TileMatrixSet:
    """One set: coordinates are east/north in units of its CRS, whatever the order of its axes.

    `west`, `north` = the corner where row 0 and column 0 begin; `cell` = side of a cell at level 0
    in units of the CRS; `columns`, `rows` = tiles at level 0; `flip` = the CRS names north first.
    """

    id: str
    title: Text
    crs: str
    srid: int
    axes: tuple[str, str]
    west: float
    north: float
    cell: float
    levels: int
    columns: int = 1
    rows: int = 1
    flip: bool = False
    uri: str | None = None
    scale_set: str | None = None
    metres_per_unit: float = 1.0

    def cell_size(self, z: int) -> float:
        """Return the side of a cell at a level, in units of the CRS."""
        return self.cell / 2.0**z

    def scale_denominator(self, z: int) -> float:
        """Return the scale at a level for pixels of 0.28 mm."""
        return self.cell_size(z) * self.metres_per_unit / PIXEL_M

    def matrix_size(self, z: int) -> tuple[int, int]:
        """Return how many columns and rows of tiles a level has."""
        return self.columns << z, self.rows << z

    def has(self, z: int, row: int, col: int) -> bool:
        """Tell whether there is such a tile."""
        if not 0 <= z < self.levels:
            return False
        columns, rows = self.matrix_size(z)
        return 0 <= row < rows and 0 <= col < columns

    def bounds(self, z: int, row: int, col: int) -> Bbox:
        """Return west, south, east, north of a tile in units of the CRS."""
        span = self.cell_size(z) * TILE_PX
        west, north = self.west + col * span, self.north - row * span
        return west, north - span, west + span, north

    def covering(self, z: int, box: Bbox) -> tuple[int, int, int, int]:
        """Return first row, last row, first column, last column of the tiles that a box touches.

        The box is in units of the CRS; what lies outside the set counts as its edge.
        """
        span = self.cell_size(z) * TILE_PX
        columns, rows = self.matrix_size(z)
        west, south, east, north = box

        def within(number: float, most: int) -> int:
            return min(max(math.floor(number), 0), most - 1)

        return (
            within((self.north - north) / span, rows),
            within((self.north - south) / span, rows),
            within((west - self.west) / span, columns),
            within((east - self.west) / span, columns),
        )

    def level(self, z: int) -> int:
        """Return the level of WebMercatorQuad that is as fine or a little coarser.

        The zoom levels of a layer definition are those of WebMercatorQuad. A metre of a metric CRS
        is compared in the middle of Belarus, where Web Mercator stretches it.
        """
        stretch = 1.0
        if self.srid == 4326:
            stretch = DEGREE_M
        elif self.srid != 3857:
            stretch = 1 / math.cos(math.radians(MIDDLE_LATITUDE))
        return z + math.floor(math.log2(mercator_cell(0) / (self.cell * stretch)) + 1e-9)


def mercator_cell(level: int) -> float:
    """Return the side of a cell of WebMercatorQuad, m of EPSG:3857."""
    return 2 * HALF_M / TILE_PX / 2.0**level


WEB_MERCATOR_QUAD = TileMatrixSet(
    id="WebMercatorQuad",
    title=Text(
        be="Вэб-Меркатар для ўсяго свету",
        ru="Веб-Меркатор для всего мира",
        en="Google Maps Compatible for the World",
    ),
    crs=EPSG + "3857",
    srid=3857,
    axes=("X", "Y"),
    west=-HALF_M,
    north=HALF_M,
    cell=mercator_cell(0),
    levels=25,
    uri=DEFINITIONS + "WebMercatorQuad",
    scale_set=SCALE_SETS + "GoogleMapsCompatible",
)

WORLD_CRS84_QUAD = TileMatrixSet(
    id="WorldCRS84Quad",
    title=Text(be="CRS84 для ўсяго свету", ru="CRS84 для всего мира", en="CRS84 for the World"),
    crs="http://www.opengis.net/def/crs/OGC/1.3/CRS84",
    srid=4326,
    axes=("Lon", "Lat"),
    west=-180.0,
    north=90.0,
    cell=180 / TILE_PX,
    levels=24,
    columns=2,
    uri=DEFINITIONS + "WorldCRS84Quad",
    scale_set=SCALE_SETS + "GoogleCRS84Quad",
    metres_per_unit=DEGREE_M,
)

EUROPEAN_LAEA_QUAD = TileMatrixSet(
    id="EuropeanETRS89_LAEAQuad",
    title=Text(
        be="Роўнавялікая азімутальная праекцыя ETRS89 для Еўропы",
        ru="Равновеликая азимутальная проекция ETRS89 для Европы",
        en="Lambert Azimuthal Equal Area ETRS89 for Europe",
    ),
    crs=EPSG + "3035",
    srid=3035,
    axes=("Y", "X"),
    west=2_000_000.0,
    north=5_500_000.0,
    cell=4_500_000 / TILE_PX,
    levels=16,
    flip=True,
    uri=DEFINITIONS + "EuropeanETRS89_LAEAQuad",
)

BELARUS_UTM35 = TileMatrixSet(
    id="BelarusUTM35",
    title=Text(
        be="Беларусь, UTM, зона 35 N, ячэйкі ў цэлых метрах",
        ru="Беларусь, UTM, зона 35 N, ячейки в целых метрах",
        en="Belarus, UTM zone 35N, cells of whole metres",
    ),
    crs=EPSG + "32635",
    srid=32635,
    axes=("E", "N"),
    west=0.0,
    north=6_500_000.0,
    cell=4096.0,
    levels=15,
)

TILE_MATRIX_SETS: dict[str, TileMatrixSet] = {
    one.id: one for one in (WEB_MERCATOR_QUAD, WORLD_CRS84_QUAD, EUROPEAN_LAEA_QUAD, BELARUS_UTM35)
}
