"""Rules and measures on shapes drawn for each: what is a fault, and what only looks like one."""

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
from layers.model import Layer, Origin, Rule
from layers.quality import Quality, check

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
    return check(conn, layer, sql.Identifier("features", layer_id), ORSHA)


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
    assert (rule.measure, rule.checked, rule.faulty, rule.faults) == (11, 4, 1, 1)
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
    assert "crosses feature 100000002" in found.findings[0].detail


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
    [(0.5, 1.0, "publish"), (0.2, 1.0, "warn"), (0.0, 0.2, "refuse")],
)
def test_thresholds_decide(
    connection: Connection, warn: float, refuse: float, verdict: str
) -> None:
    shapes = [box(0, 0, 10, 10), box(5, 0, 15, 10), box(30, 0, 40, 10)]
    rule = Rule(rule="overlap", warn_share=warn, refuse_share=refuse)
    assert held(connection, "parcels", shapes, rule, **AREAS).verdict == verdict


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


def test_measures_count_what_is_missing(connection: Connection) -> None:
    columns = AREAS | {"address": ["a", None, None, "b"]}
    shapes = [box(20 * i, 0, 20 * i + 10, 10) for i in range(4)]
    found = held(connection, "parcels", shapes, **columns)
    by_name = {(m.measure, m.field): m for m in found.measures}
    assert by_name[7, "address"].value == 0.5
    assert by_name[7, "address"].rate
    assert by_name[60, "purpose"].value == 0
    assert by_name[7, "purpose"].value == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"rule": "far", "limit": 5}, {"rule": "gap"}, {"rule": "overlap", "beside": "streets"},
        {"rule": "overlap", "apart": ["bridge"]}, {"rule": "nosuch"},
        {"rule": "twice", "warn_share": 2}, {"rule": "overlap", "limit": -1},
    ],
)  # fmt: skip
def test_a_rule_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Rule.model_validate(wrong)


def test_a_rule_fits_its_layer() -> None:
    streets = LAYERS["streets"].model_dump()
    for rule in ({"rule": "overlap"}, {"rule": "crossing", "apart": ["nosuch"]}):
        with pytest.raises(ValidationError):
            Layer.model_validate(streets | {"quality": [rule]})
