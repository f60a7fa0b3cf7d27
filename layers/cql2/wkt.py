"""Geometry literals of CQL2 Text: Well-Known Text and BBOX, read from the tokens."""

from __future__ import annotations

from collections.abc import Callable

from layers.cql2.lexer import Stream
from layers.cql2.limits import Budget, fault
from layers.cql2.literals import check_dimension, check_line, check_ring, make_box, read_number
from layers.cql2.tree import SHAPES, Box, Geometry, Point

Parts = tuple[object, ...]


def starts_geometry(stream: Stream) -> bool:
    """Say whether a geometry literal stands here (and not a property called `point`)."""
    return stream.here.key in SHAPES and stream.ahead() in ("(", "Z", "EMPTY")


def read_geometry(stream: Stream, budget: Budget) -> Geometry:
    """Read one geometry literal; whether it has heights is told by its positions."""
    reader = _Reader(stream, budget)
    found = reader.tagged(nested=False)
    return check_dimension(found, found.at)


def read_box(stream: Stream) -> Box:
    """Read `BBOX(...)`."""
    at = stream.expect("BBOX").at
    stream.expect("(")
    bounds = [signed(stream)]
    while stream.skip(","):
        bounds.append(signed(stream))
    stream.expect(")")
    return make_box([float(value) for value in bounds], at)


def signed(stream: Stream) -> int | float:
    """Read a number with its sign."""
    negative = stream.on("-")
    if stream.on("-", "+"):
        stream.take()
    token = stream.literal("number", "a number")
    value = read_number(token.text, token.at)
    return -value if negative else value


class _Reader:
    def __init__(self, stream: Stream, budget: Budget) -> None:
        self._stream = stream
        self._budget = budget

    def tagged(self, *, nested: bool) -> Geometry:
        token = self._stream.take()
        kind = SHAPES.get(token.key)
        if kind is None or (nested and kind == "GeometryCollection"):
            raise fault("a geometry other than a collection is expected", token.at)
        self._budget.node(token.at)
        self._stream.skip("Z")
        return Geometry(kind, self._parts(kind), at=token.at)

    def _parts(self, kind: str) -> Parts:
        if kind == "Point":
            return self._single()
        if self._stream.skip("EMPTY"):
            return ()
        if kind == "LineString":
            return self._line()
        members: dict[str, Callable[[], object]] = {
            "MultiPoint": self._member,
            "Polygon": self._ring,
            "MultiLineString": self._line,
            "MultiPolygon": lambda: self._list(self._ring),
            "GeometryCollection": lambda: self.tagged(nested=True),
        }
        return self._list(members[kind])

    def _list(self, item: Callable[[], object]) -> Parts:
        self._stream.expect("(")
        found = [item()]
        while self._stream.skip(","):
            found.append(item())
        self._stream.expect(")")
        return tuple(found)

    def _single(self) -> Point:
        self._stream.expect("(")
        found = self._point()
        self._stream.expect(")")
        return found

    def _member(self) -> Point:
        # Many writers leave the parentheses of a multipoint's members out.
        return self._single() if self._stream.on("(") else self._point()

    def _point(self) -> Point:
        stream = self._stream
        self._budget.vertex(stream.here.at)
        found = [float(signed(stream)), float(signed(stream))]
        if not stream.on(",", ")"):
            found.append(float(signed(stream)))
        return tuple(found)

    def _line(self) -> Parts:
        at = self._stream.here.at
        found: list[Point] = self._list(self._point)  # type: ignore[assignment]
        check_line(found, at)
        return tuple(found)

    def _ring(self) -> Parts:
        at = self._stream.here.at
        found: list[Point] = self._list(self._point)  # type: ignore[assignment]
        check_ring(found, at)
        return tuple(found)
