"""A city of 100,000 street nodes, 40,000 buildings and 10 classes; networkx on the same network."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import shapely

from benchmarks.place import console
from layers.area import seed_areas
from processing import access, coverage, network
from processing.limits import Limit
from processing.scene import Inputs, scene

AREA = seed_areas()["orsha"]
WEST, SOUTH = 320_000.0, 6_030_000.0
BLOCK_M = 90.0
CLASSES = (
    "school", "kindergarten", "clinic", "pharmacy", "post_office", "shop", "stop", "sports",
    "library", "bank",
)  # fmt: skip
FACILITIES = 50
"""Of each class."""

WANTED_S, WANTED_RATIO = 5.0, 20.0


def main(quick: bool) -> int:
    """Print the times; 1 when networkx finds other distances."""
    side = 100 if quick else 316
    inputs = city(side, buildings=side * side * 2 // 5)
    limits = tuple(Limit(name, 500.0, "user") for name in CLASSES)
    coverage.service_coverage(  # warm: imports, the CRS database
        AREA, limits[:1], city(5, buildings=10), coverage.Options(polygons=False)
    )
    busy = time.process_time()
    whole, _ = timed(
        lambda: coverage.service_coverage(AREA, limits, inputs, coverage.Options(polygons=False))
    )
    say(
        f"{side * side:,} nodes, {len(inputs.buildings):,} buildings, {len(CLASSES)} classes, "
        f"frames to frames, without polygons: {whole:.1f} s "
        f"({time.process_time() - busy:.1f} s of processor)",
        whole < WANTED_S,
        f"under {WANTED_S:.0f} s",
    )
    polygons, _ = timed(lambda: coverage.service_coverage(AREA, limits, inputs, coverage.Options()))
    console.print(f"  with polygons, networks kept from before: {polygons:.1f} s")
    return _against_networkx(inputs)


def _against_networkx(inputs: Inputs) -> int:
    seen = scene(AREA, inputs)
    joined = seen.join(network.walkable(seen.streets_m), snap_limit_m=150.0)
    at = [seen.of_class(name) for name in CLASSES]
    ours, found = timed(lambda: [access.search(joined.graph, f).distance_m for f in at])
    graph: Any = nx.Graph()
    edges = joined.graph.matrix.tocoo()
    graph.add_nodes_from(range(joined.graph.matrix.shape[0]))
    ways = zip(edges.row.tolist(), edges.col.tolist(), edges.data.tolist(), strict=True)
    graph.add_weighted_edges_from(ways)
    theirs, said = timed(
        lambda: [
            nx.multi_source_dijkstra_path_length(
                graph, set(joined.graph.origin_node[f].tolist()), weight="weight"
            )
            for f in at
        ]
    )
    say(
        f"{len(CLASSES)} searches: ours {ours:.2f} s, networkx {theirs:.1f} s, "
        f"ratio {theirs / ours:.0f}",
        theirs / ours >= WANTED_RATIO,
        f"at least {WANTED_RATIO:.0f}",
    )
    wrong = sum(
        not np.allclose(
            metres, [other.get(i, np.inf) for i in range(len(metres))], rtol=1e-12, atol=1e-9
        )
        for metres, other in zip(found, said, strict=True)
    )
    if wrong:
        console.print(f"  networkx finds other distances in {wrong} classes")
    return 1 if wrong else 0


def city(side: int, *, buildings: int) -> Inputs:
    """Return a grid of streets with `side` x `side` bent junctions, and places strewn over it."""
    chance = np.random.default_rng(1)
    x, y = np.meshgrid(np.arange(side), np.arange(side), indexing="ij")
    corner = np.array([WEST, SOUTH])
    nodes = corner + np.stack([x.ravel(), y.ravel()], axis=1) * BLOCK_M
    nodes += chance.uniform(-20, 20, nodes.shape)
    number = np.arange(side * side).reshape(side, side)
    ends = np.concatenate(
        [
            np.stack([number[:-1].ravel(), number[1:].ravel()], axis=1),
            np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()], axis=1),
        ]
    )
    oneway = np.where(chance.random(len(ends)) < 0.2, "forward", "no")
    streets = _frame(
        shapely.linestrings(nodes[ends]),
        foot=True, bicycle=chance.random(len(ends)) < 0.9, oneway=oneway,
        node_from=ends[:, 0], node_to=ends[:, 1],
    )  # fmt: skip
    spots = corner + chance.uniform(0, (side - 1) * BLOCK_M, (buildings, 2))
    homes = _frame(
        shapely.box(spots[:, 0], spots[:, 1], spots[:, 0] + 12, spots[:, 1] + 30),
        residents=chance.integers(1, 200, buildings),
        dwellings=chance.integers(1, 80, buildings),
    )
    places = corner + chance.uniform(0, (side - 1) * BLOCK_M, (FACILITIES * len(CLASSES), 2))
    points = _frame(shapely.points(places), service_class=np.repeat(CLASSES, FACILITIES))
    return Inputs(buildings=homes, streets=streets, service_points=points)


def _frame(shapes: Any, **columns: Any) -> gpd.GeoDataFrame:
    count = len(shapes)
    filled = {name: np.broadcast_to(values, count) for name, values in columns.items()}
    made = gpd.GeoDataFrame(filled, geometry=shapes, index=np.arange(1, count + 1), crs=AREA.srid)
    return made.to_crs(4326)


def timed[T](work: Callable[[], T]) -> tuple[float, T]:
    """Return the seconds that the work took, and what it gave."""
    started = time.perf_counter()
    done = work()
    return time.perf_counter() - started, done


def say(line: str, reached: bool, wanted: str) -> None:
    """Print a figure with what is wanted of it."""
    console.print(f"{line} (wanted: {wanted}: {'reached' if reached else 'MISSED'})")
