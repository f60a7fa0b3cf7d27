import pandas as pd
import pytest

from layers.area import seed_areas
from layers.registry import load_layers
from processing import demo, fibre
from processing.errors import BadParameter
from processing.frames import require_fit
from processing.pipelines import PIPELINES, read_params
from processing.pipelines import fibre_coverage as pipeline

ORSHA = seed_areas()["orsha"]


@pytest.mark.parametrize(
    ("given_params", "said"),
    [
        ({"fibre_db_km": 0}, r"fibre_db_km = 0 .* equal to 0.01 dB/km$"),
        ({"splices": 1.5}, r"splices = 1.5 .* valid integer"),
        ({"drop_m": 0}, r"drop_m = 0 .* equal to 1 m$"),
    ],
)
def test_a_bad_parameter_is_named_with_what_is_allowed(given_params, said):
    with pytest.raises(BadParameter, match=said):
        read_params(PIPELINES["fibre-coverage"], given_params)


def test_the_codes_and_defaults_are_those_of_layer_and_method():
    codes = {code.value for code in load_layers()["fibre_coverage"].field("coverage").codes}
    assert codes == {fibre.SERVICEABLE, fibre.OVER_BUDGET, fibre.UNREACHABLE, fibre.NO_DUCT}
    given = pipeline.Params().model_dump(exclude={"drop_m"})
    assert fibre.Losses(**given) == fibre.Losses()


def test_the_flats_of_the_demonstration_quarter_can_be_served():
    frames = {name: pd.concat(list(demo.frames(ORSHA, name))) for name in pipeline.INPUTS.values()}
    result = pipeline.compute(pipeline.Params(), ORSHA, **frames)
    made = result.frames["fibre_coverage"]
    require_fit(made.assign(run_id="r"), load_layers()["fibre_coverage"], ORSHA)
    assert result.figures["share_dwellings"] > 0.9
    assert made.loc[made["coverage"] == "serviceable", "reserve_db"].ge(0).all()
    strict = pipeline.compute(pipeline.Params(margin_db=10.0), ORSHA, **frames)
    assert strict.figures["share_buildings"] == 0.0
