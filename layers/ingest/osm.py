"""Load an OpenStreetMap extract, or a change to it, into the city layers of one area.

OSM has no residents: `residents` stays null unless tagged, so a pipeline that sums residents gives
shares of buildings only.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from psycopg import Connection
from psycopg.rows import tuple_row

from layers import locks, store, swap
from layers.errors import CorruptSource, RefusedLoad
from layers.ingest import osm_change, osm_extract, osm_loads, osm_read
from layers.ingest.osm_change import Applied
from layers.ingest.vector.faults import publish_faults
from layers.model import Area, Layer, Licence, Origin, Text
from layers.staging import Load
from layers.store import Loaded, Progress

LAYERS = ("streets", "buildings", "service_points", "street_lights", "green_areas")
"""The layers an extract can fill."""

MOST_KM = 500
"""An extract farther than this from the centre of its area belongs to another one."""

HERE = Path(__file__).resolve().parent

LICENCE = Licence(
    id="ODbL-1.0",
    title="Open Database License 1.0",
    url="https://opendatacommons.org/licenses/odbl/1-0/",
)
ATTRIBUTION = "© OpenStreetMap contributors"
SUPPLIER = Text(
    be="Удзельнікі OpenStreetMap", ru="Участники OpenStreetMap", en="OpenStreetMap contributors"
)


def load_osm(
    conn: Connection,
    layers: Mapping[str, Layer],
    file: Path,
    area: Area,
    progress: Progress | None = None,
) -> dict[str, Loaded]:
    """Load streets, buildings, service points, lights and green areas; return what was loaded.

    A layer the file has nothing for is not in the answer and keeps its rows. The file is read to
    its end before the first layer changes, and kept for change files. `progress` gets the number
    of rows just copied. Raises MissingSource, CorruptSource, and RefusedLoad naming the layers that
    were refused (the others are loaded).
    """
    read = _read(file, file.name)
    box = osm_read.extent(file)
    _require_near(file, box, area)
    known = osm_extract.Extract(file.name, osm_extract.checksum(file), box)
    with _alone(conn, area):
        osm_extract.keep(conn, area, known, file)
        return _replace(conn, layers, read, _Load(area, known, progress))


def load_change(
    conn: Connection,
    layers: Mapping[str, Layer],
    file: Path,
    area: Area,
    progress: Progress | None = None,
) -> tuple[Applied, dict[str, Loaded]]:
    """Apply an OSM change file to the extract of an area and load what came of it.

    The rows, their ids and the checksums of the layers are those of a load of the changed extract.
    A layer whose last feature was deleted loses its rows. A file that concerns other places only
    changes nothing and loads nothing. The same file may be applied again. Raises MissingSource when
    no extract is kept, CorruptSource, and RefusedLoad as `load_osm`.
    """
    with _alone(conn, area), tempfile.TemporaryDirectory() as folder:
        former = osm_extract.kept(conn, area)
        base = osm_extract.write(conn, area, Path(folder))
        changed = Path(folder) / "changed.osm.pbf"
        applied = osm_change.apply(base, file, former.box, changed, former.graves)
        if applied.nothing:
            return applied, {}
        read = _read(changed, f"{former.name} after {file.name}")
        known = osm_extract.Extract(
            name=former.name,
            sha256=osm_extract.checksum(changed),
            box=former.box,
            changes=tuple(dict.fromkeys((*former.changes, file.name))),
            graves=applied.graves,
        )
        # Kept first: applied again after a crash, the change finds its own versions and loads them.
        osm_extract.keep(conn, area, known, changed)
        # Before the rest, which may refuse a layer: what was deleted goes nevertheless.
        _empty(conn, layers, read, area)
        return applied, _replace(conn, layers, read, _Load(area, known, progress))


@dataclass(frozen=True)
class _Load:
    area: Area
    extract: osm_extract.Extract
    progress: Progress | None


@contextmanager
def _alone(conn: Connection, area: Area) -> Iterator[None]:
    what = f"OpenStreetMap, area {area.id}"
    with swap.translated(what), locks.exclusive(conn, f"osm__a{area.number}"):
        yield


def _read(file: Path, name: str) -> osm_read.Extract:
    read = osm_read.read(file)
    if not any(read.count(layer_id) for layer_id in LAYERS):
        raise CorruptSource(f"{name} holds nothing for the layers {', '.join(LAYERS)}")
    return read


def _replace(
    conn: Connection, layers: Mapping[str, Layer], read: osm_read.Extract, load: _Load
) -> dict[str, Loaded]:
    origin = Origin(
        status="open",
        source=load.extract.source,
        checksum=_checksum(load.extract),
        supplier=SUPPLIER,
        licence=LICENCE,
        attribution=ATTRIBUTION,
    )
    loaded: dict[str, Loaded] = {}
    refused: list[str] = []
    given = [
        (Load(layers[i], load.area, origin, tiles=False), read.frames(i, load.area))
        for i in LAYERS
        if i in layers and read.count(i)
    ]
    outcomes = osm_loads.replace_all(conn, given, load.progress)
    for layer_id in (one.layer.id for one, _ in given):
        outcome = outcomes[layer_id]
        if isinstance(outcome, RefusedLoad):
            refused.append(str(outcome))
        else:
            loaded[layer_id] = outcome
    if any(one.changed for one in loaded.values()):
        publish_faults(conn, layers, load.area)
    if refused:
        done = f"; loaded: {', '.join(loaded)}" if loaded else ""
        raise RefusedLoad("; ".join(refused) + done)
    return loaded


def _empty(
    conn: Connection, layers: Mapping[str, Layer], read: osm_read.Extract, area: Area
) -> None:
    """Remove the rows of layers whose last feature a change deleted; never those of elsewhere."""
    with conn.transaction(), conn.cursor(row_factory=tuple_row) as cursor:
        found = cursor.execute(
            "SELECT layer, source FROM layers.version WHERE area = %s", (area.id,)
        ).fetchall()
    for layer_id, source in found:
        ours = layer_id in LAYERS and source.startswith(osm_extract.SOURCE)
        if ours and layer_id in layers and not read.count(layer_id):
            store.remove(conn, layers[layer_id], area)


def _require_near(file: Path, box: osm_change.Box, area: Area) -> None:
    west, south, east, north = box
    lon, lat = (west + east) / 2, (south + north) / 2
    *_, distance_m = osm_read.ELLIPSOID.inv(lon, lat, area.lon, area.lat)
    if distance_m > MOST_KM * 1000:
        raise RefusedLoad(
            f"{file.name} lies around {lon:.3f}, {lat:.3f}, {distance_m / 1000:.0f} km from the"
            f" area {area.id} at {area.lon:.3f}, {area.lat:.3f}; load it for an area at its place"
        )


def _checksum(extract: osm_extract.Extract) -> str:
    """Sum up what decides the rows: the file, and the code that reads it."""
    sums = hashlib.sha256(bytes.fromhex(extract.sha256))
    for path in sorted(HERE.glob("osm*.py")):
        sums.update(path.read_bytes())
    return sums.hexdigest()
