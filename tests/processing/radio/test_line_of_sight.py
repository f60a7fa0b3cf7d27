from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from processing.errors import BadParameter
from processing.radio import line_of_sight
from processing.radio.line_of_sight import HIDDEN, UNKNOWN, VISIBLE


def plainly(top_m, cell_m, mast, point):
    """The same question asked of every cell that the ray crosses, borders sorted by their place."""
    low, high = (point, mast) if point[2] <= mast[2] else (mast, point)
    rows, columns = top_m.shape
    start = (low[0] / cell_m, rows - low[1] / cell_m)
    end = (high[0] / cell_m, rows - high[1] / cell_m)
    cuts = [0.0, 1.0]
    for a, b in zip(start, end, strict=True):
        if a != b:
            borders = np.arange(np.ceil(min(a, b)), np.floor(max(a, b)) + 1)
            cuts += ((borders - a) / (b - a)).tolist()
    cuts = np.unique(np.clip(cuts, 0.0, 1.0))
    ends = {tuple(int(np.floor(v)) for v in place) for place in (start, end)}
    for t0, t1 in pairwise(cuts):
        middle = (t0 + t1) / 2
        x, y = (int(np.floor(a + middle * (b - a))) for a, b in zip(start, end, strict=True))
        if (x, y) in ends or not (0 <= x < columns and 0 <= y < rows):
            continue
        if top_m[y, x] > low[2] + t0 * (high[2] - low[2]):
            return HIDDEN
    return VISIBLE


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    size=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    share=st.floats(0.0, 0.3),
)
def test_every_cell_on_the_way_is_asked(seed, size, share):
    chance = np.random.default_rng(seed)
    top = np.where(chance.random(size) < share, chance.uniform(2, 40, size), 0.0).astype(np.float32)
    rows, columns = size
    surface = line_of_sight.surface(top, (0.0, 2.0 * rows), 2.0)
    mast = (chance.uniform(-30, 2 * columns + 30), chance.uniform(-30, 2 * rows + 30), 25.0)
    points = np.column_stack(
        [
            chance.uniform(0, 2 * columns, 20),
            chance.uniform(0, 2 * rows, 20),
            chance.uniform(0.5, 50.0, 20),
        ]
    )
    seen = line_of_sight.visible(surface, mast, points)
    assert seen.tolist() == [plainly(top, 2.0, mast, point) for point in points]


def test_a_house_hides_what_lies_behind_it_as_far_as_its_shadow():
    """Mast of 40 m at 0, house of 20 m from 100 to 110 m: at 1.5 m the shadow ends where
    20 = 1.5 + (40 - 1.5) (d - 110) / d, that is at d = 110 x 38.5 / 20 = 211.75 m.
    """
    house = np.array([shapely.box(100, -20, 110, 20)], dtype=object)
    surface = line_of_sight.roofs(house, np.array([20.0]), (-10.0, -50.0, 300.0, 50.0), 1.0)
    points = np.array([[d, 0.0, 1.5] for d in (90.0, 120.0, 210.0, 213.0, 290.0)])
    seen = line_of_sight.visible(surface, (0.5, 0.5, 40.0), points)
    assert seen.tolist() == [VISIBLE, HIDDEN, HIDDEN, VISIBLE, VISIBLE]


def test_a_hole_of_the_terrain_is_not_known_to_be_clear():
    top = np.zeros((3, 40), dtype=np.float32)
    top[:, 20] = np.nan
    surface = line_of_sight.surface(top, (0.0, 3.0), 1.0)
    near, far = [10.5, 1.5, 1.5], [30.5, 1.5, 1.5]
    assert line_of_sight.visible(surface, (0.5, 1.5, 9.0), np.array([near, far])).tolist() == [
        VISIBLE,
        UNKNOWN,
    ]
    top[:, 25] = 50.0
    blocked = line_of_sight.surface(top, (0.0, 3.0), 1.0)
    assert line_of_sight.visible(blocked, (0.5, 1.5, 9.0), np.array([far])).tolist() == [HIDDEN]


def test_of_buildings_on_one_cell_the_highest_counts_in_any_order():
    low, high = shapely.box(0, 0, 10, 10), shapely.box(5, 5, 15, 15)
    bounds = (0.0, 0.0, 20.0, 20.0)
    first = line_of_sight.roofs(np.array([low, high], object), np.array([5.0, 9.0]), bounds, 1.0)
    turned = line_of_sight.roofs(np.array([high, low], object), np.array([9.0, 5.0]), bounds, 1.0)
    assert (first.top_m == turned.top_m).all()
    assert first.top_m[12, 7] == 9.0


def test_no_buildings_hide_nothing_and_too_many_cells_are_refused():
    none = line_of_sight.roofs(
        np.array([], dtype=object), np.array([]), (0.0, 0.0, 50.0, 50.0), 1.0
    )
    assert line_of_sight.visible(none, (0, 0, 2.0), np.array([[50.0, 50.0, 1.0]])) == [VISIBLE]
    with pytest.raises(BadParameter, match=r"cell_m = 0\.1.* larger cells"):
        line_of_sight.roofs(np.array([], dtype=object), np.array([]), (0, 0, 1e4, 1e4), 0.1)
