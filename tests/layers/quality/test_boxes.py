"""Boxes that meet, against every pair compared with every other."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer
from shapely import affinity, box

from layers.extents import Extents
from layers.quality.boxes import Boxes, Meeting, placed

NEAR = st.integers(0, 60)  # whole numbers, so that edges and whole boxes coincide
SIDE = st.one_of(st.integers(0, 8), st.integers(0, 60), st.sampled_from([0.25, 400.0]))
SOME = st.lists(st.tuples(NEAR, NEAR, SIDE, SIDE), min_size=1, max_size=200)


def boxes(given_: list[tuple[float, float, float, float]]) -> Boxes:
    read = np.array(given_, dtype=np.float64)
    bounds = np.hstack([read[:, :2], read[:, :2] + read[:, 2:]])
    return Boxes(np.random.default_rng(len(bounds)).permutation(len(bounds)) + 1000, bounds)


def from_the_west(all_of_them: Boxes, size: int) -> Iterator[Boxes]:
    order = np.argsort(all_of_them.bounds[:, 0])
    for start in range(0, len(order), size):
        some = order[start : start + size]
        yield Boxes(all_of_them.ids[some], all_of_them.bounds[some])


def sharing(all_of_them: Boxes, area_m2: float) -> set[tuple[int, int]]:
    ids, b = all_of_them.ids, all_of_them.bounds
    sides = np.minimum(b[:, None, 2:], b[:, 2:]) - np.maximum(b[:, None, :2], b[:, :2])
    shared = (sides > 0).all(axis=2) & (sides.prod(axis=2) > area_m2)
    pairs = np.argwhere(np.triu(shared, 1))
    return {(min(ids[i], ids[j]), max(ids[i], ids[j])) for i, j in pairs.tolist()}


def repeated(all_of_them: Boxes) -> set[int]:
    _, which, count = np.unique(all_of_them.bounds, axis=0, return_inverse=True, return_counts=True)
    return set(all_of_them.ids[count[which.ravel()] > 1].tolist())


@given(given_=SOME, size=st.integers(1, 90), area_m2=st.sampled_from([0.0, 1.4, 20.4]))
def test_the_pairs_are_those_of_all_comparisons(
    given_: list[tuple[float, float, float, float]], size: int, area_m2: float
) -> None:
    all_of_them = boxes(given_)
    found = Meeting.of(from_the_west(all_of_them, size), area_m2)
    pairs = list(zip(found.first.tolist(), found.second.tolist(), strict=True))
    assert len(pairs) == len(set(pairs))
    # A few more, by rounding, would do no harm.
    assert set(pairs) == sharing(all_of_them, area_m2)
    assert set(found.repeated.tolist()) >= repeated(all_of_them)


def test_a_box_over_everything_meets_everything() -> None:
    small = [(10.0 * (n % 50), 10.0 * (n // 50), 4.0, 4.0) for n in range(2000)]
    all_of_them = boxes([(0.0, 0.0, 1e4, 1e4), *small])
    found = Meeting.of(from_the_west(all_of_them, 300), 0.0)
    assert len(found.first) == 2000
    assert len(found.repeated) == 0


def test_nothing_meets_nothing() -> None:
    found = Meeting.of([], 0.0)
    assert (len(found.first), len(found.second), len(found.repeated)) == (0, 0, 0)


PLACE = st.tuples(
    st.floats(30.2, 30.7), st.floats(54.3, 54.7),
    st.sampled_from([1e-4, 1e-3, 0.3]), st.sampled_from([1e-4, 1e-3, 0.3]), st.floats(0, 90),
)  # fmt: skip
TO_UTM = Transformer.from_crs(4326, 32636, always_xy=True)


def placed_in_utm(degrees: list[tuple[float, float, float, float, float]]) -> np.ndarray:
    """Turned boxes, given in degrees, whose corners are moved to metres as the rules do it."""
    shapes = [
        affinity.rotate(box(x, y, x + w, y + h), angle, origin=(x, y))
        for x, y, w, h, angle in degrees
    ]
    return np.array(shapes, dtype=object)


@settings(deadline=None)
@given(
    degrees=st.lists(PLACE, min_size=2, max_size=12),
    again=st.booleans(),
    limit_m2=st.sampled_from([0.0, 1.0, 50.0]),
)
def test_shapes_that_overlap_in_metres_meet_in_degrees(
    degrees: list[tuple[float, float, float, float, float]], again: bool, limit_m2: float
) -> None:
    shapes = placed_in_utm([*degrees, degrees[0]] if again else degrees)
    ids = np.arange(len(shapes)) + 100
    blocks = placed(Extents.of(ids, shapely.bounds(shapes)), 30.4)
    assert blocks is not None
    found = Meeting.of(blocks, limit_m2)
    pairs = set(zip(found.first.tolist(), found.second.tolist(), strict=True))
    moved = shapely.transform(shapes, lambda xy: np.column_stack(TO_UTM.transform(*xy.T)))
    for i, j in combinations(range(len(shapes)), 2):
        if moved[i].intersection(moved[j]).area > limit_m2 + 1e-6:
            assert (ids[i], ids[j]) in pairs
    if again:
        assert {ids[0], ids[-1]} <= set(found.repeated.tolist())


def test_extents_far_from_the_zone_or_near_the_pole_are_not_placed() -> None:
    there = Extents.of(np.array([1]), np.array([[30.4, 54.5, 30.5, 54.6]]))
    assert placed(there, 30.0) is not None
    assert placed(there, 20.0) is None
    north = Extents.of(np.array([1]), np.array([[30.4, 79.5, 30.5, 79.6]]))
    assert placed(north, 30.0) is None
    nothing = placed(Extents.of(np.array([1]), np.full((1, 4), np.nan)), 30.0)
    assert nothing is not None
    assert list(nothing) == []
