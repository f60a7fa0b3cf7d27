"""The ways of streets cut at their junctions: nodes that streets share or that one passes twice."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import osmium
import shapely

from layers.ingest.osm_ids import Key

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_WKB_HEAD = 9
"""Bytes of a line in WKB before its coordinates: byte order, type, number of points."""


class Part(NamedTuple):
    """A piece of a way: the place of the way among those added, and its first and last node."""

    way: int
    key: Key
    wkb: bytes
    node_from: int
    node_to: int


class Ways:
    """The nodes of ways: their numbers, and lon/lat, NaN where the extract has no such node."""

    def __init__(self) -> None:
        self._factory = osmium.geom.WKBFactory()
        self._ids, self._sizes, self._nodes = array("q"), array("q"), array("q")
        self._places = array("d")

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, way: Any) -> None:
        """Keep the nodes of a way."""
        nodes = [node.ref for node in way.nodes]
        self._ids.append(way.id)
        self._sizes.append(len(nodes))
        self._nodes.extend(nodes)
        try:
            wkb = self._factory.create_linestring(way, use_nodes=osmium.geom.ALL)
            self._places.frombytes(bytes.fromhex(wkb)[_WKB_HEAD:])
        except (RuntimeError, osmium.InvalidLocationError):  # a node outside, or one node alone
            for node in way.nodes:
                there = node.location.valid()
                self._places.extend((node.lon, node.lat) if there else (np.nan, np.nan))

    def parts(self) -> Iterator[Part]:
        """Yield the pieces between junctions in the order of ways; a node outside ends a piece.

        Pieces of one place only are no lines: they are left out, but counted in the keys.
        """
        nodes = np.frombuffer(self._nodes, dtype=np.int64)
        if not len(nodes):
            return
        places = np.frombuffer(self._places, dtype=np.float64).reshape(-1, 2)
        way = np.repeat(np.arange(len(self)), np.frombuffer(self._sizes, dtype=np.int64))
        _, nth, count = np.unique(nodes, return_inverse=True, return_counts=True)
        run, kept = _runs(way, nodes, np.isfinite(places[:, 0]))
        start, end = _pieces(run[kept], count[nth[kept]] > 1)
        way, nodes = way[kept], nodes[kept]
        wkb, is_line = _lines(places[kept], start, end)
        owner = way[start]
        number = np.arange(len(owner)) - np.searchsorted(owner, owner)
        for i in np.flatnonzero(is_line).tolist():
            at = int(owner[i])
            key = (1, self._ids[at], int(number[i]))
            yield Part(at, key, wkb[i], int(nodes[start[i]]), int(nodes[end[i]]))


def _runs(way: Ints, nodes: Ints, there: Bools) -> tuple[Ints, Bools]:
    """Return for every node its run of nodes that are there, and whether it is kept.

    A node that is not there, or repeats the one before it, is not.
    """
    joined = np.zeros(len(nodes), dtype=bool)
    joined[1:] = (way[1:] == way[:-1]) & there[1:] & there[:-1]
    repeated = joined.copy()
    repeated[1:] &= nodes[1:] == nodes[:-1]
    return np.cumsum(~joined), there & ~repeated


def _pieces(run: Ints, junction: Bools) -> tuple[Ints, Ints]:
    """Return the first and the last place of every piece between the ends and junctions of runs."""
    turn = run[1:] != run[:-1]
    cut = junction.copy()
    cut[1:] |= turn
    cut[:-1] |= turn
    cut[:1] = cut[-1:] = True
    at = np.flatnonzero(cut)
    same = run[at[:-1]] == run[at[1:]]
    return at[:-1][same], at[1:][same]


def _lines(places: Floats, start: Ints, end: Ints) -> tuple[list[bytes], Bools]:
    """Return the pieces as WKB, and whether they have two places that differ."""
    size = end - start + 1
    offset = np.concatenate([[0], np.cumsum(size)])
    first = np.repeat(start, size)
    inside = first + np.arange(offset[-1]) - np.repeat(offset[:-1], size)
    lines = shapely.from_ragged_array(shapely.GeometryType.LINESTRING, places[inside], (offset,))
    moved = (places[inside] != places[first]).any(axis=1)
    is_line = np.logical_or.reduceat(moved, offset[:-1]) if len(size) else np.zeros(0, dtype=bool)
    return shapely.to_wkb(lines).tolist(), is_line
