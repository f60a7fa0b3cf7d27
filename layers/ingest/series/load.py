"""Merge readings of stations into a layer of observations: late rows come in, none is lost."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd
from psycopg import Connection
from psycopg.rows import tuple_row

from layers import locks, store, swap
from layers.errors import RefusedLoad
from layers.ingest import reported
from layers.ingest.series.columns import parameters
from layers.ingest.series.gaps import Gaps, gaps
from layers.ingest.series.read import Readings, named
from layers.ingest.series.told import Merged, Placed, intake_of, station_key
from layers.ingest.vector.faults import publish_faults
from layers.ingest.vector.finding import Finding
from layers.ingest.vector.reports import refusals_kept
from layers.message import message
from layers.model import Area, Layer, Licence, Origin
from layers.staging import Load
from layers.store import Loaded


@dataclass(frozen=True)
class Stations:
    """Where the stations of a layer of readings are: their layer, the fields of id and name."""

    layer: str
    key: str
    name: str


SERIES: Mapping[str, Stations] = {
    "air_sensor_readings": Stations("air_sensors", "sensor_id", "name"),
}
"""Layers of readings; the field `key` of both layers joins them."""


@dataclass(frozen=True)
class Terms:
    """What to say of a file and how to take it.

    With `correct` its values win over loaded ones, with `replace` it takes the place of all.
    """

    file: Path
    licence: Licence | None = None
    attribution: str | None = None
    correct: bool = False
    replace: bool = False


@dataclass(frozen=True)
class Done:
    """What became of a file: rows read, new ones, of these late ones, filled or corrected ones."""

    loaded: Loaded
    read: int
    identical: int
    added: int
    late: int
    changed: int
    gaps: tuple[Gaps, ...]
    findings: tuple[Finding, ...]


def require_series(layer_id: str) -> None:
    """Raise RefusedLoad when a layer holds no series."""
    if layer_id not in SERIES:
        raise RefusedLoad(message("series.no_series", layer=layer_id, layers=list(SERIES)))


def load_series(
    conn: Connection,
    layers: Mapping[str, Layer],
    readings: Readings,
    layer_id: str,
    area: Area,
    terms: Terms,
) -> Done:
    """Merge readings into a layer of an area; the same file twice changes nothing.

    A row is known by station and time. A new value for a loaded one is refused and named unless
    `terms.correct`; a value for one that was missing is filled in. `terms.replace` puts the file in
    place of all that is loaded. Leaves a report and the fault points of it. Raises RefusedLoad when
    the layer holds no series, the area has no stations, demonstration rows would be mixed with
    measured ones, or no row can be used.
    """
    require_series(layer_id)
    layer, lock = layers[layer_id], f"series__{layer_id}__a{area.number}"
    with (
        swap.translated(message("load.what", layer=layer_id, area=area.id)),
        locks.exclusive(conn, lock),
        refusals_kept(conn, [layer_id], area.id, terms.file),
    ):
        if not terms.replace:
            _require_measured(conn, layer, area)
        placed = _placed(conn, layers, readings, layer, area)
        old = store.read(conn, layer, area=area.id)
        merged = _merged(old.iloc[:0] if terms.replace else old, placed.rows, layer, area, terms)
        found = gaps(merged.frame, SERIES[layer_id].key)
        told = intake_of(terms.file, readings, placed, merged, found)
        load = Load(layer, area, _origin(terms, merged.frame))
        done = reported.replace(conn, load, [merged.frame], told=told)
        publish_faults(conn, layers, area)
    return Done(
        loaded=done,
        read=readings.read,
        identical=readings.identical,
        added=merged.added,
        late=merged.late,
        changed=merged.changed,
        gaps=found,
        findings=tuple(told.findings),
    )


def _require_measured(conn: Connection, layer: Layer, area: Area) -> None:
    with conn.transaction(), conn.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(
            "SELECT status FROM layers.version WHERE layer = %s AND area = %s", (layer.id, area.id)
        ).fetchone()
    if row and row[0] == "demonstration":
        raise RefusedLoad(message("series.demonstration", layer=layer.id, area=area.id))


def _placed(
    conn: Connection,
    layers: Mapping[str, Layer],
    readings: Readings,
    layer: Layer,
    area: Area,
) -> Placed:
    """Give every row the id and place of its station; rows of unknown stations are named."""
    found = SERIES[layer.id]
    stations = store.read(conn, layers[found.layer], area=area.id, columns=[found.key, found.name])
    if stations.empty:
        raise RefusedLoad(message("series.no_stations", area=area.id, layer=found.layer))
    by_name = stations.drop_duplicates(found.name, keep=False).dropna(subset=[found.name])
    keys = {station_key(n): k for n, k in zip(by_name[found.name], by_name[found.key], strict=True)}
    keys |= {station_key(k): k for k in stations[found.key]}
    rows = readings.rows
    station = rows["station"].map(lambda written: keys.get(station_key(written)))
    unknown = rows.loc[station.isna(), "station"].value_counts().sort_index()
    findings = [
        Finding(
            "series.unknown_station", name, "refused", field="station", value=name,
            message=message("series.no_station", count=int(count), layer=found.layer),
        )
        for name, count in zip(unknown.index.astype(str), unknown, strict=True)
    ]  # fmt: skip
    rows = rows[station.notna()].assign(**{found.key: station.dropna()}).drop(columns="station")
    rows, twice = _told_once(rows, found.key)
    findings += twice
    if rows.empty:
        some = sorted(stations[found.key])[:10]
        raise RefusedLoad(message("series.none_placed", area=area.id, stations=some))
    place = stations.drop_duplicates(found.key).set_index(found.key).geometry
    shapes = place.loc[rows[found.key]].to_numpy()
    lost = sum(readings.records[name] for name in unknown.index)
    written = {name: (place[key].x, place[key].y) for name, key in keys.items()}
    return Placed(gpd.GeoDataFrame(rows, geometry=shapes, crs=4326), findings, lost, written)


def _told_once(rows: pd.DataFrame, key: str) -> tuple[pd.DataFrame, list[Finding]]:
    """Join the rows of a station that is written by its id and by its name; name what differs."""
    grouped = rows.groupby([key, "time"])
    once, differ = grouped.first(), grouped.nunique() > 1
    findings = [
        Finding(
            "series.conflicting", named(station, time), "refused", field=str(name),
            message=message("series.two_names"),
        )
        for name in differ.columns
        for station, time in differ.index[differ[name]]
    ]  # fmt: skip
    return once.mask(differ).dropna(how="all").reset_index(), findings


def _merged(
    old: gpd.GeoDataFrame, rows: gpd.GeoDataFrame, layer: Layer, area: Area, terms: Terms
) -> Merged:
    key = [SERIES[layer.id].key, "time"]
    fields = [f.name for f in parameters(layer)]
    old = old[[*key, *fields, old.active_geometry_name]]
    new = rows.reindex(columns=[*key, *fields, "geometry"]).set_index(key)
    kept = old.reset_index().set_index(key)
    both = kept.index.intersection(new.index)
    have, come = kept.loc[both, fields], new.loc[both, fields].astype(float)
    differ = have.notna() & come.notna() & (have != come)
    fill = have.isna() & come.notna()
    take = (fill | differ) if terms.correct else fill
    kept.loc[both, fields] = have.where(~take, come)
    fresh = new.loc[new.index.difference(kept.index)]
    newest = (
        kept.reset_index().groupby(key[0])["time"].max().reindex(fresh.index.get_level_values(0))
    )
    newest = pd.DatetimeIndex(pd.to_datetime(newest, utc=True))
    late = pd.DatetimeIndex(fresh.index.get_level_values(1)) < newest
    first = int(kept["id"].max()) + 1 if len(kept) else area.feature_id(1)
    fresh = fresh.sort_index().assign(id=range(first, first + len(fresh)))
    table = pd.concat([part for part in (kept, fresh) if len(part)]).reset_index()
    frame = gpd.GeoDataFrame(table.set_index("id"), geometry="geometry", crs=4326)
    findings = [] if terms.correct else _conflicts(have, come, differ)
    wholly = differ.any(axis=1) & ~(come.notna() & ~differ).any(axis=1)
    return Merged(
        frame=frame,
        added=len(fresh),
        late=int(late.sum()),
        changed=int(take.any(axis=1).sum()),
        refused=0 if terms.correct else int(wholly.sum()),
        findings=findings,
    )


def _conflicts(have: pd.DataFrame, come: pd.DataFrame, differ: pd.DataFrame) -> list[Finding]:
    found = []
    for name in map(str, differ.columns):
        at = differ.index[differ[name]]
        for (station, time), old, new in zip(
            at, have.loc[at, name], come.loc[at, name], strict=True
        ):
            found.append(
                Finding(
                    "series.differs", named(station, time), "refused",
                    field=name, value=f"{new:g}",
                    message=message("series.differs", value=float(old)),
                )
            )  # fmt: skip
    return found


def _origin(terms: Terms, frame: gpd.GeoDataFrame) -> Origin:
    file = terms.file
    with file.open("rb") as opened:
        sums = hashlib.sha256(hashlib.file_digest(opened, "sha256").digest())
    sums.update(str(len(frame)).encode())
    return Origin(
        status="open" if terms.licence else "derived",
        source=f"station readings, last file {file.name}",
        checksum=sums.hexdigest(),
        licence=terms.licence,
        attribution=terms.attribution or f"{file.name}, loaded by the operator of this service",
    )
