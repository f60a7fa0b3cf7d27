"""The plan of one quarter: sixteen blocks on a grid of streets, and the outskirts south of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import shapely

from processing.demo import blocks
from processing.demo.sketch import (
    SIDE_M,
    Block,
    Building,
    Green,
    Pen,
    Point,
    Sketch,
    Slot,
    Spot,
    Way,
    turned,
)

LATTICE = 4
"""Inner streets meet the main streets at SIDE_M / LATTICE and its multiples, in every quarter."""

STEP_M = SIDE_M / LATTICE
SIDEWALK_M = 12.0
MAIN_HALF_M = 20.0
SOUTH_M = 400.0
"""How far the outskirts reach south of the quarter."""

INNER_STREETS = 10
"""Names a quarter needs for itself: three streets each way and four lanes."""


def _main_street(side: int) -> Way:
    line = shapely.LineString([turned(0, 0, side), turned(SIDE_M, 0, side)])
    return Way("primary", line, street=side)


MAIN_STREETS_ROUND = tuple(_main_street(side) for side in range(4))
"""Axes of the streets round a quarter, anticlockwise from the south; keys 0..3."""


@dataclass(frozen=True, eq=False)
class Plan:
    """A finished drawing; everything in metres in the square of a quarter.

    `mains` tells whether the four main streets round the square belong to it.
    """

    buildings: tuple[Building, ...]
    ways: tuple[Way, ...]
    spots: tuple[Spot, ...]
    greens: tuple[Green, ...]
    blocks: tuple[Block, ...]
    ground: shapely.Polygon
    mains: bool


def _slot(kind: str, turns: int) -> Slot:
    near, inner = MAIN_HALF_M, 10.0
    walk = MAIN_HALF_M - SIDEWALK_M
    full, short = STEP_M - 2 * inner, STEP_M - near - inner
    second, third = STEP_M + inner, 2 * STEP_M + inner
    return {
        "corner": Slot((near, near), (short, short), walk, walk, turns),
        "left": Slot((second, near), (full, short), walk, inner, turns),
        "right": Slot((third, near), (full, short), walk, inner, turns),
        "core": Slot((second, second), (full, full), inner, inner, turns),
    }[kind]


# Order is priority: when a quarter is not full, the last blocks (the estate houses) are not built.
_PLACES: tuple[tuple[Callable[[Pen], None], str, int], ...] = (
    (blocks.school, "core", 0),
    (blocks.nursery, "core", 1),
    (blocks.centre, "core", 2),
    (blocks.park, "core", 3),
    (blocks.courtyard, "left", 1),
    (blocks.clinic, "right", 1),
    (blocks.towers, "left", 2),
    (blocks.rows, "right", 2),
    (blocks.courtyard, "corner", 2),
    (blocks.nursery, "left", 3),
    (blocks.rows, "right", 3),
    (blocks.garages, "corner", 3),
    (partial(blocks.estate, street=10), "left", 0),
    (partial(blocks.estate, street=11), "right", 0),
    (partial(blocks.estate, street=12), "corner", 0),
    (partial(blocks.estate, street=13), "corner", 1),
)


def _line(sketch: Sketch, highway: str, *points: Point, street: int = -1) -> None:
    sketch.ways.append(Way(highway, shapely.LineString(points), street))


def _streets(sketch: Sketch) -> None:
    """Inner streets (keys 4..9) through the square, and the sidewalk inside the main streets."""
    a, b, c, d = STEP_M, 2 * STEP_M, 3 * STEP_M, SIDE_M
    for key, at in ((4, a), (6, c)):
        _line(sketch, "residential", (at, 0), (at, d), street=key)
        _line(sketch, "residential", (0, at), (d, at), street=key + 3)
    for lo, hi in ((0.0, a), (c, d)):
        _line(sketch, "residential", (b, lo), (b, hi), street=5)
        _line(sketch, "residential", (lo, b), (hi, b), street=8)
    _line(sketch, "pedestrian", (b, a), (b, c), street=5)
    _line(sketch, "living_street", (a, b), (c, b), street=8)
    s, t = SIDEWALK_M, SIDE_M - SIDEWALK_M
    _line(sketch, "footway", (s, s), (t, s), (t, t), (s, t), (s, s))
    for turns in range(4):
        _line(sketch, "footway", turned(0, 0, turns), turned(s, s, turns))


def _stops(sketch: Sketch) -> None:
    """Stops on three of the four main streets: the east is deliberately far from any."""
    names = {0: ("Садовая", "Парковая"), 2: ("Микрорайон", "Рынок"), 3: ("Гаражи", "Школа")}
    for turns, pair in names.items():
        for along, name in zip((205.0, 690.0), pair, strict=True):
            at = shapely.Point(turned(along, 9.5, turns))
            sketch.spots.append(Spot("stop", at, f"Остановка «{name}»"))


def _finish(sketch: Sketch, ground: shapely.Polygon, *, mains: bool) -> Plan:
    return Plan(
        tuple(sketch.buildings),
        tuple(sketch.ways),
        tuple(sketch.spots),
        tuple(sketch.greens),
        tuple(sketch.blocks),
        ground,
        mains,
    )


@lru_cache(maxsize=1)
def quarter() -> Plan:
    """Return the plan of a quarter (a square of SIDE_M)."""
    sketch = Sketch()
    _streets(sketch)
    for draw, kind, turns in _PLACES:
        draw(Pen(sketch, _slot(kind, turns)))
    _stops(sketch)
    return _finish(sketch, shapely.box(0, 0, SIDE_M, SIDE_M), mains=True)


_WOOD = (
    (18, 30), (95, 12), (210, 22), (330, 8), (470, 14), (560, 34), (655, 18), (790, 10), (880, 40),
    (902, 92), (840, 128), (720, 118), (640, 136), (520, 112), (400, 132), (290, 120), (170, 138),
    (70, 116), (26, 78),
)  # fmt: skip
"""The edge of the wood, from the south-west corner of its block (m)."""


@lru_cache(maxsize=1)
def outskirts() -> Plan:
    """Return the land south of the first quarter: a wood, a hamlet behind it, a lone farm.

    The footpath of the hamlet meets no street, and the farm has none at all, so that coverage
    finds buildings without a way and buildings without a network.
    """
    sketch = Sketch()
    wood = Slot((20, -165), (920, 145), 10, 10, 0)
    pen = Pen(sketch, wood)
    pen.land("Р2", "green")
    pen.wood(_WOOD, "Лесопарк «Южный»")
    pen = Pen(sketch, Slot((230, -300), (220, 120), 10, 10, 0))
    pen.land("Ж3", "residential")
    for i in range(3):
        pen.box("house", (40.0 + 62 * i, 88, 10.5, 9))
        pen.box("house", (54.0 + 62 * i, 32, 10.5, 9))
    pen.box("shed", (146, 13, 6, 8))
    pen.way("footway", (20, 60), (100, 60), (200, 60))
    pen.way("footway", (100, 60), (100, 12))
    pen = Pen(sketch, Slot((760, -390), (100, 90), 10, 10, 0))
    pen.land("Ж3", "residential")
    pen.box("house", (46, 48, 11, 9))
    pen.box("shed", (66, 30, 8, 12))
    return _finish(sketch, shapely.box(0, -SOUTH_M, SIDE_M, 0), mains=False)
