"""The store: a load is all or nothing, the same rows change nothing, roles may what they should."""

from collections.abc import Callable

import geopandas as gpd
import psycopg
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

from layers import store
from layers.errors import UnknownField
from layers.model import Layer, Text
from layers.store import Loaded
from tests.fix_probe import AREA, ORIGIN, OTHER, chunks, frame, load, state

Connection = psycopg.Connection[tuple[object, ...]]


def test_what_goes_in_comes_out(connection: Connection, probe: Layer) -> None:
    given = frame(40)
    done = store.replace(connection, probe, chunks(given, 7), area=AREA, origin=ORIGIN)
    assert (done.row_count, done.changed, done.repaired.count) == (40, True, 0)
    found = store.read(connection, probe, area="quarter")
    assert set(found["area"]) == {"quarter"}
    assert set(found["soato"]) == {"2000000000"}
    assert set(found["status"]) == {"demonstration"}
    promoted = given.set_geometry(
        gpd.GeoSeries([shapely.MultiPolygon([g]) for g in given.geometry], given.index, crs=4326)
    )
    own = found[list(given.columns)]
    assert_geodataframe_equal(own, promoted, check_dtype=False, check_less_precise=False)


def test_the_dtypes_follow_the_definition(connection: Connection, probe: Layer) -> None:
    empty = store.read(connection, probe)
    load(connection, probe, frame(3))
    found = store.read(connection, probe)
    assert found.index.name == "id"
    assert found.crs == "EPSG:4326"
    assert str(found["floors"].dtype) == "Int64"
    assert str(found["seen"].dtype) == "datetime64[us, UTC]"
    assert (empty.dtypes == found.dtypes).all()
    assert len(empty) == 0


def test_columns_can_be_chosen(connection: Connection, probe: Layer) -> None:
    load(connection, probe, frame(3))
    assert list(store.read(connection, probe, columns=["floors"])) == ["floors", "geometry"]
    with pytest.raises(UnknownField, match="probe has no field 'geom'; its fields are kind,"):
        store.read(connection, probe, columns=["geom"])


def test_the_version_describes_the_rows(connection: Connection, probe: Layer) -> None:
    done = load(connection, probe, frame(10))
    row = connection.execute(
        "SELECT version, checksum, row_count, west, south, east, north,"
        " time_start AT TIME ZONE 'UTC', time_end AT TIME ZONE 'UTC' FROM layers.version"
    ).fetchone()
    assert row is not None
    assert row[:3] == (done.version, done.checksum, 10)
    assert row[3:7] == pytest.approx((30.0001, 54, 30.00105, 54.0001), abs=1e-9)
    assert [str(t) for t in row[7:]] == ["2026-10-02 12:00:00", "2026-10-11 12:00:00"]


def test_the_tile_table_has_the_rows_in_mercator(connection: Connection, probe: Layer) -> None:
    load(connection, probe, frame(10))
    row = connection.execute(
        "SELECT count(*), min(ST_SRID(t.geom)), "
        " max(ST_Distance(ST_Transform(f.geom, 3857), t.geom)),"
        " bool_and((f.kind, f.floors, f.status) IS NOT DISTINCT FROM (t.kind, t.floors, t.status)),"
        " bool_or(ST_IsPolygonCW(f.geom)), bool_and(t.snaps IS NOT NULL)"
        " FROM tiles.probe t JOIN features.probe f USING (id, area)"
    ).fetchone()
    # The rings are turned: only then a tile can take them as they are.
    assert row == (10, 3857, 0.0, True, False, True)


def test_polar_features_end_where_mercator_ends(connection: Connection, probe: Layer) -> None:
    polar = frame(2)
    polar.geometry = [shapely.box(30, 80, 31, 90), shapely.box(30, 86, 31, 90)]
    load(connection, probe, polar)
    row = connection.execute("SELECT count(*), max(ST_YMax(geom)) FROM tiles.probe").fetchone()
    assert row is not None
    assert row[0] == 1
    assert row[1] == pytest.approx(20048966, abs=20_000)


def test_the_same_rows_in_any_order_change_nothing(connection: Connection, probe: Layer) -> None:
    given = frame(60)
    first = load(connection, probe, given)
    before = state(connection)
    for seed in range(5):
        mixed = given.sample(frac=1, random_state=seed)
        again = store.replace(connection, probe, chunks(mixed, 11), area=AREA, origin=ORIGIN)
        assert again == Loaded(first.version, 60, False, first.checksum)
    assert state(connection) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f.assign(name=f["name"].where(f.index != f.index[0], "Дом")),
        lambda f: f.assign(name=f["name"].fillna("")),  # null and empty text differ
        lambda f: f.assign(height_m=f["height_m"] + 1e-12),
        lambda f: f.set_geometry(f.geometry.translate(1e-13)),
        lambda f: f.iloc[1:],
        lambda f: f.set_index(f.index + 1),
        lambda f: f.assign(status="open"),
    ],
)
def test_any_difference_is_a_new_version(
    connection: Connection, probe: Layer, change: Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame]
) -> None:
    first = load(connection, probe, frame(9))
    second = load(connection, probe, change(frame(9)))
    assert second.changed
    assert second.version > first.version
    assert second.checksum != first.checksum


def test_swapped_values_of_two_rows_are_a_difference(connection: Connection, probe: Layer) -> None:
    given = frame(2)
    other = given.assign(kind=given["kind"].tolist()[::-1])
    assert load(connection, probe, given).checksum != load(connection, probe, other).checksum


def test_a_changed_origin_alone_keeps_the_version(connection: Connection, probe: Layer) -> None:
    first = load(connection, probe, frame())
    connection.execute("LISTEN geoportal_layers")
    title = Text(be="Хто", ru="Кто", en="Who")
    origin = ORIGIN.model_copy(update={"source": "another file", "supplier": title})
    done = store.replace(connection, probe, [frame()], area=AREA, origin=origin)
    assert (done.version, done.changed) == (first.version, False)
    row = connection.execute("SELECT source, supplier ->> 'en' FROM layers.version").fetchone()
    assert row == ("another file", "Who")
    assert [n.payload for n in connection.notifies(timeout=1, stop_after=1)] == ["probe"]


def test_a_load_announces_the_layer_and_an_unchanged_one_does_not(
    connection: Connection, probe: Layer
) -> None:
    connection.execute("LISTEN geoportal_layers")
    load(connection, probe, frame())
    load(connection, probe, frame())
    assert [n.payload for n in connection.notifies(timeout=0.5)] == ["probe"]


def test_areas_do_not_touch_each_other(connection: Connection, probe: Layer) -> None:
    load(connection, probe, frame(3))
    store.replace(connection, probe, [frame(4, area=OTHER)], area=OTHER, origin=ORIGIN)
    assert len(store.read(connection, probe)) == 7
    assert len(store.read(connection, probe, area="other")) == 4
    assert store.remove(connection, probe, OTHER)
    assert not store.remove(connection, probe, OTHER)
    assert len(store.read(connection, probe)) == 3
    assert connection.execute("SELECT area FROM layers.version").fetchall() == [("quarter",)]
    assert connection.execute("SELECT count(*) FROM tiles.probe").fetchone() == (3,)


def test_a_load_without_rows_leaves_an_empty_layer(connection: Connection, probe: Layer) -> None:
    load(connection, probe, frame())
    done = load(connection, probe)
    assert (done.row_count, done.changed) == (0, True)
    assert connection.execute("SELECT row_count, west FROM layers.version").fetchone() == (0, None)


def test_z_is_dropped(connection: Connection, probe: Layer) -> None:
    given = frame(1)
    flat = load(connection, probe, given)
    given.geometry = [shapely.force_3d(given.geometry.iloc[0], 150.0)]
    assert load(connection, probe, given).checksum == flat.checksum
