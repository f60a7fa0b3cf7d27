from typing import Any

import pytest

from layers import scenario
from layers.area import save_area, seed_areas
from layers.errors import BadScenario, TakenName, UnknownScenario
from layers.registry import load_layers

LAYERS = load_layers()
POINT = {"type": "Point", "coordinates": [30.42, 54.51]}
LIGHT = {"lamp_type": "led", "state": "working"}


def document(*changes: dict[str, Any], **members: Any) -> dict[str, Any]:
    made = changes or ({"layer": "street_lights", "operation": "remove", "id": 7},)
    return {"name": "new-lamps", "area": "orsha", "title": "Lamps", "changes": list(made)} | members


def add(layer: str = "street_lights", **feature: Any) -> dict[str, Any]:
    given = {"geometry": POINT, "properties": LIGHT} | feature
    return {"layer": layer, "operation": "add", "feature": given}


def test_changes_come_typed_by_layer_and_in_order() -> None:
    change = {
        "layer": "street_lights", "operation": "change", "id": 9,
        "feature": {"properties": {"power_w": 60, "installed_year": None}},
    }  # fmt: skip
    clinic = add("service_points", properties={"service_class": "clinic"})
    read = scenario.read(document(add(), change, clinic))
    assert read.layers == ("service_points", "street_lights")
    edits = scenario.edits(read, LAYERS)
    first, second = edits["street_lights"]
    assert (first.operation, first.id, first.values["lamp_type"]) == ("add", None, "led")
    assert first.values["power_w"] is None
    assert second.values == {"power_w": 60.0, "installed_year": None}
    assert second.shape is None
    assert edits["service_points"][0].shape is not None


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ([], "/"),
        (document(name="Новые лампы"), "/name"),
        (document() | {"changes": []}, "/changes"),
        (document() | {"nosuch": 1}, "/nosuch"),
        (document({"layer": "street_lights", "operation": "remove"}), "/changes/0"),
        (document({"layer": "street_lights", "operation": "add", "id": 1, "feature": {}}), "/chan"),
        (document({"layer": "street_lights", "operation": "change", "id": 1}), "/changes/0"),
        (document(*[{"layer": "x", "operation": "remove", "id": 1}] * 10_001), "/changes"),
    ],
)
def test_what_is_no_scenario_is_refused_with_its_place(wrong: Any, place: str) -> None:
    with pytest.raises(BadScenario, match=place):
        scenario.read(wrong)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (add("nosuch"), "/changes/0/layer"),
        (add("admin_units"), "/changes/0/layer"),
        (add(geometry=None), "/changes/0/feature/geometry"),
        (add(geometry={"type": "Point", "coordinates": [54.5, 130.4]}), "/geometry/coordinates"),
        (add(properties={"lamp_type": "candle"}), "/changes/0/feature/properties/lamp_type"),
        (add(properties=LIGHT | {"power_w": -1}), "/changes/0/feature/properties/power_w"),
        (
            {"layer": "street_lights", "operation": "change", "id": 1,
             "feature": {"properties": {"lamp_type": None}}},
            "/changes/0/feature/properties/lamp_type",
        ),
        (
            {"layer": "street_lights", "operation": "change", "id": 1,
             "feature": {"geometry": None}},
            "/changes/0/feature/geometry",
        ),
    ],
)  # fmt: skip
def test_a_feature_that_does_not_fit_its_layer_is_named(change: Any, place: str) -> None:
    with pytest.raises(BadScenario, match=place):
        scenario.edits(scenario.read(document(change)), LAYERS)


def test_checksum_is_of_the_changes_only() -> None:
    one = scenario.read(document(add()))
    assert one.checksum == scenario.read(document(add(), name="b", title="B")).checksum
    other = add(properties=LIGHT | {"power_w": 1})
    assert one.checksum != scenario.read(document(other)).checksum


def test_scenarios_are_kept_by_name_and_owner(connection: Any) -> None:
    save_area(connection, seed_areas()["orsha"])
    one = scenario.read(document(add()))
    scenario.save(connection, one, owner="anna")
    assert scenario.find(connection, "new-lamps") == one
    renamed = scenario.read(document(add(), title="More lamps"))
    with pytest.raises(TakenName, match="somebody else's"):
        scenario.save(connection, renamed)
    scenario.save(connection, renamed, owner="anna")
    assert scenario.stored(connection) == [renamed]
    scenario.remove(connection, "new-lamps")
    with pytest.raises(UnknownScenario, match="new-lamps"):
        scenario.find(connection, "new-lamps")
