"""Which boxes of a table meet: a grid finds them in a tenth of the time of a spatial index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from psycopg import Cursor, sql

FEW = 64
"""So many boxes are compared each with each."""

BLOCK = 500_000
"""Pairs looked at at a time: bounds the memory."""

_ROUNDING = 1e-6
_WEIGHTS = np.array(
    [1, 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype=np.uint64
)
_ROW = np.dtype([("id", ">i8"), ("bounds", ">f8", 4)])
"""A row as PostgreSQL sends it in binary form."""

Pairs = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Boxes:
    """Ids (n) and bounding boxes (n, 4: west, south, east, north in metres) of rows."""

    ids: np.ndarray
    bounds: np.ndarray

    @classmethod
    def of(cls, cursor: Cursor[Any], table: sql.Identifier) -> Boxes:
        """Read the boxes of the shapes `g` of a table, as they are without any null."""
        query = sql.SQL(
            "SELECT string_agg(int8send(id) || float8send(ST_XMin(g)) || float8send(ST_YMin(g))"
            " || float8send(ST_XMax(g)) || float8send(ST_YMax(g)), ''::bytea) FROM {}"
            " WHERE g IS NOT NULL AND NOT ST_IsEmpty(g) GROUP BY id / 1000000"
        ).format(table)
        parts = cursor.execute(query, binary=True).fetchall()
        read = np.concatenate(
            [np.frombuffer(part, _ROW) for (part,) in parts] or [np.empty(0, _ROW)]
        )
        return cls(read["id"].astype(np.int64), read["bounds"].astype(np.float64))

    def sharing(self, area_m2: float) -> Pairs:
        """Return the ids of the pairs whose boxes have more than an area in common, lower first.

        Shapes that overlap by more than that are among them.
        """
        found = [
            (i[shared], j[shared])
            for i, j in _near(self.bounds)
            if (shared := _common_m2(self.bounds[i], self.bounds[j]) > area_m2 - _ROUNDING).any()
        ]
        if not found:
            return self.ids[:0], self.ids[:0]
        ids = self.ids[np.concatenate(found, axis=1)]
        return ids.min(axis=0), ids.max(axis=0)

    def repeated(self) -> np.ndarray:
        """Return the ids of the rows whose box another row has as well.

        Shapes that are the same are among them.
        """
        bits = (self.bounds + 0.0).view(np.uint64)  # without negative zeros
        bits ^= bits >> np.uint64(32)  # round numbers have nothing in their lower half
        mixed = (bits * _WEIGHTS).sum(axis=1)  # boxes that differ may agree, equal ones must
        _, which, count = np.unique(mixed, return_inverse=True, return_counts=True)
        return np.asarray(self.ids[count[which] > 1])


def _common_m2(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    sides = np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2])
    return np.where((sides > 0).all(axis=1), sides.prod(axis=1), -np.inf)


def _near(bounds: np.ndarray) -> Iterator[Pairs]:
    """Yield positions of pairs, each once: all whose boxes meet are among them.

    Boxes up to twice the middle size lie in a grid of that size, by their south-western corners,
    so they meet only in their own cell and its neighbours. The larger ones, at most half of all,
    are held against the cells that they reach, and then against one another in the same way.
    """
    if len(bounds) <= FEW:
        yield np.triu_indices(len(bounds), 1)
        return
    side = (bounds[:, 2:] - bounds[:, :2]).max(axis=1)
    extent = float((bounds[:, 2:].max(axis=0) - bounds[:, :2].min(axis=0)).max())
    # Not so small that the number of a cell would not fit.
    cell = max(2 * float(np.median(side)), extent / 1e6, 1e-6)
    small, large = np.flatnonzero(side <= cell), np.flatnonzero(side > cell)
    grid = _Grid.of(bounds, small, cell)
    yield from grid.within()
    yield from grid.reached_by(bounds, large)
    for i, j in _near(bounds[large]):
        yield large[i], large[j]


@dataclass(frozen=True)
class _Grid:
    """Boxes by the cells of their corners: `keys` ascending, `members` their positions."""

    origin: np.ndarray
    cell: float
    rows: int
    keys: np.ndarray
    members: np.ndarray

    @classmethod
    def of(cls, bounds: np.ndarray, members: np.ndarray, cell: float) -> _Grid:
        origin = bounds[:, :2].min(axis=0)
        at = ((bounds[members, :2] - origin) // cell).astype(np.int64) + 1
        rows = int(at[:, 1].max()) + 2  # an empty row on both sides, so that neighbours are near
        keys = at[:, 0] * rows + at[:, 1]
        order = np.argsort(keys, kind="stable")
        return cls(origin, cell, rows, keys[order], members[order])

    def within(self) -> Iterator[Pairs]:
        """Yield the pairs of members in the same cell and in neighbouring ones."""
        here = np.arange(len(self.keys))
        above = np.searchsorted(self.keys, self.keys + 1, side="right")
        beside = self.keys + self.rows
        ranges = (
            (here + 1, above),
            (
                np.searchsorted(self.keys, beside - 1, side="left"),
                np.searchsorted(self.keys, beside + 1, side="right"),
            ),
        )
        for first, end in ranges:
            for i, j in _expanded(first, end):
                yield self.members[i], self.members[j]

    def reached_by(self, bounds: np.ndarray, others: np.ndarray) -> Iterator[Pairs]:
        """Yield the pairs of other boxes with the members in the cells that these reach."""
        corner = (bounds[others, :2] - self.origin) // self.cell
        end = (bounds[others, 2:] - self.origin) // self.cell + 1
        # A member reaches one cell beyond its own.
        west, south = np.maximum(corner, 0).astype(np.int64).T
        east, north = end.astype(np.int64).T
        north = np.minimum(north, self.rows - 1)
        for i, column in _expanded(west, east + 1):
            first = np.searchsorted(self.keys, column * self.rows + south[i], side="left")
            last = np.searchsorted(self.keys, column * self.rows + north[i], side="right")
            for n, j in _expanded(first, last):
                yield others[i[n]], self.members[j]


def _expanded(first: np.ndarray, end: np.ndarray) -> Iterator[Pairs]:
    """Yield (n, every number from first[n] to end[n] - 1), some at a time."""
    count = np.maximum(end - first, 0)
    total = np.cumsum(count)
    start = 0
    while start < len(count):
        done = int(total[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(total, done + BLOCK, side="right")))
        some = count[start:stop]
        n = np.repeat(np.arange(start, stop), some)
        if len(n):
            at = np.arange(len(n)) - np.repeat(total[start:stop] - some - done, some)
            yield n, first[n] + at
        start = stop
