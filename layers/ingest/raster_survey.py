"""What a raster file holds: its size and bands, the range of their values, where it has none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import rasterio
from pyproj import CRS
from rasterio.warp import transform
from scipy import ndimage

from layers.ingest.raster import opened
from layers.raster import RasterDefinition

MOST_PATCHES = 1_000
"""So many voids are named, the largest ones; all of them are counted."""

Range = tuple[float, float] | None
"""Lowest and highest value; None = there is none."""


@dataclass(frozen=True)
class Patch:
    """Cells of one kind: how many, and longitude and latitude of the first of them.

    `column`, `row` from 0 of that cell; `value` is that of a class.
    """

    cells: int
    column: int
    row: int
    lon: float
    lat: float
    value: float | None = None


@dataclass(frozen=True)
class Survey:
    """A raster file; `voids` counts the cells of the first band without a value.

    `patches` are the largest of `patch_count` voids that lie together, `strangers` the classes that
    the definition does not list.
    """

    columns: int
    rows: int
    type: str
    crs: str
    nodata: float | None
    ranges: tuple[Range, ...]
    voids: int
    patch_count: int
    patches: tuple[Patch, ...]
    strangers: tuple[Patch, ...]

    @property
    def cells(self) -> int:
        """How many cells a band has."""
        return self.columns * self.rows


def survey(file: Path, definition: RasterDefinition) -> Survey:
    """Look at every cell of a file; needs memory for some bytes a cell of the first band.

    Raises CorruptSource when it cannot be read to its end.
    """
    with opened(file) as source:
        void = np.zeros((source.height, source.width), dtype=bool)
        for window, cells in _blocks(source, 1):
            void[window.toslices()] = np.ma.getmaskarray(cells)
        number, patches = _together(source, void)
        return Survey(
            columns=source.width,
            rows=source.height,
            type=source.dtypes[0],
            crs=_named(source.crs),
            nodata=source.nodata,
            ranges=tuple(_range(source, band) for band in source.indexes),
            voids=int(void.sum()),
            patch_count=number,
            patches=patches,
            strangers=_strangers(source, definition),
        )


def _blocks(
    source: rasterio.DatasetReader, band: int
) -> Iterator[tuple[rasterio.windows.Window, np.ma.MaskedArray]]:
    for _, window in source.block_windows(band):
        yield window, np.ma.masked_invalid(source.read(band, window=window, masked=True))


def _range(source: rasterio.DatasetReader, band: int) -> Range:
    ends = [
        (float(cells.min()), float(cells.max()))
        for _, cells in _blocks(source, band)
        if cells.count()
    ]
    return (min(low for low, _ in ends), max(high for _, high in ends)) if ends else None


def _named(crs: rasterio.crs.CRS) -> str:
    code = crs.to_epsg()
    name = CRS.from_wkt(crs.to_wkt()).name
    return f"{name} (EPSG:{code})" if code else name


def _together(
    source: rasterio.DatasetReader, void: npt.NDArray[np.bool_]
) -> tuple[int, tuple[Patch, ...]]:
    """Return how many patches the voids make that touch, corners included, and the largest."""
    if not void.any():
        return 0, ()
    labels, number = ndimage.label(void, structure=np.ones((3, 3)))
    cells = np.flatnonzero(void)
    label = labels.ravel()[cells] - 1
    counts, first = np.bincount(label), np.empty(number, dtype=np.int64)
    first[label[::-1]] = cells[::-1]  # the last one that is written stays
    order = np.argsort(-counts, kind="stable")[:MOST_PATCHES]
    return number, _patches(source, first[order], counts[order], [None] * len(order))


def _strangers(source: rasterio.DatasetReader, definition: RasterDefinition) -> tuple[Patch, ...]:
    if definition.kind != "classes":
        return ()
    known = [0, *(one.value for one in definition.classes)]  # 0 is no class
    counts: dict[float, int] = {}
    places: dict[float, int] = {}
    for window, cells in _blocks(source, 1):
        held, firsts, number = np.unique(cells.filled(0), return_index=True, return_counts=True)
        for value, at, count in zip(held.tolist(), firsts, number, strict=True):
            if value not in known:
                row, column = np.unravel_index(at, cells.shape)
                place = (window.row_off + row) * source.width + window.col_off + column
                places.setdefault(value, int(place))
                counts[value] = counts.get(value, 0) + int(count)
    values = sorted(counts)
    first = np.array([places[one] for one in values], dtype=np.int64)
    return _patches(source, first, np.array([counts[one] for one in values]), values)


def _patches(
    source: rasterio.DatasetReader,
    first: npt.NDArray[np.integer],
    counts: npt.NDArray[np.integer],
    values: Sequence[float | None],
) -> tuple[Patch, ...]:
    if not len(first):
        return ()
    rows, columns = np.unravel_index(first, (source.height, source.width))
    x, y = source.xy(rows, columns)
    lon, lat = transform(source.crs, "EPSG:4326", np.asarray(x), np.asarray(y))
    made = zip(counts, columns, rows, lon, lat, values, strict=True)
    return tuple(Patch(int(n), int(c), int(r), a, b, value) for n, c, r, a, b, value in made)
