"""What a plan is drawn with: roles of buildings, marks on paper, a pen that draws block by block.

Everything is in metres in the square of one quarter: x east, y north, from its south-west corner.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import shapely

SIDE_M = 960.0
"""Side of the square of a quarter, from axis to axis of the main streets."""

Point = tuple[float, float]
Box = tuple[float, float, float, float]
"""Centre x, centre y, size along x, size along y, in metres."""


@dataclass(frozen=True)
class Role:
    """What a building is for: its kind in the code list and the ranges of its figures."""

    kind: str
    storeys: tuple[int, ...]
    built: tuple[int, int]
    flats_per_floor: float = 0.0
    loose: bool = False
    title: str | None = None


ROLES: dict[str, Role] = {
    "slab5": Role("residential", (5,), (1965, 1979), flats_per_floor=4),
    "slab9": Role("residential", (9,), (1976, 1994), flats_per_floor=4),
    "tower": Role("residential", (9, 12, 12, 14), (1984, 2015), flats_per_floor=6),
    "house": Role("residential", (1,), (1965, 2012), loose=True),
    "school": Role("school", (3,), (1970, 1984), title="Средняя школа № {n}"),
    "kindergarten": Role("kindergarten", (2,), (1970, 1988), title="Ясли-сад № {n}"),
    "clinic": Role("clinic", (4,), (1978, 1986), title="Поликлиника № {n}"),
    "market": Role("shop", (2,), (1988, 2015), title="Торговый центр"),
    "shop": Role("shop", (1,), (1972, 2010), title="Магазин"),
    "kiosk": Role("shop", (1,), (1992, 2014), title="Киоск"),
    "office": Role("office", (3, 4), (1974, 2005), title="Административное здание"),
    "culture": Role("other", (2,), (1975, 1985), title="Дом культуры"),
    "library": Role("other", (2,), (1976, 1985), title="Библиотека № {n}"),
    "cafe": Role("other", (1,), (1985, 2012), title="Кафе"),
    "annex": Role("other", (1,), (1972, 1986)),
    "industry": Role("industrial", (1, 2), (1968, 1990), title="Производственный цех"),
    "boiler": Role("utility", (2,), (1970, 1985), title="Котельная"),
    "substation": Role("utility", (1,), (1966, 1995), title="Трансформаторная подстанция"),
    "heat_point": Role("utility", (1,), (1968, 1995), title="Центральный тепловой пункт"),
    "garages": Role("garage", (1,), (1972, 1998)),
    "shed": Role("utility", (1,), (1968, 2012), loose=True),
}
"""Every role a building of the plan can have."""


@dataclass(frozen=True)
class Building:
    """A footprint (Polygon, m) with its role and the number of its block."""

    role: str
    shape: shapely.Polygon
    block: int


@dataclass(frozen=True)
class Way:
    """An axis (LineString, m); `street` is the key of its name, -1 for a way without one."""

    highway: str
    line: shapely.LineString
    street: int = -1


@dataclass(frozen=True)
class Spot:
    """A service point (Point, m), in a building (its place in the list) or in the open (-1)."""

    service: str
    point: shapely.Point
    name: str
    building: int = -1
    capacity: int | None = None


@dataclass(frozen=True)
class Green:
    """A green area (Polygon, m)."""

    kind: str
    shape: shapely.Polygon
    name: str | None = None
    public: bool = True


@dataclass(frozen=True)
class Block:
    """Land between red lines (Polygon, m), its functional zone, and how far back houses stand."""

    shape: shapely.Polygon
    line: shapely.Polygon
    zone: str
    purpose: str


@dataclass
class Sketch:
    """The marks made so far; frozen into a plan when the drawing is done."""

    buildings: list[Building] = field(default_factory=list)
    ways: list[Way] = field(default_factory=list)
    spots: list[Spot] = field(default_factory=list)
    greens: list[Green] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)


@dataclass(frozen=True)
class Slot:
    """A place for a block: south-west corner, size and the distance to the next way on each side.

    All of it holds for the southern edge of the quarter; `turns` quarter turns bring it home.
    """

    corner: Point
    size: Point
    south_m: float
    west_m: float
    turns: int


def turned(x_m: float, y_m: float, turns: int) -> Point:
    """Return the point after quarter turns (anticlockwise) about the middle of the quarter."""
    for _ in range(turns % 4):
        x_m, y_m = SIDE_M - y_m, x_m
    return x_m, y_m


class Pen:
    """Draws one block in its own coordinates: (0, 0) south-west, main street to the south."""

    east_m = 10.0
    north_m = 10.0

    def __init__(self, sketch: Sketch, slot: Slot) -> None:
        self._sketch = sketch
        self._slot = slot
        self.width, self.depth = slot.size
        self.south_m, self.west_m = slot.south_m, slot.west_m
        self.block = len(sketch.blocks)

    def _at(self, point: Point) -> Point:
        ox, oy = self._slot.corner
        return turned(point[0] + ox, point[1] + oy, self._slot.turns)

    def _polygon(self, corners: Sequence[Point]) -> shapely.Polygon:
        return shapely.Polygon([self._at(c) for c in corners])

    def land(self, zone: str, purpose: str) -> None:
        """Claim the block for a zone (code of `functional_zones`) and a purpose (of `parcels`)."""
        w, h = self.width, self.depth
        west, south = (6.0 if m < 10 else 3.0 for m in (self.west_m, self.south_m))
        line = ((west, south), (w - 3, south), (w - 3, h - 3), (west, h - 3))
        block = Block(
            self._polygon(((0, 0), (w, 0), (w, h), (0, h))), self._polygon(line), zone, purpose
        )
        self._sketch.blocks.append(block)

    def box(self, role: str, box: Box) -> int:
        """Draw a rectangular building; return its place in the list."""
        x, y, w, d = box
        return self.outline(role, _corners((x - w / 2, y - d / 2, x + w / 2, y + d / 2)))

    def outline(self, role: str, corners: Sequence[Point]) -> int:
        """Draw a building by its corners; return its place in the list."""
        self._sketch.buildings.append(Building(role, self._polygon(corners), self.block))
        return len(self._sketch.buildings) - 1

    def way(self, highway: str, *points: Point, street: int = -1) -> None:
        """Draw a street or a path."""
        line = shapely.LineString([self._at(p) for p in points])
        self._sketch.ways.append(Way(highway, line, street))

    def spot(self, service: str, at: Point, name: str, *, capacity: int | None = None) -> None:
        """Mark a service point in the open."""
        self._sketch.spots.append(Spot(service, shapely.Point(self._at(at)), name, -1, capacity))

    def room(self, service: str, building: int, name: str, *, capacity: int | None = None) -> None:
        """Mark a service point inside a building drawn before."""
        inside = self._sketch.buildings[building].shape.representative_point()
        taken = sum(s.building == building for s in self._sketch.spots)
        # A second service of the same house has its door further along.
        point = shapely.Point(inside.x + 4.0 * taken, inside.y)
        self._sketch.spots.append(Spot(service, point, name, building, capacity))

    def green(self, kind: str, box: Box, name: str | None = None, *, public: bool = True) -> None:
        """Draw a rectangular green area."""
        x, y, w, d = box
        shape = self._polygon(_corners((x - w / 2, y - d / 2, x + w / 2, y + d / 2)))
        self._sketch.greens.append(Green(kind, shape, name, public))

    def wood(self, corners: Sequence[Point], name: str) -> None:
        """Draw a wood by its corners."""
        self._sketch.greens.append(Green("forest", self._polygon(corners), name))


def _corners(bounds: Box) -> list[Point]:
    x0, y0, x1, y1 = bounds
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
