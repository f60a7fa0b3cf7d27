import os
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
from starlette.testclient import TestClient

from geoportal.app import create_app
from geoportal.ogc.tile_cache import DiskCache, TileCache, TileKey
from geoportal.settings import Settings
from layers.query import Filter
from layers.tile_matrix_set import BELARUS_UTM35, WEB_MERCATOR_QUAD
from layers.tiling import Address, Tile

MB = 1_000_000


def key(col: int, version: int = 1, layer: str = "a", **more: Any) -> TileKey:
    return TileKey(layer, version, Address(WEB_MERCATOR_QUAD, 4, 3, col), **more)


def test_memory_keeps_the_tiles_used_last() -> None:
    cache = TileCache(2_500)
    tile = Tile(b"x" * 1_000)
    cache.put(key(1), tile)
    cache.put(key(2), tile)
    assert cache.get(key(1)) == tile
    cache.put(key(3), tile)
    assert cache.get(key(2)) is None
    assert cache.get(key(1)) == tile
    assert cache.size == 2 * 1_200


def test_memory_of_nothing_keeps_nothing() -> None:
    cache = TileCache(0)
    cache.put(key(1), Tile(b""))
    cache.put(key(2), Tile(b"x"))
    assert cache.get(key(1)) is None
    assert cache.get(key(2)) is None


def test_disk_gives_back_what_it_was_given(tmp_path: Path) -> None:
    disk = DiskCache(tmp_path / "tiles", MB)
    for n, tile in enumerate((Tile(b"abc", 7), Tile(b""), Tile(b"\0" * 1000))):
        disk.put(key(n), tile)
        assert disk.get(key(n)) == tile
    assert disk.get(key(9)) is None
    assert disk.get(key(0, version=2)) is None
    other = TileKey("a", 1, Address(BELARUS_UTM35, 4, 3, 0))
    assert disk.get(other) is None


def test_another_process_finds_the_tiles(tmp_path: Path) -> None:
    DiskCache(tmp_path, MB).put(key(1), Tile(b"abc"))
    fresh = TileCache(MB, DiskCache(tmp_path, MB))
    assert fresh.get(key(1)) == Tile(b"abc")
    assert fresh.size > 0  # from now on in memory


def test_new_version_ends_the_old_one(tmp_path: Path) -> None:
    disk = DiskCache(tmp_path, MB)
    disk.put(key(1), Tile(b"old"))
    disk.put(key(1, layer="b"), Tile(b"other"))
    disk.put(key(1, version=2), Tile(b"new"))
    assert disk.get(key(1)) is None
    assert disk.get(key(1, version=2)) == Tile(b"new")
    assert disk.get(key(1, layer="b")) == Tile(b"other")


def test_disk_holds_no_more_than_it_may(tmp_path: Path) -> None:
    disk = DiskCache(tmp_path, 10 * MB)
    for n in range(16):
        disk.put(key(n), Tile(b"x" * 1000))
        path = next(p for p in tmp_path.rglob(str(n)) if p.is_file() and p.parent.name == "3")
        os.utime(path, (1000 + n, 1000 + n))
    small = DiskCache(tmp_path, 8_000)
    assert small.sweep() <= 8_000
    assert small.get(key(0)) is None
    assert small.get(key(15)) is not None


def test_sweep_leaves_what_is_being_written(tmp_path: Path) -> None:
    disk = DiskCache(tmp_path, 10)
    (tmp_path / "new").mkdir()
    fresh, lost = tmp_path / "new" / "fresh", tmp_path / "new" / "lost"
    for one in (fresh, lost):
        one.write_bytes(b"x" * 100)
    os.utime(lost, (time.time() - 7200,) * 2)
    disk.sweep()
    assert fresh.exists()
    assert not lost.exists()


def test_unfit_folder_does_no_harm(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("not a folder")
    disk = DiskCache(tmp_path / "file", MB)
    for n in range(3):
        disk.put(key(n), Tile(b"abc"))
        assert disk.get(key(n)) is None
    assert len(caplog.records) == 1


def test_broken_file_is_made_again(tmp_path: Path) -> None:
    disk = DiskCache(tmp_path, MB)
    disk.put(key(1), Tile(b"abc"))
    path = next(p for p in tmp_path.rglob("1") if p.is_file())
    path.write_bytes(b"")
    assert disk.get(key(1)) is None


def test_filtered_tiles_stay_in_memory(tmp_path: Path) -> None:
    cache = TileCache(MB, DiskCache(tmp_path, MB))
    filtered = key(1, rows=Filter(equal=(("kind", "school"),)))
    cache.put(filtered, Tile(b"few"))
    assert cache.get(filtered) == Tile(b"few")
    assert cache.get(key(1)) is None
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_server_keeps_tiles_on_disk_until_the_version_changes(
    api_settings: Settings, api_database: str, tmp_path: Path
) -> None:
    path = "/ogc/collections/test_parcels/tiles/WebMercatorQuad/8/83/147"
    kept = api_settings.model_copy(update={"tile_cache_dir": tmp_path, "tile_cache_mb": 0})

    def files() -> list[Path]:
        return [p for p in tmp_path.rglob("147") if p.is_file()]

    with TestClient(create_app(kept), base_url="http://portal.example") as client:
        first = client.get(path)
        (file,) = files()
        # What is kept is what is answered: the database is not asked again.
        file.write_bytes(b"\0\0\0\5" + b"kept")
        second = client.get(path)
    assert first.status_code == 200
    assert (second.content, second.headers["geoportal-tile-cut"]) == (b"kept", "5")
    with psycopg.connect(api_database, autocommit=True) as connection:
        connection.execute(
            "UPDATE layers.version SET version = nextval('layers.version_number')"
            " WHERE layer = 'test_parcels'"
        )
    with TestClient(create_app(kept), base_url="http://portal.example") as client:
        assert client.get(path).content == first.content
    (now,) = files()
    assert now != file
