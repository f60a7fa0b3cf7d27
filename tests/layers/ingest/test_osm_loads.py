"""Layers loaded by two connections: what one refuses does not keep the other back."""

from collections.abc import Iterator

import geopandas as gpd
import psycopg
import pytest
from shapely import LineString, Point

from layers import locks, store
from layers.area import save_area, seed_areas
from layers.errors import RefusedLoad, StoreFailure
from layers.ingest import osm_loads
from layers.model import Origin, Rule
from layers.registry import load_layers
from layers.staging import Load
from layers.store import Loaded

Connection = psycopg.Connection[tuple[object, ...]]
AREA = seed_areas()["orsha"]
LAYERS = load_layers()
ORIGIN = Origin(status="open", source="test", checksum="")
SHAPES = {
    "streets": LineString([(30.4, 54.5), (30.41, 54.5)]),
    "green_areas": Point(30.4, 54.5).buffer(0.001),
    "street_lights": Point(30.405, 54.5001),
}
VALUES = {
    "streets": {
        "highway": "path", "oneway": "no", "foot": True, "bicycle": True, "car": False,
        "length_m": 640.0, "node_from": 1, "node_to": 2,
    },
    "green_areas": {"kind": "park"},
    "street_lights": {"lamp_type": "led", "state": "unknown"},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _area(connection: Connection) -> None:
    save_area(connection, AREA)


def one(layer_id: str, rule: Rule | None = None) -> osm_loads.One:
    layer = LAYERS[layer_id].model_copy(update={"quality": (rule,) if rule else ()})
    return Load(layer, AREA, ORIGIN), rows(layer_id)


def rows(layer_id: str) -> Iterator[gpd.GeoDataFrame]:
    index = [AREA.feature_id(1)]
    yield gpd.GeoDataFrame(VALUES[layer_id], index=index, geometry=[SHAPES[layer_id]], crs=4326)


def test_lamps_are_held_against_the_streets_of_the_same_load(connection: Connection) -> None:
    near = Rule(rule="far", limit=30, beside="streets", warn_share=0)
    done = osm_loads.replace_all(
        connection, [one("streets"), one("green_areas"), one("street_lights", near)]
    )
    assert set(done) == set(SHAPES)
    row = connection.execute(
        "SELECT report -> 'rules' -> 0 ->> 'verdict' FROM layers.load_report"
        " WHERE layer = 'street_lights'"
    ).fetchone()
    assert row == ("publish",)  # not "unchecked": the streets were there


def test_a_refused_layer_leaves_the_others(connection: Connection) -> None:
    far = Rule(rule="far", limit=1e-3, beside="streets", refuse_share=0)
    done = osm_loads.replace_all(
        connection, [one("streets"), one("green_areas"), one("street_lights", far)]
    )
    assert isinstance(done["street_lights"], RefusedLoad)
    assert isinstance(done["streets"], Loaded)
    assert isinstance(done["green_areas"], Loaded)


@pytest.mark.parametrize("busy", ["streets", "green_areas"])
def test_a_busy_layer_gives_up_the_load(
    connection: Connection, busy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "LOCK_TIMEOUT_MS", 100)
    dsn = connection.info.dsn
    with psycopg.connect(dsn, password=connection.info.password, autocommit=True) as other:  # noqa: SIM117
        with locks.exclusive(other, f"{busy}__a{AREA.number}"):
            with pytest.raises(StoreFailure, match=f"{busy}, area orsha: another load"):
                osm_loads.replace_all(connection, [one("streets"), one("green_areas")])
    left = connection.execute("SELECT FROM pg_tables WHERE schemaname = 'staging'").rowcount
    assert left == 0
    assert len(store.read(connection, LAYERS[busy])) == 0


def test_in_a_transaction_of_the_caller_it_is_all_or_nothing(connection: Connection) -> None:
    with connection.transaction(force_rollback=True):
        done = osm_loads.replace_all(connection, [one("streets"), one("green_areas")])
        assert all(isinstance(outcome, Loaded) for outcome in done.values())
    assert connection.execute("SELECT FROM layers.version").rowcount == 0
