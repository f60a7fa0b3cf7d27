import csv

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processing.access import nearest, search
from processing.catchment import Pairs, even, gaussian, pairs, stepped, three_step, two_step
from processing.errors import BadParameter
from processing.network import build, snap, walkable
from tests.fix_streets import points, streets


def made(cost):
    """Pairs of a table facility x place; None is out of reach."""
    rows = [
        (j, i, d) for i in range(len(cost[0])) for j, line in enumerate(cost)
        if (d := line[i]) is not None
    ]  # fmt: skip
    facility, place, distance = zip(*rows, strict=True) if rows else ((), (), ())
    return Pairs(np.array(facility, int), np.array(place, int), np.array(distance, float))


def plain(cost, weigh, supply, demand, *, choose):
    """The same in plain Python, written from the papers; no arrays."""
    facilities, places = range(len(cost)), range(len(demand))
    w = [[0 if cost[j][i] is None else weigh(cost[j][i]) for i in places] for j in facilities]
    g = [[1.0 for _ in places] for _ in facilities]
    if choose:
        for i in places:
            total = sum(w[k][i] for k in facilities)
            for j in facilities:
                g[j][i] = w[j][i] / total if total else 0
    ratio = []
    for j in facilities:
        asked = sum(g[j][i] * w[j][i] * demand[i] for i in places)
        ratio.append(supply[j] / asked if asked else 0)
    return [sum(g[j][i] * w[j][i] * ratio[j] for j in facilities) for i in places]


costs = st.lists(
    st.lists(st.one_of(st.none(), st.integers(0, 1000)), min_size=4, max_size=4),
    min_size=1,
    max_size=4,
)
demands = st.lists(st.integers(0, 300), min_size=4, max_size=4)
laws = settings(max_examples=80, deadline=None, derandomize=True)


@laws
@given(costs, demands, st.integers(1, 50))
def test_both_equal_a_plain_oracle(cost, demand, places):
    supply = [places * (j + 1) for j in range(len(cost))]
    for decay in (even(), gaussian(1000), stepped((200, 600, 1000), (1, 0.68, 0.22))):
        for method, choose in ((two_step, False), (three_step, True)):
            got = method(made(cost), decay, np.array(supply, float), np.array(demand, float))
            weigh = lambda d, decay=decay: float(decay(np.array([d], float))[0])  # noqa: E731
            assert got == pytest.approx(plain(cost, weigh, supply, demand, choose=choose), rel=1e-9)


def test_the_hospital_example(reference_dir):
    """Computed with PySAL's access 1.1.10.post3: gravity weight 1/d, at most 61.

    For 3SFCA it lets people choose among all facilities, those beyond 61 too, and only then leaves
    these out. Here a facility beyond the catchment is no choice (Wan et al. 2012), so the figures
    are the same where nothing is beyond it, in scenario 3.
    """
    folder = reference_dir / "access-2sfca"

    def rows(name):
        with (folder / name).open(newline="") as file:
            return list(csv.DictReader(file))

    tracts = rows("tracts.csv")
    demand = np.array([float(t["pop"]) for t in tracts])
    supply = np.array([float(t["doc"]) for t in tracts])
    compared = []
    for scenario in "0123":
        cost = [[None] * 3 for _ in range(3)]
        for row in rows("costs.csv"):
            if row["scenario"] == scenario and float(row["cost"]) <= 61:
                cost[int(row["dest"]) - 1][int(row["origin"]) - 1] = float(row["cost"])
        expected = [r for r in rows("hospital_scenarios_expected.csv") if r["scenario"] == scenario]
        two = two_step(made(cost), lambda d: 1 / d, supply, demand)
        assert two == pytest.approx([float(r["fca2_gravity"]) for r in expected], rel=1e-9)
        if not any(d is None for line in cost for d in line):
            three = three_step(made(cost), lambda d: 1 / d, supply, demand)
            assert three == pytest.approx([float(r["fca3_gravity"]) for r in expected], rel=1e-9)
            compared.append(scenario)
    assert compared == ["3"]


def test_invariants_of_the_unit_grid():
    """access/tests: five homes of one person, 25 places in reach of all of them, give 5 to each."""
    everyone = made([[1] * 5 for _ in range(25)])
    assert two_step(everyone, even(), np.ones(25), np.ones(5)) == pytest.approx([5] * 5)
    alone = made([[1 if i == j else None for i in range(5)] for j in range(5)])
    assert two_step(alone, even(), np.ones(5), np.ones(5)).tolist() == [1] * 5
    nobody = made([[None] * 5])
    assert two_step(nobody, even(), np.ones(1), np.ones(5)).tolist() == [0] * 5


@laws
@given(costs, demands)
def test_all_places_are_given_out_and_no_more(cost, demand):
    supply = np.arange(1.0, len(cost) + 1)
    for method in (two_step, three_step):
        got = method(made(cost), even(), supply, np.array(demand, float))
        reached = [any(line[i] is not None and demand[i] for i in range(4)) for line in cost]
        assert got @ demand == pytest.approx(supply[reached].sum())


@laws
@given(costs, demands, st.lists(st.one_of(st.none(), st.integers(0, 1000)), min_size=4, max_size=4))
def test_one_more_facility_never_lowers_2sfca(cost, demand, added):
    people = np.array(demand, float)
    before = two_step(made(cost), gaussian(1000), np.full(len(cost), 30.0), people)
    more = [*cost, added]
    after = two_step(made(more), gaussian(1000), np.full(len(more), 30.0), people)
    assert (after >= before - 1e-12).all()


def test_one_more_facility_can_lower_3sfca():
    """The law does not hold here: a tiny clinic near home draws demand from a large one."""
    # 100 persons live far from a clinic with many doctors, 10 beside it.
    people, doctors = np.array([100.0, 10.0]), np.array([40.0, 0.5])
    one = made([[900, 100]])
    two = made([[900, 100], [100, None]])
    before = three_step(one, gaussian(1000), doctors[:1], people)
    after = three_step(two, gaussian(1000), doctors, people)
    assert after[0] < 0.5 * before[0]
    assert (
        two_step(two, gaussian(1000), doctors, people)[0]
        > two_step(one, gaussian(1000), doctors[:1], people)[0]
    )


@laws
@given(costs, demands, st.permutations(range(4)))
def test_neither_order_nor_unit_matters(cost, demand, order):
    people, supply = np.array(demand, float), np.full(len(cost), 20.0)
    got = two_step(made(cost), gaussian(1000), supply, people)
    turned = [[line[i] for i in order] for line in cost]
    again = two_step(made(turned), gaussian(1000), supply, people[list(order)])
    assert again == pytest.approx(got[list(order)], rel=1e-12)
    km = [[None if d is None else d / 1000 for d in line] for line in cost]
    assert two_step(made(km), gaussian(1), supply, people) == pytest.approx(got, rel=1e-9, abs=1e-9)


def test_pairs_are_all_ways_within_the_limit(monkeypatch):
    network = walkable(
        streets(
            (1, 2, [(0, 0), (1000, 0)]),
            (2, 3, [(1000, 0), (1000, 500)]),
            (8, 9, [(0, 900), (9, 900)]),
        )
    )
    shops = snap(network, points((100, 5), (990, 400), (5, 905), (0, 5000)), limit_m=50)
    homes = snap(network, points((0, 10), (600, -20), (1000, 300), (4, 899), (0, 9000)), limit_m=50)
    graph = build(network, origins=shops, targets=homes)
    monkeypatch.setattr("processing.catchment.BLOCK", graph.matrix.shape[0])  # one at a time
    found = pairs(graph, np.arange(4), homes, limit_m=600)
    wanted = []
    for j in range(4):
        ways = nearest(graph, search(graph, np.array([j])), homes).distance_m
        wanted += [(j, i, d) for i, d in enumerate(ways) if d <= 600]
    wanted.sort(key=lambda row: (row[1], row[0]))
    assert len(wanted) >= 4
    got = list(
        zip(found.facility.tolist(), found.place.tolist(), found.distance_m.tolist(), strict=True)
    )
    assert got == wanted
    assert len(pairs(graph, np.array([3]), homes, limit_m=600).place) == 0


def test_weights():
    assert gaussian(300)(np.array([0.0, 300.0, 400.0])).tolist() == [1.0, 0.0, 0.0]
    zones = stepped((100.0, 200.0), (1.0, 0.5))
    assert zones(np.array([0.0, 100.0, 100.1, 200.0, 200.1])).tolist() == [1, 1, 0.5, 0.5, 0]


@pytest.mark.parametrize("limit_m", [0, -1, float("nan")])
def test_bad_limits_are_refused(limit_m):
    with pytest.raises(BadParameter, match="above 0 m"):
        gaussian(limit_m)


@pytest.mark.parametrize(
    ("bounds", "weights"),
    [((), ()), ((0.0,), (1.0,)), ((5.0, 4.0), (1.0, 1.0)), ((5.0,), (2.0,)), ((5.0,), ())],
)
def test_bad_zones_are_refused(bounds, weights):
    with pytest.raises(BadParameter, match="zones"):
        stepped(bounds, weights)


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_bad_numbers_are_refused(bad):
    with pytest.raises(BadParameter, match="supply"):
        two_step(made([[1]]), even(), np.array([bad]), np.ones(1))
    with pytest.raises(BadParameter, match="demand"):
        three_step(made([[1]]), even(), np.ones(1), np.array([bad]))
