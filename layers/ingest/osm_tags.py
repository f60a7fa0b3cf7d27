"""What the values of OpenStreetMap tags say: numbers with units, dates, addresses, yes and no."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

Tags = Mapping[str, str]


def words(text: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(text.split())


_NUMBER = re.compile(r"^\s*(\d{1,7}(?:[.,]\d{1,4})?)\s*([a-z/']*)")
_YEAR = re.compile(r"^(1\d{3}|20\d{2})(-|$)")
_FEET_M = 0.3048
_LENGTHS = {"": 1.0, "m": 1.0, "'": _FEET_M, "ft": _FEET_M}
_COUNTS = {"": 1.0}
YES = {"yes", "true", "1"}
NO = {"no", "false", "0"}


def number(text: str | None, units: Mapping[str, float], most: float) -> float | None:
    """Return the first number of a value in the unit that has factor 1; None = unusable."""
    if text is None:
        return None
    value, unit = _parsed(text)
    if unit not in units:
        return None
    value *= units[unit]
    return value if value <= most else None


@lru_cache(maxsize=4096)
def _parsed(text: str) -> tuple[float, str]:
    match = _NUMBER.match(text.lower())
    return (float(match[1].replace(",", ".")), match[2]) if match else (0.0, "no number")


def metres(text: str | None, most: float) -> float | None:
    """Return a length in m: `12`, `12.5 m`, `40'`."""
    return number(text, _LENGTHS, most)


def whole(text: str | None, most: int) -> int | None:
    """Return a count; a fraction (a storey and a half) is rounded up."""
    value = number(text, _COUNTS, most)
    return None if value is None else -int(-value // 1)


@lru_cache(maxsize=4096)
def year(text: str | None) -> int | None:
    """Return the year of a date like 1975, 1975-06 or 1975-06-01."""
    match = _YEAR.match(text) if text else None
    return int(match[1]) if match else None


def address(tags: Tags) -> str | None:
    """Return street and house number, or what there is of them."""
    street = tags.get("addr:street") or tags.get("addr:place")
    house = tags.get("addr:housenumber")
    return f"{street}, {house}" if street and house else street or house or None


def flag(text: str | None) -> bool | None:
    """Return whether a value says yes; None = nothing is said."""
    if text is None:
        return None
    return text not in NO | {"disused"}
