"""Migration: idempotent, remakes what changed, refuses what cannot work."""

from pathlib import Path

import psycopg
import pytest

from layers import locks
from layers.errors import BadLayerFile, StoreFailure
from layers.model import Layer
from layers.registry import load_layers
from layers.schema import migrate, unfit
from layers.store import replace
from tests.fix_db import new_database
from tests.fix_probe import AREA, ORIGIN, TABLE, frame, probe_layer, write_layer

Connection = psycopg.Connection[tuple[object, ...]]


def test_all_our_layers_are_made_once(server: str) -> None:
    layers = load_layers()
    with new_database(server) as url, psycopg.connect(url, autocommit=True) as conn:
        assert migrate(conn, layers) == list(layers)
        assert migrate(conn, layers) == []


def test_a_changed_table_is_remade_and_its_versions_go(
    connection: Connection, probe: Layer, tmp_path: Path
) -> None:
    root = tmp_path / "layers"
    replace(connection, probe, [frame()], area=AREA, origin=ORIGIN)
    assert migrate(connection, {"probe": probe}, roots=[root]) == []
    write_layer(root, probe, TABLE.replace("name text", "name text, secret text"))
    assert migrate(connection, {"probe": probe}, roots=[root]) == ["probe"]
    assert connection.execute("SELECT count(*), count(secret) FROM features.probe").fetchone() == (
        0,
        0,
    )
    assert connection.execute("SELECT count(*) FROM layers.version").fetchone() == (0,)
    assert replace(connection, probe, [frame()], area=AREA, origin=ORIGIN).changed


def test_another_tile_field_remakes_the_side_table(
    connection: Connection, probe: Layer, tmp_path: Path
) -> None:
    fields = tuple(f.model_copy(update={"in_tile": True}) for f in probe.fields)
    changed = probe.model_copy(update={"fields": fields})
    assert migrate(connection, {"probe": changed}, roots=[tmp_path / "layers"]) == ["probe"]
    connection.execute("SELECT height_m, seen, lit FROM tiles.probe")


def test_a_missing_table_is_made_again(
    connection: Connection, probe: Layer, tmp_path: Path
) -> None:
    connection.execute("DROP TABLE tiles.probe")
    assert migrate(connection, {"probe": probe}, roots=[tmp_path / "layers"]) == ["probe"]


def test_a_table_in_use_is_left_alone(
    connection: Connection,
    database: str,
    probe: Layer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(locks, "LOCK_TIMEOUT_MS", 50)
    write_layer(tmp_path / "layers", probe, TABLE.replace("name text", "name text, secret text"))
    with psycopg.connect(database) as reader:
        reader.execute("SELECT count(*) FROM features.probe")
        with pytest.raises(StoreFailure, match="the table of probe must be remade but is in use"):
            migrate(connection, {"probe": probe}, roots=[tmp_path / "layers"])
    assert migrate(connection, {"probe": probe}, roots=[tmp_path / "layers"]) == ["probe"]


def test_migration_drops_what_killed_loads_left(
    connection: Connection, probe: Layer, tmp_path: Path
) -> None:
    connection.execute("CREATE TABLE staging.probe__a7_0123f (id bigint)")
    migrate(connection, {"probe": probe}, roots=[tmp_path / "layers"])
    left = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'staging'")
    assert left.fetchone() == (0,)


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("name text,", "", "column name is missing; it must be text"),
        ("lit boolean", "lit text", "column lit is text; it must be boolean"),
        ("MultiPolygon, 4326", "MultiPolygon, 3857", r"column geom is geometry\(MultiPolygon,3857"),
        ("PARTITION BY LIST (area)", "", "PARTITION BY LIST"),
        ("features.probe (", "features.elsewhere (", "PostgreSQL refuses it: relation"),
        ("CREATE TABLE", "CREATE TABEL", "PostgreSQL refuses it: syntax error"),
    ],
)
def test_a_table_that_does_not_fit_its_definition_is_refused(
    connection: Connection, probe: Layer, tmp_path: Path, was: str, becomes: str, said: str
) -> None:
    replace(connection, probe, [frame()], area=AREA, origin=ORIGIN)
    assert was in TABLE
    write_layer(tmp_path / "layers", probe, TABLE.replace(was, becomes))
    with pytest.raises(BadLayerFile, match=f"layers/base/probe/table.sql: .*{said}"):
        migrate(connection, {"probe": probe}, roots=[tmp_path / "layers"])
    assert connection.execute("SELECT count(*) FROM features.probe").fetchone() == (5,)


@pytest.mark.parametrize(
    ("server_version", "postgis", "said"),
    [
        (140_011, "3.4.2", "PostgreSQL 14; use version 15"),
        (150_018, None, "has no PostGIS; install it"),
        (150_018, "3.2.9", "PostGIS 3.2.9; install 3.3"),
        (150_018, "3.3.2", None),
        (180_001, "4.0.0dev", None),
    ],
)
def test_an_unfit_server_is_named(server_version: int, postgis: str | None, said: str) -> None:
    fault = unfit(server_version, postgis)
    assert (fault is None) if said is None else (fault is not None and said in fault)


def test_an_owner_who_is_no_superuser_migrates_and_loads(server: str, tmp_path: Path) -> None:
    layer = probe_layer()
    write_layer(tmp_path, layer, TABLE)
    with new_database(server) as url, psycopg.connect(url, autocommit=True) as conn:
        conn.execute("CREATE EXTENSION postgis")
        name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
        conn.execute("CREATE ROLE plain_owner CREATEROLE")
        conn.execute(f"GRANT ALL ON DATABASE {name} TO plain_owner")
        try:
            conn.execute("SET ROLE plain_owner")
            migrate(conn, {"probe": layer}, roots=[tmp_path])
            conn.execute(
                "INSERT INTO layers.area VALUES ('quarter', 7, 'a', 'a', 'a', '', 32636, 30, 54)"
            )
            assert replace(conn, layer, [frame()], area=AREA, origin=ORIGIN).row_count == 5
        finally:
            conn.execute("RESET ROLE")
            conn.execute("DROP OWNED BY plain_owner CASCADE")
            conn.execute("DROP ROLE plain_owner")
