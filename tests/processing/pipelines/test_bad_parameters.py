"""Parameters that no pipeline may take, and what it makes of the furthest that it takes."""

import math
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from layers.registry import load_layers
from processing.errors import BadParameter, BadPhotometry, EmptyInput
from processing.frames import require_fit
from processing.pipelines import PIPELINES, read_params
from tests.fix_bad_inputs import ORSHA, compute

LAYERS = load_layers()


class Number(NamedTuple):
    """A number that a pipeline takes; `least` and `most` are themselves taken unless `open_`."""

    pipeline: str
    parameter: str
    least: float
    most: float
    open_: bool
    whole: bool
    optional: bool


def numbers() -> Iterator[Any]:
    for name, pipeline in PIPELINES.items():
        schemas = pipeline.Params.model_json_schema()["properties"]
        for parameter, schema in schemas.items():
            parts = [schema, *schema.get("anyOf", ())]
            for one in parts:
                if one.get("type") in ("number", "integer"):
                    number = Number(
                        name,
                        parameter,
                        one.get("minimum", one.get("exclusiveMinimum", -math.inf)),
                        one.get("maximum", one.get("exclusiveMaximum", math.inf)),
                        "exclusiveMinimum" in one,
                        one["type"] == "integer",
                        any(part.get("type") == "null" for part in parts),
                    )
                    yield pytest.param(number, id=f"{name}-{parameter}")


@pytest.mark.parametrize("number", list(numbers()))
def test_a_number_that_cannot_be_is_named(number: Number) -> None:
    assert math.isfinite(number.least), "it has no least value"
    assert math.isfinite(number.most), "it has no largest value"
    wrong = [math.nan, math.inf, -math.inf, -1e300, 1e300, number.least - 1, number.most + 1, "x"]
    if not number.least <= 0 or (number.least == 0 and number.open_):
        wrong.append(0)
    if not number.optional:
        wrong.append(None)
    for value in wrong:
        with pytest.raises(BadParameter, match=rf"^{number.parameter}\b.* should be"):
            read_params(PIPELINES[number.pipeline], {number.parameter: value})


def furthest() -> Iterator[Any]:
    for one in numbers():
        (number,) = one.values
        least = number.least if not number.open_ else 1e-9
        for value in (least, number.most):
            yield pytest.param(
                number.pipeline, number.parameter, int(value) if number.whole else value,
                id=f"{one.id}-{value:g}",
            )  # fmt: skip


VARIOGRAM = {"nugget": 1.0, "partial_sill": 10.0, "range_m": 800.0}
"""Numbers that are given together."""


@pytest.mark.parametrize(("name", "parameter", "value"), list(furthest()))
def test_the_furthest_numbers_give_a_result_or_a_named_error(
    name: str, parameter: str, value: float
) -> None:
    given = {parameter: value}
    if parameter in VARIOGRAM:
        given = VARIOGRAM | given
    read_params(PIPELINES[name], given)
    try:
        result = compute(name, params=given)
    except (BadParameter, EmptyInput) as error:
        assert re.search(r"choose|take|can be chosen", str(error)), error  # noqa: PT017
        return
    for layer, frame in result.frames.items():
        require_fit(frame.assign(run_id="r"), LAYERS[layer], ORSHA)


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("service-coverage", {"limits_m": {"school": -1}}, r"limits_m.school = -1 .* 1 m$"),
        ("service-coverage", {"limits_m": {"school": math.nan}}, r"limits_m.school = nan .*finite"),
        ("service-coverage", {"limits_m": {"zoo": 500}}, r"limits_m.zoo = 'zoo' .* 'school'"),
        ("service-coverage", {"building_kinds": []}, r"building_kinds = \(?\[?\]?\)? .* 1 item"),
        (
            "accessibility-coverage",
            {"catchments_m": {"clinic": 1e9}},
            r"catchments_m.clinic .*m$",
        ),
        ("site-selection", {"points": [[200, 50]]}, r"points.0.0 = 200 .* 180"),
        ("site-selection", {"points": [[30.4]]}, r"points.0.1"),
        ("site-selection", {"limit_m": 0}, r"limit_m = 0 .* 1 m$"),
        ("radio-coverage", {"thresholds_dbm": {"lte": 30}}, r"thresholds_dbm.lte = 30 .* 0 dBm$"),
        ("lighting-coverage", {"ies": {"a": ""}}, r"ies.a = '' .* at least 1 character"),
        ("metering-coverage", {"as_of": "2026-13-01"}, r"as_of = '2026-13-01'"),
        ("monitoring-coverage", {"window_begin": "now"}, r"window_begin = 'now'"),
        ("smart-quarter-coverage", {"speed": 5}, r"has no parameter 'speed'"),
    ],
)
def test_a_part_of_a_parameter_that_cannot_be_is_named(
    name: str, given: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadParameter, match=said):
        read_params(PIPELINES[name], given)


def test_a_day_of_another_age_is_named() -> None:
    for day in ("0001-01-01", "9999-12-31"):
        with pytest.raises(BadParameter, match=f"as_of = '{day}' .* or equal to .*-"):
            read_params(PIPELINES["metering-coverage"], {"as_of": day})
    # Only the last reading of a meter is known: before it nothing is, which is not "not heard".
    with pytest.raises(BadParameter, match=r"as_of = 1900-01-01: \d+ of \d+ meters were heard"):
        compute("metering-coverage", params={"as_of": "1900-01-01"})
    for name, moment in (("window_begin", "9999-12-31T23:59:00Z"), ("window_end", "0001-01-01")):
        with pytest.raises(BadParameter, match="is empty; begin must be before end"):
            compute("monitoring-coverage", params={name: moment})
    long = {"window_begin": "0001-01-01", "window_end": "9999-12-31T23:59:00Z"}
    assert compute("monitoring-coverage", params=long).quality["stations_silent"] == 0


IES = """IESNA:LM-63-2002
TILT=NONE
1 1000 1 3 1 1 2 0 0 0
1 1 50
0 45 90
0
100 50 0
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("IESNA:LM-63-2002\n", "there is no TILT= line; the file is cut short"),
        (IES[:20], "there is no TILT= line|cut short"),
        (IES[: IES.index("1 1000") + 4], "cut short: number of lamps"),
        (IES[: IES.index("0 45") + 4], "cut short: vertical angles: 2 of 3"),
        (IES[: IES.rindex("0")], "cut short: candela values: 2 of 3"),
        (IES + "7", "1 values follow the last intensity"),
        (IES.replace("1 1000 1", "1 nan 1"), "a value is infinite or no number"),
        (IES.replace("NONE", "lamp.tlt"), "is in another file; include it"),
        ("\x00" * 100, "there is no TILT= line"),
    ],
)
def test_a_luminaire_file_that_is_cut_short_is_named(text: str, said: str) -> None:
    with pytest.raises(BadPhotometry, match=f"^luminaire led_60: .*{said}"):
        compute("lighting-coverage", params={"ies": {"led_60": text}})


def test_the_whole_luminaire_file_is_read() -> None:
    assert compute("lighting-coverage", params={"ies": {"led_60": IES}}).figures["length_m"]
