"""What one server process knows: definitions, areas and versions, kept up to date by NOTIFY."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psycopg

from geoportal.database import Database
from geoportal.errors import GeoportalError
from geoportal.jobs.store import JobStore
from geoportal.processes.registry import processes
from geoportal.settings import Settings
from geoportal.writer import Writer
from layers import registry
from layers.area import SELECT_AREAS, area_from_row
from layers.errors import UnknownLayer
from layers.model import Area, Layer
from layers.query import Query
from layers.version import SELECT_VERSIONS, Summary, Version

LOGGER = logging.getLogger(__name__)

CHANNEL = "geoportal_layers"
SETTLE_S = 0.2  # several layers of one load announce themselves together
RETRY_S = 2.0


class Portal:
    """Definitions and state; `layers` are those with data and open access, in the tree's order."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database = Database(settings)
        self.writer = Writer(settings)
        self.jobs = JobStore(settings)
        self.processes = processes(settings.processes)
        self.roots: tuple[Path, ...] = (settings.layers_dir,) if settings.layers_dir else ()
        self.definitions = registry.load_layers(*self.roots)
        self.layers: Mapping[str, Layer] = {}
        self.versions: Mapping[tuple[str, str], Version] = {}
        self.areas: Mapping[str, Area] = {}
        self.summaries: Mapping[str, Summary] = {}
        self.changed: Callable[[], None] = lambda: None
        self._styles: dict[str, dict[str, Any]] = {}
        self._task: asyncio.Task[None] | None = None

    @property
    def ready(self) -> bool:
        """True when at least one layer can be served."""
        return bool(self.layers)

    def layer(self, layer_id: str) -> Layer:
        """Return a published layer; raises UnknownLayer."""
        try:
            return self.layers[layer_id]
        except KeyError:
            raise UnknownLayer(f"There is no collection {layer_id[:80]!r}.") from None

    def style(self, layer_id: str) -> dict[str, Any]:
        """Return the style of a layer (MapLibre style document)."""
        if layer_id not in self._styles:
            self._styles[layer_id] = registry.style(layer_id, *self.roots)
        return self._styles[layer_id]

    async def start(self) -> None:
        """Open the database and follow its announcements in the background."""
        await self.database.open()
        try:
            await self.refresh()
        except GeoportalError as error:
            LOGGER.warning("starting without layers: %s", error)
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """End the background task and close the database."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.writer.close()
        await self.jobs.close()
        await self.database.close()

    async def refresh(self) -> None:
        """Read areas and versions anew and swap them in together."""
        areas = [area_from_row(r) for r in await self.database.rows(Query(SELECT_AREAS))]
        rows = await self.database.rows(Query(SELECT_VERSIONS))
        versions = [v for v in map(Version.from_row, rows) if self._published(v.layer)]
        loaded = {v.layer for v in versions}
        self.areas = {a.id: a for a in areas}
        self.versions = {(v.layer, v.area): v for v in versions}
        self.layers = {k: layer for k, layer in self.definitions.items() if k in loaded}
        self.summaries = {k: Summary.of(v for v in versions if v.layer == k) for k in self.layers}
        self.changed()

    def learn(self, version: Version) -> None:
        """Take in a version that this very process wrote, before its announcement comes round."""
        known = self.versions.get((version.layer, version.area))
        if version.layer not in self.layers or (known and known.version >= version.version):
            return
        self.versions = {**self.versions, (version.layer, version.area): version}
        same = [v for v in self.versions.values() if v.layer == version.layer]
        self.summaries = {**self.summaries, version.layer: Summary.of(same)}
        self.changed()

    def _published(self, layer_id: str) -> bool:
        # Until access control exists, only what everybody may see is published at all.
        layer = self.definitions.get(layer_id)
        return layer is not None and layer.access == "open"

    async def _follow(self) -> None:
        """Listen for announcements for ever; after a break, read everything once."""
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    self.settings.database_url or "", autocommit=True, connect_timeout=5
                ) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    await self.refresh()
                    while True:
                        async for _ in connection.notifies(stop_after=1):
                            pass
                        async for _ in connection.notifies(timeout=SETTLE_S):
                            pass
                        await self.refresh()
            except (psycopg.Error, GeoportalError) as error:
                LOGGER.warning("cannot follow the database: %s", error)
            await asyncio.sleep(RETRY_S)
