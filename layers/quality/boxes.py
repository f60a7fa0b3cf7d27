"""Which boxes of a table meet: a grid finds them in a tenth of the time of a spatial index."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from psycopg import Cursor, sql

from layers.extents import PER_DEGREE, Extents
from layers.repeated import repeated

ROWS = 50_000
"""Boxes looked at at a time."""

METRES_PER_DEGREE = 112_500.0
"""More than a degree of latitude has anywhere, or one of longitude times its cosine, in UTM too."""

FARTHEST = 70
"""Degrees of latitude up to which `placed` says enough."""

BESIDE = 9
"""Degrees of longitude beside the middle of an area up to which it does."""

_EARTH_M = 6_300_000.0

FEW = 64
"""So many boxes are compared each with each."""

BLOCK = 100_000
"""Pairs looked at at a time."""

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

    def sharing(self, area_m2: float, known: int = 0) -> Pairs:
        """Return the ids of the pairs whose boxes have more than an area in common, lower first.

        The pairs among the first `known` boxes are left out. Shapes that overlap by more than the
        area are among the pairs.
        """
        first, second = [self.ids[:0]], [self.ids[:0]]
        for i, j in near(self.bounds):
            common = _common_m2(self.bounds[i], self.bounds[j])
            shared = (common > area_m2 - _ROUNDING) & ((i >= known) | (j >= known))
            first.append(np.minimum(self.ids[i[shared]], self.ids[j[shared]]))
            second.append(np.maximum(self.ids[i[shared]], self.ids[j[shared]]))
        return np.concatenate(first), np.concatenate(second)

    def repeated(self) -> np.ndarray:
        """Return the ids of the rows whose box another row has as well.

        Shapes that are the same are among them.
        """
        bits = (self.bounds + 0.0).view(np.uint64)  # without negative zeros
        bits ^= bits >> np.uint64(32)  # round numbers have nothing in their lower half
        # Boxes that differ may agree, equal ones must.
        return repeated(self.ids, (bits * _WEIGHTS).sum(axis=1))

    def reaching(self, east: float) -> Boxes:
        """Return the boxes that reach as far east."""
        far = self.bounds[:, 2] >= east
        return Boxes(self.ids[far], self.bounds[far])

    def followed_by(self, others: Boxes) -> Boxes:
        """Return these boxes and others."""
        return Boxes(
            np.concatenate([self.ids, others.ids]), np.concatenate([self.bounds, others.bounds])
        )


@dataclass(frozen=True)
class Meeting:
    """Ids of pairs (`first` < `second`) that share an area, and of rows with a `repeated` box."""

    first: np.ndarray
    second: np.ndarray
    repeated: np.ndarray

    @property
    def ids(self) -> np.ndarray:
        """The ids of all these rows, each once."""
        return np.unique(np.concatenate([self.first, self.second, self.repeated]))

    @classmethod
    def of(cls, blocks: Iterable[Boxes], area_m2: float) -> Meeting:
        """Look through blocks of boxes that follow one another from west to east.

        Memory grows with what is found, and with the boxes that reach from one block to the next.
        """
        known = Boxes(np.empty(0, np.int64), np.empty((0, 4)))
        first, second, again = [known.ids], [known.ids], [known.ids]
        for block in blocks:
            known = known.reaching(block.bounds[:, 0].min())
            both = known.followed_by(block)
            pairs = both.sharing(area_m2, len(known.ids))
            first.append(pairs[0])
            second.append(pairs[1])
            again.append(both.repeated())
            known = both
        found = np.unique(np.concatenate(again))
        return cls(np.concatenate(first), np.concatenate(second), found)


def read(cursor: Cursor[Any], table: sql.Identifier) -> Iterator[Boxes]:
    """Yield the boxes of the shapes `g` of a table from west to east, without those of nothing."""
    query = sql.SQL(
        "SELECT string_agg(row, ''::bytea) FROM (SELECT int8send(id) || float8send(ST_XMin(g))"
        " || float8send(ST_YMin(g)) || float8send(ST_XMax(g)) || float8send(ST_YMax(g)) AS row,"
        " (row_number() OVER (ORDER BY ST_XMin(g)) - 1) / {} AS part FROM {}"
        " WHERE g IS NOT NULL AND NOT ST_IsEmpty(g)) AS rows GROUP BY part ORDER BY part"
    ).format(sql.Literal(ROWS), table)
    for (part,) in cursor.stream(query, binary=True):
        rows = np.frombuffer(part, _ROW)
        yield Boxes(rows["id"].astype(np.int64), rows["bounds"].astype(np.float64))


def placed(extents: Extents, lon: float) -> Iterator[Boxes] | None:
    """Return boxes in metres from west to east, of which two share as much as their shapes in UTM.

    They share a little more, as degrees are taken too large. `lon` is the middle of the area that
    the zone is of; None where shapes lie too far from it, or beyond FARTHEST.
    """
    if not len(extents.ids):
        return iter(())
    west, south = extents.bounds[:, :2].min(axis=0)
    east, north = extents.bounds[:, 2:].max(axis=0)
    beside = max(lon - west / PER_DEGREE, east / PER_DEGREE - lon)
    if max(-south, north) > FARTHEST * PER_DEGREE or beside > BESIDE:
        return None
    nearest = max(int(south), -int(north), 0) / PER_DEGREE
    along = METRES_PER_DEGREE / PER_DEGREE * np.array([math.cos(math.radians(nearest)), 1.0] * 2)
    order = np.argsort(extents.bounds[:, 0], kind="stable")
    return (
        _grown(extents.ids[some], extents.bounds[some] * along)
        for some in (order[n : n + ROWS] for n in range(0, len(order), ROWS))
    )


def _grown(ids: np.ndarray, bounds: np.ndarray) -> Boxes:
    """Grow boxes by more than what is straight in degrees is bent in metres, which is L^2 tan / 8R.

    L is the length of a line, R the radius of the earth, tan that of the latitude, below 3.
    """
    more = ((bounds[:, 2] - bounds[:, 0]) ** 2 + (bounds[:, 3] - bounds[:, 1]) ** 2) / _EARTH_M
    return Boxes(ids, bounds + more[:, None] * np.array([-1.0, -1.0, 1.0, 1.0]))


def _common_m2(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    # By columns: NumPy takes several times as long over rows of two.
    wide = np.minimum(a[:, 2], b[:, 2]) - np.maximum(a[:, 0], b[:, 0])
    high = np.minimum(a[:, 3], b[:, 3]) - np.maximum(a[:, 1], b[:, 1])
    return np.where((wide > 0) & (high > 0), wide * high, -np.inf)


def near(bounds: np.ndarray) -> Iterator[Pairs]:
    """Yield positions of pairs, each once: all whose boxes meet are among them.

    Boxes up to twice the middle size lie in a grid of that size, by their south-western corners,
    so they meet only in their own cell and its neighbours. The larger ones, at most half of all,
    are held against the cells that they reach, and then against one another in the same way.
    """
    if len(bounds) <= FEW:
        yield np.triu_indices(len(bounds), 1)
        return
    side = np.maximum(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1])
    extent = float((bounds[:, 2:].max(axis=0) - bounds[:, :2].min(axis=0)).max())
    # Not so small that the number of a cell would not fit.
    cell = max(2 * float(np.median(side)), extent / 1e6, 1e-6)
    small, large = np.flatnonzero(side <= cell), np.flatnonzero(side > cell)
    grid = _Grid.of(bounds, small, cell)
    yield from grid.within()
    yield from grid.reached_by(bounds, large)
    for i, j in near(bounds[large]):
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
