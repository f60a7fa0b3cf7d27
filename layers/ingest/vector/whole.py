"""Whether a file is all there: what GDAL reads of one that was cut off would pass for the whole."""

from __future__ import annotations

from xml.parsers import expat

from layers.errors import CorruptSource
from layers.ingest.vector.parts import Parts
from layers.message import message

_RECORD = b"\x1e"
_TAIL_BYTES = 200


def require_whole(parts: Parts) -> None:
    """Raise CorruptSource when a Shapefile, XML or DXF is cut off or damaged."""
    if parts.ending == ".shp":
        _require_shapefile(parts)
    elif parts.ending in (".gml", ".kml"):
        _require_xml(parts)
    elif parts.ending == ".dxf":
        _require_dxf(parts)


def records(parts: Parts) -> int:
    """Return how many records a text sequence has: lines, or what follows each RS."""
    with parts.open() as data:
        first = data.read(4).removeprefix(b"\xef\xbb\xbf")[:1]
    with parts.open() as data:
        if first == _RECORD:
            return sum(block.count(_RECORD) for block in iter(lambda: data.read(1 << 20), b""))
        return sum(1 for line in data if line.strip())


def _require_shapefile(parts: Parts) -> None:
    heads = {}
    for ending in (".shp", ".shx", ".dbf"):
        with parts.open(ending) as part:
            heads[ending] = part.read(100)
    # ESRI Shapefile Technical Description, 1998: lengths in words of 16 bits.
    needed = {e: 2 * int.from_bytes(heads[e][24:28], "big") for e in (".shp", ".shx")}
    count, head, row = (
        int.from_bytes(heads[".dbf"][start:end], "little")
        for start, end in ((4, 8), (8, 10), (10, 12))
    )
    needed[".dbf"] = head + count * row
    # The index tells how many shapes there are, 8 bytes each.
    if (needed[".shx"] - 100) // 8 != count:
        raise _cut_off(parts.name)
    for ending, size in needed.items():
        if parts.size(ending) < size:
            raise _cut_off(parts.companions()[ending].rpartition("/")[2])


def _require_xml(parts: Parts) -> None:
    parser = expat.ParserCreate()
    with parts.open() as data:
        try:
            parser.ParseFile(data)
        except expat.ExpatError as error:
            said = message("file.unreadable", file=parts.name, text=str(error))
            raise CorruptSource(said) from None
        except (LookupError, ValueError):  # an encoding that expat does not know; GDAL may
            return


def _require_dxf(parts: Parts) -> None:
    with parts.open() as data:
        tail = b""
        while block := data.read(1 << 20):
            tail = (tail + block)[-_TAIL_BYTES:]
    if tail.split()[-1:] != [b"EOF"]:
        raise _cut_off(parts.name)


def _cut_off(name: str) -> CorruptSource:
    return CorruptSource(message("file.cut_off", file=name))
