"""Small hand-made places for the tests of the walking network; metres in EPSG:32636."""

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from layers.area import seed_areas

METRIC = "EPSG:32636"
ORSHA = seed_areas()["orsha"]
EAST, NORTH = 333_000.0, 6_043_000.0
"""Where x = 0, y = 0 of the small places lies: near Orsha, so that degrees are those of Orsha."""

Point = tuple[float, float]


def place(points: Sequence[Point]) -> list[Point]:
    return [(EAST + x, NORTH + y) for x, y in points]


def streets(*rows: tuple[int, int, Sequence[Point]], foot: Sequence[bool] | None = None) -> Any:
    """Rows of (from node, to node, points); ids from 1."""
    return gpd.GeoDataFrame(
        {
            "foot": [True] * len(rows) if foot is None else list(foot),
            "node_from": [row[0] for row in rows],
            "node_to": [row[1] for row in rows],
        },
        geometry=[shapely.LineString(place(row[2])) for row in rows],
        index=range(1, len(rows) + 1),
        crs=METRIC,
    )


def buildings(*centres: Point, residents: Sequence[int | None] | None = None) -> Any:
    """Houses of 10 by 10 m; ids from 101; two residents each unless given."""
    people = [2] * len(centres) if residents is None else list(residents)
    return gpd.GeoDataFrame(
        {
            "kind": ["residential"] * len(centres),
            "residents": np.array([np.nan if p is None else p for p in people], dtype=float),
        },
        geometry=[shapely.box(x - 5, y - 5, x + 5, y + 5) for x, y in place(centres)],
        index=range(101, 101 + len(centres)),
        crs=METRIC,
    )


def facilities(*rows: tuple[str, float, float]) -> Any:
    """Rows of (service class, x, y); ids from 901."""
    return gpd.GeoDataFrame(
        {"service_class": [row[0] for row in rows]},
        geometry=[shapely.Point(place([row[1:]])[0]) for row in rows],
        index=range(901, 901 + len(rows)),
        crs=METRIC,
    )


def points(*xy: Point) -> Any:
    return np.array([shapely.Point(p) for p in place(xy)], dtype=object)
