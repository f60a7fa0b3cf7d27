"""The metadata that lie beside a file, or with it in its zip: found by name, read in any form."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

from layers.errors import CorruptSource
from layers.ingest.vector.parts import DRIVERS
from layers.metadata.dcat_read import read_dcat
from layers.metadata.iso_read import parse_xml, read_bytes, read_iso, require_short
from layers.metadata.record import Record

RDF_ROOT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}RDF"


@dataclass(frozen=True)
class Beside:
    """A file of metadata and what it says; `note` why it says nothing."""

    file: Path
    record: Record
    note: str | None = None


def candidates(file: Path) -> list[Path]:
    """Return where the metadata of a file may lie, the likeliest first."""
    folder, stem = file.parent, file.stem
    names = (
        f"{stem}.iso.xml", f"{stem}.xml", f"{file.name}.xml", f"{stem}.jsonld", f"{stem}.rdf",
        f"{stem}.ttl", "metadata.xml", "metadata.jsonld",
    )  # fmt: skip
    return [path for name in names if (path := folder / name) != file]


def find(file: Path, layer: str | None = None) -> Beside | None:
    """Return the metadata beside a file, else within its zip, None without.

    `layer` names one of several files in the zip. Raises CorruptSource when they are bad.
    """
    for path in candidates(file):
        if path.is_file():
            return read(path)
    return _zipped(file, layer) if file.suffix.lower() == ".zip" else None


def _zipped(file: Path, layer: str | None) -> Beside | None:
    try:
        with zipfile.ZipFile(file) as archive:
            members = {info.filename: info for info in archive.infolist()}
            path = _member(list(members), layer)
            if path is None:
                return None
            require_short(path.name, members[str(path)].file_size)
            return _said(path, archive.read(str(path)))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError):
        return None  # whoever opens its data says what is wrong with it


def _member(names: list[str], layer: str | None) -> Path | None:
    """Return the metadata of the file, or of the one that is named, in a zip with such names."""
    files = {
        Path(name.partition(".gdb/")[0] + ".gdb" if ".gdb/" in name else name)
        for name in sorted(names)
        if not name.startswith("__MACOSX")
    }
    chosen = [
        one
        for one in sorted(files)
        if one.suffix.lower() in DRIVERS and layer in (None, str(one), one.stem, one.name)
    ]
    found = (path for one in chosen for path in candidates(one) if str(path) in names)
    return next(found, None)


def read(path: Path) -> Beside:
    """Return what a file of metadata says.

    XML that is neither ISO metadata nor DCAT, as programs leave it beside their files, says
    nothing. Raises CorruptSource when it cannot be read.
    """
    return _said(path, read_bytes(path))


def _said(path: Path, data: bytes) -> Beside:
    if path.suffix.lower() != ".jsonld" and path.suffix.lower() != ".ttl":
        root = parse_xml(data, path.name)
        if root.tag == RDF_ROOT:
            return Beside(path, read_dcat(data, "xml", path.name))
        try:
            return Beside(path, read_iso(root, path.name))
        except CorruptSource as error:
            return Beside(path, Record(), str(error))
    form = "json-ld" if path.suffix.lower() == ".jsonld" else "turtle"
    return Beside(path, read_dcat(data, form, path.name))
