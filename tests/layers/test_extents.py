"""Boxes kept in whole parts of a degree hold the shapes that they are of."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.extents import PER_DEGREE, Extents

LON, LAT = st.floats(-180, 180), st.floats(-90, 90)


@settings(deadline=None)
@given(corners=st.lists(st.tuples(LON, LAT, LON, LAT), min_size=1, max_size=20))
def test_no_box_is_smaller_than_its_shape(corners: list[tuple[float, ...]]) -> None:
    given_ = np.array(corners)
    bounds = np.hstack([
        np.minimum(given_[:, :2], given_[:, 2:]), np.maximum(given_[:, :2], given_[:, 2:])
    ])  # fmt: skip
    ids = np.arange(len(bounds))
    parts = [Extents.of(ids[:3], bounds[:3]), Extents.of(ids[3:], bounds[3:])]
    found = Extents.joined(parts)
    assert found.ids.tolist() == ids.tolist()
    assert (found.bounds[:, :2] <= bounds[:, :2] * PER_DEGREE).all()
    assert (found.bounds[:, 2:] >= bounds[:, 2:] * PER_DEGREE).all()
    assert (np.abs(found.bounds - bounds * PER_DEGREE) <= 1).all()


def test_rows_without_a_shape_have_none() -> None:
    bounds = np.array([[1.0, 2, 3, 4], [np.nan] * 4])
    assert Extents.of(np.array([7, 8]), bounds).ids.tolist() == [7]
    assert len(Extents.joined([]).ids) == 0
