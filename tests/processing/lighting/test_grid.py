"""Sections of streets and their points: the grid of EN 13201-3 and the plain one."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from processing.lighting.grid import Rows, points, sections, side


def rows(*lamps):
    street, measure, left = zip(*lamps, strict=True) if lamps else ((), (), ())
    return Rows(
        np.array(street, dtype=np.int64), np.array(measure, dtype=float), np.array(left, dtype=bool)
    )


def cut(lengths, *lamps, span=60.0, plain=30.0):
    return sections(
        np.array(lengths, dtype=float), rows(*lamps), longest_span_m=span, longest_plain_m=plain
    )


def listed(found):
    return list(zip(found.from_m.tolist(), found.to_m.tolist(), found.span.tolist(), strict=True))


def test_spans_between_lamps_and_plain_ends():
    found = cut([100], (0, 80, True), (0, 20, True), (0, 50, True))
    assert listed(found) == [
        (0, 20, False), (20, 50, True), (50, 80, True), (80, 100, False)
    ]  # fmt: skip


def test_the_side_with_more_lamps_leads():
    left, right = [(0, m, True) for m in (10, 50)], [(0, m, False) for m in (20, 40, 60)]
    assert [s[:2] for s in listed(cut([70], *left, *right))][1:3] == [(20, 40), (40, 60)]
    assert (10, 50, True) in listed(cut([70], *left, *right[:2]))  # left of equals


def test_a_street_without_two_lamps_is_plain_and_cut_into_equal_pieces():
    assert [s[:2] for s in listed(cut([75]))] == [(0, 25), (25, 50), (50, 75)]
    assert listed(cut([20], (0, 10, True))) == [(0, 10, False), (10, 20, False)]


def test_lamps_too_far_apart_make_no_row():
    found = listed(cut([200], (0, 10, True), (0, 110, True), (0, 150, True)))
    assert [s for s in found if s[2]] == [(110, 150, True)]


def test_two_lamps_on_one_pole_make_no_empty_span():
    found = cut([100], (0, 20, True), (0, 20, True), (0, 60, True))
    assert [s for s in listed(found) if s[2]] == [(20, 60, True)]


def test_a_street_of_no_length_has_no_section():
    assert listed(cut([0])) == []
    assert cut([0, 30]).street.tolist() == [1]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0, 300), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 3), st.floats(0, 1), st.booleans()), max_size=20),
)
def test_the_sections_of_a_street_are_the_whole_street(lengths, lamps):
    lamps = [(s % len(lengths), m * lengths[s % len(lengths)], left) for s, m, left in lamps]
    found = cut(lengths, *lamps)
    for street, length in enumerate(lengths):
        here = found.street == street
        assert found.length_m[here].sum() == pytest.approx(length)
        assert (found.from_m[here][1:] == found.to_m[here][:-1]).all()
    assert (found.length_m > 0).all()


LINE = np.array([shapely.LineString([(0, 0), (200, 0)])], dtype=object)


@pytest.mark.parametrize(
    ("length", "width", "along", "across"),
    [(30, 6, 10, 4), (12, 3, 10, 3), (30.01, 1, 11, 3), (45, 7.5, 15, 5), (60, 7.6, 20, 6)],
)
def test_the_grid_of_the_norm(length, width, along, across):
    """EN 13201-3:2015, 7.1: N = 10 up to 30 m, D <= 3 m beyond; n >= 3, d <= 1.5 m; midpoints."""
    found = cut([200], (0, 0, True), (0, length, True))
    xy, section = points(LINE, np.array([float(width)]), found)
    x, y = np.unique(xy[section == 0].round(9), axis=0).T
    assert (len(np.unique(x)), len(np.unique(y))) == (along, across)
    assert x.min() == pytest.approx(length / along / 2)
    assert x.max() == pytest.approx(length - length / along / 2)
    assert (y.min(), y.max()) == pytest.approx((d := (width / across - width) / 2, -d))


def test_the_plain_grid_is_three_metres_both_ways():
    xy, _ = points(LINE[:1], np.array([7.0]), cut([200]))
    assert len(np.unique(xy[:, 1])) == 3
    assert np.diff(np.unique(xy[:, 0].round(6))).max() <= 3.0


def test_points_lie_square_to_a_bent_street():
    bent = np.array([shapely.LineString([(0, 0), (50, 0), (50, 50)])], dtype=object)
    xy, _ = points(bent, np.array([6.0]), cut([100]))
    late = xy[xy[:, 1] > 5]
    assert sorted(set(late[:, 0].round(6))) == [48.5, 51.5]


def test_the_side_of_a_lamp_is_seen_along_the_street():
    lamps = np.array([shapely.Point(10, 4), shapely.Point(10, -4)], dtype=object)
    assert side(np.repeat(LINE, 2), lamps, np.array([10.0, 10.0])).tolist() == [True, False]
