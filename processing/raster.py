"""A raster as pipelines read it: values, where they lie, and what stands for no value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Raster:
    """A grid of values, north up, in a metric CRS.

    `transform` is (a, b, c, d, e, f): column and row of a corner to x = a * column + c and
    y = e * row + f, with a > 0 > e and b = d = 0.
    """

    values: NDArray[np.float32]
    transform: tuple[float, float, float, float, float, float]
    crs: str
    nodata: float | None
