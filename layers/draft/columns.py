"""What the values of a column are: looked at batch by batch, in memory that stays small."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from layers.draft.names import names_key
from layers.ingest.vector.mapping import Rules
from layers.ingest.vector.values import Convert, converter
from layers.model import Field, FieldType, Text

MOST_CODES = 20
"""Distinct texts that may still be a code list."""

LONGEST_CODE = 60
FEWEST_ROWS = 6
REPEATED = 3
"""How often, on average, a text of a code list stands in the file."""

MOST_KEYS = 2_000_000

_ANY = Text(be="-", ru="-", en="-")
_TEXT_TYPES: tuple[FieldType, ...] = ("boolean", "integer", "number", "date", "datetime")
# Digits that are a name, not a quantity: 0012, +375291234567, a long number.
_LABEL = re.compile(r"\s*(0\d|\+)|.*\d{16}", re.DOTALL)
_PLAIN: dict[type, FieldType] = {
    bool: "boolean", int: "integer", float: "number", dt.date: "date", str: "string",
}  # fmt: skip


def _converters() -> dict[FieldType, Convert]:
    return {
        kind: converter(Field(name="any", type=kind, title=_ANY), None, Rules())
        for kind in _TEXT_TYPES
    }


_CONVERTERS = _converters()


@dataclass
class Column:
    """One column of a source as far as it has been looked at."""

    name: str
    count: int = 0
    binary: bool = False
    kinds: set[FieldType] = field(default_factory=set)
    readable: tuple[FieldType, ...] = _TEXT_TYPES
    texts: dict[str, int] | None = field(default_factory=dict)
    keys: set[int] | None = None

    def __post_init__(self) -> None:
        if names_key(self.name):
            self.keys = set()

    def look(self, values: Iterable[Any]) -> None:
        """Look at some values."""
        present = [one for one in values if not is_nothing(one)]
        self.count += len(present)
        self.binary |= any(isinstance(one, bytes) for one in present)
        if self.binary:
            return
        self.kinds |= {_kind(one) for one in present}
        texts = [one.strip() for one in present if isinstance(one, str)]
        if any(type(one) not in _PLAIN and not isinstance(one, dt.datetime) for one in present):
            self.readable, self.texts = (), None  # lists and the like, written as text
        for kind in self.readable if texts else ():
            if not _all_read(texts, kind):
                self.readable = tuple(one for one in self.readable if one != kind)
        self._count_texts(texts)
        if self.keys is not None:
            before = len(self.keys)
            self.keys |= {hash(one) for one in present}
            if len(self.keys) - before < len(present) or len(self.keys) > MOST_KEYS:
                self.keys = None

    def _count_texts(self, texts: list[str]) -> None:
        for one in texts:
            if self.texts is None:
                return
            self.texts[one] = self.texts.get(one, 0) + 1
            if len(self.texts) > MOST_CODES or len(one) > LONGEST_CODE:
                self.texts = None

    @property
    def type(self) -> FieldType:
        """The type that every value fits."""
        kinds = set(self.kinds)
        if "string" in kinds:
            # Of a table of text; among other values text is only text.
            return self.readable[0] if self.readable and len(kinds) == 1 else "string"
        if kinds in ({"integer", "number"}, {"number"}):
            return "number"
        if kinds == {"date", "datetime"}:
            return "datetime"
        return kinds.pop() if len(kinds) == 1 else "string"

    @property
    def codes(self) -> tuple[str, ...]:
        """The distinct texts, sorted, when they are few enough to be a code list; else none."""
        if self.type != "string" or self.kinds != {"string"} or self.texts is None:
            return ()
        few = len(self.texts) >= 2 and len(self.texts) * REPEATED <= self.count
        return tuple(sorted(self.texts)) if few and self.count >= FEWEST_ROWS else ()

    def is_key(self, rows: int) -> bool:
        """Whether every one of the rows has a value of its own here."""
        whole = self.type in ("string", "integer")
        return whole and self.keys is not None and self.count == rows > 0


def is_nothing(value: Any) -> bool:
    """Return whether a value of a source is none: null, not a number, only spaces."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    return isinstance(value, str) and not value.strip()


def _kind(value: Any) -> FieldType:
    if isinstance(value, dt.datetime):
        return "datetime"
    return _PLAIN.get(type(value), "string")


def _all_read(texts: list[str], kind: FieldType) -> bool:
    convert = _CONVERTERS[kind]
    for one in texts:
        # 1 and 0 are numbers before they are yes and no, and a letter is a mark.
        if kind == "boolean" and len(one) < 2:
            return False
        if kind in ("integer", "number") and _LABEL.match(one):
            return False
        if kind == "integer" and ("," in one or "." in one):
            return False
        try:
            convert(one)
        except ValueError:
            return False
    return True
