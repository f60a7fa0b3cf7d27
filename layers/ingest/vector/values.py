"""A source's values as a field's type: decimal commas, local dates, yes and no in three languages.

Whatever cannot be read without guessing raises Unreadable saying what is wrong.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pandas.api.types import infer_dtype

from layers.ingest.vector.mapping import FieldMapping, Rules
from layers.ingest.vector.units import factor
from layers.message import Unreadable
from layers.model import LANGUAGES, Field

_YES = {"да", "так", "true", "t", "yes", "y", "1", "истина", "праўда"}
_NO = {"нет", "не", "false", "f", "no", "n", "0", "ложь", "хлусня", "няма"}
_SPACES = re.compile(r"[\s\u00a0\u202f\u2009]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_LOCAL_DAY = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})", re.ASCII)
_ISO_DAY = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})", re.ASCII)
_CLOCK = re.compile(
    r"[T ](\d{1,2}):(\d{2})(?::(\d{2})(\.\d{1,6})?)?\s*(Z|[+-]\d{2}:?\d{2})?", re.ASCII
)
# 54°30'15,5" с.ш., 30° 24' E: north and east only, where the country lies.
_SEXAGESIMAL = re.compile(
    r"(\d{1,3})\s*°\s*(?:(\d{1,2}(?:[.,]\d+)?)\s*['′’]\s*)?(?:(\d{1,2}(?:[.,]\d+)?)\s*(?:[\"″”]|'')\s*)?"
    r"([NE]|с\.?\s?ш\.?|в\.?\s?д\.?|пн\.?\s?ш\.?|у\.?\s?д\.?)?",
    re.IGNORECASE | re.ASCII,
)

Convert = Callable[[Any], Any]

_PLAIN = {"integer": "integer", "number": "floating", "boolean": "boolean", "string": "string"}
"""What pandas calls a column of values that are the field's already, by its type."""


def converter(field: Field, given: FieldMapping | None, rules: Rules) -> Convert:
    """Return what turns one value of the source (never null) into one of the field."""
    if field.codes:
        return _coded(field, given.codes if given else {})
    scale = factor(given.unit, field.unit) if given and given.unit else None
    if field.type == "integer":
        return _limited(field, lambda v: _whole(_scaled(_number(v), scale)))
    if field.type == "number":
        return _limited(field, lambda v: float(_scaled(_number(v), scale)))
    if field.type == "datetime":
        zone = ZoneInfo(rules.time_zone)
        return lambda v: _datetime(v, zone)
    if field.type != "string":
        return _boolean if field.type == "boolean" else _date
    return _text(given.codes if given else {}, rules.longest_text)


def _text(renamed: Mapping[str, str], longest: int) -> Convert:
    def read(value: Any) -> str:
        said = text(value)
        said = renamed.get(said, said)
        if len(said) > longest:
            raise Unreadable("value.long", count=len(said), most=longest)
        return said

    return read


def fits_whole(
    field: Field, given: FieldMapping | None, rules: Rules, column: pa.Array | np.ndarray
) -> bool:
    """Tell whether all values of a column are the field's as they are; objects, None where missing.

    False says only that they must be looked at one by one.
    """
    if field.codes or (given is not None and (given.codes or given.unit)):
        return False
    if isinstance(column, np.ndarray):
        if infer_dtype(column, skipna=True) != _PLAIN.get(field.type):
            return False
        try:
            column = pa.array(column)
        except (ValueError, OverflowError):  # no text in Unicode, too large a number
            return False
    return _is_of(field, column.type) and _within(field, rules, column)


def _is_of(field: Field, kind: pa.DataType) -> bool:
    """Tell whether the values of a type of Arrow are those of the field's type."""
    if field.type == "string":
        return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
    if field.type == "integer":
        return bool(pa.types.is_signed_integer(kind))
    if field.type == "number":
        return bool(pa.types.is_float64(kind))
    return field.type == "boolean" and bool(pa.types.is_boolean(kind))


def _within(field: Field, rules: Rules, found: pa.Array) -> bool:
    if found.null_count == len(found) or field.type == "boolean":
        return True
    if field.type == "string":
        unfit = pc.or_(pc.utf8_is_space(found), pc.match_substring(found, "\0"))
        lengths = pc.min_max(pc.utf8_length(found)).as_py()
        return bool(
            lengths["min"] and lengths["max"] <= rules.longest_text and not pc.any(unfit).as_py()
        )
    limits = pc.min_max(found).as_py()
    inside = (field.minimum is None or limits["min"] >= field.minimum) and (
        field.maximum is None or limits["max"] <= field.maximum
    )
    # Comparisons with what is no number may be true.
    return inside and bool(pc.all(pc.is_finite(found)).as_py())


def text(value: Any) -> str:
    """Return a value as text, whole numbers without a point."""
    if isinstance(value, str):
        if "\0" in value:
            raise Unreadable("value.nul")
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, bytes):
        raise Unreadable("value.binary")
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


def folded(said: str) -> str:
    """Return text as names and codes are compared: without case, ё as е, spaces as one."""
    return " ".join(said.replace("_", " ").split()).casefold().replace("ё", "е")


def _coded(field: Field, codes: Mapping[str, str]) -> Convert:
    known = {folded(code.title.get(lang)): code.value for lang in LANGUAGES for code in field.codes}
    known |= {folded(code.value): code.value for code in field.codes}
    known |= {folded(said): value for said, value in codes.items()}

    seen: dict[Any, str] = {}

    def read(value: Any) -> str:
        found = seen.get(value) or known.get(folded(text(value)))
        if found is None:
            raise UnknownCode("value.no_code", field=field.name)
        if len(seen) < 1000:
            seen[value] = found
        return found

    return read


class UnknownCode(Unreadable):
    """A value is none of the codes of its field."""


def _limited(field: Field, convert: Convert) -> Convert:
    low, high = field.minimum, field.maximum

    def read(value: Any) -> Any:
        number = convert(value)
        if low is not None and number < low:
            raise Unreadable("value.below", limit=low)
        if high is not None and number > high:
            raise Unreadable("value.above", limit=high)
        return number

    return read


def _number(value: Any) -> int | float:
    if type(value) is int:
        return value
    if type(value) is float:
        if not math.isfinite(value):
            raise Unreadable("value.not_finite")
        return value
    if isinstance(value, str):
        said = _SPACES.sub("", value).replace("\u2212", "-")
        said = said.replace(",", ".") if "." not in said else said
        if _NUMBER.fullmatch(said):
            return _number(float(said)) if not said.lstrip("+-").isdigit() else int(said)
    raise Unreadable("value.not_number")


def angle(value: Any) -> float:
    """Return a coordinate: a number, or degrees, minutes and seconds; not finite when neither."""
    try:
        return float(_number(value))
    except ValueError:
        found = _SEXAGESIMAL.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        return math.nan
    degrees, minutes, seconds = (
        float((one or "0").replace(",", ".")) for one in found.groups()[:3]
    )
    if minutes >= 60 or seconds >= 60:
        return math.nan
    return degrees + minutes / 60 + seconds / 3600


def _scaled(value: int | float, scale: float | None) -> int | float:
    return value if scale is None or scale == 1 else value * scale


def _whole(value: int | float) -> int:
    nearest = round(value)
    # A conversion of units leaves a last digit of rounding.
    if abs(value - nearest) > 1e-9 * max(1.0, abs(value)):
        raise Unreadable("value.not_whole")
    if not -(2**63) <= nearest < 2**63:
        raise Unreadable("value.too_large")
    return nearest


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    said = folded(text(value))
    if said in _YES or said in _NO:
        return said in _YES
    raise Unreadable("value.not_yes_or_no")


def _date(value: Any) -> date:
    if isinstance(value, datetime):
        if value.time() != time():
            raise Unreadable("value.time_not_date")
        return value.date()
    if isinstance(value, date):
        return value
    day, clock = _day(value)
    if clock and _clock(clock)[0] != time():
        raise Unreadable("value.time_not_date")
    return day


def _datetime(value: Any, zone: ZoneInfo) -> datetime:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=zone)
    if isinstance(value, date):
        return datetime.combine(value, time(), zone)
    day, rest = _day(value)
    clock, offset = _clock(rest) if rest else (time(), None)
    if offset:
        return datetime.fromisoformat(f"{day.isoformat()}T{clock.isoformat()}{offset}")
    return datetime.combine(day, clock, zone)


def _day(value: Any) -> tuple[date, str]:
    if not isinstance(value, str):
        raise Unreadable("value.not_date")
    said = value.strip()
    local, iso = _LOCAL_DAY.match(said), _ISO_DAY.match(said)
    parts = local.groups()[::-1] if local else iso.groups() if iso else None
    if parts is None:
        raise Unreadable("value.not_date_form")
    end = (local or iso).end()  # type: ignore[union-attr]
    try:
        return date(*map(int, parts)), said[end:]
    except ValueError:
        raise Unreadable("value.no_day") from None


def _clock(rest: str) -> tuple[time, str | None]:
    found = _CLOCK.fullmatch(rest)
    if found is None:
        raise Unreadable("value.not_time_form")
    hour, minute, second, part, offset = found.groups()
    try:
        clock = time(int(hour), int(minute), int(second or 0), int(float(part or 0) * 1e6))
    except ValueError:
        raise Unreadable("value.no_time") from None
    return clock, "+00:00" if offset == "Z" else offset
