import numpy as np
import pytest

from processing.access import classify, nearest, search, shares
from processing.network import NONE, build, snap, walkable
from tests.fix_streets import points, streets

LINE = streets((1, 2, [(0, 0), (1000, 0)]))


def distances(network_frame, shops, homes, *, limit_m=150.0):
    network = walkable(network_frame)
    origins = snap(network, points(*shops), limit_m=limit_m)
    targets = snap(network, points(*homes), limit_m=limit_m)
    graph = build(network, origins=origins, targets=targets)
    return nearest(graph, search(graph, np.arange(len(shops))), targets)


def test_on_one_street_the_way_is_straight_along_it():
    found = distances(LINE, [(700, 30)], [(200, 20), (900, -10), (700, -40)])
    assert found.distance_m == pytest.approx([20 + 500 + 30, 10 + 200 + 30, 40 + 0 + 30])


def test_the_nearest_of_several_facilities_counts():
    found = distances(LINE, [(0, 0), (1000, 0), (400, 50)], [(150, 0), (250, 0), (800, 0)])
    assert found.distance_m == pytest.approx([150, 200, 200])
    assert found.facility.tolist() == [0, 2, 1]


def test_of_facilities_at_the_same_place_the_first_counts():
    found = distances(LINE, [(500, 0), (500, 0)], [(0, 0)])
    assert found.facility.tolist() == [0]


def test_a_facility_at_a_junction_serves_every_street_there():
    star = streets(
        (1, 9, [(0, 0), (100, 0)]), (9, 2, [(100, 0), (100, 70)]), (3, 9, [(100, -40), (100, 0)])
    )
    found = distances(star, [(100, 0)], [(0, 0), (100, 70), (100, -40), (100, 0)])
    assert found.distance_m == pytest.approx([100, 70, 40, 0])


def test_a_bend_is_walked_not_flown_over():
    bend = streets((1, 2, [(0, 0), (300, 0), (300, 400)]))
    assert distances(bend, [(300, 400)], [(0, 0)]).distance_m == pytest.approx([700])


def test_the_longer_side_of_a_block_is_not_taken():
    block = streets(
        (1, 2, [(0, 0), (100, 0)]),
        (2, 3, [(100, 0), (100, 100)]),
        (3, 4, [(100, 100), (0, 100)]),
        (4, 1, [(0, 100), (0, 0)]),
    )
    found = distances(block, [(50, 0)], [(0, 30), (0, 80), (100, 60), (50, 100)])
    assert found.distance_m == pytest.approx([80, 130, 110, 200])


def test_no_path_and_no_street_are_told_apart():
    island = streets((1, 2, [(0, 0), (100, 0)]), (3, 4, [(0, 500), (100, 500)]))
    found = distances(island, [(50, 0)], [(10, 0), (10, 500), (10, 250)])
    assert found.distance_m[0] == pytest.approx(40)
    assert np.isinf(found.distance_m[1])
    assert np.isnan(found.distance_m[2])
    assert found.facility.tolist() == [0, NONE, NONE]


def test_without_a_snapped_facility_nothing_is_reached():
    assert np.isinf(distances(LINE, [(0, 5000)], [(10, 0)]).distance_m).all()
    assert np.isinf(distances(LINE, [], [(10, 0)]).distance_m).all()


def test_classes_of_coverage():
    metres = np.array([0.0, 499.999999, 500.0, 500.000001, np.inf, np.nan])
    assert classify(metres, 500.0, joined=True).tolist() == [
        "covered", "covered", "covered", "not_covered", "unreachable", "unsnapped",
    ]  # fmt: skip
    assert set(classify(metres, 500.0, joined=False)) == {"unsnapped"}


def test_a_limit_met_exactly_is_not_lost_to_the_last_bit():
    tenth = streets(*((i, i + 1, [(i / 10, 0), ((i + 1) / 10, 0)]) for i in range(3)))
    found = distances(tenth, [(0, 0)], [(0.3, 0)])
    assert classify(found.distance_m, 0.3, joined=True).tolist() == ["covered"]


def test_shares_of_buildings_and_of_people_differ():
    found = shares(
        np.array([True, False, False, True]),
        np.array([10.0, 200.0, np.nan, 40.0]),
        np.array([5.0, 90.0, 5.0, np.nan]),
    )
    assert (found.buildings_total, found.buildings_covered, found.share_buildings) == (4, 2, 0.5)
    assert (found.residents_total, found.residents_covered, found.share_residents) == (250, 50, 0.2)
    assert (found.dwellings_total, found.dwellings_covered, found.share_dwellings) == (100, 5, 0.05)


@pytest.mark.parametrize(
    ("residents", "total", "share"),
    [([np.nan, np.nan], None, None), ([0.0, 0.0], 0, None), ([0.0, 5.0], 5, 0.0)],
)
def test_a_lack_of_data_is_never_nought(residents, total, share):
    for found in (
        shares(np.array([True, False]), np.array(residents), np.array([1.0, 1.0])),
        shares(np.array([True, False]), np.array([1.0, 1.0]), np.array(residents)),
    ):
        said = {
            (found.residents_total, found.share_residents),
            (found.dwellings_total, found.share_dwellings),
        }
        assert said == {(total, share), (2, 0.5)}


def test_no_buildings_have_no_share():
    nothing = np.array([])
    assert shares(np.array([], dtype=bool), nothing, nothing).share_buildings is None
