from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processing import access, network, pavements, reach, reach_tiled, tiles
from processing.distributed import Engine
from processing.reach_tiled import Asked, by_tiles, component
from processing.spread import spread
from processing.ways import ways
from tests.fix_tiles import checksum, town
from tests.fix_tiles import network as streets
from tests.fix_tiles import rows as made

SNAP_M = 40.0


def placed(given_streets, homes, facilities, classes=None):
    """Rows with their positions as ids."""
    found = made(given_streets, homes, facilities)
    kinds = found.facility_class if classes is None else np.array(classes, dtype=object)
    return replace(
        found,
        streets=replace(found.streets, ids=np.arange(len(found.streets.ids))),
        home_ids=np.arange(len(homes)), facility_ids=np.arange(len(facilities)),
        facility_class=kinds,
    )  # fmt: skip


def at_once(places, asked):
    homes = network.snap(places.streets, places.homes, limit_m=asked.snap_limit_m)
    origins = network.snap(places.streets, places.facilities, limit_m=asked.snap_limit_m)
    graph = network.build(places.streets, origins=origins, targets=homes)
    found = [
        access.search(graph, np.flatnonzero(places.facility_class == name))
        for name in asked.classes
    ]
    return reach_tiled.Found(
        homes,
        tuple(access.nearest(graph, each, homes) for each in found),
        tuple(
            reach.reached(graph, each, limit_m=limit_m)
            for each, limit_m in zip(found, asked.limits_m, strict=False)
        ),
    )


def in_tiles(places, asked, tile_m):
    facilities = network.snap(places.streets, places.facilities, limit_m=asked.snap_limit_m)
    with spread(Engine(), tile_m) as here:
        return by_tiles(here, "on foot", places, facilities, asked)


def bits(found):
    homes = found.homes
    arrays = [homes.edge, homes.measure_m, homes.connector_m]
    arrays += [a for each in found.nearest for a in (each.distance_m, each.facility)]
    arrays += [a for each in found.parts for a in (each.edge, each.from_m, each.to_m)]
    return checksum(*arrays)


def random_town(seed):
    chance = np.random.default_rng(seed)
    base = town()
    kinds = chance.choice(["school", "shop", "other"], len(base.facilities), p=[0.3, 0.2, 0.5])
    one_way = chance.random((2, len(base.streets.ids))) < 0.9
    return replace(
        base,
        streets=replace(
            base.streets, ids=np.arange(len(base.streets.ids)),
            forward=one_way[0], backward=one_way[1] | ~one_way[0],
        ),
        home_ids=np.arange(len(base.homes)), facility_ids=np.arange(len(base.facilities)),
        facility_class=kinds.astype(object),
    )  # fmt: skip


@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 1_000),
    tile_m=st.sampled_from([130.0, 400.0, 5_000.0]),
    search_m=st.sampled_from([90.0, 300.0]),
)
def test_tiles_say_what_the_whole_says(seed, tile_m, search_m):
    """One-way streets, islands, homes far from streets and from facilities, equal distances."""
    places = random_town(seed)
    asked = Asked(("school", "shop", "clinic"), search_m, SNAP_M, (search_m, 60.0, search_m))
    found = in_tiles(places, asked, tile_m)
    assert bits(found) == bits(at_once(places, asked))
    assert np.isnan(found.nearest[0].distance_m).any()


def walled_town(seed):
    """Main roads with a pavement on each side, and some that may not be walked: barriers."""
    chance, places = np.random.default_rng(seed), random_town(seed)
    count = len(places.streets.ids)
    main = chance.random(count) < 0.3
    streets = pavements.split(places.streets, main, ~main | (chance.random(count) < 0.7))
    return replace(places, streets=replace(streets, ids=np.arange(len(streets.ids))))


@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 1_000),
    tile_m=st.sampled_from([130.0, 400.0, 5_000.0]),
    search_m=st.sampled_from([90.0, 300.0]),
)
def test_tiles_say_what_the_whole_says_beside_main_roads(seed, tile_m, search_m):
    places, asked = walled_town(seed), Asked(("school", "shop"), search_m, SNAP_M)
    assert len(places.streets.barriers)
    assert (places.streets.right != network.NONE).any()
    assert bits(in_tiles(places, asked, tile_m)) == bits(at_once(places, asked))


@pytest.mark.parametrize("tile_m", [130.0, 5_000.0])
def test_what_is_further_than_asked_is_not_sought(tile_m):
    places, asked = random_town(3), Asked(("school", "shop"), 90.0, SNAP_M, no_further=True)
    found, whole = in_tiles(places, asked, tile_m), ways(places, asked, step="", spread=None)
    everywhere = at_once(places, asked)
    assert bits(found) == bits(whole) != bits(everywhere)
    near = everywhere.nearest[0].distance_m <= 90.0
    assert near.any()
    for name in ("distance_m", "facility"):
        every, few = (getattr(each.nearest[0], name) for each in (everywhere, found))
        assert (every[near] == few[near]).all()
    assert not np.isfinite(found.nearest[0].distance_m[~near]).any()


def test_a_home_beyond_the_first_search_is_found_and_one_on_an_island_is_not():
    roads = streets([(0, 0), (9_000, 0)], [(0, 500), (900, 500)])
    places = placed(roads, [(5, 0), (5, 500), (5, 250)], [(8_900, 0)])
    asked = Asked(("school",), 100.0, SNAP_M)
    assert component(roads)[1] == 2
    found = in_tiles(places, asked, 1_000.0)
    assert found.nearest[0].distance_m[0] == 8_895.0
    assert np.isinf(found.nearest[0].distance_m[1])
    assert np.isnan(found.nearest[0].distance_m[2])
    assert bits(found) == bits(at_once(places, asked))


def test_a_reached_part_is_lost_when_the_halo_is_one_metre_too_small(monkeypatch):
    """The street begins in tile 0 and ends 700 m beyond it; the school is 299.8 m further on."""
    roads = streets([(999.9, 500), (1_700, 500)], [(1_700, 500), (2_100, 500)])
    places = placed(roads, [(10, 500)], [(1_999.8, 500)])
    asked = Asked(("school",), 300.0, 0.2, (300.0,))
    whole = at_once(places, asked)
    assert whole.parts[0].edge.tolist() == [0, 1]
    assert bits(in_tiles(places, asked, 1_000.0)) == bits(whole)
    full = tiles.reached_halo

    def short(limit_m, snap_m, longest_m):
        halo = full(limit_m, snap_m, longest_m)
        return replace(halo, places_m=halo.places_m - 1.0)

    monkeypatch.setattr(tiles, "reached_halo", short)
    assert in_tiles(places, asked, 1_000.0).parts[0].edge.tolist() == [1]


def test_what_begins_in_a_tile_without_homes_is_reached_too():
    roads = streets([(1_100, 500), (1_300, 500)], [(100, 500), (1_100, 500)])
    places = placed(roads, [(100, 500)], [(1_200, 500)])
    asked = Asked(("school",), 150.0, SNAP_M, (150.0,))
    found = in_tiles(places, asked, 200.0)
    assert bits(found) == bits(at_once(places, asked))
    assert found.parts[0].length_m == pytest.approx(250.0)
