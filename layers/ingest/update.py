"""Fetch sources whose files may change and load what is made of them; a failure keeps the rows."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from psycopg import Connection

from layers.errors import LayersError, MissingSource
from layers.ingest.fetch import Mark, fetch
from layers.ingest.national import Outcome, layers_of, load_source
from layers.ingest.source_run import SourceRun, begin, fail, runs, succeed
from layers.ingest.sources import Places, Source, checksum
from layers.model import Layer


@dataclass(frozen=True)
class Asked:
    """When an update is asked for; `accept_removals`: whatever share of the features vanishes."""

    at: datetime
    accept_removals: bool = False


@dataclass(frozen=True)
class Update:
    """What became of a source: its layers, or the fault for which their old rows stay."""

    source: str
    outcomes: tuple[Outcome, ...] = ()
    fault: str = ""

    @property
    def state(self) -> str:
        """`held` when nothing worse than a review stands in the way, `failed` or `loaded`."""
        bad = {one.state for one in self.outcomes} & {"failed", "held"}
        return "held" if bad == {"held"} else "failed" if self.fault else "loaded"


def update(
    conn: Connection,
    layers: Mapping[str, Layer],
    sources: Mapping[str, Source],
    source_id: str,
    places: Places,
    asked: Asked,
) -> Update:
    """Fetch a source and load its layers; the caller holds the lock of `source_run.alone`.

    Files take the place of those in the cache only when the layers are loaded. A fault of the
    source, or that it is held for review, is recorded and returned; raises StoreFailure when the
    database is lost.
    """
    source, now = sources[source_id], asked.at
    begin(conn, source_id, layers_of(source_id, layers), now)
    places.cache_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=places.cache_dir, prefix=".new-") as folder:
        fresh: dict[str, Path] = {}
        outcomes: tuple[Outcome, ...] = ()
        try:
            marks = _fetch(source, places, runs(conn)[source_id], Path(folder), fresh)
            found = replace(places, fresh=fresh)
            outcomes = load_source(
                conn, layers, sources, source_id, found, accept_removals=asked.accept_removals
            )
            fault = _fault(source, outcomes)
        except Exception as error:  # whatever the content of a changed file breaks
            if conn.closed:
                raise
            fault = _words(source_id, error)
        if fault:
            done = Update(source_id, outcomes, fault)
            fail(conn, source_id, fault, now, held=done.state == "held")
            return done
        for path, file in fresh.items():
            kept = places.cache_dir / path
            kept.parent.mkdir(parents=True, exist_ok=True)
            file.replace(kept)
    succeed(conn, source_id, marks, now)
    return Update(source_id, outcomes)


def _fetch(
    source: Source, places: Places, last: SourceRun, folder: Path, fresh: dict[str, Path]
) -> dict[str, Mark]:
    """Fetch what the origin has anew into `fresh`, by path; return the marks of all files."""
    marks = {}
    for number, file in enumerate(source.files):
        mirrored = places.sources_dir is not None and (places.sources_dir / file.path).is_file()
        if file.sha256 is not None or file.url is None or mirrored:
            continue
        target, cached = folder / str(number), places.cache_dir / file.path
        known = last.marks.get(file.path)
        if known and not (cached.is_file() and checksum(cached) == known.sha256):
            known = None  # another machine fetched it: "not modified" would leave us without
        try:
            mark = fetch(file.url, target, known)
        except MissingSource as error:
            raise MissingSource(
                f"{file.path} cannot be fetched from {file.url}: {error};"
                " the rows loaded before stay, the next run tries again"
            ) from None
        if mark is not None:
            fresh[file.path] = target
        marks[file.path] = mark or known
    return {path: mark for path, mark in marks.items() if mark is not None}


def _words(source_id: str, error: Exception) -> str:
    if isinstance(error, LayersError):
        return str(error)
    return f"{source_id}: not the content expected ({type(error).__name__}: {error})"


def _fault(source: Source, outcomes: tuple[Outcome, ...]) -> str:
    if not outcomes:
        return f"no layer is made from {source.id}; take `update` out of its entry"
    return "; ".join(f"{o.layer}: {o.reason}" for o in outcomes if o.state in ("failed", "held"))
