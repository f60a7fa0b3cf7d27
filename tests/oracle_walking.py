"""Walking distances by another way: networkx on a graph made point by point along every street.

Shares no code and no idea with `processing`: no spatial index, no linear referencing, no sparse
matrix. Every vertex of every street is a node; a place joins by plain vector algebra against all
segments. Slow, short and easy to believe.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import hypot, inf, isinf
from typing import Any

import networkx as nx
import numpy as np
import pytest

XY = tuple[float, float]


@dataclass(frozen=True)
class Way:
    """A street by the nodes along it; equal node names are the same place."""

    nodes: Sequence[object]
    points: Sequence[XY]


class Walk:
    """A walking network that places can be added to, then asked for distances."""

    def __init__(self, ways: Sequence[Way], snap_limit_m: float) -> None:
        self.limit = snap_limit_m
        self.ends = [
            ((way.nodes[i], way.nodes[i + 1]), way.points[i], way.points[i + 1])
            for way in ways
            for i in range(len(way.points) - 1)
        ]
        self.a = np.array([a for _, a, _ in self.ends])
        self.d = np.array([b for _, _, b in self.ends]) - self.a
        self.square = (self.d**2).sum(axis=1)
        self.on: dict[int, list[tuple[float, object]]] = {}
        self.connector: dict[object, float] = {}
        self.ambiguous: set[object] = set()
        """Places with two nearest points of the network, e.g. between two parallel streets."""

    def add(self, name: object, point: XY | None) -> bool:
        """Join a place to the nearest segment; False when none is near enough."""
        if point is None:
            return False
        to = np.array(point) - self.a
        safe = np.where(self.square == 0, 1, self.square)
        t = np.clip((to * self.d).sum(axis=1) / safe, 0, 1)
        away = to - t[:, None] * self.d
        distance = np.hypot(away[:, 0], away[:, 1])
        k = int(distance.argmin())
        if distance[k] > self.limit:
            return False
        near = np.flatnonzero(distance <= distance[k] + 1e-6)
        if len({self._spot(int(i), float(t[i])) for i in near}) > 1:
            self.ambiguous.add(name)
        self.on.setdefault(k, []).append((float(t[k]), name))
        self.connector[name] = float(distance[k])
        return True

    def _spot(self, k: int, t: float) -> object:
        (start, end), length = self.ends[k][0], hypot(*self.d[k])
        if t * length < 1e-6:
            return start
        return end if (1 - t) * length < 1e-6 else ("segment", k)

    def graph(self) -> nx.MultiGraph:
        made: nx.MultiGraph = nx.MultiGraph()
        for k, ((a, b), _, _) in enumerate(self.ends):
            length = hypot(*self.d[k])
            row = [(0.0, a), *sorted(self.on.get(k, []), key=lambda p: p[0]), (1.0, b)]
            joins = [
                (t, n if t_n == 0 or t_n == len(row) - 1 else ("foot", n))
                for t_n, (t, n) in enumerate(row)
            ]
            for (t1, n1), (t2, n2) in pairwise(joins):
                made.add_edge(n1, n2, weight=(t2 - t1) * length)
        for name, metres in self.connector.items():
            made.add_edge(("door", name), ("foot", name), weight=metres)
        return made

    def distances(
        self, homes: Sequence[object], shops: Mapping[str, Sequence[object]]
    ) -> dict[str, dict[object, float]]:
        """Metres by class and home; inf = no path. Homes and shops that did not join are absent."""
        # A home's door hangs on the street by its own way only, so no path leads through it.
        graph = self.graph()
        found = {}
        for service_class, names in shops.items():
            sources = {("door", n) for n in names if n in self.connector}
            reached = (
                nx.multi_source_dijkstra_path_length(graph, sources, weight="weight")
                if sources
                else {}
            )
            found[service_class] = {
                h: reached.get(("door", h), inf) for h in homes if h in self.connector
            }
        return found


def ways_of(roads: Any) -> list[Way]:
    """Streets point by point; only the junctions are shared."""
    ways = []
    for i, row in roads.iterrows():
        xy = list(row.geometry.coords)
        inner = [(i, k) for k in range(1, len(xy) - 1)]
        ways.append(Way([row.node_from, *inner, row.node_to], xy))
    return ways


def oracle(ways: Sequence[Way], homes: Any, points: Any, *, snap_limit_m: float = 150.0) -> Walk:
    """Join the homes' doors and the facilities to the oracle's own network."""
    walk = Walk(ways, snap_limit_m)
    doors = homes.geometry.centroid
    doors = doors.where(homes.geometry.covers(doors), homes.geometry.representative_point())
    for i, point in doors.items():
        walk.add(("home", i), (point.x, point.y))
    for i, point in points.geometry.items():
        walk.add(("shop", i), (point.x, point.y))
    return walk


def assert_agree(found: Any, walk: Walk, homes: Any, points: Any) -> int:
    """Every building and class: the same outcome, the same distance to a micrometre.

    Returns how many distances were compared.
    """
    shops = {
        service_class: [("shop", i) for i in group.index]
        for service_class, group in points.groupby("service_class")
    }
    expected = walk.distances([("home", i) for i in homes.index], shops)
    unknown = {c for c, names in shops.items() if not any(n in walk.connector for n in names)}
    compared = 0
    for row in found.itertuples():
        to_any = expected.get(row.service_class, dict.fromkeys(walk.connector, inf))
        way_m = to_any.get(("home", row.building_id))
        if way_m is None or row.service_class in unknown:
            assert row.coverage == "unsnapped"
        elif isinf(way_m):
            assert row.coverage == "unreachable"
        else:
            assert row.distance_m == pytest.approx(way_m, rel=0, abs=1e-6)
            assert (row.coverage == "covered") == (row.distance_m <= row.limit_m)
            compared += 1
    return compared
