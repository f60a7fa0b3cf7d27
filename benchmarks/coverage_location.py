"""The p-median of Beasley's OR-library: pmed1 to pmed20 together, 21 to 40 one by one."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from scipy.sparse.csgraph import floyd_warshall

from benchmarks.coverage_network import say, timed
from benchmarks.place import console
from processing.location.median import median
from processing.location.problem import Problem, problem

WANTED_S = 60.0


def main(quick: bool) -> int:
    """Print which instances are proven optimal and in what time; 1 when an optimum is missed."""
    given = os.environ.get("GEOPORTAL_REFERENCE_DIR")
    if not given or not (Path(given) / "orlib-pmed").is_dir():
        console.print("p-median: left out, GEOPORTAL_REFERENCE_DIR names no orlib-pmed")
        return 0
    folder = Path(given) / "orlib-pmed"
    lines = (folder / "pmedopt.txt").read_text().splitlines()[1:]
    optima = {name: int(value) for name, value in (line.split() for line in lines if line.strip())}
    first = [_one(folder, k, optima) for k in range(1, 21)]
    total = sum(seconds for seconds, *_ in first)
    proven = sum(proof for _, proof, _ in first)
    say(f"pmed1-20: {proven} of 20 proven in {total:.1f} s", total < WANTED_S, "under 60 s")
    rest = [] if quick else [_one(folder, k, optima) for k in range(21, 41)]
    for k, (seconds, proof, _) in enumerate(rest, start=21):
        console.print(f"  pmed{k}: {'proven' if proof else 'NOT PROVEN'} in {seconds:.1f} s")
    return 0 if all(right for _, _, right in [*first, *rest]) else 1


def _one(folder: Path, k: int, optima: dict[str, int]) -> tuple[float, bool, bool]:
    asked, count = _read(folder / "test-data" / f"pmed{k}.txt")
    seconds, found = timed(lambda: median(asked, count))
    best = optima[f"pmed{k}"]
    right = found.objective == best if found.proven else found.bound <= best <= found.objective
    if not right:
        console.print(f"  pmed{k}: {found.objective} is not the optimum {best}")
    return seconds, found.proven, right


def _read(file: Path) -> tuple[Problem, int]:
    """Return an instance: of an edge that is there twice the last cost counts."""
    nodes, edges, count, *rest = (int(word) for word in file.read_text().split())
    distance = np.full((nodes, nodes), np.inf)
    np.fill_diagonal(distance, 0)
    for a, b, cost in np.array(rest[: 3 * edges]).reshape(-1, 3):
        distance[a - 1, b - 1] = distance[b - 1, a - 1] = cost
    return problem(floyd_warshall(distance), np.ones(nodes)), count
