"""The folders of layers outside the package, watched: a sound change is published by itself.

A faulty one is logged and changes nothing: what was published before stays.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import psycopg

from geoportal.settings import Settings
from layers import registry
from layers.check import folder_faults, layer_folders
from layers.errors import LayersError
from layers.publication import withdraw
from layers.schema import add

LOGGER = logging.getLogger(__name__)

WATCH_S = 0.5

State = tuple[tuple[str, int, int], ...]
"""Name, time of change (ns) and size of each file of a folder."""


class Watcher:
    """Remembers the state of each folder and what became of it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._root = settings.layers_dir
        self._seen: dict[Path, State] = {}
        self._done: dict[Path, State] = {}

    async def watch(self) -> None:
        """Look at the folders for ever; ends at once when there are none."""
        while self._root is not None:
            try:
                await asyncio.to_thread(self.look)
            except OSError as error:
                LOGGER.warning("cannot read the folder of layers: %s", error)
            await asyncio.sleep(WATCH_S)

    def look(self) -> None:
        """Publish what changed and has been still since the last look; withdraw what is gone."""
        if self._root is None or not self._root.is_dir():
            return  # a folder that is not mounted for a while takes no layer away
        now = {folder: _state(folder) for folder in layer_folders(self._root)}
        still = {folder for folder, state in now.items() if self._seen.get(folder) == state}
        self._seen = now
        for folder in sorted(still):
            if self._done.get(folder) != now[folder] and self._publish(folder):
                self._done[folder] = now[folder]
        for folder in [one for one in self._done if one not in now]:
            if self._withdraw(folder):
                del self._done[folder]

    def _publish(self, folder: Path) -> bool:
        """Publish a folder; False when it must be tried again."""
        assert self._root is not None  # noqa: S101 - look() has asked
        layer, _, faults = folder_faults(folder)
        if layer is None or faults:
            for fault in faults:
                LOGGER.error("not published, what was before stays: %s", fault)
            return True
        try:
            with psycopg.connect(self._settings.database_url or "", autocommit=True) as connection:
                if add(connection, layer, roots=(self._root,)):
                    LOGGER.warning("published the definition of %s", layer.id)
        except LayersError as error:
            LOGGER.error("not published, what was before stays: %s", error)
        except psycopg.OperationalError:
            return False
        except psycopg.Error as error:
            LOGGER.error("not published, what was before stays: %s", error)
        return True

    def _withdraw(self, folder: Path) -> bool:
        if folder.name in registry.load_layers():
            return True
        try:
            with psycopg.connect(self._settings.database_url or "", autocommit=True) as connection:
                if withdraw(connection, folder.name):
                    LOGGER.warning("withdrew %s: its folder is gone", folder.name)
        except psycopg.OperationalError:
            return False
        except psycopg.Error as error:
            LOGGER.error("cannot withdraw %s: %s", folder.name, error)
        return True


def _state(folder: Path) -> State:
    found = []
    for path in sorted(folder.iterdir()):
        stat = path.stat()
        found.append((path.name, stat.st_mtime_ns, stat.st_size))
    return tuple(found)
