"""Places per person with competition, of one class: whole, or of several classes by tiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from processing import catchment, tiled, tiles
from processing.catchment import Pairs
from processing.network import Bools, Floats
from processing.spread import Arrays, Spread
from processing.tiled import Held, Rows
from processing.tiles import Halo, Tile

PLACES = ("places_2sfca", "places_e2sfca", "places_3sfca")


def competition(found: Pairs, limit_m: float, supply: Floats, demand: Floats) -> Arrays:
    """Return for every home 2SFCA, E2SFCA and 3SFCA (places per person) and facilities in reach.

    `supply` is places (doctors) of each facility, `demand` persons of each home, both without
    missing values.
    """
    near = catchment.gaussian(limit_m)
    places = (
        catchment.two_step(found, catchment.even(), supply, demand),
        catchment.two_step(found, near, supply, demand),
        catchment.three_step(found, near, supply, demand),
    )
    in_reach = np.bincount(found.place, minlength=len(demand))
    return dict(zip(PLACES, places, strict=True)) | {"facilities_in_reach": in_reach}


@dataclass(frozen=True, slots=True, eq=False)
class Class:
    """A class with its catchment; `supply` by facility of the class, `demand` by home."""

    name: str
    catchment_m: float
    supply: Floats
    demand: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """The rows of a tile with its halo, which homes it owns, and the classes cut to these rows."""

    rows: Rows
    own: Bools
    classes: tuple[Class, ...]


def by_tiles(
    spread: Spread, places: Rows, classes: tuple[Class, ...], snap_limit_m: float
) -> list[Arrays]:
    """Return what `competition` says of each class, to the bit; 0 for homes off the streets.

    `places` holds all rows with their positions as ids.
    """
    held, count = Held(places), len(places.homes)
    owned = tiled.owners(places.homes, spread.tile_m)
    farthest_m = max((each.catchment_m for each in classes), default=0.0)
    halo = tiles.three_step_halo(farthest_m, snap_limit_m)
    answers = spread.map(
        "competition", of_piece, snap_limit_m, list(owned),
        lambda tile: cut(held, halo, classes, tile),
    )  # fmt: skip
    whole: list[Arrays] = []
    for k in range(len(classes)):
        found: dict[str, Any] = {name: np.zeros(count) for name in PLACES}
        found["facilities_in_reach"] = np.zeros(count, dtype=np.int64)
        for tile, arrays in answers.items():
            for name, values in found.items():
                values[owned[tile]] = arrays[f"{name} {k}"]
        whole.append(found)
    return whole


def cut(held: Held, halo: Halo, classes: tuple[Class, ...], tile: Tile) -> Piece:
    """Return what a tile reads."""
    rows, own = tiled.read(held, tile, halo)
    there = held.all_rows.facility_class
    here = np.zeros(len(there), dtype=bool)
    here[rows.facility_ids] = True
    return Piece(
        rows,
        own,
        tuple(
            Class(
                each.name,
                each.catchment_m,
                each.supply[here[there == each.name]],
                each.demand[rows.home_ids],
            )
            for each in classes
        ),
    )


def of_piece(snap_limit_m: float, piece: Piece) -> Arrays:
    """Return what `competition` says of each class for the homes that a tile owns."""
    rows = piece.rows
    joined = tiled.join(rows, snap_limit_m)
    arrays: dict[str, Any] = {}
    for k, each in enumerate(piece.classes):
        found = Pairs(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
        if joined is not None:
            graph, homes = joined
            chosen = np.flatnonzero(rows.facility_class == each.name)
            found = catchment.pairs(graph, chosen, homes, limit_m=each.catchment_m)
        answer = competition(found, each.catchment_m, each.supply, each.demand)
        arrays |= {f"{name} {k}": values[piece.own] for name, values in answer.items()}
    return arrays
