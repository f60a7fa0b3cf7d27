from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import shapely

from processing import catchment, tiled, tiles
from processing.tiled import Held
from processing.tiles import Halo, Tile
from tests.fix_tiles import EXTENT, checksum, network, rows, town

LIMIT_M, SNAP_M = 260.0, 40.0
TOWN = town()
STEPS = {
    "2sfca": (catchment.two_step, tiles.two_step_halo),
    "3sfca": (catchment.three_step, tiles.three_step_halo),
}

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


def provided(given, name, tile_m=None, halo=None):
    step, halo_of = STEPS[name]
    asked = {
        "catchment_m": LIMIT_M, "snap_limit_m": SNAP_M, "decay": catchment.gaussian(LIMIT_M),
        "step": step,
    }  # fmt: skip
    if tile_m is None:
        return tiled.provided(given, "school", **asked)
    halo = halo or halo_of(LIMIT_M, SNAP_M)
    work = partial(tiled.provided, service_class="school", **asked)
    parts = [
        tiled.provided_of_tile(Held(given), tile, halo, work) for tile in tiles.plan(EXTENT, tile_m)
    ]
    return tiled.provided_together(parts[::-1])


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("tile_m", [150.0, 400.0])
def test_catchments_sum_to_the_same_bits(name, tile_m):
    found, tiled_ = provided(TOWN, name), provided(TOWN, name, tile_m)
    assert (found.places > 0).any()
    assert checksum(tiled_.home_ids, tiled_.places) == checksum(found.home_ids, found.places)


@pytest.mark.parametrize("name", STEPS)
def test_catchments_are_wrong_when_the_halo_is_one_metre_too_small(name):
    """Home - school - home (- school), each almost a catchment on: the last one counts."""
    street = network([(900, 500), (2000, 500)])
    at = [999.99, 1259.9, 1519.8, 1779.7]
    given = rows(street, [(at[0], 500), (at[2], 500)], [(at[1], 500), (at[3], 500)])
    step, halo_of = STEPS[name]
    asked = {"catchment_m": LIMIT_M, "snap_limit_m": 0.2, "decay": catchment.even(), "step": step}
    full = halo_of(LIMIT_M, 0.2)
    work = partial(tiled.provided, service_class="school", **asked)

    def first(halo):
        found = tiled.provided_of_tile(Held(given), EDGE, halo, work)
        return found.places[0]

    assert first(full) == tiled.provided(given, "school", **asked).places[0]
    assert first(Halo(full.places_m - SHORT_BY_ONE_M, full.streets_m)) != first(full)


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
