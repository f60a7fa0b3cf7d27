"""The swap of a load: killed, waiting, beside readers and other loads, as other roles."""

import threading
from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pandas as pd
import psycopg
import pytest

from layers import locks, store, swap
from layers.errors import StoreFailure, UnknownArea
from layers.message import why
from layers.model import Area, Layer
from tests.fix_probe import AREA, ORIGIN, chunks, frame, load, state

Connection = psycopg.Connection[tuple[object, ...]]


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
        with pytest.raises(
            StoreFailure, match="another load or a long query holds the layer"
        ) as caught:
            load(connection, probe, frame(5))
    said = why(caught.value).text("ru")
    assert ": слой держит другая загрузка или долгий запрос, ничего не изменено" in said
    assert said.startswith("probe, территория ")
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
