"""What is written reads as the same tree, from either encoding into either."""

import json

import pytest
from hypothesis import given, settings

from layers.cql2 import parse_json, parse_text, tree, write_json, write_text
from layers.errors import BadFilter
from tests.fix_cql2 import trees


def _exact(node: tree.Expression) -> list[object]:
    """The numbers of a tree with their types: 1 and 1.0 are equal but not the same."""
    return [repr(n.value) for n in tree.walk(node) if isinstance(n, tree.Number)]


@settings(max_examples=80, deadline=None)
@given(trees)
def test_any_tree_survives_text(node: tree.Expression) -> None:
    again = parse_text(write_text(node), limit=10**6)
    assert again == node
    assert _exact(again) == _exact(node)


@settings(max_examples=80, deadline=None)
@given(trees)
def test_any_tree_survives_json(node: tree.Expression) -> None:
    again = parse_json(json.dumps(write_json(node)))
    assert again == node
    assert _exact(again) == _exact(node)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("(((a=1)))", "a = 1"),
        ("a=1 and (b=2 or c=3)", "a = 1 AND (b = 2 OR c = 3)"),
        ("(a=1 and b=2) or c=3", "a = 1 AND b = 2 OR c = 3"),
        ("not(name like 'x')", "name NOT LIKE 'x'"),
        ("not not a is null", "NOT (a IS NOT NULL)"),
        ("a-(b-c) > 0", "a - (b - c) > 0"),
        ("(a-b)-c > 0", "a - b - c > 0"),
        ("(a^2)^3 > -1.50", "(a ^ 2) ^ 3 > -1.5"),
        ("\"date\" = date('2026-10-01')", "\"date\" = DATE('2026-10-01')"),
        ("t = timestamp('2026-10-01T15:00:00+03:00')", "t = TIMESTAMP('2026-10-01T12:00:00Z')"),
        (r"a = 'it''s \n \\ \%'", r"a = 'it''s \n \\ \\%'"),
        ("s_equals(g, multipoint(1 2, 3 4))", "S_EQUALS(g, MULTIPOINT ((1 2), (3 4)))"),
        ("s_equals(g, point(1 2 3.5))", "S_EQUALS(g, POINT Z (1 2 3.5))"),
        ("s_equals(g, polygon empty)", "S_EQUALS(g, POLYGON EMPTY)"),
        (
            "s_equals(g, geometrycollection(polygon empty))",
            "S_EQUALS(g, GEOMETRYCOLLECTION (POLYGON EMPTY))",
        ),
        ("a_equals(tags, ())", "A_EQUALS(tags, ())"),
        ("t_metby(interval(a,'..'), t)", "T_METBY(INTERVAL(a, '..'), t)"),
    ],
)
def test_text_is_written_in_the_form_of_the_standard(text: str, written: str) -> None:
    assert write_text(parse_text(text)) == written
    assert write_text(parse_text(written)) == written


def test_the_one_array_that_text_cannot_say_is_refused() -> None:
    document = '{"op":"f","args":[[{"op":"+","args":[1,2]}]]}'
    with pytest.raises(BadFilter, match="at /args/0: CQL2 Text cannot write"):
        write_text(parse_json(document))
