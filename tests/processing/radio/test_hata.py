import math

import numpy as np
import pytest

from processing.radio import hata
from processing.radio.loss import Reason

AT = {"base_m": 30.0, "terminal_m": 1.0}

# ns-3, test suite of the Okumura-Hata model: 869 MHz, 2 km, printed to two decimals.
PUBLISHED = [("urban_large", 137.93), ("urban_small", 137.88), ("suburban", 128.03)]


@pytest.mark.parametrize(("environment", "published_db"), PUBLISHED)
def test_a_published_loss(environment, published_db):
    found = hata.loss(869.0, 2.0, environment=environment, **AT)
    assert round(float(found.loss_db), 2) == published_db


def test_open_land_has_the_constant_of_hata():
    """ns-3 lists 109.66, which contradicts the formula: it takes 40.80 for Hata's 40.94."""
    found = float(hata.loss(869.0, 2.0, environment="open", **AT).loss_db)
    assert round(found, 2) == 109.52
    assert round(found + 40.94 - 40.80, 2) == 109.66


def test_the_loss_grows_with_distance():
    km = np.linspace(1.0, 20.0, 50)
    found = hata.loss(900.0, km, environment="urban_small", **AT).loss_db
    assert (np.diff(found) > 0).all()


@pytest.mark.parametrize(
    ("f_mhz", "km", "base_m", "terminal_m", "reason"),
    [
        (149.0, 2.0, 30.0, 1.5, Reason.FREQUENCY),
        (1501.0, 2.0, 30.0, 1.5, Reason.FREQUENCY),
        (900.0, 0.99, 30.0, 1.5, Reason.DISTANCE),
        (900.0, 20.1, 30.0, 1.5, Reason.DISTANCE),
        (900.0, 0.0, 30.0, 1.5, Reason.DISTANCE),
        (900.0, 2.0, 29.0, 1.5, Reason.BASE_HEIGHT),
        (900.0, 2.0, -1.0, 1.5, Reason.BASE_HEIGHT),
        (900.0, 2.0, 30.0, 0.5, Reason.TERMINAL_HEIGHT),
        (math.nan, 2.0, 30.0, 1.5, Reason.FREQUENCY),
    ],
)
def test_outside_its_range_there_is_a_reason(f_mhz, km, base_m, terminal_m, reason):
    found = hata.loss(f_mhz, km, base_m=base_m, terminal_m=terminal_m, environment="open")
    assert found.reason == reason
    assert math.isnan(found.loss_db)
