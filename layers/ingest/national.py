"""Load the national layers: from the mirror, else their origins, else the seed tables."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import geopandas as gpd
import pyogrio
from psycopg import Connection
from psycopg.rows import tuple_row

from layers import registry
from layers.area import save_area, seed_areas
from layers.errors import CorruptSource, HeldLoad, LayersError, MissingSource, StoreFailure
from layers.ingest import boundaries, readers, reported, towns
from layers.ingest.reported import Hold
from layers.ingest.sources import Places, Source, checksum, find, read_sources
from layers.ingest.vector.faults import publish_faults
from layers.ingest.vector.mapping import MAPPING, read_mapping
from layers.ingest.vector.mapping import Mapping as FileMapping
from layers.message import message
from layers.model import COUNTRY, Area, Layer, Origin
from layers.seed import data_dir
from layers.staging import Load

Progress = Callable[[str, int, int], None]
"""Called with a layer's id, how many layers are done, and of how many."""

SEED_SOURCE = "seed tables of the project"
HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Outcome:
    """What became of one layer; `failed`, `held` and `skipped` leave its old rows."""

    layer: str
    state: Literal["loaded", "unchanged", "skipped", "failed", "held"]
    reason: str = ""
    row_count: int = 0
    repaired: int = 0

    def __str__(self) -> str:
        text = f"{self.layer}: {self.state}"
        text += f", {self.row_count} rows" if self.state == "loaded" else ""
        text += f", {self.repaired} geometries repaired" if self.repaired else ""
        return f"{text} ({self.reason})" if self.reason else text


@dataclass(frozen=True)
class Recipe:
    """How a layer is made: which files of which source, read by what; `seed` = without them."""

    source: str
    files: tuple[str, ...]
    read: Callable[[Mapping[str, Path]], gpd.GeoDataFrame]
    seed: Callable[[], gpd.GeoDataFrame] | None = None
    also: str | None = None  # another source whose facts are in the files


RECIPES: Mapping[str, Recipe] = {
    "admin_units": Recipe(
        "admin-boundaries",
        (boundaries.FILE,),
        boundaries.from_source,
        boundaries.from_seed,
        "belstat-population",
    ),
    "settlements": Recipe("populated-places", (towns.FILE,), towns.from_source, towns.from_seed),
    "weather_stations": Recipe("weather-stations", (readers.STATIONS,), readers.weather_stations),
    "airspace_zones": Recipe("airspace-zones", readers.ZONES, readers.airspace_zones),
    "air_quality_yearly": Recipe(
        "air-pollution-2008-2015",
        (readers.AIR_VALUES, readers.AIR_CITIES),
        readers.air_quality_yearly,
    ),
    "cycle_network": Recipe("gomel-osm-bicycle", tuple(readers.CYCLING), readers.cycle_network),
}


def load_national(
    conn: Connection,
    layers: Mapping[str, Layer],
    *,
    sources_dir: Path | None,
    cache_dir: Path,
    progress: Progress | None = None,
    sources: Mapping[str, Source] | None = None,
) -> list[Outcome]:
    """Load every national layer whose source is there; one that fails does not stop the others.

    A source that is unchanged since the last load is not read. Raises StoreFailure only when the
    database is lost.
    """
    sources = read_sources() if sources is None else sources
    country = seed_areas()[COUNTRY]
    save_area(conn, country)
    wanted = {i: r for i, r in RECIPES.items() if i in layers}
    outcomes = []
    for done, (layer_id, recipe) in enumerate(wanted.items()):
        if progress:
            progress(layer_id, done, len(wanted))
        job = _Job(conn, layers[layer_id], recipe, sources, Places(sources_dir, cache_dir), country)
        outcomes.append(_load(job))
    if any(one.state == "loaded" for one in outcomes):
        publish_faults(conn, layers, country)
    if progress:
        progress("national layers", len(wanted), len(wanted))
    return outcomes


def layers_of(source_id: str, layers: Mapping[str, Layer]) -> tuple[str, ...]:
    """Return the layers that are made from the files of a source."""
    return tuple(i for i, recipe in RECIPES.items() if recipe.source == source_id and i in layers)


def load_source(
    conn: Connection,
    layers: Mapping[str, Layer],
    sources: Mapping[str, Source],
    source_id: str,
    places: Places,
    accept_removals: bool = False,
) -> tuple[Outcome, ...]:
    """Load the layers made from one source; the seed tables never take the place of its files.

    A layer that would lose more of its features than its share (`vanish_share` in mapping.yml) is
    held, unless `accept_removals`. Raises StoreFailure only when the database is lost.
    """
    country = seed_areas()[COUNTRY]
    save_area(conn, country)
    outcomes = []
    for layer_id in layers_of(source_id, layers):
        layer = layers[layer_id]
        hold = None if accept_removals else Hold(source_id, vanish_share(layer))
        job = _Job(conn, layer, RECIPES[layer_id], sources, places, country, hold)
        outcomes.append(_load(job, seeds=False))
    if any(one.state == "loaded" for one in outcomes):
        publish_faults(conn, layers, country)
    return tuple(outcomes)


def vanish_share(layer: Layer) -> float:
    """Return the share (of 1) of its features that a layer may lose without review."""
    path = registry.folder(layer.id) / MAPPING
    mapping = read_mapping(path, layer) if path.is_file() else FileMapping()
    return mapping.rules.vanish_share


@dataclass(frozen=True)
class _Job:
    conn: Connection
    layer: Layer
    recipe: Recipe
    sources: Mapping[str, Source]
    places: Places
    country: Area
    hold: Hold | None = None


def _load(job: _Job, *, seeds: bool = True) -> Outcome:
    try:
        return _load_source(job)
    except LayersError as error:
        if seeds and isinstance(error, MissingSource):
            return _without_source(job, str(error))
        if job.conn.closed and isinstance(error, StoreFailure):
            raise
        if isinstance(error, CorruptSource):
            # Reports are for everybody, and the error may name folders of the operator.
            said = message("source.unreadable", source=job.recipe.source)
            reported.refuse(job.conn, _unread(job), CorruptSource(said))
        state: Literal["held", "failed"] = "held" if isinstance(error, HeldLoad) else "failed"
        return Outcome(job.layer.id, state, str(error))


def _unread(job: _Job) -> Load:
    source = job.sources[job.recipe.source]
    said = f"{source.title.en}: {source.origin}"
    return Load(job.layer, job.country, Origin(status=job.layer.status, source=said, checksum=""))


def _load_source(job: _Job) -> Outcome:
    recipe, source = job.recipe, job.sources[job.recipe.source]
    listed = [source.file(name) for name in recipe.files]
    files = {Path(file.path).name: find(file, job.places) for file in listed}
    credits = [source] + ([job.sources[recipe.also]] if recipe.also else [])
    origin = Origin(
        status=job.layer.status,
        source="; ".join(f"{s.title.en}: {s.origin}" for s in credits),
        checksum=_checksum(
            [file.sha256 or checksum(files[Path(file.path).name]) for file in listed]
        ),
        licence=source.licence,
        attribution="; ".join(s.attribution for s in credits),
    )
    return _store(job, origin, lambda: _read(recipe, files))


def _without_source(job: _Job, reason: str) -> Outcome:
    """Fall back to the seed tables, but never let them take the place of real data."""
    current = _current(job)
    if current is not None and current[0] != SEED_SOURCE:
        return Outcome(job.layer.id, "skipped", f"{reason}; the rows loaded before stay")
    if job.recipe.seed is None:
        return Outcome(job.layer.id, "skipped", reason)
    origin = Origin(
        status=job.layer.status,
        source=SEED_SOURCE,
        checksum=_checksum([]),
        attribution="facts typed by hand, each with its source; population: Belstat",
    )
    try:
        outcome = _store(job, origin, job.recipe.seed)
    except LayersError as error:
        return Outcome(job.layer.id, "failed", str(error))
    return replace(outcome, reason=f"from the seed tables: {reason}")


def _store(job: _Job, origin: Origin, make: Callable[[], gpd.GeoDataFrame]) -> Outcome:
    current = _current(job)
    if current is not None and current[1] == origin.checksum:
        return Outcome(job.layer.id, "unchanged", "the source is the one loaded before")
    frame = make()
    if frame.empty:
        raise CorruptSource(f"the source of {job.layer.id} holds no rows")
    load = Load(job.layer, job.country, origin)
    done = reported.replace(job.conn, load, [frame], hold=job.hold)
    state: Literal["loaded", "unchanged"] = "loaded" if done.changed else "unchanged"
    return Outcome(job.layer.id, state, "", done.row_count, done.repaired.count)


def _read(recipe: Recipe, files: Mapping[str, Path]) -> gpd.GeoDataFrame:
    try:
        return recipe.read(files)
    except (pyogrio.errors.DataSourceError, KeyError, ValueError, AttributeError) as error:
        said = str(error).partition(" It might help")[0]  # a hint of GDAL to programmers
        for name, path in files.items():
            said = said.replace(str(path), name)
        raise CorruptSource(
            f"{', '.join(files)}: not the content expected ({said}); the rows loaded before stay,"
            " look at the origin"
        ) from error


def _current(job: _Job) -> tuple[str, str] | None:
    with job.conn.transaction(), job.conn.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(
            "SELECT source, source_checksum FROM layers.version WHERE layer = %s AND area = %s",
            (job.layer.id, job.country.id),
        ).fetchone()


def _checksum(file_sums: list[str]) -> str:
    """Sum up what decides the rows: the files, the seed tables, the code that reads them."""
    sums = hashlib.sha256("\n".join(file_sums).encode())
    parts = [*sorted((data_dir() / "seed").glob("*.csv")), *sorted(HERE.glob("*.py"))]
    for path in parts:
        sums.update(path.read_bytes())
    return sums.hexdigest()
