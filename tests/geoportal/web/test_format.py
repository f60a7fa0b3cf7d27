from datetime import UTC, datetime

import pytest

from geoportal.web import format as written
from layers.model import Language


@pytest.mark.parametrize(
    ("value", "language", "expected"),
    [
        (1234567, "en", "1,234,567"),
        (1234567, "ru", "1\u202f234\u202f567"),
        (1093.4, "be", "1\u202f093,4"),
        (0.00012, "en", "0.0001"),
        (12345.678, "en", "12,346"),
        (100.0, "ru", "100"),
        (-3.5, "ru", "-3,5"),
    ],
)
def test_numbers_have_the_marks_of_the_language(
    value: float, language: Language, expected: str
) -> None:
    assert written.number(value, language) == expected


def test_year_is_not_grouped() -> None:
    assert written.value(1978, "ru", {"unit": None}) == "1978"


@pytest.mark.parametrize(
    ("given", "field", "expected"),
    [
        (11, {"unit": "m"}, "11\u00a0m"),
        (0.837, {"unit": "1"}, "83.7\u00a0%"),
        (True, {}, "yes"),
        (None, {}, "no data"),
        ("", {}, "no data"),
        (0, {"unit": "m"}, "0\u00a0m"),
        ("school", {"codes": {"school": "School"}}, "School"),
        ("school", {"codes": [{"value": "school", "title": "School"}]}, "School"),
        ("2026-10-01T12:00:00Z", {"type": "datetime"}, "2026-10-01 15:00 (UTC+3)"),
        ("soon", {"type": "datetime"}, "soon"),
        (["a", "b"], {}, "a, b"),
    ],
)
def test_values_are_written_for_people(
    given: object, field: dict[str, object], expected: str
) -> None:
    assert written.value(given, "en", field) == expected


def test_naive_time_is_taken_as_utc() -> None:
    naive = datetime(2026, 1, 1, 22, 30)  # noqa: DTZ001 - the point of the test
    aware = datetime(2026, 1, 1, 22, 30, tzinfo=UTC)
    assert written.moment(naive) == written.moment(aware) == "2026-01-02 01:30 (UTC+3)"
