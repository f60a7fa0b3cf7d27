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

from layers import locks, swap
from layers.errors import CorruptSource, RefusedLoad
from layers.ingest import osm_change, osm_extract, osm_loads, osm_read, reported
from layers.ingest.osm_change import Applied
from layers.ingest.vector.faults import publish_faults
from layers.ingest.vector.reports import refusals_kept
from layers.message import Message, message, why
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
    of rows just copied. Leaves a report of each layer, also of a file that is refused as a whole.
    Raises MissingSource, CorruptSource, and RefusedLoad naming the layers that were refused (the
    others are loaded).
    """
    with refusals_kept(conn, [i for i in LAYERS if i in layers], area.id, file):
        read = _read(file, message("text", text=file.name))
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
    changes nothing and loads nothing. The same file may be applied again. Leaves reports as
    `load_osm`, and of the removal of a layer's last rows. Raises MissingSource when no extract is
    kept, CorruptSource, and RefusedLoad as `load_osm`.
    """
    told = refusals_kept(conn, [i for i in LAYERS if i in layers], area.id, file)
    with _alone(conn, area), tempfile.TemporaryDirectory() as folder:
        former = osm_extract.kept(conn, area)
        base = osm_extract.write(conn, area, Path(folder))
        changed = Path(folder) / "changed.osm.pbf"
        with told:
            applied = osm_change.apply(base, file, former.box, changed, former.graves)
            if applied.nothing:
                return applied, {}
            after = message("osm.after", file=former.name, change=file.name)
            read = _read(changed, after)
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
        load = _Load(area, known, progress)
        _empty(conn, layers, read, load)
        return applied, _replace(conn, layers, read, load)


@dataclass(frozen=True)
class _Load:
    area: Area
    extract: osm_extract.Extract
    progress: Progress | None

    @property
    def origin(self) -> Origin:
        return Origin(
            status="open",
            source=self.extract.source,
            checksum=_checksum(self.extract),
            supplier=SUPPLIER,
            licence=LICENCE,
            attribution=ATTRIBUTION,
        )


@contextmanager
def _alone(conn: Connection, area: Area) -> Iterator[None]:
    what = message("load.what", layer="OpenStreetMap", area=area.id)
    with swap.translated(what), locks.exclusive(conn, f"osm__a{area.number}"):
        yield


def _read(file: Path, name: Message) -> osm_read.Extract:
    read = osm_read.read(file)
    if not any(read.count(layer_id) for layer_id in LAYERS):
        raise CorruptSource(message("osm.nothing", file=name, layers=list(LAYERS)))
    return read


def _replace(
    conn: Connection, layers: Mapping[str, Layer], read: osm_read.Extract, load: _Load
) -> dict[str, Loaded]:
    origin = load.origin
    loaded: dict[str, Loaded] = {}
    refused: list[Message] = []
    given = [
        (Load(layers[i], load.area, origin, tiles=False), read.frames(i, load.area))
        for i in LAYERS
        if i in layers and read.count(i)
    ]
    outcomes = osm_loads.replace_all(conn, given, load.progress)
    for layer_id in (one.layer.id for one, _ in given):
        outcome = outcomes[layer_id]
        if isinstance(outcome, RefusedLoad):
            refused.append(why(outcome))
        else:
            loaded[layer_id] = outcome
    if refused or any(one.changed for one in loaded.values()):
        publish_faults(conn, layers, load.area)
    if refused and loaded:
        raise RefusedLoad(message("osm.refused_but", whys=refused, loaded=list(loaded)))
    if refused:
        raise RefusedLoad(message("osm.refused", whys=refused))
    return loaded


def _empty(
    conn: Connection, layers: Mapping[str, Layer], read: osm_read.Extract, load: _Load
) -> None:
    """Remove the rows of layers whose last feature a change deleted; never those of elsewhere."""
    with conn.transaction(), conn.cursor(row_factory=tuple_row) as cursor:
        found = cursor.execute(
            "SELECT layer FROM layers.version WHERE area = %s AND starts_with(source, %s)",
            (load.area.id, osm_extract.SOURCE),
        ).fetchall()
    gone = [i for (i,) in found if i in LAYERS and i in layers and not read.count(i)]
    for layer_id in gone:
        reported.remove(conn, Load(layers[layer_id], load.area, load.origin))
    if gone:
        publish_faults(conn, layers, load.area)


def _require_near(file: Path, box: osm_change.Box, area: Area) -> None:
    west, south, east, north = box
    lon, lat = (west + east) / 2, (south + north) / 2
    *_, distance_m = osm_read.ELLIPSOID.inv(lon, lat, area.lon, area.lat)
    if distance_m > MOST_KM * 1000:
        at = {"lon": lon, "lat": lat, "distance": distance_m / 1000}
        raise RefusedLoad(message("load.elsewhere", file=file.name, area=area.id, **at))


def _checksum(extract: osm_extract.Extract) -> str:
    """Sum up what decides the rows: the file, and the code that reads it."""
    sums = hashlib.sha256(bytes.fromhex(extract.sha256))
    for path in sorted(HERE.glob("osm*.py")):
        sums.update(path.read_bytes())
    return sums.hexdigest()
