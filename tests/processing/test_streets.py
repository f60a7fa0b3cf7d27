from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processing import reach
from processing.access import nearest, search
from processing.errors import EmptyInput, MissingColumn
from processing.network import build, snap
from processing.streets import passable, walkable
from tests.fix_streets import points, streets

ONE_WAY = streets((1, 2, [(0, 0), (100, 0)]), (2, 1, [(100, 0), (100, 300), (0, 0)])).assign(
    bicycle=True, car=[True, False], oneway=["forward", "no"]
)
AROUND_M = 300 + np.hypot(100, 300)


def ways(frame, mode, shop, home):
    network = passable(frame, mode)
    origins = snap(network, points(shop), limit_m=20)
    targets = snap(network, points(home), limit_m=20)
    graph = build(network, origins=origins, targets=targets)
    found = search(graph, np.array([0]))
    return nearest(graph, found, targets).distance_m[0], reach.reached(graph, found, limit_m=60)


def test_a_bicycle_keeps_to_one_way_streets_and_a_walker_does_not():
    home, shop = (10, 0), (90, 0)
    assert ways(ONE_WAY, "foot", home, shop)[0] == pytest.approx(80)
    assert ways(ONE_WAY, "bicycle", shop, home)[0] == pytest.approx(80)
    assert ways(ONE_WAY, "bicycle", home, shop)[0] == pytest.approx(10 + AROUND_M + 10)


def test_against_the_line_is_a_direction_too():
    turned = ONE_WAY.assign(oneway=["backward", "no"])
    assert ways(turned, "bicycle", (10, 0), (90, 0))[0] == pytest.approx(80)
    assert ways(turned, "bicycle", (90, 0), (10, 0))[0] == pytest.approx(20 + AROUND_M)


def test_only_what_is_open_to_the_mode_is_used():
    assert np.isinf(ways(ONE_WAY, "car", (10, 0), (90, 0))[0])
    with pytest.raises(EmptyInput, match="streets open to car"):
        passable(ONE_WAY.assign(car=False), "car")
    with pytest.raises(MissingColumn, match="bicycle"):
        passable(ONE_WAY.drop(columns="bicycle"), "bicycle")


def test_one_reaches_a_one_way_street_only_from_where_it_leads_to_the_facility():
    parts = ways(ONE_WAY, "bicycle", (50, 0), (50, 0))[1]
    inside = parts.edge == 0
    assert parts.from_m[inside].tolist() == [0]
    assert parts.to_m[inside].tolist() == [50]


node = st.integers(0, 4)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(node, node, st.integers(0, 50), st.sampled_from(["no", "forward", "backward"])),
        min_size=1,
        max_size=10,
    )
)
def test_dijkstra_is_floyd_on_small_graphs_with_one_way_streets(edges):
    # Five junctions on a line; a street bends aside, so lengths differ; loops and doubles occur.
    at = {i: (100.0 * i, 0.0) for i in range(5)}
    frame = streets(*((a, b, [at[a], (100.0 * a + 30, bend), at[b]]) for a, b, bend, _ in edges))
    frame = frame.assign(bicycle=True, oneway=[e[3] for e in edges])
    network = passable(frame, "bicycle")
    nothing = snap(network, points(), limit_m=1)
    used = sorted({n for a, b, *_ in edges for n in (a, b)})
    shop = snap(network, points(at[used[0]]), limit_m=1)
    graph = build(network, origins=shop, targets=nothing)
    got = search(graph, np.array([0])).distance_m

    floyd = {(i, j): 0.0 if i == j else np.inf for i, j in product(used, used)}
    for (a, b, _, way), length in zip(edges, frame.length, strict=True):
        if way != "backward":
            floyd[a, b] = min(floyd[a, b], length)
        if way != "forward":
            floyd[b, a] = min(floyd[b, a], length)
    for k, i, j in product(used, used, used):
        floyd[i, j] = min(floyd[i, j], floyd[i, k] + floyd[k, j])
    wanted = [floyd[i, used[0]] for i in used]
    assert sorted(got.tolist())[: len(used)] == pytest.approx(sorted(wanted))


def test_walkers_may_go_both_ways():
    found = walkable(ONE_WAY)
    assert found.forward.all()
    assert found.backward.all()
    assert len(found.barriers) == 0
