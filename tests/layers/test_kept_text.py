"""The text kept with a row is the text that would be built from it, whatever has happened to it."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layers import edit, kept_text, query, store
from layers.history import Change
from layers.keyset import Cursor
from layers.model import Layer
from layers.query import CRS84, KEPT_TEXT, Box, Crs, Filter, Page
from layers.registry import load_layers
from layers.schema import migrate
from tests.fix_probe import AREA, ORIGIN, OTHER, TABLE, frame, probe_layer, write_layer

Connection = psycopg.Connection[tuple[Any, ...]]
ANY = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
LAYERS = load_layers()


@pytest.fixture
def loaded(connection: Connection, probe: Layer) -> Connection:
    """The probe with rows of two areas."""
    connection.execute("SET timezone = 'UTC'")
    for area in (AREA, OTHER):
        store.replace(connection, probe, [frame(9, area=area)], area=area, origin=ORIGIN)
    return connection


def run(connection: Connection, asked: query.Query) -> list[Any]:
    cursor = connection.execute(asked.sql.encode(), asked.params or None)
    return cursor.fetchall() if cursor.description else []


def differing(connection: Connection, layer: Layer) -> tuple[int, int]:
    """How many rows a layer has, and how many keep another text than is built from them."""
    text, properties = query._feature(layer, None, True, CRS84)
    built = f"convert_to({text.as_string()}, 'UTF8')"
    found = connection.execute(
        f"SELECT count(*), count(*) FILTER (WHERE t.{KEPT_TEXT} IS DISTINCT FROM {built})"
        f' FROM features."{layer.id}" AS t {properties.as_string()}'.encode()
    ).fetchone()
    assert found is not None
    return found


KEEPING = [layer for layer in LAYERS.values() if kept_text.keeps(layer)]


@pytest.mark.parametrize("layer", KEEPING, ids=[layer.id for layer in KEEPING])
def test_every_row_of_every_layer_keeps_its_text(portal_database: str, layer: Layer) -> None:
    assert len(KEEPING) > 20
    with psycopg.connect(portal_database, options="-c timezone=UTC") as connection:
        rows, wrong = differing(connection, layer)
        loads = connection.execute(
            "SELECT count(*) FROM layers.version WHERE layer = %s", [layer.id]
        ).fetchone()
    assert wrong == 0
    assert (rows > 0) == (loads != (0,))


def test_the_text_does_not_depend_on_the_session(connection: Connection, probe: Layer) -> None:
    for setting in ("timezone = 'Asia/Kathmandu'", "datestyle = 'SQL, DMY'"):
        connection.execute(f"SET {setting}".encode())
    connection.execute("SET extra_float_digits = -15")
    store.replace(connection, probe, [frame(20)], area=AREA, origin=ORIGIN)
    connection.execute("RESET ALL")
    connection.execute("SET timezone = 'UTC'")
    assert differing(connection, probe) == (20, 0)


def point(x: float, y: float) -> str:
    ring = [[x, y], [x + 1e-4, y], [x, y + 1e-4], [x, y]]
    return f'{{"type": "MultiPolygon", "coordinates": [[{ring}]]}}'


VALUES = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["house", "shop"]),
        "name": st.none() | st.text(st.characters(exclude_characters="\0", codec="utf-8")),
        "floors": st.none() | st.integers(0, 12),
        "height_m": st.none() | st.floats(allow_nan=True, allow_infinity=True),
        "lit": st.none() | st.booleans(),
        "built": st.none() | st.dates(date(1, 1, 1)),
        "seen": st.none() | st.datetimes(timezones=st.just(UTC)),
        "tags": st.none()
        | st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8"))),
        "lines": st.none() | st.lists(st.integers(0, 999)),
        "levels": st.none() | st.lists(st.floats(allow_nan=True, allow_infinity=True)),
        "soato": st.just(None),
        "status": st.just("demonstration"),
    }
)
SHAPES = st.builds(point, st.floats(-179, 179), st.floats(-80, 80))


@ANY
@given(values=VALUES, shape=SHAPES, other=st.none() | SHAPES, place=st.integers(1, 12))
def test_edits_keep_it_true(
    loaded: Connection, probe: Layer, values: Any, shape: str, other: str | None, place: int
) -> None:
    change = Change(probe, AREA, AREA.feature_id(place), "replace", "me", "0" * 32)
    with loaded.transaction(force_rollback=True):
        loaded.execute("SET LOCAL ROLE geoportal_writer")
        if place > 9:
            run(loaded, edit.insert(change, values, shape, CRS84))
        else:
            run(loaded, edit.update(change, values, other, CRS84 if other else None))
        assert differing(loaded, probe)[1] == 0
        run(loaded, edit.delete(change))
        assert differing(loaded, probe)[1] == 0


ORDERS: tuple[Any, ...] = (
    (("id", False),),
    (("floors", True), ("id", False)),
    (("name", False), ("seen", True), ("id", False)),
)
CURSORS: dict[Any, Any] = {
    ORDERS[0]: st.tuples(st.integers(AREA.feature_id(1), OTHER.feature_id(10))),
    ORDERS[1]: st.tuples(st.none() | st.integers(0, 9), st.integers(0, OTHER.feature_id(10))),
    ORDERS[2]: st.tuples(
        st.none() | st.sampled_from(["", "Орша"]),
        st.just(datetime(2026, 10, 5, 12, tzinfo=UTC)),
        st.integers(0, OTHER.feature_id(10)),
    ),
}


@ANY
@given(data=st.data())
def test_pages_are_the_same_with_it_and_without(
    loaded: Connection, probe: Layer, data: st.DataObject
) -> None:
    order = data.draw(st.sampled_from(ORDERS))
    cursor = data.draw(st.none() | st.builds(Cursor, CURSORS[order], st.booleans()))
    page = Page(
        limit=data.draw(st.integers(1, 20)),
        offset=0 if cursor else data.draw(st.integers(0, 20)),
        cursor=cursor,
        order=order,
    )
    box = data.draw(st.none() | st.just(Box(30.00015, 54, 30.00065, 54.1)))
    rows = Filter(box=box, equal=data.draw(st.sampled_from([(), (("kind", "shop"),)])))
    with_it = query.items(probe, rows, page, kept=True)
    assert KEPT_TEXT in with_it.sql
    assert "ST_AsGeoJSON" not in with_it.sql
    assert run(loaded, with_it) == run(loaded, query.items(probe, rows, page))


def test_an_item_is_the_same_with_it_and_without(loaded: Connection, probe: Layer) -> None:
    for number in (AREA.feature_id(1), OTHER.feature_id(9), 5):
        with_it = run(loaded, query.item(probe, number, kept=True))
        assert with_it == run(loaded, query.item(probe, number))
        assert len(with_it) == (number != 5)


@pytest.mark.parametrize(
    ("rows", "page"),
    [
        (Filter(), Page(5, crs=Crs("http://www.opengis.net/def/crs/EPSG/0/4326", 4326, flip=True))),
        (Filter(), Page(5, crs=Crs("http://www.opengis.net/def/crs/EPSG/0/3857", 3857))),
        (Filter(), Page(5, fields=("name",))),
        (Filter(), Page(5, geometry=False)),
        (Filter(asof=datetime(2026, 1, 1, tzinfo=UTC)), Page(5)),
    ],
    ids=["flipped", "other system", "some fields", "no geometry", "as of"],
)
def test_other_forms_are_built(loaded: Connection, probe: Layer, rows: Filter, page: Page) -> None:
    asked = query.items(probe, rows, page, kept=True)
    assert asked == query.items(probe, rows, page)
    assert "row_to_json" in asked.sql
    run(loaded, asked)


def test_former_rows_are_not_in_the_way_of_another_text(
    loaded: Connection, probe: Layer, tmp_path: Path
) -> None:
    loaded.execute("CREATE TABLE former.probe__a1 (LIKE features.probe INCLUDING GENERATED)")
    loaded.execute(f"COMMENT ON COLUMN features.probe.{KEPT_TEXT} IS 'another'".encode())
    assert migrate(loaded, {"probe": probe}, roots=[tmp_path / "layers"]) == []
    assert kept_text.current({"probe": probe}, marks(loaded)) == {"probe"}
    assert differing(loaded, probe) == (18, 0)
    loaded.execute("DROP TABLE former.probe__a1")


def test_a_database_of_before_gets_its_texts_and_keeps_all_else(
    loaded: Connection, probe: Layer, tmp_path: Path
) -> None:
    state = "SELECT layer, area, version, checksum, row_count, edited_at FROM layers.version"
    loaded.execute("UPDATE layers.version SET edited_at = now() WHERE area = 'quarter'")
    before = loaded.execute(f"{state} ORDER BY 2".encode()).fetchall()
    loaded.execute(f"ALTER TABLE features.probe DROP COLUMN {KEPT_TEXT}".encode())
    loaded.execute("DROP FUNCTION features.probe")
    assert not kept_text.current({"probe": probe}, marks(loaded))
    assert run(loaded, query.item(probe, AREA.feature_id(1)))
    assert migrate(loaded, {"probe": probe}, roots=[tmp_path / "layers"]) == []
    assert kept_text.current({"probe": probe}, marks(loaded)) == {"probe"}
    assert differing(loaded, probe) == (18, 0)
    assert loaded.execute(f"{state} ORDER BY 2".encode()).fetchall() == before
    # A load of the same rows still finds them unchanged, and one of others still takes their place.
    same = store.replace(loaded, probe, [frame(9, area=OTHER)], area=OTHER, origin=ORIGIN)
    assert not same.changed
    assert store.replace(loaded, probe, [frame(3, area=OTHER)], area=OTHER, origin=ORIGIN).changed
    assert differing(loaded, probe) == (12, 0)


def test_another_definition_makes_the_texts_anew(
    loaded: Connection, probe: Layer, tmp_path: Path
) -> None:
    *fields, built, seen = probe.fields
    other = probe.model_copy(update={"fields": (*fields, seen, built)})
    assert not kept_text.current({"probe": other}, marks(loaded))
    loaded.execute("LISTEN geoportal_layers")
    assert migrate(loaded, {"probe": other}, roots=[tmp_path / "layers"]) == []
    assert kept_text.current({"probe": other}, marks(loaded)) == {"probe"}
    assert not kept_text.current({"probe": probe}, marks(loaded))
    assert differing(loaded, other) == (18, 0)
    assert {n.payload for n in loaded.notifies(timeout=1, stop_after=1)} == {"probe"}


def test_an_untyped_geometry_keeps_none(connection: Connection, tmp_path: Path) -> None:
    layer = probe_layer(geometry="Geometry")
    write_layer(tmp_path, layer, TABLE.replace("MultiPolygon", "Geometry"))
    migrate(connection, {"probe": layer}, roots=[tmp_path])
    assert "probe" not in dict(marks(connection))
    assert not kept_text.current({"probe": layer}, marks(connection))


def test_large_texts_lie_out_of_line_as_they_are(loaded: Connection) -> None:
    storage = loaded.execute(
        "SELECT DISTINCT attstorage::text FROM pg_attribute WHERE attname = %s", [KEPT_TEXT]
    )
    assert storage.fetchall() == [("e",)]


def marks(connection: Connection) -> list[Any]:
    return connection.execute(kept_text.SELECT_MARKS.encode()).fetchall()
