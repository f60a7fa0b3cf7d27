import pytest

from processing.errors import BadParameter
from processing.pipelines import PIPELINES, read_params

LIGHTING = PIPELINES["lighting-coverage"]


@pytest.mark.parametrize(
    ("given_params", "said"),
    [
        ({"cutoff_heights": 0}, r"cutoff_heights = 0 .* greater than or equal to 2"),
        ({"cutoff_heights": float("nan")}, r"cutoff_heights = nan .* finite"),
        ({"burning_h": 9000}, r"burning_h = 9000 .* 8784 h$"),
        ({"maintenance_factor": 0}, r"maintenance_factor = 0 .* greater than 0"),
        ({"walk_to": "moon"}, r"walk_to = 'moon' .* 'school'"),
        ({"ies": {"X-1": "text"}}, r"ies.X-1"),
        ({"default_width_m": -1}, r"default_width_m = -1 .* 0.5 m$"),
    ],
)
def test_a_bad_parameter_is_named_with_what_is_allowed(given_params, said):
    with pytest.raises(BadParameter, match=said):
        read_params(LIGHTING, given_params)


def test_cabinets_can_be_written_on_a_command_line():
    written = read_params(LIGHTING, {"dark_cabinets": "C-02, C-01,C-02"})
    assert written == read_params(LIGHTING, {"dark_cabinets": ["C-01", "C-02"]})


def test_its_seeds_are_the_classes_and_the_demonstration_luminaires():
    assert set(LIGHTING.seeds()) == {"classes", "demonstration"}
    assert LIGHTING.seeds()["demonstration"]["mercury_old"].status == "demonstration"
