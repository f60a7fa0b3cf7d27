"""The store: a load is all or nothing, the same rows change nothing, roles may what they should."""

import struct
import threading
from collections.abc import Callable, Iterator

import geopandas as gpd
import numpy as np
import pandas as pd
import psycopg
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

from layers import locks, store, swap
from layers.errors import RefusedLoad, StoreFailure, UnknownArea, UnknownField
from layers.model import AREA_STRIDE, Area, Layer, Text
from layers.store import Loaded
from tests.fix_probe import AREA, ORIGIN, OTHER, chunks, frame

Connection = psycopg.Connection[tuple[object, ...]]


def load(conn: Connection, layer: Layer, *frames: gpd.GeoDataFrame) -> Loaded:
    return store.replace(conn, layer, frames, area=AREA, origin=ORIGIN)


def state(conn: Connection) -> list[object]:
    """Everything a reader could see of the layer."""
    return [
        conn.execute(query).fetchall()
        for query in (
            "SELECT * FROM features.probe ORDER BY id",
            "SELECT * FROM tiles.probe ORDER BY id",
            "SELECT * FROM layers.version",
            "SELECT tablename FROM pg_tables WHERE schemaname IN ('features', 'tiles', 'staging')"
            " AND tablename ~ 'probe' ORDER BY 1",
        )
    ]


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


BOWTIE = shapely.Polygon([(30, 54), (30.001, 54.001), (30.001, 54), (30, 54.001)])


def test_an_invalid_geometry_is_repaired_and_reported(connection: Connection, probe: Layer) -> None:
    given = frame(3)
    given.loc[given.index[1], "geometry"] = BOWTIE
    done = load(connection, probe, given)
    assert done.repaired.count == 1
    assert done.repaired.ids == (AREA.feature_id(2),)
    # The halves of a bow-tie cancel out, so all of the repaired area is new: 2 triangles.
    assert done.repaired.area_change_m2 == pytest.approx(0.5 * 111_300 * 65_500 * 1e-6, rel=0.02)
    row = connection.execute(
        "SELECT bool_and(ST_IsValid(geom)), max(ST_NumGeometries(geom)) FROM features.probe"
    ).fetchone()
    assert row == (True, 2)


def edit(column: str, value: object) -> Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame]:
    """Change one value of the second row."""

    def change(given: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        values = given[column].astype(object).tolist()
        values[1] = value
        return given.assign(**{column: pd.Series(values, given.index, dtype=object)})

    return change


def shape(value: object) -> Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame]:
    """Change the geometry of the second row."""

    def change(given: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        return given.set_geometry(
            gpd.GeoSeries(
                [value if i == 1 else g for i, g in enumerate(given.geometry)],
                given.index,
                crs=4326,
            )
        )

    return change


# A ring whose second latitude is not a number, as bytes: shapely would not make it.
RING = [30.0, 54.0, 30.1, float("nan"), 30.1, 54.1, 30.0, 54.0]
NAN = struct.pack("<BIII8d", 1, 3, 1, 4, *RING)
LINE = [(30, 54), (30, 54.1), (30, 54), (30, 54)]

BAD = [
    (edit("kind", None), "1 row: no value in kind (id 700000002)"),
    (edit("kind", "castle"), "kind is not one of its codes (id 700000002)"),
    (edit("floors", -1), "floors is below 0 (id 700000002)"),
    (edit("floors", 101), "floors is above 100 (id 700000002)"),
    (edit("floors", 1.5), "floors is not a whole number (id 700000002)"),
    (edit("floors", "5"), "floors is not a whole number (id 700000002)"),
    (edit("floors", True), "floors is not a whole number (id 700000002)"),
    (edit("floors", 2**63), "floors is too large (id 700000002)"),
    (edit("tags", "a"), "tags is not a list (id 700000002)"),
    (edit("tags", ["a", None]), "tags is not text (id 700000002)"),
    (edit("tags", ["\0"]), "tags has a NUL character (id 700000002)"),
    (edit("lines", [1, 1.5]), "lines is not a whole number (id 700000002)"),
    (edit("lines", [1, -1]), "lines is below 0 (id 700000002)"),
    (edit("lines", [1, 1000]), "lines is above 999 (id 700000002)"),
    (edit("levels", [float("nan")]), "levels is infinite (id 700000002)"),
    (edit("floors", 13), "floors_fit"),
    (edit("height_m", float("inf")), "height_m is infinite (id 700000002)"),
    (edit("height_m", "tall"), "height_m is not a number (id 700000002)"),
    (edit("name", 5), "name is not text (id 700000002)"),
    (edit("name", "a\0b"), "name has a NUL character (id 700000002)"),
    (edit("name", "\ud800"), "name is not valid Unicode (id 700000002)"),
    (edit("lit", 1), "lit is not true or false (id 700000002)"),
    (edit("built", "1990"), "built is not a date (id 700000002)"),
    (edit("built", pd.Timestamp("1990-01-01 10:00")), "built is a time, not a date"),
    (edit("seen", pd.Timestamp("1990-01-01 10:00")), "seen is a time without a time zone"),
    (shape(None), "no geometry (id 700000002)"),
    (shape(shapely.Polygon()), "the geometry is empty (id 700000002)"),
    (shape(shapely.Point(30, 54)), "the geometry is not a MultiPolygon (id 700000002)"),
    (shape(shapely.box(30, 54, 30, float("inf"))), "a coordinate is not a finite number"),
    (lambda f: shape(shapely.from_wkb(NAN))(f), "a coordinate is not a finite"),  # noqa: PLW0108
    (shape(shapely.box(440_000, 60, 450_000, 61)), "not a longitude and latitude in degrees"),
    (shape(shapely.Polygon(LINE)), "the geometry is invalid beyond repair"),
    (lambda f: f.set_index(f.index - 700_000_000), "5 rows: the id is outside the area's range"),
    (lambda f: f.set_index(f.index + AREA_STRIDE), "the id is outside the area's range 700000001"),
    (lambda f: pd.concat([f, f.iloc[:2]]), "2 rows: the id is used more than once (ids 700000001,"),
    (lambda f: f.assign(area="other"), "5 rows: area is not quarter"),
    (lambda f: f.assign(status="wrong"), "5 rows: status is not one of its codes"),
    (lambda f: f.assign(colour="red"), "probe has no field colour; its fields are area, built"),
    (lambda f: f.set_crs(None, allow_override=True), "the rows have no CRS; transform them"),
    (lambda f: f.to_crs(3857), "the rows have the CRS EPSG:3857; transform them to EPSG:4326"),
    (lambda f: f.set_index(f.index.astype(str)), "index of the rows must be the integer feature"),
    (pd.DataFrame, "not a GeoDataFrame"),
    (
        lambda f: f.set_geometry(shapely.transform(f.geometry, lambda c: c[:, ::-1])),
        "looks like lat/lon: swap the coordinates",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "said"), BAD, ids=[said[:40] for _, said in BAD])
@pytest.mark.filterwarnings("ignore:invalid value encountered")
def test_bad_rows_are_refused_by_id_and_reason_and_the_old_ones_stay(
    connection: Connection,
    probe: Layer,
    spoil: Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame],
    said: str,
) -> None:
    load(connection, probe, frame(3))
    before = state(connection)
    with pytest.raises(RefusedLoad) as refused:
        load(connection, probe, frame(4, first=6), spoil(frame(5)))
    assert said in str(refused.value)
    assert state(connection) == before


def test_all_faults_are_told_at_once(connection: Connection, probe: Layer) -> None:
    given = frame(20).assign(floors=-1, kind="castle")
    with pytest.raises(RefusedLoad) as refused:
        load(connection, probe, given)
    said = str(refused.value)
    assert said.startswith("probe, area quarter: refused, nothing was changed: 20 rows: ")
    assert "20 rows: kind is not one of its codes (ids 700000001, 700000002, " in said
    assert "20 rows: floors is below 0" in said
    assert "700000006" not in said  # the first five ids are enough
    assert "..." in said


def test_an_error_of_the_source_goes_through_and_the_old_rows_stay(
    connection: Connection, probe: Layer
) -> None:
    load(connection, probe, frame(3))
    before = state(connection)

    def breaking() -> Iterator[gpd.GeoDataFrame]:
        yield frame(4)
        raise ZeroDivisionError("the source broke")

    with pytest.raises(ZeroDivisionError, match="the source broke"):
        store.replace(connection, probe, breaking(), area=AREA, origin=ORIGIN)
    assert state(connection) == before
    assert load(connection, probe, frame(6)).changed


@pytest.mark.parametrize("moment", ["copying", "swapping"])
def test_a_killed_load_leaves_the_old_rows(
    connection: Connection,
    database: str,
    probe: Layer,
    moment: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    load(connection, probe, frame(3))
    before = state(connection)
    with psycopg.connect(database, autocommit=True) as loader:
        pid = loader.info.backend_pid

        def kill() -> None:
            connection.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))

        def killed() -> Iterator[gpd.GeoDataFrame]:
            yield frame(20_000)
            if moment == "copying":
                kill()
            yield frame(20_000, first=20_001)

        if moment == "swapping":
            swapping = swap.swap

            def kill_first(*args: object) -> int:
                kill()
                return swapping(*args)  # type: ignore[arg-type]

            monkeypatch.setattr(swap, "swap", kill_first)
        with pytest.raises(StoreFailure, match="interrupted it, nothing was changed"):
            store.replace(loader, probe, killed(), area=AREA, origin=ORIGIN)
    left = locks.clean_staging(connection)
    assert len(left) == (2 if moment == "swapping" else 0)
    assert state(connection) == before


def test_cleaning_spares_a_running_load(
    connection: Connection, database: str, probe: Layer, monkeypatch: pytest.MonkeyPatch
) -> None:
    swapping = swap.swap
    cleaned: list[list[str]] = []

    def clean_first(*args: object) -> int:
        with psycopg.connect(database, autocommit=True) as other:
            cleaned.append(locks.clean_staging(other))
        return swapping(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(swap, "swap", clean_first)
    connection.execute("CREATE TABLE staging.probe__a9_00000f (id bigint)")
    assert load(connection, probe, frame()).changed
    assert cleaned == [["probe__a9_00000f"]]


def test_a_busy_layer_is_waited_for(
    connection: Connection, database: str, probe: Layer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "LOCK_TIMEOUT_MS", 100)
    load(connection, probe, frame(3))
    with psycopg.connect(database) as reader:
        reader.execute("SELECT count(*) FROM features.probe")
        timer = threading.Timer(0.5, reader.rollback)
        timer.start()
        assert load(connection, probe, frame(5)).row_count == 5
        timer.join()


def test_a_layer_that_stays_busy_is_left_alone(
    connection: Connection, database: str, probe: Layer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "LOCK_TIMEOUT_MS", 50)
    monkeypatch.setattr(swap, "_WAIT_S", 0.01)
    load(connection, probe, frame(3))
    before = state(connection)
    with psycopg.connect(database) as reader:
        reader.execute("SELECT count(*) FROM features.probe")
        with pytest.raises(StoreFailure, match="another load or a long query holds the layer"):
            load(connection, probe, frame(5))
    assert state(connection) == before


def test_readers_see_the_old_or_the_new_rows_and_never_none(
    connection: Connection, database: str, probe: Layer
) -> None:
    load(connection, probe, frame(3))
    seen: set[tuple[object, ...] | None] = set()
    stop = threading.Event()

    def look() -> None:
        with psycopg.connect(database, autocommit=True) as reader:
            while not stop.is_set():
                query = "SELECT count(*), min(v.row_count) FROM features.probe, layers.version v"
                seen.add(reader.execute(query).fetchone())

    watcher = threading.Thread(target=look)
    watcher.start()
    for n in (5, 3, 5, 3, 5):
        load(connection, probe, frame(n))
    stop.set()
    watcher.join()
    assert seen == {(3, 3), (5, 5)}


def test_two_loads_of_one_area_follow_one_another(
    connection: Connection, database: str, probe: Layer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "LOCK_TIMEOUT_MS", 50)
    with psycopg.connect(database, autocommit=True) as other:

        def nested() -> Iterator[gpd.GeoDataFrame]:
            with pytest.raises(StoreFailure, match="another load"):
                load(other, probe, frame(2))
            yield frame(3)

        assert store.replace(connection, probe, nested(), area=AREA, origin=ORIGIN).row_count == 3
        assert load(other, probe, frame(2)).row_count == 2


def test_an_area_must_be_saved_first(connection: Connection, probe: Layer) -> None:
    stranger = Area(**{**AREA.model_dump(), "id": "nowhere", "number": 99})
    with pytest.raises(UnknownArea, match="'nowhere' with number 99 is not in the database"):
        store.replace(connection, probe, [], area=stranger, origin=ORIGIN)


def test_a_load_inside_a_transaction_ends_with_it(connection: Connection, probe: Layer) -> None:
    load(connection, probe, frame(3))
    before = state(connection)
    with connection.transaction() as outer:
        load(connection, probe, frame(5))
        raise psycopg.Rollback(outer)
    assert state(connection) == before


def test_the_writer_loads_and_the_owner_can_load_after_it(
    connection: Connection, probe: Layer
) -> None:
    connection.execute("SET ROLE geoportal_writer")
    load(connection, probe, frame(3))
    connection.execute("RESET ROLE")
    load(connection, probe, frame(4))
    connection.execute("SET ROLE geoportal_writer")
    load(connection, probe, frame(5))
    assert store.remove(connection, probe, AREA)


@pytest.mark.parametrize("role", ["geoportal_reader", "geoportal_jobs"])
def test_others_read_and_change_nothing(connection: Connection, probe: Layer, role: str) -> None:
    load(connection, probe, frame(3))
    connection.execute(f"SET SESSION AUTHORIZATION {role}")
    for statement in (
        "INSERT INTO features.probe (id, area, status) VALUES (1, 'quarter', 'open')",
        "UPDATE features.probe SET name = 'x'",
        "DELETE FROM features.probe",
        "DELETE FROM features.probe__a7",
        "TRUNCATE tiles.probe",
        "DROP TABLE features.probe__a7",
        "UPDATE layers.version SET row_count = 0",
        "DELETE FROM layers.area",
        "CREATE TABLE features.mine (id bigint)",
        "CREATE TABLE staging.mine (id bigint)",
        "SELECT nextval('layers.version_number')",
        "SET ROLE geoportal_writer",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)
    if role == "geoportal_reader":
        assert len(store.read(connection, probe)) == 3
        assert connection.execute("SELECT count(*) FROM tiles.probe").fetchone() == (3,)
        assert connection.execute("SELECT count(*) FROM features.probe__a7").fetchone() == (3,)
    with pytest.raises(StoreFailure, match="permission denied"):
        load(connection, probe, frame(1))


def test_attaching_scans_nothing_and_makes_no_index(
    connection: Connection, probe: Layer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The swap of 30,000 rows must not be slower than that of 3: it only moves names."""
    made: list[set[str]] = []
    swapping = swap.swap

    def indexes() -> set[str]:
        rows = connection.execute("SELECT relname FROM pg_class WHERE relkind = 'i'").fetchall()
        return {str(name) for (name,) in rows}

    def watch(*args: object) -> int:
        before = indexes()
        version = swapping(*args)  # type: ignore[arg-type]
        made.append(indexes() - before)
        return version

    monkeypatch.setattr(swap, "swap", watch)
    load(connection, probe, frame(1000))
    assert made == [set()]
    names = connection.execute(
        "SELECT count(*) FROM pg_indexes WHERE tablename = 'probe__a7'"
    ).fetchone()
    assert names == (9,)  # of features: key, geom, kind; of tiles: geom and five levels


def test_progress_counts_every_row(connection: Connection, probe: Layer) -> None:
    counted: list[int] = []
    store.replace(
        connection,
        probe,
        chunks(frame(45_000), 30_000),
        area=AREA,
        origin=ORIGIN,
        progress=counted.append,
    )
    assert sum(counted) == 45_000
    assert len(counted) > 2


def test_a_full_disk_is_said_so() -> None:
    with (
        pytest.raises(StoreFailure, match="the disk of the database is full, nothing was changed"),
        swap.translated("probe"),
    ):
        raise psycopg.errors.DiskFull("could not extend file")


def test_a_database_without_tables_is_told_to_migrate(connection: Connection, probe: Layer) -> None:
    connection.execute("DROP TABLE features.probe")
    with pytest.raises(StoreFailure, match="geoportal db migrate"):
        store.read(connection, probe)


def test_numpy_scalars_are_values_too(connection: Connection, probe: Layer) -> None:
    given = frame(2).assign(
        floors=pd.Series([np.int32(3), np.float64(4.0)], dtype=object).to_numpy(),
        lit=pd.Series([np.True_, None], dtype=object).to_numpy(),
    )
    load(connection, probe, given)
    found = store.read(connection, probe)
    assert found["floors"].tolist() == [3, 4]
