"""What a source is made of: a file with its companions in a folder, or in a zip."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from layers.errors import CorruptSource, MissingSource, RefusedLoad
from layers.message import message

DRIVERS = {
    ".gpkg": "GPKG", ".geojson": "GeoJSON", ".json": "GeoJSON", ".geojsons": "GeoJSONSeq",
    ".geojsonl": "GeoJSONSeq", ".geojsonseq": "GeoJSONSeq", ".shp": "ESRI Shapefile",
    ".tab": "MapInfo File", ".mif": "MapInfo File", ".gdb": "OpenFileGDB", ".gml": "GML",
    ".kml": "LIBKML", ".kmz": "LIBKML", ".dxf": "DXF", ".fgb": "FlatGeobuf", ".xlsx": "XLSX",
    ".parquet": "Parquet", ".geoparquet": "Parquet", ".csv": "CSV", ".tsv": "CSV", ".txt": "CSV",
}  # fmt: skip
_ALONE = (".csv", ".tsv", ".txt", ".parquet", ".geoparquet")
"""Not read from a zip; there they are notes beside the data, as often as not."""
_NEEDED = {".shp": (".dbf", ".shx"), ".tab": (".dat", ".map", ".id"), ".mif": (".mid",)}

VAST_BYTES = 1_000_000_000
VAST_TIMES = 500
"""A zip that unpacks to more than both is no data: blank tables shrink to a hundredth."""


@dataclass(frozen=True)
class Parts:
    """The main part of a source: a file, or what is called `member` in a zip."""

    file: Path
    member: str | None = None

    @property
    def name(self) -> str:
        """The name of the main part without its folders."""
        return self.file.name if self.member is None else self.member.rpartition("/")[2]

    @property
    def ending(self) -> str:
        """The ending that tells the form, in small letters."""
        return Path(self.name).suffix.lower()

    @property
    def path(self) -> str:
        """GDAL's name of the main part."""
        if self.member is None:
            return str(self.file)
        return f"/vsizip/{{{self.file.resolve()}}}/{self.member}"

    def companions(self) -> dict[str, str]:
        """Return the names of all parts by ending, the main one among them."""
        if self.member is None:
            beside = self.file.parent.iterdir()
            return {p.suffix.lower(): str(p) for p in beside if p.stem == self.file.stem}
        stem = self.member.rpartition(".")[0]
        with zipfile.ZipFile(self.file) as archive:
            names = archive.namelist()
        return {Path(n).suffix.lower(): n for n in names if n.rpartition(".")[0] == stem}

    def size(self, ending: str) -> int:
        """Return the bytes of a part."""
        name = self.companions()[ending]
        if self.member is None:
            return Path(name).stat().st_size
        with zipfile.ZipFile(self.file) as archive:
            return archive.getinfo(name).file_size

    @contextmanager
    def open(self, ending: str | None = None) -> Iterator[IO[bytes]]:
        """Give the bytes of a part, the main one when none is named."""
        name = self.member if ending is None else self.companions()[ending]
        if self.member is None:
            with Path(name or self.file).open("rb") as part:
                yield part
        else:
            with zipfile.ZipFile(self.file) as archive, archive.open(str(name)) as part:
                yield part


def find(file: Path, layer: str | None) -> tuple[Parts, str | None]:
    """Return the parts of a source and the name of the layer still to be chosen in them.

    `layer` may name one of several parts of a zip. Raises MissingSource, CorruptSource,
    RefusedLoad.
    """
    _require_readable(file)
    parts = Parts(file)
    if parts.ending == ".zip":
        parts, layer = _zipped(file, layer)
    elif parts.ending == ".kmz":
        documents = [n for n in _names(file) if n.lower().endswith(".kml")]
        parts = Parts(file, documents[0]) if len(documents) == 1 else parts
    if parts.ending not in DRIVERS:
        raise RefusedLoad(message("file.ending", file=file.name, endings=list(DRIVERS)))
    needed = _NEEDED.get(parts.ending, ())
    there = parts.companions() if needed else {}
    if lacking := [one for one in needed if one not in there]:
        raise CorruptSource(message("file.parts", file=parts.name, parts=lacking))
    return parts, layer


def _require_readable(file: Path) -> None:
    try:
        if not file.exists():
            raise MissingSource(message("file.missing", file=str(file)))
        if file.is_dir() and file.suffix.lower() == ".gdb":
            empty = not any(file.iterdir())
        elif file.is_file():
            with file.open("rb") as data:
                empty = not data.read(1)
        else:
            raise RefusedLoad(message("file.no_file", file=file.name))
    except OSError as error:
        said = error.strerror or str(error)
        raise CorruptSource(message("file.unreadable", file=file.name, text=said)) from None
    if empty:
        raise CorruptSource(message("file.empty", file=file.name))


def _zipped(file: Path, layer: str | None) -> tuple[Parts, str | None]:
    names = _names(file)
    bases = {n: n.partition(".gdb/")[0] + ".gdb" for n in names if ".gdb/" in n.lower()}
    files = {n: n for n in names if Path(n).suffix.lower() in DRIVERS}
    found = {base: names[one] for one, base in (bases or files).items()}
    found = {
        base: shown
        for base, shown in found.items()
        if Path(base).suffix.lower() not in _ALONE and not base.startswith("__MACOSX")
    }
    if not found:
        raise RefusedLoad(message("file.nothing_readable", file=file.name))
    if len(found) == 1:
        return Parts(file, next(iter(found))), layer
    chosen = [b for b, shown in found.items() if layer in (b, shown, *_short(b), *_short(shown))]
    if len(chosen) != 1:
        raise RefusedLoad(message("file.several", file=file.name, layers=sorted(found.values())))
    return Parts(file, chosen[0]), None


def _short(name: str) -> tuple[str, str]:
    return Path(name).name, Path(name).stem


def _names(file: Path) -> dict[str, str]:
    """Return the names in a zip, each with the one that a person knows it by."""
    try:
        with zipfile.ZipFile(file) as archive:
            size = sum(one.file_size for one in archive.infolist())
            if size > max(VAST_BYTES, VAST_TIMES * file.stat().st_size):
                said = message("file.vast", file=file.name, size_gb=size / 1e9)
                raise CorruptSource(said)
            if any(one.flag_bits & 1 for one in archive.infolist()):  # with a password
                raise RefusedLoad(message("file.nothing_readable", file=file.name))
            broken = archive.testzip()
            names = {one.filename: _shown(one) for one in archive.infolist() if not one.is_dir()}
    except (zipfile.BadZipFile, EOFError, NotImplementedError, zlib.error, OSError):
        broken, names = file.name, {}
    if broken:
        raise CorruptSource(message("file.cut_off", file=file.name))
    return names


def _shown(one: zipfile.ZipInfo) -> str:
    """Return a name as Windows here wrote it: its zips hold names in cp866, and do not say so."""
    if one.flag_bits & 0x800 or one.filename.isascii():
        return one.filename
    try:
        return one.filename.encode("cp437").decode("cp866")
    except UnicodeError:
        return one.filename
