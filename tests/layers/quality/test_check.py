"""Rules and measures on shapes drawn for each: what is a fault, and what only looks like one."""

import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import psycopg
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql
from pydantic import ValidationError
from shapely import LineString, Point, box

from layers import registry, store
from layers.area import save_area, seed_areas
from layers.extents import Extents
from layers.model import Layer, Origin, Rule
from layers.quality import Known, Quality, check, meeting

ORSHA = seed_areas()["orsha"]
LAYERS = registry.load_layers()
X, Y = 333_000.0, 6_043_000.0  # metres of UTM zone 36 N, in Orsha
ORIGIN = Origin(status="open", source="test", checksum="")

Connection = psycopg.Connection[tuple[Any, ...]]
AREAS = {"purpose": "residential", "area_m2": 1.0}
LINES = {
    "highway": "residential", "oneway": "no", "foot": True, "bicycle": True, "car": True,
    "length_m": 1.0, "bridge": False, "tunnel": False, "node_from": 1, "node_to": 2,
}  # fmt: skip


def held(
    conn: Connection, layer_id: str, shapes: Sequence[Any], *rules: Rule, **columns: Any
) -> Quality:
    """The quality of shapes (metres east and north of a place in Orsha) as rows of a layer."""
    layer = LAYERS[layer_id].model_copy(update={"quality": rules})
    save_area(conn, ORSHA)
    moved = [shapely.transform(one, lambda xy: xy + np.array([X, Y])) for one in shapes]
    frame = gpd.GeoDataFrame(geometry=moved, crs=ORSHA.srid).to_crs(4326)
    frame.index = [ORSHA.feature_id(n) for n in range(1, len(shapes) + 1)]
    for name, value in columns.items():
        frame[name] = value
    store.replace(conn, layer, [fitted(frame, layer)], area=ORSHA, origin=ORIGIN)
    table = sql.Identifier("features", layer_id)
    found = check(conn, layer, table, ORSHA)
    # As a load looks that knows the boxes of its rows.
    extents = Extents.of(frame.index.to_numpy(), shapely.bounds(frame.geometry.to_numpy()))
    known = Known(found.row_count, found.measures, lambda: meeting(layer, ORSHA, extents))
    assert check(conn, layer, table, ORSHA, known) == found
    return found


def fitted(frame: gpd.GeoDataFrame, layer: Layer) -> gpd.GeoDataFrame:
    """The rows with every field of the layer."""
    for one in layer.fields:
        if one.name not in frame:
            frame[one.name] = None
    if layer.geometry == "MultiPolygon":
        frame.geometry = [
            shapely.MultiPolygon([g]) if g.geom_type == "Polygon" else g for g in frame.geometry
        ]
    return frame


def faults(quality: Quality) -> list[int]:
    return [int(one.feature) - ORSHA.feature_id(0) for one in quality.findings]


def test_areas_that_share_an_edge_do_not_overlap(connection: Connection) -> None:
    shapes = [box(0, 0, 10, 10), box(10, 0, 20, 10), box(19, 2, 25, 8), box(0, 10.0005, 10, 20)]
    found = held(connection, "parcels", shapes, Rule(rule="overlap", limit=0.5), **AREAS)
    assert faults(found) == [2]
    (finding,) = found.findings
    assert "overlaps feature 100000003 by 6.0 m2" in finding.detail
    assert finding.lon == pytest.approx(30.42, abs=0.05)
    (rule,) = found.rules
    assert (rule.measure, rule.checked, rule.faulty, rule.faults) == (11, 4, 2, 1)
    assert (
        held(connection, "parcels", shapes, Rule(rule="overlap", limit=7), **AREAS).findings == ()
    )


def test_a_slit_is_a_gap_and_a_street_is_not(connection: Connection) -> None:
    shapes = [box(0, 0, 10, 10), box(10.4, 0, 20, 10), box(30, 0, 40, 10)]
    found = held(connection, "parcels", shapes, Rule(rule="gap", limit=1), **AREAS)
    (finding,) = found.findings
    assert finding.detail == "a gap of 4.0 m2 lies beside it"
    notched = [box(0, 0, 10, 10).difference(box(4, 4, 4.3, 10)), box(20, 0, 30, 10)]
    assert held(connection, "parcels", notched, Rule(rule="gap", limit=1), **AREAS).findings == ()


def test_lines_must_meet_and_dead_ends_may_be(connection: Connection) -> None:
    main = LineString([(0, 0), (100, 0)])
    shapes = [
        main,
        LineString([(20, 0.4), (20, 50)]),  # ends 0.4 m before the street
        LineString([(40, 0), (40, 50)]),  # meets it, and ends at nothing
        LineString([(100, 0), (100, 50)]),
    ]
    found = held(connection, "streets", shapes, Rule(rule="undershoot", limit=1), **LINES)
    assert faults(found) == [2]
    assert "0.40 m off feature 100000001" in found.findings[0].detail


def test_lines_cross_at_nodes_or_on_bridges(connection: Connection) -> None:
    shapes = [
        LineString([(0, 0), (100, 0)]),
        LineString([(50, -20), (50, 20)]),  # crosses the first without a node
        LineString([(80, -20), (80, 20)]),  # crosses it on a bridge
        LineString([(100, 0), (100, 40)]),  # has a node with it
    ]
    rule = Rule(rule="crossing", apart=("bridge", "tunnel"))
    lines = LINES | {"bridge": [False, False, True, False]}
    found = held(connection, "streets", shapes, rule, **lines)
    assert faults(found) == [1]
    assert "meets feature 100000002" in found.findings[0].detail


def test_a_line_that_ends_on_another_has_no_node_there(connection: Connection) -> None:
    through = LineString([(0, 0), (37, 11), (100, 0)])
    ends_on_it = LineString([(20, 20 * 11 / 37), (20, 60)])
    ends_at_its_vertex = LineString([(37, 11), (37, 60)])
    found = held(
        connection, "streets", [through, ends_on_it, ends_at_its_vertex], Rule(rule="crossing"),
        **LINES,
    )  # fmt: skip
    assert [one.detail for one in found.findings] == [
        "meets feature 100000002 where they have no node",
        "meets feature 100000003 where they have no node",
    ]
    (rule,) = found.rules
    assert (rule.faults, rule.faulty) == (2, 3)


def test_loops_and_streets_that_end_where_they_meet_are_right(connection: Connection) -> None:
    loops = [
        LineString([(0, 0), (10, 10), (20, 0), (0, 0)]),
        LineString([(0, 0), (-10, 10), (-20, 0), (0, 0)]),  # closed at the same node
    ]
    star = [LineString([(0, 0), (0, -30)]), LineString([(10, -30), (0, -30), (0, 0)])]
    rules = Rule(rule="crossing"), Rule(rule="undershoot", limit=1)
    found = held(connection, "streets", loops + star[:1], *rules, **LINES)
    assert found.findings == ()
    # Two ways between the same nodes share the last 30 m: they meet at a vertex of the second.
    assert len(held(connection, "streets", star, *rules, **LINES).findings) == 1


def test_what_is_not_there_to_be_near_to_is_not_checked(connection: Connection) -> None:
    for other in ("streets", "nosuch"):
        rule = Rule(rule="far", limit=30, beside=other)
        found = held(
            connection, "street_lights", [Point(0, 0)], rule, state="working", lamp_type="led"
        )
        (said,) = found.rules
        assert (said.verdict, said.checked) == ("unchecked", 0)
        assert found.verdict == "publish"


def test_gaps_within_the_hull_or_another_layer(connection: Connection) -> None:
    ring = [box(0, 0, 30, 10), box(0, 20, 30, 30), box(0, 10, 10, 20), box(20, 10, 30, 20)]
    rule = Rule(rule="gap", within="hull")
    (gap,) = held(connection, "parcels", ring, rule, **AREAS).findings
    assert gap.detail == "a gap of 100.0 m2 lies beside it"
    assert held(connection, "parcels", [*ring, box(10, 10, 20, 20)], rule, **AREAS).findings == ()
    whole = Rule(rule="gap", within="functional_zones")
    held(connection, "functional_zones", [box(0, 0, 50, 30)], zone="Ж1")
    found = held(connection, "parcels", ring, whole, **AREAS)
    assert sorted(one.detail for one in found.findings) == [
        "a gap of 100.0 m2 lies beside it", "a gap of 600.0 m2 lies beside it",
    ]  # fmt: skip
    large = Rule(rule="gap", within="functional_zones", limit=150)
    assert len(held(connection, "parcels", ring, large, **AREAS).findings) == 1


def test_findings_are_cut_and_counts_are_not(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        sys.modules["layers.quality.check"], "KEPT", 3
    )  # the name is a function too
    shapes = [box(8 * i, 0, 8 * i + 10, 10) for i in range(9)]  # each overlaps the next
    found = held(connection, "parcels", shapes, Rule(rule="overlap"), **AREAS)
    assert faults(found) == [1, 2, 3]
    (rule,) = found.rules
    assert (rule.faults, rule.faulty) == (8, 9)


def test_lamps_stand_at_their_street(connection: Connection) -> None:
    held(connection, "streets", [LineString([(0, 0), (100, 0)])], **LINES)
    rule = Rule(rule="far", limit=30, beside="streets")
    lamps = [Point(10, 5), Point(50, 31), Point(60, 29)]
    found = held(connection, "street_lights", lamps, rule, state="working", lamp_type="led")
    assert faults(found) == [2]
    assert found.findings[0].detail == "lies 31.0 m off the nearest feature of streets"


def test_the_same_shape_twice_is_named_once(connection: Connection) -> None:
    turned = shapely.Polygon([(10, 0), (10, 10), (0, 10), (0, 0)])  # the same from another corner
    shapes = [box(0, 0, 10, 10), box(20, 0, 30, 10), turned]
    found = held(connection, "parcels", shapes, Rule(rule="twice"), **AREAS)
    assert faults(found) == [3]
    assert found.findings[0].detail == "has the same shape as feature 100000001"


@pytest.mark.parametrize(
    ("warn", "refuse", "verdict"),
    [(0.7, 1.0, "publish"), (0.5, 0.7, "warn"), (0.0, 0.5, "refuse")],  # two of three overlap
)
def test_thresholds_decide(
    connection: Connection, warn: float, refuse: float, verdict: str
) -> None:
    shapes = [box(0, 0, 10, 10), box(5, 0, 15, 10), box(30, 0, 40, 10)]
    rule = Rule(rule="overlap", warn_share=warn, refuse_share=refuse)
    assert held(connection, "parcels", shapes, rule, **AREAS).verdict == verdict


def test_a_count_may_decide_as_well(connection: Connection) -> None:
    shapes = [box(0, 0, 10, 10), box(5, 0, 15, 10), box(30, 0, 40, 10)]
    for most, verdict in ((2, "publish"), (1, "refuse")):
        rule = Rule(rule="overlap", warn_share=1, refuse_count=most)
        assert held(connection, "parcels", shapes, rule, **AREAS).verdict == verdict


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(order=st.permutations(range(5)))
def test_faults_do_not_depend_on_the_order_of_rows(
    connection: Connection, order: list[int]
) -> None:
    large = box(0, 0, 50, 10)  # overlaps three small ones
    shapes = [large, box(1, 1, 2, 2), box(11, 1, 12, 2), box(21, 1, 22, 2), box(90, 0, 99, 9)]
    (rule,) = held(
        connection, "parcels", [shapes[i] for i in order], Rule(rule="overlap"), **AREAS
    ).rules
    assert (rule.faults, rule.faulty) == (3, 4)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    cuts=st.lists(st.integers(1, 99), min_size=1, max_size=4, unique=True),
    moved=st.booleans(),
)
def test_a_partition_has_neither_overlaps_nor_gaps(
    connection: Connection, cuts: list[int], moved: bool
) -> None:
    edges = np.array([0, *sorted(cuts), 100], dtype=float)
    shapes = [box(w, s, e, n) for w, e in pairwise(edges)
              for s, n in ((0.0, 40.0), (40.0, 100.0))]  # fmt: skip
    if moved:  # the first loses a strip of 0.3 m to nobody
        shapes[0] = box(edges[0], 0, edges[1] - 0.3, 40)
    rules = Rule(rule="overlap", limit=0.05), Rule(rule="gap", limit=0.8)
    found = held(connection, "parcels", shapes, *rules, **AREAS)
    assert [one.faults for one in found.rules] == [0, int(moved)]


def test_measures_count_what_is_missing_or_unknown(connection: Connection) -> None:
    columns = AREAS
    shapes = [box(20 * i, 0, 20 * i + 10, 10) for i in range(4)]
    found = held(connection, "parcels", shapes, **columns)
    by_name = {(m.measure, m.field): m for m in found.measures}
    assert (7, "address") not in by_name  # it may be left out
    assert by_name[60, "purpose"].value == 0
    assert by_name[7, "purpose"].value == 0
    # Rows that came past the checks of a load, as those of a table of somebody else's may.
    columns = sql.SQL("SELECT id, area, cadastral_number, address, area_m2, {} AS purpose, geom")
    foreign = sql.SQL(
        "CREATE VIEW features.strange AS {} FROM features.parcels ORDER BY id"
    ).format(columns.format(sql.SQL(
        "CASE id WHEN 100000001 THEN NULL WHEN 100000002 THEN 'castle' ELSE purpose END"
    )))  # fmt: skip
    connection.execute(foreign)
    strange = check(connection, LAYERS["parcels"], sql.Identifier("features", "strange"), ORSHA)
    by_name = {(m.measure, m.field): m for m in strange.measures}
    assert by_name[7, "purpose"].value == 0.25
    assert by_name[7, "purpose"].rate
    assert by_name[60, "purpose"].value == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"rule": "far", "limit": 5}, {"rule": "gap"}, {"rule": "overlap", "beside": "streets"},
        {"rule": "overlap", "apart": ["bridge"]}, {"rule": "nosuch"},
        {"rule": "twice", "warn_share": 2}, {"rule": "overlap", "limit": -1},
        {"rule": "overlap", "within": "hull"}, {"rule": "twice", "refuse_count": -1},
    ],
)  # fmt: skip
def test_a_rule_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Rule.model_validate(wrong)


def test_a_rule_fits_its_layer() -> None:
    streets = LAYERS["streets"].model_dump()
    for rule in (
        {"rule": "overlap"},
        {"rule": "crossing", "apart": ["nosuch"]},
        {"rule": "crossing", "apart": ["name"]},  # a text is never true
    ):
        with pytest.raises(ValidationError):
            Layer.model_validate(streets | {"quality": [rule]})
