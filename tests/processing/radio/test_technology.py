import math

import numpy as np
import pytest

from processing.radio import technology


def test_what_is_judged_of_the_radiated_power():
    """20 MHz of LTE are 1200 subcarriers: 30.79 dB; the pilot of UMTS is a tenth: 10 dB."""
    assert technology.reference_db("lte", 20.0) == pytest.approx(10 * math.log10(1200))
    assert technology.reference_db("lte", math.nan) == pytest.approx(10 * math.log10(600))
    assert technology.reference_db("umts", 5.0) == 10.0
    assert technology.reference_db("gsm", math.nan) == 0.0
    assert technology.reference_db("nr", 100.0) == pytest.approx(10 * math.log10(95 / 0.03))


def test_the_weaker_direction_of_a_gateway_counts():
    assert technology.lorawan_dbm(27.0, 5.0) == 19.0
    assert technology.lorawan_dbm(16.0, 5.0) == 16.0
    assert math.isnan(technology.lorawan_dbm(math.nan, 5.0))


def test_the_fastest_spreading_factor_that_is_heard():
    levels = np.array([-100.0, -124.0, -124.1, -130.0, -137.0, -137.1, math.nan])
    found = technology.spreading_factor(levels)
    assert found[:5].tolist() == [7, 7, 8, 9, 12]
    assert np.isnan(found[5:]).all()
