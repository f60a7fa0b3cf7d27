import numpy as np
import pytest

from processing.location.curve import curve, ranked
from tests.fix_location import random_problem


def test_the_curve_rises_and_ends_where_nothing_is_gained(tmp_path):
    asked = random_problem(4, demand=30, sites=8, existing=1)
    steps = curve(asked, 8, limit_m=250, folder=tmp_path)
    covered = [step.persons_covered for step in steps]
    assert covered == sorted(set(covered))
    assert [step.sites for step in steps] == list(range(1, len(steps) + 1))
    before = asked.persons[asked.existing_m <= 250].sum()
    assert [step.persons_gained for step in steps] == [c - before for c in covered]
    # All sites together cover no more than the last step does.
    all_sites = ranked(asked, np.arange(8), limit_m=250)
    assert before + sum(gain for _, gain in all_sites) == covered[-1]


def test_sites_are_ranked_by_what_each_adds(tmp_path):
    asked = random_problem(4, demand=30, sites=8)
    (last,) = curve(asked, 3, limit_m=250, folder=tmp_path)[-1:]
    ranking = ranked(asked, last.solution.sites, limit_m=250)
    gains = [gain for _, gain in ranking]
    assert gains == sorted(gains, reverse=True)
    assert sum(gains) == pytest.approx(last.persons_gained)
