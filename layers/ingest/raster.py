"""A raster file (GeoTIFF, HGT ...) as the cells of an area, in its metric CRS."""

from __future__ import annotations

import hashlib
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import rasterio
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.transform import Affine as Transform
from rasterio.warp import Resampling, calculate_default_transform, reproject, transform_bounds

from layers.errors import CorruptSource, MissingSource, RefusedLoad
from layers.message import message
from layers.model import Area
from layers.raster import Raster, RasterDefinition
from layers.raster_store import LARGEST_CELLS
from layers.said import said


def read_raster(file: Path, definition: RasterDefinition, area: Area) -> Raster:
    """Return the first band of a file, warped to the metric CRS of the area.

    Heights are resampled bilinearly, classes by the nearest cell; a cell without a value in the
    file (a void) has none here. Raises MissingSource, CorruptSource, and RefusedLoad when the file
    has no CRS, lies elsewhere, or is too large.
    """
    if not file.is_file():
        raise MissingSource(message("raster.missing", file=str(file)))
    with opened(file) as source:
        return _warped(source, file, definition, area)


@contextmanager
def opened(file: Path) -> Iterator[rasterio.DatasetReader]:
    """Open a raster file; whatever cannot be read of it is a CorruptSource."""
    try:
        with warnings.catch_warnings():
            # A file without a place is refused in words.
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            source = rasterio.open(file)
        with source:
            yield source
    except RasterioError as error:
        told = message("raster.unreadable", file=file.name, text=said(error, file))
        raise CorruptSource(told) from None


def _warped(
    source: rasterio.DatasetReader, file: Path, definition: RasterDefinition, area: Area
) -> Raster:
    if source.crs is None:
        raise RefusedLoad(message("raster.no_crs", file=file.name))
    west, south, east, north = transform_bounds(source.crs, 4326, *source.bounds)
    if not (west <= area.lon <= east and south <= area.lat <= north):
        box = {"west": west, "south": south, "east": east, "north": north}
        at = {"area": area.id, "lon": area.lon, "lat": area.lat}
        raise RefusedLoad(message("raster.elsewhere", file=file.name, **box, **at))
    crs = f"EPSG:{area.srid}"
    transform, width, height = calculate_default_transform(
        source.crs, crs, source.width, source.height, *source.bounds
    )
    if width * height > LARGEST_CELLS:
        cells = {"cells": width * height, "most": LARGEST_CELLS}
        raise RefusedLoad(message("raster.too_large", file=file.name, crs=crs, **cells))
    heights = definition.kind == "continuous"
    nodata = math.nan if heights else 0.0
    values = np.full((height, width), nodata, dtype=np.float32)
    reproject(
        rasterio.band(source, 1), values, dst_transform=transform, dst_crs=crs, dst_nodata=nodata,
        resampling=Resampling.bilinear if heights else Resampling.nearest,
    )  # fmt: skip
    if not heights:
        # GDAL takes the nearest other number for a valid 0, to tell it from a cell without value.
        values[np.abs(values) < np.finfo(np.float32).tiny] = nodata
    return Raster(values, _six(transform), crs, nodata)


def _six(t: Transform) -> tuple[float, float, float, float, float, float]:
    return (t.a, t.b, t.c, t.d, t.e, t.f)


def file_checksum(file: Path) -> str:
    """Return the SHA-256 of a file."""
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()
