"""Location problems for the tests: small random towns, and the published sets."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import floyd_warshall

from processing.location.problem import Problem, problem


def random_problem(seed: int, *, demand: int = 25, sites: int = 9, existing: int = 0) -> Problem:
    """Points in a square kilometre; whole metres and persons."""
    chance = np.random.default_rng(seed)
    homes, places = chance.integers(0, 1000, (demand, 2)), chance.integers(0, 1000, (sites, 2))
    there = chance.integers(0, 1000, (existing, 2))

    def ways(to: Any) -> Any:
        return np.rint(np.hypot(*(homes[:, None] - to[None]).transpose(2, 0, 1)))

    known = ways(there).min(axis=1) if existing else None
    return problem(ways(places), chance.integers(1, 200, demand).astype(float), known)


def read_pmed(file: Path) -> tuple[Problem, int]:
    """An instance of Beasley's OR-library: all nodes are demand and site; p is the second value.

    Of an edge that is there twice the last cost counts.
    """
    nodes, edges, count, *rest = (int(word) for word in file.read_text().split())
    distance = np.full((nodes, nodes), np.inf)
    np.fill_diagonal(distance, 0)
    for a, b, cost in np.array(rest[: 3 * edges]).reshape(-1, 3):
        distance[a - 1, b - 1] = distance[b - 1, a - 1] = cost
    return problem(floyd_warshall(distance), np.ones(nodes)), count


def read_san_francisco(folder: Path) -> Problem:
    """205 census tracts and 16 sites with network distances, as the tests of spopt read them."""
    ways = pd.read_csv(folder / "SF_network_distance_candidateStore_16_censusTract_205_new.csv")
    matrix = ways.pivot_table(values="distance", index="DestinationName", columns="name")
    tracts = pd.read_csv(folder / "SF_demand_205_centroid_uniform_weight.csv", index_col=0)
    people = tracts.sort_values(by=["NAME"])["POP2000"].to_numpy(dtype=float)
    return problem(matrix.to_numpy(dtype=float), people)
