"""A country of 5 million street nodes and 3 million buildings, one class, in tiles on 2 workers."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import shapely

from benchmarks.coverage_network import say
from benchmarks.place import console, folder
from processing import tiled, tiles
from processing.distributed import Engine, hands
from processing.streets import NONE, Streets
from processing.tiled import Nearest, Rows
from processing.tiles import Box, Tile

NODES, BUILDINGS, FACILITIES = 5_000_000, 3_000_000, 4_000
QUICK = 50
BLOCK_M, BEND_M = 90.0, 20.0
TILE_M = 12_000.0
LIMIT_M, SNAP_M = 1_000.0, 150.0
WORKERS = 2
WANTED_S, WANTED_MB = 600.0, 6_000.0
SAMPLE = 3
"""So many tiles are computed again, in quarters, and must give the same bits."""


def main(quick: bool, features: int | None) -> int:
    """Print time and memory; 1 when other tiles, or none, give other distances."""
    buildings = features or (BUILDINGS // QUICK if quick else BUILDINGS)
    side = round((NODES * buildings / BUILDINGS) ** 0.5)
    with folder() as inside:
        source = country(inside, side, buildings, max(1, FACILITIES * buildings // BUILDINGS))
        plan = tiles.plan((0.0, 0.0, side * BLOCK_M, side * BLOCK_M), TILE_M)
        started = time.perf_counter()
        with Memory() as memory, hands(Engine(workers=WORKERS)) as workers:
            found = dict(workers.do(_work, source, ((tile, tile) for tile in plan)))
            whole = tiled.nearest_together(found.values())
        seconds = time.perf_counter() - started
        console.print(
            f"{side * side:,} street nodes, {len(whole.home_ids):,} buildings,"
            f" {len(plan)} tiles of {TILE_M / 1000:g} km, {WORKERS} workers:"
            f" {np.isfinite(whole.distance_m).mean():.1%} within {LIMIT_M:g} m,"
            f" checksum {checksum(whole)[:12]}"
        )
        say(f"  {seconds:.0f} s", seconds < WANTED_S, f"under {WANTED_S:.0f} s")
        say(
            f"  {memory.peak_mb:,.0f} MB in all processes at the peak",
            memory.peak_mb < WANTED_MB, f"under {WANTED_MB:,.0f} MB",
        )  # fmt: skip
        wrong = len(whole.home_ids) != buildings
        small = buildings <= BUILDINGS // 10
        wrong |= _untiled(source, whole) if small else _quartered(source, found)
    return int(wrong)


def _work(source: Files, tile: Tile) -> Nearest:
    halo = tiles.nearest_halo(LIMIT_M, SNAP_M)
    return tiled.nearest_of_tile(source, tile, halo, "school", limit_m=LIMIT_M, snap_limit_m=SNAP_M)


def _untiled(source: Files, whole: Nearest) -> bool:
    everywhere = (-np.inf, -np.inf, np.inf, np.inf)
    started = time.perf_counter()
    rows = source.rows(everywhere, everywhere)
    untiled = tiled.nearest(rows, "school", limit_m=LIMIT_M, snap_limit_m=SNAP_M)
    same = checksum(untiled) == checksum(whole)
    seconds = time.perf_counter() - started
    console.print(f"  untiled, one process: {seconds:.0f} s, same bits: {'yes' if same else 'NO'}")
    return not same


def _quartered(source: Files, found: dict[Tile, Nearest]) -> bool:
    """Compute some tiles again in quarters; tell whether any bit differs."""
    sample = list(found)[:: max(1, len(found) // SAMPLE)][:SAMPLE]
    wrong = False
    for tile in sample:
        west, south, east, north = tile.box(-1.0)
        quarters = tiles.plan((west, south, east, north), tile.size_m / 2)
        again = tiled.nearest_together(_work(source, quarter) for quarter in quarters)
        wrong |= checksum(again) != checksum(tiled.nearest_together([found[tile]]))
    console.print(f"  {len(sample)} tiles again in quarters, same bits: {'NO' if wrong else 'yes'}")
    return wrong


def checksum(found: Nearest) -> str:
    """Return the SHA-256 of the bits of a result."""
    digest = hashlib.sha256()
    for array in (found.home_ids, found.distance_m, found.facility_id):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Files:
    """A source of rows in .npy files, of which a worker maps what lies in its boxes.

    Rows are in the order of their west edges, so a box is one slice of each file; the longest edge
    widens it, because only one end of each street is in that order.
    """

    folder: Path
    longest_m: float

    def rows(self, places: Box, streets: Box) -> Rows:
        """Return the rows in these boxes."""
        home_ids, homes = self._points("home", places)
        facility_ids, facilities = self._points("facility", places)
        return Rows(
            streets=self._streets(streets),
            home_ids=home_ids, homes=homes, demand=np.ones(len(homes)),
            facility_ids=facility_ids, facilities=facilities,
            facility_class=np.full(len(facilities), "school", dtype=object),
            supply=np.ones(len(facilities)),
        )  # fmt: skip

    def _points(self, name: str, box: Box) -> tuple[Any, Any]:
        west, south, east, north = box
        xy = np.load(self.folder / f"{name}.npy", mmap_mode="r")
        first, last = np.searchsorted(xy[:, 0], [west, east])
        near = np.asarray(xy[first:last])
        kept = np.flatnonzero((near[:, 1] >= south) & (near[:, 1] <= north))
        return first + kept + 1, shapely.points(near[kept])

    def _streets(self, box: Box) -> Streets:
        west, south, east, north = box
        ends = np.load(self.folder / "street.npy", mmap_mode="r")
        nodes = np.load(self.folder / "node.npy", mmap_mode="r")
        from_x = np.load(self.folder / "street_west.npy", mmap_mode="r")
        first, last = np.searchsorted(from_x, [west - self.longest_m, east])
        joined = np.asarray(ends[first:last])
        y = nodes[joined, 1]
        kept = np.flatnonzero((y.max(axis=1) >= south) & (y.min(axis=1) <= north))
        lines = shapely.linestrings(nodes[joined[kept]])
        here, number = np.unique(joined[kept], return_inverse=True)
        number = number.reshape(-1, 2)
        both = np.ones(len(kept), dtype=bool)
        return Streets(
            ids=first + kept + 1, lines=lines, length_m=shapely.length(lines),
            start=number[:, 0], end=number[:, 1], node_count=len(here),
            forward=both, backward=both, right=np.full(len(kept), NONE),
            barriers=np.empty(0, dtype=object),
        )  # fmt: skip


def country(inside: Path, side: int, buildings: int, facilities: int) -> Files:
    """Write a bent grid with a third of its streets missing, and places strewn over it."""
    chance = np.random.default_rng(1)
    grid = np.stack(np.divmod(np.arange(side * side), side), axis=1)
    nodes = grid * BLOCK_M + chance.uniform(-BEND_M, BEND_M, (side * side, 2))
    number = np.arange(side * side).reshape(side, side)
    pairs = ((number[:-1], number[1:]), (number[:, :-1], number[:, 1:]))
    ends = np.concatenate([np.stack([a.ravel(), b.ravel()], axis=1) for a, b in pairs])
    ends = ends[chance.random(len(ends)) < 2 / 3].astype(np.int32)
    west = nodes[ends, 0].min(axis=1)
    order = np.argsort(west, kind="stable")
    np.save(inside / "node.npy", nodes)
    np.save(inside / "street.npy", ends[order])
    np.save(inside / "street_west.npy", west[order])
    for name, count in (("home", buildings), ("facility", facilities)):
        spots = chance.uniform(0, (side - 1) * BLOCK_M, (count, 2))
        np.save(inside / f"{name}.npy", spots[np.argsort(spots[:, 0], kind="stable")])
    return Files(
        inside, longest_m=float(np.hypot(*(nodes[ends[:, 0]] - nodes[ends[:, 1]]).T).max())
    )


class Memory:
    """The largest sum of the proportional memory (PSS) of this process and its descendants."""

    def __init__(self, every_s: float = 0.5) -> None:
        """Measure again after so many seconds."""
        self.peak_mb = 0.0
        self._every_s = every_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        """Start to measure."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(self._every_s):
            self.peak_mb = max(self.peak_mb, sum(map(_pss_mb, _family(os.getpid()))))


def _family(root: int) -> list[int]:
    """Return a process and all its descendants."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:  # it has just ended
                continue
            parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    family = [root]
    for one in family:
        family += [child for child, parent in parents.items() if parent == one]
    return family


def _pss_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
