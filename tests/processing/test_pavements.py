import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processing.access import nearest, search
from processing.errors import EmptyInput, MissingColumn
from processing.network import build, snap
from processing.pavements import without_crossings
from processing.streets import walkable
from tests.fix_streets import points, streets

# A main road from west to east, a path across it from south to north, a second one that ends at it.
CROSS = streets(
    (1, 2, [(-200, 0), (0, 0)]),
    (2, 3, [(0, 0), (200, 0)]),
    (4, 2, [(0, -100), (0, 0)]),
    (2, 5, [(0, 0), (0, 100)]),
).assign(main_road=[True, True, False, False])


def metres(network, school, *homes):
    origins = snap(network, points(school), limit_m=50)
    targets = snap(network, points(*homes), limit_m=50)
    graph = build(network, origins=origins, targets=targets)
    return nearest(graph, search(graph, np.array([0])), targets).distance_m


def test_beside_a_main_road_but_not_across_it():
    homes = [(0, 60), (0, -60), (100, 10), (100, -10), (-100, 10), (-100, -10)]
    found = metres(without_crossings(CROSS), (0, 80), *homes)
    assert found[[0, 2, 4]] == pytest.approx([20, 10 + 100 + 80, 10 + 100 + 80])
    assert np.isinf(found[[1, 3, 5]]).all()
    assert metres(walkable(CROSS), (0, 80), *homes)[1] == pytest.approx(140)


def test_one_can_walk_round_the_end_of_a_main_road():
    end = CROSS.drop(index=1)  # the main road begins at the crossing
    found = metres(without_crossings(end), (0, 80), (0, -60), (100, -10))
    assert found == pytest.approx([140, 10 + 100 + 80])


def test_lines_may_run_either_way():
    turned = CROSS.copy()
    turned.loc[[2, 3], "geometry"] = CROSS.loc[[2, 3]].geometry.reverse()
    ends = CROSS.loc[[2, 3], ["node_to", "node_from"]].to_numpy()
    turned.loc[[2, 3], ["node_from", "node_to"]] = ends
    homes = [(0, 60), (0, -60), (100, 10), (100, -10), (-100, 10), (-100, -10)]
    assert metres(without_crossings(turned), (0, 80), *homes).tolist() == (
        metres(without_crossings(CROSS), (0, 80), *homes).tolist()
    )


def test_a_footbridge_without_a_junction_leads_across():
    bridge = streets(
        *(
            (row.node_from, row.node_to, list(np.array(row.geometry.coords) - (333_000, 6_043_000)))
            for row in CROSS.itertuples()
        ),
        (4, 5, [(0, -100), (-30, -50), (-30, 50), (0, 100)]),
    ).assign(main_road=[True, True, False, False, False])
    found = metres(without_crossings(bridge), (0, 80), (0, -60))
    assert np.isfinite(found).all()
    assert found[0] > 200


def test_four_main_roads_leave_four_corners():
    four = CROSS.assign(main_road=True)
    homes = [(50, 9), (50, -9), (-50, 9), (-50, -9), (9, 50), (-9, 50), (9, -50), (-9, -50)]
    found = metres(without_crossings(four), (9, 80), *homes)
    assert np.isfinite(found).tolist() == [True, False, False, False, True, False, False, False]


def test_a_main_road_that_may_not_be_walked_is_a_barrier():
    trunk = CROSS.assign(foot=[False, False, True, True])
    found = metres(without_crossings(trunk), (0, 80), (0, -60), (30, 5), (30, -5))
    assert np.isinf(found[0])
    assert found[1] == pytest.approx(30 + 5 - 5 + 80 - 5 + 0, abs=10)
    # South of the road: its path is as near as the northern one would be across the road.
    assert np.isinf(found[2])
    only_north = trunk.drop(index=3)
    away = metres(without_crossings(only_north), (0, 80), (30, -5))
    assert np.isnan(away[0])


def test_without_main_roads_it_is_the_walking_network():
    plain = CROSS.assign(main_road=False)
    homes = [(0, 60), (0, -60), (100, 10)]
    assert metres(without_crossings(plain), (0, 80), *homes).tolist() == (
        metres(walkable(plain), (0, 80), *homes).tolist()
    )


def test_what_is_not_there_is_named():
    with pytest.raises(MissingColumn, match="main_road"):
        without_crossings(CROSS.drop(columns="main_road"))
    with pytest.raises(EmptyInput, match="walkable streets"):
        without_crossings(CROSS.assign(foot=False))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 5), st.booleans()), min_size=1, max_size=12
    )
)
def test_no_way_is_shorter_than_with_crossings(edges):
    at = [(0, 0), (100, 10), (200, -20), (20, 120), (130, 100), (220, 140)]
    frame = streets(*((a, b, [at[a], (75, 55), at[b]] if a == b else [at[a], at[b]])
                      for a, b, _ in edges)).assign(main_road=[m for *_, m in edges])  # fmt: skip
    homes = [(x + 7, y + 3) for x, y in at]
    safe, free = (metres(make(frame), (60, 40), *homes) for make in (without_crossings, walkable))
    assert (np.nan_to_num(safe, nan=-1) >= np.nan_to_num(free, nan=-1) - 1e-6).all()
