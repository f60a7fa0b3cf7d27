from typing import Any

import pytest

from layers import store
from layers.area import save_area
from layers.model import Origin
from layers.registry import load_layers
from processing import demo, runner
from processing.errors import BadParameter
from processing.pipelines import PIPELINES, read_params
from tests.fix_streets import ORSHA

MONITORING = PIPELINES["monitoring-coverage"]


@pytest.mark.parametrize(
    ("given_params", "said"),
    [
        ({"pollutant": "smell"}, r"pollutant = 'smell' .* 'pm10'"),
        ({"completeness": 0}, r"completeness = 0 .* greater than 0"),
        ({"cell_m": float("inf")}, r"cell_m = inf .* finite"),
        ({"window_begin": "soon"}, r"window_begin = 'soon'"),
        ({"nugget": 1}, r"nugget, partial_sill and range_m are given together"),
        ({"nugget": 0, "partial_sill": 0, "range_m": 5}, r"both 0"),
        ({"new_stations": -1}, r"new_stations = -1"),
    ],
)
def test_a_bad_parameter_is_named_with_what_is_allowed(given_params, said):
    with pytest.raises(BadParameter, match=said):
        read_params(MONITORING, given_params)


def test_a_variogram_can_be_written_on_a_command_line():
    written = {"nugget": "2.5", "partial_sill": "10", "range_m": "800"}
    numbers = {"nugget": 2.5, "partial_sill": 10, "range_m": 800}
    assert read_params(MONITORING, written) == read_params(MONITORING, numbers)


def test_the_quarter_from_its_layers_to_published_ones(connection: Any):
    save_area(connection, ORSHA)
    layers, origin = load_layers(), Origin(status="demonstration", source="test", checksum="1")
    for name in MONITORING.INPUTS.values():
        store.replace(connection, layers[name], demo.frames(ORSHA, name), area=ORSHA, origin=origin)
    done = runner.run(connection, MONITORING.NAME, "orsha", {})
    assert not runner.needed(connection, MONITORING.NAME, "orsha", {})
    assert done.quality["variogram_not_computable"].startswith("12 continuous stations")
    assert done.result.figures["share_residents_within_reach"] == 1
    stated = {"nugget": 2, "partial_sill": 20, "range_m": 1500}
    kriged = runner.run(connection, MONITORING.NAME, "orsha", stated)
    assert kriged.changed
    assert kriged.result.figures["basis"] == "kriging"
    published = connection.execute(
        "SELECT count(*) FROM features.monitoring_coverage WHERE kriging_sd_ug_m3 IS NOT NULL"
    ).fetchone()
    assert published == (len(kriged.frames["monitoring_coverage"]),)
