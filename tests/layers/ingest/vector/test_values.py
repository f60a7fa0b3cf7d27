from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.ingest.vector.mapping import FieldMapping, Rules
from layers.ingest.vector.units import factor
from layers.ingest.vector.values import UnknownCode, angle, converter, fits_whole
from layers.model import Code, Field, FieldType, Text

TITLE = Text(be="Лік", ru="Число", en="Number")
RULES = Rules()


def of(kind: FieldType, **more: Any) -> Field:
    return Field(name="a", type=kind, title=TITLE, **more)


@pytest.mark.parametrize(
    ("kind", "value", "read"),
    [
        ("number", "1 234,5", 1234.5),
        ("number", "1\u00a0234.5", 1234.5),
        ("number", "\u22123,25", -3.25),
        ("number", 7, 7.0),
        ("integer", "12", 12),
        ("integer", "12,0", 12),
        ("integer", 3.0, 3),
        ("boolean", "Да", True),
        ("boolean", "так", True),
        ("boolean", "НЕ", False),
        ("boolean", "0", False),
        ("boolean", 1.0, True),
        ("date", "31.12.2025", date(2025, 12, 31)),
        ("date", "2025-12-31", date(2025, 12, 31)),
        ("date", "2025/12/31 00:00:00", date(2025, 12, 31)),
        ("date", datetime(2025, 12, 31, tzinfo=UTC), date(2025, 12, 31)),
        (
            "datetime",
            "31.12.2025 14:05",
            datetime(2025, 12, 31, 14, 5, tzinfo=ZoneInfo("Europe/Minsk")),
        ),
        ("datetime", "2025-12-31T14:05:30Z", datetime(2025, 12, 31, 14, 5, 30, tzinfo=UTC)),
        ("string", 5.0, "5"),
        ("string", "Ўзда", "Ўзда"),
        ("string", True, "true"),
    ],
)
def test_a_value_is_read_as_people_write_it(kind: FieldType, value: Any, read: Any) -> None:
    found = converter(of(kind), None, RULES)(value)
    assert found == read
    assert type(found) is type(read)


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("number", "12.345,6", "is not a number"),
        ("number", "многа", "is not a number"),
        ("number", float("inf"), "is not a finite number"),
        ("integer", "1,5", "is not a whole number"),
        ("integer", "9" * 20, "is too large"),
        ("boolean", "можа", "is neither yes nor no"),
        ("date", "31.02.2025", "is no day of the calendar"),
        ("date", "31.12.25", "is not a date"),
        ("date", "2025-12-31 14:00", "is a time, not a date"),
        ("datetime", "31.12.2025 25:00", "is no time of a day"),
        ("datetime", "учора", "is not a date"),
        ("string", b"\0", "is binary"),
        ("string", "a\0b", "has a NUL character"),
        ("string", "a" * 10_001, "has 10001 characters, more than 10000"),
    ],
)
def test_what_cannot_be_read_without_guessing_is_refused(
    kind: FieldType, value: Any, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        converter(of(kind), None, RULES)(value)


def test_codes_are_known_by_value_title_and_mapping() -> None:
    title = Text(be="жылы дом", ru="жилой дом", en="residential building")
    field = of("string", codes=(Code(value="residential", title=title),))
    read = converter(field, FieldMapping.model_validate(
        {"from": "x", "codes": {"1": "residential"}}), RULES)  # fmt: skip
    for said in ("residential", "Жилой  дом", "жылы дом", 1, 1.0, "1"):
        assert read(said) == "residential"
    with pytest.raises(UnknownCode):
        read("замак")


def test_units_are_converted_and_limits_hold_afterwards() -> None:
    field = of("number", unit="m2", maximum=20_000)
    read = converter(field, FieldMapping.model_validate({"from": "x", "unit": "har"}), RULES)
    assert read("1,5") == 15_000
    with pytest.raises(ValueError, match="is above 20000"):
        read(3)
    whole = converter(
        of("integer", unit="m"), FieldMapping.model_validate({"from": "x", "unit": "km"}), RULES
    )
    assert whole(1.1) == 1100  # 1.1 * 1000 is not whole to the last bit


@pytest.mark.parametrize(
    ("source", "target", "times"),
    [("cm", "m", 0.01), ("har", "m2", 10_000), ("m/s", "km/h", 3.6), ("kW", "W", 1000),
     ("mg/m3", "ug/m3", 1000), ("%", "1", 0.01), ("m", "kg", None), ("furlong", "m", None)],
)  # fmt: skip
def test_units_of_one_kind(source: str, target: str, times: float | None) -> None:
    assert factor(source, target) == (None if times is None else pytest.approx(times, rel=1e-12))


scalars = st.one_of(
    st.none(), st.integers(-(2**70), 2**70), st.floats(), st.booleans(),
    st.text(max_size=5), st.sampled_from(["", "  ", "12", "\0"]),
)  # fmt: skip


@given(
    kind=st.sampled_from(["string", "integer", "number", "boolean"]),
    column=st.lists(scalars, min_size=1, max_size=6),
)
def test_what_fits_as_a_whole_is_what_reading_one_by_one_gives(
    kind: FieldType, column: list[Any]
) -> None:
    field = of(kind, **({"minimum": -5, "maximum": 100} if kind in ("integer", "number") else {}))
    values = np.full(len(column), None, dtype=object)
    values[:] = column
    if fits_whole(field, None, Rules(longest_text=4), values):
        read = converter(field, None, Rules(longest_text=4))
        assert [None if v is None else read(v) for v in column] == column


@pytest.mark.parametrize(
    ("said", "degrees"),
    [
        ("54,5", 54.5),
        ("54°30'", 54.5),
        ("54° 30′ 36,0″ с.ш.", 54.51),
        ("30°24'36''E", 30.41),
        ("54°", 54.0),
        ("54°61'", None),
        ("54°30'15\" S", None),
        (None, None),
    ],
)
def test_a_coordinate_may_be_in_minutes_and_seconds(
    said: str | None, degrees: float | None
) -> None:
    found = angle(said)
    assert np.isnan(found) if degrees is None else found == pytest.approx(degrees)
