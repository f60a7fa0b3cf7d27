import numpy as np
import pytest

from processing.errors import BadParameter
from processing.proximity import minutes, score


def test_times_on_foot_and_by_bicycle():
    metres = np.array([0.0, 1125.0, np.inf, np.nan])
    assert minutes(metres, 4.5) == pytest.approx([0, 15, np.inf, np.nan], nan_ok=True)
    assert minutes(metres, 15)[1] == pytest.approx(4.5)


@pytest.mark.parametrize("speed", [0, -1, float("nan"), float("inf")])
def test_bad_speeds_are_refused(speed):
    with pytest.raises(BadParameter, match="above 0 km/h"):
        minutes(np.ones(1), speed)


def test_the_score_is_the_share_of_classes_reached():
    times = np.array([[3, 15, 15.01, np.inf], [1, 1, 1, 1], [np.nan] * 4])
    assert score(times, 15) == pytest.approx([0.5, 1, np.nan], nan_ok=True)


def test_no_class_has_no_score():
    with pytest.raises(BadParameter, match="no class has a facility"):
        score(np.zeros((3, 0)), 15)
