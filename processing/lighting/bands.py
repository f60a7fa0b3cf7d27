"""Bands of illuminance on the ground, as areas: for the eye, not for judging a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio import features
from rasterio.transform import Affine

from layers.message import message
from processing.errors import BadParameter
from processing.lighting.grid import Floats

BANDS_LX = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
"""Lower ends of the bands; each goes up to the next one, the last has no upper end."""

MOST_CELLS = 25_000_000


def cells(xy: Floats, *, margin_m: float, cell_m: float) -> tuple[Floats, tuple[int, int], Affine]:
    """Return the middles of square cells round points, their rows and columns, their place.

    Cell edges are whole multiples of `cell_m`, so neighbouring areas have the same cells. Raises
    BadParameter for more cells than fit into memory.
    """
    low = np.floor((xy.min(axis=0) - margin_m) / cell_m)
    high = np.ceil((xy.max(axis=0) + margin_m) / cell_m)
    columns, rows = (int(n) for n in high - low)
    if columns * rows > MOST_CELLS:
        raise BadParameter(message("input.band_cells", cells=columns * rows, cell_m=cell_m))
    x = (low[0] + np.arange(columns) + 0.5) * cell_m
    y = (high[1] - np.arange(rows) - 0.5) * cell_m
    middles = np.stack([np.tile(x, rows), np.repeat(y, columns)], axis=1)
    place = Affine(cell_m, 0.0, low[0] * cell_m, 0.0, -cell_m, high[1] * cell_m)
    return middles, (rows, columns), place


def shapes(
    lux: Floats, size: tuple[int, int], place: Affine, lower_lx: Sequence[float] = BANDS_LX
) -> list[tuple[float, shapely.MultiPolygon]]:
    """Return the area of each band that is there: its lower end in lux, its MultiPolygon."""
    band: NDArray[Any] = np.searchsorted(np.asarray(lower_lx), lux, side="right").astype(np.int16)
    parts: dict[int, list[Any]] = {}
    for shape, number in features.shapes(band.reshape(size), mask=None, transform=place):
        if number > 0:
            parts.setdefault(int(number), []).append(shapely.geometry.shape(shape))
    return [
        (lower_lx[number - 1], shapely.MultiPolygon(sorted(found, key=lambda s: s.bounds)))
        for number, found in sorted(parts.items())
    ]
