"""Tiles of a loaded file are true before its side table is made, and after."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import mapbox_vector_tile
import psycopg
import pytest
from pyproj import Transformer
from shapely.geometry import shape

from layers import edit, side_tiles, store, tile_fill
from layers.history import Change
from layers.ingest.vector.undo import undo
from layers.query import Filter
from layers.tile_matrix_set import TILE_MATRIX_SETS, WEB_MERCATOR_QUAD
from layers.tile_store import make_tile
from layers.tiling import Address
from tests.fix_loads import KEYED, ORSHA, Loader, write
from tests.fix_probe import ORIGIN

Plots = Callable[..., gpd.GeoDataFrame]
ROWS = "SELECT id, purpose, ST_AsBinary(geom), appears, snaps FROM tiles.parcels ORDER BY id"


def address(level: int, tms: Any = WEB_MERCATOR_QUAD) -> Address:
    x, y = Transformer.from_crs(4326, tms.srid, always_xy=True).transform(30.4045, 54.5005)
    row, _, col, _ = tms.covering(level, (x, y, x, y))
    return Address(tms, level, row, col)


def shown(load: Loader, at: Address, rows: Filter = Filter()) -> list[tuple[Any, ...]]:  # noqa: B008 - frozen
    tile = make_tile(load.conn, load.layer, at, rows)
    if not tile.data:
        return []
    features = mapbox_vector_tile.decode(tile.data)["parcels"]["features"]
    return sorted(
        (f["id"], str(f["properties"]), shape(f["geometry"]).normalize().wkt) for f in features
    )


def tiled(load: Loader) -> bool:
    return tile_fill.untiled(load.conn, load.layer) == ()


@pytest.mark.parametrize("level", [13, 14, 16])
@pytest.mark.parametrize("name", ["WebMercatorQuad", "WorldCRS84Quad"])
def test_tiles_are_the_same_before_and_after(
    load: Loader, plots: Plots, tmp_path: Path, level: int, name: str
) -> None:
    at = address(level, TILE_MATRIX_SETS[name])
    load(write(plots(40), tmp_path / "1.gpkg"), mapping=KEYED)
    assert not tiled(load)
    every, some = shown(load, at), shown(load, at, Filter(equal=(("cadastral_number", "00001"),)))
    assert tile_fill.fill(load.conn, load.layer, ORSHA)
    assert tiled(load)
    assert len(load.conn.execute(ROWS).fetchall()) == 40
    assert shown(load, at) == every
    assert shown(load, at, Filter(equal=(("cadastral_number", "00001"),))) == some
    assert every
    assert not tile_fill.fill(load.conn, load.layer, ORSHA)
    assert load.staged() == []


def test_the_side_table_is_that_of_any_other_load(
    load: Loader, plots: Plots, tmp_path: Path
) -> None:
    load(write(plots(9), tmp_path / "1.gpkg"), mapping=KEYED)
    assert tile_fill.fill(load.conn, load.layer, ORSHA)
    filled = load.conn.execute(ROWS).fetchall()
    indexes = "SELECT count(*) FROM pg_indexes WHERE tablename LIKE 'parcels\\_\\_a%%'"
    made = load.conn.execute(indexes).fetchone()
    rows = load.rows()
    store.remove(load.conn, load.layer, ORSHA)
    store.replace(load.conn, load.layer, [rows], area=ORSHA, origin=ORIGIN)
    assert tiled(load)
    assert load.conn.execute(ROWS).fetchall() == filled
    assert load.conn.execute(indexes).fetchone() == made


def test_another_load_leaves_the_older_side_table_until_then(
    load: Loader, plots: Plots, tmp_path: Path
) -> None:
    load(write(plots(4), tmp_path / "1.gpkg"), mapping=KEYED)
    tile_fill.fill(load.conn, load.layer, ORSHA)
    older = load.conn.execute(ROWS).fetchall()
    load(write(plots(6), tmp_path / "2.gpkg"), mapping=KEYED)
    assert load.conn.execute(ROWS).fetchall() == older
    assert {one[0] for one in shown(load, address(14))} == set(load.rows().index)
    tile_fill.fill(load.conn, load.layer, ORSHA)
    assert len(load.conn.execute(ROWS).fetchall()) == 6
    undo(load.conn, load.layer, ORSHA)
    assert tiled(load)
    assert load.conn.execute(ROWS).fetchall() == older


def test_a_change_in_between_leaves_it_for_the_next_time(
    load: Loader, plots: Plots, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(write(plots(4), tmp_path / "1.gpkg"), mapping=KEYED)
    making = side_tiles.make

    def changing(*given: Any) -> None:
        making(*given)
        load.conn.execute("UPDATE layers.version SET version = version + 1")

    monkeypatch.setattr(side_tiles, "make", changing)
    assert not tile_fill.fill(load.conn, load.layer, ORSHA)
    assert not tiled(load)
    assert load.staged() == []
    assert load.conn.execute(ROWS).fetchall() == []
    monkeypatch.undo()
    assert tile_fill.fill(load.conn, load.layer, ORSHA)


def test_one_process_makes_it_and_the_others_do_not_wait(
    database: str, load: Loader, plots: Plots, tmp_path: Path
) -> None:
    load(write(plots(4), tmp_path / "1.gpkg"), mapping=KEYED)
    key = f"geoportal tiles parcels__a{ORSHA.number}"
    with load.conn.transaction():
        load.conn.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (key,))
        with psycopg.connect(database, autocommit=True) as other:
            assert not tile_fill.fill(other, load.layer, ORSHA)
    assert tile_fill.fill(load.conn, load.layer, ORSHA)


def test_edits_before_it_is_made_are_in_it(load: Loader, plots: Plots, tmp_path: Path) -> None:
    load(write(plots(4), tmp_path / "1.gpkg"), mapping=KEYED)
    gone = Change(load.layer, ORSHA, ORSHA.feature_id(1), "delete", "me", "0" * 32)
    kept = Change(load.layer, ORSHA, ORSHA.feature_id(2), "replace", "me", "0" * 32)
    for query in (edit.twin_out(gone), edit.delete(gone), edit.twin_out(kept), edit.twin_in(kept)):
        load.conn.execute(query.sql.encode(), query.params)
    assert load.conn.execute(ROWS).fetchall() == []
    assert {one[0] for one in shown(load, address(14))} == set(load.rows().index)
    assert tile_fill.fill(load.conn, load.layer, ORSHA)
    assert [row[0] for row in load.conn.execute(ROWS).fetchall()] == load.rows().index.tolist()
