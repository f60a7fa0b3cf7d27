"""A raster file (GeoTIFF, HGT ...) as the cells of an area, in its metric CRS."""

from __future__ import annotations

import hashlib
import math
import warnings
from pathlib import Path

import numpy as np
import rasterio
from rasterio.enums import ColorInterp
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.transform import Affine as Transform
from rasterio.warp import Resampling, calculate_default_transform, reproject, transform_bounds

from layers.errors import CorruptSource, MissingSource, RefusedLoad
from layers.model import Area
from layers.raster import Raster, RasterDefinition
from layers.raster_store import LARGEST_CELLS

DRIVERS = ("GTiff", "SRTMHGT")
"""Nothing else is read: a VRT would give the cells of whatever file it names."""


def read_raster(file: Path, definition: RasterDefinition, area: Area) -> Raster:
    """Return the one band of a file, warped to the metric CRS of the area.

    Heights are resampled bilinearly, classes by the nearest cell; a cell without a value in the
    file (a void) has none here. Raises MissingSource, CorruptSource, and RefusedLoad when the file
    has no CRS, lies elsewhere, is too large, holds a picture, no value at all or endless ones.
    """
    if not file.is_file():
        raise MissingSource(f"{file} is not there; name a GeoTIFF or HGT file")
    try:
        with warnings.catch_warnings():
            # A file without a place is refused below, in words.
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            source = rasterio.open(file)
        with source:
            _require_one_band(source, file, definition)
            return _warped(source, file, definition, area)
    except RasterioError as error:
        said = " ".join(str(error).split())
        raise CorruptSource(f"{file} cannot be read as a raster: {said}") from None


def _warped(
    source: rasterio.DatasetReader, file: Path, definition: RasterDefinition, area: Area
) -> Raster:
    if source.crs is None:
        raise RefusedLoad(
            f"{file} does not say which CRS it is in; write it into the file, e.g. with"
            " `gdal_edit.py -a_srs EPSG:4326`"
        )
    bounds = _bounds(source)
    west, south, east, north = transform_bounds(source.crs, 4326, *bounds)
    if not (west <= area.lon <= east and south <= area.lat <= north):
        raise RefusedLoad(
            f"{file} covers {west:.3f}, {south:.3f} to {east:.3f}, {north:.3f} (degrees); the"
            f" centre of {area.id}, {area.lon:.3f}, {area.lat:.3f}, is not in it"
        )
    crs = f"EPSG:{area.srid}"
    transform, width, height = calculate_default_transform(
        source.crs, crs, source.width, source.height, *bounds
    )
    if width * height > LARGEST_CELLS:
        raise RefusedLoad(
            f"{file} has {width * height} cells in {crs}, {LARGEST_CELLS} fit; cut out the area"
        )
    heights = definition.kind == "continuous"
    nodata = math.nan if heights else 0.0
    values = np.full((height, width), nodata, dtype=np.float32)
    reproject(
        rasterio.band(source, 1), values, dst_transform=transform, dst_crs=crs, dst_nodata=nodata,
        resampling=Resampling.bilinear if heights else Resampling.nearest,
    )  # fmt: skip
    if np.isinf(values).any() or not (np.isfinite(values) & (heights | (values != nodata))).any():
        raise RefusedLoad(
            f"{file} has no value in any cell, or one without end; ask its supplier for it again"
        )
    return Raster(values, _six(transform), crs, nodata)


def _require_one_band(
    source: rasterio.DatasetReader, file: Path, definition: RasterDefinition
) -> None:
    """Refuse what is no grid of values: which band is meant, and what a colour is, nobody says."""
    if source.driver not in DRIVERS:
        raise RefusedLoad(
            f"{file} is a file of {source.driver}; write it as a GeoTIFF, with all its cells in it"
        )
    coloured = definition.kind == "continuous" and source.colorinterp[0] == ColorInterp.palette
    if source.count != 1 or coloured or np.dtype(source.dtypes[0]).kind == "c":
        bands = "a picture of colours" if coloured else f"{source.count} bands"
        raise RefusedLoad(
            f"{file} holds {bands} ({source.dtypes[0]}), not one grid of values; write the band"
            f" with {definition.id} into a file of its own"
        )


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
