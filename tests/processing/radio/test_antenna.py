import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processing.radio.antenna import Pattern, attenuation_db


def test_the_table_by_hand():
    """TR 38.901 table 7.3-1: 12 (30 / 65)^2 aside, 12 (10 / 65)^2 below, together at most 30."""
    element = Pattern(azimuth_deg=90.0)
    assert attenuation_db(element, 90.0, 0.0) == 0.0
    assert attenuation_db(element, 120.0, 0.0) == pytest.approx(12 * (30 / 65) ** 2)
    assert attenuation_db(element, 90.0, -10.0) == pytest.approx(12 * (10 / 65) ** 2)
    assert attenuation_db(element, 270.0, -80.0) == 30.0
    assert attenuation_db(element, 90.0 + 65.0 / 2, 0.0) == pytest.approx(3.0)


def test_a_tilt_turns_the_beam_down():
    tilted = Pattern(azimuth_deg=0.0, tilt_deg=6.0, vertical_beamwidth_deg=10.0)
    assert attenuation_db(tilted, 0.0, -6.0) == 0.0
    assert attenuation_db(tilted, 0.0, -1.0) == pytest.approx(3.0)
    assert attenuation_db(tilted, 0.0, -11.0) == pytest.approx(3.0)


def test_an_antenna_without_azimuth_sends_all_round():
    round_ = Pattern(azimuth_deg=math.nan)
    assert attenuation_db(round_, np.array([0.0, 77.0, 200.0]), 0.0).tolist() == [0.0] * 3


@given(
    azimuth=st.floats(0, 360), to=st.floats(-360, 720), up=st.floats(-90, 90), turn=st.floats(-1, 1)
)
def test_only_the_difference_of_azimuths_counts(azimuth, to, up, turn):
    found = attenuation_db(Pattern(azimuth), to, up)
    assert 0.0 <= found <= 30.0
    assert attenuation_db(Pattern(azimuth + turn), to + turn, up) == pytest.approx(found, abs=1e-6)
    assert attenuation_db(Pattern(azimuth), to + 360.0, up) == pytest.approx(found, abs=1e-6)
    mirrored = attenuation_db(Pattern(azimuth), 2 * azimuth - to, up)
    assert mirrored == pytest.approx(found, abs=1e-6)
