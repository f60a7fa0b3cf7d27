import math
from dataclasses import fields

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from processing.distributed import Engine
from processing.radio import line_of_sight, tiled
from processing.radio.coverage import NONE, Question, Stations, received
from processing.radio.loss import Reason
from processing.radio.models import Scene, Surroundings
from processing.radio.tiled import RANGE_M, near, radio_halo_m, received_by_tiles
from processing.spread import spread
from processing.tiles import Tile

SIDE_M = 600.0
EDGE = Tile(1_000.0, 0, 0)


def stations(xy, height_m=10.0, power_dbm=30.0, f_ghz=1.8):
    x, y = np.asarray(xy, dtype=float).reshape(-1, 2).T

    def column(value):
        return np.broadcast_to(np.asarray(value, dtype=float), len(x)).copy()

    return Stations(
        x, y, column(height_m), column(f_ghz), column(power_dbm), column(math.nan),
        column(math.nan), column(math.nan), 360.0,
    )  # fmt: skip


def question(models, houses=()):
    shapes = np.array(list(houses), dtype=object)
    box = (0.0, 0.0, SIDE_M, SIDE_M)
    roofs = line_of_sight.roofs(shapes, np.full(len(shapes), 18.0), box, 2.0)
    return Question(Scene(roofs), models, Surroundings())


HOUSES = [shapely.box(x, y, x + 60, y + 12) for x in (80, 260, 440) for y in (100, 300, 500)]


def same(one, other):
    return all(
        getattr(one, each.name).tobytes() == getattr(other, each.name).tobytes()
        for each in fields(one)
    )


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 1_000),
    tile_m=st.sampled_from([100.0, 450.0]),
    models=st.sampled_from([("umi",), ("p1411", "hata"), ("p1411_low",)]),
)
def test_tiles_say_what_the_whole_says(seed, tile_m, models):
    """Stations may be silent, unknown, out of every range."""
    chance = np.random.default_rng(seed)
    ends = chance.uniform(0, SIDE_M, (80, 2))
    at = np.concatenate([chance.uniform(0, SIDE_M, (4, 2)), chance.uniform(-9_000, 9_000, (4, 2))])
    power = np.where(chance.random(8) < 0.3, np.nan, chance.uniform(0, 60, 8))
    masts = stations(at, height_m=chance.choice([10.0, 400.0], 8), power_dbm=power)
    asked = question(models, HOUSES)
    with spread(Engine(), tile_m) as here:
        found = received_by_tiles(here, "lte", masts, ends, asked)
    assert same(found, received(masts, ends, asked))


def test_the_station_at_the_end_of_its_range_is_lost_when_the_halo_is_one_metre_too_small(
    monkeypatch,
):
    masts = stations([(999.9 + 4_999.95, 500.0), (999.0, 400.0)], power_dbm=[60.0, math.nan])
    ends, asked = np.array([[999.9, 500.0]]), question(("umi",))

    def in_tiles():
        with spread(Engine(), 1_000.0) as here:
            return received_by_tiles(here, "lte", masts, ends, asked)

    assert received(masts, ends, asked).server.tolist() == [0]
    assert same(in_tiles(), received(masts, ends, asked))
    monkeypatch.setattr(tiled, "radio_halo_m", lambda models: radio_halo_m(models) - 1.0)
    # Another one is nearer, so it is not read as the nearest.
    assert in_tiles().server.tolist() == [NONE]


def test_the_nearest_station_gives_the_reason_from_beyond_every_range():
    masts, ends = stations([(60_000.0, 0.0), (90_000.0, 0.0)]), np.array([[0.0, 0.0]])
    asked = question(("umi",))
    with spread(Engine(), 1_000.0) as here:
        found = received_by_tiles(here, "lte", masts, ends, asked)
    assert (found.server[0], found.reason[0]) == (NONE, Reason.DISTANCE)
    assert near(masts, EDGE, radio_halo_m(("umi",))).tolist() == [0]


def test_without_stations_no_station_is_the_reason():
    none, ends, asked = stations([]), np.array([[10.0, 10.0]]), question(("umi",))
    with spread(Engine(), 1_000.0) as here:
        assert same(received_by_tiles(here, "lte", none, ends, asked), received(none, ends, asked))


@pytest.mark.parametrize("model", [model for model in RANGE_M if model != "p1812"])
def test_no_model_holds_beyond_its_declared_range(model):
    """But nearer; P.1812 holds farther than the country is wide."""
    masts = [
        stations([(0.0, 5.0)], height_m, f_ghz=f_ghz)
        for height_m in (1.6, 4.0, 10.0, 25.0, 30.0, 50.0, 150.0)
        for f_ghz in (0.9, 1.8, 2.4)
    ]
    scenes = [question((model,), houses) for houses in ((), [shapely.box(20, 0, 30, 20)])]

    def held(metres):
        ends = np.array([[metres, 5.0]])
        return any(received(m, ends, seen).server[0] != NONE for m in masts for seen in scenes)

    assert held(RANGE_M[model] - 20.0)
    assert not held(RANGE_M[model] + 0.01)
