"""The demonstration of an area, brought into its layers and rasters."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import psycopg

from geoportal.cli import database
from geoportal.cli.load import LOADED, UNCHANGED, saved, tell, tell_cells, tell_state
from geoportal.cli.progress import bar
from geoportal.settings import Settings
from layers.message import message
from layers.model import Area, Layer, Licence, Origin, Text
from layers.version import SELECT_VERSIONS, Version

if TYPE_CHECKING:
    from layers.raster import RasterDefinition

Connection = psycopg.Connection[Any]

DEMO_SOURCE = "demonstration generator, {buildings} buildings"
DEMO_SUPPLIER = Text(
    be="Геапартал праграмы «Разумныя гарады Беларусі» (згенераваныя дэманстрацыйныя даныя)",
    ru="Геопортал программы «Умные города Беларуси» (сгенерированные демонстрационные данные)",
    en="Geoportal of the Smart Cities of Belarus programme (generated demonstration data)",
)
DEMO_LICENCE = Licence(
    id="CC0-1.0",
    title="CC0 1.0 Universal",
    url="https://creativecommons.org/publicdomain/zero/1.0/",
)
DEMO_ATTRIBUTION = (
    "Generated demonstration data, Geoportal of the Smart Cities of Belarus programme"
)


def require_no_real_data(connection: Connection, area: Area) -> None:
    """Raise RefusedLoad naming a layer or raster of the area that is no demonstration."""
    from layers.errors import RefusedLoad
    from processing.demo import LAYERS
    from processing.demo.rasters import RASTERS

    found = connection.execute(
        "SELECT layer, source FROM (SELECT layer, area, status, source FROM layers.version"
        " UNION ALL SELECT raster, area, status, source FROM layers.raster) AS loaded"
        " WHERE area = %s AND status <> 'demonstration' AND layer = ANY(%s) ORDER BY layer",
        (area.id, [*LAYERS, *RASTERS]),
    ).fetchall()
    if found:
        told = {"layers": [name for name, _ in found], "area": area.id, "source": found[0][1]}
        raise RefusedLoad(message("load.real_data", **told))


def load_demo(
    connection: Connection, given: Settings, area: Area, buildings: int, *, keep: bool = False
) -> None:
    """Generate and load every demonstration layer of an area that is not as it would be made.

    With `keep`, rows from anywhere else than this very demonstration, and rows that people have
    edited, are left alone. Raises EditedLayer without it.
    """
    from layers.errors import EditedLayer
    from layers.ingest import reported
    from layers.ingest.vector.faults import publish_faults
    from layers.staging import Load
    from processing.demo import LAYERS, frames

    layers = database.definitions(given)
    versions = _versions(connection, area)
    for layer_id in LAYERS:
        origin = demo_origin(layers[layer_id], area, buildings)
        old = versions.get(layer_id)
        if old is not None and (
            old[1] == origin.checksum or (keep and old[0].source != origin.source)
        ):
            tell_state(layer_id, area, UNCHANGED)
            continue
        try:
            with saved(connection, area), bar(f"{layer_id}, {area.id}") as shown:
                made = frames(area, layer_id, buildings=buildings)
                target = Load(layers[layer_id], area, origin)
                result = reported.replace(connection, target, made, shown.add)
        except EditedLayer:
            if not keep:
                raise
            tell_state(layer_id, area, message("told.edited"))
            continue
        tell(layer_id, area.id, result)
    publish_faults(connection, layers, area)
    _load_demo_rasters(connection, area, buildings, keep=keep)


def _load_demo_rasters(
    connection: Connection, area: Area, buildings: int, *, keep: bool = False
) -> None:
    """Generate and load every demonstration raster that is not as it would be made."""
    from layers.ingest import raster_load
    from layers.raster import load_rasters
    from processing.demo.rasters import RASTERS, raster

    query = "SELECT raster, source, source_checksum FROM layers.raster WHERE area = %s"
    known = {name: rest for name, *rest in connection.execute(query, [area.id]).fetchall()}
    for raster_id in RASTERS:
        definition = load_rasters()[raster_id]
        origin = demo_origin(definition, area, buildings)
        source, sum_ = known.get(raster_id, (origin.source, None))
        if sum_ == origin.checksum or (keep and source != origin.source):
            tell_state(raster_id, area, UNCHANGED)
            continue
        with saved(connection, area), bar(f"{raster_id}, {area.id}"):
            cells = raster(area, raster_id, buildings=buildings)
            done = raster_load.replace(connection, definition, cells, area=area, origin=origin)
        tell_cells(raster_id, area, cells, LOADED if done.changed else UNCHANGED)


def demo_origin(layer: Layer | RasterDefinition, area: Area, buildings: int) -> Origin:
    """Say where demonstration rows come from; the checksum is that of all that decides them."""
    sums = hashlib.sha256()
    for file in sorted((database.CHECKOUT / "processing" / "demo").glob("*.py")):
        sums.update(file.read_bytes())
    for value in (layer.model_dump_json(), area.model_dump_json(), str(buildings)):
        sums.update(value.encode())
    origin = Origin(
        status="demonstration",
        source=DEMO_SOURCE.format(buildings=buildings),
        checksum=sums.hexdigest(),
    )
    if layer.status == "demonstration":  # its definition says the rest
        return origin
    return origin.model_copy(
        update={
            "supplier": DEMO_SUPPLIER, "licence": DEMO_LICENCE, "attribution": DEMO_ATTRIBUTION,
        }
    )  # fmt: skip


def _versions(connection: Connection, area: Area) -> dict[str, tuple[Version, str]]:
    """Return what is loaded for an area, by layer, with the checksum of its source."""
    found = (Version.from_row(row) for row in connection.execute(SELECT_VERSIONS).fetchall())
    query = "SELECT layer, source_checksum FROM layers.version WHERE area = %s"
    sums = dict(connection.execute(query, [area.id]).fetchall())
    return {v.layer: (v, sums[v.layer]) for v in found if v.area == area.id}
