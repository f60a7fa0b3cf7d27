import numpy as np
import pytest

from processing.errors import BadParameter, EmptyInput
from processing.location.problem import Solution, only, problem, reachable, served_m

WAYS = np.array([[100.0, np.inf], [np.inf, np.inf], [300.0, 50.0]])
THERE = np.array([np.inf, np.inf, 200.0])


def test_unreachable_demand_is_found_and_taken_out():
    asked = problem(WAYS, np.array([1.0, 2.0, 3.0]), THERE)
    assert reachable(asked).tolist() == [True, False, True]
    left = only(asked, reachable(asked))
    assert left.persons.tolist() == [1, 3]
    assert served_m(left, np.array([0])).tolist() == [100, 200]
    assert served_m(left, np.array([], dtype=int)).tolist() == [np.inf, 200]


@pytest.mark.parametrize(
    ("ways", "persons", "error", "said"),
    [
        (np.zeros((2, 0)), [1, 1], EmptyInput, "candidate sites"),
        (np.zeros((0, 2)), [], EmptyInput, "demand"),
        ([[np.nan]], [1], BadParameter, "distance_m: a value is negative or not a number"),
        ([[-1]], [1], BadParameter, "distance_m"),
        ([[1]], [-1], BadParameter, "persons"),
        ([[1]], [np.nan], BadParameter, "persons"),
        ([[1]], [np.inf], BadParameter, "persons: a value is infinite"),
        ([[1]], [1, 2], BadParameter, "one row per demand point"),
    ],
)
def test_bad_values_are_refused(ways, persons, error, said):
    with pytest.raises(error, match=said):
        problem(np.array(ways, dtype=float), np.array(persons, dtype=float))


def test_the_gap_is_a_share_of_the_objective():
    found = Solution(np.array([0]), 200.0, 198.0)
    assert found.gap == pytest.approx(0.01)
    assert not found.proven
    assert Solution(np.array([0]), 0.0, 0.0).proven
