"""Illuminance by tiles: each reads the lamps within their cut-off radius of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from processing import tiles
from processing.lighting.illuminance import Lamps, illuminance
from processing.lighting.luminaire import Floats, Luminaire
from processing.spread import Arrays, Spread
from processing.tiles import Tile


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """The points of a tile, and the lamps that may light them."""

    points: Floats
    lamps: Lamps


@dataclass(frozen=True, slots=True)
class Common:
    """What is the same for all tiles."""

    luminaires: Sequence[Luminaire]
    cutoff_heights: float


def illuminance_by_tiles(
    spread: Spread, step: str, points: Floats, lamps: Lamps, common: Common
) -> Floats:
    """Return what `illuminance` returns, to the bit."""
    owned = tiles.owners(points[:, 0], points[:, 1], spread.tile_m)
    found = spread.map(
        step,
        of_piece,
        common,
        list(owned),
        lambda tile: Piece(points[owned[tile]], near(lamps, tile, common.cutoff_heights)),
    )
    lux = np.zeros(len(points))
    for tile, arrays in found.items():
        lux[owned[tile]] = arrays["lux"]
    return lux


def near(lamps: Lamps, tile: Tile, cutoff_heights: float) -> Lamps:
    """Return the lamps whose light counts in a tile, in the same order."""
    halo = [tiles.lighting_halo_m(height, cutoff_heights) for height in lamps.height_m.tolist()]
    return lamps.of(tile.away_m(lamps.x, lamps.y) <= np.array(halo))


def of_piece(common: Common, piece: Piece) -> Arrays:
    """Return the illuminance `lux` of a tile's points."""
    lux = illuminance(
        piece.points, piece.lamps, common.luminaires, cutoff_heights=common.cutoff_heights
    )
    return {"lux": lux}
