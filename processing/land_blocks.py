"""What covers sites, in blocks of a fixed size: at once or by tiles, the same blocks.

Unions and cells cut by an edge are computed in floating point from all that is given together, so
their last bits hang on it. Here that is what touches the sites of one block, whoever computes it: a
block reads whole what its sites touch, however far it reaches, and a tile is some of the blocks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from processing import land, tiles
from processing.network import Floats, Geometries, Ints
from processing.raster import Raster
from processing.spread import Arrays, Spread
from processing.tiles import Tile

BLOCK_M = 500.0


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What sites may be covered by, in one metric CRS; None = not known."""

    buildings: Geometries
    green: Geometries | None
    cover: Raster | None
    classes: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Covered:
    """For each site its land cover and green (m2; NaN = not known); parts of buildings in sites.

    A part lies in `site` and is of `building` (positions), in order of both.
    """

    cover: land.Cover
    green_m2: Floats
    site: Ints
    building: Ints
    built_m2: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Sites, and what touches them; `site` and `building` are their positions among all."""

    site: Ints
    sites: Geometries
    building: Ints
    ground: Ground


def covered(sites: Geometries, ground: Ground, spread: Spread | None) -> Covered:
    """Return what covers the sites (polygons).

    Raises BadParameter when a cell of the raster holds a value that is none of the classes.
    """
    if ground.cover is not None:
        land.require_classes(ground.cover, ground.classes)
    at = shapely.get_coordinates(shapely.point_on_surface(sites))
    owned = tiles.owners(at[:, 0], at[:, 1], BLOCK_M)
    trees = _Trees(sites, ground)
    if spread is None:
        found = [of_block(trees.block(site)) for site in owned.values()]
    else:
        found = _by_tiles(spread, owned, trees)
    return _together(found, len(sites), ground.classes)


def _by_tiles(spread: Spread, owned: Mapping[Tile, Ints], trees: _Trees) -> list[Arrays]:
    blocks = list(owned)
    corner = np.array([block.box()[:2] for block in blocks]).reshape(-1, 2)
    held = tiles.owners(corner[:, 0], corner[:, 1], spread.tile_m)
    answers = spread.map(
        "land", of_blocks, None, list(held),
        lambda tile: [trees.block(owned[blocks[k]]) for k in held[tile].tolist()],
    )  # fmt: skip
    return list(answers.values())


class _Trees:
    """Finds what touches some sites."""

    def __init__(self, sites: Geometries, ground: Ground) -> None:
        self.sites, self.ground = sites, ground
        self.buildings = shapely.STRtree(ground.buildings)
        self.green = None if ground.green is None else shapely.STRtree(ground.green)

    def block(self, site: Ints) -> Block:
        """Return the block of these sites."""
        sites, ground = self.sites[site], self.ground
        building = np.unique(self.buildings.query(sites)[1])
        green, cover = ground.green, ground.cover
        if green is not None and self.green is not None:
            green = green[np.unique(self.green.query(sites)[1])]
        if cover is not None:
            cover = window(cover, shapely.total_bounds(sites))
        return Block(
            site, sites, building, Ground(ground.buildings[building], green, cover, ground.classes)
        )


def window(raster: Raster, bounds: Floats) -> Raster:
    """Return the cells that touch a box (west, south, east, north), one at least."""
    a, _, c, _, e, f = raster.transform
    rows, columns = raster.values.shape
    west, south, east, north = bounds

    column = _cells(math.floor((west - c) / a), math.ceil((east - c) / a), columns)
    row = _cells(math.floor((north - f) / e), math.ceil((south - f) / e), rows)
    moved = (a, 0.0, c + a * column.start, 0.0, e, f + e * row.start)
    return Raster(raster.values[row, column], moved, raster.crs, raster.nodata)


def _cells(first: int, end: int, count: int) -> slice:
    first = min(max(first, 0), count - 1)
    return slice(first, max(min(end, count), first + 1))


def of_blocks(_: None, blocks: Sequence[Block]) -> Arrays:
    """Return what covers the sites of some blocks."""
    each = [of_block(block) for block in blocks]
    return {name: np.concatenate([one[name] for one in each]) for name in each[0]}


def of_block(block: Block) -> Arrays:
    """Return what covers the sites of a block; site and building as positions among all."""
    sites, ground = block.sites, block.ground
    number, building, built_m2 = land.parts(sites, ground.buildings)
    green_m2 = np.full(len(sites), np.nan)
    if ground.green is not None:
        green_m2 = land.overlay_m2(sites, ground.green)
    area_m2 = np.full((len(sites), len(ground.classes)), np.nan)
    if ground.cover is not None:
        found = land.cover(sites, ground.cover, ground.classes)
        area_m2 = np.stack([found.area_m2[value] for value in ground.classes], axis=1)
    return {
        "site": block.site, "green_m2": green_m2, "area_m2": area_m2,
        "part_site": block.site[number], "part_building": block.building[building],
        "part_m2": built_m2,
    }  # fmt: skip


def _together(found: Sequence[Arrays], count: int, classes: tuple[int, ...]) -> Covered:
    """Return the sites of all blocks in their order, in whatever order the blocks come."""
    green_m2, area_m2 = np.full(count, np.nan), np.full((count, len(classes)), np.nan)
    for one in found:
        green_m2[one["site"]], area_m2[one["site"]] = one["green_m2"], one["area_m2"]
    cover = {value: area_m2[:, k].copy() for k, value in enumerate(classes)}
    known_m2 = np.sum(list(cover.values()), axis=0)
    site, building, built_m2 = (
        np.concatenate([one[name] for one in found])
        for name in ("part_site", "part_building", "part_m2")
    )
    order = np.lexsort((building, site))
    return Covered(
        land.Cover(cover, known_m2), green_m2, site[order], building[order], built_m2[order]
    )
