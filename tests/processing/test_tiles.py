import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processing.errors import BadParameter
from processing.tiles import Tile, halo, nearest_halo, plan, three_step_halo

metres = st.floats(-5e6, 5e6)


@given(metres, metres, st.floats(50, 1e5))
def test_every_point_has_exactly_one_tile(x, y, size):
    box = (x - size, y - size, x + size, y + size)
    owners = [t for t in plan(box, size) if t.owns(np.array([x]), np.array([y]))[0]]
    assert len(owners) == 1


def test_a_border_belongs_to_the_tile_north_and_east_of_it():
    x, y = np.array([0.0, 0.0, 100.0, 99.9]), np.array([0.0, 100.0, 0.0, 99.9])
    assert Tile(100, 0, 0).owns(x, y).tolist() == [True, False, False, True]


def test_the_grid_does_not_hang_on_the_area():
    small, large = plan((120, 120, 180, 180), 100), plan((-50, -50, 310, 310), 100)
    assert small == (Tile(100, 1, 1),)
    assert set(small) < set(large)
    assert len({t.id for t in large}) == len(large) == 25
    assert Tile(100, 1, 2).box(5) == (195, 95, 305, 205)


def test_halos_are_reach_and_snapping():
    assert nearest_halo(500, 150).places_m == pytest.approx(650, abs=0.02)
    assert nearest_halo(500, 150).streets_m == pytest.approx(800, abs=0.02)
    assert three_step_halo(500, 150) == halo(1500, 150)


@pytest.mark.parametrize("bad", [float("inf"), float("nan"), -1.0])
def test_a_reach_without_an_end_has_no_halo(bad):
    with pytest.raises(BadParameter, match="tiles need a finite length"):
        halo(bad, 10)


@pytest.mark.parametrize("bad", [0.0, -5.0, float("nan")])
def test_a_tile_has_a_size(bad):
    with pytest.raises(BadParameter, match="tile_m"):
        plan((0, 0, 1, 1), bad)
