"""Variograms against gstat's printed figures, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processing.errors import BadParameter, NoVariogram
from processing.monitoring.variogram import Experimental, Model, experimental, fit
from tests.fix_gstat import gstat, places

# gstat, tests/variogram.Rout.save: variogram(log(zinc)~1) of the Meuse soil samples.
PAIRS = (57, 299, 419, 457, 547, 533, 574, 564, 589, 543, 500, 477, 452, 457, 415)
DISTANCE_M = (
    "79.29244", "163.97367", "267.36483", "372.73542", "478.47670", "585.34058", "693.14526",
    "796.18365", "903.14650", "1011.29177", "1117.86235", "1221.32810", "1329.16407", "1437.25620",
    "1543.20248",
)  # fmt: skip
GAMMA = (
    "0.1234479", "0.2162185", "0.3027859", "0.4121448", "0.4634128", "0.5646933", "0.5689683",
    "0.6186769", "0.6471479", "0.6915705", "0.7033984", "0.6038770", "0.6517158", "0.5665318",
    "0.5748227",
)  # fmt: skip
SPOT = st.tuples(st.integers(0, 99), st.integers(0, 99))
LAGS = Experimental(
    np.array(PAIRS), np.array([float(d) for d in DISTANCE_M]), np.array([float(g) for g in GAMMA])
)


def test_the_fifteen_lags_of_gstat_to_the_printed_digits():
    meuse = gstat("meuse.csv")
    found = experimental(places(meuse), np.log(meuse["zinc"].to_numpy()))
    assert found.pairs.tolist() == list(PAIRS)
    assert [f"{d:.5f}" for d in found.distance_m] == list(DISTANCE_M)
    assert [f"{g:.7f}" for g in found.gamma] == list(GAMMA)


def test_the_fit_of_gstat_from_its_printed_lags():
    """gstat vignette: fit.variogram(v, vgm(1, "Sph", 900, 1)); it stops iterating earlier."""
    found = fit(LAGS, "spherical")
    assert found.nugget == pytest.approx(0.05066243, rel=5e-5)
    assert found.partial_sill == pytest.approx(0.59060780, rel=5e-5)
    assert found.range_m == pytest.approx(897.0209, rel=5e-5)


@pytest.mark.parametrize("kind", ["spherical", "exponential", "gaussian"])
def test_a_model_is_found_again_from_its_own_curve(kind):
    wanted = Model(kind, 2.0, 7.0, 300.0)
    distance = np.linspace(50, 1000, 15)
    found = fit(Experimental(np.full(15, 100), distance, wanted.gamma(distance)), kind)
    assert (found.nugget, found.partial_sill, found.range_m) == pytest.approx((2, 7, 300), rel=1e-4)


def test_lags_are_closed_above_and_hold_every_pair_once():
    xy = np.array([(0.0, 0.0), (10.0, 0.0), (30.0, 0.0)])
    found = experimental(xy, np.array([1.0, 3.0, 7.0]), cutoff_m=30, lags=3)
    assert found.pairs.tolist() == [1, 1, 1]
    assert found.distance_m.tolist() == [10, 20, 30]
    assert found.gamma.tolist() == [2, 8, 18]


def test_two_stations_at_one_place_make_no_lag():
    xy = np.array([(0.0, 0.0), (0.0, 0.0), (10.0, 0.0)])
    assert experimental(xy, np.array([1.0, 5.0, 2.0]), cutoff_m=20).pairs.sum() == 2


@settings(max_examples=30, deadline=None)
@given(
    st.lists(SPOT, min_size=4, max_size=20, unique=True),
    st.randoms(use_true_random=False), st.floats(0.5, 50),
)  # fmt: skip
def test_the_order_and_the_unit_change_nothing(spots, chance, k):
    xy = np.array(spots, dtype=float)
    values = np.array([chance.random() for _ in spots])
    order = list(range(len(spots)))
    chance.shuffle(order)
    plain = experimental(xy, values, cutoff_m=60)
    mixed = experimental(xy[order], values[order], cutoff_m=60)
    assert mixed.pairs.tolist() == plain.pairs.tolist()
    assert mixed.gamma == pytest.approx(plain.gamma)
    scaled = experimental(xy, values * k, cutoff_m=60)
    assert scaled.gamma == pytest.approx(plain.gamma * k**2)


def test_a_fit_that_says_nothing_is_refused():
    distance = np.linspace(100, 1000, 10)
    rising = Experimental(np.full(10, 50), distance, distance * 2.0)
    with pytest.raises(NoVariogram, match="no range"):
        fit(rising, "spherical")
    with pytest.raises(NoVariogram, match="all values are equal"):
        fit(Experimental(np.full(10, 50), distance, np.zeros(10)), "spherical")
    with pytest.raises(NoVariogram, match="at least four"):
        fit(Experimental(np.full(3, 50), distance[:3], distance[:3]), "spherical")
    with pytest.raises(NoVariogram, match="two stations"):
        experimental(np.zeros((1, 2)), np.zeros(1))


@pytest.mark.parametrize(
    "numbers", [(-1, 1, 1), (1, 1, 0), (0, 0, 5), (np.nan, 1, 1), (1, 1, np.inf)]
)
def test_what_is_no_variogram_is_refused(numbers):
    with pytest.raises(BadParameter):
        Model("spherical", *numbers)


def test_a_cutoff_must_be_above_0():
    with pytest.raises(BadParameter, match="cutoff_m is -1"):
        experimental(np.array([(0.0, 0.0), (1.0, 0.0)]), np.zeros(2), cutoff_m=-1)
