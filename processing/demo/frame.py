"""From arrays to a frame as the store takes it: id index, declared columns, EPSG:4326."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[Any]


def strings(values: Sequence[str | None] | Array, known: Array | None = None) -> Any:
    """Return a text column; None, and where `known` is false, is a missing value."""
    column = pd.array(values, dtype="string")
    if known is not None:
        column[~known] = pd.NA
    return column


def integers(values: Array, known: Array | None = None) -> Any:
    """Return an integer column; where `known` is false the value is missing."""
    missing = np.zeros(len(values), bool) if known is None else ~known
    return pd.arrays.IntegerArray(values.astype(np.int64), missing)


def to_frame(
    columns: Mapping[str, Any], geometry: Array, *, keep: Array | None = None
) -> gpd.GeoDataFrame:
    """Return a frame with the column `geometry` (EPSG:4326), rows kept only; not yet numbered."""
    frame = gpd.GeoDataFrame(dict(columns), geometry=geometry, crs=4326)
    return frame if keep is None else frame[keep]


def numbered(frame: gpd.GeoDataFrame, first: int) -> gpd.GeoDataFrame:
    """Return the frame with the index `id`: first, first + 1, ..."""
    ids = np.arange(first, first + len(frame), dtype=np.int64)
    return frame.set_index(pd.Index(ids, name="id"))
