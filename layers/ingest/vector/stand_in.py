"""What GDAL reads in place of a file that it cannot read as it is: a link, a copy in UTF-8."""

from __future__ import annotations

import atexit
import html
import re
import shutil
import tempfile
from codecs import getincrementaldecoder
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import IO

from layers.errors import CorruptSource
from layers.ingest.vector import encoding
from layers.ingest.vector.parts import Parts
from layers.message import message

BLOCK = 1 << 20
SAMPLE_BYTES = 200_000

_MISREAD = re.compile(r"[!;\x00-\x1f]")
"""What pyogrio takes for a part of an address."""
_DECLARED = re.compile(rb"""<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_DATA_NAMES = re.compile(
    r"""(<(?:\w+:)?(?:Data|SimpleData|SimpleField|SimpleArrayData|SimpleArrayField)\b"""
    r"""[^>]*?\sname\s*=\s*)(["'])(.*?)\2""",
    re.DOTALL,
)
_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def misread(path: str) -> bool:
    """Tell whether a path has letters that would be taken for more than a name."""
    return _MISREAD.search(path) is not None


def linked(parts: Parts) -> str:
    """Return the path of a link to a file under a plain name, its companions beside it.

    What GDAL writes beside it (.gfs) then goes with the link.
    """
    folder = Path(tempfile.mkdtemp(dir=_folder()))
    stem = _MISREAD.sub("_", parts.file.stem)
    for ending, name in parts.companions().items():
        if ending != ".gfs":
            (folder / f"{stem}{ending}").symlink_to(Path(name).resolve())
    return str(folder / f"{stem}{parts.ending}")


def encoding_of(parts: Parts, given: str | None) -> str:
    """Return the encoding of a text file: given, as its mark or its XML says, else detected.

    Raises CorruptSource when it is no text, RefusedLoad when it reads two ways.
    """
    if given:
        return encoding.known(given)
    with parts.open() as data:
        head = data.read(1000)
        for mark, name in _MARKS.items():
            if head.startswith(mark):
                return name
        if declared := _DECLARED.match(head.lstrip()):
            name = encoding.known(declared[1].decode("ascii"))
            if name != "utf-8":
                return name
    with parts.open() as data:
        if _is_utf8(data):
            return "utf-8"
    with parts.open() as data:
        return encoding.detect(_telling(data), parts.name)


def in_utf8(parts: Parts, name: str) -> tuple[str, dict[str, str]]:
    """Return the path of a copy of a text file in UTF-8, and its names of data by those in it.

    Only a KML gets other names of data: GDAL knows them in ASCII, and takes `адрас` and `назва`
    for one. Raises CorruptSource when it is not in the encoding throughout.
    """
    target = Path(tempfile.mkdtemp(dir=_folder())) / f"source{parts.ending}"
    names: dict[str, str] = {}
    with parts.open() as data, target.open("w", encoding="utf-8", newline="") as copy:
        try:
            blocks = _text(data, name)
            first = next(blocks, "").removeprefix("\ufeff")
            copy.write(
                re.sub(r"(<\?xml[^>]*?\sencoding\s*=\s*)([\"'])[^\"']*\2", r'\1"UTF-8"', first)
            )
            copy.writelines(blocks)
        except UnicodeError:
            said = message("encoding.not_throughout", file=parts.name, encoding=name)
            raise CorruptSource(said) from None
    if parts.ending == ".kml":
        text = target.read_text("utf-8")
        target.write_text(_DATA_NAMES.sub(lambda found: _renamed(found, names), text), "utf-8")
    return str(target), {made: said for said, made in names.items()}


def has_foreign_names(parts: Parts) -> bool:
    """Tell whether a KML has names of data that GDAL would change."""
    with parts.open() as data:
        text = data.read().decode("utf-8", "replace")
    return any(not re.fullmatch(r"[A-Za-z]\w*", m[3], re.ASCII) for m in _DATA_NAMES.finditer(text))


def _renamed(found: re.Match[str], names: dict[str, str]) -> str:
    said = html.unescape(found[3])
    made = names.setdefault(said, f"data_{len(names) + 1:04}")
    return f"{found[1]}{found[2]}{made}{found[2]}"


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="geoportal-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _text(data: IO[bytes], name: str) -> Iterator[str]:
    decoder = getincrementaldecoder(name)()
    while block := data.read(BLOCK):
        yield decoder.decode(block)
    yield decoder.decode(b"", final=True)


def _is_utf8(data: IO[bytes]) -> bool:
    try:
        for _ in _text(data, "utf-8"):
            pass
    except UnicodeDecodeError:
        return False
    return True


def _telling(data: IO[bytes]) -> list[bytes]:
    """Return lines that are not ASCII, as many as a sample takes."""
    lines: list[bytes] = []
    size = 0
    while size < SAMPLE_BYTES and (line := data.readline(SAMPLE_BYTES)):
        if not line.isascii():
            lines.append(line)
            size += len(line)
    return lines
