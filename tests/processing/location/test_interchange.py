import numpy as np

from processing.location.interchange import greedy, interchange


def test_greedy_then_interchange_by_hand():
    # Three places in a row: alone the middle is best, of two the outer ones.
    cost = np.array([[0.0, 3, 6], [3, 0, 3], [6, 3, 0]])[[0, 0, 1, 2, 2]]
    assert greedy(cost, 1).tolist() == [1]
    chosen, total = interchange(cost, np.array([1, 0]))
    assert (chosen.tolist(), total) == ([0, 2], 3.0)


def test_no_single_swap_is_better():
    chance = np.random.default_rng(3)
    cost = chance.uniform(0, 100, (40, 15))
    chosen, total = interchange(cost, np.array([0, 1, 2, 3]))
    for out in chosen:
        for into in set(range(15)) - set(chosen.tolist()):
            other = [into if c == out else c for c in chosen]
            assert cost[:, other].min(axis=1).sum() >= total - 1e-6


def test_one_column_is_swapped_for_the_best_one():
    cost = np.array([[5.0, 1.0], [5.0, 1.0]])
    assert interchange(cost, np.array([0]))[0].tolist() == [1]
