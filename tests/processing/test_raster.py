import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processing.raster import Raster, sample

PLACE = (10.0, 0.0, 1000.0, 0.0, -10.0, 5000.0)


def plane(rows: int = 8, columns: int = 6) -> Raster:
    row, column = np.indices((rows, columns))
    x, y = 1000 + 10 * (column + 0.5), 5000 - 10 * (row + 0.5)
    return Raster((2 * x - 3 * y).astype(np.float32), PLACE, "EPSG:32636")


@given(st.floats(1005, 1055), st.floats(4925, 4995))
def test_a_plane_is_read_exactly_between_the_centres(x: float, y: float) -> None:
    assert sample(plane(), np.array([x]), np.array([y]))[0] == pytest.approx(
        2 * x - 3 * y, abs=0.01
    )


def test_edges_count_and_outside_is_nothing() -> None:
    x = np.array([1000.0, 1060.0, 999.9, 1030.0, 1030.0, np.nan])
    y = np.array([5000.0, 4920.0, 4950.0, 5000.1, 4919.9, 4950.0])
    found = sample(plane(), x, y)
    assert np.isfinite(found).tolist() == [True, True, False, False, False, False]
    assert found[0] == plane().values[0, 0]


def test_a_void_makes_its_surroundings_unknown_never_zero() -> None:
    for nodata in (np.nan, -9999.0):
        values = plane().values.copy()
        values[3, 2] = nodata
        made = Raster(values, PLACE, "EPSG:32636", nodata)
        found = sample(made, np.array([1024.0, 1051.0]), np.array([4966.0, 4966.0]))
        assert np.isnan(found[0])
        assert np.isfinite(found[1])


def test_one_cell_is_a_raster_too() -> None:
    one = Raster(np.full((1, 1), 7, np.float32), PLACE, "EPSG:32636")
    assert sample(one, np.array([1003.0]), np.array([4999.0])) == 7
