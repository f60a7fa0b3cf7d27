"""The words of the interface, in `i18n/<language>.json`: flat keys, `{name}` is filled in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from layers.model import Language

FOLDER = Path(__file__).parent / "i18n"


@cache
def texts(language: Language) -> Mapping[str, str]:
    """Return every text of one language, read once."""
    read: dict[str, str] = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return MappingProxyType(read)


def text(language: Language, key: str, **values: object) -> str:
    """Return one text with its `{name}` parts filled in; raises KeyError for an unknown key."""
    found = texts(language)[key]
    for name, value in values.items():
        found = found.replace("{" + name + "}", str(value))
    return found


def section(language: Language, *prefixes: str) -> dict[str, str]:
    """Return the texts whose keys start with one of the prefixes, for the browser."""
    return {key: value for key, value in texts(language).items() if key.startswith(prefixes)}


def unit_symbol(language: Language, unit: str | None) -> str:
    """Return how people write a UCUM unit (`ug/m3` as µg/m³), or the code itself when unknown."""
    if not unit:
        return ""
    return texts(language).get(f"unit.{unit}", unit)
