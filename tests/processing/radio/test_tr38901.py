import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processing.radio import tr38901
from processing.radio.loss import Reason

# ns-3, test suite of the 3GPP propagation models, 5 GHz: what the formulas of TR 38.901 table
# 7.4.1-1 give. Scenario, line of sight, distance on the ground (m), height of the station (m), dB.
PUBLISHED = [
    ("rma", True, 10, 35, 77.3784),
    ("rma", True, 100, 35, 87.2965),
    ("rma", True, 1000, 35, 108.5577),
    ("rma", True, 10000, 35, 140.3896),
    ("rma", False, 10, 35, 77.3784),
    ("rma", False, 100, 35, 95.7718),
    ("rma", False, 1000, 35, 133.5223),
    ("rma", False, 5000, 35, 160.5169),
    ("uma", True, 10, 25, 72.9380),
    ("uma", True, 100, 25, 86.2362),
    ("uma", True, 1000, 25, 109.7252),
    ("uma", True, 5000, 25, 137.6794),
    ("uma", False, 10, 25, 82.5131),
    ("uma", False, 100, 25, 106.1356),
    ("uma", False, 1000, 25, 144.7641),
    ("uma", False, 5000, 25, 172.0753),
    ("umi", True, 10, 10, 69.8591),
    ("umi", True, 100, 10, 88.4122),
]
HEIGHT_M = {"rma": 35.0, "uma": 25.0, "umi": 10.0}


@pytest.mark.parametrize(("scenario", "sees", "metres", "base_m", "published_db"), PUBLISHED)
def test_a_published_loss(scenario, sees, metres, base_m, published_db):
    ray = tr38901.ray(5.0, metres, base_m=base_m, terminal_m=1.5)
    found = tr38901.loss(scenario, ray, line_of_sight=sees)
    assert float(found.loss_db) == pytest.approx(published_db, abs=5e-5)


@given(
    scenario=st.sampled_from(["rma", "uma", "umi"]),
    near=st.floats(10.0, 4_900.0),
    step=st.floats(1.0, 100.0),
    f_ghz=st.floats(0.5, 30.0),
)
def test_in_line_of_sight_the_loss_grows_with_distance(scenario, near, step, f_ghz):
    metres = np.array([near, near + step])
    ray = tr38901.ray(f_ghz, metres, base_m=HEIGHT_M[scenario], terminal_m=1.5)
    first, second = tr38901.loss(scenario, ray, line_of_sight=True).loss_db
    # At the breakpoint the rural formula is continuous, the urban ones step by hundredths of a dB.
    assert second >= first - 0.05


@given(
    scenario=st.sampled_from(["rma", "uma", "umi"]),
    metres=st.floats(10.0, 5_000.0),
    f_ghz=st.floats(0.5, 30.0),
)
def test_out_of_sight_is_never_better(scenario, metres, f_ghz):
    ray = tr38901.ray(f_ghz, metres, base_m=HEIGHT_M[scenario], terminal_m=1.5)
    clear = tr38901.loss(scenario, ray, line_of_sight=True).loss_db
    hidden = tr38901.loss(scenario, ray, line_of_sight=False).loss_db
    assert hidden >= clear


@pytest.mark.parametrize(
    ("scenario", "f_ghz", "metres", "base_m", "terminal_m", "reason"),
    [
        ("uma", 0.4, 100, 25, 1.5, Reason.FREQUENCY),
        ("rma", 31.0, 100, 35, 1.5, Reason.FREQUENCY),
        ("uma", 2.0, 9, 25, 1.5, Reason.DISTANCE),
        ("uma", 2.0, 5001, 25, 1.5, Reason.DISTANCE),
        ("rma", 2.0, 5001, 35, 1.5, Reason.DISTANCE),
        ("uma", 2.0, 100, 33, 1.5, Reason.BASE_HEIGHT),
        ("umi", 2.0, 100, 25, 1.5, Reason.BASE_HEIGHT),
        ("rma", 2.0, 100, 151, 1.5, Reason.BASE_HEIGHT),
        ("uma", 2.0, 100, 25, 1.4, Reason.TERMINAL_HEIGHT),
        ("uma", math.nan, 100, 25, 1.5, Reason.FREQUENCY),
        ("uma", 2.0, math.nan, 25, 1.5, Reason.DISTANCE),
    ],
)
def test_outside_its_range_there_is_a_reason(scenario, f_ghz, metres, base_m, terminal_m, reason):
    ray = tr38901.ray(f_ghz, metres, base_m=base_m, terminal_m=terminal_m)
    found = tr38901.loss(scenario, ray, line_of_sight=False)
    assert found.reason == reason
    assert math.isnan(found.loss_db)


def test_a_rural_cell_needs_rural_surroundings():
    ray = tr38901.ray(2.0, 100.0, base_m=35.0, terminal_m=1.5)
    wide = tr38901.Rural(street_m=60.0)
    assert tr38901.loss("rma", ray, line_of_sight=True, rural=wide).reason == Reason.SURROUNDINGS
    assert tr38901.loss("rma", ray, line_of_sight=True).reason == Reason.COMPUTED
