"""What libraries and PostgreSQL say, as messages: the common in words, the rest quoted."""

from __future__ import annotations

import re
from pathlib import Path

from layers.message import Message, message

LONGEST = 200
"""Letters of a quotation."""

_KNOWN: tuple[tuple[str, str], ...] = (
    # GDAL, SQLite, Arrow, libtiff
    (r"not recognized as (being in )?a supported file format", "said.no_format"),
    (r"file is not a database|not a Parquet file|Parquet magic bytes not", "said.no_format"),
    (r"database disk image is malformed|IReadBlock|TIFFRead\w+|Read failed", "said.damaged"),
    (r"[Pp]ermission denied", "said.denied"),
    # osmium, zlib, zipfile
    (r"(?i)(truncated|unexpected (EOF|end)|premature end|end.of.(file|stream))", "said.cut_off"),
    (r"(not a zip file|[Bb]ad magic number)", "said.not_zip"),
    (r"XML parsing error at line (?P<line>\d+)", "said.xml"),
    (r"codec can't decode|invalid Unicode", "said.not_unicode"),
    (r"No columns to parse", "said.no_columns"),
    (r"Expected (?P<wanted>\d+) fields in line (?P<line>\d+), saw (?P<found>\d+)", "said.cells"),
    (r"(field larger than field limit|Buffer overflow caught)", "said.long_cell"),
    (r"(expected after|EOF inside string|unexpected end of data)", "said.quote"),
    # PostgreSQL, PostGIS
    (r'null value in column "(?P<field>\w+)"', "said.no_value"),
    (r"duplicate key value", "said.twice"),
    (r"violates check constraint", "said.check"),
    (r"(integer|bigint|smallint|value) out of range|numeric field overflow", "said.too_large"),
    (r"Geometry (type|has Z|has M)|Column has [ZM] dimension", "said.dimension"),
)  # fmt: skip


def said(text: object, *files: Path) -> Message:
    """Return what a library said of files, without their folders: reports are for everybody."""
    plain = " ".join(str(text).split())
    for file in files:
        for folder in (file.resolve().parent, file.parent):
            plain = plain.replace(f"{folder}/", "")
    for pattern, code in _KNOWN:
        if found := re.search(pattern, plain):
            return message(code, **found.groupdict())
    return message("said.other", text=plain[:LONGEST])
