"""A small town for tiles: a regular grid, so that many facilities are equally near."""

import hashlib
from typing import Any

import numpy as np
import shapely

from processing.streets import NONE, Streets
from processing.tiled import Rows

BLOCK_M = 100.0
SIDE = 12
EXTENT = (0.0, 0.0, (SIDE - 1) * BLOCK_M, (SIDE - 1) * BLOCK_M)


def network(*lines: Any) -> Streets:
    """Two-way streets; their ends are junctions by coordinates."""
    shapes = np.array([shapely.LineString(points) for points in lines])
    ends = np.array([[line[0], line[-1]] for line in lines], dtype=float).reshape(-1, 2)
    _, number = np.unique(ends, axis=0, return_inverse=True)
    both = np.ones(len(lines), dtype=bool)
    return Streets(
        ids=np.arange(1, len(lines) + 1), lines=shapes, length_m=shapely.length(shapes),
        start=number.ravel()[::2], end=number.ravel()[1::2], node_count=number.max() + 1,
        forward=both, backward=both, right=np.full(len(lines), NONE),
        barriers=np.empty(0, dtype=object),
    )  # fmt: skip


def rows(streets: Streets, homes: Any, facilities: Any) -> Rows:
    return Rows(
        streets=streets,
        home_ids=np.arange(101, 101 + len(homes)), homes=shapely.points(homes),
        demand=1.0 + np.arange(len(homes)) % 7 / 3,
        facility_ids=np.arange(901, 901 + len(facilities)), facilities=shapely.points(facilities),
        facility_class=np.full(len(facilities), "school", dtype=object),
        supply=10.0 + np.arange(len(facilities)) / 3,
    )  # fmt: skip


def town() -> Rows:
    chance = np.random.default_rng(5)
    at = [(x * BLOCK_M, y * BLOCK_M) for x in range(SIDE) for y in range(SIDE)]
    ways = [(a, (a[0] + BLOCK_M, a[1])) for a in at if a[0] < EXTENT[2]]
    ways += [(a, (a[0], a[1] + BLOCK_M)) for a in at if a[1] < EXTENT[3]]
    kept = chance.random(len(ways)) < 0.85
    homes = chance.uniform(0, EXTENT[2], (300, 2))
    homes[:40] = np.round(homes[:40] / BLOCK_M) * BLOCK_M  # at junctions, on the borders of tiles
    schools = np.round(chance.uniform(0, EXTENT[2], (14, 2)) / 50) * 50
    return rows(network(*(w for w, k in zip(ways, kept, strict=True) if k)), homes, schools)


def checksum(*arrays: Any) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
