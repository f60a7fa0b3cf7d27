import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from processing.checks import require_amounts, require_known
from processing.errors import BadValue


def frame(**columns):
    count = len(next(iter(columns.values())))
    shapes = [shapely.Point(0, 0)] * count
    return gpd.GeoDataFrame(columns, geometry=shapes, index=range(11, 11 + count), crs=4326)


def test_an_amount_is_0_or_more_or_not_known():
    given = frame(residents=[0.0, np.nan, 5.0], dwellings=pd.array([1, None, 2], dtype="Int64"))
    require_amounts(given, ("residents", "dwellings", "not_there"), name="buildings")
    for wrong in (-1.0, -np.inf, np.inf):
        bad = given.assign(residents=[0.0, wrong, wrong])
        said = "^buildings: residents of ids 12, 13 is negative or infinite; correct it, or leave"
        with pytest.raises(BadValue, match=said):
            require_amounts(bad, ("residents",), name="buildings")
    bad = given.assign(dwellings=pd.array([1, None, -2], dtype="Int64"))
    with pytest.raises(BadValue, match="dwellings of ids 13 is"):
        require_amounts(bad, ("residents", "dwellings"), name="buildings")


def test_what_must_be_known_is_named():
    given = frame(unit_id=pd.array(["a", None, "b"], dtype="string"))
    require_known(given.iloc[[0, 2]], ("unit_id",), name="census_units")
    with pytest.raises(BadValue, match=r"^census_units: unit_id of ids 12 is not known; load it"):
        require_known(given, ("unit_id",), name="census_units")
