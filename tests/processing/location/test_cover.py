import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spopt.locate import LSCP, MCLP

from processing.location.cover import coverable, covered, fewest_sites, most_people
from processing.location.problem import problem
from processing.location.solver import cbc
from tests.fix_location import random_problem, read_san_francisco


def test_san_francisco(reference_dir, tmp_path):
    asked = read_san_francisco(reference_dir / "spopt-sf")
    found = most_people(asked, 4, limit_m=5000, folder=tmp_path)
    inside = covered(asked, found.sites, limit_m=5000)
    # spopt/tests/test_locate/test_mclp.py: 21 tracts uncovered, 89.756... % of TRACTS covered.
    assert (~inside).sum() == 21
    assert 100 * inside.mean() == pytest.approx(89.75609756097561, rel=1e-12)
    # Of the people (provenance of the set): 875,247 of 955,113.
    assert (found.objective, asked.persons.sum()) == (875_247, 955_113)
    assert found.proven
    assert len(fewest_sites(asked, limit_m=5000, folder=tmp_path).sites) == 8


def with_existing(asked):
    """The problem as spopt wants it: what is there is a site that is fixed, counted in p."""
    cost = np.column_stack([asked.existing_m, asked.distance_m])
    return cost, np.array([1] + [0] * asked.sites)


@pytest.mark.parametrize(("seed", "count", "limit_m"), [(1, 2, 200), (2, 3, 250), (3, 1, 300)])
def test_most_people_equals_spopt_with_a_fixed_site(seed, count, limit_m, tmp_path):
    asked = random_problem(seed, existing=1)
    cost, fixed = with_existing(asked)
    with cbc(tmp_path) as solver:
        model = MCLP.from_cost_matrix(
            cost, asked.persons, limit_m, count + 1, predefined_facilities_arr=fixed
        ).solve(solver, results=False)
    found = most_people(asked, count, limit_m=limit_m, folder=tmp_path)
    assert found.objective == pytest.approx(model.problem.objective.value())


@pytest.mark.parametrize(("seed", "limit_m"), [(1, 500), (2, 450), (3, 600)])
def test_the_fewest_sites_equal_spopt_with_a_fixed_site(seed, limit_m, tmp_path):
    asked = random_problem(seed, existing=1)
    assert coverable(asked, limit_m=limit_m).all()
    cost, fixed = with_existing(asked)
    with cbc(tmp_path) as solver:
        model = LSCP.from_cost_matrix(cost, limit_m, predefined_facilities_arr=fixed).solve(
            solver, results=False
        )
    found = fewest_sites(asked, limit_m=limit_m, folder=tmp_path)
    assert found.objective == model.problem.objective.value() - 1
    assert covered(asked, found.sites, limit_m=limit_m).all()


@settings(max_examples=10, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(50, 500))
def test_more_sites_never_cover_fewer(tmp_path_factory, seed, count, limit_m):
    asked = random_problem(seed, demand=12, sites=6)
    folder = tmp_path_factory.mktemp("solve")
    fewer = most_people(asked, count, limit_m=limit_m, folder=folder)
    more = most_people(asked, count + 1, limit_m=limit_m, folder=folder)
    assert more.objective >= fewer.objective
    assert more.objective <= asked.persons.sum()


def test_who_is_out_of_reach_is_left_out_and_nothing_is_proposed_in_vain(tmp_path):
    ways = np.array([[10.0, 20.0], [np.inf, 900.0], [np.inf, np.inf]])
    asked = problem(ways, np.array([5.0, 7.0, 9.0]))
    assert coverable(asked, limit_m=100).tolist() == [True, False, False]
    found = most_people(asked, 2, limit_m=100, folder=tmp_path)
    assert (found.objective, len(found.sites)) == (5, 1)
    assert len(fewest_sites(asked, limit_m=100, folder=tmp_path).sites) == 1
    assert len(fewest_sites(asked, limit_m=5, folder=tmp_path).sites) == 0
