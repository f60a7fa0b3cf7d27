import math

import pytest

from processing.radio.entry_loss import entry_loss_db


def test_the_medians_by_hand():
    """Equation (1) of P.2109-2 at 1 GHz, where all logarithms of the frequency are zero."""
    by_hand = 10 * math.log10(10**1.264 + 10**0.91 + 10**-0.3)
    assert entry_loss_db(1.0, "traditional") == pytest.approx(by_hand)
    by_hand = 10 * math.log10(10**2.819 + 10**2.78 + 10**-0.3)
    assert entry_loss_db(1.0, "thermally_efficient") == pytest.approx(by_hand)


def test_more_cases_bear_more_loss_and_a_steep_ray_loses_more():
    few, most = (entry_loss_db(2.0, "traditional", case_percent=p) for p in (10.0, 90.0))
    assert few < entry_loss_db(2.0, "traditional") < most
    assert entry_loss_db(2.0, "traditional", elevation_deg=30.0) > entry_loss_db(2.0, "traditional")
