"""Numbers, times and values as people of each language write them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from geoportal.web.texts import text, unit_symbol
from layers.model import Language

MINSK = timezone(timedelta(hours=3))
"""Belarus has kept UTC+3 all year since 2011."""

NARROW_SPACE = "\u202f"
MOST_DIGITS = 4


def number(value: float, language: Language, *, grouped: bool = True) -> str:
    """Return a number with the language's marks: `12 345,6` in be and ru, `12,345.6` in en.

    At most four significant decimals are shown; years and identifiers are not grouped.
    """
    if isinstance(value, int):
        plain = f"{value:,d}" if grouped else str(value)
    else:
        plain = f"{value:,.{_decimals(value)}f}" if grouped else f"{value:.{_decimals(value)}f}"
        plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    if language == "en":
        return plain
    return plain.replace(",", NARROW_SPACE).replace(".", ",")


def _decimals(value: float) -> int:
    size = abs(value)
    return 0 if size >= 10_000 else 1 if size >= 100 else 2 if size >= 1 else MOST_DIGITS


def moment(value: datetime) -> str:
    """Return a time by the clock in Minsk, naming the offset; naive times are taken as UTC."""
    aware = value if value.tzinfo else value.replace(tzinfo=timezone.utc)  # noqa: UP017
    return aware.astimezone(MINSK).strftime("%Y-%m-%d %H:%M (UTC+3)")


def value(given: Any, language: Language, field: Mapping[str, Any] | None = None) -> str:
    """Return a property value as text: code title, number with unit, yes/no, time, a list of such.

    `field` is the field of a document: `type`, `unit`, `codes` (list of value/title, or a mapping).
    """
    field = field or {}
    if given is None or given in ("", []):
        return text(language, "value.none")
    if isinstance(given, list):
        return ", ".join(value(one, language, field) for one in given)
    if isinstance(given, bool):
        return text(language, "value.true" if given else "value.false")
    if isinstance(given, int | float):
        return _quantity(given, language, field.get("unit"))
    if isinstance(given, str):
        return _code(given, field.get("codes")) or _time(given, field.get("type")) or given
    return str(given)


def _quantity(given: float, language: Language, unit: str | None) -> str:
    if unit == "1":
        return f"{number(round(given * 100, 1), language)}\u00a0%"
    shown = number(given, language, grouped=bool(unit))
    return f"{shown}\u00a0{unit_symbol(language, unit)}" if unit else shown


def _code(given: str, codes: Any) -> str | None:
    if isinstance(codes, Mapping):
        return codes.get(given)
    return next((c.get("title") for c in codes or () if c.get("value") == given), None)


def _time(given: str, field_type: str | None) -> str | None:
    if field_type != "datetime":
        return None
    try:
        return moment(datetime.fromisoformat(given))
    except ValueError:
        return None
