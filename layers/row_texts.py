"""Rows as PostgreSQL writes them, made of the texts of their values: lines of COPY, and hashes.

A hash is that of `ROW(...)::text` (layers/row_sums.py), so that rows that were just written need
not be read again to sum them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

NULL = r"\N"
TEXT = pa.large_string()
_EMPTY, _COMMA, _TAB, _LINE = (pa.scalar(text, TEXT) for text in ("", ",", "\t", "\n"))

_COPY_SPECIAL = r"[\\\t\n\r]"
_COPY_ESCAPES = (("\\", r"\\"), ("\t", r"\t"), ("\n", r"\n"), ("\r", r"\r"))
_ROW_SPECIAL = r'[",()\\\t\n\v\f\r ]'
"""What PostgreSQL puts a value of a row in quotation marks for; besides, it does so for no text."""

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


def copy_lines(values: Sequence[pa.Array]) -> bytes:
    """Return the lines that COPY reads (UTF-8) of columns of texts (n), null where there is none.

    Texts are as the types of PostgreSQL read them, without escapes.
    """
    lines = pc.binary_join_element_wise(*map(_copied, values), _TAB)
    offsets, data = _bytes(pc.binary_join_element_wise(lines, _EMPTY, _LINE))
    return bytes(data[: offsets[-1]])


def sums(values: Mapping[str, pa.Array]) -> Sums:
    """Return the sums of rows (n), given the texts that PostgreSQL writes of their values."""
    cells = [_quoted(values[name]) for name in ordered(values)]
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


def hexadecimal(shapes: Sequence[bytes | None]) -> pa.Array:
    """Return EWKB as PostGIS writes it, null where there is none."""
    length = np.fromiter((len(w) if w else 0 for w in shapes), np.int64, len(shapes))
    offsets = np.concatenate([[0], np.cumsum(2 * length)])
    digits = _DIGITS[np.frombuffer(b"".join([w for w in shapes if w]), np.uint8)]
    made = pa.LargeStringArray.from_buffers(
        len(shapes), pa.py_buffer(offsets.astype(np.int64)), pa.py_buffer(digits)
    )
    return made if length.all() else pc.if_else(length > 0, made, pa.scalar(None, TEXT))


def _copied(values: pa.Array) -> pa.Array:
    if _has(values, _COPY_SPECIAL):
        for letter, escape in _COPY_ESCAPES:
            values = pc.replace_substring(values, letter, escape)
    return pc.fill_null(values, NULL)


def _quoted(values: pa.Array) -> pa.Array:
    """Return values as they stand in the text of a row."""
    marked = None
    if _has(values, _ROW_SPECIAL):
        marked = pc.match_substring_regex(values, _ROW_SPECIAL)
    empty = pc.equal(pc.binary_length(values), 0)
    if pc.any(empty).as_py():
        marked = empty if marked is None else pc.or_(marked, empty)
    if marked is None:
        return pc.fill_null(values, "")
    inside = values
    if _has(values, r'["\\]'):
        for letter in ("\\", '"'):
            inside = pc.replace_substring(inside, letter, letter * 2)
    mark = pa.scalar('"', TEXT)
    return pc.fill_null(
        pc.if_else(marked, pc.binary_join_element_wise(mark, inside, mark, _EMPTY), values), ""
    )


def _has(values: pa.Array, letters: str) -> bool:
    """Tell whether any text of an array has one of some letters: one look at all of them."""
    offsets, data = _bytes(values)
    return re.search(letters.encode(), data[offsets[0] : offsets[-1]]) is not None


def _bytes(values: pa.Array) -> tuple[np.ndarray, memoryview]:
    """Return where each text of an array begins and the last ends (n + 1), and the texts' bytes."""
    _, offsets, data = values.buffers()
    places = np.frombuffer(offsets, np.int64)[values.offset : values.offset + len(values) + 1]
    return places, memoryview(data or b"")
