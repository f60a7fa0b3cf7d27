import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processing import tiles
from processing.distributed import Engine
from processing.lighting import tiled
from processing.lighting.illuminance import illuminance
from processing.lighting.tiled import Common, Piece, illuminance_by_tiles, near
from processing.spread import spread
from processing.tiles import Tile
from tests.fix_lights import isotropic, lamps

COMMON = Common([isotropic()], 12.0)
EDGE = Tile(100.0, 0, 0)
"""Its east side is x = 100."""


def whole(points, given):
    return illuminance(points, given, COMMON.luminaires, cutoff_heights=COMMON.cutoff_heights)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1_000),
    tile_m=st.sampled_from([9.0, 50.0, 333.0]),
    shift_m=st.sampled_from([0.0, -1_000.0, 6_043_000.0]),
)
def test_tiles_say_what_the_whole_says(seed, tile_m, shift_m):
    chance = np.random.default_rng(seed)
    points = shift_m + np.concatenate([
        chance.uniform(0, 120, (150, 2)), np.round(chance.uniform(0, 120, (50, 2)) / 50) * 50,
    ])  # fmt: skip
    at = shift_m + chance.uniform(-60, 180, (30, 2))
    rows = [(x, y, h) for (x, y), h in zip(at, chance.choice([4.0, 6.0, 9.5], 30), strict=True)]
    shining = lamps(*rows, bearing_deg=chance.uniform(0, 360, 30), tilt_deg=5.0)
    with spread(Engine(), tile_m) as here:
        found = illuminance_by_tiles(here, "light", points, shining, COMMON)
    assert found.tobytes() == whole(points, shining).tobytes()


def test_the_lamp_at_its_cut_off_radius_is_lost_when_the_halo_is_one_metre_too_small(monkeypatch):
    points = np.array([[99.9, 50.0]])
    shining = lamps((99.9 + 71.9, 50.0, 6.0))
    assert whole(points, shining)[0] > 0

    def in_tile():
        return tiled.of_piece(COMMON, Piece(points, near(shining, EDGE, 12.0)))["lux"]

    assert in_tile() == whole(points, shining)
    full = tiles.lighting_halo_m
    monkeypatch.setattr(tiles, "lighting_halo_m", lambda *of: full(*of) - 1.0)
    assert in_tile() == 0.0


def test_without_lamps_or_points_it_is_dark():
    with spread(Engine(), 50.0) as here:
        dark = illuminance_by_tiles(
            here, "dark", np.zeros((2, 2)), lamps((0, 0, 6), factor=0), COMMON
        )
        none = illuminance_by_tiles(here, "none", np.empty((0, 2)), lamps((0, 0, 6)), COMMON)
    assert dark.tolist() == [0.0, 0.0]
    assert len(none) == 0


@pytest.mark.parametrize(("x", "y", "away"), [(50, 50, 0), (-30, 50, 30), (130, 140, 50)])
def test_how_far_a_point_is_from_a_tile(x, y, away):
    assert EDGE.away_m(np.array([x]), np.array([y])).tolist() == [away]
