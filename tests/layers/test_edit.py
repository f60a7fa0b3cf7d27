"""A feature held against its layer, merge patches, and the sums that carry a checksum on."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers import edit, history, schema, store, submission
from layers.area import save_area, seed_areas
from layers.errors import EditedLayer, RefusedFeature
from layers.history import Change, Sums
from layers.model import Area, Field, Layer, Origin, Text
from layers.query import CRS84, Crs
from layers.registry import load_layers
from processing.demo import frames

LAYERS = load_layers()
LIGHTS = LAYERS["street_lights"]
ORSHA = seed_areas()["orsha"]
ORIGIN = Origin(status="demonstration", source="test", checksum="1")
NORTH_FIRST = Crs("http://www.opengis.net/def/crs/EPSG/0/4326", 4326, flip=True)

Connection = psycopg.Connection[tuple[Any, ...]]


def field(kind: Any, **more: Any) -> Field:
    return Field(name="x", type=kind, title=Text(be="x", ru="x", en="x"), **more)


@pytest.mark.parametrize(
    ("kind", "sent", "stored"),
    [
        ("string", "", ""),
        ("string", "<b>Ў & \"'%s</b>", "<b>Ў & \"'%s</b>"),
        ("integer", 5.0, 5),
        ("integer", -(2**63), -(2**63)),
        ("number", 5, 5.0),
        ("number", 1e-300, 1e-300),
        ("boolean", False, False),
        ("date", "2026-02-28", date(2026, 2, 28)),
        ("datetime", "2026-10-01T12:00:00Z", datetime(2026, 10, 1, 12, tzinfo=UTC)),
        (
            "datetime",
            "2026-10-01t12:00:00.25+03:00",
            datetime(2026, 10, 1, 12, 0, 0, 250_000, timezone(timedelta(hours=3))),
        ),
        ("datetime", None, None),
    ],
)
def test_values_are_stored_as_their_field_has_them(kind: str, sent: Any, stored: Any) -> None:
    found = submission.value_of(field(kind), sent)
    assert found == stored
    assert type(found) is type(stored)


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        ("string", 1), ("string", ["a"]), ("string", {"a": 1}), ("string", "\0"),
        ("integer", "1"), ("integer", True), ("integer", 1.5), ("integer", 2**63),
        ("integer", float("inf")), ("integer", float("nan")), ("integer", []),
        ("number", "1"), ("number", False), ("number", float("inf")), ("number", float("nan")),
        ("number", 10**400), ("boolean", 0), ("boolean", "true"),
        ("date", 20260101), ("date", "2026-02-30"), ("date", "2026-1-1"),
        ("date", "2026-01-01T00:00:00Z"), ("date", "\u0662\u0660\u0662\u0666-01-01"),
        ("datetime", "2026-01-01"), ("datetime", "2026-01-01T00:00:00"),
        ("datetime", "2026-01-01T25:00:00Z"), ("datetime", "0001-01-01T00:00:00+12:00"),
        ("datetime", "9999-12-31T23:59:59-12:00"), ("datetime", 0),
    ],
)  # fmt: skip
def test_values_of_another_kind_are_refused(kind: str, sent: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        submission.value_of(field(kind), sent)


def test_codes_ranges_and_what_is_required_are_looked_at() -> None:
    ranged = field("number", minimum=0, maximum=10, required=True)
    assert [submission.value_of(ranged, n) for n in (0, 10)] == [0.0, 10.0]
    for wrong, reason in ((-0.1, "below 0"), (10.1, "above 10"), (None, "required")):
        with pytest.raises(ValueError, match=reason):
            submission.value_of(ranged, wrong)
    found = LIGHTS.field("lamp_type")
    assert found is not None
    with pytest.raises(ValueError, match="not one of led, sodium"):
        submission.value_of(found, "LED")


def faults(layer: Layer, feature: Any, crs: Crs = CRS84) -> set[str]:
    with pytest.raises(RefusedFeature) as refused:
        submission.read(layer, feature, crs)
    return {pointer for pointer, _ in refused.value.faults}


def test_the_pointer_leads_to_the_very_position() -> None:
    ring = [[30, 54], [31, 54], [31, 55], [30, 54]]
    shape = {
        "type": "MultiPolygon",
        "coordinates": [[ring], [ring, [*ring[:2], [31, "x"], ring[0]]]],
    }
    feature = {"type": "Feature", "geometry": shape, "properties": {"kind": "park"}}
    assert faults(LAYERS["green_areas"], feature) == {"/geometry/coordinates/1/1/2"}


def test_the_axes_are_those_of_the_crs() -> None:
    point = {"type": "Point", "coordinates": [54.5, 120.4, 7]}
    assert submission.shape_of(LIGHTS, point, NORTH_FIRST) == (
        '{"type": "Point", "coordinates": [120.4, 54.5]}'
    )
    feature = {"type": "Feature", "geometry": point,
               "properties": {"lamp_type": "led", "state": "fault"}}  # fmt: skip
    assert faults(LIGHTS, feature) == {"/geometry/coordinates"}


def test_mixed_layers_take_collections_of_bounded_depth() -> None:
    mixed = LAYERS["cycle_network"]
    point = {"type": "Point", "coordinates": [30, 54]}
    shape: dict[str, Any] = point
    for _ in range(4):
        shape = {"type": "GeometryCollection", "geometries": [shape, point]}
        assert submission.shape_of(mixed, shape, CRS84)
    for _ in range(400):
        shape = {"type": "GeometryCollection", "geometries": [shape]}
    properties = {"kind": "cycleway"}
    assert faults(mixed, {"type": "Feature", "geometry": shape, "properties": properties})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["type", "coordinates", "geometries", "properties", "state", "lamp_type"]
            )
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(geometry=JSON, properties=JSON, feature=JSON)
def test_whatever_is_sent_is_taken_or_refused(geometry: Any, properties: Any, feature: Any) -> None:
    whole = {"type": "Feature", "geometry": geometry, "properties": properties}
    point = {"type": "Point", "coordinates": geometry}
    for layer in (LIGHTS, LAYERS["cycle_network"]):
        for sent in (feature, whole, whole | {"geometry": point}):
            for crs in (CRS84, NORTH_FIRST):
                with suppress(RefusedFeature):
                    submission.read(layer, sent, crs)
    patch = feature if isinstance(feature, dict) else {}
    merged = submission.merge(whole, submission.as_feature_patch(LIGHTS, patch))
    assert isinstance(merged, dict)


# The cases of RFC 7396, appendix A.
@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patches_are_those_of_the_rfc(target: Any, patch: Any, result: Any) -> None:
    assert submission.merge(target, patch) == result


def test_sums_of_rows_add_up_in_any_order() -> None:
    a, b = Sums(("x",), 1, 7, -3), Sums(("x",), 1, -9, 2**62)
    both = Sums(("x",), 2, -2, 2**62 - 3)
    assert a.and_with(b) == b.and_with(a) == both
    assert both.without(a) == b
    assert both.checksum != a.checksum


@pytest.fixture
def loaded(connection: Connection) -> Connection:
    save_area(connection, ORSHA)
    made = frames(ORSHA, "street_lights", buildings=8)
    store.replace(connection, LIGHTS, made, area=ORSHA, origin=ORIGIN)
    return connection


def run(connection: Connection, query: Any) -> list[Any]:
    cursor = connection.execute(query.sql.encode(), query.params or None)
    return cursor.fetchall() if cursor.description else []


def one_change(connection: Connection, feature_id: int, area: Area = ORSHA) -> None:
    """Delete a feature, step by step as the server does."""
    change = Change(LIGHTS, area, feature_id, "delete", "me", "0" * 32)
    with connection.transaction():
        connection.execute("SET LOCAL ROLE geoportal_writer")
        connection.execute("SET LOCAL timezone = 'UTC'")
        run(connection, history.hold(LIGHTS))
        ((columns, count, high, low, _),) = run(connection, history.opened(LIGHTS, area))
        ((_, row, _),) = run(connection, edit.former(change, CRS84))
        ((n, h, lo),) = run(connection, history.sums_now(change, columns))
        run(connection, edit.twin_out(change))
        run(connection, edit.delete(change))
        sums = Sums(tuple(columns), count, int(high), int(low))
        sums = sums.without(Sums(tuple(columns), n, int(h), int(lo)))
        (version,) = run(connection, history.record(change, sums))
        run(connection, history.remember(change, version[2], row))


def test_the_sums_of_a_load_are_those_of_all_its_rows(loaded: Connection) -> None:
    loaded.execute("SET timezone = 'UTC'")
    ((columns, count, high, low, _),) = run(loaded, history.opened(LIGHTS, ORSHA))
    assert run(loaded, history.sums_of_all(LIGHTS, ORSHA, columns)) == [(count, high, low)]
    ((checksum,),) = loaded.execute("SELECT checksum FROM layers.version").fetchall()
    assert Sums(tuple(columns), count, int(high), int(low)).checksum == checksum


def test_a_table_with_edits_is_not_remade(
    loaded: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ORSHA.feature_id(1)
    one_change(loaded, first)
    assert loaded.execute(
        "SELECT count(*) FROM tiles.street_lights WHERE id = %s", [first]
    ).fetchone() == (0,)
    ((former,),) = loaded.execute("SELECT former FROM layers.history").fetchall()
    assert former["id"] == first
    before = loaded.execute("SELECT count(*) FROM features.street_lights").fetchone()
    monkeypatch.setattr(schema, "TILE_TABLE", schema.TILE_TABLE + 1)
    with pytest.raises(EditedLayer, match=r"street_lights must be remade.*orsha.*discard-edits"):
        schema.migrate(loaded, {"street_lights": LIGHTS})
    assert loaded.execute("SELECT count(*) FROM features.street_lights").fetchone() == before
    assert store.discard_edits(loaded, LIGHTS, ORSHA)
    assert schema.migrate(loaded, {"street_lights": LIGHTS}) == ["street_lights"]


def test_the_twin_is_found_by_its_place_in_a_large_layer(loaded: Connection) -> None:
    loaded.execute("SET enable_seqscan = off")
    change = Change(LIGHTS, ORSHA, ORSHA.feature_id(1), "delete", "me", "0" * 32)
    query = edit.twin_out(change)
    explained = loaded.execute(b"EXPLAIN " + query.sql.encode(), query.params).fetchall()
    plan = "\n".join(str(line) for (line,) in explained)
    assert "geom && st_expand" in plan
    assert "Index Scan" in plan
    assert "Seq Scan" not in plan


def test_the_twin_of_a_polygon_turns_as_tiles_have_it(loaded: Connection) -> None:
    layer = LAYERS["green_areas"]
    schema.migrate(loaded, {layer.id: layer})
    for schema_name in ("features", "tiles"):
        loaded.execute(
            f"CREATE TABLE {schema_name}.green_areas__a9 PARTITION OF {schema_name}.green_areas"
            " FOR VALUES IN ('orsha')".encode()
        )
    first = ORSHA.feature_id(1)
    loaded.execute(
        "INSERT INTO features.green_areas (id, area, kind, status, geom) VALUES (%s, 'orsha',"
        " 'park', 'demonstration', ST_Multi(ST_ForcePolygonCCW("
        "ST_MakeEnvelope(30.4, 54.5, 30.41, 54.51, 4326))))",
        [first],
    )
    run(loaded, edit.twin_in(Change(layer, ORSHA, first, "create", "me", "0" * 32)))
    rows = loaded.execute("SELECT ST_IsPolygonCW(geom), snaps FROM tiles.green_areas").fetchall()
    assert rows == [(True, 4)]  # 1,113 m wide; two moves at level 4 are 865 m
