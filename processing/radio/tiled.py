"""Received levels by tiles: each reads the stations within the range of the models asked.

A station beyond the range of every model is not computable, and says so only where no station is
nearer: those that are nearest to some point of the tile are read, too. Roofs, terrain and clutter
are sent whole, once to each worker, because a ray may cross all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from processing import tiles
from processing.network import Ints
from processing.radio import hata, p1411, p1411_roofs, p1812, tr38901
from processing.radio.coverage import NONE, Question, Received, Stations, received
from processing.radio.loss import Floats
from processing.radio.models import Model
from processing.spread import Arrays, Spread
from processing.tiles import ROUNDING_M, Box, Tile

RANGE_M: dict[Model, float] = {
    "p1411": max(p1411.SIGHT_M[1], p1411_roofs.DISTANCE_M[1]),
    "p1411_low": max(p1411.GENERAL_SIGHT_M[1], p1411.GENERAL_HIDDEN_M[1]),
    "p1812": 1e3 * p1812.DISTANCE_KM[1],
    "hata": 1e3 * hata.DISTANCE_KM[1],
    "cost231": 1e3 * hata.DISTANCE_KM[1],
    "uma": tr38901.DISTANCE_M["uma"][1],
    "umi": tr38901.DISTANCE_M["umi"][1],
    "rma": tr38901.DISTANCE_M["rma"][1],
}
"""How far a model holds at most."""


def radio_halo_m(models: tuple[Model, ...]) -> float:
    """Return how far from a tile a station may be heard in it: the longest range of the models."""
    return max(RANGE_M[model] for model in models) + ROUNDING_M


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """The points of a tile, and the stations that it reads."""

    ends: Floats
    stations: Stations


def received_by_tiles(
    spread: Spread | None, step: str, stations: Stations, ends: Floats, question: Question
) -> Received:
    """Return what `received` returns, to the bit; without `spread` computed at once."""
    if spread is None:
        return received(stations, ends, question)
    owned = tiles.owners(ends[:, 0], ends[:, 1], spread.tile_m)
    halo_m = radio_halo_m(question.models)
    heard = {tile: near(stations, tile, halo_m) for tile in owned}

    def cut(tile: Tile) -> Piece:
        return Piece(ends[owned[tile]], _chosen(stations, heard[tile]))

    found = spread.map(step, of_piece, question, list(owned), cut)
    whole: dict[str, Any] = {}
    for tile, arrays in found.items():
        server = arrays["server"]
        numbers = np.where(server == NONE, NONE, heard[tile][server] if len(heard[tile]) else NONE)
        for name, values in {**arrays, "server": numbers}.items():
            whole.setdefault(name, np.empty(len(ends), dtype=values.dtype))[owned[tile]] = values
    return Received(**whole) if whole else received(stations, ends, question)


def near(stations: Stations, tile: Tile, halo_m: float) -> Ints:
    """Return the stations within the halo of a tile, and those nearest to some point of it."""
    least = tile.away_m(stations.x, stations.y)
    most = _farthest_m(tile.box(), stations.x, stations.y)
    kept = (least <= halo_m) | (least <= most.min(initial=np.inf) + ROUNDING_M)
    found: Ints = np.flatnonzero(kept)
    return found


def _farthest_m(box: Box, x: Floats, y: Floats) -> Floats:
    """Return the distances to the farthest points of a box."""
    west, south, east, north = box
    far: Floats = np.hypot(
        np.maximum(np.abs(x - west), np.abs(x - east)),
        np.maximum(np.abs(y - south), np.abs(y - north)),
    )
    return far


def _chosen(stations: Stations, kept: Ints) -> Stations:
    arrays: dict[str, Any] = {
        each.name: value[kept]
        for each in fields(stations)
        if isinstance(value := getattr(stations, each.name), np.ndarray)
    }
    return replace(stations, **arrays)


def of_piece(question: Question, piece: Piece) -> Arrays:
    """Return the fields of Received for a tile's points; servers count in its own stations."""
    levels = received(piece.stations, piece.ends, question)
    return {each.name: getattr(levels, each.name) for each in fields(levels)}
