from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from processing import land, land_blocks
from processing.distributed import Engine
from processing.errors import BadParameter
from processing.land_blocks import Ground, covered
from processing.raster import Raster
from processing.spread import spread
from tests.fix_tiles import checksum

CLASSES = (1, 2, 3)
WEST, NORTH = 500_000.0, 6_043_000.0


def raster(cell_m, rows, columns):
    values = np.indices((rows, columns)).sum(axis=0) % 3 + 1
    transform = (cell_m, 0.0, WEST, 0.0, -cell_m, NORTH)
    return Raster(values.astype(np.float32), transform, "EPSG:32636", None)


def polygons(chance, count, size_m, *, side_m=900.0):
    at = chance.uniform((WEST, NORTH - side_m), (WEST + side_m, NORTH), (count, 1, 2))
    corners = at + chance.uniform(-size_m, size_m, (count, 6, 2))
    return shapely.convex_hull(shapely.multipoints([shapely.points(c) for c in corners]))


def town(seed, *, cell_m=7.3):
    chance = np.random.default_rng(seed)
    ground = Ground(
        polygons(chance, 120, 15.0), polygons(chance, 40, 60.0), raster(cell_m, 100, 110), CLASSES
    )
    return polygons(chance, 40, 120.0), ground


def in_tiles(sites, ground, tile_m):
    with spread(Engine(), tile_m) as here:
        return covered(sites, ground, here)


def bits(found):
    cells = [found.cover.area_m2[value] for value in CLASSES]
    parts = [found.site, found.building, found.built_m2]
    return checksum(*cells, found.cover.known_m2, found.green_m2, *parts)


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 1_000), tile_m=st.sampled_from([150.0, 700.0, 9_000.0]))
def test_tiles_say_what_is_said_at_once_and_blocks_what_the_whole_area_says(seed, tile_m):
    sites, ground = town(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(land_blocks, "BLOCK_M", 200.0)
        whole = covered(sites, ground, None)
        assert bits(in_tiles(sites, ground, tile_m)) == bits(whole)
    cells = land.cover(sites, ground.cover, CLASSES)
    for value in CLASSES:
        assert whole.cover.area_m2[value] == pytest.approx(cells.area_m2[value], abs=1e-3)
    assert whole.green_m2 == pytest.approx(land.overlay_m2(sites, ground.green), abs=1e-6)
    for mine, wanted in zip(
        (whole.site, whole.building, whole.built_m2),
        land.parts(sites, ground.buildings),
        strict=True,
    ):
        assert (mine == wanted).all()


def test_a_site_is_read_to_its_end_however_far_out_of_its_tile():
    far = WEST + 5_000.0
    sites = shapely.box(
        [WEST, WEST], [NORTH - 10, NORTH - 99], [far, WEST + 9], [NORTH, NORTH - 90]
    )
    ends = shapely.box([far - 1], [NORTH - 10], [far + 9], [NORTH])
    ground = Ground(ends, ends, raster(10.0, 10, 600), CLASSES)
    found = in_tiles(sites, ground, 1_000.0)
    assert found.built_m2.tolist() == [10.0]
    assert found.green_m2.tolist() == [10.0, 0.0]
    assert found.cover.known_m2 == pytest.approx([50_000.0, 81.0])


def test_cells_are_lost_when_they_are_read_one_metre_too_short(monkeypatch):
    sites = shapely.box([WEST], [NORTH - 30], [WEST + 30.5], [NORTH])
    ground = replace(town(1)[1], cover=raster(10.0, 100, 110))
    assert in_tiles(sites, ground, 500.0).cover.known_m2 == pytest.approx([30.5 * 30])
    full = land_blocks.window
    monkeypatch.setattr(
        land_blocks, "window", lambda cells, bounds: full(cells, bounds - [0, 0, 1.0, 0])
    )
    assert in_tiles(sites, ground, 500.0).cover.known_m2 == pytest.approx([30.0 * 30])


def test_what_is_not_known_stays_so_and_a_site_off_the_raster_has_no_cells():
    sites = shapely.box([WEST - 5_000, WEST], [NORTH, NORTH - 9], [WEST - 4_990, WEST + 9], [
        NORTH + 9, NORTH,
    ])  # fmt: skip
    ground = replace(town(1)[1], green=None)
    found = in_tiles(sites, ground, 500.0)
    assert found.cover.known_m2 == pytest.approx([0.0, 81.0])
    assert np.isnan(found.green_m2).all()
    assert np.isnan(in_tiles(sites, replace(ground, cover=None), 500.0).cover.known_m2).all()
    with pytest.raises(BadParameter, match="holds 3, which is no class"):
        in_tiles(sites, replace(ground, classes=(1, 2)), 500.0)
