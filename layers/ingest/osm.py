"""Load an OpenStreetMap extract into the city layers of one area.

OSM has no residents: `residents` stays null unless tagged, so a pipeline that sums residents gives
shares of buildings only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from psycopg import Connection

from layers import store
from layers.errors import CorruptSource, RefusedLoad
from layers.ingest import osm_read
from layers.model import Area, Layer, Licence, Origin, Text
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
    its end before the first layer changes. `progress` gets the number of rows just copied. Raises
    MissingSource, CorruptSource, and RefusedLoad naming the layers that were refused (the others
    are loaded).
    """
    extract = osm_read.read(file)
    if not any(extract.count(layer_id) for layer_id in LAYERS):
        raise CorruptSource(f"{file.name} holds nothing for the layers {', '.join(LAYERS)}")
    _require_near(file, area)
    origin = Origin(
        status="open",
        source=f"OpenStreetMap extract {file.name}",
        checksum=_checksum(file),
        supplier=SUPPLIER,
        licence=LICENCE,
        attribution=ATTRIBUTION,
    )
    loaded: dict[str, Loaded] = {}
    refused: list[str] = []
    for layer_id in (i for i in LAYERS if i in layers and extract.count(i)):
        frames = extract.frames(layer_id, area)
        try:
            loaded[layer_id] = store.replace(
                conn, layers[layer_id], frames, area=area, origin=origin, progress=progress
            )
        except RefusedLoad as error:
            refused.append(str(error))
    if refused:
        done = f"; loaded: {', '.join(loaded)}" if loaded else ""
        raise RefusedLoad("; ".join(refused) + done)
    return loaded


def _require_near(file: Path, area: Area) -> None:
    lon, lat = osm_read.centre(file)
    *_, distance_m = osm_read.ELLIPSOID.inv(lon, lat, area.lon, area.lat)
    if distance_m > MOST_KM * 1000:
        raise RefusedLoad(
            f"{file.name} lies around {lon:.3f}, {lat:.3f}, {distance_m / 1000:.0f} km from the"
            f" area {area.id} at {area.lon:.3f}, {area.lat:.3f}; load it for an area at its place"
        )


def _checksum(file: Path) -> str:
    """Sum up what decides the rows: the file, and the code that reads it."""
    with file.open("rb") as opened:
        sums = hashlib.sha256(hashlib.file_digest(opened, "sha256").digest())
    for path in sorted(HERE.glob("osm*.py")):
        sums.update(path.read_bytes())
    return sums.hexdigest()
