"""CQL2 Text is read by the standard's grammar, in linear time, or refused with the place."""

import sys
import time
from datetime import UTC, date, datetime
from types import FrameType

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from layers.cql2 import parse_text, tree
from layers.cql2.limits import MAX_DEPTH, MAX_NODES, MAX_TEXT_BYTES
from layers.cql2.tree import (
    Arithmetic,
    Array,
    Boolean,
    Comparison,
    Fold,
    Function,
    Geometry,
    Like,
    Logic,
    Not,
    Number,
    Property,
    String,
)
from layers.errors import BadFilter

A, B, C = (Comparison("=", Property(name), Number(1)) for name in "abc")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a=1 OR b=1 AND c=1", Logic("or", (A, Logic("and", (B, C))))),
        ("(a=1 OR b=1) AND c=1", Logic("and", (Logic("or", (A, B)), C))),
        ("a=1 AND b=1 AND c=1", Logic("and", (A, B, C))),
        ("(a=1 AND b=1) AND c=1", Logic("and", (Logic("and", (A, B)), C))),
        ("NOT a=1 AND b=1", Logic("and", (Not(A), B))),
        ("nOt (a=1)", Not(A)),
        ("x NOT LIKE 'y'", Not(Like(Property("x"), String("y")))),
        ("f() = tRuE", Comparison("=", Function("f", ()), Boolean(True))),
        ("a=-5", Comparison("=", Property("a"), Number(-5))),
        ("a=+.5e1", Comparison("=", Property("a"), Number(5.0))),
        ("a=1.", Comparison("=", Property("a"), Number(1.0))),
        (
            "a-1>-b*2",
            Comparison(
                ">",
                Arithmetic("-", Property("a"), Number(1)),
                Arithmetic("*", Arithmetic("*", Number(-1), Property("b")), Number(2)),
            ),
        ),
        ("point='x'", Comparison("=", Property("point"), String("x"))),
        ('"a b"=1', Comparison("=", Property("a b"), Number(1))),
        ("назва:я.1='x'", Comparison("=", Property("назва:я.1"), String("x"))),
        (
            "CASEI(a)=ACCENTI('x')",
            Comparison("=", Fold("casei", Property("a")), Fold("accenti", String("x"))),
        ),
        (
            "f((1, 'a'), (a), (a+1), (a+1)*2, ((1),(2,3)), ())",
            Function(
                "f",
                (
                    Array((Number(1), String("a"))),
                    Array((Property("a"),)),
                    Arithmetic("+", Property("a"), Number(1)),
                    Arithmetic("*", Arithmetic("+", Property("a"), Number(1)), Number(2)),
                    Array((Array((Number(1),)), Array((Number(2), Number(3))))),
                    Array(()),
                ),
            ),
        ),
    ],
)
def test_grammar(text: str, wanted: tree.Expression) -> None:
    assert parse_text(text) == wanted


def test_integers_stay_integers_of_any_length() -> None:
    found = parse_text("a = 123456789012345678901234567890")
    assert isinstance(found, Comparison)
    assert found.right == Number(123456789012345678901234567890)
    assert isinstance(found.right, Number)
    assert type(found.right.value) is int


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'Via dell''Avvento'", "Via dell'Avvento"),
        (r"'Via dell\'Avvento'", "Via dell'Avvento"),
        (r"'\a\b\t\n\v\f\r'", "\a\b\t\n\v\f\r"),
        (r"'a\\b'", r"a\b"),
        (r"'50\%'", r"50\%"),
        ("'a\nb'", "a\nb"),
        ("''", ""),
        ("''''", "'"),
    ],
)
def test_escapes(text: str, value: str) -> None:
    found = parse_text(f"a = {text}")
    assert isinstance(found, Comparison)
    assert found.right == String(value)


def test_days_moments_and_places() -> None:
    found = parse_text("T_DURING(INTERVAL('2026-10-01','2026-10-02T00:00:00.5Z'),INTERVAL(a,'..'))")
    assert found == tree.Relation(
        "t_during",
        tree.Interval(
            tree.Date(date(2026, 10, 1)),
            tree.Timestamp(datetime(2026, 10, 2, 0, 0, 0, 500_000, UTC)),
        ),
        tree.Interval(Property("a"), tree.Open()),
    )
    assert [n.at for n in tree.walk(found)] == [0, 9, 18, 31, 57, 66, 68]


def test_heights_are_told_by_the_numbers() -> None:
    with_z, without = (parse_text(f"S_EQUALS(g, LINESTRING{z}(1 2 3, 4 5 6))") for z in (" Z ", ""))
    assert with_z == without
    assert isinstance(with_z, tree.Relation)
    assert with_z.right == Geometry("LineString", ((1, 2, 3), (4, 5, 6)))


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("", 1, "a value is expected instead of the end of the filter"),
        ("a =", 4, "a value is expected"),
        ("a = b = c", 7, "instead of '='"),
        ("2 ^ 3 ^ 2 = a", 7, "instead of '^'"),
        ("a = 1 AND", 10, "a value is expected"),
        ("a = 1 b", 7, "an operator or the end"),
        ("(a = 1", 7, ") is expected"),
        ("a = 1)", 6, "instead of ')'"),
        ("a = 'x", 5, "no closing quotation mark '"),
        ('"a = 1', 1, 'no closing quotation mark "'),
        ("a ; b", 3, "no meaning"),
        ("a == 1", 4, "a value is expected instead of '='"),
        ("a != 1", 3, "'!' has no meaning"),
        ("a = NULL", 5, "a value is expected instead of 'NULL'"),
        ("a IN ()", 7, "a value is expected"),
        ("a BETWEEN 1 OR 2", 13, "AND is expected"),
        ("a NOT = 1", 3, "instead of 'NOT'"),
        ("a = --1", 6, "a number is expected"),
        ("a = 1e999", 5, "too large"),
        ("a = " + "1" * 400, 5, "too many digits"),
        ("a = DATE('2026-02-30')", 5, "does not exist"),
        ("a = DATE('1.10.2026')", 5, "is not a date"),
        ("a = DATE(2026)", 10, "a text in quotation marks"),
        ("a = TIMESTAMP('2026-10-01T24:61:00Z')", 5, "does not exist"),
        ("a = TIMESTAMP('2026-10-01T12:00:00')", 5, "is not a time"),
        ("T_AFTER(INTERVAL('2026-10-02','2026-10-01'),a)", 9, "ends before it starts"),
        ("S_WITHIN(g, POLYGON((0 0,1 1,2 2)))", 21, "four positions"),
        ("S_WITHIN(g, POLYGON((0 0,1 1,2 2,3 3)))", 21, "end where it starts"),
        ("S_WITHIN(g, LINESTRING(0 0))", 23, "two positions"),
        ("S_WITHIN(g, LINESTRING(0 0,1 1 1))", 13, "some positions have a height"),
        ("S_WITHIN(g, POINT EMPTY)", 19, "( is expected"),
        ("S_WITHIN(g, BBOX(1,2,3))", 13, "four or six numbers"),
        ("S_WITHIN(g, BBOX(1,2,3,4,5,0))", 13, "above its top"),
        ("S_WITHIN(g, GEOMETRYCOLLECTION(GEOMETRYCOLLECTION(POINT(1 1))))", 32, "collection"),
        ("S_WITHIN(g, 'x')", 13, "s_within needs a geometry"),
        ("T_AFTER(g, 1)", 12, "t_after needs a date"),
        ("A_EQUALS(g, 1)", 13, "a_equals needs an array"),
        ("a = '\0'", 5, "NUL"),
        ("a = '\ud800'", 5, "surrogate"),
    ],
)
def test_faults_have_reason_and_place(text: str, place: int, reason: str) -> None:
    with pytest.raises(BadFilter) as caught:
        parse_text(text)
    assert str(caught.value).startswith(f"The filter is wrong at character {place}: ")
    assert reason in str(caught.value)
    assert caught.value.at == place - 1


@pytest.mark.parametrize(
    ("head", "tail"),
    [
        ("(", ""),
        ("(", ")"),
        ("NOT ", ""),
        ("NOT (", ")"),
        ("f(", ""),
        ("A_EQUALS((", ""),
        ("CASEI(", ""),
        ("INTERVAL(", ""),
        ("a+", ""),
        ("a^(", ""),
        ("-", ""),
        ("a=1 AND (", ""),
    ],
)
def test_nesting_ends_with_an_error_and_at_once(head: str, tail: str) -> None:
    """However long the text goes on, the reader stops at the same place after the same work."""

    def read(count: int) -> tuple[str, int]:
        calls = 0

        def count_call(_frame: FrameType, event: str, _argument: object) -> None:
            nonlocal calls
            calls += event in ("call", "c_call")

        text = head * count + "a=1" + tail * count
        with pytest.raises(BadFilter, match="longer than 8192 bytes"):
            parse_text(text)
        before = sys.getprofile()
        sys.setprofile(count_call)
        try:
            parse_text(text, limit=10**7)
        except BadFilter as error:
            return str(error), calls
        finally:
            sys.setprofile(before)
        return "no error", calls

    read(20_000)  # whatever is done once is done
    fault, calls = read(20_000)
    longer, more = read(200_000)
    assert longer == fault
    assert more < 1.05 * calls + 100  # a collection of garbage may fall into either
    assert "more than" in fault or "expected" in fault
    assert calls < 100_000


def test_the_limits_are_where_they_say() -> None:
    def nested(depth: int) -> str:
        return "f(" * (depth - 1) + "a" + ")" * (depth - 1)

    assert isinstance(parse_text(nested(MAX_DEPTH)), Function)
    with pytest.raises(BadFilter, match="more than 64 deep"):
        parse_text(nested(MAX_DEPTH + 1))
    items = ",".join(["1"] * (MAX_NODES - 2))
    assert isinstance(parse_text(f"a IN ({items})"), tree.In)
    with pytest.raises(BadFilter, match="more than 2000 operators and values"):
        parse_text(f"a IN ({items},1)")
    positions = ",".join(["1 1"] * 20_001)
    with pytest.raises(BadFilter, match="more than 20000 vertices"):
        parse_text(f"S_EQUALS(g,MULTIPOINT({positions}))", limit=10**6)
    parse_text("a='" + "я" * ((MAX_TEXT_BYTES - 4) // 2) + "'")
    with pytest.raises(BadFilter, match="longer than 8192 bytes"):
        parse_text("a='" + "я" * (MAX_TEXT_BYTES // 2) + "'")


@pytest.mark.parametrize(
    ("head", "item", "tail"),
    [
        ("a IN (1", ",1", ")"),
        ("a=1", " AND a=1", ""),
        ("S_EQUALS(g,LINESTRING(1 1", ",1.5 -2", "))"),
        ("a='", "''", "'"),
        ("a='", "\\'", ""),
        ('"', "x", ""),
        ("a", " ", "=1"),
    ],
)
def test_reading_takes_linear_time(head: str, item: str, tail: str) -> None:
    def best(count: int) -> float:
        text = head + item * count + tail
        times = []
        for _ in range(5):
            started = time.process_time()
            try:
                parse_text(text, limit=10**7)
            except BadFilter as error:
                assert "closing" in str(error)  # noqa: PT017 - the unclosed ones are cases, too
            times.append(time.process_time() - started)
        return min(times)

    # A quadratic reader takes 64 times as long for eight times the text.
    assert best(1_600 if "AND" not in item else 480) < 24 * best(200 if "AND" not in item else 60)


WORDS = """
    ( ) , = <> < - + * / ^ div and or not like between in is null true a "b" 'c' 1 .5 1e3 POINT
    POLYGON Z EMPTY BBOX( INTERVAL( DATE( '2026-10-01' TIMESTAMP( '..' CASEI( S_WITHIN( T_AFTER(
    A_EQUALS( f( ((0,0,1,1,0,1,0,0))
"""
words = st.sampled_from(WORDS.split())


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=40), st.lists(words, max_size=14).map(" ".join)))
@example("\u1680")
@example("a\u2003=\u20031")
@example("DATE('٢٠٢٦-١٠-٠١')=a")
@example("a = ٣")
@example("ﬁ='x'")
def test_any_text_is_a_tree_or_a_bad_filter(text: str) -> None:
    try:
        found = parse_text(text)
    except BadFilter:
        return
    assert isinstance(found, tree.Node)
