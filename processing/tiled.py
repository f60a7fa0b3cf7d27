"""Methods of access by tiles: each says of a tile's homes what the whole area would say.

A tile reads its rows with the halo of the method (processing/tiles.py), computes on them as on an
area of its own, and keeps the homes that it owns.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt
import shapely

from processing import access, network, tiles
from processing.network import NONE, Bools, Floats, Geometries, Ints, Snapped
from processing.streets import Streets
from processing.tiles import Box, Halo, Tile


@dataclass(frozen=True, slots=True)
class Rows:
    """Homes, facilities and streets, each in the order of ids, in one metric CRS.

    `homes` and `facilities` are points; `demand` is persons of each home, `supply` places (doctors)
    of each facility, both without missing values.
    """

    streets: Streets
    home_ids: Ints
    homes: Geometries
    demand: Floats
    facility_ids: Ints
    facilities: Geometries
    facility_class: npt.NDArray[np.object_]
    supply: Floats


class Source(Protocol):
    """Where a worker reads the rows of one tile from; it travels to the workers, pickled."""

    def rows(self, places: Box, streets: Box) -> Rows:
        """Return at least all homes and facilities in one box, all streets and barriers in one."""


@dataclass(frozen=True)
class Held:
    """A source of rows that are in memory."""

    all_rows: Rows

    def rows(self, places: Box, streets: Box) -> Rows:
        """Return the rows in these boxes."""
        homes, facilities, lines, barriers = self._trees
        return part(
            self.all_rows,
            homes=homes.query(shapely.box(*places)),
            facilities=facilities.query(shapely.box(*places)),
            streets=lines.query(shapely.box(*streets)),
            barriers=barriers.query(shapely.box(*streets)),
        )

    @cached_property
    def _trees(self) -> tuple[shapely.STRtree, ...]:
        held = self.all_rows
        shapes = (held.homes, held.facilities, held.streets.lines, held.streets.barriers)
        return tuple(shapely.STRtree(each) for each in shapes)


@dataclass(frozen=True, slots=True)
class Nearest:
    """For each home metres to its nearest facility and the id of that; homes in order of ids.

    `distance_m` is infinite beyond the limit, whether or not there is a way, and NaN where the home
    is not snapped; `facility_id` is NONE in both cases.
    """

    home_ids: Ints
    distance_m: Floats
    facility_id: Ints


def nearest(rows: Rows, service_class: str, *, limit_m: float, snap_limit_m: float) -> Nearest:
    """Return the way of each home to its nearest facility of a class, not further than a limit."""
    count = len(rows.homes)
    metres, facility = np.full(count, np.nan), np.full(count, NONE, dtype=np.int64)
    joined = join(rows, snap_limit_m) if count else None
    if joined is not None:
        graph, homes = joined
        chosen = np.flatnonzero(rows.facility_class == service_class)
        found = access.search(graph, chosen, limit_m=limit_m)
        near = access.nearest(graph, found, homes)
        within = near.distance_m <= limit_m
        metres = np.where(within | np.isnan(near.distance_m), near.distance_m, np.inf)
        facility[within] = rows.facility_ids[near.facility[within]]
    return Nearest(rows.home_ids, metres, facility)


def read(source: Source, tile: Tile, halo: Halo) -> tuple[Rows, Bools]:
    """Return the rows of a tile with its halo, and which of the homes the tile owns."""
    rows = source.rows(tile.box(halo.places_m), tile.box(halo.streets_m))
    at = shapely.get_coordinates(rows.homes)
    return rows, tile.owns(at[:, 0], at[:, 1])


def nearest_of_tile(
    source: Source,
    tile: Tile,
    halo: Halo,
    service_class: str,
    *,
    limit_m: float,
    snap_limit_m: float,
) -> Nearest:
    """Return `nearest` for the homes of a tile."""
    rows, own = read(source, tile, halo)
    if not own.any():
        rows, own = _without_homes(rows), own[:0]
    all_ = nearest(rows, service_class, limit_m=limit_m, snap_limit_m=snap_limit_m)
    return Nearest(all_.home_ids[own], all_.distance_m[own], all_.facility_id[own])


def nearest_together(parts: Iterable[Nearest]) -> Nearest:
    """Return the homes of all tiles in the order of ids, in whatever order the tiles come."""
    parts = list(parts)
    ids = np.concatenate([p.home_ids for p in parts])
    order = np.argsort(ids, kind="stable")
    metres = np.concatenate([p.distance_m for p in parts])
    facility = np.concatenate([p.facility_id for p in parts])
    return Nearest(ids[order], metres[order], facility[order])


def part(rows: Rows, *, homes: Ints, facilities: Ints, streets: Ints, barriers: Ints) -> Rows:
    """Return the rows at these positions, in the order of ids."""
    homes, facilities = np.sort(homes), np.sort(facilities)
    return Rows(
        streets=take(rows.streets, streets, barriers),
        home_ids=rows.home_ids[homes],
        homes=rows.homes[homes],
        demand=rows.demand[homes],
        facility_ids=rows.facility_ids[facilities],
        facilities=rows.facilities[facilities],
        facility_class=rows.facility_class[facilities],
        supply=rows.supply[facilities],
    )


def take(streets: Streets, kept: Ints, barriers: Ints) -> Streets:
    """Return some streets and barriers, in their order; junctions are numbered anew, in theirs.

    Both pavements of a main road are on its line, so either is kept with the other.
    """
    kept = np.sort(kept)
    nodes, numbers = np.unique(
        np.concatenate([streets.start[kept], streets.end[kept]]), return_inverse=True
    )
    position = np.full(len(streets.ids) + 1, NONE, dtype=np.int64)  # the last one for NONE = -1
    position[kept] = np.arange(len(kept))
    return replace(
        streets,
        ids=streets.ids[kept],
        lines=streets.lines[kept],
        length_m=streets.length_m[kept],
        start=numbers[: len(kept)],
        end=numbers[len(kept) :],
        node_count=len(nodes),
        forward=streets.forward[kept],
        backward=streets.backward[kept],
        right=position[streets.right[kept]],
        barriers=streets.barriers[np.sort(barriers)],
    )


def owners(homes: Geometries, tile_m: float) -> dict[Tile, Ints]:
    """Return the tiles that own homes (points), each with their positions.

    A home without a place is nobody's: nothing is found for it.
    """
    there = np.flatnonzero(~(shapely.is_missing(homes) | shapely.is_empty(homes)))
    at = shapely.get_coordinates(homes[there])
    return {tile: there[own] for tile, own in tiles.owners(at[:, 0], at[:, 1], tile_m).items()}


def join(rows: Rows, snap_limit_m: float) -> tuple[network.Graph, Snapped] | None:
    """Return the graph of places and streets, and the homes in it; None without streets.

    Where nobody lives streets are reached all the same.
    """
    if not len(rows.streets.ids):
        return None
    homes = network.snap(rows.streets, rows.homes, limit_m=snap_limit_m)
    facilities = network.snap(rows.streets, rows.facilities, limit_m=snap_limit_m)
    return network.build(rows.streets, origins=facilities, targets=homes), homes


def _without_homes(rows: Rows) -> Rows:
    return replace(rows, home_ids=rows.home_ids[:0], homes=rows.homes[:0], demand=rows.demand[:0])
