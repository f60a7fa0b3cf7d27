"""Kept tiles: the last used in memory, and on disk for all workers, keyed by version."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import struct
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from geoportal.settings import Settings
from layers.query import Filter
from layers.tiling import EVERYTHING, RECIPE, Address, Tile

LOGGER = logging.getLogger(__name__)

_HEAD = struct.Struct(">I")  # features cut from the tile, before its bytes
_SWEEP_SHARE = 20  # the disk is swept whenever 1/20 of its bound was written
_KEEP_SHARE = 0.9
_LOST_S = 3600.0  # a temporary file this old was left by a process that died


@dataclass(frozen=True, slots=True)
class TileKey:
    """What decides a tile: layer, version of its data, address, conditions on the rows."""

    layer: str
    version: int
    address: Address
    rows: Filter = EVERYTHING


class TileCache:
    """The tiles used last, up to a number of bytes; 0 bytes = keeps nothing. `disk` backs it."""

    def __init__(self, most_bytes: int, disk: DiskCache | None = None) -> None:
        self._most = most_bytes
        self._size = 0
        self._tiles: OrderedDict[TileKey, Tile] = OrderedDict()
        self._disk = disk

    def get(self, key: TileKey) -> Tile | None:
        """Return a kept tile."""
        tile = self._tiles.get(key)
        if tile is not None:
            self._tiles.move_to_end(key)
            return tile
        if self._disk is None or not key.rows.empty:
            return None
        tile = self._disk.get(key)
        if tile is not None:
            self._remember(key, tile)
        return tile

    def put(self, key: TileKey, tile: Tile) -> None:
        """Keep a tile and let the least used go."""
        self._remember(key, tile)
        if self._disk is not None and key.rows.empty:
            self._disk.put(key, tile)

    def _remember(self, key: TileKey, tile: Tile) -> None:
        if len(tile.data) > self._most or self._most == 0 or key in self._tiles:
            return
        self._tiles[key] = tile
        self._size += _weight(tile)
        while self._size > self._most:
            _, gone = self._tiles.popitem(last=False)
            self._size -= _weight(gone)

    @property
    def size(self) -> int:
        """Bytes kept in memory."""
        return self._size


def _weight(tile: Tile) -> int:
    # An empty tile costs its key.
    return len(tile.data) + 200


class DiskCache:
    """Tiles as files <folder>/<recipe>/<layer>/<version>/<set>/<z>/<row>/<col>.

    Any number of processes may share the folder: a file appears whole or not at all. When the
    files exceed `most_bytes`, those written first go. A new version of a layer ends its old ones.
    What the disk refuses is logged once and the tile is made again next time.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.folder = folder
        self._most = most_bytes
        self._written = 0
        self._complained = False

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """Return the cache that the settings name, None when they name none."""
        if settings.tile_cache_dir is None:
            return None
        return cls(settings.tile_cache_dir, settings.tile_cache_dir_mb * 1_000_000)

    def get(self, key: TileKey) -> Tile | None:
        """Return a kept tile."""
        try:
            found = self._path(key).read_bytes()
        except OSError:
            return None
        if len(found) < _HEAD.size:
            return None
        return Tile(found[_HEAD.size :], *_HEAD.unpack_from(found))

    def put(self, key: TileKey, tile: Tile) -> None:
        """Keep a tile; never raises for what the disk refuses."""
        path = self._path(key)
        text = _HEAD.pack(min(tile.cut, 2**32 - 1)) + tile.data
        try:
            self._write(path, text)
        except OSError as error:
            if not self._complained:
                LOGGER.warning("cannot keep tiles in %s: %s", self.folder, error)
            self._complained = True
            return
        self._written += len(text)
        if self._written * _SWEEP_SHARE > self._most:
            self._written = 0
            # Not on the caller's time: there may be a million files.
            threading.Thread(target=self.sweep, name="tile sweep", daemon=True).start()

    def _path(self, key: TileKey) -> Path:
        at = key.address
        return (
            self._of_layer(key.layer) / str(key.version) / at.tms.id
            / str(at.z) / str(at.row) / str(at.col)
        )  # fmt: skip

    def _of_layer(self, layer: str) -> Path:
        return self.folder / str(RECIPE) / layer

    def _write(self, path: Path, text: bytes) -> None:
        temporary = self.folder / "new" / secrets.token_hex(8)
        try:
            temporary.write_bytes(text)
        except FileNotFoundError:
            temporary.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(text)
        try:
            temporary.replace(path)
        except FileNotFoundError:
            self._end_older(path.parents[3])
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.replace(path)

    def _end_older(self, version: Path) -> None:
        """Remove the older versions of a layer when its first tile of a new one is kept."""
        if version.exists() or not version.parent.exists():
            return
        for other in version.parent.iterdir():
            if other.name.isdigit() and int(other.name) < int(version.name):
                shutil.rmtree(other, ignore_errors=True)

    def sweep(self) -> int:
        """Remove the files written first until they fit their bound; return the bytes that stay."""
        found = sorted(self._files())
        size = sum(length for _, length, _ in found)
        if size > self._most:
            for _, length, path in found:
                if size <= self._most * _KEEP_SHARE:
                    break
                Path(path).unlink(missing_ok=True)
                size -= length
        return size

    def _files(self) -> Iterator[tuple[float, int, str]]:
        lost = time.time() - _LOST_S
        for parent, _, names in os.walk(self.folder):
            temporary = Path(parent).name == "new"
            for name in names:
                path = str(Path(parent, name))
                try:
                    state = Path(path).stat()
                except FileNotFoundError:
                    continue  # another process was faster
                if not temporary or state.st_mtime < lost:
                    yield state.st_mtime, state.st_size, path
