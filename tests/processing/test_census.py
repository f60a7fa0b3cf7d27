import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from processing.census import largest_remainder, of_age, place_people
from processing.errors import BadGeometry, MissingColumn
from processing.network import NONE
from tests.fix_streets import METRIC, place, points

UNITS = gpd.GeoDataFrame(
    {"population": [100, 0, 50], "age_7_17": [20, 0, 5]},
    geometry=[shapely.box(*place([(x, 0)])[0], *place([(x + 100, 100)])[0]) for x in (0, 100, 200)],
    index=[1, 2, 3],
    crs=METRIC,
)
DOORS = points((50, 50), (60, 50), (150, 50), (250, 50), (900, 50))
RESIDENTS = np.array([60.0, 40.0, 5.0, np.nan, 8.0])


def test_the_share_of_the_unit_is_applied_to_its_homes():
    found = of_age(DOORS, RESIDENTS, UNITS, "age_7_17")
    assert found[:2].tolist() == [12, 8]
    # No population, residents not known, outside of all units: not known, not nought.
    assert np.isnan(found[2:]).all()


def test_people_are_conserved_where_the_homes_hold_the_population():
    assert np.nansum(of_age(DOORS, RESIDENTS, UNITS, "age_7_17")) == 20


def test_on_a_border_the_lowest_id_counts_whatever_the_order():
    door, people = points((100, 50)), np.array([10.0])
    for units in (UNITS, UNITS.iloc[::-1]):
        assert of_age(door, people, units.drop(index=2), "age_7_17").tolist() == [2]
    border = points((200, 50))
    assert np.isnan(of_age(border, people, UNITS, "age_7_17")[0])


def test_what_is_no_census_is_named():
    with pytest.raises(MissingColumn, match="age_0_6"):
        of_age(DOORS, RESIDENTS, UNITS, "age_0_6")
    lines = UNITS.set_geometry(UNITS.geometry.boundary)
    with pytest.raises(BadGeometry, match="census_units"):
        of_age(DOORS, RESIDENTS, lines, "age_7_17")


@st.composite
def quarters(draw):
    units = draw(st.integers(1, 4))
    people = draw(st.lists(st.integers(0, 500), min_size=units, max_size=units))
    # No floor is smaller than a hand; numbers near the smallest there are vanish in another unit.
    floor_m2 = st.just(0.0) | st.floats(0.01, 9000)
    homes = draw(st.lists(st.tuples(st.integers(-1, units - 1), floor_m2), max_size=20))
    unit = np.array([home[0] for home in homes], dtype=np.int64)
    return np.array(people, float), unit, np.array([home[1] for home in homes], float)


@given(quarters(), st.sampled_from([1e-6, 10.7639, 1e4]), st.randoms(use_true_random=False))
def test_placed_and_unplaced_are_the_population_in_any_unit_and_order(made, scale, random):
    population, unit, floor = made
    found = place_people(population, unit, floor)
    placed = np.nan_to_num(found.residents)
    assert placed.sum() + found.unplaced.sum() == population.sum()
    assert (placed == np.floor(placed)).all()
    for number, people in enumerate(population):
        assert placed[unit == number].sum() + found.unplaced[number] == people
        assert (found.unplaced[number] == 0) or not floor[unit == number].any()
    scaled = place_people(population, unit, floor * scale)
    np.testing.assert_array_equal(scaled.unplaced, found.unplaced)
    np.testing.assert_allclose(scaled.residents, found.residents, atol=1)
    units = list(range(len(population)))
    random.shuffle(units)
    moved = place_people(population[units], np.array([-1, *np.argsort(units)])[unit + 1], floor)
    np.testing.assert_array_equal(moved.residents, found.residents)


def test_people_go_by_largest_remainder_and_the_first_of_equals_wins():
    found = place_people(np.array([10.0]), np.zeros(3, int), np.array([100.0, 100.0, 100.0]))
    assert found.residents.tolist() == [4, 3, 3]
    # Quotas 1.4, 2.1, 3.5.
    shares = largest_remainder(7, np.array([20.0, 30.0, 50.0]))
    assert shares.tolist() == [1, 2, 4]
    assert largest_remainder(7, np.array([20.0, 30.0, 50.0]) * 10.7639).tolist() == [1, 2, 4]


def test_who_has_no_home_stays_unplaced_and_what_is_not_known_is_not_nought():
    population = np.array([7.0, 9.0, np.nan])
    found = place_people(population, np.array([0, 1, 2, NONE]), np.array([50.0, 0, 60, 70]))
    assert found.residents.tolist()[:2] == [7, 0]
    assert np.isnan(found.residents[2:]).all()
    assert found.unplaced.tolist()[:2] == [0, 9]
    assert np.isnan(found.unplaced[2])
