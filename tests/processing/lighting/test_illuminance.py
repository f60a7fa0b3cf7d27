"""Illuminance against formulas, energy, symmetry and the laws that hold; one that does not."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.seed import luminaires
from processing.errors import BadParameter
from processing.lighting.classes import statistics
from processing.lighting.illuminance import Lamps, illuminance, remainder_share
from processing.lighting.luminaire import demonstrations, from_planes, mirrored
from tests.fix_lights import isotropic, lamps

LIBRARY = list(demonstrations(luminaires()).values())
STREET, PARK = LIBRARY[0], LIBRARY[1]

COORDINATE = st.floats(-60, 60).map(lambda v: round(v, 2))
SPOTS = st.lists(st.tuples(COORDINATE, COORDINATE), min_size=1, max_size=12)
LAMPS = st.lists(
    st.tuples(
        COORDINATE, COORDINATE, st.floats(3, 12), st.floats(0, 360), st.floats(-20, 20),
        st.integers(0, 3),
    ),
    min_size=1, max_size=6,
)  # fmt: skip


def row(lights) -> Lamps:
    x, y, height, bearing, tilt, kind = (
        np.array(c, dtype=float) for c in zip(*lights, strict=True)
    )
    return Lamps(x, y, height, bearing, tilt, np.ones(len(x)), kind.astype(np.int64))


def at(points, lights, library=LIBRARY, **given_):
    return illuminance(np.array(points, dtype=float), lights, library, **given_)


# --- formulas ------------------------------------------------------------------------------------


def test_an_isotropic_source_follows_cos_cubed_over_h_squared():
    reach = np.array([0.0, 3.0, 8.0, 20.0, 95.9])
    height = 8.0
    points = np.stack([reach, np.zeros(5)], axis=1)
    cos = height / np.sqrt(reach**2 + height**2)
    found = at(points, lamps((0, 0, height), factor=0.8), [isotropic(1000.0)])
    assert found == pytest.approx(1000.0 * cos**3 / height**2 * 0.8, rel=1e-12)


@pytest.mark.parametrize("tilt_deg", [0.0, 15.0, -30.0, 70.0])
def test_tilt_and_bearing_leave_an_isotropic_source_as_it_is(tilt_deg):
    points = [(4, 7), (-3, 1)]
    turned = lamps((0, 0, 8), tilt_deg=tilt_deg, bearing_deg=123.0)
    assert at(points, turned, [isotropic()]) == pytest.approx(
        at(points, lamps((0, 0, 8)), [isotropic()]), rel=1e-12
    )


def test_a_tilted_cosine_source_follows_the_angle_to_its_axis():
    """I = cos(gamma): the intensity is the direction's part along the lamp's axis."""
    gamma = np.arange(0.0, 90.25, 0.25)
    cosine = from_planes(np.array([0.0]), gamma, 1000.0 * np.cos(np.radians(gamma))[None, :])
    height, tilt = 6.0, np.radians(25.0)
    points = np.array([(0.0, 5.0), (3.0, -2.0), (-7.0, 4.0)])
    found = at(points, lamps((0, 0, height), tilt_deg=25.0), [cosine])
    axis = np.array([0.0, np.sin(tilt), -np.cos(tilt)])  # bearing 0: the lifted side looks north
    way = np.column_stack([points, np.full(3, -height)])
    far = np.linalg.norm(way, axis=1)
    wanted = 1000.0 * (way @ axis) / far * height / far**3
    assert found == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("k", range(4))
def test_the_light_on_a_large_plane_is_the_flux_that_goes_down(k):
    made, height, cell = LIBRARY[k], 8.0, 1.0
    side = np.arange(-250.0, 250.0, cell) + cell / 2
    points = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    lux = at(points, lamps((0, 0, height)), [made], cutoff_heights=30)
    down = from_planes(
        made.c_deg, made.gamma_deg[:37], np.ascontiguousarray(made.intensity_cd[:, :37])
    )
    assert down.gamma_deg[-1] == 90
    landed = lux.sum() * cell**2 + remainder_share(made, cutoff_heights=30) * down.flux_lm
    assert landed == pytest.approx(down.flux_lm, rel=2e-3)


def test_the_remainder_is_what_the_cut_off_leaves_out():
    side = np.arange(-400.0, 400.0, 2.0) + 1.0
    points = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    for tilt_deg in (0.0, 10.0):
        one = lamps((0, 0, 8), tilt_deg=tilt_deg)
        near, far = (at(points, one, [PARK], cutoff_heights=c).sum() for c in (5, 50))
        share, rest = (remainder_share(PARK, tilt_deg=tilt_deg, cutoff_heights=c) for c in (5, 50))
        assert 1 - near / far * (1 - rest) == pytest.approx(share, abs=1e-3)
    assert remainder_share(isotropic(), cutoff_heights=5) == pytest.approx(
        1 / np.sqrt(26), abs=5e-3
    )


# --- a wrong map that the flux does not see ------------------------------------------------------


def test_a_street_lamp_lights_the_side_it_looks_at():
    north, south = (15.0, 8.0), (15.0, -8.0)
    for bearing, front, back in ((0.0, north, south), (180.0, south, north)):
        lit, dark = at([front, back], lamps((0, 0, 8), bearing_deg=bearing), [STREET])
        assert lit > 1.5 * dark


def test_a_turned_lamp_darkens_the_road_although_its_flux_is_the_same():
    road = np.stack(np.meshgrid(np.arange(-30, 31.0, 2), np.arange(2, 9.0)), -1).reshape(-1, 2)
    right = at(road, lamps((0, 0, 8), bearing_deg=0.0), [STREET]).mean()
    turned = at(road, lamps((0, 0, 8), bearing_deg=90.0), [STREET]).mean()
    assert turned < 0.75 * right


def test_c_runs_counterclockwise_seen_from_above():
    """LM-63-2002: looking north (C = 0), C = 90 is the west."""
    c = np.array([0.0, 90.0, 180.0, 270.0, 360.0])
    cd = np.array([[0.0, 0.0], [100.0, 100.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    west = from_planes(c, np.array([0.0, 90.0]), cd)
    lit, dark = at([(-5, 0), (5, 0)], lamps((0, 0, 8)), [west])
    assert lit > 0
    assert dark == 0
    swapped = at([(5, 0), (-5, 0)], lamps((0, 0, 8)), [mirrored(west)])
    assert swapped.tolist() == [lit, dark]


# --- laws ----------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(LAMPS, LAMPS, SPOTS)
def test_one_more_lamp_never_lowers_the_illuminance(lights, more, points):
    assert (at(points, row(lights + more)) >= at(points, row(lights)) - 1e-12).all()


def test_one_more_lamp_may_lower_the_uniformity():
    """The counterexample: U0 = minimum / mean falls when a lamp lights one end only."""
    points = [(x, 0.0) for x in range(-20, 21, 2)]
    section = np.zeros(len(points), dtype=np.int64)

    def found(lights):
        return statistics(at(points, lights, [isotropic()]), section, 1)

    one, two = lamps((0, 5, 8)), lamps((0, 5, 8), (20, 5, 4))
    before, after = found(one), found(two)
    assert after.mean_lx > before.mean_lx
    assert after.u0 < before.u0


@settings(max_examples=40, deadline=None)
@given(LAMPS, SPOTS, st.floats(0, 360), st.floats(-500, 500), st.floats(-500, 500))
def test_turning_and_shifting_the_whole_scene_changes_nothing(lights, points, turn, east, north):
    given_ = row(lights)
    r = np.radians(turn)
    turned = np.array([[np.cos(r), -np.sin(r)], [np.sin(r), np.cos(r)]])
    xy = np.stack([given_.x, given_.y], axis=1) @ turned.T + (east, north)
    moved = replace(given_, x=xy[:, 0], y=xy[:, 1], bearing_deg=given_.bearing_deg - turn)
    spots = np.array(points) @ turned.T + (east, north)
    # A point at the very radius may fall to either side of it.
    wide = {"cutoff_heights": 80.0}
    assert at(spots, moved, **wide) == pytest.approx(at(points, given_, **wide), rel=1e-6, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(LAMPS, SPOTS, st.floats(0.1, 10))
def test_lengths_times_k_divide_the_illuminance_by_k_squared(lights, points, k):
    given_ = row(lights)
    scaled = replace(given_, x=given_.x * k, y=given_.y * k, height_m=given_.height_m * k)
    wide = {"cutoff_heights": 80.0}
    near = at(points, given_, **wide)
    assert at(np.array(points) * k, scaled, **wide) * k**2 == pytest.approx(
        near, rel=1e-6, abs=1e-9
    )


@settings(max_examples=40, deadline=None)
@given(LAMPS, SPOTS, st.randoms(use_true_random=False))
def test_the_order_of_points_changes_no_bit_and_that_of_lamps_only_the_last(lights, points, chance):
    found = at(points, row(lights))
    order = list(range(len(points)))
    chance.shuffle(order)
    assert (at([points[i] for i in order], row(lights)) == found[order]).all()
    shuffled = list(lights)
    chance.shuffle(shuffled)
    assert at(points, row(shuffled)) == pytest.approx(found, rel=1e-12)


# --- tiles ---------------------------------------------------------------------------------------


def scene(count=200):
    chance = np.random.default_rng(7)
    x, y = chance.uniform(0, 900, count), chance.uniform(0, 300, count)
    lights = lamps(*zip(x, y, chance.uniform(4, 10, count), strict=True), factor=0.8)
    lights = replace(lights, luminaire=chance.integers(0, 4, count))
    return lights, np.stack([chance.uniform(0, 900, 4000), chance.uniform(0, 300, 4000)], axis=1)


def tiled(lights, points, halo_m):
    lux = np.zeros(len(points))
    for left in np.arange(0.0, 900.0, 130.0):
        mine = (points[:, 0] >= left) & (points[:, 0] < left + 130.0)
        near = (lights.x >= left - halo_m) & (lights.x <= left + 130.0 + halo_m)
        here = replace(lights, **{n: getattr(lights, n)[near] for n in lights.__slots__})
        lux[mine] = at(points[mine], here, cutoff_heights=5)
    return lux


def test_tiles_with_a_halo_of_the_cut_off_give_the_same_bits():
    lights, points = scene()
    whole = at(points, lights, cutoff_heights=5)
    assert (tiled(lights, points, lights.height_m.max() * 5) == whole).all()


def test_a_halo_one_metre_too_small_is_caught():
    lights = lamps((179.5, 150, 10), luminaire=1)
    points = np.array([[129.9, 150.0]])
    assert (tiled(lights, points, 50) == at(points, lights, cutoff_heights=5)).all()
    assert (tiled(lights, points, 49) != at(points, lights, cutoff_heights=5)).all()


# --- edges ---------------------------------------------------------------------------------------


def test_the_radius_itself_counts_and_nothing_beyond():
    found = at([(40, 0), (40.001, 0)], lamps((0, 0, 8)), [isotropic()], cutoff_heights=5)
    assert found[0] > 0
    assert found[1] == 0


def test_no_lamps_and_no_points():
    none = row([(0, 0, 5, 0, 0, 0)])
    none = replace(none, **{n: getattr(none, n)[:0] for n in none.__slots__})
    assert at([(1, 1)], none).tolist() == [0.0]
    assert len(illuminance(np.zeros((0, 2)), lamps((0, 0, 8)), LIBRARY)) == 0


def test_points_far_from_each_other_make_no_giant_table():
    assert at([(0, 0), (1e7, 1e7)], lamps((0, 0, 8)), [isotropic()])[0] > 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"height_m": 0.0}, "height_m"),
        ({"height_m": np.nan}, "height_m"),
        ({"factor": -1.0}, "maintenance factor"),
        ({"tilt_deg": np.nan}, "tilt_deg"),
        ({"x": np.inf}, "x of a lamp"),
    ],
)
def test_a_lamp_that_cannot_be_is_refused(change, said):
    ((name, value),) = change.items()
    with pytest.raises(BadParameter, match=said):
        at([(1, 1)], replace(lamps((0, 0, 8)), **{name: np.array([value])}))
    with pytest.raises(BadParameter, match="cutoff_heights"):
        at([(1, 1)], lamps((0, 0, 8)), cutoff_heights=float("nan"))
