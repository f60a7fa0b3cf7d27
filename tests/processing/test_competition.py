from dataclasses import replace

import numpy as np
import pytest

from processing import catchment, network, tiles
from processing.competition import PLACES, Class, by_tiles, competition
from processing.distributed import Engine
from processing.spread import spread
from tests.fix_tiles import checksum, town
from tests.fix_tiles import network as streets
from tests.fix_tiles import rows as made

SNAP_M = 40.0


def placed(rows, **changed):
    """Rows with their positions as ids."""
    return replace(
        rows, home_ids=np.arange(len(rows.homes)), facility_ids=np.arange(len(rows.facilities)),
        **changed,
    )  # fmt: skip


def at_once(places, classes, snap_m=SNAP_M):
    homes = network.snap(places.streets, places.homes, limit_m=snap_m)
    origins = network.snap(places.streets, places.facilities, limit_m=snap_m)
    graph = network.build(places.streets, origins=origins, targets=homes)
    pairs = [
        catchment.pairs(
            graph, np.flatnonzero(places.facility_class == c.name), homes, limit_m=c.catchment_m
        )
        for c in classes
    ]
    return [
        competition(found, c.catchment_m, c.supply, c.demand)
        for found, c in zip(pairs, classes, strict=True)
    ]


def in_tiles(places, classes, tile_m, snap_m=SNAP_M):
    with spread(Engine(), tile_m) as here:
        return by_tiles(here, places, classes, snap_m)


def bits(found):
    return [checksum(*(each[name] for name in (*PLACES, "facilities_in_reach"))) for each in found]


@pytest.mark.parametrize("tile_m", [110.0, 400.0, 9_000.0])
def test_tiles_say_what_the_whole_says(tile_m):
    rows = town()
    kinds = np.where(np.arange(len(rows.facilities)) % 3, "school", "clinic").astype(object)
    places = placed(rows, facility_class=kinds)
    classes = tuple(
        Class(name, metres, 5.0 + np.arange((kinds == name).sum()) / 3, rows.demand * share)
        for name, metres, share in (
            ("school", 260.0, 0.13),
            ("clinic", 190.0, 1.0),
            ("x", 9.0, 1.0),
        )
    )
    found = in_tiles(places, classes, tile_m)
    assert bits(found) == bits(at_once(places, classes))
    assert (found[0]["places_3sfca"] > 0).any()
    assert found[0]["facilities_in_reach"].max() > 1
    assert not found[2]["places_2sfca"].any()


def test_a_halo_one_metre_too_small_gives_another_answer(monkeypatch):
    """Home - school - home - school, each almost a catchment on: the last one counts in 3SFCA."""
    at = [999.99, 1259.9, 1519.8, 1779.7]
    street = streets([(900, 500), (2000, 500)])
    places = placed(made(street, [(at[0], 500), (at[2], 500)], [(at[1], 500), (at[3], 500)]))
    classes = (Class("school", 260.0, np.array([10.0, 20.0]), np.array([3.0, 4.0])),)
    whole = at_once(places, classes, 0.2)
    assert bits(in_tiles(places, classes, 1_000.0, 0.2)) == bits(whole)
    full = tiles.three_step_halo
    monkeypatch.setattr(
        tiles, "three_step_halo",
        lambda *of: replace(full(*of), places_m=full(*of).places_m - 1.0),
    )  # fmt: skip
    short = in_tiles(places, classes, 1_000.0, 0.2)
    assert short[0]["places_3sfca"][0] != whole[0]["places_3sfca"][0]
    assert short[0]["places_2sfca"][0] == whole[0]["places_2sfca"][0]
