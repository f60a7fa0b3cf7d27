"""The one place between raster cells and the database: read, replace, and what is loaded."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
from psycopg import Connection
from psycopg.rows import tuple_row
from psycopg.types.json import Jsonb
from rasterio.io import MemoryFile
from rasterio.transform import Affine as Transform

from layers import swap
from layers.errors import RefusedLoad
from layers.message import Message, message
from layers.model import Area, Origin
from layers.raster import Raster, RasterDefinition
from layers.version import SELECT_RASTERS, Version

LARGEST_CELLS = 40_000_000
"""So many cells one raster of an area may have: about 60 MB of GeoTIFF."""
BLOCK = 256


@dataclass(frozen=True, slots=True)
class LoadedRaster:
    """What a load did; `changed` is false when the same cells were there already.

    `overviews` counts the smaller pictures that were made of the cells.
    """

    version: int
    changed: bool
    checksum: str
    overviews: int = field(default=0, compare=False)


def versions(conn: Connection) -> list[Version]:
    """Return the state of every raster of every area."""
    with conn.transaction(), conn.cursor(row_factory=tuple_row) as cursor:
        return [Version.from_row(row) for row in cursor.execute(SELECT_RASTERS)]


def read(conn: Connection, raster_id: str, *, area: str) -> Raster | None:
    """Return the cells of an area, or None when nothing is loaded; raises StoreFailure."""
    with (
        swap.translated(f"reading {raster_id}"),
        conn.transaction(),
        conn.cursor(row_factory=tuple_row, binary=True) as cursor,
    ):
        row = cursor.execute(
            "SELECT geotiff FROM layers.raster WHERE raster = %s AND area = %s", (raster_id, area)
        ).fetchone()
    return None if row is None else decode(row[0])


def replace(
    conn: Connection, definition: RasterDefinition, raster: Raster, *, area: Area, origin: Origin
) -> LoadedRaster:
    """Put cells in place of those of the area, in one statement; the same cells change nothing.

    Raises RefusedLoad when they are not in the metric CRS of the area, are too many or none, or
    hold a class that the definition does not list; StoreFailure when the database refuses.
    """
    _require_fit(definition, raster, area)
    sum_ = checksum(raster)
    rows, columns = raster.values.shape
    geotiff = encode(raster, definition)
    params: dict[str, Any] = {
        "raster": definition.id, "area": area.id, "checksum": sum_, "srid": area.srid,
        "width": columns, "height": rows, "bounds": list(raster.bounds), "status": origin.status,
        "source": origin.source, "source_checksum": origin.checksum,
        "supplier": Jsonb(origin.supplier.model_dump()) if origin.supplier else None,
        "licence": Jsonb(origin.licence.model_dump()) if origin.licence else None,
        "attribution": origin.attribution, "geotiff": geotiff,
    }  # fmt: skip
    with (
        swap.translated(message("load.what", layer=definition.id, area=area.id)),
        conn.transaction(),
        conn.cursor(row_factory=tuple_row) as cursor,
    ):
        old = cursor.execute(
            "SELECT version, checksum FROM layers.raster WHERE raster = %s AND area = %s"
            " FOR UPDATE",
            (definition.id, area.id),
        ).fetchone()
        same = old is not None and old[1] == sum_
        row = cursor.execute(_KEEP if same else _REPLACE, params).fetchone()
    assert row is not None  # noqa: S101 - both statements return one row
    with MemoryFile(geotiff) as file, file.open() as made:
        return LoadedRaster(row[0], not same, sum_, len(made.overviews(1)))


def differs(conn: Connection, definition: RasterDefinition, raster: Raster, area: Area) -> bool:
    """Tell whether cells are others than those of the area; raises RefusedLoad as `replace`."""
    _require_fit(definition, raster, area)
    with (
        swap.translated(message("load.what", layer=definition.id, area=area.id)),
        conn.transaction(),
        conn.cursor(row_factory=tuple_row) as cursor,
    ):
        row = cursor.execute(
            "SELECT checksum FROM layers.raster WHERE raster = %s AND area = %s",
            (definition.id, area.id),
        ).fetchone()
    return row is None or row[0] != checksum(raster)


_KEEP = """
    UPDATE layers.raster SET status = %(status)s, source = %(source)s,
        source_checksum = %(source_checksum)s, supplier = %(supplier)s, licence = %(licence)s,
        attribution = %(attribution)s
    WHERE raster = %(raster)s AND area = %(area)s RETURNING version
"""

_REPLACE = """
    INSERT INTO layers.raster (raster, area, checksum, srid, width, height, bounds, status, source,
        source_checksum, supplier, licence, attribution, geotiff)
    VALUES (%(raster)s, %(area)s, %(checksum)s, %(srid)s, %(width)s, %(height)s, %(bounds)s,
        %(status)s, %(source)s, %(source_checksum)s, %(supplier)s, %(licence)s, %(attribution)s,
        %(geotiff)s)
    ON CONFLICT (raster, area) DO UPDATE SET version = nextval('layers.version_number'),
        checksum = excluded.checksum, srid = excluded.srid, width = excluded.width,
        height = excluded.height, bounds = excluded.bounds, loaded_at = now(),
        status = excluded.status, source = excluded.source,
        source_checksum = excluded.source_checksum, supplier = excluded.supplier,
        licence = excluded.licence, attribution = excluded.attribution, geotiff = excluded.geotiff
    RETURNING version
"""


def _require_fit(definition: RasterDefinition, raster: Raster, area: Area) -> None:
    wanted = f"EPSG:{area.srid}"
    if raster.crs != wanted:
        raise _refused(definition, area, message("raster.other_crs", crs=raster.crs, wanted=wanted))
    if not 0 < raster.values.size <= LARGEST_CELLS:
        counts = {"cells": raster.values.size, "most": LARGEST_CELLS}
        raise _refused(definition, area, message("raster.cell_count", **counts))
    if definition.kind == "classes":
        known = [one.value for one in definition.classes]
        held, counted = np.unique(raster.values, return_counts=True)
        strange = [
            (float(v), int(n))
            for v, n in zip(held, counted, strict=True)
            if v not in known and v != raster.nodata and not np.isnan(v)
        ]
        if strange:
            value, cells = strange[0]
            told = message("raster.unknown_class", value=value, cells=cells)
            raise _refused(definition, area, told)


def _refused(definition: RasterDefinition, area: Area, why: Message) -> RefusedLoad:
    return RefusedLoad(message("load.refused", layer=definition.id, area=area.id, why=why))


def checksum(raster: Raster) -> str:
    """Return the SHA-256 of the cells and of where they lie."""
    head = json.dumps([raster.transform, raster.crs, raster.nodata, raster.values.shape])
    digest = hashlib.sha256(head.encode())
    digest.update(np.ascontiguousarray(raster.values, dtype="<f4").tobytes())
    return digest.hexdigest()


def encode(raster: Raster, definition: RasterDefinition) -> bytes:
    """Return the cells as a cloud-optimised GeoTIFF (DEFLATE, tiles, overviews), bit for bit."""
    rows, columns = raster.values.shape
    overviews = "AVERAGE" if definition.kind == "continuous" else "MODE"
    with MemoryFile() as plain:
        with plain.open(
            driver="GTiff", width=columns, height=rows, count=1, dtype="float32",
            crs=raster.crs, transform=Transform(*raster.transform), nodata=raster.nodata,
        ) as target:  # fmt: skip
            target.write(raster.values, 1)
        with plain.open() as source, MemoryFile() as file:
            rasterio.shutil.copy(
                source, file.name, driver="COG", compress="DEFLATE", predictor="YES",
                blocksize=BLOCK, overview_resampling=overviews,
            )  # fmt: skip
            return bytes(file.read())


def decode(data: bytes) -> Raster:
    """Return the cells of a GeoTIFF that `encode` made."""
    with MemoryFile(data) as file, file.open() as source:
        t = source.transform
        return Raster(
            values=source.read(1),
            transform=(t.a, t.b, t.c, t.d, t.e, t.f),
            crs=f"EPSG:{source.crs.to_epsg()}",
            nodata=source.nodata,
        )
