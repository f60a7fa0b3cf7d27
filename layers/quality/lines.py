"""Where lines may break the rules of a network: most meet nowhere but where both of them end.

What is left is asked of PostGIS: with a spatial index alone, it would have to cut every pair.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from psycopg import Connection, sql
from psycopg.rows import tuple_row

from layers.quality.boxes import near

ROWS = 50_000
"""Lines read at a time."""

TOUCH_M = 0.001
"""Ends nearer than this meet: coordinates in degrees are kept to about a tenth of a millimetre."""


@dataclass(frozen=True)
class Lines:
    """Ids (n), whether apart from others (n), ends (n, 2, 2) and shapes (n) of rows, in metres."""

    ids: np.ndarray
    apart: np.ndarray
    ends: np.ndarray
    shapes: np.ndarray

    @classmethod
    def none(cls) -> Lines:
        """Return no lines."""
        return cls(np.empty(0, np.int64), np.empty(0, bool), np.empty((0, 2, 2)), np.empty(0, "O"))

    def reaching(self, east: float) -> Lines:
        """Return the lines that reach as far east, and so may be near what begins there."""
        far = shapely.bounds(self.shapes)[:, 2] >= east if len(self.ids) else slice(None)
        return Lines(self.ids[far], self.apart[far], self.ends[far], self.shapes[far])

    def followed_by(self, others: Lines) -> Lines:
        """Return these lines and others."""
        return Lines(
            np.concatenate([self.ids, others.ids]), np.concatenate([self.apart, others.apart]),
            np.concatenate([self.ends, others.ends]), np.concatenate([self.shapes, others.shapes]),
        )  # fmt: skip


@dataclass(frozen=True)
class Network:
    """Where to look for faults.

    `crossing`: ids of pairs (lower first) that may meet where not both end. `loose`: the id of a
    line, that of another which may be as near as the limit to an end of it, and this end (1, 2);
    ends that lie on an end of another are not among them.
    """

    crossing: tuple[np.ndarray, np.ndarray]
    loose: tuple[np.ndarray, np.ndarray, np.ndarray]

    @classmethod
    def of(cls, blocks: Iterable[Lines], limit_m: float) -> Network:
        """Look through blocks of lines that follow one another from west to east.

        Memory grows with what is found, and with the lines that reach from one block to the next.
        """
        margin = max(limit_m, 2 * TOUCH_M)
        known = Lines.none()
        crossing, loose, met = [np.empty((2, 0), int)], [np.empty((3, 0), int)], [known.ids]
        for block in blocks:
            known = known.reaching(shapely.bounds(block.shapes)[:, 0].min() - margin)
            both = known.followed_by(block)
            look = _Look(both)
            for i, j in _pairs(look.bounds, margin, len(known.ids)):
                crossing.append(np.sort(both.ids[np.array(look.crossing(i, j))], axis=0))
                for one, other in ((i, j), (j, i)):
                    found, joined = look.loose(one, other, limit_m)
                    loose.append(found)
                    met.append(joined)
            known = both
        first, second, end = np.hstack(loose)
        free = ~_isin(2 * first + end, np.concatenate(met))
        pairs = np.hstack(crossing)
        return cls((pairs[0], pairs[1]), (first[free], second[free], end[free]))


def read(conn: Connection[Any], table: sql.Identifier) -> Iterator[Lines]:
    """Yield the rows (id, apart, ends, g) of a table from west to east, without those of nothing.

    Runs inside a transaction of the caller.
    """
    query = sql.SQL(
        "SELECT id, apart, ST_AsBinary(ends), ST_AsBinary(g) FROM {}"
        " WHERE g IS NOT NULL AND NOT ST_IsEmpty(g) ORDER BY ST_XMin(g)"
    ).format(table)
    with conn.cursor("quality_lines", row_factory=tuple_row, binary=True) as cursor:
        cursor.execute(query)
        while rows := cursor.fetchmany(ROWS):
            ids, apart, ends, shapes = zip(*rows, strict=True)
            places = shapely.get_coordinates(shapely.from_wkb(ends)).reshape(-1, 2, 2)
            yield Lines(np.array(ids), np.array(apart), places, shapely.from_wkb(shapes))


def _pairs(
    bounds: np.ndarray, margin: float, known: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield positions whose boxes are within a margin, without pairs among the first `known`."""
    half = margin / 2
    west, south, east, north = np.ascontiguousarray(bounds.T)
    for i, j in near(bounds + np.array([-half, -half, half, half])):
        # One axis after the other: few pairs are left after the first.
        close = (i >= known) | (j >= known)
        for low, high in ((west, east), (south, north)):
            a, b = i[close], j[close]
            beside = (low[a] <= high[b] + margin) & (low[b] <= high[a] + margin)
            close[close] = beside
        yield i[close], j[close]


class _Look:
    """The vertices of some lines, and what they tell of pairs of them."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.bounds = shapely.bounds(lines.shapes)
        self.vertices, owner = shapely.get_coordinates(lines.shapes, return_index=True)
        self.sizes = np.bincount(owner, minlength=len(lines.ids))
        self.starts = np.cumsum(self.sizes) - self.sizes
        self.middles = np.add.reduceat(self.vertices, self.starts) / self.sizes[:, None]

    def crossing(self, i: np.ndarray, j: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the pairs that may meet in a place where one of them goes on."""
        free = ~(self.lines.apart[i] | self.lines.apart[j])
        i, j = i[free], j[free]
        a, b = self.bounds[i], self.bounds[j]
        meeting = (
            (np.maximum(a[:, :2], b[:, :2]) <= np.minimum(a[:, 2:], b[:, 2:]) + TOUCH_M).all(axis=1)
            & ~self._separated(i, j)
        )  # fmt: skip
        return i[meeting], j[meeting]

    def loose(
        self, one: np.ndarray, other: np.ndarray, limit_m: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return (id, id of the other, end) near the other's box, and 2 id + end of those joined.

        Joined is an end that lies on an end of the other.
        """
        ids, ends = self.lines.ids, self.lines.ends[one]
        box = self.bounds[other][:, None]
        out = np.maximum(np.maximum(box[..., :2] - ends, ends - box[..., 2:]), 0)
        close = (out <= limit_m + TOUCH_M).all(axis=2)
        joined = (ends[:, :, None] == self.lines.ends[other][:, None]).all(axis=3).any(axis=2)
        at, end = np.nonzero(close & ~joined)
        found = np.array([ids[one[at]], ids[other[at]], end + 1])
        at, end = np.nonzero(joined)
        return found, 2 * ids[one[at]] + end + 1

    def _separated(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Tell which pairs share an end, and are on two sides of a straight line through it."""
        same = (self.lines.ends[i][:, :, None] == self.lines.ends[j][:, None]).all(axis=3)
        node = self.lines.ends[i, same.any(axis=2).argmax(axis=1)]
        across = _unit(self.middles[i] - node) - _unit(self.middles[j] - node)
        towards = _unit(across)
        apart: np.ndarray = same.any(axis=(1, 2))
        apart[apart] = self._beyond(i[apart], node[apart], towards[apart])
        apart[apart] = self._beyond(j[apart], node[apart], -towards[apart])
        return apart

    def _beyond(self, which: np.ndarray, node: np.ndarray, towards: np.ndarray) -> np.ndarray:
        """Tell whether a line leaves its node towards one side and stays clear of it."""
        if not len(which):
            return np.empty(0, bool)
        sizes = self.sizes[which]
        ends = np.cumsum(sizes)
        n = np.repeat(np.arange(len(which)), sizes)
        at = np.arange(ends[-1]) - (ends - sizes)[n] + self.starts[which][n]
        away = self.vertices[at] - node[n]
        height = (away * towards[n]).sum(axis=1)
        clear = (height > 2 * TOUCH_M + 1e-6 * np.hypot(*away.T)) | ~away.any(axis=1)
        return np.logical_and.reduceat(clear, ends - sizes)


def _unit(vectors: np.ndarray) -> np.ndarray:
    length = np.hypot(*vectors.T)[:, None]
    return vectors / np.where(length > 0, length, 1)


def _isin(keys: np.ndarray, others: np.ndarray) -> np.ndarray:
    """As numpy's, in a third of the time where the others are many."""
    ordered = np.append(np.sort(others), np.iinfo(np.int64).max)
    found: np.ndarray = ordered[np.searchsorted(ordered, keys)] == keys
    return found
