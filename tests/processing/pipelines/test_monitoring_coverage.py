import pytest

from processing.errors import BadParameter
from processing.pipelines import PIPELINES, read_params

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
