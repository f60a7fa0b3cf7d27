import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spopt.locate import PMedian

from processing.errors import BadParameter
from processing.location.median import median
from processing.location.problem import problem, served_m
from processing.location.solver import cbc
from tests.fix_location import random_problem, read_pmed, read_san_francisco

# Beasley, OR-library, pmedopt.txt: the proven optima of pmed1 .. pmed20.
OPTIMA = (
    5819, 4093, 4250, 3034, 1355, 7824, 5631, 4445, 2734, 1255,
    7696, 6634, 4374, 2968, 1729, 8162, 6999, 4809, 2845, 1789,
)  # fmt: skip


@pytest.mark.parametrize(("number", "optimum"), list(enumerate(OPTIMA, start=1)))
def test_the_optima_of_the_or_library_are_reached_and_proven(number, optimum, reference_dir):
    asked, count = read_pmed(reference_dir / "orlib-pmed" / "test-data" / f"pmed{number}.txt")
    found = median(asked, count)
    assert (found.objective, found.bound, found.proven) == (optimum, optimum, True)
    assert len(set(found.sites.tolist())) == count
    assert served_m(asked, found.sites).sum() == optimum


def test_san_francisco(reference_dir):
    asked = read_san_francisco(reference_dir / "spopt-sf")
    found = median(asked, 4)
    # spopt/tests/test_locate/test_p_median.py: mean_dist of four sites.
    mean_m = found.objective / asked.persons.sum()
    assert mean_m == pytest.approx(2982.1268579890657, rel=1e-12)
    assert found.proven


@pytest.mark.parametrize(
    ("seed", "count", "existing"), [(1, 1, 0), (2, 3, 0), (3, 2, 2), (4, 4, 1)]
)
def test_small_cases_equal_spopt(seed, count, existing, tmp_path):
    asked = random_problem(seed, existing=existing)
    # spopt counts fixed sites into p, so what is there becomes one more site that is fixed.
    cost, fixed = asked.distance_m, None
    if existing:
        cost = np.column_stack([asked.existing_m, asked.distance_m])
        fixed = np.array([1] + [0] * asked.sites)
    with cbc(tmp_path) as solver:
        model = PMedian.from_cost_matrix(
            cost, asked.persons, count + bool(existing), predefined_facilities_arr=fixed
        ).solve(solver, results=False)
    assert median(asked, count).objective == pytest.approx(model.problem.objective.value())


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.integers(1, 8), st.integers(0, 2))
def test_more_sites_never_lengthen_the_ways(seed, count, existing):
    asked = random_problem(seed, demand=12, sites=9, existing=existing)
    fewer, more = median(asked, count), median(asked, count + 1)
    assert more.objective <= fewer.objective
    assert fewer.proven
    assert more.proven


def test_neither_order_nor_unit_matters():
    asked = random_problem(7, existing=1)
    turned = problem(asked.distance_m[::-1, ::-1], asked.persons[::-1], asked.existing_m[::-1])
    in_km = problem(asked.distance_m / 1000, asked.persons, asked.existing_m / 1000)
    found = median(asked, 3)
    assert median(turned, 3).objective == found.objective
    assert (asked.sites - 1 - median(turned, 3).sites[::-1]).tolist() == found.sites.tolist()
    assert median(in_km, 3).objective * 1000 == pytest.approx(found.objective, rel=1e-12)
    assert median(in_km, 3).sites.tolist() == found.sites.tolist()


def test_all_sites_and_one_site():
    asked = random_problem(5)
    assert median(asked, asked.sites).sites.tolist() == list(range(asked.sites))
    (site,) = median(asked, 1).sites
    assert site == (asked.distance_m * asked.persons[:, None]).sum(axis=0).argmin()


def test_demand_that_only_one_site_reaches_draws_a_site():
    far = np.array([[1.0, 2.0, np.inf], [2.0, 1.0, np.inf], [np.inf, np.inf, 5.0]])
    found = median(problem(far, np.array([50.0, 50.0, 20.0])), 2)
    assert 2 in found.sites.tolist()


@pytest.mark.parametrize("count", [0, -1, 10])
def test_too_few_or_too_many_sites_are_refused(count):
    with pytest.raises(BadParameter, match="1 to 9 can be chosen"):
        median(random_problem(1), count)
