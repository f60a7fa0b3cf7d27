"""Exports: every feature of a filter in another format, streamed at constant memory.

Text is written by PostGIS and sent on as it comes; files are made by a child process, sent and
removed. Nothing begins before the answer is awaited, so an error up to the first byte is a problem
document; a later one breaks the body, which the caller's program notices.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from geoportal.database import translate_errors
from geoportal.errors import BadParameter, Busy, QueryTimeout
from geoportal.exporter import options
from geoportal.ogc.enrich import attribution, status_of
from geoportal.ogc.formats.files import make_file, send_file, temporary_folder
from geoportal.ogc.formats.order import Order
from geoportal.ogc.formats.registry import FORMATS, disposition
from geoportal.ogc.formats.text import TEXTS, Telling
from geoportal.ogc.links import jsonfg_links, link, same_query
from geoportal.ogc.request import Answer, OgcRequest
from layers import export_query
from layers.model import Layer
from layers.query import Filter, Page

if TYPE_CHECKING:
    from geoportal.ogc.api import Api
    from geoportal.settings import Settings

CHUNK_BYTES = 65_536
FIRST_ROWS = 200
MOST_ROWS = 5_000

Connection = psycopg.AsyncConnection[tuple[Any, ...]]


class Places:
    """How many exports run in this server process; more are told to come back."""

    def __init__(self) -> None:
        self.taken = 0

    @contextmanager
    def one(self, most: int) -> Iterator[None]:
        """Hold one place; raises Busy when all are taken."""
        if self.taken >= most:
            raise Busy("All places for exports are taken; try again in a minute.")
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1


PLACES = Places()


@dataclass(frozen=True, slots=True)
class Job:
    """One export, checked and ready to begin."""

    format: str
    rows: Filter
    telling: Telling
    settings: Settings
    head_only: bool

    @property
    def layer(self) -> Layer:
        """The layer."""
        return self.telling.layer

    @property
    def page(self) -> Page:
        """Which rows in which order and CRS."""
        return self.telling.page

    def order(self, path: Path) -> Order:
        """Return the order of a file at `path`."""
        return Order(
            format=self.format,
            path=str(path),
            database_url=self.settings.database_url or "",
            timeout_s=self.settings.export_timeout_s,
            layer=self.layer,
            rows=self.rows,
            page=self.page,
            language=self.telling.language,
            about=self.telling.about,
        )


def export(api: Api, request: OgcRequest, layer: Layer, rows: Filter, page: Page) -> Answer:
    """Answer an export of `request.format`; raises BadParameter for what the format cannot hold."""
    if request.param("limit") is None:
        page = replace(page, limit=export_query.EVERYTHING)
    _check(request, page)
    now = datetime.now(UTC)
    telling = _telling(api, request, layer, page, now)
    job = Job(request.format, rows, telling, api.portal.settings, request.method == "HEAD")
    format_ = FORMATS[request.format]
    title = layer.title.get(request.language)
    headers = {
        "Content-Crs": f"<{page.crs.uri}>",
        "Content-Disposition": disposition(layer.id, title, f"{now:%Y-%m-%d}", format_.suffix),
    }
    return headers, 200, Export(job)


def _check(request: OgcRequest, page: Page) -> None:
    format_ = request.format
    if page.cursor is not None:
        raise BadParameter(
            f"Parameter cursor: pages are for f=json; f={format_} takes limit and offset."
        )
    if format_ == "kml" and not export_query.in_wgs84(page.crs):
        raise BadParameter("Parameter crs: KML has WGS 84, longitude first, and nothing else.")
    if FORMATS[format_].made == "file" and not page.geometry:
        raise BadParameter(
            f"Parameter skipGeometry: f={format_} is a format of geometries; f=csv can go without."
        )


def _telling(api: Api, request: OgcRequest, layer: Layer, page: Page, now: datetime) -> Telling:
    language, base = request.language, f"{api.base_url}/collections/{layer.id}"
    title = layer.title.get(language)
    about = {
        "title": title,
        "description": layer.description.get(language),
        "status": status_of(api.portal, layer),
        "licence": layer.licence.title,
        "attribution": attribution(api.portal, layer),
        "url": base,
    }
    return Telling(
        layer=layer,
        page=page,
        language=language,
        schema_url=f"{base}/schema",
        links=_links(request, base, title),
        about=about,
        time=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def _links(request: OgcRequest, base: str, title: str) -> list[dict[str, Any]]:
    same = same_query(request)
    itself = jsonfg_links(request, f"{base}/items?{same}" if same else f"{base}/items")
    return [*itself, link(base, "collection", "application/json", title)]


class Export(Response):
    """The answer of an export: begins when it is awaited, ends when its caller leaves."""

    def __init__(self, job: Job) -> None:
        self.status_code = 200
        self.background = None
        self.job = job
        self.init_headers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the export; raises what goes wrong, before or after the first byte."""
        work = asyncio.ensure_future(self._run(scope, send))
        watcher = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait({work, watcher}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            watcher.cancel()
            if not work.done():
                work.cancel()
            await asyncio.gather(work, watcher, return_exceptions=True)
        if work.cancelled():
            from geoportal.ogc.execute import ClientLeft  # noqa: PLC0415 - it imports the routes

            raise ClientLeft
        work.result()

    async def _run(self, scope: Scope, send: Send) -> None:
        job = self.job
        if job.head_only or FORMATS[job.format].made == "text":
            async with _bounded(job.settings):
                await self._send_text(send)
            return
        with temporary_folder() as folder:
            path = folder / f"{job.layer.id}.{FORMATS[job.format].suffix}"
            async with _bounded(job.settings):
                count = await make_file(job.order(path))
            await send_file(path, self._counted(count), scope, send)

    def _counted(self, count: int) -> list[tuple[bytes, bytes]]:
        return [*self.raw_headers, (b"ogc-numberreturned", str(count).encode())]

    async def _send_text(self, send: Send) -> None:
        job = self.job
        async with _connected(job.settings) as connection:
            counting = export_query.count(job.layer, job.rows, job.page)
            cursor = await connection.execute(counting.sql.encode(), counting.params)
            row = await cursor.fetchone()
            count = row[0] if row else 0
            chunks = _nothing() if job.head_only else _text(connection, job)
            # The first piece before the first byte: until here an error has its own answer.
            first = await anext(chunks, b"")
            start = {"type": "http.response.start", "status": 200, "headers": self._counted(count)}
            await send(start)
            await send({"type": "http.response.body", "body": first, "more_body": True})
            async for chunk in chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})


@asynccontextmanager
async def _bounded(settings: Settings) -> AsyncIterator[None]:
    """One of the places for exports, for a bounded time; raises Busy and QueryTimeout."""
    try:
        async with asyncio.timeout(settings.export_timeout_s):
            with PLACES.one(settings.exports), translate_errors():
                yield
    except TimeoutError:
        raise QueryTimeout(
            "The export took longer than allowed; ask for a smaller area or fewer features."
        ) from None


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""  # makes it an iterator


@asynccontextmanager
async def _connected(settings: Settings) -> AsyncIterator[Connection]:
    """A connection of the export's own, that sees one state of the tables."""
    connection = await psycopg.AsyncConnection.connect(
        settings.database_url or "", options=options(settings.export_timeout_s), connect_timeout=5
    )
    try:
        await connection.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
        await connection.set_read_only(True)
        yield connection
    finally:
        # Waits for nothing, so that also a caller who has left cannot keep it from being closed.
        await connection.close()


async def _text(connection: Connection, job: Job) -> AsyncIterator[bytes]:
    """The text in pieces of about CHUNK_BYTES: head, rows, tail."""
    form = TEXTS[job.format]
    rows_query = form.rows(job.layer, job.rows, job.page)
    count = 0
    pending = [form.head(job.telling)]
    async with connection.cursor(name="export", binary=True) as cursor:
        await cursor.execute(rows_query.sql.encode(), rows_query.params)
        many = FIRST_ROWS
        while rows := await cursor.fetchmany(many):
            text = b"".join(row[0] for row in rows)
            pending.append(text[1:] if form.comma and not count else text)
            count += len(rows)
            # So many rows next as fit, by the size of these: memory stays the same.
            many = max(1, min(MOST_ROWS, 4 * many, many * CHUNK_BYTES // max(len(text), 1)))
            yield b"".join(pending)
            pending = []
    yield b"".join([*pending, form.tail(job.telling, count)])
