from dataclasses import replace

import numpy as np
import pytest
import shapely

from processing import tiled, tiles
from processing.tiled import Held
from processing.tiles import Halo, Tile
from tests.fix_tiles import EXTENT, checksum, network, rows, town

LIMIT_M, SNAP_M = 260.0, 40.0
TOWN = town()
SHORT_BY_ONE_M = 1.0
EDGE = Tile(1000.0, 0, 0)
"""Its east side is x = 1000; in the cases below the home stands just inside."""


def whole(given, limit_m=LIMIT_M, snap_m=SNAP_M):
    return tiled.nearest(given, "school", limit_m=limit_m, snap_limit_m=snap_m)


def in_tiles(given, tile_m, halo, limit_m=LIMIT_M, snap_m=SNAP_M):
    parts = [
        tiled.nearest_of_tile(
            Held(given), tile, halo, "school", limit_m=limit_m, snap_limit_m=snap_m
        )
        for tile in tiles.plan(EXTENT, tile_m)
    ]
    return tiled.nearest_together(parts[::-1])


def bits(found):
    return checksum(found.home_ids, found.distance_m, found.facility_id)


@pytest.mark.parametrize("tile_m", [100.0, 333.0, 500.0, 5000.0])
def test_tiles_say_what_the_whole_says(tile_m):
    found = whole(TOWN)
    assert np.isfinite(found.distance_m).sum() > 100
    assert np.isinf(found.distance_m).any()
    assert np.isnan(found.distance_m).any()
    assert bits(in_tiles(TOWN, tile_m, tiles.nearest_halo(LIMIT_M, SNAP_M))) == bits(found)


def test_of_equally_near_facilities_the_lowest_id_counts():
    cross = network([(0, 0), (100, 0)], [(100, 0), (200, 0)], [(100, 0), (100, 100)])
    at = [(200, 0), (0, 0), (100, 100)]
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        found = whole(rows(cross, [(100, 0), (40, 0)], [at[i] for i in order]))
        assert found.facility_id.tolist() == [901, 901 + order.index(1)]


def of_edge(given, halo, limit_m, snap_m):
    return tiled.nearest_of_tile(
        Held(given), EDGE, halo, "school", limit_m=limit_m, snap_limit_m=snap_m
    ).distance_m[0]


def test_a_facility_at_the_limit_is_lost_when_the_halo_is_one_metre_too_small():
    given = rows(network([(900, 500), (1400, 500)]), [(999.9, 500)], [(1299.8, 500)])
    full = tiles.nearest_halo(300.0, 0.2)
    assert of_edge(given, full, 300.0, 0.2) == whole(given, 300.0, 0.2).distance_m[0] < 300
    small = Halo(full.places_m - SHORT_BY_ONE_M, full.streets_m)
    assert np.isinf(of_edge(given, small, 300.0, 0.2))


def test_a_facility_joins_the_wrong_street_when_the_halo_of_streets_is_the_limit():
    """Its own street, which leads nowhere, lies 97 m beyond the limit."""
    given = rows(
        network([(900, 500), (1200, 500)], [(1397.5, 400), (1397.5, 600)]),
        [(999.9, 500)], [(1299.0, 500)],
    )  # fmt: skip
    full = tiles.nearest_halo(300.0, 100.0)
    assert np.isinf(whole(given, 300.0, 100.0).distance_m[0])
    assert np.isinf(of_edge(given, full, 300.0, 100.0))
    small = Halo(full.places_m, 300.0)
    assert of_edge(given, small, 300.0, 100.0) == pytest.approx(299.1)


def test_a_tile_without_anything_is_empty():
    far = Tile(400.0, 99, 99)
    halo = tiles.nearest_halo(LIMIT_M, SNAP_M)
    found = tiled.nearest_of_tile(
        Held(TOWN), far, halo, "school", limit_m=LIMIT_M, snap_limit_m=SNAP_M
    )
    assert len(found.home_ids) == 0


def test_a_barrier_is_lost_when_the_halo_of_streets_is_one_metre_too_small():
    """It stands between the school, 299.9 m away, and its street."""
    wall = np.array([shapely.LineString([(1299.5, 500.1), (1400, 500.1)])])
    street = replace(network([(900, 500), (1400, 500)]), barriers=wall)
    given = rows(street, [(999.9, 500)], [(1299.6, 500.15)])
    full = tiles.nearest_halo(300.0, 0.2)
    assert np.isinf(whole(given, 300.0, 0.2).distance_m[0])
    assert np.isinf(of_edge(given, full, 300.0, 0.2))
    small = Halo(full.places_m, full.streets_m - SHORT_BY_ONE_M)
    assert of_edge(given, small, 300.0, 0.2) == pytest.approx(299.85)
