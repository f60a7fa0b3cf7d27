"""Greedy placement against trying every candidate anew."""

import numpy as np
import pytest

from processing.errors import BadParameter
from processing.monitoring import kriging
from processing.monitoring.kriging import Measured
from processing.monitoring.placement import by_distance, by_variance
from processing.monitoring.variogram import Model


def scene(seed):
    chance = np.random.default_rng(seed)
    return tuple(chance.uniform(0, 1000, (n, 2)) for n in (7, 15, 40))


def mean_variance(stations, served, model, weights=None):
    measured = Measured(stations, np.zeros(len(stations)))
    variance = kriging.ordinary(measured, served, model).variance
    return float(np.average(variance, weights=weights))


@pytest.mark.parametrize("kind", ["spherical", "exponential"])
@pytest.mark.parametrize("seed", [1, 2])
def test_each_step_is_the_best_of_all_candidates_kriged_anew(kind, seed):
    stations, candidates, served = scene(seed)
    weights = np.arange(1.0, 41.0)
    model = Model(kind, 3.0, 20.0, 350.0)
    found = by_variance(stations, candidates, served, model, count=4, weights=weights)
    assert found.measure[0] == pytest.approx(mean_variance(stations, served, model, weights))
    for step, chosen in enumerate(found.chosen.tolist(), start=1):
        tried = {
            i: mean_variance(np.vstack([stations, candidates[i]]), served, model, weights)
            for i in range(15)
            if i not in found.chosen[: step - 1]
        }
        assert tried[chosen] == pytest.approx(min(tried.values()))
        assert found.measure[step] == pytest.approx(tried[chosen])
        stations = np.vstack([stations, candidates[chosen]])
    assert (np.diff(found.measure) < 0).all()


def test_a_candidate_at_a_station_is_of_no_use_without_a_nugget():
    stations, _, served = scene(3)
    model = Model("spherical", 0.0, 20.0, 350.0)
    found = by_variance(stations, stations, served, model, count=3)
    assert found.chosen.tolist() == []
    assert len(found.measure) == 1


def test_each_step_lowers_the_mean_distance_most():
    stations, candidates, served = scene(4)
    found = by_distance(stations, candidates, served, count=3)
    for step, chosen in enumerate(found.chosen.tolist(), start=1):
        tried = [
            np.linalg.norm(served[:, None] - np.vstack([stations, c])[None], axis=2).min(1).mean()
            for c in candidates
        ]
        assert tried[chosen] == pytest.approx(min(tried))
        assert found.measure[step] == pytest.approx(min(tried))
        stations = np.vstack([stations, candidates[chosen]])


def test_distance_begins_also_without_stations():
    found = by_distance(
        np.zeros((0, 2)), np.array([(0.0, 0.0), (50.0, 0.0)]), np.array([(60.0, 0.0)]), count=5
    )
    assert found.chosen.tolist() == [1]
    assert found.measure.tolist() == [np.inf, 10.0]


def test_of_equals_the_first_is_taken():
    served = np.array([(-10.0, 0.0), (10.0, 0.0)])
    candidates = np.array([(10.0, 0.0), (-10.0, 0.0)])
    assert by_distance(np.array([(0.0, 5.0)]), candidates, served, count=1).chosen.tolist() == [0]


def test_what_cannot_be_placed_is_refused():
    stations, candidates, served = scene(5)
    model = Model("spherical", 1.0, 1.0, 100.0)
    with pytest.raises(BadParameter, match="without any station"):
        by_variance(stations[:0], candidates, served, model, count=1)
    with pytest.raises(BadParameter, match="no places"):
        by_distance(stations, candidates, served[:0], count=1)
    with pytest.raises(BadParameter, match="weights"):
        by_distance(stations, candidates, served, count=1, weights=np.zeros(40))
