"""Values that both encodings write alike: days, moments, strings, numbers, vertices, rings."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime

from layers.cql2.limits import MAX_DIGITS, fault, shown
from layers.cql2.tree import (
    Array,
    At,
    Box,
    Date,
    Expression,
    Function,
    Geometry,
    Interval,
    Point,
    Property,
    Relation,
    Timestamp,
)

DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
# The standard knows `Z` only; an offset is what other RFC 3339 writers send.
MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,12})?(Z|[+-]\d{2}:\d{2})", re.ASCII | re.IGNORECASE
)
UNUSABLE = re.compile("[\0\ud800-\udfff]")
"""What PostgreSQL cannot hold in a text: the NUL character and halves of surrogate pairs."""


def read_string(text: str, at: At) -> str:
    """Return a text that a database can take; raises BadFilter."""
    if UNUSABLE.search(text):
        raise fault("a text holds the character NUL or half of a surrogate pair", at)
    return text


def read_day(text: str, at: At) -> Date:
    """Return a day of the calendar; raises BadFilter."""
    if not DAY.fullmatch(text):
        raise fault(f"{shown(text)} is not a date such as '2026-10-01'", at)
    try:
        return Date(date.fromisoformat(text), at=at)
    except ValueError:
        raise fault(f"the date {shown(text)} does not exist", at) from None


def read_moment(text: str, at: At) -> Timestamp:
    """Return a moment in UTC, cut to microseconds; raises BadFilter."""
    if not MOMENT.fullmatch(text):
        raise fault(f"{shown(text)} is not a time such as '2026-10-01T12:00:00Z'", at)
    try:
        return Timestamp(datetime.fromisoformat(text.upper()).astimezone(UTC), at=at)
    except (ValueError, OverflowError):
        raise fault(f"the time {shown(text)} does not exist", at) from None


def read_instant(text: str, at: At) -> Date | Timestamp:
    """Return a day or a moment, whichever the text has the form of; raises BadFilter."""
    return read_moment(text, at) if "T" in text.upper() else read_day(text, at)


def read_number(text: str, at: At) -> int | float:
    """Return the number of a text of digits, point and exponent; raises BadFilter."""
    if len(text) <= MAX_DIGITS:
        value = int(text) if text.lstrip("-").isdigit() else float(text)
        if math.isfinite(value):
            return value
    raise fault("a number is too large or has too many digits", at)


def make_interval(start: Expression, end: Expression, at: At) -> Interval:
    """Return an interval whose written ends are in order; raises BadFilter."""
    instants = (Date, Timestamp)
    if isinstance(start, instants) and isinstance(end, instants) and _first(start) > _first(end):
        first, last = (n.value.isoformat()[:10] for n in (start, end))
        if first != last or type(start) is type(end):
            raise fault("the interval ends before it starts", at)
    return Interval(start, end, at=at)


def _first(instant: Date | Timestamp) -> datetime:
    if isinstance(instant, Timestamp):
        return instant.value
    return datetime.combine(instant.value, datetime.min.time(), UTC)


_OPERANDS: dict[str, tuple[tuple[type, ...], str]] = {
    "s_": ((Geometry, Box, Property, Function), "a geometry"),
    "t_": ((Date, Timestamp, Interval, Property, Function), "a date, a time or an interval"),
    "a_": ((Array, Property, Function), "an array"),
}


def make_relation(op: str, left: Expression, right: Expression, *, at: At) -> Relation:
    """Return a standardized function of operands that can have its type; raises BadFilter."""
    allowed, wanted = _OPERANDS[op[:2]]
    for operand in (left, right):
        if not isinstance(operand, allowed):
            raise fault(f"{op} needs {wanted} here", operand.at)
    return Relation(op, left, right, at=at)


def check_line(points: Sequence[Point], at: At) -> None:
    """Refuse a line of fewer than two vertices."""
    if len(points) < 2:
        raise fault("a line needs two positions or more", at)


def check_ring(points: Sequence[Point], at: At) -> None:
    """Refuse a ring that does not close."""
    if len(points) < 4:
        raise fault("a ring needs four positions or more", at)
    if points[0][:2] != points[-1][:2]:
        raise fault("a ring must end where it starts", at)


def make_box(bounds: Sequence[float], at: At) -> Box:
    """Return a box of four or six numbers; raises BadFilter. West > east is left to the CRS."""
    if len(bounds) not in (4, 6):
        raise fault("a bounding box has four or six numbers", at)
    half = len(bounds) // 2
    # Of the first two axes one may cross the antimeridian, and only the CRS says which is which.
    if half == 3 and bounds[2] > bounds[5]:
        raise fault("the bottom of the bounding box is above its top", at)
    return Box(tuple(map(float, bounds)), at=at)


def check_dimension(geometry: Geometry, at: At) -> Geometry:
    """Refuse a geometry of which some vertices have a height and some have not."""
    if len({len(point) for point in vertices(geometry)}) > 1:
        raise fault("some positions have a height and some have not", at)
    return geometry


def vertices(geometry: Geometry) -> list[Point]:
    """Return all positions of a geometry, in order."""
    found: list[Point] = []
    _collect(geometry.parts, found)
    return found


def _collect(parts: tuple[object, ...], found: list[Point]) -> None:
    if parts and isinstance(parts[0], float):
        found.append(parts)  # type: ignore[arg-type]
        return
    for part in parts:
        _collect(part.parts if isinstance(part, Geometry) else part, found)  # type: ignore[arg-type]
