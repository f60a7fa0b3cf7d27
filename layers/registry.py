"""The layers that are published: every `<root>/<theme>/<id>/` folder, read into frozen values.

The package's own folders come first; an operator adds layers by naming more roots of the same form.
Nothing here needs geopandas or numpy, because the web process loads the registry.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from layers import check as _check
from layers.definition import DEFINITION, layer_of, read_layer
from layers.document import Document, Fault, FaultyFile, read_json, read_text
from layers.errors import UnknownLayer
from layers.model import HULL, Layer

PACKAGE = Path(__file__).resolve().parent
"""The folder that holds the themes of the layers we publish ourselves."""

STYLE, TABLE, SAMPLE = "style.json", "table.sql", "sample.geojson"


def load_layers(*roots: Path, package: bool = True) -> dict[str, Layer]:
    """Return all layers by id, ordered by theme, then `order`, then id.

    `roots` are further folders of the form <root>/<theme>/<id>/; with `package=False` only they
    are read. Raises BadLayerFile ("path:line: reason") on the first malformed definition, or when
    two layers have the same id.
    """
    found: dict[str, tuple[Layer, Path]] = {}
    for folder in _folders(roots, package=package):
        layer = layer_of(folder, read_text(folder / DEFINITION))
        if layer.id in found:
            raise FaultyFile(_same_id(read_layer(folder)[1], found[layer.id][1]))
        found[layer.id] = layer, folder
    layers = sorted((layer for layer, _ in found.values()), key=lambda layer: layer.position)
    return {layer.id: layer for layer in layers}


def check(*roots: Path, package: bool = True) -> list[Fault]:
    """Return every fault of every layer folder, sorted by file and line; empty when all is well."""
    faults: list[Fault] = []
    first: dict[str, Path] = {}
    defined: list[tuple[Layer, Document]] = []
    for root in _all_roots(roots, package=package):
        faults += _check.root_faults(root, strict=root != PACKAGE)
        for folder in _check.layer_folders(root):
            layer, document, more = _check.folder_faults(folder)
            faults += more
            if layer and document:
                defined.append((layer, document))
                if first.setdefault(layer.id, folder) != folder:
                    faults.append(_same_id(document, first[layer.id]))
    known = {*first, *(path.name for path in _folders((), package=True)), HULL}
    return sorted([*faults, *(f for one in defined for f in _rule_faults(*one, known))])


def _rule_faults(layer: Layer, document: Document, known: set[str]) -> Iterator[Fault]:
    """Yield the rules that look at a layer which nobody defines."""
    for i, rule in enumerate(layer.quality):
        for key, name in (("beside", rule.beside), ("within", rule.within)):
            if name is not None and name not in known:
                yield document.fault(f"there is no layer {name!r}", "quality", i, key)


def folder(layer_id: str, *roots: Path, package: bool = True) -> Path:
    """Return the folder of a layer.

    Raises UnknownLayer, naming the known ones.
    """
    known = {path.name: path for path in reversed(list(_folders(roots, package=package)))}
    if layer_id not in known:
        raise UnknownLayer(
            f"there is no layer {layer_id!r}; the known layers are {', '.join(sorted(known))}"
        )
    return known[layer_id]


def style(layer_id: str, *roots: Path, package: bool = True) -> dict[str, Any]:
    """Return the layer's MapLibre style (version 8), ready to be merged into a map's.

    Raises UnknownLayer; BadLayerFile when it is missing or not JSON.
    """
    return _object(read_json(folder(layer_id, *roots, package=package) / STYLE))


def table_sql(layer_id: str, *roots: Path, package: bool = True) -> str:
    """Return the SQL that creates the layer's table, idempotent.

    Raises UnknownLayer; BadLayerFile when it is missing.
    """
    return read_text(folder(layer_id, *roots, package=package) / TABLE)


def sample(layer_id: str, *roots: Path, package: bool = True) -> dict[str, Any]:
    """Return the layer's example: a GeoJSON feature collection, lon/lat (CRS84).

    Raises UnknownLayer; BadLayerFile when it is missing or not JSON.
    """
    return _object(read_json(folder(layer_id, *roots, package=package) / SAMPLE))


def _all_roots(roots: tuple[Path, ...], *, package: bool) -> tuple[Path, ...]:
    return ((PACKAGE,) if package else ()) + tuple(root.resolve() for root in roots)


def _folders(roots: tuple[Path, ...], *, package: bool) -> Iterator[Path]:
    for root in _all_roots(roots, package=package):
        if not root.is_dir():
            raise FaultyFile(_check.no_folder(root))
        yield from _check.layer_folders(root)


def _same_id(document: Document, other: Path) -> Fault:
    return document.fault(f"the layer {other.name!r} is already defined in {other}", "id")


def _object(document: Document) -> dict[str, Any]:
    if not isinstance(document.value, dict):
        raise FaultyFile(Fault(document.path, 1, "must be a JSON object"))
    return document.value
