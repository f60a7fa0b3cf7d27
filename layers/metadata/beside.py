"""The metadata that lie beside a file: found by name, read in whichever form they are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from layers.errors import CorruptSource
from layers.metadata.dcat_read import read_dcat
from layers.metadata.iso_read import parse_xml, read_bytes, read_iso
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


def find(file: Path) -> Beside | None:
    """Return the metadata beside a file, None without; raises CorruptSource when they are bad."""
    for path in candidates(file):
        if path.is_file():
            return read(path)
    return None


def read(path: Path) -> Beside:
    """Return what a file of metadata says.

    XML that is neither ISO metadata nor DCAT, as programs leave it beside their files, says
    nothing. Raises CorruptSource when it cannot be read.
    """
    data = read_bytes(path)
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
