"""The bounding boxes of many rows in little memory, known while these are loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

PER_DEGREE = 10_000_000
"""Boxes are kept in this part of a degree, about a centimetre."""


@dataclass(frozen=True)
class Extents:
    """Ids (n) of rows that have a shape, and its box (n, 4: west, south, east, north).

    Boxes are whole parts of a degree, PER_DEGREE, never smaller than the shape.
    """

    ids: np.ndarray
    bounds: np.ndarray

    @classmethod
    def of(cls, ids: np.ndarray, bounds: np.ndarray) -> Self:
        """Make extents of bounds in degrees (n, 4), without those that are no numbers."""
        there = ~np.isnan(bounds[:, 0])
        kept = bounds[there] * PER_DEGREE
        np.floor(kept[:, :2], out=kept[:, :2])
        np.ceil(kept[:, 2:], out=kept[:, 2:])
        return cls(ids if there.all() else ids[there], kept.astype(np.int32))

    @classmethod
    def joined(cls, parts: list[Self]) -> Self:
        """Return the extents of all parts."""
        ids = [part.ids for part in parts] or [np.empty(0, np.int64)]
        bounds = [part.bounds for part in parts] or [np.empty((0, 4), np.int32)]
        return cls(np.concatenate(ids), np.concatenate(bounds))
