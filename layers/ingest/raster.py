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
from rasterio.enums import ColorInterp
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.transform import Affine as Transform
from rasterio.warp import Resampling, calculate_default_transform, reproject, transform_bounds

from layers.errors import CorruptSource, MissingSource, RefusedLoad
from layers.message import message
from layers.model import Area
from layers.raster import Raster, RasterDefinition
from layers.raster_store import LARGEST_CELLS
from layers.said import said

DRIVERS = ("GTiff", "SRTMHGT")
"""Nothing else is read: a VRT would give the cells of whatever file it names."""


def read_raster(file: Path, definition: RasterDefinition, area: Area) -> Raster:
    """Return the one band of a file, warped to the metric CRS of the area.

    Heights are resampled bilinearly, classes by the nearest cell; a cell without a value in the
    file (a void) has none here. Raises MissingSource, CorruptSource, and RefusedLoad when the file
    has no CRS, lies elsewhere, is too large, holds a picture, no value at all or endless ones.
    """
    if not file.is_file():
        raise MissingSource(message("raster.missing", file=str(file)))
    with opened(file) as source:
        _require_one_band(source, file, definition)
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
    bounds = _bounds(source)
    west, south, east, north = transform_bounds(source.crs, 4326, *bounds)
    if not (west <= area.lon <= east and south <= area.lat <= north):
        box = {"west": west, "south": south, "east": east, "north": north}
        at = {"area": area.id, "lon": area.lon, "lat": area.lat}
        raise RefusedLoad(message("raster.elsewhere", file=file.name, **box, **at))
    crs = f"EPSG:{area.srid}"
    transform, width, height = calculate_default_transform(
        source.crs, crs, source.width, source.height, *bounds
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
    if np.isinf(values).any() or not (np.isfinite(values) & (heights | (values != nodata))).any():
        raise RefusedLoad(message("raster.no_values", file=file.name))
    return Raster(values, _six(transform), crs, nodata)


def _require_one_band(
    source: rasterio.DatasetReader, file: Path, definition: RasterDefinition
) -> None:
    """Refuse what is no grid of values: which band is meant, and what a colour is, nobody says."""
    if source.driver not in DRIVERS:
        raise RefusedLoad(message("raster.driver", file=file.name, driver=source.driver))
    coloured = definition.kind == "continuous" and source.colorinterp[0] == ColorInterp.palette
    if source.count != 1 or coloured or np.dtype(source.dtypes[0]).kind == "c":
        held = message("raster.bands", count=source.count)
        told = {"type": source.dtypes[0], "raster": definition.id}
        held = message("raster.picture") if coloured else held
        raise RefusedLoad(message("raster.not_grid", file=file.name, held=held, **told))


def _bounds(source: rasterio.DatasetReader) -> tuple[float, float, float, float]:
    """Return the sides of a raster, which may be turned."""
    width, height = source.width, source.height
    corners = [source.transform @ one for one in ((0, 0), (width, 0), (0, height), (width, height))]
    x, y = zip(*corners, strict=True)
    return min(x), min(y), max(x), max(y)


def _six(t: Transform) -> tuple[float, float, float, float, float, float]:
    return (t.a, t.b, t.c, t.d, t.e, t.f)


def file_checksum(file: Path) -> str:
    """Return the SHA-256 of a file."""
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()
