"""Load rasters and leave a report of each: the cells of a file, or those that we make."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from psycopg import Connection

from layers import raster_store
from layers.errors import RefusedLoad
from layers.ingest.raster import file_checksum, read_raster
from layers.ingest.raster_report import Loading, report
from layers.ingest.raster_survey import survey
from layers.ingest.vector.faults import publish_faults
from layers.ingest.vector.load_report import LoadReport
from layers.ingest.vector.reports import if_possible, keep, last, refusals_kept
from layers.message import why
from layers.model import Area, Layer, Origin
from layers.raster import Raster, RasterDefinition
from layers.raster_store import LoadedRaster


def load_raster(
    conn: Connection,
    layers: Mapping[str, Layer],
    definition: RasterDefinition,
    file: Path,
    area: Area,
    origin: Origin,
) -> tuple[LoadedRaster, Raster]:
    """Load the first band of a file into a raster of an area, with a report and fault points.

    The checksum of `origin` is that of the file, whatever is given. Raises MissingSource,
    CorruptSource, RefusedLoad, StoreFailure, as `read_raster` and `raster_store.replace` do.
    """
    with refusals_kept(conn, [definition.id], area.id, file):
        raster = read_raster(file, definition, area)
        surveyed = survey(file, definition)
    known = origin.model_copy(update={"checksum": file_checksum(file)})
    loading = Loading(definition, area, raster, file.name, known.checksum, surveyed)
    try:
        done = _replace(conn, loading, known)
    except RefusedLoad:
        with if_possible(f"what is wrong with {file.name}"):
            publish_faults(conn, layers, area)
        raise
    publish_faults(conn, layers, area)
    return done, raster


def try_raster(
    conn: Connection, definition: RasterDefinition, file: Path, area: Area
) -> tuple[LoadReport, Raster]:
    """Say what `load_raster` would do, and change nothing; raises what `read_raster` raises.

    Cells that do not fit are in the report, as refused.
    """
    raster = read_raster(file, definition, area)
    loading = Loading(
        definition, area, raster, file.name, file_checksum(file), survey(file, definition)
    )
    try:
        changed = raster_store.differs(conn, definition, raster, area)
        tried = report(loading, "published" if changed else "unchanged", None, None)
    except RefusedLoad as error:
        tried = report(loading, "refused", why(error), None)
    return dataclasses.replace(tried, dry_run=True), raster


def replace(
    conn: Connection, definition: RasterDefinition, raster: Raster, *, area: Area, origin: Origin
) -> LoadedRaster:
    """Put cells that we make in place of those of the area, as `raster_store.replace` does.

    Leaves a report of cells that changed or were refused.
    """
    return _replace(conn, Loading(definition, area, raster, origin.source, origin.checksum), origin)


def _replace(conn: Connection, loading: Loading, origin: Origin) -> LoadedRaster:
    """Leave a report, unless of a file that brings nothing new this was told already."""
    definition, area = loading.definition, loading.area
    before = last(conn, definition.id, area.id)
    try:
        done = raster_store.replace(conn, definition, loading.raster, area=area, origin=origin)
    except RefusedLoad as error:
        if before != ("refused", loading.checksum):
            with if_possible(f"the report of {loading.file}"):
                keep(conn, report(loading, "refused", why(error), None))
        raise
    told = before is not None and before[0] != "refused" and before[1] == loading.checksum
    if done.changed:
        keep(conn, report(loading, "published", None, done))
    elif loading.surveyed and not told:
        keep(conn, report(loading, "unchanged", None, done))
    return done
