"""Types and code lists are those of all values, whatever the form they are written in."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.draft.columns import MOST_CODES, Column


def column(*values: Any, name: str = "x") -> Column:
    found = Column(name)
    found.look(values)
    return found


DAY = dt.date(2024, 5, 1)
MOMENT = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ((1, 2, None), "integer"),
        ((1, 2.5), "number"),
        ((1.0, 2.0), "number"),
        ((True, False), "boolean"),
        ((True, 1), "string"),
        ((DAY,), "date"),
        ((MOMENT,), "datetime"),
        ((DAY, MOMENT), "datetime"),
        (("1", "2"), "integer"),
        (("1 234", "5"), "integer"),
        (("1,5", "2"), "number"),
        (("1\u00a0234,5", "2"), "number"),
        (("12.0", "13"), "number"),
        (("-1", "3"), "integer"),
        (("0012", "1300"), "string"),
        (("+375291234567",), "string"),
        (("1234567890123456",), "string"),
        (("1", "a"), "string"),
        (("01.05.2024", "31.12.2023"), "date"),
        (("2024-05-01",), "date"),
        (("32.05.2024",), "string"),
        (("01.05.2024 14:30", "2024-05-01T00:00:00Z"), "datetime"),
        (("да", "нет"), "boolean"),
        (("Так", "не"), "boolean"),
        (("true", "false"), "boolean"),
        (("1", "0"), "integer"),
        (("y", "n"), "string"),
        (("да", "возможно"), "string"),
        ((1, "a"), "string"),
        ((float("nan"), 2.0), "number"),
        (("  ", None), "string"),
        (([1, 2],), "string"),
    ],
)
def test_the_type_fits_every_value(values: tuple[Any, ...], kind: str) -> None:
    assert column(*values).type == kind


def test_a_late_value_changes_the_type() -> None:
    found = Column("x")
    found.look(["1", "2"] * 500)
    found.look(["3,5"])
    assert found.type == "number"
    found.look(["?"])
    assert found.type == "string"


@given(
    values=st.lists(st.integers(-999, 999).map(str) | st.none() | st.just("1,5"), max_size=20),
    cut=st.integers(0, 20),
)
def test_batches_make_no_difference(values: list[str | None], cut: int) -> None:
    whole, parts = column(*values), Column("x")
    parts.look(values[:cut])
    parts.look(values[cut:])
    assert (parts.type, parts.count, parts.codes) == (whole.type, whole.count, whole.codes)


def test_few_texts_that_come_often_are_codes() -> None:
    assert column(*["б", "а "] * 3).codes == ("а", "б")
    assert column(*["а", "б"] * 2).codes == ()  # too few to tell
    assert column(*["а"] * 50).codes == ()  # says nothing
    assert column(*map(chr, range(65, 91))).codes == ()  # each its own
    assert column(*["x" * 61, "y"] * 9).codes == ()  # sentences
    many = [f"k{n}" for n in range(MOST_CODES + 1)]
    assert column(*many * 5).codes == ()
    assert column(*["1", "2"] * 9).codes == ()  # numbers


def test_what_tells_features_apart_is_a_key() -> None:
    assert column(1, 2, 3, name="id").is_key(3)
    assert not column(1, 2, 2, name="id").is_key(3)
    assert not column(1, 2, None, name="id").is_key(3)
    assert not column(1, 2, 3, name="height").is_key(3)
    assert not column(1.5, 2.5, name="id").is_key(2)
    found = Column("id")
    found.look([1, 2])
    found.look([2, 3])
    assert not found.is_key(4)


def test_bytes_are_no_values() -> None:
    assert column(b"\x00").binary
