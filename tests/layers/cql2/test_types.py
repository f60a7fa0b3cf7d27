"""Only published fields, and only operands of the right types."""

import pytest

from layers.cql2 import FUNCTIONS, check, parse_document, parse_text
from layers.errors import BadFilter, UnknownField
from tests.fix_cql2 import SAMPLE


@pytest.mark.parametrize(
    "text",
    [
        "name = 'x' AND storeys > 1.5 AND height <= 2 AND public = TRUE",
        "built = DATE('2026-10-01') AND seen > DATE('2026-10-01')",
        "built < TIMESTAMP('2026-10-01T00:00:00Z') AND seen <> gone",
        "id = 100000001 AND geometry IS NOT NULL AND geom IS NULL",
        "1 = 1.0 AND 'a' < 'b' AND TRUE AND NOT FALSE",
        "storeys BETWEEN height AND storeys * 2 ^ 0.5",
        "name IN (note, UPPER(name), CASEI('x'))",
        "built IN (DATE('2026-10-01'), seen)",
        "CASEI(ACCENTI(name)) LIKE ACCENTI(CASEI('x%'))",
        "S_WITHIN(geom, geom) AND T_AFTER(built, seen) AND A_OVERLAPS(codes, levels)",
        "A_EQUALS((), ()) AND A_CONTAINS(tags, ('a', name)) AND A_CONTAINEDBY((1, 2.5), levels)",
        "T_DURING(INTERVAL(built, gone), INTERVAL('2026-10-01', '..'))",
        "(name = 'x') IS NULL AND (storeys + 1) IS NOT NULL AND INTERVAL(seen, gone) IS NULL",
        "Area_M2(geom) > 10 AND length(name) = 3 AND abs(storeys) % 2 = 1",
        "distance_m(geom, POINT(30 54)) < 500",
    ],
)
def test_what_fits(text: str) -> None:
    check(SAMPLE, parse_text(text))


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("name = 1", 8, "a text cannot be compared with a number"),
        ("storeys = '1'", 11, "a number cannot be compared with a text"),
        ("1 = public", 5, "a number cannot be compared with a condition"),
        ("built = '2026-10-01'", 9, "a date cannot be compared with a text"),
        ("geom = geom", 1, "a geometry cannot be compared by an operator"),
        ("name = tags", 8, "an array cannot be compared by an operator"),
        ("name IN ('a', 2)", 15, "a text cannot be compared with a number"),
        ("name BETWEEN 1 AND 2", 1, "a number is expected and not a text"),
        ("storeys BETWEEN 1 AND DATE('2026-10-01')", 23, "a number is expected and not a date"),
        ("name + 1 = 2", 1, "a number is expected and not a text"),
        ("storeys LIKE '1%'", 1, "a text is expected and not a number"),
        ("name LIKE note", 11, "a pattern must be a text"),
        ("name LIKE CASEI(note)", 17, "a pattern must be a text"),
        ("name LIKE 'a\\\\'", 11, "ends with a backslash"),
        ("CASEI(storeys) = 'a'", 7, "a text is expected and not a number"),
        ("public", 1, "as in public = TRUE"),
        ("name = 'x' AND NOT public", 20, "as in public = TRUE"),
        ("name", 1, "compare it"),
        ("1", 1, "a condition is expected and not a number"),
        ("TRUE AND 'a'", 10, "a condition is expected and not a text"),
        ("length(name)", 1, "a condition is expected and not a number"),
        ("S_WITHIN(geom, name)", 16, "a geometry is expected and not a text"),
        ("T_AFTER(name, seen)", 9, "a date, a time or an interval is expected and not a text"),
        (
            "T_DURING(seen, INTERVAL(seen, gone))",
            10,
            "t_during compares intervals, and this is a time",
        ),
        ("T_MEETS(INTERVAL(seen, gone), DATE('2026-10-01'))", 31, "and this is a date"),
        ("T_AFTER(INTERVAL(name, '..'), seen)", 18, "a date or a time is expected and not a text"),
        ("A_EQUALS(tags, (1, 2))", 16, "values of different types"),
        ("A_EQUALS(tags, ('a', 2))", 16, "must have one type"),
        ("A_EQUALS(tags, (geom))", 17, "an array cannot hold a geometry"),
        ("A_EQUALS(name, tags)", 10, "an array is expected and not a text"),
        ("foo(name) = 1", 1, "there is no function 'foo'; there are upper, lower"),
        ("pg_sleep(10) = 1", 1, "there is no function"),
        ("upper(name, name) = 'X'", 1, "upper takes 1 arguments, not 2"),
        ("area_m2(name) > 1", 9, "a geometry is expected"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(text: str, place: int, reason: str) -> None:
    with pytest.raises(BadFilter) as caught:
        check(SAMPLE, parse_text(text))
    assert str(caught.value).startswith(f"The filter is wrong at character {place}: ")
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "owner_secret",
        "NAME",
        "ctid",
        "tableoid",
        "t",
        "name; --",
        'name" = name OR "',
        "area",
        "Geom",
    ],
)
def test_only_published_fields_exist(name: str) -> None:
    document = {"op": "and", "args": [True, {"op": "isNull", "args": [{"property": name}]}]}
    with pytest.raises(UnknownField) as caught:
        check(SAMPLE, parse_document(document))
    message = str(caught.value)
    assert message.startswith("The filter is wrong at /args/1/args/0: ")
    assert f"collection sample has no property {name!r}" in message


def test_an_unknown_field_of_a_text_has_its_character() -> None:
    with pytest.raises(UnknownField, match="at character 16: collection sample has no property"):
        check(SAMPLE, parse_text("name = 'x' AND owner_secret = 'y'"))


def test_functions_are_described_in_three_languages() -> None:
    for name, info in FUNCTIONS.items():
        assert name == info.name == name.lower()
        assert info.sql.count("{}") == len(info.args)
        assert all(text.get("be") and text.get("ru") and text.get("en") for text in (
            info.description, *(argument.title for argument in info.args)
        ))  # fmt: skip
