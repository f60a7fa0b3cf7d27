"""Where to look in a network, against every pair of lines cut with each other."""

from collections.abc import Iterator

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point

from layers.quality.lines import TOUCH_M, Lines, Network

PLACE = st.tuples(st.integers(0, 8), st.integers(0, 8))
STREET = st.lists(PLACE, min_size=2, max_size=5, unique=True)
LOOP = STREET.filter(lambda places: len(places) > 2).map(lambda places: [*places, places[0]])
TOWN = st.lists(st.one_of(STREET, LOOP), min_size=1, max_size=12)
LIMIT_M = 1.5


def blocks(streets: list[LineString], apart: list[bool], size: int) -> Iterator[Lines]:
    west = np.argsort([line.bounds[0] for line in streets], kind="stable")
    for start in range(0, len(west), size):
        some = west[start : start + size]
        shapes = np.array([streets[i] for i in some], dtype=object)
        ends = np.array([[line.coords[0], line.coords[-1]] for line in shapes])
        yield Lines(some + 100, np.array(apart)[some], ends, shapes)


def ends(line: LineString) -> list[Point]:
    return [Point(line.coords[0]), Point(line.coords[-1])]


def near_an_end(line: LineString, place: Point) -> bool:
    return min(end.distance(place) for end in ends(line)) <= TOUCH_M


def meet_without_node(a: LineString, b: LineString) -> bool:
    cut = shapely.get_parts(a.intersection(b))
    places = [part for part in cut if isinstance(part, Point)]
    places += [end for end in ends(a) if end.distance(b) <= TOUCH_M]
    places += [end for end in ends(b) if end.distance(a) <= TOUCH_M]
    return not all(near_an_end(a, place) and near_an_end(b, place) for place in places)


def nearest(streets: list[LineString], one: int, end: Point) -> tuple[float, int] | None:
    beside = [(line.distance(end), n) for n, line in enumerate(streets) if n != one]
    return min((one for one in beside if one[0] <= LIMIT_M), default=None)


@settings(max_examples=150, deadline=None)
@given(town=TOWN, bridges=st.integers(0, 2**12), size=st.integers(1, 13))
def test_every_fault_is_among_what_is_looked_at(
    town: list[list[tuple[int, int]]], bridges: int, size: int
) -> None:
    streets = [LineString(places) for places in town]
    apart = [bool(bridges >> n & 1) and n % 3 == 0 for n in range(len(streets))]
    found = Network.of(blocks(streets, apart, size), LIMIT_M)
    pairs = list(zip(*(ids.tolist() for ids in found.crossing), strict=True))
    assert len(pairs) == len(set(pairs))
    for a, line in enumerate(streets):
        for b in range(a):
            looked = (b + 100, a + 100) in pairs
            assert not (looked and (apart[a] or apart[b]))
            if meet_without_node(line, streets[b]) and not (apart[a] or apart[b]):
                assert looked
    loose = set(zip(*(ids.tolist() for ids in found.loose), strict=True))
    for one, line in enumerate(streets):
        for number, end in enumerate(ends(line), 1):
            first = nearest(streets, one, end)
            if first and first[0] > TOUCH_M:
                assert (one + 100, first[1] + 100, number) in loose


def test_a_star_and_a_grid_need_no_second_look() -> None:
    star = [LineString([(0, 0), (np.cos(a), np.sin(a))]) for a in np.arange(0, 6, 0.5)]
    grid = [LineString([(10 + i, j), (11 + i, j)]) for i in range(9) for j in range(10)]
    grid += [LineString([(10 + i, j), (10 + i, j + 1)]) for i in range(10) for j in range(9)]
    streets = star + grid
    found = Network.of(blocks(streets, [False] * len(streets), 50), 0)
    assert len(found.crossing[0]) == 0
    crossed = [*streets, LineString([(12.5, 2.5), (12.5, 3.5)])]
    found = Network.of(blocks(crossed, [False] * len(crossed), 50), 0)
    assert np.isin(len(streets) + 100, found.crossing[1])
