"""What a filter finds in PostGIS, and that nothing of a filter becomes SQL text."""

import unicodedata
from collections.abc import Callable

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from layers.cql2 import Expression, compile, parse_document, parse_text, tree
from layers.errors import BadFilter
from layers.query import CRS84
from tests.fix_cql2 import SAMPLE, make_layer

Ids = Callable[[Expression], list[int]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("name = 'Орша'", [1]),
        ("name <> 'Орша'", [2, 4]),
        ("NOT name = 'Орша'", [2, 4]),
        ("name IS NULL", [3]),
        ("(name = 'Орша') IS NULL", [3]),
        ("name = 'Орша' OR storeys < 0", [1, 2]),
        ("name = 'x' OR TRUE", [1, 2, 3, 4]),
        ("name = 'x' AND TRUE", []),
        ("'Z' < name", [1, 2, 4]),
        ("UPPER(name) >= 'Ў'", [1, 2]),
        ("lower(name) >= upper('ю')", [1, 2]),
        ("public = TRUE", [1, 4]),
        ("public <> TRUE", [2]),
        ("id IN (1, 4, 7)", [1, 4]),
        ("name NOT IN ('Орша')", [2, 4]),
        ("storeys BETWEEN -7 AND 0", [2, 4]),
        ("storeys NOT BETWEEN -7 AND 0", [1]),
        ("storeys = 5.0", [1]),
        ("height = 15.5 AND height > storeys", [1]),
        ("storeys < 123456789012345678901234567890", [1, 2, 4]),
        # CASEI is full case folding, ACCENTI strips marks; both know Cyrillic.
        ("CASEI(name) = CASEI('ўсход')", [2]),
        ("CASEI(note) = CASEI('STRASSE')", [2]),
        ("ACCENTI(name) = ACCENTI('Усход')", []),
        ("ACCENTI(name) = ACCENTI('УСХОД')", [2]),
        ("ACCENTI(name) = ACCENTI('Lodz')", [4]),
        ("ACCENTI(CASEI(name)) LIKE ACCENTI(CASEI('ŁÓ%'))", [4]),
        # LIKE: % and _ are wild, a backslash takes that away.
        ("note LIKE 'a_b'", [1]),
        (r"note LIKE 'a\_b'", [1]),
        (r"note LIKE 'S\_%'", []),
        (r"note LIKE '50\%%'", [4]),
        (r"note LIKE '%\\\\'", [4]),
        ("note LIKE ''", []),
        ("name LIKE '%'", [1, 2, 4]),
        ("name NOT LIKE 'О%'", [2, 4]),
        # Arithmetic: / divides, div cuts, a division by zero has no value.
        ("5 / 2 = 2.5", [1, 2, 3, 4]),
        ("storeys / 2 = 2.5", [1]),
        ("storeys div 2 = 2", [1]),
        ("storeys div 2 = -3", [2]),
        ("storeys % 2 = -1", [2]),
        ("height div 2 = 7", [1]),
        ("height % 2 = 1.5", [1]),
        ("1 / storeys > -10", [1, 2]),
        ("(1 / storeys) IS NULL", [3, 4]),
        (
            "(storeys % 0) IS NULL AND (storeys div 0) IS NULL AND (height % 0) IS NULL",
            [1, 2, 3, 4],
        ),
        ("storeys ^ 2 = 49", [2]),
        ("storeys ^ 0.5 > 2", [1]),
        ("(storeys ^ -1) IS NULL", [3, 4]),
        ("(storeys ^ 5000) IS NULL", [1, 2, 3]),
        ("-storeys * 2 + 1 = 15", [2]),
        ("abs(storeys) + floor(height) + ceil(height) = 36", [1]),
        ("length(name) = 4", [1, 4]),
        # Arrays are sets.
        ("A_CONTAINS(tags, ('a'))", [1, 4]),
        ("A_CONTAINS(tags, ('b', 'a', 'b'))", [1]),
        ("A_CONTAINEDBY(tags, ('a'))", [2, 4]),
        ("A_EQUALS(tags, ('b', 'a', 'a'))", [1]),
        ("A_EQUALS((), tags)", [2]),
        ("A_OVERLAPS(tags, ('b', 'c'))", [1]),
        ("NOT A_OVERLAPS(tags, ('b', 'c'))", [2, 4]),
        ("A_CONTAINS(codes, (2))", [1]),
        ("A_EQUALS(codes, (2.0, 1))", [1]),
        ("A_CONTAINS((2, 3.5, 3), levels)", [4]),
        ("A_CONTAINS((name, 'x'), ('Орша'))", [1]),
        ("A_OVERLAPS((DATE('2026-10-01'), built), (DATE('2026-10-02')))", [2]),
        # Days and moments.
        ("built = DATE('2026-10-01')", [1]),
        ("seen = DATE('2026-10-02')", [2]),
        ("seen > DATE('2026-10-02')", [4]),
        ("seen <= DATE('2026-10-02')", [1, 2]),
        ("DATE('2026-10-02') > seen", [1]),
        ("seen IN (DATE('2026-10-01'), TIMESTAMP('2026-12-31T00:00:00Z'))", [1, 4]),
        ("built < TIMESTAMP('2026-10-02T12:00:00Z')", [1]),
        ("built >= seen AND gone > seen", [1, 4]),
        ("T_INTERSECTS(INTERVAL(seen, gone), INTERVAL('2026-10-02', '..'))", [1, 4]),
        ("INTERVAL(seen, gone) IS NULL", [2, 3]),
        ("INTERVAL('..', '..') IS NULL", []),
        # Geometry.
        ("geometry IS NULL", [3]),
        ("S_INTERSECTS(geom, BBOX(29.5, 53.5, 29.6, 53.6))", [2]),
        ("S_DISJOINT(geom, BBOX(29.5, 53.5, 29.6, 53.6))", [1, 4]),
        ("S_WITHIN(POINT(29.5 53.5), geom)", [2]),
        ("distance_m(geometry, POINT(30 54.01)) BETWEEN 1112 AND 1114", [1]),
        ("area_m2(geom) > 2.9e10", [2]),
        ("length_m(geom) > 780000", [4]),
    ],
)
def test_what_a_filter_finds(text: str, found: list[int], ids: Ids) -> None:
    assert ids(parse_text(text)) == found


def test_casei_is_full_case_folding(db: psycopg.Connection) -> None:
    """Python folds by the same table of Unicode (CaseFolding.txt, status C and F)."""
    cherokee = range(0x13A0, 0x1400)  # folded to the other case, which compares alike
    blocks = [
        *range(1, 0x2000),
        *range(0x2C00, 0x2D30),
        *range(0xA640, 0xA69C),
        *range(0xFB00, 0xFB18),
    ]
    letters = [chr(i) for i in blocks if i not in cherokee]
    rows = db.execute("SELECT c, layers.casei(c) FROM unnest(%s::text[]) AS c", [letters])
    assert [(c, folded) for c, folded in rows if folded != c.casefold()] == []


def test_accenti_strips_marks_and_strokes(db: psycopg.Connection) -> None:
    letters = [chr(i) for i in range(1, 0x500)] + [chr(i) for i in range(0x1E00, 0x2000)]
    rows = db.execute("SELECT c, layers.accenti(c) FROM unnest(%s::text[]) AS c", [letters])
    plain = str.maketrans("łøđħŧƀɨʉɇɉɍɏƶǥıȷŁØĐĦŦɃƗɄɆɈɌɎƵǤ", "lodhtbiuejryzgijLODHTBIUEJRYZG")
    for letter, bare in rows:
        parts = unicodedata.normalize("NFD", letter)
        wanted = "".join(c for c in parts if unicodedata.category(c) != "Mn")
        assert bare == wanted.translate(plain), letter


@pytest.mark.parametrize(
    "value",
    ["x' OR 1=1 --", "'; DROP TABLE features.sample; --", "%(cql0)s", "%s", "{}", "\\", '"', "$1"],
)
def test_values_are_never_text(value: str, ids: Ids) -> None:
    for document in (
        {"op": "=", "args": [{"property": "name"}, value]},
        {"op": "in", "args": [{"property": "name"}, [value, value]]},
        {"op": "=", "args": [{"op": "casei", "args": [{"property": "name"}]}, value]},
        {"op": "a_contains", "args": [{"property": "tags"}, [value]]},
    ):
        node = parse_document(document)
        where, params = compile(SAMPLE, node, crs=CRS84)
        assert (
            value not in where.as_string().replace("%(cql0)s", "").replace("\\", "")
            or len(value) < 3
        )
        assert value in params.values()
        assert ids(node) == []
    assert len(ids(parse_text("TRUE"))) == 4


def test_a_field_name_is_quoted() -> None:
    # No layer file passes with such names; the SQL does not rely on that.
    evil = 'a" OR TRUE OR "%(x)s{}'
    layer = make_layer("evil", {evil: "integer"})
    where, params = compile(layer, tree.IsNull(tree.Property(evil)), crs=CRS84)
    assert '"a"" OR TRUE OR ""' in where.as_string()
    assert params == {}


def test_filters_of_one_shape_share_their_text() -> None:
    def text_of(filter_: str) -> tuple[str, list[str]]:
        where, params = compile(SAMPLE, parse_text(filter_), crs=CRS84)
        return where.as_string(), list(params)

    one = text_of("name = 'a' AND storeys IN (1, 2) AND S_WITHIN(geom, POLYGON((0 0,1 0,1 1,0 0)))")
    other = text_of(
        "name = 'b' AND storeys IN (3, -4) AND S_WITHIN(geom, POLYGON((5 5,6 5,6 9,7 9,5 5)))"
    )
    assert one == other
    assert one[1] == ["cql0", "cql1", "cql2", "cql3"]
    assert one[0].count("%(cql0)s::text") == 1


def test_an_index_serves_the_usual_filters(db: psycopg.Connection) -> None:
    """The plan says so for days against moments, for places, and in a kept plan."""
    db.execute("CREATE INDEX sample_seen ON features.sample (seen)")
    db.execute("CREATE INDEX sample_geom ON features.sample USING gist (geom)")
    try:
        for text, index in (
            ("T_INTERSECTS(seen, INTERVAL('2026-10-01', '2026-10-02'))", "sample_seen"),
            ("seen = DATE('2026-10-01')", "sample_seen"),
            ("S_INTERSECTS(geom, BBOX(0, 0, 1, 1))", "sample_geom"),
            ("S_INTERSECTS(geom, POLYGON((0 0,1 0,1 1,0 0)))", "sample_geom"),
            ("S_WITHIN(POINT(1 1), geom) AND S_TOUCHES(geom, POINT(1 1))", "sample_geom"),
        ):
            where, params = compile(SAMPLE, parse_text(text), crs=CRS84)
            query = sql.SQL("EXPLAIN SELECT id FROM features.sample AS t WHERE {}").format(where)
            with db.transaction():
                db.execute("SET LOCAL enable_seqscan = off; SET LOCAL plan_cache_mode = 'auto'")
                plan = "\n".join(r[0] for r in db.execute(query.as_string(), params))
            assert f"using {index}" in plan or f"on {index}" in plan, plan
    finally:
        db.execute("DROP INDEX features.sample_seen, features.sample_geom")


# --- any filter that fits runs -----------------------------------------------------------------

words = st.sampled_from(["", "a", "Орша", "%", "ß", "50\\%"])
string_ = st.one_of(words.map(tree.String), st.sampled_from(["name", "note"]).map(tree.Property))
number_ = st.one_of(
    st.sampled_from([0, 1, -2, 2**62, 10**25, 0.0, 2.5, -1e300]).map(tree.Number),
    st.sampled_from(["storeys", "height", "id"]).map(tree.Property),
)
instant_ = st.one_of(
    st.sampled_from(["built", "seen", "gone"]).map(tree.Property),
    st.sampled_from(["DATE('2026-10-01')", "TIMESTAMP('2026-10-01T12:00:00Z')"]).map(
        lambda text: parse_text(f"a = {text}").right
    ),
)
string_ = st.recursive(string_, lambda s: st.one_of(
    st.builds(tree.Fold, st.sampled_from(tree.FOLDS), s),
    s.map(lambda arg: tree.Function("upper", (arg,))),
), max_leaves=3)  # fmt: skip
number_ = st.recursive(number_, lambda n: st.one_of(
    st.builds(tree.Arithmetic, st.sampled_from(tree.ARITHMETIC), n, n),
    n.map(lambda arg: tree.Function("abs", (arg,))),
    string_.map(lambda arg: tree.Function("length", (arg,))),
), max_leaves=4)  # fmt: skip
ends = st.one_of(st.just(tree.Open()), instant_)
interval_ = st.builds(tree.Interval, ends, ends)
place_ = st.sampled_from(
    ["geom", "POINT(1 1)", "BBOX(170,1,-170,9)", "BBOX(1,1,1,9)", "LINESTRING(0 0,3 3)",
     "POLYGON((0 0,2 2,2 0,0 2,0 0))", "MULTIPOINT EMPTY", "POLYGON((0 0,1 1,2 2,0 0))",
     "GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,3 3),POLYGON((0 0,2 2,2 0,0 2,0 0)))"]
).map(lambda text: parse_text(f"s_equals(geom,{text})").right)  # fmt: skip
arrays = st.one_of(
    st.just(tree.Array(())),
    st.sampled_from(["codes", "levels"]).map(tree.Property),
    st.lists(number_, max_size=3).map(lambda items: tree.Array(tuple(items))),
)
compare = st.sampled_from(tree.COMPARISONS)
both = st.sampled_from(["t_after", "t_before", "t_disjoint", "t_equals", "t_intersects"])
condition = st.one_of(
    *(st.builds(tree.Comparison, compare, v, v) for v in (string_, number_, instant_)),
    *(st.builds(tree.In, v, st.tuples(v, v)) for v in (string_, number_, instant_)),
    st.builds(tree.Between, number_, number_, number_),
    st.builds(tree.Like, string_, words.map(tree.String)),
    st.builds(tree.IsNull, st.one_of(string_, number_, instant_, interval_, place_)),
    st.builds(tree.Relation, st.sampled_from(tree.TEMPORAL), interval_, interval_),
    st.builds(tree.Relation, both, st.one_of(instant_, interval_), instant_),
    st.builds(tree.Relation, st.sampled_from(tree.SPATIAL), place_, place_),
    st.builds(tree.Relation, st.sampled_from(tree.ARRAY), arrays, arrays),
)
conditions = st.recursive(condition, lambda c: st.one_of(
    st.builds(tree.Not, c), st.builds(tree.Logic, st.sampled_from(["and", "or"]), st.tuples(c, c)),
), max_leaves=3)  # fmt: skip


@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(conditions)
def test_any_filter_that_fits_runs(ids: Ids, node: Expression) -> None:
    """Only a value out of range may stop it, which the server answers as a bad request."""
    try:
        found = ids(node)
        rest = set(ids(tree.Not(node))) | set(ids(tree.IsNull(node)))
    except (psycopg.errors.NumericValueOutOfRange, BadFilter):
        return
    assert set(found) | rest == {1, 2, 3, 4}
    assert not set(found) & rest
