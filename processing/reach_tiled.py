"""Nearest facilities and reached parts of streets of a whole area, by tiles, to the same bits.

Ways may be of any length, tiles may not: each looks as far as asked first, and tiles with homes
that have a way, only a longer one, look again four times as far.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from processing import access, reach, tiled, tiles
from processing.access import Nearest
from processing.network import NONE, Bools, Floats, Geometries, Ints, Snapped, Streets
from processing.reach import Parts
from processing.scene import Scene
from processing.spread import Arrays, Spread
from processing.tiled import Held, Rows
from processing.tiles import Halo, Tile

Names = npt.NDArray[np.object_]

EVERYTHING = Halo(places_m=1e9, streets_m=1e9)
FURTHER = 4.0
"""So many times as far the next round looks."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The classes, how far the first round looks for them, and how far a place may join a street.

    `limits_m` are the limits of the reached parts, one for each class, or none: no parts are asked.
    With `no_further` what lies beyond the first round is infinite.
    """

    classes: tuple[str, ...]
    search_m: float
    snap_limit_m: float
    limits_m: tuple[float, ...] = ()
    no_further: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """How homes join the streets; for each class their nearest facility and the reached parts.

    Facilities and streets count in those of the whole area; without `limits_m` there are no parts.
    """

    homes: Snapped
    nearest: tuple[Nearest, ...]
    parts: tuple[Parts, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """The rows of a tile with its halo; which homes it owns, and which streets begin in it."""

    rows: Rows
    own: Bools
    own_streets: Bools


def component(streets: Streets) -> tuple[Ints, int]:
    """Return the connected part of the network that each street is in, and how many there are."""
    count = streets.node_count
    links = csr_array(
        (np.ones(len(streets.ids), dtype=np.int8), (streets.start, streets.end)),
        shape=(count, count),
    )
    parts, label = connected_components(links, directed=False)
    found: Ints = label[streets.start].astype(np.int64)
    return found, int(parts)


def places_of(seen: Scene, streets: Streets) -> Rows:
    """Return homes, facilities and streets of a scene with their positions as ids."""
    return placed(streets, seen.doors_m, seen.points_m, seen.facility_class)


def placed(
    streets: Streets, homes: Geometries, facilities: Geometries, facility_class: Names
) -> Rows:
    """Return homes, facilities and streets with their positions as ids."""
    return Rows(
        streets=replace(streets, ids=np.arange(len(streets.ids))),
        home_ids=np.arange(len(homes)),
        homes=homes,
        demand=np.zeros(len(homes)),
        facility_ids=np.arange(len(facilities)),
        facilities=facilities,
        facility_class=facility_class,
        supply=np.zeros(len(facilities)),
    )


def by_tiles(spread: Spread, step: str, places: Rows, facilities: Snapped, asked: Asked) -> Found:
    """Return what a search of the whole area says, as `access` and `reach` do.

    `places` holds all rows with their positions as ids, `facilities` says how the facilities join.
    """
    held, count = Held(places), len(places.homes)
    found = _nothing(count, len(asked.classes))
    owned = owners(places, spread.tile_m, streets=bool(asked.limits_m))
    first: list[Arrays] | None = None
    left, search_m = list(owned), asked.search_m
    while left:
        limits_m = asked.limits_m if first is None else ()
        now = replace(asked, search_m=search_m, limits_m=limits_m)
        halo = _halo(places.streets, now)
        answers = spread.map(
            f"{step} within {search_m:g} m", of_piece, now, left, partial(cut, held, halo)
        )
        for tile, arrays in answers.items():
            _fill(found, arrays, owned[tile])
        first = list(answers.values()) if first is None else first
        if asked.no_further:
            break
        far = _far(found, places, facilities, asked.classes)
        left = [t for t in left if far[owned[t]].any()] if np.isfinite(search_m) else []
        all_read = all(covers(tile, halo, places) for tile in left)
        search_m = np.inf if all_read else search_m * FURTHER
    whole = tuple(_joined(first or [], k) for k in range(len(asked.limits_m)))
    return Found(found.homes, found.nearest, whole)


def cut(held: Held, halo: Halo, tile: Tile) -> Piece:
    """Return what a tile reads."""
    rows, own = tiled.read(held, tile, halo)
    first = _first_points(rows.streets.lines)
    return Piece(rows, own, tile.owns(first[:, 0], first[:, 1]))


def of_piece(asked: Asked, piece: Piece) -> Arrays:
    """Return for the homes of a tile how they join, for each class what they reach, and parts.

    What lies further than `search_m` is infinite.
    """
    rows, own = piece.rows, piece.own
    edge, measure = np.full(int(own.sum()), NONE), np.full(int(own.sum()), np.nan)
    arrays: dict[str, Floats | Ints] = {
        "street": edge, "measure": measure, "connector": measure,
    }  # fmt: skip
    joined = tiled.join(rows, asked.snap_limit_m)
    if joined is None:
        return arrays
    graph, homes = joined
    at = np.append(rows.streets.ids, NONE)
    arrays |= {
        "street": at[homes.edge[own]], "measure": homes.measure_m[own],
        "connector": homes.connector_m[own],
    }  # fmt: skip
    for k, name in enumerate(asked.classes):
        search = access.search(
            graph, np.flatnonzero(rows.facility_class == name), limit_m=asked.search_m
        )
        near = access.nearest(graph, search, homes)
        within = near.distance_m[own] <= asked.search_m
        arrays[f"metres {k}"] = np.where(within, near.distance_m[own], np.inf)
        arrays[f"facility {k}"] = np.where(
            within, np.append(rows.facility_ids, NONE)[near.facility[own]], NONE
        )
        if asked.limits_m:
            arrays |= _parts(reach.reached(graph, search, limit_m=asked.limits_m[k]), piece, k)
    return arrays


def _parts(parts: Parts, piece: Piece, k: int) -> dict[str, Floats | Ints]:
    own = piece.own_streets[parts.edge]
    return {
        f"edge {k}": piece.rows.streets.ids[parts.edge[own]],
        f"from {k}": parts.from_m[own],
        f"to {k}": parts.to_m[own],
    }


def owners(places: Rows, tile_m: float, *, streets: bool) -> dict[Tile, Ints]:
    """Return the tiles with the positions of their homes; with `streets` also tiles of those."""
    owned = tiled.owners(places.homes, tile_m)
    if streets:
        first = _first_points(places.streets.lines)
        begin = tiles.owners(first[:, 0], first[:, 1], tile_m)
        owned = {tile: owned.get(tile, np.empty(0, np.int64)) for tile in sorted({*owned, *begin})}
    return owned


def _first_points(lines: Geometries) -> Floats:
    found: Floats = shapely.get_coordinates(shapely.get_point(lines, 0)).reshape(-1, 2)
    return found


def _halo(streets: Streets, asked: Asked) -> Halo:
    if not np.isfinite(asked.search_m):
        return EVERYTHING
    if not asked.limits_m:
        return tiles.nearest_halo(asked.search_m, asked.snap_limit_m)
    longest_m = float(streets.length_m.max(initial=0.0))
    return tiles.reached_halo(asked.search_m, asked.snap_limit_m, longest_m)


def _nothing(homes: int, classes: int) -> Found:
    def unknown() -> Floats:
        return np.full(homes, np.nan)

    def none() -> Ints:
        return np.full(homes, NONE, dtype=np.int64)

    nearest = tuple(Nearest(unknown(), none()) for _ in range(classes))
    return Found(Snapped(none(), unknown(), unknown()), nearest, ())


def _fill(found: Found, arrays: Arrays, owned: Ints) -> None:
    """Write what a tile says of its homes into the arrays of all homes."""
    found.homes.edge[owned] = arrays["street"]
    found.homes.measure_m[owned] = arrays["measure"]
    found.homes.connector_m[owned] = arrays["connector"]
    joined = arrays["street"] != NONE
    for k, near in enumerate(found.nearest):
        if f"metres {k}" in arrays:
            near.distance_m[owned] = np.where(joined, arrays[f"metres {k}"], np.nan)
            near.facility[owned] = arrays[f"facility {k}"]


def _far(found: Found, places: Rows, facilities: Snapped, classes: tuple[str, ...]) -> Bools:
    """Tell which homes have not met a facility that their part of the network has."""
    label, count = component(places.streets)
    homes = found.homes
    far = np.zeros(len(homes.edge), dtype=bool)
    for near, name in zip(found.nearest, classes, strict=True):
        served = np.zeros(count + 1, dtype=bool)
        there = facilities.found & (places.facility_class == name)
        served[label[facilities.edge[there]]] = True
        far |= homes.found & np.isinf(near.distance_m) & served[label[homes.edge]]
    return far


def covers(tile: Tile, halo: Halo, places: Rows) -> bool:
    """Tell whether a tile has read everything, so that what it has not met is out of reach."""
    west, south, east, north = tile.box(halo.places_m)
    shapes = (places.homes, places.facilities, places.streets.lines)
    low = np.nanmin([shapely.total_bounds(each)[:2] for each in shapes], axis=0)
    high = np.nanmax([shapely.total_bounds(each)[2:] for each in shapes], axis=0)
    return bool(west <= low[0] and south <= low[1] and east >= high[0] and north >= high[1])


def _joined(answers: list[Arrays], k: int) -> Parts:
    """Return the parts of all tiles, in order along each street."""
    with_any = [arrays for arrays in answers if f"edge {k}" in arrays]
    if not with_any:
        return Parts(np.empty(0, np.int64), np.empty(0), np.empty(0))
    edge, start, end = (
        np.concatenate([arrays[f"{name} {k}"] for arrays in with_any])
        for name in ("edge", "from", "to")
    )
    order = np.lexsort((start, edge))
    return Parts(edge[order], start[order], end[order])
