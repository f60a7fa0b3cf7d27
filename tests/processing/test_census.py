import geopandas as gpd
import numpy as np
import pytest
import shapely

from processing.census import of_age
from processing.errors import BadGeometry, MissingColumn
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
