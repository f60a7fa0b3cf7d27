import pandas as pd
import pytest

from layers.area import seed_areas
from layers.registry import load_layers
from processing import demo
from processing.demo import rasters
from processing.errors import BadParameter
from processing.frames import checksum, require_fit
from processing.pipelines import PIPELINES, read_params
from processing.pipelines import radio_coverage as pipeline

ORSHA = seed_areas()["orsha"]


@pytest.mark.parametrize(
    ("given_params", "said"),
    [
        ({"location_percent": 99.9}, r"location_percent = 99.9 .* less than or equal to 99 %$"),
        ({"models": []}, r"models = \[\] .* at least 1"),
        ({"models": ["itm"]}, r"models.0 = 'itm' .* 'p1411'"),
        ({"technologies": ["wimax"]}, r"technologies.0 = 'wimax' .* 'gsm'"),
        ({"thresholds_dbm": {"lte": 20}}, r"thresholds_dbm.lte = 20 .* equal to 0 dBm$"),
        ({"cell_m": -1}, r"cell_m = -1 .* equal to 5 m$"),
        ({"deviation_db": float("nan")}, r"deviation_db = nan .* finite number"),
    ],
)
def test_a_bad_parameter_is_named_with_what_is_allowed(given_params, said):
    with pytest.raises(BadParameter, match=said):
        read_params(PIPELINES["radio-coverage"], given_params)


def test_a_command_line_says_the_same_as_a_document():
    written = {"technologies": "nr,lte,lte", "models": "uma,hata", "thresholds_dbm": "lte=-105"}
    listed = {
        "technologies": ["lte", "nr"], "models": ["uma", "hata"], "thresholds_dbm": {"lte": -105},
    }  # fmt: skip
    known = PIPELINES["radio-coverage"]
    assert read_params(known, written) == read_params(known, listed)


def test_the_codes_are_those_of_the_layers():
    layers = load_layers()
    for layer_id in pipeline.OUTPUT:
        codes = {code.value for code in layers[layer_id].field("technology").codes}
        assert codes == set(pipeline.TECHNOLOGIES)
        models = {code.value for code in layers[layer_id].field("model").codes}
        assert models == {*pipeline.Model.__args__, "p1411_low"}
    mobile = {code.value for code in layers["base_stations"].field("technology").codes}
    assert mobile < set(pipeline.TECHNOLOGIES)


def test_on_the_demonstration_quarter_no_technology_is_without_data():
    frames = {
        name: pd.concat(list(demo.frames(ORSHA, name)))
        for name in ("buildings", "base_stations", "wifi_access_points", "lorawan_gateways")
    }
    cells = {name: rasters.raster(ORSHA, name) for name in ("dem", "clutter")}
    params = pipeline.Params(cell_m=50.0)
    result = pipeline.compute(params, ORSHA, **frames, **cells)
    again = pipeline.compute(params, ORSHA, **frames, **cells)
    assert checksum(result.frames) == checksum(again.frames)
    layers = load_layers()
    for layer_id in pipeline.OUTPUT:
        require_fit(result.frames[layer_id].assign(run_id="r"), layers[layer_id], ORSHA)
    figures = {each["technology"]: each for each in result.figures["technologies"]}
    assert set(figures) == set(pipeline.TECHNOLOGIES)
    buildings = len(frames["buildings"])
    for each in figures.values():
        assert each["not_computable_outdoor"] < 0.02 * buildings
    assert figures["gsm"]["share_residents_outdoor"] == 1.0
    rows = result.frames["radio_coverage"]
    heard = rows[(rows["technology"] == "lorawan") & rows["level_indoor_dbm"].ge(-137.0)]
    assert heard["spreading_factor"].between(7, 12).all()
    assert rows[rows["technology"] != "lorawan"]["spreading_factor"].isna().all()
