"""Geometry literals of CQL2 JSON: GeoJSON objects."""

from __future__ import annotations

import math
from collections.abc import Callable

from layers.cql2.limits import Budget, fault
from layers.cql2.literals import check_dimension, check_line, check_ring
from layers.cql2.tree import SHAPES, Geometry, Point

GEOMETRIES = tuple(SHAPES.values())
Parts = tuple[object, ...]


def read_geojson(value: dict[str, object], at: str, budget: Budget) -> Geometry:
    """Read a geometry whose `type` is one of GEOMETRIES; raises BadFilter."""
    return check_dimension(_Reader(budget).geometry(value, at, nested=False), at)


def read_float(value: object, at: str) -> float:
    """Return a finite number of JSON; raises BadFilter."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise fault("a number is expected", at)
    # More bits than any double has do not become one.
    number = math.inf if isinstance(value, int) and value.bit_length() > 1023 else float(value)
    if not math.isfinite(number):
        raise fault("a number is too large", at)
    return number


class _Reader:
    def __init__(self, budget: Budget) -> None:
        self._budget = budget

    def geometry(self, value: object, at: str, *, nested: bool) -> Geometry:
        kind = value.get("type") if isinstance(value, dict) else None
        if kind not in GEOMETRIES or (nested and kind == "GeometryCollection"):
            raise fault("a geometry other than a collection is expected", at)
        assert isinstance(value, dict)  # noqa: S101 - the line above has looked
        if nested:
            self._budget.node(at)
        member = "geometries" if kind == "GeometryCollection" else "coordinates"
        return Geometry(
            str(kind), self._parts(str(kind), value.get(member), f"{at}/{member}"), at=at
        )

    def _parts(self, kind: str, value: object, at: str) -> Parts:
        if kind == "Point":
            return self._point(value, at)
        if kind == "LineString":
            return self._line(value, at)
        members: dict[str, Callable[[object, str], object]] = {
            "MultiPoint": self._point,
            "Polygon": self._ring,
            "MultiLineString": self._line,
            "MultiPolygon": self._polygon,
            "GeometryCollection": lambda v, a: self.geometry(v, a, nested=True),
        }
        return self._list(members[kind], value, at)

    @staticmethod
    def _list(item: Callable[[object, str], object], value: object, at: str) -> Parts:
        if not isinstance(value, list):
            raise fault("an array is expected", at)
        return tuple(item(part, f"{at}/{i}") for i, part in enumerate(value))

    def _point(self, value: object, at: str) -> Point:
        self._budget.vertex(at)
        if not isinstance(value, list) or len(value) not in (2, 3):
            raise fault("a position is an array of two or three numbers", at)
        return tuple(read_float(number, f"{at}/{i}") for i, number in enumerate(value))

    def _polygon(self, value: object, at: str) -> Parts:
        rings = self._list(self._ring, value, at)
        if not rings:
            raise fault("a polygon of a multipolygon needs a ring", at)
        return rings

    def _line(self, value: object, at: str) -> Parts:
        found: list[Point] = self._list(self._point, value, at)  # type: ignore[assignment]
        check_line(found, at)
        return tuple(found)

    def _ring(self, value: object, at: str) -> Parts:
        found: list[Point] = self._list(self._point, value, at)  # type: ignore[assignment]
        check_ring(found, at)
        return tuple(found)
