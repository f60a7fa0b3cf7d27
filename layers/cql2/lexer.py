"""CQL2 Text cut into tokens, by one regular expression without ambiguity: linear in time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from layers.cql2.limits import MAX_TEXT_BYTES, fault, shown
from layers.cql2.literals import read_string
from layers.cql2.tree import FOLDS, RELATIONS, SHAPES
from layers.errors import BadFilter

# The characters of the standard's rules identifierStart, identifierPart and whitespace.
_START = (
    ":_A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1ffe\u200c-\u200d"
    "\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_PART = _START + ".0-9\u0300-\u036f\u203f-\u2040"
# U+1680 and U+2000-U+200A are spaces although rule identifierStart takes them in, too.
_SPACE = "\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_SPACES = re.compile(f"[{_SPACE}]")
_IDENTIFIER = re.compile(f"[{_START}][{_PART}]*+")

_TOKEN = re.compile(
    rf"""(?P<space>[{_SPACE}]++)
    |(?P<name>(?![{_SPACE}])[{_START}](?:(?![{_SPACE}])[{_PART}])*+)
    |(?P<number>(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?)
    |(?P<string>'(?:[^'\\]|''|\\.)*+')
    |(?P<quoted>"(?:[^"]|"")++")
    |(?P<symbol><>|<=|>=|[-=<>+*/%^(),])
    """,
    re.VERBOSE | re.DOTALL,
)
# In a verbose pattern a character class keeps its spaces, so _SPACE may stand in one.

_ESCAPES = {
    "a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r",
    "'": "'", "\\": "\\",
}  # fmt: skip
_ESCAPED = re.compile(r"''|\\(.)", re.DOTALL)

OPERATORS = frozenset(
    ("AND", "OR", "NOT", "IS", "NULL", "LIKE", "BETWEEN", "IN", "TRUE", "FALSE", "DIV")
)
"""Words that are never the name of a property unless it is quoted."""
CALLS = frozenset(
    ("BBOX", "DATE", "TIMESTAMP", "INTERVAL", *SHAPES, *(f.upper() for f in FOLDS))
) | frozenset(name.upper() for name in RELATIONS)
"""Words that are keywords before a parenthesis; elsewhere they are read as names."""
KEYWORDS = OPERATORS | CALLS


class Token(NamedTuple):
    """One token: `kind` is name, quoted, word, number, string, symbol or end.

    `text` of a word or name is as written, of a quoted name or string its value; `key` is the
    upper-case word, the symbol, or empty.
    """

    kind: str
    text: str
    key: str
    at: int


def is_plain(name: str) -> bool:
    """Say whether a name needs no quotation marks in CQL2 Text."""
    return (
        _IDENTIFIER.fullmatch(name) is not None
        and _SPACES.search(name) is None
        and name.upper() not in KEYWORDS
    )


def unescape(text: str, at: int) -> str:
    """Return the value of a character literal without its quotes; raises BadFilter."""

    def one(found: re.Match[str]) -> str:
        # Other sequences stay as they are: `\\%` is an escape of LIKE, not of the literal.
        return "'" if found[1] is None else _ESCAPES.get(found[1], found[0])

    return read_string(_ESCAPED.sub(one, text), at)


def tokens(text: str, *, limit: int = MAX_TEXT_BYTES) -> Iterator[Token]:
    """Cut a text of at most `limit` bytes into tokens, the last of kind `end`; raises BadFilter."""
    if len(text) > limit or len(text.encode("utf-8", "surrogatepass")) > limit:
        raise fault(f"the text is longer than {limit} bytes", 0)
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise fault(_unreadable(text[at]), at)
        if match.lastgroup != "space":
            yield _token(str(match.lastgroup), match[0], at)
        at = match.end()
    yield Token("end", "", "", len(text))


def _token(kind: str, text: str, at: int) -> Token:
    if kind == "name":
        key = text.upper() if text.isascii() else ""
        return Token("word" if key in KEYWORDS else "name", text, key, at)
    if kind == "string":
        return Token(kind, unescape(text[1:-1], at), "", at)
    if kind == "quoted":
        return Token(kind, read_string(text[1:-1].replace('""', '"'), at), "", at)
    return Token(kind, text, text if kind == "symbol" else "", at)


def _unreadable(character: str) -> str:
    if character == "'":
        return "this text has no closing quotation mark '"
    if character == '"':
        return 'this name is empty or has no closing quotation mark "'
    return f"the character {shown(character)} has no meaning here"


class Stream:
    """The tokens of one reading, cut when they are needed; each is passed once."""

    __slots__ = ("_following", "_tokens", "here")

    def __init__(self, found: Iterator[Token]) -> None:
        self._tokens = found
        self.here = next(found)
        self._following = next(found, self.here)

    def take(self) -> Token:
        """Return the token here and go on; at the end it stays."""
        token = self.here
        self.here = self._following
        self._following = next(self._tokens, self.here)
        return token

    def ahead(self) -> str:
        """Return the key of the token after the one here, empty at the end."""
        return self._following.key

    def on(self, *keys: str) -> bool:
        """Say whether the token here is one of these symbols or words (never a quoted name)."""
        return self.here.key in keys

    def skip(self, key: str) -> bool:
        """Pass the token here when it is this one."""
        if self.here.key != key:
            return False
        self.take()
        return True

    def expect(self, key: str) -> Token:
        """Pass this token or raise BadFilter."""
        if self.here.key != key:
            raise self.surprise(f"{key} is expected")
        return self.take()

    def literal(self, kind: str, wanted: str) -> Token:
        """Pass a token of a kind (string, number) or raise BadFilter."""
        if self.here.kind != kind:
            raise self.surprise(f"{wanted} is expected")
        return self.take()

    def surprise(self, wanted: str) -> BadFilter:
        """Make the error that names what stands here instead."""
        instead = shown(self.here.text) if self.here.kind != "end" else "the end of the filter"
        return fault(f"{wanted} instead of {instead}", self.here.at)
