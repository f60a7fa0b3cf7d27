import math

import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from processing import fibre
from processing.errors import BadParameter
from processing.fibre import Losses, Plant

LOSSES = Losses(
    fibre_db_km=0.5, splice_db=0.1, splices=5, connector_db=0.25, connectors=2, margin_db=3.0
)


def lines(*coordinates):
    return np.array([shapely.LineString(c) for c in coordinates], dtype=object)


def points(*coordinates):
    return np.array([shapely.Point(c) for c in coordinates], dtype=object)


def network(*coordinates):
    return fibre.ducts(np.arange(1, len(coordinates) + 1), lines(*coordinates))


def plant(budget_db=28.0, splitter_db=(17.5,), terminal=(0,), at=((1000.0, 0.0),)):
    return Plant(
        terminals=points((0.0, 0.0)),
        budget_db=np.array([budget_db]),
        splitters=points(*at),
        splitter_db=np.array(splitter_db),
        splitter_terminal=np.array(terminal),
    )


LINE = ((0, 0), (5000, 0))


def test_a_budget_by_hand():
    """1.5 km of 0.5 dB/km, 5 splices of 0.1, 2 connectors of 0.25, splitter 17.5: 19.25 dB.

    With 3 dB of margin 22.25 of the 28 dB are gone; 5.75 dB are left.
    """
    found = fibre.served(network(LINE), plant(), points((1500, 0)), LOSSES, drop_m=50.0)
    assert found.coverage.tolist() == ["serviceable"]
    assert found.splitter.tolist() == [0]
    assert found.length_m == pytest.approx([1500.0])
    assert found.loss_db == pytest.approx([19.25])
    assert found.reserve_db == pytest.approx([5.75])


def test_the_classes():
    ducts = network(LINE, ((0, 900), (500, 900)))
    homes = points((1500, 30), (1500, 51), (200, 900), (4000, 0))
    found = fibre.served(ducts, plant(budget_db=22.3), homes, LOSSES, drop_m=50.0)
    assert found.coverage.tolist() == ["serviceable", "no_duct", "unreachable", "over_budget"]
    assert found.length_m[0] == pytest.approx(1530.0)
    assert np.isnan(found.length_m[1:3]).all()
    assert found.reserve_db[3] < 0


def test_exactly_the_budget_is_enough():
    exact = fibre.served(network(LINE), plant(budget_db=22.25), points((1500, 0)), LOSSES, drop_m=9)
    assert exact.coverage.tolist() == ["serviceable"]


def test_the_splitter_that_leaves_most_serves_even_when_it_is_further():
    at = ((1400.0, 0.0), (1000.0, 0.0))
    two = plant(splitter_db=(21.0, 17.5), terminal=(0, 0), at=at)
    found = fibre.served(network(LINE), two, points((1500, 0)), LOSSES, drop_m=50.0)
    assert found.splitter.tolist() == [1]


@pytest.mark.parametrize(
    "wrong",
    [
        plant(budget_db=math.nan),
        plant(splitter_db=(math.nan,)),
        plant(terminal=(fibre.NONE,)),
        plant(at=((1000.0, 500.0),)),
    ],
)
def test_what_is_not_known_serves_nobody(wrong):
    found = fibre.served(network(LINE), wrong, points((1500, 0)), LOSSES, drop_m=50.0)
    assert found.coverage.tolist() == ["unreachable"]
    assert np.isnan(found.loss_db).all()


def test_ducts_join_where_an_end_touches_but_not_where_they_cross():
    joined = network(LINE, ((2000, 0.05), (2000, 300)), ((3000, -300), (3000, 300)))
    homes = points((2000, 300), (3000, 300))
    found = fibre.served(joined, plant(), homes, LOSSES, drop_m=50.0)
    assert found.coverage.tolist() == ["serviceable", "unreachable"]
    assert found.length_m[0] == pytest.approx(2300.0, abs=0.1)
    assert joined.ids.tolist() == [1, 1, 2, 3]


def test_light_must_be_lost_on_the_way():
    free = Losses(fibre_db_km=0.0)
    with pytest.raises(BadParameter, match=r"fibre_db_km = 0\.0"):
        fibre.served(network(LINE), plant(), points((1500, 0)), free, drop_m=50.0)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_it_agrees_with_networkx_on_every_splitter_in_turn(seed):
    chance = np.random.default_rng(seed)
    side = 4
    edges = [
        ((x * 100.0, y * 100.0), (u * 100.0, v * 100.0))
        for x in range(side)
        for y in range(side)
        for u, v in ((x + 1, y), (x, y + 1))
        if u < side and v < side and chance.random() < 0.8
    ]
    corners = sorted({end for edge in edges for end in edge})
    pick = chance.choice(len(corners), 4, replace=False)
    some = Plant(
        terminals=points(corners[pick[0]]),
        budget_db=np.array([28.0]),
        splitters=points(*(corners[i] for i in pick[1:])),
        splitter_db=chance.choice([10.5, 14.0, 17.5], 3),
        splitter_terminal=np.zeros(3, dtype=np.int64),
    )
    found = fibre.served(network(*edges), some, points(*corners), LOSSES, drop_m=1.0)
    graph = nx.Graph()
    graph.add_weighted_edges_from((a, b, 100.0) for a, b in edges)
    fed = nx.single_source_dijkstra_path_length(graph, corners[pick[0]])
    for home, corner in enumerate(corners):
        far = nx.single_source_dijkstra_path_length(graph, corner)
        best = max(
            (
                28.0
                - LOSSES.fixed_db()
                - some.splitter_db[k]
                - (fed[corners[i]] + far[corners[i]]) / 1e3 * 0.5
                for k, i in enumerate(pick[1:])
                if corners[i] in fed and corners[i] in far
            ),
            default=math.nan,
        )
        assert found.reserve_db[home] == pytest.approx(best, nan_ok=True)
