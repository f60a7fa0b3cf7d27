from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from processing import forest, routes, tiles
from processing.distributed import Engine
from processing.forest import forests, passed
from processing.network import NONE
from processing.reach_tiled import placed
from processing.spread import spread
from tests.fix_tiles import checksum, network, town

SNAP_M = 40.0


def places(streets, homes, goals):
    names = np.full(len(goals), "goal", dtype=object)
    return placed(streets, shapely.points(homes), shapely.points(goals), names)


def random_town(seed):
    """Many walks are equally long; some homes stand opposite others, a last bit apart."""
    chance = np.random.default_rng(seed)
    base = town()
    homes = shapely.get_coordinates(base.homes)
    if seed % 2:
        homes = np.round(homes / 25) * 25  # so that the sums are exact, and ties are
    homes[100:140] = homes[60:100] + np.array([0.0, 0.3])
    homes[140:180] = np.nextafter(homes[60:100], np.inf)
    goals = shapely.get_coordinates(base.facilities)
    return places(
        base.streets, homes, goals[chance.permutation(len(goals))[: chance.integers(4, 9)]]
    )


def in_tiles(given_places, tile_m):
    with spread(Engine(), tile_m) as here:
        return forests(given_places, SNAP_M, here)


def bits(trees, homes):
    """What walks say: for each home the metres and a weighted sum along it, and who passes."""
    summed = np.full((2, homes), np.nan)
    for tree in trees:
        for k, of_piece in enumerate((tree.to_m - tree.from_m, tree.edge / 7 + tree.from_m)):
            assert np.isnan(summed[k, tree.home]).all()
            summed[k, tree.home] = routes.along(tree.walks, of_piece)[tree.node]
    found = passed(trees, np.arange(homes) % 5 + 0.0)
    assert found.people.max() > 20
    return checksum(summed, found.edge, found.from_m, found.to_m, found.people)


@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 1_000),
    tile_m=st.sampled_from([130.0, 400.0, 5_000.0]),
    first_m=st.sampled_from([60.0, 250.0, 1_000.0]),
)
def test_walks_by_tiles_are_those_found_at_once(seed, tile_m, first_m):
    there = random_town(seed)
    whole = forests(there, SNAP_M, None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forest, "FIRST_M", first_m)
        found = in_tiles(there, tile_m)
    assert bits(found, len(there.homes)) == bits(whole, len(there.homes))


def test_a_home_without_a_street_or_a_way_does_not_set_out():
    roads = network([(0, 0), (900, 0)], [(0, 500), (900, 500)])
    there = places(roads, [(5, 0), (5, 250), (5, 500)], [(3_000, 0), (700, 10)])
    for found in (forests(there, SNAP_M, None), in_tiles(there, 200.0)):
        assert [tree.home.tolist() for tree in found if len(tree.home)] == [[0]]
    nobody = replace(there, facilities=there.facilities[:1], facility_ids=there.facility_ids[:1],
                     facility_class=there.facility_class[:1])  # fmt: skip
    assert all(len(tree.home) == 0 for tree in in_tiles(nobody, 200.0))


def test_a_walk_goes_the_other_way_when_the_halo_is_one_metre_too_small(monkeypatch):
    """East of the home a goal is 299.9 m away, west of it another one 299.95 m."""
    monkeypatch.setattr(forest, "FIRST_M", 300.0)
    there = places(
        network([(600, 500), (1400, 500)]), [(999.9, 500)], [(1299.8, 500), (699.95, 500)]
    )

    def walked():
        with spread(Engine(), 1_000.0) as here:
            found = passed(forests(there, 0.2, here), np.ones(1))
        return found.from_m[found.people > 0].tolist()

    assert walked() == pytest.approx([399.9])
    full = forest.walk_halo

    def short(*of):
        halo = full(*of)
        return replace(halo, places_m=halo.places_m - 1.0)

    monkeypatch.setattr(forest, "walk_halo", short)
    assert walked() == pytest.approx([99.95])


def test_a_piece_is_not_cut_when_the_halo_forgets_how_far_homes_stand_from_streets(monkeypatch):
    """The second home, 480 m east of the tile, cuts the street on which the first one walks."""
    monkeypatch.setattr(forest, "FIRST_M", 300.0)
    bent = network([(1_099.8, 500), (1_390, 500), (1_390, 520)])
    there = places(bent, [(999.9, 500), (1_480, 505)], [(1_390, 509.7)])

    def walked():
        with spread(Engine(), 1_000.0) as here:
            found = passed(forests(there, 100.0, here), np.ones(2))
        return np.stack([found.from_m, found.to_m, found.people], axis=1).round(3).tolist()

    assert walked() == [[0, 295.2, 1], [295.2, 299.9, 2]]
    monkeypatch.setattr(forest, "walk_halo", tiles.nearest_halo)
    assert walked() == [[0, 299.9, 1], [295.2, 299.9, 1]]


def test_of_equally_short_walks_the_one_over_the_first_street_is_taken():
    square = network([(0, 100), (100, 100)], [(0, 0), (0, 100)], [(0, 0), (100, 0)],
                     [(100, 0), (100, 100)])  # fmt: skip
    there = places(square, [(0, 0)], [(100, 100)])
    tree = forests(there, SNAP_M, None)[0]
    assert sorted(tree.edge[tree.edge != NONE].tolist()) == [0, 1]
