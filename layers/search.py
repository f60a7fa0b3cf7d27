"""Text search on the features of a layer: every word in some text of it, case and accents aside.

The texts are the string fields, those of lists too, and the titles of their codes in all three
languages, so that `школа` and `school` find a school whatever language the data are in.
"""

from __future__ import annotations

import re
import unicodedata

from psycopg import sql

from layers.errors import BadValue
from layers.keyset import Scalar
from layers.model import LANGUAGES, Field, Layer, Text
from layers.query import Condition

MOST_WORDS = 10
MOST_CHARACTERS = 200
_WORD = re.compile(r"[\w’'-]+")


def condition(layer: Layer, text: str) -> Condition:
    """Return the condition that a feature holds every word of the text; raises BadValue."""
    words = _WORD.findall(text)
    if not words or len(words) > MOST_WORDS or len(text) > MOST_CHARACTERS:
        raise BadValue(
            f"Parameter q: one to {MOST_WORDS} words, at most {MOST_CHARACTERS} characters."
        )
    fields = [field for field in layer.fields if field.item_type == "string"]
    params: dict[str, Scalar] = {}
    parts = [_holds(fields, word, f"q{i}", params) for i, word in enumerate(words)]
    return Condition(sql.SQL(" AND ").join(parts).as_string(), tuple(params.items()))


def _holds(fields: list[Field], word: str, name: str, params: dict[str, Scalar]) -> sql.Composable:
    """The condition that one word is in one of the fields; adds its values to `params`."""
    found: list[sql.Composable] = []
    plain = [_text(field) for field in fields if not field.codes]
    if plain:
        # Of what LIKE reads as a sign, a word can hold only the underscore.
        params[name] = word.replace("_", r"\_")
        found.append(
            sql.SQL(
                "layers.accenti(layers.casei(concat_ws(' ', {})))"
                " LIKE '%%' || layers.accenti(layers.casei({}::text)) || '%%'"
            ).format(sql.SQL(", ").join(plain), sql.Placeholder(name))
        )
    folded = fold(word)
    for field in fields:
        for n, code in enumerate(field.codes):
            if any(folded in fold(title) for title in _titles(code.title)):
                key = f"{name}_{field.name}_{n}"
                params[key] = code.value
                equal = "{1} = ANY ({0})" if field.is_array else "{0} = {1}"
                found.append(sql.SQL(equal).format(_column(field), sql.Placeholder(key)))
    joined = sql.SQL(" OR ").join(found) if found else sql.SQL("FALSE")
    return sql.SQL("({})").format(joined)


def fold(text: str) -> str:
    """Return the text without case and accents."""
    decomposed = unicodedata.normalize("NFD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _titles(title: Text) -> list[str]:
    return [title.get(language) for language in LANGUAGES]


def _text(field: Field) -> sql.Composable:
    text = sql.SQL("array_to_string({}, ' ')" if field.is_array else "{}")
    return text.format(_column(field))


def _column(field: Field) -> sql.Composable:
    return sql.SQL("t.{}").format(sql.Identifier(field.name))
