"""What is told to people: a code with parameters, and its words in three languages.

The words are in `i18n/<language>.json`: code -> template of `str.format`, one sentence or a part of
one. Codes and parameters are kept, words are made when somebody reads them.
"""

from __future__ import annotations

import json
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, override

from layers.model import Language

FOLDER = Path(__file__).parent / "i18n"


@dataclass(frozen=True, slots=True)
class Message:
    """One thing told; a parameter is a text, a number, another message, or several of these."""

    code: str
    parameters: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        return self.text("en")

    def text(self, language: Language) -> str:
        """Return the words; the code itself when they are not known here, as of a later version."""
        template = templates(language).get(self.code)
        if template is None:
            return " ".join([self.code, *(f"{name}={value}" for name, value in self.parameters)])
        return _Words(language).vformat(template, (), dict(self.parameters))

    def document(self) -> dict[str, Any]:
        """Return code and parameters as JSON values."""
        return {"code": self.code, "parameters": {n: _plain(v) for n, v in self.parameters}}


class Unreadable(ValueError):
    """A value is not what it should be; `message` says why, as the end of a sentence about it."""

    def __init__(self, code: str, /, **parameters: Any) -> None:
        self.message = message(code, **parameters)
        super().__init__(str(self.message))


def message(code: str, /, **parameters: Any) -> Message:
    """Return a message; lists become tuples."""
    return Message(
        code,
        tuple((n, tuple(v) if isinstance(v, list) else v) for n, v in parameters.items()),
    )


def why(error: Exception) -> Message:
    """Return what an error says as a message: its own, else its words as they are."""
    found = getattr(error, "message", None)
    return found if isinstance(found, Message) else message("text", text=str(error))


def from_document(document: Mapping[str, Any]) -> Message:
    """Return the message that `Message.document` gave."""
    given = document["parameters"].items()
    return Message(document["code"], tuple((name, _read(value)) for name, value in given))


@cache
def templates(language: Language) -> Mapping[str, str]:
    """Return the templates of one language by code, read once."""
    read: dict[str, str] = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return MappingProxyType(read)


def _plain(value: Any) -> Any:
    if isinstance(value, Message):
        return value.document()
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def _read(value: Any) -> Any:
    if isinstance(value, Mapping):
        return from_document(value)
    return tuple(_read(one) for one in value) if isinstance(value, list) else value


class _Words(string.Formatter):
    """Fills in a template: messages in its language, lists with commas, numbers as written there.

    A whole number with forms of a noun, `{rows:row|rows}`, is counted: `1 row`, `4 032 rows`. What
    is not there is a question mark: a report may be older than the words.
    """

    def __init__(self, language: Language) -> None:
        self.language: Language = language

    @override
    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        return kwargs.get(str(key), "?")

    @override
    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, Message):
            return value.text(self.language)
        if isinstance(value, tuple):
            return (format_spec or ", ").join(self.format_field(one, "") for one in value)
        if isinstance(value, int) and "|" in format_spec:
            return _counted(value, format_spec.split("|"))
        if isinstance(value, float):
            said = format(value, format_spec or "g")
            return said if self.language == "en" else said.replace(".", ",")
        return value if isinstance(value, str) else format(value, format_spec)


def _counted(number: int, forms: Sequence[str]) -> str:
    """Return a number with its noun: of two forms as in English, of three as in be and ru."""
    form = 0 if number == 1 else 1
    if len(forms) > 2:
        tens, ones = number % 100 // 10, number % 10
        form = 2 if tens == 1 or ones in {0, 5, 6, 7, 8, 9} else 0 if ones == 1 else 1
    return f"{number:,} {forms[form]}".replace(",", " ")
