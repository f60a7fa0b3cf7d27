"""Load a GTFS feed: one day of service as the three transit layers of an area."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import geopandas as gpd
from psycopg import Connection
from pyproj import Geod

from layers.errors import CorruptSource, RefusedLoad
from layers.ingest import reported
from layers.ingest.gtfs import departures, frames, service
from layers.ingest.gtfs.feed import Feed, read
from layers.ingest.gtfs.told import Loading, intakes
from layers.ingest.vector.faults import publish_faults
from layers.ingest.vector.finding import Finding
from layers.ingest.vector.reports import if_possible, refusals_kept
from layers.ingest.vector.source import checksum
from layers.message import message
from layers.model import Area, Layer, Licence, Origin
from layers.staging import Load
from layers.store import Loaded, Progress

LAYERS = ("transit_stops", "transit_lines", "transit_departures")
MOST_KM = 500
"""A feed farther than this from the centre of its area belongs to another one."""

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Terms:
    """Which day of a feed to load, and under what terms it is published."""

    day: date | None = None
    licence: Licence | None = None
    attribution: str | None = None


@dataclass(frozen=True)
class Done:
    """What was loaded, for which day, and what was left out or put right."""

    day: date
    loaded: dict[str, Loaded]
    findings: tuple[Finding, ...]


def centre(feed: Feed) -> tuple[float, float]:
    """Return the median place of the stops (lon, lat); raises CorruptSource when there is none."""
    stops = feed["stops"].dropna(subset=["lon", "lat"])
    if stops.empty:
        raise CorruptSource(message("gtfs.no_stops", file=feed.name))
    return float(stops["lon"].median()), float(stops["lat"].median())


def load_gtfs(
    conn: Connection,
    layers: Mapping[str, Layer],
    file: Path,
    area: Area,
    terms: Terms | None = None,
    *,
    progress: Progress | None = None,
) -> Done:
    """Load stops, lines and departures per hour of a day; without one, the day with most trips.

    Leaves a report of each layer and the fault points of the feed. Raises MissingSource,
    CorruptSource, and RefusedLoad when no trip runs on the day, the feed lies elsewhere, or a layer
    refuses its rows; the layers loaded before it stay loaded.
    """
    terms = terms or Terms()
    with refusals_kept(conn, LAYERS, area.id, file):
        loading = _read(file, area, terms.day)
    origin = _origin(file, loading.day, terms)
    told = intakes(file.name, checksum(file), loading)
    loaded = {}
    try:
        for layer_id, frame in loading.rows.items():
            load = Load(layers[layer_id], area, origin)
            loaded[layer_id] = reported.replace(conn, load, [frame], progress, told=told[layer_id])
    except RefusedLoad:
        with if_possible(f"what is wrong with {file.name}"):
            publish_faults(conn, layers, area)
        raise
    publish_faults(conn, layers, area)
    return Done(loading.day, loaded, tuple(one for t in told.values() for one in t.findings))


def _read(file: Path, area: Area, asked: date | None) -> Loading:
    feed = read(file)
    _require_near(feed, area)
    day = asked or service.busiest_day(feed)
    times = departures.stop_times(feed)
    found = departures.on_day(feed, times, day)
    if found.empty:
        raise RefusedLoad(message("gtfs.no_departure", file=file.name, day=f"{day}"))
    made: dict[str, gpd.GeoDataFrame] = {
        "transit_stops": frames.stops(feed, found, area, day),
        "transit_lines": frames.lines(feed, times, found, area, day),
        "transit_departures": frames.hourly(feed, found, area, day),
    }
    return Loading(feed, area, day, times, found, made)


def _require_near(feed: Feed, area: Area) -> None:
    lon, lat = centre(feed)
    *_, distance_m = Geod(ellps="WGS84").inv(lon, lat, area.lon, area.lat)
    if distance_m > MOST_KM * 1000:
        at = {"lon": lon, "lat": lat, "distance": distance_m / 1000}
        raise RefusedLoad(message("load.elsewhere", file=feed.name, area=area.id, **at))


def _origin(file: Path, day: date, terms: Terms) -> Origin:
    with file.open("rb") as opened:
        sums = hashlib.sha256(hashlib.file_digest(opened, "sha256").digest())
    sums.update(day.isoformat().encode())
    for path in sorted(HERE.glob("*.py")):
        sums.update(path.read_bytes())
    return Origin(
        status="open" if terms.licence else "derived",
        source=f"GTFS feed {file.name}, {day}",
        checksum=sums.hexdigest(),
        licence=terms.licence,
        attribution=terms.attribution or f"{file.name}, loaded by the operator of this service",
    )
