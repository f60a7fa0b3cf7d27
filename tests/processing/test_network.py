import numpy as np
import pytest
import shapely

from processing.errors import BadGeometry, EmptyInput, MissingColumn, NotProjected, RepeatedId
from processing.network import NONE, build, snap, walkable
from tests.fix_streets import EAST, NORTH, points, streets

CROSS = streets((1, 2, [(0, 0), (100, 0)]), (2, 3, [(100, 0), (100, 100)]))


def nowhere():
    return snap(walkable(CROSS), points(), limit_m=1)


def dense(graph):
    """Weights by pair of nodes; all ways here go in both directions."""
    assert (graph.matrix != graph.matrix.T).nnz == 0
    coo = graph.matrix.tocoo()
    return sorted(coo.data[coo.row < coo.col].tolist())


def test_lengths_are_measured_and_junctions_numbered():
    found = walkable(CROSS.assign(length_m=[1.0, 1.0]))
    assert found.length_m.tolist() == [100.0, 100.0]
    assert (found.start.tolist(), found.end.tolist(), found.node_count) == ([0, 1], [1, 2], 3)


def test_only_streets_for_walking_count():
    found = walkable(
        streets((1, 2, [(0, 0), (1, 0)]), (2, 3, [(1, 0), (9, 0)]), foot=[False, True])
    )
    assert found.ids.tolist() == [2]
    with pytest.raises(EmptyInput, match="walkable streets"):
        walkable(streets((1, 2, [(0, 0), (1, 0)]), foot=[False]))


def test_what_cannot_be_a_network_is_refused():
    with pytest.raises(NotProjected):
        walkable(CROSS.to_crs(4326))
    with pytest.raises(NotProjected):
        walkable(CROSS.set_crs(None, allow_override=True))
    with pytest.raises(MissingColumn, match="node_to"):
        walkable(CROSS.drop(columns="node_to"))
    with pytest.raises(RepeatedId, match="1 repeat"):
        walkable(CROSS.set_index(np.array([1, 1])))
    with pytest.raises(BadGeometry, match=r"ids 1 .*Point"):
        walkable(CROSS.set_geometry(np.array([shapely.Point(0, 0), CROSS.geometry[2]])))
    with np.errstate(invalid="ignore"):
        broken = shapely.LineString([(0, 0), (np.nan, 1), (2, 2)])
    with pytest.raises(BadGeometry, match=r"ids 1 .*no numbers"):
        walkable(CROSS.set_geometry(np.array([broken, CROSS.geometry[2]])))
    with pytest.raises(BadGeometry, match="node_from"):
        walkable(CROSS.assign(node_from=[np.nan, 2]))


def test_a_place_joins_the_nearest_point_of_the_nearest_street():
    found = snap(walkable(CROSS), points((30, 40), (90, 30), (101, -7)), limit_m=150)
    assert found.edge.tolist() == [0, 1, 0]  # at the corner both are equally near: the lowest id
    assert found.measure_m == pytest.approx([30, 30, 100])
    assert found.connector_m == pytest.approx([40, 10, np.hypot(1, 7)])


def test_the_snap_limit_itself_is_near_enough():
    at_limit, beyond = points((50, -20), (50, -20.001))
    found = snap(walkable(CROSS), np.array([at_limit, beyond]), limit_m=20)
    assert found.edge.tolist() == [0, NONE]
    assert np.isnan(found.measure_m[1])
    assert np.isnan(found.connector_m[1])


def test_a_place_without_coordinates_is_not_snapped():
    known, unknown = shapely.Point(EAST, NORTH), shapely.Point(EAST, np.inf)
    odd = np.array([None, shapely.Point(), unknown, known])
    assert snap(walkable(CROSS), odd, limit_m=50).found.tolist() == [False, False, False, True]


def test_streets_are_cut_in_order_and_nothing_is_lost():
    network = walkable(CROSS)
    homes = snap(network, points((70, 5), (20, 5), (45, -5)), limit_m=50)
    graph = build(network, origins=nowhere(), targets=homes)
    assert graph.piece_edge.tolist() == [0, 0, 0, 0, 1]
    assert graph.piece_to_m - graph.piece_from_m == pytest.approx([20, 25, 25, 30, 100])
    assert dense(graph) == pytest.approx([20, 25, 25, 30, 100])


def test_places_that_join_at_one_point_share_a_node():
    network = walkable(CROSS)
    homes = snap(network, points((30, 5), (30, -5), (30, 0)), limit_m=50)
    graph = build(network, origins=nowhere(), targets=homes)
    assert len(set(graph.target_node.tolist())) == 1
    assert dense(graph) == pytest.approx([30, 70, 100])


def test_a_place_at_a_junction_takes_its_node():
    network = walkable(CROSS)
    homes = snap(network, points((100, 0), (0, 0), (105, -5)), limit_m=50)
    graph = build(network, origins=nowhere(), targets=homes)
    assert graph.target_node.tolist() == [network.end[0], network.start[0], network.end[0]]
    assert graph.matrix.shape == (3, 3)


def test_a_facility_on_the_street_is_not_cut_off():
    network = walkable(CROSS)
    shop = snap(network, points((40, 0)), limit_m=50)
    graph = build(network, origins=shop, targets=nowhere())
    assert shop.connector_m.tolist() == [0.0]
    assert graph.matrix.shape == (4, 4)
    assert dense(graph) == pytest.approx([40, 60, 100])


def test_of_parallel_streets_the_shortest_counts():
    detour = (1, 2, [(0, 0), (50, 80), (100, 0)])
    network = walkable(streets(detour, (1, 2, [(0, 0), (100, 0)]), detour))
    graph = build(network, origins=nowhere(), targets=nowhere())
    assert dense(graph) == [100.0]


def test_loops_and_streets_without_length_do_no_harm():
    network = walkable(
        streets(
            (1, 1, [(0, 0), (50, 50), (-50, 50), (0, 0)]),
            (1, 2, [(0, 0), (0, 0)]),
            (2, 3, [(0, 0), (0, -60)]),
        )
    )
    homes = snap(network, points((0, 55), (0, -60)), limit_m=50)
    graph = build(network, origins=nowhere(), targets=homes)
    around = np.hypot(50, 50) + 50
    assert dense(graph) == pytest.approx([60, around])  # both halves of the loop, the shorter once
    assert graph.piece_start[1] == graph.piece_end[0]


def test_streets_that_cross_without_a_junction_are_not_joined():
    bridge = walkable(streets((1, 2, [(0, 0), (100, 0)]), (3, 4, [(50, -50), (50, 50)])))
    graph = build(bridge, origins=nowhere(), targets=nowhere())
    assert len(dense(graph)) == 2
    assert bridge.node_count == 4
