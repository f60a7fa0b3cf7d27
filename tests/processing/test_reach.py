import numpy as np
import pytest
import shapely

from processing.access import search
from processing.network import build, snap, walkable
from processing.reach import lines, reached, service_area
from tests.fix_streets import EAST, NORTH, points, streets


def reach(frame, shops, limit_m, homes=()):
    network = walkable(frame)
    graph = build(
        network,
        origins=snap(network, points(*shops), limit_m=150),
        targets=snap(network, points(*homes), limit_m=150),
    )
    parts = reached(graph, search(graph, np.arange(len(shops))), limit_m=limit_m)
    return parts, lines(network, parts)


def local(line):
    return [(x - EAST, y - NORTH) for x, y in line.coords]


CROSS = streets((1, 2, [(0, 0), (100, 0)]), (2, 3, [(100, 0), (100, 100)]))


def test_streets_are_reached_in_part():
    parts, found = reach(CROSS, [(40, 0)], 80)
    assert parts.length_m == pytest.approx(40 + 60 + 20)
    assert [local(line) for line in found] == [[(0, 0), (100, 0)], [(100, 0), (100, 20)]]


def test_the_connector_uses_up_part_of_the_limit():
    parts, _ = reach(CROSS, [(40, 30)], 50)
    assert parts.length_m == pytest.approx(20 + 20)
    assert (parts.from_m.tolist(), parts.to_m.tolist()) == ([20.0], [60.0])


def test_a_street_is_reached_from_both_ends_with_a_gap_between():
    parts, found = reach(streets((1, 2, [(0, 0), (100, 0)])), [(0, 0), (100, 0)], 30)
    assert [local(line) for line in found] == [[(0, 0), (30, 0)], [(70, 0), (100, 0)]]
    assert reach(streets((1, 2, [(0, 0), (100, 0)])), [(0, 0), (100, 0)], 50)[0].length_m == 100
    assert parts.edge.tolist() == [0, 0]


def test_cuts_for_buildings_do_not_change_what_is_reached():
    plain, _ = reach(CROSS, [(40, 10)], 77)
    cut, _ = reach(CROSS, [(40, 10)], 77, homes=[(x, 5) for x in range(0, 100, 7)])
    assert cut.edge.tolist() == plain.edge.tolist()
    assert cut.from_m == pytest.approx(plain.from_m)
    assert cut.to_m == pytest.approx(plain.to_m)


def test_nothing_is_reached_where_there_is_no_way():
    island = streets((1, 2, [(0, 0), (100, 0)]), (3, 4, [(0, 50), (100, 50)]))
    _, found = reach(island, [(50, 0)], 1000)
    assert [local(line) for line in found] == [[(0, 0), (100, 0)]]
    parts, found = reach(island, [(50, 0), (50, 9000)], 0)
    assert parts.length_m == 0
    assert service_area(found, buffer_m=25).is_empty


def test_the_area_is_the_margin_of_the_reached_parts_not_a_hull():
    _, found = reach(CROSS, [(100, 0)], 100)
    area = service_area(found, buffer_m=10)
    assert area.geom_type == "MultiPolygon"
    assert area.is_valid
    # Two strips of 100 x 20 m: less their common corner, plus round ends; a hull has over 5000 m2.
    assert area.area == pytest.approx(2 * 2000 - 100 + 1.25 * np.pi * 100, rel=0.005)
    assert area.covers(shapely.Point(EAST + 50, NORTH))
    assert not area.covers(shapely.Point(EAST + 60, NORTH + 40))


def test_separate_parts_make_one_multipolygon():
    _, found = reach(streets((1, 2, [(0, 0), (1000, 0)])), [(0, 0), (1000, 0)], 100)
    assert len(service_area(found, buffer_m=25).geoms) == 2
