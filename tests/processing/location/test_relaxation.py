import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from processing.location.median import median
from processing.location.relaxation import at_root, open_columns, relaxed
from tests.fix_location import random_problem


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.integers(1, 6))
def test_no_prices_give_more_than_the_optimum(seed, count):
    asked = random_problem(seed, demand=12, sites=8)
    cost = asked.distance_m * asked.persons[:, None]
    exact = median(asked, count).objective
    prices = np.random.default_rng(seed).uniform(0, cost.max(), len(cost))
    nothing = np.empty(0, dtype=np.int64)
    assert relaxed(cost, prices, np.arange(8), nothing, count).value <= exact * (1 + 1e-12)
    known, root = at_root(cost, np.arange(count), 1e9, quantum=1e-6)
    assert root.value <= exact * (1 + 1e-12)
    assert known.upper >= exact


def test_the_sites_of_the_optimum_stay_open():
    for seed in range(10):
        asked = random_problem(seed)
        cost = asked.distance_m * asked.persons[:, None]
        exact = median(asked, 3)
        _, root = at_root(cost, np.arange(3), float(cost.max() * len(cost)), quantum=1e-6)
        left = open_columns(root, np.arange(asked.sites), 3, aim=exact.objective)
        assert set(exact.sites) <= set(left.tolist())
