"""What one server process knows: definitions, areas and versions, as the database has them now.

An announcement (NOTIFY) makes it read anew; in case one is lost, it also looks every second.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import psycopg

from geoportal.database import ROLE, Database
from geoportal.errors import GeoportalError
from geoportal.jobs.store import JobStore
from geoportal.maps.painters import Painters
from geoportal.processes.registry import processes
from geoportal.settings import Settings
from geoportal.watcher import Watcher
from geoportal.writer import Writer
from layers import kept_text
from layers.area import SELECT_AREAS, area_from_row
from layers.coverage import SELECT_COVERAGES, Coverage
from layers.currency import SELECT_CURRENCIES, Currency
from layers.errors import BadLayerFile, StoreFailure, UnknownLayer
from layers.model import Area, Layer
from layers.publication import SELECT_PUBLICATIONS, SELECT_STATE, Publication
from layers.publish import fill_tiles
from layers.query import Query
from layers.registry import load_layers
from layers.tile_fill import fill
from layers.version import SELECT_VERSIONS, Summary, Version

LOGGER = logging.getLogger(__name__)

CHANNEL = "geoportal_layers"
SETTLE_S = 0.2  # several layers of one load announce themselves together
POLL_S = 1.0
RETRY_S = 1.0
TILING_PAUSE_S = 5.0  # a table that changes all the time is not copied all the time


class Portal:
    """Definitions and state; `layers` are those with data and open access, in the tree's order."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database = Database(settings)
        self.writer = Writer(settings)
        self.jobs = JobStore(settings)
        self.processes = processes(settings.processes)
        self.painters = Painters(settings.painters, settings.map_timeout_s)
        self.definitions: Mapping[str, Layer] = load_layers()
        self.publications: Mapping[str, Publication] = {}
        self.layers: Mapping[str, Layer] = {}
        self.versions: Mapping[tuple[str, str], Version] = {}
        self.areas: Mapping[str, Area] = {}
        self.coverages: Mapping[str, Coverage] = {}
        self.currencies: Mapping[str, Currency] = {}  # of layers that are fetched on a schedule
        self.summaries: Mapping[str, Summary] = {}
        self.untiled: Mapping[str, tuple[str, ...]] = {}  # areas whose side table is to be made
        self.kept_texts: frozenset[str] = frozenset()  # layers whose table keeps finished features
        self.changed: Callable[[], None] = lambda: None
        self._watcher = Watcher(settings)
        self._stale = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

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

    def coverage(self, collection_id: str) -> Coverage:
        """Return the coverage of a collection; raises UnknownLayer."""
        try:
            return self.coverages[collection_id]
        except KeyError:
            raise UnknownLayer(f"Collection {collection_id[:80]!r} has no coverage.") from None

    def style(self, layer_id: str) -> dict[str, Any]:
        """Return the style of a layer (MapLibre style document)."""
        return self.publications[layer_id].style

    async def start(self) -> None:
        """Open the database and follow its announcements in the background."""
        await self.database.open()
        try:
            await self.refresh()
        except GeoportalError as error:
            LOGGER.warning("starting without layers: %s", error)
        self._tasks = [
            asyncio.create_task(self._follow()),
            asyncio.create_task(self._watcher.watch()),
            asyncio.create_task(self._tile()),
        ]

    async def stop(self) -> None:
        """End the background tasks and close the database."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.painters.close()
        await self.writer.close()
        await self.jobs.close()
        await self.database.close()

    async def refresh(self) -> None:
        """Read definitions, areas and versions anew and swap them in together."""
        published = self._read(await self.database.rows(Query(SELECT_PUBLICATIONS)))
        marks = await self.database.rows(Query(kept_text.SELECT_MARKS))
        rows = await self.database.rows(Query(SELECT_VERSIONS))
        fetched = await self.database.rows(Query(SELECT_CURRENCIES))
        rasters = await self.database.rows(Query(SELECT_COVERAGES))
        # After the versions: an area is saved before anything is loaded for it.
        areas = {a.id: a for a in map(area_from_row, await self.database.rows(Query(SELECT_AREAS)))}
        # Until access control exists, only what everybody may see is published at all.
        is_open = {k for k, one in published.items() if one.layer.access == "open"}
        versions = [
            v for v in map(Version.from_row, rows) if v.layer in is_open and v.area in areas
        ]
        loaded = {v.layer for v in versions}
        self.areas = areas
        found = (Coverage.from_row(row, areas) for row in rasters)
        self.coverages = {one.id: one for one in found if one is not None}
        self.versions = {(v.layer, v.area): v for v in versions}
        currencies = map(Currency.from_row, fetched)
        self.currencies = {layer: one for one in currencies for layer in one.layers}
        self.publications = published
        layers = sorted((published[k].layer for k in loaded), key=lambda layer: layer.position)
        self.layers = {layer.id: layer for layer in layers}
        self.definitions = {**self.definitions, **{k: one.layer for k, one in published.items()}}
        self.summaries = {k: Summary.of(v for v in versions if v.layer == k) for k in self.layers}
        self.untiled = {
            k: tuple(v.area for v in versions if v.layer == k and not v.tiled)
            for k in {v.layer for v in versions if not v.tiled}
        }
        self.kept_texts = kept_text.current(self.layers, marks)
        self._stale.set()
        self.changed()

    def _read(self, rows: Sequence[tuple[Any, ...]]) -> dict[str, Publication]:
        """Make publications of rows; one that is faulty stays as it was."""
        found: dict[str, Publication] = {}
        for row in rows:
            known = self.publications.get(row[0])
            try:
                found[row[0]] = Publication.from_row(row)
            except BadLayerFile as error:
                LOGGER.warning("%s", error)
                if known is not None:
                    found[row[0]] = known
        return found

    def learn(self, version: Version) -> None:
        """Take in a version that this very process wrote, before its announcement comes round."""
        known = self.versions.get((version.layer, version.area))
        if version.layer not in self.layers or (known and known.version >= version.version):
            return
        self.versions = {**self.versions, (version.layer, version.area): version}
        same = [v for v in self.versions.values() if v.layer == version.layer]
        self.summaries = {**self.summaries, version.layer: Summary.of(same)}
        self.changed()

    async def _follow(self) -> None:
        """Follow the database for ever; after a break, read everything once."""
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    self.settings.database_url or "",
                    autocommit=True,
                    connect_timeout=5,
                    options=f"-c role={ROLE}",
                ) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    await self._keep_up(connection)
            except (psycopg.Error, GeoportalError) as error:
                LOGGER.warning("cannot follow the database: %s", error)
            await asyncio.sleep(RETRY_S)

    async def _keep_up(self, connection: psycopg.AsyncConnection[Any]) -> None:
        known = None
        while True:
            state = await _state(connection)
            if state != known:
                await self.refresh()
                known = state
                # What was read is at least as new as the look before it, perhaps newer.
                if await _state(connection) != state:
                    known = None
                    continue
            if [one async for one in connection.notifies(timeout=POLL_S, stop_after=1)]:
                async for _ in connection.notifies(timeout=SETTLE_S):
                    pass

    async def _tile(self) -> None:
        """Make the side tables of published tables and of loads, one at a time."""
        while True:
            await self._stale.wait()
            self._stale.clear()
            for one in list(self.publications.values()):
                version = self.summaries.get(one.layer.id)
                if one.relation and version and version.version != one.tiled:
                    await asyncio.to_thread(self._fill, partial(fill_tiles, layer=one.layer))
            for layer_id, area in [(k, a) for k, areas in self.untiled.items() for a in areas]:
                layer, place = self.definitions.get(layer_id), self.areas.get(area)
                if layer is None or place is None:
                    continue  # it went while another one was made
                make = partial(fill, layer=layer, area=place)
                if not await asyncio.to_thread(self._fill, make):
                    self._stale.set()  # it was busy: no change will announce the next try
            await asyncio.sleep(TILING_PAUSE_S)

    def _fill(self, make: Callable[[psycopg.Connection[Any]], bool]) -> bool:
        """Make a side table unless another process does; tell whether the database let us."""
        try:
            with psycopg.connect(self.settings.database_url or "", autocommit=True) as connection:
                make(connection)
        except (psycopg.Error, StoreFailure) as error:
            LOGGER.warning("some tiles are transformed when asked for: %s", error)
            return False
        return True


async def _state(connection: psycopg.AsyncConnection[Any]) -> Any:
    return await (await connection.execute(SELECT_STATE)).fetchone()
