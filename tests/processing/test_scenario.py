import json
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point

from layers.model import AREA_STRIDE
from layers.scenario import Edit
from processing import scenario
from processing.crs import metric_crs
from processing.errors import MissingColumn, UnfitScenario
from tests.fix_streets import ORSHA, facilities, place, streets

SHOPS = facilities(("school", 0, 0), ("shop", 100, 0), ("shop", 200, 0)).to_crs(4326)
LAST = ORSHA.feature_id(AREA_STRIDE - 1)


def shape(*places: tuple[float, float]) -> str:
    """GeoJSON of a point or a line given in metres beside the first test facility."""
    moved = place(places)
    made = Point(moved[0]) if len(moved) == 1 else LineString(moved)
    frame = gpd.GeoSeries([made], crs=metric_crs(ORSHA)).to_crs(4326)
    return json.dumps(shapely.geometry.mapping(frame.iloc[0]))


def test_overlay_adds_changes_and_removes_and_leaves_the_base_alone() -> None:
    base = SHOPS.copy()
    first, second, third = base.index
    made = scenario.overlay(
        base,
        [
            Edit("remove", first, {}, None),
            Edit("change", second, {"service_class": "clinic"}, None),
            Edit("add", None, {"service_class": "pharmacy"}, shape((5, 5))),
            Edit("add", None, {"service_class": "stop"}, shape((6, 6))),
        ],
        ORSHA,
    )
    assert list(made.index) == [second, third, LAST - 1, LAST]
    assert list(made["service_class"]) == ["clinic", "shop", "stop", "pharmacy"]
    assert made.geometry[second] == base.geometry[second]
    assert made.crs == base.crs
    assert list(made.columns) == list(base.columns)
    assert base.equals(SHOPS)


def test_overlay_moves_and_can_undo_itself() -> None:
    number = SHOPS.index[0]
    there = scenario.overlay(SHOPS, [Edit("change", number, {}, shape((50, 50)))], ORSHA)
    assert there.geometry[number] != SHOPS.geometry[number]
    back = json.dumps(shapely.geometry.mapping(SHOPS.geometry[number]))
    assert scenario.overlay(there, [Edit("change", number, {}, back)], ORSHA).equals(SHOPS)


def test_what_is_not_there_cannot_be_changed() -> None:
    for operation in ("change", "remove"):
        with pytest.raises(UnfitScenario, match="no feature 999"):
            scenario.overlay(SHOPS, [Edit(operation, 999, {}, None)], ORSHA)


def test_an_added_street_joins_the_junctions_at_its_ends() -> None:
    roads = streets((1, 2, [(0, 0), (1000, 0)]), (3, 4, [(0, 500), (1000, 500)])).to_crs(4326)
    values = {"foot": True}
    made = scenario.overlay(
        roads,
        [
            Edit("add", None, values, shape((1000, 0.2), (1000, 250))),
            Edit("add", None, values, shape((1000, 250.3), (1000, 499.7))),
            Edit("add", None, values, shape((0, 0), (0, 498))),
        ],
        ORSHA,
    )
    ends = made.loc[[LAST, LAST - 1, LAST - 2], ["node_from", "node_to"]].astype(int).to_numpy()
    assert ends[0, 0] == 2
    assert ends[0, 1] == ends[1, 0] > 4
    assert ends[1, 1] == 4
    assert ends[2, 0] == 1
    assert ends[2, 1] not in (1, 2, 3, 4, ends[0, 1])


def rows(*given: tuple[int, str, float | None]) -> gpd.GeoDataFrame:
    key, kind, value = zip(*given, strict=True)
    columns = {"building_id": key, "coverage": kind, "distance_m": np.array(value, dtype=float)}
    return gpd.GeoDataFrame(columns, geometry=[Point(k, 0) for k in key], crs=4326)


def test_difference_tells_what_came_went_and_changed() -> None:
    before = rows((1, "covered", 10), (2, "unsnapped", None), (3, "not_covered", 900), (4, "x", 1))
    after = rows((2, "unsnapped", None), (3, "covered", 300), (4, "x", 1), (5, "covered", 2))
    made = scenario.difference(before, after, ["building_id"])
    assert list(made["building_id"]) == [1, 3, 5]
    assert list(made["change"]) == ["removed", "changed", "added"]
    assert made["coverage_before"].tolist()[1] == "not_covered"
    assert made["coverage_after"].tolist()[1] == "covered"
    assert made["distance_m_before"].tolist()[1] == 900
    assert made["distance_m_after"].tolist()[1] == 300
    assert scenario.difference(before, before, ["building_id"]).empty
    with pytest.raises(MissingColumn):
        scenario.difference(before, after, ["nosuch"])


@settings(deadline=None)
@given(st.permutations(range(6)))
def test_difference_does_not_depend_on_the_order_of_rows(order: list[int]) -> None:
    before = rows(*((k, "a", k) for k in range(6)))
    after = rows(*((k, "b" if k % 2 else "a", k) for k in range(6)))
    wanted = scenario.difference(before, after, ["building_id"])
    shuffled = scenario.difference(before.iloc[order], after, ["building_id"])
    assert shuffled.equals(wanted)
    assert list(wanted["building_id"]) == [1, 3, 5]


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        (1, 3, {"before": 1, "after": 3, "difference": 2}),
        (None, 3, {"before": None, "after": 3, "difference": None}),
        ("a", "b", "b"),
        (True, False, False),
        ({"x": [1, 2]}, {"x": [1, 1], "y": "z"},
         {"x": [{"before": 1, "after": 1, "difference": 0},
                {"before": 2, "after": 1, "difference": -1}], "y": "z"}),
    ],
)  # fmt: skip
def test_figures_of_two_runs_become_one_tree(before: Any, after: Any, wanted: Any) -> None:
    assert scenario.figures(before, after) == wanted
