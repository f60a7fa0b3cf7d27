"""The walks themselves against networkx, and the sums over them against walking step by step."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processing import access, routes
from processing.network import NONE, build, snap, walkable
from tests.fix_streets import points, streets

GRID = [
    (10 * i + j, 10 * k + m, [(100 * i, 100 * j), (100 * k, 100 * m)])
    for i in range(4)
    for j in range(4)
    for k, m in ((i + 1, j), (i, j + 1))
    if k < 4 and m < 4
]
SPOT = st.tuples(st.integers(-20, 320), st.integers(-20, 320))


def scene(homes, goals, rows=GRID):
    ways = walkable(streets(*rows))
    starts, ends = (snap(ways, points(*xy), limit_m=150) for xy in (homes, goals))
    graph = build(ways, origins=ends, targets=starts)
    return graph, starts, routes.walks(graph, np.arange(len(goals)))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(SPOT, min_size=1, max_size=6), st.lists(SPOT, min_size=1, max_size=3),
    st.lists(st.integers(0, 50), min_size=6, max_size=6),
)  # fmt: skip
def test_lengths_along_the_walks_and_people_on_them(homes, goals, residents):
    graph, starts, found = scene(homes, goals)
    near = access.nearest(graph, access.search(graph, np.arange(len(goals))), starts)
    length = graph.piece_to_m - graph.piece_from_m
    node = graph.target_node
    onto = routes.along(found, length)[node]
    # What is left of the distance is the connectors at both ends.
    rest = near.distance_m - onto - starts.connector_m
    assert (rest >= -1e-5).all()
    assert (rest <= 150).all()
    people = np.array(residents[: len(homes)], dtype=float)
    setting_out = np.zeros(graph.matrix.shape[0])
    np.add.at(setting_out, node, people)
    passing = routes.passing(found, setting_out, pieces=len(length))
    assert (passing * length).sum() == pytest.approx((people * onto).sum(), abs=1e-6)
    stepped = np.zeros(len(length))
    for home, count in zip(node.tolist(), people.tolist(), strict=True):
        here = home
        while found.onward[here] != here:
            if found.piece[here] != NONE:
                stepped[found.piece[here]] += count
            here = found.onward[here]
    assert passing == pytest.approx(stepped)


def test_the_walk_is_a_shortest_path_of_networkx():
    graph, starts, found = scene([(310, 250), (120, 120)], [(0, 0)])
    other = nx.from_scipy_sparse_array(graph.matrix)
    goal = int(graph.origin_node[0])
    length = graph.piece_to_m - graph.piece_from_m
    for i, node in enumerate(graph.target_node.tolist()):
        wanted = nx.shortest_path_length(other, goal, node, weight="weight")
        assert routes.along(found, length)[node] == pytest.approx(wanted)
        assert starts.found[i]


def test_the_shorter_of_two_parallel_streets_is_walked():
    rows = [(1, 2, [(0, 0), (50, 60), (100, 0)]), (1, 2, [(0, 0), (100, 0)])]
    graph, _, found = scene([(100, 0)], [(0, 0)], rows)
    used = found.piece[graph.target_node[0]]
    assert graph.piece_edge[used] == 1


def test_without_a_facility_nobody_walks():
    graph, _, found = scene([(0, 0)], [(900, 900)])
    assert not found.reached.any()
    assert (routes.along(found, np.ones(len(graph.piece_edge))) == 0).all()
    people = np.ones(graph.matrix.shape[0])
    assert (routes.passing(found, people, pieces=len(graph.piece_edge)) == 0).all()
