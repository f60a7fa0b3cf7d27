import math

import numpy as np
import pytest

from processing.radio import location


def test_the_deviation_by_hand():
    """(0.52 + 0.024 x 0.9) x 50^0.28 = 1.6196 dB in clutter; a tenth less per metre above it."""
    full = (0.52 + 0.024 * 0.9) * 50.0**0.28
    assert full == pytest.approx(1.6196, abs=1e-4)
    found = location.deviation_db(0.9, np.array([1.5, 14.0, 25.0]), np.array([10.0] * 3), 50.0)
    assert found == pytest.approx([full, 0.6 * full, 0.0])


def test_the_margin_by_hand():
    """95 percent of places: 1.6449 deviations."""
    assert location.margin_db(95.0, 8.0) == pytest.approx(8.0 * 1.6448536, abs=1e-5)
    assert location.margin_db(50.0, 8.0) == 0.0


def test_margin_and_probability_say_the_same():
    for percent in (60.0, 75.0, 95.0):
        level = -100.0 + location.margin_db(percent, 6.0)
        share = location.probability_share(level, -100.0, 6.0)
        assert float(share) == pytest.approx(percent / 100.0)


def test_without_scatter_a_level_holds_or_does_not():
    found = location.probability_share(np.array([-99.0, -100.0, -101.0, math.nan]), -100.0, 0.0)
    assert found[:3].tolist() == [1.0, 1.0, 0.0]
    assert math.isnan(found[3])
