"""A generated OpenStreetMap extract: a grid of streets with houses, shops, lamps and lawns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import osmium
from osmium.osm.mutable import Node, Relation, Way

LON, LAT = 30.0, 54.0
EAST, NORTH = 1.53e-5, 8.98e-6
"""Degrees of a metre at that place, nearly."""
STEP_M, ROW_M, PLOT_M = 25, 60, 40
CROSSING = 10
"""Every so many nodes of a street another one crosses it."""
WAY_NODES = 20

KINDS = ("house", "yes", "apartments", "yes", "garage", "detached", "shed", "retail")
STREETS = ("residential", "service", "tertiary", "footway", "residential", "living_street")
SHOPS = ("convenience", "bakery", "hairdresser", "clothes")
Tags = dict[str, str]


@dataclass(frozen=True)
class Counts:
    """How much there is; `street_nodes` and `buildings` are nearly those asked for."""

    street_nodes: int
    buildings: int
    streets: int
    service_points: int
    street_lights: int
    green_areas: int


class _City:
    """Draws a square of `side` streets with as many nodes each."""

    def __init__(self, writer: osmium.SimpleWriter, side: int) -> None:
        self._writer = writer
        self.side = side
        self._last = 0
        self._ways: list[tuple[list[int], Tags]] = []
        self._lawns: list[int] = []
        self.counts = {"service_points": 0, "street_lights": 0, "green_areas": 0}

    def node(self, east_m: float, north_m: float, tags: Tags | None = None) -> int:
        self._last += 1
        place = (LON + east_m * EAST, LAT + north_m * NORTH)
        self._writer.add_node(Node(id=self._last, version=1, location=place, tags=tags or {}))
        return self._last

    def streets(self) -> int:
        side = self.side
        grid = [[self.node(STEP_M * i, ROW_M * j) for i in range(side)] for j in range(side)]
        lines = [(row, f"вул. {n}-я") for n, row in enumerate(grid)]
        for i in range(0, side, CROSSING):
            lines.append(([row[i] for row in grid], f"зав. {i}-ы"))
        for n, (line, name) in enumerate(lines):
            kind = STREETS[n % len(STREETS)]
            for start in range(0, side - 1, WAY_NODES):
                tags = {"highway": kind, "name": name, "lit": "yes", "surface": "asphalt"}
                self._ways.append((line[start : start + WAY_NODES + 1], tags))
        return len(self._ways)

    def plot(self, number: int, row: int, column: int) -> None:
        """A house with an address, every fifth with a wing; by turns a lamp, a shop, a lawn."""
        x, y = PLOT_M * column + 3.0, ROW_M * row + 10.0
        outline = [(0, 0), (14, 0), (14, 10), (0, 10)]
        if number % 5 == 0:
            outline = [(0, 0), (14, 0), (14, 18), (8, 18), (8, 10), (0, 10)]
        tags = {
            "building": KINDS[number % len(KINDS)],
            "addr:street": f"вул. {row}-я",
            "addr:housenumber": str(column + 1),
            "building:levels": str(1 + number % 9),
        }
        self._ring([(x + dx, y + dy) for dx, dy in outline], tags)
        if number % 12 == 0:
            self.node(x, y - 7, {"highway": "street_lamp", "light:method": "LED"})
            self.counts["street_lights"] += 1
        if number % 30 == 0:
            shop = {"shop": SHOPS[number // 30 % len(SHOPS)], "name": f"Крама {number}"}
            self.node(x + 5, y + 5, shop)
            self.counts["service_points"] += 1
        if number % 40 == 0:
            self._lawn(x, y, relation=number % 400 == 0)

    def _lawn(self, x: float, y: float, *, relation: bool) -> None:
        corners = [(x, y + 22), (x + 20, y + 22), (x + 20, y + 36), (x, y + 36)]
        self._ring(corners, {} if relation else {"landuse": "grass"})
        if relation:
            self._lawns.append(len(self._ways))
        self.counts["green_areas"] += 1

    def _ring(self, corners: list[tuple[float, float]], tags: Tags) -> None:
        ring = [self.node(*corner) for corner in corners]
        self._ways.append(([*ring, ring[0]], tags))

    def finish(self) -> None:
        """Ways and relations come after all nodes."""
        for number, (nodes, tags) in enumerate(self._ways, 1):
            self._writer.add_way(Way(id=number, version=1, nodes=nodes, tags=tags))
        for number, way in enumerate(self._lawns, 1):
            tags = {"type": "multipolygon", "leisure": "park", "name": f"Парк {number}"}
            members = [("w", way, "outer")]
            self._writer.add_relation(Relation(id=number, version=1, members=members, tags=tags))


def write(file: Path, buildings: int) -> Counts:
    """Write an extract of about so many buildings and 5/3 as many nodes of streets."""
    side = round((buildings * 5 / 3) ** 0.5)
    header = osmium.io.Header()  # with a box, as extracts have it
    corner = (LON + STEP_M * side * EAST, LAT + ROW_M * side * NORTH)
    header.add_box(osmium.osm.Box(LON, LAT, *corner))
    with osmium.SimpleWriter(str(file), overwrite=True, header=header) as writer:
        city = _City(writer, side)
        streets = city.streets()
        columns = STEP_M * city.side // PLOT_M
        number = 0
        for row in range(city.side):
            for column in range(columns):
                city.plot(number, row, column)
                number += 1
        city.finish()
    return Counts(street_nodes=city.side**2, buildings=number, streets=streets, **city.counts)
