from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spopt.locate import PCenter

from processing.errors import BadParameter
from processing.location.center import center
from processing.location.problem import problem, served_m
from processing.location.solver import cbc
from tests.fix_location import random_problem, read_san_francisco


def test_san_francisco(reference_dir):
    asked = read_san_francisco(reference_dir / "spopt-sf")
    # Computed with spopt 0.7.0 and CBC (provenance of the set): the radius of four sites.
    assert center(asked, 4).objective == pytest.approx(7403.0638, abs=1e-4)


@pytest.mark.parametrize(("seed", "count"), [(1, 1), (2, 3), (3, 4)])
def test_small_cases_equal_spopt(seed, count, tmp_path):
    asked = random_problem(seed)
    with cbc(tmp_path) as solver:
        model = PCenter.from_cost_matrix(asked.distance_m, count).solve(solver, results=False)
    found = center(asked, count)
    assert found.objective == pytest.approx(model.problem.objective.value())
    assert served_m(asked, found.sites).max() == found.objective
    assert found.proven


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(0, 2))
def test_it_is_what_trying_all_finds(seed, count, existing):
    asked = random_problem(seed, demand=10, sites=6, existing=existing)
    best = min(served_m(asked, np.array(c)).max() for c in combinations(range(asked.sites), count))
    assert center(asked, count).objective == best


def test_two_towns_need_two_sites():
    apart = problem(np.array([[1.0, np.inf], [np.inf, 1.0]]), np.ones(2))
    with pytest.raises(BadParameter, match="ask for more"):
        center(apart, 1)
    assert center(apart, 2).objective == 1.0
