import geopandas as gpd
import momepy
import numpy as np
import pandas as pd
import pytest
import shapely

from processing import land
from processing.errors import BadParameter
from processing.raster import Raster

CRS = "EPSG:32636"
CLASSES = (1, 2, 3)


def raster(values, *, nodata=None):
    cells = np.array(values, dtype=np.float32)
    return Raster(cells, (5.0, 0.0, 1000.0, 0.0, -5.0, 2000.0), CRS, nodata)


CHESS = raster(np.indices((40, 40)).sum(axis=0) % 3 + 1)


def test_the_classes_sum_to_the_area_of_the_polygon():
    random = np.random.default_rng(1)
    corners = random.uniform((1000, 1800), (1200, 2000), (300, 6, 2))
    sites = shapely.convex_hull(shapely.multipoints([shapely.points(c) for c in corners]))
    found = land.cover(sites, CHESS, CLASSES)
    np.testing.assert_allclose(found.known_m2, shapely.area(sites), rtol=1e-8)
    # Raster and overlay are the same where the classes are drawn as squares.
    rows, columns = np.nonzero(CHESS.values == 1)
    west, north = 1000 + 5.0 * columns, 2000 - 5.0 * rows
    overlay = land.overlay_m2(sites[:40], shapely.box(west, north - 5, west + 5, north))
    np.testing.assert_allclose(found.area_m2[1][:40], overlay, rtol=1e-7)
    # Of slivers thinner than a cell the fractions are as exact as single precision is.
    thin = np.array([shapely.Polygon([(1000, 1800), (1200, 1900), (1200, 1900.1)])])
    np.testing.assert_allclose(land.cover(thin, CHESS, CLASSES).known_m2, 10, rtol=6e-8)


def test_cells_cut_by_an_edge_count_with_their_part():
    site = shapely.box(1002.5, 1990, 1010, 2000)
    found = land.cover(np.array([site]), raster([[1, 2], [3, 3]]), CLASSES)
    assert [found.area_m2[c][0] for c in CLASSES] == pytest.approx([12.5, 25, 37.5], rel=1e-12)


def test_holes_and_the_end_of_the_raster_are_not_known():
    sites = shapely.box([1000, 1005, 5000], [1990, 1990, 0], [1010, 1015, 5001], [2000, 2000, 1])
    found = land.cover(sites, raster([[1, 2], [np.nan, 3]]), CLASSES)
    assert found.known_m2 == pytest.approx([75, 50, 0])
    assert np.isnan(found.share(1)[2])
    filled = land.cover(sites, raster([[1, 2], [0, 3]], nodata=0.0), CLASSES)
    assert filled.known_m2 == pytest.approx(found.known_m2)
    with pytest.raises(BadParameter, match="holds 9"):
        land.cover(sites, raster([[1, 9]]), CLASSES)


def test_the_ratios_of_bubenec_are_those_of_momepy():
    """momepy 1.0.0, tests/test_intensity.py, test_area_ratio; EPSG:3857 taken as planar."""
    path = momepy.datasets.get_path("bubenec")
    buildings, cells, streets = (
        gpd.read_file(path, layer=name) for name in ("buildings", "tessellation", "streets")
    )
    blocks, home = momepy.generate_blocks(cells, streets, buildings)
    home = pd.Index(blocks.index).get_indexer(home)
    built = buildings.area.to_numpy()
    cell = pd.Index(cells["uID"]).get_indexer(buildings["uID"])
    found = land.density(cells.area.to_numpy(), built, built, cell).coverage_ratio
    assert found.mean() == pytest.approx(0.3206556897709747, rel=1e-12)
    assert found.min() == pytest.approx(0.029097983413141276, rel=1e-12)
    assert found.max() == pytest.approx(0.8754071653707558, rel=1e-12)
    block = land.density(blocks.area.to_numpy(), built, built, home).coverage_ratio
    assert block.mean() == pytest.approx(0.27619743196980123, rel=1e-12)


def test_density_counts_floors_and_does_not_guess_them():
    found = land.density(
        np.array([1000.0, 500.0, 10.0]), np.array([100.0, 50.0, 20.0]),
        np.array([300.0, np.nan, 20.0]), np.array([0, 1, -1]),
    )  # fmt: skip
    assert found.coverage_ratio.tolist() == [0.1, 0.1, 0]
    assert found.floor_area_ratio[0] == 0.3
    assert np.isnan(found.floor_area_ratio[1])


def test_a_house_on_the_line_does_not_cross_it():
    block = shapely.box(0, 0, 100, 100).exterior
    houses = shapely.box([90, 95, 10], [0, 50, 10], [100, 105, 20], [10, 60, 20])
    found = land.red_line_conflicts(houses, np.array([block]))
    assert found.building.tolist() == [1]
    assert found.beyond_m2.tolist() == [50]
    loose = shapely.LineString([(100, 0), (100, 100)])
    assert land.red_line_conflicts(houses, np.array([loose])).beyond_m2 is None
