"""A CSV file as rows of text: its separator found, its quoted line breaks kept."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pandas as pd

from layers.errors import CorruptSource
from layers.ingest.vector import encoding
from layers.message import message
from layers.said import said

SEPARATORS = ";\t,|"
SAMPLE_BYTES = 200_000
LONGEST_CELL = 10_000_000
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x19]")
_EXCEL = re.compile(r"\ufeff?sep=(.)\s*")
"""A first line that only tells Excel the separator."""


def text_encoding(file: Path, given: str | None) -> str:
    """Return the encoding of a text file: the given one, that of its mark, or the detected one.

    Raises CorruptSource when it is no text, RefusedLoad when it reads two ways.
    """
    with file.open("rb") as data:
        sample = data.read(SAMPLE_BYTES)
        rest = data.read(1)
    if _BINARY.search(sample) and not sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise CorruptSource(message("csv.binary", file=file.name))
    name = encoding.known(given) if given else "utf-8"
    if name == "utf-8" and sample.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if given:
        return name
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if rest:  # whole lines only: a cut may go through a letter
        sample = sample[: sample.rfind(b"\n") + 1] or sample
    return encoding.detect(sample.split(b"\n"), file.name)


def separator(file: Path, name: str) -> str:
    """Return the separator that cuts most of the first records into as many cells as the header.

    At least two; of several, the one that makes the most cells.
    """
    with file.open(encoding=name, errors="replace", newline="") as text:
        sample = "".join(islice(text, 200))
    if said := _EXCEL.fullmatch(sample.partition("\n")[0]):
        return said[1]
    found = []
    for mark in SEPARATORS:
        counts = _counts(sample, mark)
        if counts and counts[0] > 1:
            found.append((counts.count(counts[0]) / len(counts), counts[0], mark))
    return max(found, key=lambda one: one[:2], default=(0, 0, ","))[2]


def _counts(sample: str, mark: str) -> list[int]:
    try:
        return [len(r) for r in islice(csv.reader(io.StringIO(sample), delimiter=mark), 50) if r]
    except csv.Error:
        return []


def read(file: Path, name: str, chunk: int) -> Iterator[pd.DataFrame]:
    """Yield rows as text, null where a cell is empty; the index is the record's number from 1.

    Raises CorruptSource naming the record that has more or fewer cells than the header.
    """
    mark = separator(file, name)
    csv.field_size_limit(LONGEST_CELL)
    with file.open(encoding=name, newline="") as text:
        reader = csv.reader(text, delimiter=mark, strict=True)
        try:
            header = [cell.strip() for cell in next(reader, [])]
            if _EXCEL.fullmatch(mark.join(header)):
                header = [cell.strip() for cell in next(reader, [])]
            _require_header(file, header)
            number = 0
            filled = (row for row in reader if any(row))
            while rows := list(islice(filled, chunk)):
                for i, row in enumerate(rows, number + 1):
                    if len(row) != len(header):
                        cells = {"cells": len(row), "header": len(header)}
                        raise CorruptSource(
                            message("csv.cells", file=file.name, record=i, mark=mark, **cells)
                        )
                index = pd.RangeIndex(number + 1, number + len(rows) + 1)
                values = [[c if c.strip() else None for c in row] for row in rows]
                yield pd.DataFrame(values, index=index, columns=header, dtype=object)
                number += len(rows)
        except csv.Error as error:
            told = {"line": reader.line_num, "text": said(error)}
            raise CorruptSource(message("csv.broken", file=file.name, **told)) from None
        except UnicodeError:
            raise CorruptSource(
                message("encoding.not_throughout", file=file.name, encoding=name)
            ) from None


def _require_header(file: Path, header: list[str]) -> None:
    twice = {h for h in header if header.count(h) > 1}
    if twice - {""}:
        raise CorruptSource(message("csv.column_twice", file=file.name, column=max(twice)))
    if not header or "" in header:
        raise CorruptSource(message("csv.column_unnamed", file=file.name))
