import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processing.radio import p1411
from processing.radio.loss import Reason


@pytest.mark.parametrize(
    ("f_ghz", "metres", "published_db"), [(2.114, 100.0, 81.0051), (1.999, 200.0, 87.0603)]
)
def test_a_published_loss_in_line_of_sight(f_ghz, metres, published_db):
    """ns-3, test suite of P.1411 in line of sight: the mean of both bounds, 30 m over 1 m."""
    heights = {"base_m": 30.0, "terminal_m": 1.0}
    found = p1411.sight_bounds(f_ghz, p1411.slant_m(metres, 30.0, 1.0), **heights)
    assert (found.lower_db + found.upper_db) / 2 == pytest.approx(published_db, abs=5e-5)
    assert found.median_db == pytest.approx(found.lower_db + 6.0)


@given(
    near=st.floats(5.0, 950.0),
    step=st.floats(0.1, 50.0),
    f_ghz=st.floats(0.3, 15.0),
    base_m=st.floats(2.0, 50.0),
)
def test_in_line_of_sight_the_loss_grows_with_distance(near, step, f_ghz, base_m):
    metres = np.array([near, near + step])
    found = p1411.sight(f_ghz, metres, base_m=base_m, terminal_m=1.5)
    assert found.loss_db[1] > found.loss_db[0]


@given(
    metres=st.floats(5.0, 1000.0),
    f_ghz=st.floats(0.3, 15.0),
    base_m=st.floats(0.2, 50.0),
    road_m=st.floats(0.0, 1.6),
)
def test_the_median_lies_between_the_bounds(metres, f_ghz, base_m, road_m):
    found = p1411.sight_bounds(f_ghz, metres, base_m=base_m, terminal_m=1.5, road_m=road_m)
    assert found.lower_db < found.median_db
    assert found.lower_db <= found.upper_db
    both = p1411.sight_bounds(f_ghz, metres, base_m=1.5, terminal_m=base_m, road_m=road_m)
    assert both.median_db == pytest.approx(found.median_db)


def test_a_terminal_lower_than_the_traffic_has_no_breakpoint():
    """Equation of 4.1.2 for h <= hs: 6 + |20 lg(lambda / (2 pi 20))| + 30 lg(d / 20)."""
    lam = p1411.LIGHT_M_S / 5e9
    by_hand = 6.0 + abs(20.0 * math.log10(lam / (2.0 * math.pi * 20.0))) + 30.0 * math.log10(5.0)
    found = p1411.sight(5.0, 100.0, base_m=4.0, terminal_m=0.4, road_m=0.5)
    assert float(found.loss_db) == pytest.approx(by_hand)
    # Nearer than 20 m the two-ray bounds hold without the traffic.
    near = p1411.sight(5.0, 10.0, base_m=4.0, terminal_m=0.4, road_m=0.5)
    plain = p1411.sight_bounds(5.0, 10.0, base_m=4.0, terminal_m=0.4)
    assert float(near.loss_db) == pytest.approx(float(plain.median_db))


def test_below_the_roofs_by_hand():
    """Table 4: 10 x 2.12 lg 100 + 29.2 + 10 x 2.11 lg 2.4; 40 lg 100 + 10.2 + 23.6 lg 2.4."""
    loss, sigma = p1411.general(2.4, np.array([100.0, 100.0]), line_of_sight=[True, False])
    assert loss.loss_db == pytest.approx([79.6224, 99.1730], abs=1e-3)
    assert sigma.tolist() == [5.06, 7.60]


def test_round_a_corner_by_hand():
    """Section 4.1.3.1 at 1 GHz, 100 m and 50 m from the crossing of two 20 m streets.

    Lr = 20 lg 150 + 100 x 50 x f / 400 + 20 lg(4 pi / lambda), f = 3.86 / (pi / 2)^3.5 = 0.79469;
    Ld = 10 lg(100 x 50 x 150) + 2 D + 20 lg(4 pi / lambda), D = 40 / (2 pi) x (atan 2.5 + atan 5 -
    pi / 2) = 6.3244.
    """
    found = p1411.street_corner(1.0, (100.0, 50.0), width_m=(20.0, 20.0), angle_rad=math.pi / 2)
    wave = 20.0 * math.log10(4.0 * math.pi / p1411.wavelength_m(1.0))
    reflected = 43.5218 + 9.9336 + wave
    diffracted = 58.7506 + 2.0 * 6.3244 + wave
    by_hand = -10.0 * math.log10(10 ** (-reflected / 10) + 10 ** (-diffracted / 10))
    assert float(found.loss_db) == pytest.approx(by_hand, abs=1e-3)
    back = p1411.street_corner(1.0, (50.0, 100.0), width_m=(20.0, 20.0), angle_rad=math.pi / 2)
    assert float(back.loss_db) == pytest.approx(float(found.loss_db))


def test_outside_its_range_there_is_a_reason():
    at = {"base_m": 10.0, "terminal_m": 1.5}
    assert p1411.sight(0.2, 100.0, **at).reason == Reason.FREQUENCY
    assert p1411.sight(16.0, 100.0, **at).reason == Reason.FREQUENCY
    assert p1411.sight(2.0, 1001.0, **at).reason == Reason.DISTANCE
    assert p1411.sight(2.0, 0.0, **at).reason == Reason.DISTANCE
    assert p1411.sight(2.0, 50.0, base_m=math.nan, terminal_m=1.5).reason == Reason.BASE_HEIGHT
    assert p1411.sight(2.0, 50.0, base_m=9.0, terminal_m=-1.0).reason == Reason.TERMINAL_HEIGHT
    near, far = (
        p1411.general(2.4, 29.0, line_of_sight=False)[0],
        p1411.general(2.4, 29.0, line_of_sight=True)[0],
    )
    assert near.reason == Reason.DISTANCE
    assert far.reason == Reason.COMPUTED
    corner = p1411.street_corner(0.9, (100.0, 50.0), width_m=(20.0, 20.0), angle_rad=0.5)
    assert corner.reason == Reason.SURROUNDINGS
    assert math.isnan(corner.loss_db)
