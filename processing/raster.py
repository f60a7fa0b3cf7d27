"""Rasters for the methods: the value itself, and reading it at places."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError

from layers.message import message
from layers.raster import Raster
from processing.errors import MixedCRS, NotProjected

__all__ = ["Raster", "require_crs", "sample"]

Floats = NDArray[np.float64]


def require_crs(raster: Raster | None, crs: CRS, *, name: str) -> None:
    """Raise NotProjected for a raster without a known CRS, MixedCRS in another than the area's."""
    if raster is None:
        return
    try:
        own = CRS.from_user_input(raster.crs)
    except CRSError:
        raise NotProjected(
            message("input.raster_no_crs", raster=name, crs=repr(raster.crs))
        ) from None
    if own != crs:
        raise MixedCRS(
            message("input.raster_other_crs", raster=name, crs=str(raster.crs), wanted=str(crs))
        )


def sample(raster: Raster, x_m: Floats, y_m: Floats) -> Floats:
    """Return the values at points (metres, CRS of the raster) by bilinear interpolation.

    Between the centres of four cells; beyond the outermost centres the nearest edge counts. NaN
    outside the raster and where one of the four cells holds no value: never a silent zero.
    """
    a, _, c, _, e, f = raster.transform
    values = raster.values.astype(np.float64)
    if raster.nodata is not None:
        values = np.where(values == raster.nodata, np.nan, values)
    rows, columns = values.shape
    column, row = (np.asarray(x_m) - c) / a - 0.5, (np.asarray(y_m) - f) / e - 0.5
    inside = (column >= -0.5) & (column <= columns - 0.5) & (row >= -0.5) & (row <= rows - 0.5)
    column, row = np.clip(column, 0, columns - 1), np.clip(row, 0, rows - 1)
    c0 = np.minimum(np.nan_to_num(column).astype(np.int64), max(columns - 2, 0))
    r0 = np.minimum(np.nan_to_num(row).astype(np.int64), max(rows - 2, 0))
    c1, r1 = np.minimum(c0 + 1, columns - 1), np.minimum(r0 + 1, rows - 1)
    u, v = column - c0, row - r0
    found: Floats = (
        values[r0, c0] * (1 - u) * (1 - v)
        + values[r0, c1] * u * (1 - v)
        + values[r1, c0] * (1 - u) * v
        + values[r1, c1] * u * v
    )
    return np.where(inside, found, np.nan)
