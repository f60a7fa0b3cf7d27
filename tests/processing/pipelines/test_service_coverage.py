import subprocess
import sys

import pytest

from layers.model import LANGUAGES
from layers.registry import load_layers
from processing.errors import BadParameter, UnknownPipeline
from processing.pipelines import PIPELINES, get_pipeline, parameter_schemas, read_params
from processing.pipelines import service_coverage as pipeline


@pytest.mark.parametrize(
    ("given_params", "said"),
    [
        ({"snap_limit_m": 9999}, r"snap_limit_m = 9999 .* less than or equal to 1000 m$"),
        ({"buffer_m": 0}, r"buffer_m = 0 .* greater than or equal to 1 m$"),
        ({"buffer_m": float("nan")}, r"buffer_m = nan .* finite number"),
        ({"limits_m": {"school": -1}}, r"limits_m.school = -1 .* equal to 1 m$"),
        ({"limits_m": {"schol": 5}}, r"limits_m.schol = 'schol' .* 'school', 'kindergarten'"),
        ({"service_classes": ["x"]}, r"service_classes.0 = 'x' .* 'school'"),
        ({"form": "tower"}, r"form = 'tower' .* 'multi_storey' or 'low_rise'"),
        ({"building_kinds": []}, r"building_kinds = \[\] .* at least 1"),
        ({"speed": 1}, r"no parameter 'speed'; it has service_classes, form"),
    ],
)
def test_a_bad_parameter_is_named_with_what_is_allowed(given_params, said):
    with pytest.raises(BadParameter, match=said):
        read_params(PIPELINES["service-coverage"], given_params)


def test_parameters_can_be_written_on_a_command_line():
    written = {"service_classes": "shop, school", "limits_m": "shop=400,school=600"}
    listed = {"service_classes": ["school", "shop"], "limits_m": {"school": 600, "shop": 400}}
    known = PIPELINES["service-coverage"]
    assert read_params(known, written) == read_params(known, listed)


def test_an_unknown_pipeline_lists_the_known_ones():
    with pytest.raises(UnknownPipeline, match=r"'coverage'.* service-coverage"):
        get_pipeline("coverage")


UNITS = {
    "_m": "m", "_m2": "m2", "_min": "min", "_km_h": "km/h", "_h": "h", "nugget": "ug2/m6",
    "partial_sill": "ug2/m6", "_dbm": "dBm", "_db": "dB", "_db_km": "dB/km", "_percent": "%",
    "_deg": "deg", "_days": "d", "months": "mo",
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_parameter_is_described(language):
    for known in PIPELINES.values():
        schemas = parameter_schemas(known, language)
        assert set(schemas) == set(known.Params.model_fields) == set(known.PARAMETERS)
        for name, schema in schemas.items():
            assert schema["title"]
            assert schema["description"]
            assert schema.get("x-ogc-unit") == next(
                (
                    UNITS[ending]
                    for ending in sorted(UNITS, key=len, reverse=True)
                    if name.endswith(ending)
                ),
                None,
            )


def test_listing_pipelines_imports_no_analysis_library():
    code = (
        "import sys, processing.pipelines, processing.runner;"
        "heavy = {'numpy', 'geopandas', 'pandas', 'scipy', 'shapely'} & set(sys.modules);"
        "sys.exit(', '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_codes_are_those_of_the_layers():
    layers = load_layers()
    classes = layers["service_points"].field("service_class").codes
    kinds = layers["buildings"].field("kind").codes
    assert set(pipeline.SERVICE_CLASSES) == {code.value for code in classes}
    assert set(pipeline.BuildingKind.__args__) == {code.value for code in kinds}
