import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processing.radio import p1411_roofs
from processing.radio.loss import Reason
from processing.radio.p1411 import Street
from processing.radio.p1411_roofs import Roofs

AT = {"base_m": 30.0, "terminal_m": 1.0}


@pytest.mark.parametrize(
    ("f_ghz", "metres", "angle_deg", "published_db"),
    [(2.114, 900.0, 45.0, 143.68), (1.865, 500.0, 45.0, 132.84), (2.114, 900.0, 80.0, 141.59)],
)
def test_a_published_loss(f_ghz, metres, angle_deg, published_db):
    """ns-3, test suite of P.1411 over roof-tops: roofs of 20 m.

    It names neither street, nor spacing, nor the built-up length: with 20, 50 and 80 m all three
    come out within 0.03 dB.
    """
    roofs = Roofs(height_m=20.0, spacing_m=50.0, covered_m=80.0)
    street = Street(width_m=20.0, angle_deg=angle_deg)
    found = p1411_roofs.loss(f_ghz, metres, roofs=roofs, street=street, **AT)
    assert float(found.loss_db) == pytest.approx(published_db, abs=0.03)


def test_the_orientation_of_the_street():
    """The three branches of Lori meet at 35 and 55 degrees, by hand."""
    angles = (0.0, 20.0, 35.0, 45.0, 55.0, 90.0)
    by_hand = (-10.0, -2.92, 2.5, 3.25, 4.0, 0.01)
    assert [p1411_roofs.orientation_db(a) for a in angles] == pytest.approx(by_hand)


@given(
    metres=st.floats(20.0, 5_000.0),
    f_ghz=st.floats(0.8, 26.0),
    base_m=st.floats(4.0, 55.0),
    roof_m=st.floats(4.0, 40.0),
    angle_deg=st.floats(0.0, 90.0),
)
def test_it_is_computable_all_over_its_range(metres, f_ghz, base_m, roof_m, angle_deg):
    found = p1411_roofs.loss(
        f_ghz,
        metres,
        base_m=base_m,
        terminal_m=1.5,
        roofs=Roofs(height_m=roof_m),
        street=Street(angle_deg=angle_deg),
    )
    free_db = 32.4 + 20.0 * math.log10(metres / 1e3) + 20.0 * math.log10(f_ghz * 1e3)
    assert found.reason == Reason.COMPUTED
    assert float(found.loss_db) >= free_db - 1e-9


@pytest.mark.parametrize("base_m", [20.0, 20.0 + 1e-9, 20.0 - 1e-9])
def test_a_station_level_with_the_roofs_is_no_trap(base_m):
    found = p1411_roofs.loss(
        1.8, np.array([50.0, 500.0]), base_m=base_m, terminal_m=1.5, roofs=Roofs(), street=Street()
    )
    assert np.isfinite(found.loss_db).all()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"f_ghz": 0.7}, Reason.FREQUENCY),
        ({"f_ghz": 1.0, "base_m": 10.0, "width_m": 9.0}, Reason.FREQUENCY),
        ({"base_m": 56.0}, Reason.BASE_HEIGHT),
        ({"base_m": math.nan}, Reason.BASE_HEIGHT),
        ({"terminal_m": 3.1}, Reason.TERMINAL_HEIGHT),
        ({"roof_m": 1.0}, Reason.SURROUNDINGS),
        ({"width_m": 0.0}, Reason.SURROUNDINGS),
        ({"metres": 19.0}, Reason.DISTANCE),
        ({"metres": 5001.0}, Reason.DISTANCE),
    ],
)
def test_outside_its_range_there_is_a_reason(change, reason):
    at = {
        "f_ghz": 1.8, "metres": 300.0, "base_m": 30.0, "terminal_m": 1.5, "roof_m": 20.0,
        "width_m": 20.0,
    } | change  # fmt: skip
    found = p1411_roofs.loss(
        at["f_ghz"],
        at["metres"],
        base_m=at["base_m"],
        terminal_m=at["terminal_m"],
        roofs=Roofs(height_m=at["roof_m"]),
        street=Street(width_m=at["width_m"]),
    )
    assert found.reason == reason
    assert math.isnan(found.loss_db)
