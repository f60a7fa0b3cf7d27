"""Cells of a raster on a grid that was asked for: as GeoTIFF, CoverageJSON or colours (child)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import psycopg
from PIL import Image
from rasterio.enums import Resampling
from rasterio.env import Env
from rasterio.io import DatasetReader, MemoryFile
from rasterio.transform import from_bounds
from rasterio.warp import reproject, transform_bounds
from rasterio.windows import Window

from geoportal.maps.colour import parse_colour
from geoportal.maps.order import CoverageOrder, RasterSheet
from geoportal.maps.view import View
from layers.crs import OWN_SRID, SYSTEMS
from layers.query import Box, Crs
from layers.raster import RasterDefinition

Connection = psycopg.Connection[tuple[Any, ...]]
Cells = npt.NDArray[np.float32]

SELECT = "SELECT geotiff FROM layers.raster WHERE raster = %s AND area = %s"
BLOCK = 256
LIGHT_AZIMUTH_DEG, LIGHT_HEIGHT_DEG = 315.0, 45.0
SHADE_SHARE = 0.5
"""How much of a colour the darkest slope loses."""

_OF_MAPNIK = ("PROJ_LIB", "GDAL_DATA")


@contextmanager
def _gdal() -> Iterator[None]:
    """Let rasterio find its own tables: mapnik names those of its other release for everybody."""
    kept = {name: os.environ.pop(name) for name in _OF_MAPNIK if name in os.environ}
    try:
        with Env():
            yield
    finally:
        os.environ.update(kept)


def encode_coverage(connection: Connection, order: CoverageOrder) -> bytes:
    """Return the cells of an order in its format; cells without a value are NaN or null."""
    with _gdal():
        cells = _cells(connection, order)
        return _geotiff(cells, order) if order.format == "geotiff" else _covjson(cells, order)


def _data(connection: Connection, raster_id: str, area: str) -> bytes:
    with connection.cursor(binary=True) as cursor:
        row = cursor.execute(SELECT, (raster_id, area)).fetchone()
    if row is None:
        raise psycopg.DataError(f"the raster {raster_id} of {area} was taken away just now")
    return bytes(row[0])


def _cells(connection: Connection, order: CoverageOrder) -> Cells:
    data = _data(connection, order.definition.id, order.area)
    with MemoryFile(data) as file, file.open() as source:
        if order.window is None:
            return _warped(source, order.definition, order.box, order.width, order.height)
        column, row, columns, rows = order.window
        shrinks = order.width < columns or order.height < rows
        values = source.read(
            1, window=Window(column, row, columns, rows), masked=True,
            out_shape=(order.height, order.width),
            resampling=_resampling(order.definition, shrinks=shrinks),
        )  # fmt: skip
    return _filled(values)


def _filled(values: Any) -> Cells:
    found: Cells = values.astype(np.float32).filled(np.nan)
    return found


def _resampling(definition: RasterDefinition, *, shrinks: bool) -> Resampling:
    """Means of heights and the commonest class when cells are joined; never a class between two."""
    if definition.kind == "classes":
        return Resampling.mode if shrinks else Resampling.nearest
    return Resampling.average if shrinks else Resampling.bilinear


def _warped(
    source: DatasetReader, definition: RasterDefinition, box: Box, width: int, height: int
) -> Cells:
    found = np.full((height, width), np.nan, dtype=np.float32)
    target = from_bounds(box.west, box.south, box.east, box.north, width, height)
    system = _system(box.crs)
    west, _, east, _ = transform_bounds(
        system, source.crs, box.west, box.south, box.east, box.north
    )
    shrinks = (east - west) / width > 2 * source.res[0]
    reproject(
        _filled(source.read(1, masked=True)), found,
        src_transform=source.transform, src_crs=source.crs, src_nodata=np.nan,
        dst_transform=target, dst_crs=system, dst_nodata=np.nan,
        resampling=_resampling(definition, shrinks=shrinks),
    )  # fmt: skip
    return found


def _system(crs: Crs) -> str:
    """PROJ's words for a CRS, with the one datum shift that it has here."""
    return next((s.proj4 for s in SYSTEMS if s.crs == crs), f"EPSG:{crs.srid}")


def _epsg(crs: Crs) -> str:
    return f"EPSG:{crs.srid % OWN_SRID}"


def _geotiff(cells: Cells, order: CoverageOrder) -> bytes:
    box = order.box
    transform = from_bounds(box.west, box.south, box.east, box.north, order.width, order.height)
    tiled = min(cells.shape) >= BLOCK
    blocks = {"tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK} if tiled else {}
    with MemoryFile() as file:
        with file.open(
            driver="GTiff", width=order.width, height=order.height, count=1, dtype="float32",
            crs=_epsg(box.crs), transform=transform, nodata=np.nan,
            compress="DEFLATE",
            **blocks,
        ) as target:  # fmt: skip
            target.write(cells, 1)
            target.set_band_description(1, order.definition.id)
            target.set_band_unit(1, order.definition.unit)
            target.update_tags(TIFFTAG_COPYRIGHT=order.attribution)
        return bytes(file.read())


def georeferenced(png: bytes, view: View, attribution: str) -> bytes:
    """Return a picture as a GeoTIFF of four bands (red, green, blue, opacity) that knows its place.

    Bands and georeference as OGC GeoTIFF 1.1 (19-008r4) and TIFF 6.0, section 18, have them.
    """
    with Image.open(BytesIO(png)) as image:
        bands = np.moveaxis(np.array(image.convert("RGBA")), 2, 0)
    box = view.box
    with _gdal(), MemoryFile() as file:
        with file.open(
            driver="GTiff", width=view.width, height=view.height, count=4, dtype="uint8",
            crs=_epsg(box.crs), photometric="RGB", alpha="NON-PREMULTIPLIED", compress="DEFLATE",
            transform=from_bounds(
                box.west, box.south, box.east, box.north, view.width, view.height
            ),
        ) as target:  # fmt: skip
            target.write(bands)
            target.update_tags(TIFFTAG_COPYRIGHT=attribution)
        return bytes(file.read())


def _covjson(cells: Cells, order: CoverageOrder) -> bytes:
    """CoverageJSON (OGC 21-069): a Grid whose axes name the centres of the cells."""
    box, name = order.box, order.definition.id
    half_x = (box.east - box.west) / order.width / 2
    half_y = (box.north - box.south) / order.height / 2
    system = {"type": "ProjectedCRS" if box.crs.metric else "GeographicCRS", "id": box.crs.uri}
    coordinates = ["y", "x"] if box.crs.flip else ["x", "y"]
    document = {
        "type": "Coverage",
        "domain": {
            "type": "Domain",
            "domainType": "Grid",
            "axes": {
                "x": {"start": box.west + half_x, "stop": box.east - half_x, "num": order.width},
                "y": {"start": box.north - half_y, "stop": box.south + half_y, "num": order.height},
            },
            "referencing": [{"coordinates": coordinates, "system": system}],
        },
        "parameters": {name: _parameter(order.definition)},
        "ranges": {
            name: {
                "type": "NdArray",
                "dataType": "float",
                "axisNames": ["y", "x"],
                "shape": list(cells.shape),
                "values": np.ascontiguousarray(cells).ravel(),  # NaN becomes null
            }
        },
    }
    return orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)


def _parameter(definition: RasterDefinition) -> dict[str, Any]:
    observed: dict[str, Any] = {"label": definition.title.model_dump()}
    found: dict[str, Any] = {
        "type": "Parameter",
        "description": definition.description.model_dump(),
        "observedProperty": observed,
    }
    if not definition.classes:
        unit = {"value": definition.unit, "type": "http://www.opengis.net/def/uom/UCUM/"}
        return found | {"unit": {"symbol": unit}}
    base = f"#{definition.id}/"
    observed["categories"] = [
        {"id": base + one.name, "label": one.title.model_dump(), "preferredColor": one.colour}
        for one in definition.classes
    ]
    encoding = {base + one.name: one.value for one in definition.classes}
    return found | {"categoryEncoding": encoding}


def coloured_cells(connection: Connection, sheet: RasterSheet, view: View) -> npt.NDArray[np.uint8]:
    """Return the colours (rows, columns, RGBA) of a view; clear where the raster has no value."""
    data = _data(connection, sheet.definition.id, sheet.area)
    with _gdal(), MemoryFile(data) as file, file.open() as source:
        cells = _warped(source, sheet.definition, view.box, view.width, view.height)
    known = ~np.isnan(cells)
    found = np.zeros((*cells.shape, 4), dtype=np.uint8)
    colours = _colours(cells, sheet.definition)
    if sheet.definition.hillshade and min(cells.shape) > 1:
        colours = colours * _light(cells, view.ground_m)[..., np.newaxis]
    found[..., :3] = np.where(known[..., np.newaxis], colours, 0).round()
    found[..., 3] = known * 255
    return found


def _colours(cells: Cells, definition: RasterDefinition) -> npt.NDArray[np.float64]:
    """Red, green, blue (0 to 255) by the ramp or the classes; cells must not count where NaN."""
    values = np.nan_to_num(cells)
    found = np.zeros((*cells.shape, 3))
    for one in definition.classes:
        found[values == one.value] = parse_colour(one.colour)[:3]
    if definition.ramp:
        steps = [stop.value for stop in definition.ramp]
        marks = np.array([parse_colour(stop.colour)[:3] for stop in definition.ramp])
        for band in range(3):
            found[..., band] = np.interp(values, steps, marks[:, band])
    return found


def _light(heights: Cells, pixel_m: float) -> npt.NDArray[np.float64]:
    """Return the brightness of slopes lit from the north-west (Lambert's cosine law), 1 = flat.

    Burrough and McDonnell (1998), Principles of Geographical Information Systems, p. 192.
    """
    south, east = np.gradient(heights.astype(np.float64), pixel_m)
    azimuth, height = np.radians(LIGHT_AZIMUTH_DEG), np.radians(LIGHT_HEIGHT_DEG)
    # The normal is (-east, south, 1) in east, north, up; the light comes from azimuth and height.
    towards = np.sin(height) + np.cos(height) * (-east * np.sin(azimuth) + south * np.cos(azimuth))
    cosine = towards / np.sqrt(1 + east**2 + south**2)
    share = np.clip(cosine / np.sin(height), 0, 1)
    found: npt.NDArray[np.float64] = 1 - SHADE_SHARE * (1 - share)
    return np.nan_to_num(found, nan=1.0)  # beside a void no slope is known
