import math

import pytest
from pyproj import CRS, Transformer

from layers.tile_matrix_set import (
    BELARUS_UTM35,
    EUROPEAN_LAEA_QUAD,
    TILE_MATRIX_SETS,
    WEB_MERCATOR_QUAD,
    WORLD_CRS84_QUAD,
    TileMatrixSet,
)

# west, south, east, north of the country in degrees
BELARUS = (23.17, 51.26, 32.78, 56.17)

# OGC 17-083r4 annex D: set, level, scale denominator, cell size, tiles across, tiles down
PUBLISHED = [
    (WEB_MERCATOR_QUAD, 0, 559082264.028717, 156543.033928041, 1, 1),
    (WEB_MERCATOR_QUAD, 14, 34123.6733415964, 9.55462853563415, 16384, 16384),
    (WEB_MERCATOR_QUAD, 24, 33.3238997477, 0.00933069192933, 16777216, 16777216),
    (WORLD_CRS84_QUAD, 0, 279541132.014358, 0.703125, 2, 1),
    (WORLD_CRS84_QUAD, 17, 2132.72958384978, 0.00000536441802978515, 262144, 131072),
    (EUROPEAN_LAEA_QUAD, 0, 62779017.8571428, 17578.125, 1, 1),
    (EUROPEAN_LAEA_QUAD, 15, 1915.86358206612, 0.536441803, 32768, 32768),
]


@pytest.mark.parametrize(("tms", "z", "scale", "cell", "width", "height"), PUBLISHED)
def test_figures_are_those_of_the_standard(
    tms: TileMatrixSet, z: int, scale: float, cell: float, width: int, height: int
) -> None:
    assert tms.scale_denominator(z) == pytest.approx(scale, rel=1e-9)
    assert tms.cell_size(z) == pytest.approx(cell, rel=1e-8)
    assert tms.matrix_size(z) == (width, height)


def test_the_standards_corners() -> None:
    assert WEB_MERCATOR_QUAD.bounds(0, 0, 0) == pytest.approx(
        (-20037508.3427892, -20037508.3427892, 20037508.3427892, 20037508.3427892), abs=1e-7
    )
    assert WORLD_CRS84_QUAD.bounds(0, 0, 1) == (0, -90, 180, 90)
    assert EUROPEAN_LAEA_QUAD.bounds(0, 0, 0) == (2e6, 1e6, 6.5e6, 5.5e6)


@pytest.mark.parametrize("tms", TILE_MATRIX_SETS.values(), ids=TILE_MATRIX_SETS)
def test_every_set_holds_the_whole_country(tms: TileMatrixSet) -> None:
    move = Transformer.from_crs(4326, tms.srid, always_xy=True)
    box = move.transform_bounds(*BELARUS, densify_pts=64)
    tops = [tms.bounds(0, 0, col) for col in range(tms.columns)]
    assert min(t[0] for t in tops) <= box[0]
    assert max(t[2] for t in tops) >= box[2]
    assert tops[0][1] <= box[1]
    assert tops[0][3] >= box[3]


@pytest.mark.parametrize("tms", TILE_MATRIX_SETS.values(), ids=TILE_MATRIX_SETS)
def test_axes_are_those_of_the_crs(tms: TileMatrixSet) -> None:
    crs = CRS.from_epsg(tms.srid)
    north_first = crs.axis_info[0].direction == "north"
    # CRS84 is EPSG:4326 with longitude first.
    assert tms.flip == (north_first and not crs.is_geographic)


def test_national_set_has_cells_of_whole_metres() -> None:
    cells = [BELARUS_UTM35.cell_size(z) for z in range(BELARUS_UTM35.levels)]
    assert cells[:13] == [2.0 ** (12 - z) for z in range(13)]
    assert cells[-1] == 0.25


@pytest.mark.parametrize("tms", TILE_MATRIX_SETS.values(), ids=TILE_MATRIX_SETS)
def test_covering_finds_the_tile_of_a_point(tms: TileMatrixSet) -> None:
    point = Transformer.from_crs(4326, tms.srid, always_xy=True).transform(30.42, 54.51)
    for z in range(tms.levels):
        first, last, left, right = tms.covering(z, (*point, *point))
        assert (first, left) == (last, right)
        west, south, east, north = tms.bounds(z, first, left)
        assert west <= point[0] <= east
        assert south <= point[1] <= north


def test_covering_ends_at_the_edge_of_the_set() -> None:
    everywhere = (-1e9, -1e9, 1e9, 1e9)
    assert WEB_MERCATOR_QUAD.covering(3, everywhere) == (0, 7, 0, 7)
    assert WORLD_CRS84_QUAD.covering(0, everywhere) == (0, 0, 0, 1)


def test_levels_compare_what_a_person_sees() -> None:
    assert [tms.level(0) for tms in TILE_MATRIX_SETS.values()] == [0, 1, 2, 4]
    # A cell of the level is at most twice a cell of the set, and never finer.
    for tms in (EUROPEAN_LAEA_QUAD, BELARUS_UTM35):
        stretched = tms.cell_size(0) / math.cos(math.radians(53.7))
        assert 1 <= WEB_MERCATOR_QUAD.cell_size(tms.level(0)) / stretched < 2


def test_has() -> None:
    assert WORLD_CRS84_QUAD.has(0, 0, 1)
    assert not WORLD_CRS84_QUAD.has(0, 1, 0)
    assert not WEB_MERCATOR_QUAD.has(25, 0, 0)
    assert not WEB_MERCATOR_QUAD.has(-1, 0, 0)
