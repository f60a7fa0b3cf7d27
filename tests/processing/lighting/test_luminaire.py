"""The flux rule, the symmetric tables, the demonstration luminaires."""

import numpy as np
import pytest

from layers.seed import luminaires
from processing.errors import BadPhotometry
from processing.lighting.luminaire import demonstrations, from_planes, mirrored
from tests.fix_lights import isotropic


def test_an_isotropic_source_gives_four_pi():
    assert isotropic(100.0).flux_lm == pytest.approx(4 * np.pi * 100.0)


def test_the_demonstration_luminaires_give_the_flux_they_say():
    seeds = luminaires()
    assert set(seeds) == {"led_street_asym", "led_park_sym", "sodium_street_asym", "mercury_old"}
    for name, made in demonstrations(seeds).items():
        assert made.flux_lm == pytest.approx(seeds[name].flux_lm, rel=1e-12)
        assert made.power_w == seeds[name].power_w
        assert (made.intensity_cd >= 0).all()
        assert (made.intensity_cd == mirrored(made).intensity_cd).all()
        upward = made.intensity_cd[:, made.gamma_deg > 90].any()
        assert upward == (seeds[name].upward_share > 0)


def test_street_luminaires_send_more_light_to_the_street_than_to_the_houses():
    made = demonstrations(luminaires())
    for name in ("led_street_asym", "sodium_street_asym"):
        cd = made[name].intensity_cd
        c = made[name].c_deg
        front, back = cd[(c < 90) | (c > 270)].mean(), cd[(c > 90) & (c < 270)].mean()
        assert front > 1.3 * back


def test_a_mirror_keeps_the_flux_and_swaps_the_sides():
    c = np.array([0.0, 90.0, 180.0, 270.0, 360.0])
    cd = np.array([[1.0, 1.0], [5.0, 5.0], [1.0, 1.0], [2.0, 2.0], [1.0, 1.0]])
    given = from_planes(c, np.array([0.0, 90.0]), cd)
    seen = mirrored(given)
    assert seen.flux_lm == pytest.approx(given.flux_lm)
    assert seen.intensity_cd[:, 0].tolist() == [1, 2, 1, 5, 1]


def test_a_range_of_angles_that_is_no_symmetry_is_refused():
    with pytest.raises(BadPhotometry, match="0 to 270"):
        from_planes(np.array([0.0, 270.0]), np.array([0.0, 90.0]), np.ones((2, 2)))
