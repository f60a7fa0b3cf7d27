"""The ways of streets cut at their junctions: nodes that streets share or that one passes twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv
import shapely

from layers.ingest.osm_ids import Key

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_COLUMNS = {"node": pa.int64(), "lon": pa.float64(), "lat": pa.float64()}


class Part(NamedTuple):
    """A piece of a way: the place of the way among those added, and its first and last node."""

    way: int
    key: Key
    wkb: bytes
    node_from: int
    node_to: int


@dataclass(frozen=True)
class Ways:
    """Ids of ways and their numbers of nodes; ids of all nodes, and lon/lat (NaN: unknown)."""

    ids: Ints
    sizes: Ints
    nodes: Ints
    places: Floats

    @classmethod
    def of(cls, ids: Sequence[int], nodes: Sequence[str]) -> Ways:
        """Make them of the texts of their nodes in OPL: `n1x30.5y54.2,n2xy`, the last nowhere."""
        listed = [text for text in nodes if text]
        sizes = np.fromiter((text.count("n") for text in nodes), np.int64, len(nodes))
        text = ",".join(listed)[1:].replace(",n", "\n").replace("x", ",").replace("y", ",")
        if not text:
            return cls(np.array(ids, np.int64), sizes, sizes[:0], np.empty((0, 2)))
        read = pa.csv.read_csv(
            pa.BufferReader(text.encode()),
            pa.csv.ReadOptions(column_names=["node", "lon", "lat"], use_threads=False),
            convert_options=pa.csv.ConvertOptions(column_types=_COLUMNS),
        )
        lon, lat = (read[name].fill_null(np.nan).to_numpy() for name in ("lon", "lat"))
        places = np.column_stack([lon, lat])
        places[(np.abs(places) > (180, 90)).any(axis=1)] = np.nan
        return cls(np.array(ids, np.int64), sizes, read["node"].to_numpy(), places)

    def __len__(self) -> int:
        return len(self.ids)

    def parts(self) -> Iterator[Part]:
        """Yield the pieces between junctions in the order of ways; a node outside ends a piece.

        Pieces of one place only are no lines: they are left out, but counted in the keys.
        """
        nodes, places = self.nodes, self.places
        if not len(nodes):
            return
        way = np.repeat(np.arange(len(self)), self.sizes)
        _, nth, count = np.unique(nodes, return_inverse=True, return_counts=True)
        run, kept = _runs(way, nodes, np.isfinite(places[:, 0]))
        start, end = _pieces(run[kept], count[nth[kept]] > 1)
        way, nodes = way[kept], nodes[kept]
        wkb, is_line = _lines(places[kept], start, end)
        owner = way[start]
        number = np.arange(len(owner)) - np.searchsorted(owner, owner)
        columns = (owner, self.ids[owner], number, nodes[start], nodes[end])
        for at, way_id, nth, node_from, node_to, shape in zip(
            *(column[is_line].tolist() for column in columns), wkb[is_line], strict=True
        ):
            yield Part(at, (1, way_id, nth), shape, node_from, node_to)


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


def _lines(places: Floats, start: Ints, end: Ints) -> tuple[npt.NDArray[np.object_], Bools]:
    """Return the pieces as WKB, and whether they have two places that differ."""
    size = end - start + 1
    offset = np.concatenate([[0], np.cumsum(size)])
    first = np.repeat(start, size)
    inside = first + np.arange(offset[-1]) - np.repeat(offset[:-1], size)
    lines = shapely.from_ragged_array(shapely.GeometryType.LINESTRING, places[inside], (offset,))
    moved = (places[inside] != places[first]).any(axis=1)
    is_line = np.logical_or.reduceat(moved, offset[:-1]) if len(size) else np.zeros(0, dtype=bool)
    return shapely.to_wkb(lines), is_line
