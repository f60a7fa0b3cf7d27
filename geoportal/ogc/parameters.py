"""Reading the values of query parameters: text in, typed values of `layers.query` out."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, time

from geoportal.errors import BadParameter
from geoportal.ogc.crs import parse_crs
from layers.errors import BadValue, UnknownField
from layers.keyset import Scalar
from layers.model import Field, Layer
from layers.query import Box, Period

# The grammar of JSON: what Python's int() and float() accept beyond it (1_0, full-width digits,
# NaN) is refused.
INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,18})", re.ASCII)
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?)?",
    re.ASCII | re.IGNORECASE,
)
ITEM_PARAMETERS = (
    "limit", "offset", "cursor", "bbox", "bbox-crs", "crs", "datetime",
    "filter", "filter-lang", "filter-crs", "q",
    "sortby", "properties", "skipGeometry", "asof",
)  # fmt: skip
TILE_PARAMETERS = ("v", "datetime", "filter", "filter-lang", "filter-crs")
RESERVED = frozenset(("f", "lang", *ITEM_PARAMETERS, *TILE_PARAMETERS))
"""A property of such a name is no parameter of its own; `filter` reaches it all the same."""
MAX_INTEGER = 2**63 - 1
DEFAULT_LIMIT = 10


def parse_integer(name: str, value: str, *, least: int) -> int:
    """Return an integer of at least `least`; raises BadParameter."""
    if not INTEGER.fullmatch(value) or int(value) < least:
        raise BadParameter(f"Parameter {name}: {value[:80]!r} is not an integer >= {least}.")
    return int(value)


def parse_limit(value: str | None, most: int) -> int:
    """Return the page size; above the maximum the maximum applies (Features 1, fc-limit)."""
    if value is None:
        return min(DEFAULT_LIMIT, most)
    # A limit of any length is legal, so digits are cut before they become a number.
    if re.fullmatch(r"[1-9][0-9]*", value, re.ASCII):
        return min(int(value[:12]), most)
    return min(parse_integer("limit", value, least=1), most)


def parse_offset(value: str | None) -> int:
    """Return how many features are skipped."""
    if value is None:
        return 0
    if re.fullmatch(r"[1-9][0-9]{18,}", value, re.ASCII):
        return MAX_INTEGER
    return parse_integer("offset", value, least=0)


def parse_boolean(name: str, value: str | None) -> bool:
    """Return true or false; None is false."""
    if value in (None, "false"):
        return False
    if value == "true":
        return True
    raise BadParameter(f"Parameter {name}: {value[:80]!r} is neither true nor false.")


def parse_bbox(value: str | None, crs: str | None) -> Box | None:
    """Return the box in east/north order; six numbers have a height, which is ignored."""
    system = parse_crs("bbox-crs", crs)
    if value is None:
        return None
    parts = value.split(",")
    if len(parts) not in (4, 6) or not all(NUMBER.fullmatch(p.strip()) for p in parts):
        raise BadParameter(f"Parameter bbox: {value[:80]!r} is not four or six numbers.")
    numbers = [float(p) for p in parts]
    if not all(map(math.isfinite, numbers)):
        raise BadParameter("Parameter bbox: a number is too large.")
    half = len(numbers) // 2
    (west, south), (east, north) = numbers[:2], numbers[half : half + 2]
    if system.flip:
        west, south, east, north = south, west, north, east
    if south > north:
        raise BadParameter("Parameter bbox: the south edge is north of the north edge.")
    if west > east and system.srid != 4326:
        raise BadParameter("Parameter bbox: the west edge is east of the east edge.")
    return Box(west, south, east, north, system)


def parse_instant(value: str) -> tuple[datetime, datetime]:
    """Return first and last moment of a date or date-time (RFC 3339; no zone = UTC)."""
    # GDAL (3.12 and before) writes the day of a date field as `2024-08-20T`.
    value = value.removesuffix("T")
    if not INSTANT.fullmatch(value):
        raise BadParameter(f"Parameter datetime: {value[:80]!r} is not a date or date-time.")
    try:
        if len(value) == 10:
            day = date.fromisoformat(value)
            return datetime.combine(day, time.min, UTC), datetime.combine(day, time.max, UTC)
        moment = datetime.fromisoformat(value.upper())
    except (ValueError, OverflowError):
        raise BadParameter(f"Parameter datetime: {value[:80]!r} does not exist.") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment, moment


def parse_datetime(value: str | None) -> Period | None:
    """Return the interval of `datetime`: an instant, `start/end`, with `..` or nothing = open."""
    if value is None:
        return None
    parts = value.split("/")
    if len(parts) > 2 or not value:
        raise BadParameter(f"Parameter datetime: {value[:80]!r} is not an instant or interval.")
    if len(parts) == 1:
        return Period(*parse_instant(value))
    start = None if parts[0] in ("", "..") else parse_instant(parts[0])[0]
    end = None if parts[1] in ("", "..") else parse_instant(parts[1])[1]
    if start and end and start > end:
        raise BadParameter("Parameter datetime: the interval ends before it starts.")
    return Period(start, end)


def parse_sortby(layer: Layer, value: str | None) -> tuple[tuple[str, bool], ...]:
    """Return (field, descending) pairs of `sortby=+name,-other`; a field counts once."""
    if value is None:
        return ()
    order: dict[str, bool] = {}
    for key in value.split(",")[:1000]:
        name = key.lstrip(" ").removeprefix("+").removeprefix("-")
        field = _field(layer, name, "sortby")
        if field.is_array:
            raise BadParameter(f"Parameter sortby: {field.name} is an array and gives no order.")
        order.setdefault(field.name, key.lstrip().startswith("-"))
    return tuple(order.items())


def parse_properties(layer: Layer, value: str | None) -> tuple[str, ...] | None:
    """Return the published fields that the answer shall have; None = all."""
    if value is None:
        return None
    names = {_field(layer, name, "properties").name for name in value.split(",")[:1000]}
    return tuple(f.name for f in layer.published_fields if f.name in names)


def parse_value(field: Field, value: str) -> Scalar:
    """Return a value in the type of its field, for an array of an item; raises BadValue."""
    try:
        return _typed(field, value)
    except (ValueError, OverflowError):
        raise BadValue(
            f"Property {field.name}: {value[:80]!r} is not a {field.item_type}."
        ) from None


def _typed(field: Field, value: str) -> Scalar:
    match field.item_type:
        case "integer":
            if not INTEGER.fullmatch(value) or abs(int(value)) > MAX_INTEGER:
                raise ValueError
            return int(value)
        case "number":
            if not NUMBER.fullmatch(value) or not math.isfinite(float(value)):
                raise ValueError
            return float(value)
        case "boolean":
            return {"true": True, "false": False}[value] if value in ("true", "false") else _no()
        case "date":
            return date.fromisoformat(value) if len(value) == 10 else _no()
        case "datetime":
            try:
                return parse_instant(value)[0]
            except BadParameter:
                raise ValueError from None
    if "\0" in value:
        raise ValueError
    return value


def _no() -> Scalar:
    raise ValueError


def _field(layer: Layer, name: str, parameter: str) -> Field:
    found = layer.field(name)
    if found is None:
        raise UnknownField(
            f"Parameter {parameter}: collection {layer.id} has no property {name[:80]!r}."
        )
    return found
