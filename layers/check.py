"""All that is wrong with layer folders: the files of each, and how they fit one another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from layers.check_sample import sample_faults
from layers.check_style import style_faults
from layers.check_table import read_table, table_faults
from layers.definition import DEFINITION, read_layer
from layers.document import Document, Fault, FaultyFile, read_json, read_text, read_yaml
from layers.ingest.vector.mapping import MAPPING, read_mapping
from layers.model import THEMES, Layer
from layers.placeholder import placeholder_faults

FILES = (DEFINITION, "table.sql", "style.json", "sample.geojson")
MAY_HAVE = (MAPPING,)


def layer_folders(root: Path) -> Iterator[Path]:
    """Yield the folders <root>/<theme>/<id>/ in the order of themes and ids."""
    for theme in THEMES:
        parent = root / theme
        if parent.is_dir():
            yield from (path for path in _entries(parent) if path.is_dir())


def root_faults(root: Path, *, strict: bool) -> list[Fault]:
    """Return faults of a root itself: it is missing, or something strange lies in it.

    `strict` refuses folders that are no theme; the package's root also holds our modules.
    """
    if not root.is_dir():
        return [no_folder(root)]
    faults = []
    for path in _entries(root):
        if path.name in THEMES and path.is_dir():
            faults += [
                Fault(item, 1, "does not belong here; a theme holds one folder per layer")
                for item in _entries(path)
                if not item.is_dir()
            ]
        elif strict and path.is_dir():
            faults.append(Fault(path, 1, f"is not a theme; the themes are {', '.join(THEMES)}"))
    return faults


def no_folder(root: Path) -> Fault:
    """Return the fault that a root of layers is not a folder."""
    return Fault(root, 1, "there is no such folder of layers")


def folder_faults(folder: Path) -> tuple[Layer | None, Document | None, list[Fault]]:
    """Return the layer of a folder with its document (None when unreadable), and all faults."""
    faults = [
        Fault(path, 1, f"does not belong here; a layer has the files {', '.join(FILES)}")
        for path in _entries(folder)
        if path.name not in FILES + MAY_HAVE
    ]
    try:
        layer, document = read_layer(folder)
    except FaultyFile as error:
        # Without a definition the other files can only be looked at for being there and readable.
        return None, None, [*faults, *error.faults, *_unreadable(folder)]
    null_geometry = True
    try:
        path = folder / "table.sql"
        text = read_text(path)
        table = read_table(path, text, layer.id)
        faults += table_faults(path, text, table, layer)
        null_geometry = not table.geometry_required
    except FaultyFile as error:
        faults += error.faults
    try:
        faults += style_faults(read_json(folder / "style.json"), layer)
    except FaultyFile as error:
        faults += error.faults
    try:
        sample = read_json(folder / "sample.geojson")
        faults += sample_faults(sample, layer, null_geometry=null_geometry)
    except FaultyFile as error:
        faults += error.faults
    faults += _mapping_faults(folder / MAPPING, layer)
    return layer, document, faults


def _mapping_faults(path: Path, layer: Layer) -> list[Fault]:
    if not path.exists():
        return []
    try:
        if left := placeholder_faults(read_yaml(path)):
            return left
        read_mapping(path, layer)
    except FaultyFile as error:
        return list(error.faults)
    return []


def _unreadable(folder: Path) -> Iterator[Fault]:
    """Yield why files cannot be read, and what a draft has left to be written in them."""
    for name in (*FILES[1:], *MAY_HAVE):
        path = folder / name
        if name in MAY_HAVE and not path.exists():
            continue
        try:
            if name == "table.sql":
                read_text(path)
            else:
                read = read_yaml if name in MAY_HAVE else read_json
                yield from placeholder_faults(read(path))
        except FaultyFile as error:
            yield from error.faults


def _entries(folder: Path) -> list[Path]:
    """Return what lies in a folder, without the droppings of Python or of a file manager."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith((".", "__")))
