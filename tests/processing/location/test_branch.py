from itertools import combinations

import numpy as np
import pytest

from processing.location import branch
from processing.location.branch import prove
from processing.location.median import median
from processing.location.relaxation import Known, relaxed
from tests.fix_location import random_problem


@pytest.mark.parametrize("seed", range(6))
def test_the_search_finds_what_trying_all_finds(seed):
    asked = random_problem(seed, demand=15, sites=10)
    cost = asked.distance_m * asked.persons[:, None]
    best = min(cost[:, list(c)].min(axis=1).sum() for c in combinations(range(10), 3))
    worst = np.array([0, 1, 2])
    # From a bad start and without any bound, so that the search itself has to do the work.
    prices = np.zeros(len(cost))
    root = relaxed(cost, prices, np.arange(10), np.empty(0, dtype=np.int64), 3)
    known = Known(worst, float(cost[:, worst].min(axis=1).sum()), root.value)
    found = prove(cost, known, root, quantum=1 - 1e-6)
    assert (found.upper, found.lower) == (best, best)


def test_a_search_cut_short_says_how_good_it_is(monkeypatch):
    asked = random_problem(3, demand=60, sites=30)
    exact = median(asked, 5).objective
    monkeypatch.setattr(branch, "NODES", 1)
    cost = asked.distance_m * asked.persons[:, None]
    chosen = np.arange(5)
    root = relaxed(cost, np.full(60, 1e3), np.arange(30), np.empty(0, dtype=np.int64), 5)
    known = Known(chosen, float(cost[:, chosen].min(axis=1).sum()), root.value)
    found = prove(cost, known, root, quantum=1 - 1e-6)
    assert found.lower < exact <= found.upper
