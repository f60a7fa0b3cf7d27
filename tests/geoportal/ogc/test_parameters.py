import math
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoportal.errors import BadParameter
from geoportal.ogc import parameters as read
from layers.errors import BadValue, UnknownField
from layers.model import Field, Text
from layers.registry import load_layers

TEXT = Text(be="x", ru="x", en="x")
BUILDINGS = load_layers()["buildings"]
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"


@pytest.mark.parametrize("value", ["0", "-1", "", "1_0", "１０", "1.0", "1e3", " 1", "+1", "0x1"])
def test_limit_refuses_what_json_has_no_integer_for(value: str) -> None:
    with pytest.raises(BadParameter, match="limit"):
        read.parse_limit(value, 1000)


def test_limit_is_capped_and_has_a_default() -> None:
    assert read.parse_limit(None, 1000) == 10
    assert read.parse_limit(None, 5) == 5
    assert read.parse_limit("9" * 400, 1000) == 1000


@given(st.text(max_size=40))
def test_any_text_is_a_box_or_a_bad_parameter(value: str) -> None:
    try:
        box = read.parse_bbox(value, None)
    except BadParameter:
        return
    assert box is not None
    assert all(map(math.isfinite, (box.west, box.south, box.east, box.north)))


@given(st.text(max_size=40))
def test_any_text_is_a_period_or_a_bad_parameter(value: str) -> None:
    try:
        period = read.parse_datetime(value)
    except BadParameter:
        return
    assert period is not None
    assert period.start is None or period.end is None or period.start <= period.end


def test_box_follows_the_axes_of_its_crs() -> None:
    box = read.parse_bbox("51,23,57,33", EPSG + "4326")
    assert box is not None
    assert (box.west, box.south, box.east, box.north) == (23, 51, 33, 57)
    utm = read.parse_bbox("1,2,3,4", EPSG + "32635")
    assert utm is not None
    assert (utm.west, utm.south, utm.east, utm.north) == (1, 2, 3, 4)


@pytest.mark.parametrize("value", ["23,57,33,51", "1,2,3", "NaN,1,2,3", "1e999,1,2,3", "1,2,3,4,5"])
def test_box_that_cannot_be(value: str) -> None:
    with pytest.raises(BadParameter, match="bbox"):
        read.parse_bbox(value, None)


def test_day_is_all_of_its_moments() -> None:
    period = read.parse_datetime("2026-10-01")
    assert period is not None
    assert period.start == datetime(2026, 10, 1, tzinfo=UTC)
    assert period.end == datetime(2026, 10, 1, 23, 59, 59, 999999, tzinfo=UTC)


def test_the_last_day_of_the_calendar_has_an_end() -> None:
    period = read.parse_datetime("0001-01-01/9999-12-31")
    assert period is not None
    assert period.end == datetime.max.replace(tzinfo=UTC)


def test_the_day_of_gdal_is_a_day() -> None:
    assert read.parse_datetime("2026-10-01T/..") == read.parse_datetime("2026-10-01/..")


@pytest.mark.parametrize(
    "value", ["", "2026-13-01", "2026-10-01T25:00:00Z", "a/b", "2026-01-02/2026-01-01", "1/2/3",
              "2020-01-01T00:00:00+99:00", "2026-02-29"],
)  # fmt: skip
def test_datetime_that_cannot_be(value: str) -> None:
    with pytest.raises(BadParameter, match="datetime"):
        read.parse_datetime(value)


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        ("integer", "-12", -12),
        ("number", "1.5e3", 1500.0),
        ("boolean", "true", True),
        ("date", "2026-10-01", date(2026, 10, 1)),
        ("datetime", "2026-10-01T03:00:00+03:00", datetime(2026, 10, 1, tzinfo=UTC)),
        ("string", "Орша", "Орша"),
    ],
)
def test_value_has_the_type_of_its_field(type_: str, text: str, value: object) -> None:
    field = Field(name="x", type=type_, title=TEXT)  # type: ignore[arg-type]
    assert read.parse_value(field, text) == value


@pytest.mark.parametrize(
    ("type_", "text"),
    [("integer", "1.5"), ("integer", "9" * 30), ("number", "abc"), ("number", "Infinity"),
     ("boolean", "yes"), ("date", "2026-10"), ("datetime", "soon"), ("string", "a\0b")],
)  # fmt: skip
def test_value_of_another_type_is_bad(type_: str, text: str) -> None:
    field = Field(name="x", type=type_, title=TEXT)  # type: ignore[arg-type]
    with pytest.raises(BadValue, match="x"):
        read.parse_value(field, text)


def test_order_takes_each_field_once() -> None:
    assert read.parse_sortby(BUILDINGS, "-storeys,+kind,storeys") == (
        ("storeys", True),
        ("kind", False),
    )
    with pytest.raises(UnknownField, match="nosuch"):
        read.parse_sortby(BUILDINGS, "nosuch")
