"""The pipelines beside service-coverage, from PostGIS to published layers and back."""

import json
from typing import Any

import pytest

from layers import store
from layers.area import save_area
from layers.model import Origin
from layers.registry import load_layers
from processing import demo, runner
from processing.errors import BadParameter, EmptyInput
from processing.pipelines import PIPELINES
from tests.fix_streets import ORSHA

LAYERS = load_layers()
INPUTS = ("buildings", "streets", "service_points")
OTHERS = ("accessibility-coverage", "site-selection")


@pytest.fixture
def loaded(connection: Any) -> Any:
    save_area(connection, ORSHA)
    origin = Origin(status="demonstration", source="test", checksum="1")
    for name in INPUTS:
        frames = demo.frames(ORSHA, name)
        store.replace(connection, LAYERS[name], frames, area=ORSHA, origin=origin)
    return connection


@pytest.mark.parametrize("name", OTHERS)
def test_a_run_is_published_and_repeats_without_the_layers_an_area_may_lack(loaded, name):
    first = runner.run(loaded, name, "orsha", {})
    for layer in PIPELINES[name].OUTPUT:
        assert len(store.read(loaded, LAYERS[layer], area="orsha")) == len(first.frames[layer])
    assert first.changed
    again = runner.run(loaded, name, "orsha", {})
    assert again.result_checksum == first.result_checksum
    assert not again.changed
    assert not runner.needed(loaded, name, "orsha", {})
    # Every figure is a JSON value: neither NaN nor infinite.
    json.dumps(first.summary(), allow_nan=False, default=str)


def test_what_is_missing_is_said(loaded):
    found = runner.run(loaded, "accessibility-coverage", "orsha", {}, publish=False)
    assert "not loaded" in found.quality["not_computable"]["green"]
    groups = {row["demand_group"] for row in found.result.figures["provision"]}
    assert groups == {"residents"}
    with pytest.raises(EmptyInput, match="parcels: none are loaded for area orsha"):
        runner.run(loaded, "site-selection", "orsha", {"candidates": "parcel"}, publish=False)
    parameters = {"candidates": "given", "points": "30.42 54.51", "sites": 3}
    with pytest.raises(BadParameter, match="can be chosen"):
        runner.run(loaded, "site-selection", "orsha", parameters, publish=False)
