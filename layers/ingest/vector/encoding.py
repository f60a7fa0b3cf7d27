"""Which of the Cyrillic encodings a text was written in, told by the letters it would hold."""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Iterable

from layers.errors import CorruptSource, RefusedLoad
from layers.message import message

CANDIDATES = ("cp1251", "cp866", "koi8-r", "koi8-u")
"""Tried when the text is not UTF-8; KOI8-U differs from KOI8-R in a few letters only."""

ENOUGH = 3.0
"""How much more likely per hundred letters the best reading must be than the next one."""

# Common letters of Belarusian and Russian, nine tenths of any text in them.
_COMMON = frozenset("оаеинтсрлвкпмудяыьзбгйчўіжшц")
_LETTERS = frozenset("абвгдеёжзийклмнопрстуфхцчшщъыьэюяіўґ’'")


def known(name: str) -> str:
    """Return Python's name of an encoding as people and .cpg files write it; raises RefusedLoad."""
    text = name.strip().lower().removeprefix("ansi ").replace("windows-", "cp")
    text = {"65001": "utf-8", "system": ""}.get(text, f"cp{text}" if text.isdigit() else text)
    try:
        "".encode(text)  # some codecs are of other things than text
        return codecs.lookup(text).name
    except (LookupError, UnicodeError):
        raise RefusedLoad(message("encoding.unknown", encoding=name)) from None


def detect(texts: Iterable[bytes], what: str) -> str:
    """Return the encoding of texts of one file; `what` names the file.

    Bytes that are valid UTF-8 are that; else the reading with the most ordinary Cyrillic words
    wins. Raises RefusedLoad with both readings when two are as likely, CorruptSource when none
    fits.
    """
    sample = b"\n".join(texts)
    if _decoded(sample, "utf-8") is not None:
        return "utf-8"
    readings = {name: text for name in CANDIDATES if (text := _decoded(sample, name)) is not None}
    if not readings or b"\0" in sample:
        raise CorruptSource(message("encoding.not_text", file=what))
    ranked = sorted(readings, key=lambda name: -_score(readings[name]))
    best = ranked[0]
    rivals = [name for name in ranked[1:] if readings[name] != readings[best]]
    if rivals and _score(readings[best]) - _score(readings[rivals[0]]) < ENOUGH:
        first, second = (
            message("encoding.reading", text=_shown(readings[name]), encoding=name)
            for name in (best, rivals[0])
        )
        raise RefusedLoad(message("encoding.two_ways", file=what, first=first, second=second))
    return best


def _decoded(sample: bytes, name: str) -> str | None:
    try:
        return sample.decode(name)
    except UnicodeDecodeError:
        return None


def _score(text: str) -> float:
    """Points per hundred characters beyond ASCII: common letters, fewer for rare, none for signs.

    A capital after a small letter counts against a reading: KOI8 read as cp1251 turns the case.
    """
    points, count, before = 0.0, 0, " "
    for letter in text:
        if letter > "\x7f":
            count += 1
            small = letter.lower()
            points += 1.0 if small in _COMMON else 0.5 if small in _LETTERS else -1.0
            if before.islower() and letter.isupper():
                points -= 1.0
        before = letter
    return 100 * points / max(count, 1)


def _shown(text: str) -> str:
    words = [w for w in text.split() if any(c > "\x7f" for c in w)]
    said = " ".join(words[:3])[:40]
    return "".join(c if unicodedata.category(c)[0] != "C" else "?" for c in said)
