"""Rows as PostgreSQL writes them, made of the texts of their values: lines of COPY, and hashes.

A hash is that of `ROW(...)::text` (layers/row_sums.py), so that rows that were just written need
not be read again to sum them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

NULL = r"\N"
TEXT = pa.large_string()
_EMPTY, _COMMA, _TAB, _LINE = (pa.scalar(text, TEXT) for text in ("", ",", "\t", "\n"))

_COPY_SPECIAL = b"\\\t\n\r"
_COPY_ESCAPES = (("\\", r"\\"), ("\t", r"\t"), ("\n", r"\n"), ("\r", r"\r"))
_ROW_SPECIAL = b' ,"()\\\t\n\v\f\r'
"""What PostgreSQL puts a value of a row in quotation marks for; besides, it does so for no text."""

_ROW_PATTERN = r'[ ,"()\\\t\n\v\f\r]'

_EXTENSION = b"20E6100000"

_DIGITS = np.frombuffer(b"".join(b"%02X" % byte for byte in range(256)), dtype=np.dtype("S2")).view(
    np.uint16
)


@dataclass(frozen=True)
class Sums:
    """What the checksum of rows is made of: their number, and the sums of their hashes."""

    count: int = 0
    high: int = 0
    low: int = 0

    def and_with(self, more: Sums) -> Sums:
        """Return the sums of these rows and others."""
        return Sums(self.count + more.count, self.high + more.high, self.low + more.low)


@dataclass(frozen=True)
class Texts:
    """A column of texts (n), null where there is none, as its type in PostgreSQL reads them.

    `written`: PostgreSQL writes them so too. `plain`: none has a letter that has to be escaped.
    """

    values: pa.Array
    written: bool = True
    plain: bool = False


def copy_lines(columns: Iterable[Texts]) -> bytes:
    """Return the lines that COPY reads (UTF-8) of some columns."""
    first, *others = map(_copied, columns)
    # The end of a line goes before the next: to add it to a short value copies little.
    begun = pc.binary_join_element_wise(_LINE, first, _EMPTY)
    offsets, data = _bytes(pc.binary_join_element_wise(begun, *others, _TAB))
    return bytes(data[1 : offsets[-1]]) + b"\n" if len(first) else b""


def sums(columns: Mapping[str, Texts]) -> Sums | None:
    """Return the sums of rows, None when only PostgreSQL knows how it writes one of the columns."""
    if not all(column.written for column in columns.values()):
        return None
    cells = [_quoted(columns[name]) for name in ordered(columns)]
    cells[0] = pc.binary_join_element_wise(pa.scalar("(", TEXT), cells[0], _EMPTY)
    cells[-1] = pc.binary_join_element_wise(cells[-1], pa.scalar(")", TEXT), _EMPTY)
    offsets, data = _bytes(pc.binary_join_element_wise(*cells, _COMMA))
    ends = offsets.tolist()
    hashes = b"".join([sha256(data[a:b]).digest() for a, b in pairwise(ends)])
    numbers = np.frombuffer(hashes, ">i8").reshape(-1, 4)[:, :2]
    # In two halves: the sum of many numbers of 64 bits has more.
    upper, lower = (numbers >> 32).sum(axis=0), (numbers & 0xFFFF_FFFF).sum(axis=0)
    high, low = ((int(u) << 32) + int(w) for u, w in zip(upper, lower, strict=True))
    return Sums(len(ends) - 1, high, low)


def ordered(columns: Iterable[str]) -> list[str]:
    """Return columns in the order in which a row is summed: that of the collation C."""
    return sorted(columns, key=str.encode)


def extended(wkb: np.ndarray) -> pa.Array:
    """Return the EWKB in EPSG:4326 of WKB (little-endian, 2D), as PostGIS writes it.

    Null for None.
    """
    there = [w for w in wkb if w]
    length = np.zeros(len(wkb), np.int64)
    length[np.fromiter(map(bool, wkb), bool, len(wkb))] = np.fromiter(map(len, there), np.int64)
    longest = int(length.max(initial=5))
    offsets = np.concatenate([[0], np.cumsum(2 * length)])
    digits = _DIGITS[np.frombuffer(b"".join(there), np.uint8)]
    plain = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(wkb), [None, pa.py_buffer(offsets), pa.py_buffer(digits)]
    )
    # The byte order and three bytes of the type; what follows is its last byte, and the SRID.
    head, rest = (pc.binary_slice(plain, a, b) for a, b in ((0, 8), (10, 2 * longest)))
    made = pc.binary_join_element_wise(head, rest, pa.scalar(_EXTENSION, pa.large_binary()))
    made = made.cast(TEXT)
    return made if length.all() else pc.if_else(length > 0, made, pa.scalar(None, TEXT))


def _copied(column: Texts) -> pa.Array:
    values = column.values
    if not column.plain and _has(values, _COPY_SPECIAL):
        for letter, escape in _COPY_ESCAPES:
            values = pc.replace_substring(values, letter, escape)
    return pc.fill_null(values, NULL)


def _quoted(column: Texts) -> pa.Array:
    """Return values as they stand in the text of a row."""
    values = column.values
    if column.plain:
        return pc.fill_null(values, "")
    marked = None
    if _has(values, _ROW_SPECIAL):
        marked = pc.match_substring_regex(values, _ROW_PATTERN)
    empty = pc.equal(pc.binary_length(values), 0)
    if pc.any(empty).as_py():
        marked = empty if marked is None else pc.or_(marked, empty)
    if marked is None:
        return pc.fill_null(values, "")
    inside = values
    if _has(values, b'"\\'):
        for letter in ("\\", '"'):
            inside = pc.replace_substring(inside, letter, letter * 2)
    mark = pa.scalar('"', TEXT)
    return pc.fill_null(
        pc.if_else(marked, pc.binary_join_element_wise(mark, inside, mark, _EMPTY), values), ""
    )


def _has(values: pa.Array, letters: bytes) -> bool:
    """Tell whether any text of an array has one of some letters: one look at all of them."""
    offsets, data = _bytes(values)
    found = bytes(data[offsets[0] : offsets[-1]])
    return any(letter in found for letter in letters)


def _bytes(values: pa.Array) -> tuple[np.ndarray, memoryview]:
    """Return where each text of an array begins and the last ends (n + 1), and the texts' bytes."""
    _, offsets, data = values.buffers()
    places = np.frombuffer(offsets, np.int64)[values.offset : values.offset + len(values) + 1]
    return places, memoryview(data or b"")
