"""CQL2 JSON is read by the standard's schema or refused with the JSON pointer."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.cql2 import parse_document, parse_json, tree
from layers.cql2.limits import MAX_DEPTH, MAX_JSON_BYTES
from layers.errors import BadFilter

A = {"property": "a"}


def equal(left: object, right: object) -> dict[str, object]:
    return {"op": "=", "args": [left, right]}


@pytest.mark.parametrize(
    ("document", "pointer", "reason"),
    [
        (None, "/", "null cannot stand here"),
        ([1], "/", "an array cannot stand here"),
        ({}, "/", "needs a member op, property"),
        ({"op": 1, "args": []}, "/op", "must be a text"),
        ({"op": "=", "args": 1}, "/args", "must be an array"),
        ({"op": "=", "args": [1]}, "/args", "takes 2 arguments, not 1"),
        ({"op": "and", "args": [True]}, "/args", "two arguments or more"),
        ({"op": "AND", "args": [True, True]}, "/op", "neither an operator nor"),
        ({"op": "isnull", "args": [A]}, "/op", "neither an operator nor"),
        ({"op": "a b", "args": []}, "/op", "neither an operator nor"),
        ({"op": "in", "args": [A, 1]}, "/args/1", "an array of values"),
        ({"op": "in", "args": [A, []]}, "/args/1", "an array of values"),
        ({"op": "not", "args": [equal(A, None)]}, "/args/0/args/1", "null cannot"),
        (equal(A, [1]), "/args/1", "an array cannot stand here"),
        (equal(A, {"property": 1}), "/args/1/property", "must be a text"),
        (equal(A, {"date": "2026-02-30"}), "/args/1/date", "does not exist"),
        (equal(A, {"date": 1}), "/args/1/date", "must be a text"),
        (equal(A, {"timestamp": "2026-10-01"}), "/args/1/timestamp", "is not a time"),
        (equal(A, {"interval": [".."]}), "/args/1/interval", "two ends"),
        (equal(A, {"interval": ["..", "x"]}), "/args/1/interval/1", "is not a date"),
        (equal(A, {"bbox": [1, 2, 3]}), "/args/1/bbox", "four or six"),
        (equal(A, {"bbox": [1, 2, 3, "4"]}), "/args/1/bbox/3", "a number"),
        (equal(A, {"bbox": [1, 2, 3, 10**400]}), "/args/1/bbox/3", "too large"),
        (equal(A, {"type": "Point", "coordinates": [1]}), "/args/1/coordinates", "two or three"),
        (equal(A, {"type": "Point"}), "/args/1/coordinates", "two or three"),
        (
            equal(A, {"type": "LineString", "coordinates": [[1, 2], [True, 2]]}),
            "/args/1/coordinates/1/0",
            "a number",
        ),
        (
            equal(A, {"type": "MultiPolygon", "coordinates": [[]]}),
            "/args/1/coordinates/0",
            "needs a ring",
        ),
        (
            equal(A, {"type": "GeometryCollection", "geometries": [{"type": []}]}),
            "/args/1/geometries/0",
            "other than a collection",
        ),
        (equal(A, {"type": ["Point"]}), "/args/1", "needs a member op"),
        ({"op": "s_within", "args": [A, "x"]}, "/args/1", "needs a geometry"),
        (equal(A, "\0"), "/args/1", "NUL"),
    ],
)
def test_faults_have_reason_and_pointer(document: object, pointer: str, reason: str) -> None:
    with pytest.raises(BadFilter) as caught:
        parse_document(document)
    assert str(caught.value).startswith(f"The filter is wrong at {pointer}: ")
    assert reason in str(caught.value)
    assert caught.value.at == pointer.removeprefix("/" if pointer == "/" else "")


def test_a_filter_inside_a_larger_document_has_its_own_pointer() -> None:
    with pytest.raises(BadFilter, match="at /filter/args/1: null"):
        parse_document(equal(A, None), "/filter")
    found = parse_document(equal(A, 1), "/filter")
    assert [node.at for node in tree.walk(found)] == ["/filter", "/filter/args/0", "/filter/args/1"]


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ('{"op":', "at character 7", "this is not JSON"),
        ("", "at character 1", "this is not JSON"),
        (b"\xff", "at character 1", "this is not JSON"),
        ('{"op":"=","args":[NaN,1]}', "at /", "a number that cannot be read"),
        ('{"op":"=","args":[1e999,1]}', "at /args/0", "too large"),
        ('{"op":"=","args":[' + "1" * 1_000 + ",1]}", "at /args/0", "too many digits"),
        ('{"op":"=","args":[' + "1" * 9_000 + ",1]}", "at /", "a number that cannot be read"),
        ('{"op":"=","args":["\\ud800",1]}', "at /args/0", "surrogate"),
        ("[" * 60_000, "at /", "nested too deep"),
        ('"' + "x" * MAX_JSON_BYTES + '"', "at /", "longer than 65536 bytes"),
    ],
)
def test_what_is_not_json_is_refused(text: str | bytes, place: str, reason: str) -> None:
    started = time.process_time()
    with pytest.raises(BadFilter) as caught:
        parse_json(text)
    assert str(caught.value).startswith(f"The filter is wrong {place}: ")
    assert reason in str(caught.value)
    assert time.process_time() - started < 0.1


def test_depth_is_limited_as_in_text() -> None:
    def nested(depth: int) -> object:
        document: object = True
        for _ in range(depth - 1):
            document = {"op": "not", "args": [document]}
        return document

    parse_document(nested(MAX_DEPTH))
    with pytest.raises(BadFilter, match="more than 64 deep"):
        parse_document(nested(MAX_DEPTH + 1))


def test_integers_stay_integers() -> None:
    found = parse_json('{"op":"in","args":[{"property":"a"},[1,1.0,12345678901234567890123]]}')
    assert isinstance(found, tree.In)
    assert [repr(n.value) for n in found.items if isinstance(n, tree.Number)] == [
        "1",
        "1.0",
        "12345678901234567890123",
    ]


members = st.sampled_from(
    ["op", "args", "property", "date", "timestamp", "interval", "bbox", "type", "coordinates"]
)
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=4),
    st.sampled_from(
        ["=", "and", "in", "like", "s_within", "t_after", "a_equals", "Point", "..", "+"]
    ),
    st.sampled_from(["Polygon", "GeometryCollection", "2026-10-01", "casei", "not", "between"]),
)
documents = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(members, inner, max_size=3),
        st.fixed_dictionaries({"op": leaves, "args": st.lists(inner, max_size=3)}),
    ),
    max_leaves=12,
)


@settings(max_examples=120, deadline=None)
@given(documents)
def test_any_document_is_a_tree_or_a_bad_filter(document: object) -> None:
    for read in (parse_document, lambda d: parse_json(json.dumps(d))):
        try:
            found = read(document)
        except BadFilter:
            continue
        assert isinstance(found, tree.Node)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=30))
def test_any_text_is_a_tree_or_a_bad_filter(text: str) -> None:
    try:
        parse_json(text)
    except BadFilter:
        return
