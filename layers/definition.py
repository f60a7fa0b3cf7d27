"""A layer.yml file read into a Layer; what does not fit is said in plain words, with its line."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from layers.document import Document, Fault, FaultyFile, Key, parse_yaml, read_text
from layers.model import Code, Field, Layer, Licence, Rule, Supplier, Text, Tiles
from layers.placeholder import placeholder_faults

DEFINITION = "layer.yml"

_KEYS = sorted(
    {
        key
        for model in (Layer, Field, Code, Text, Supplier, Licence, Tiles, Rule)
        for key in model.model_fields
    }
)


def read_layer(folder: Path) -> tuple[Layer, Document]:
    """Read `<folder>/layer.yml`; the folder must be named as the layer, its parent as the theme.

    Raises FaultyFile with every fault found and its line, places left to be written among them.
    """
    return _parsed(folder, read_text(folder / DEFINITION))


@lru_cache(maxsize=1024)
def layer_of(folder: Path, text: str) -> Layer:
    """As `read_layer`, of the text that the file has; the same text is parsed once."""
    return _parsed(folder, text)[0]


def _parsed(folder: Path, text: str) -> tuple[Layer, Document]:
    document = parse_yaml(folder / DEFINITION, text)
    if not isinstance(document.value, dict):
        message = "is empty" if document.value is None else "must be a mapping of key: value"
        raise FaultyFile(Fault(document.path, 1, message))
    left = placeholder_faults(document)
    try:
        layer = Layer.model_validate(document.value)
    except ValidationError as error:
        lines = {fault.line for fault in left}
        faults = [one for one in plain_faults(document, error) if one.line not in lines]
        raise FaultyFile(*sorted([*left, *faults])) from error
    if left:
        raise FaultyFile(*left)
    if faults := _place_faults(folder, layer, document):
        raise FaultyFile(*faults)
    return layer, document


def plain_faults(document: Document, error: ValidationError) -> list[Fault]:
    """Return pydantic's errors as faults: a person's words, sorted by line."""
    faults = []
    for detail in error.errors(include_url=False):
        keys: tuple[Key, ...] = detail["loc"]
        message = _plain(detail["type"], detail["msg"], detail.get("input"), detail.get("ctx", {}))
        if detail["type"] == "extra_forbidden":
            message += _suggestion(str(keys[-1]))
        faults.append(document.fault(message, *keys))
    return sorted(faults)


def _plain(kind: str, message: str, value: Any, context: Mapping[str, Any]) -> str:
    # YAML 1.1 reads yes, no, on, off as booleans and 1.0 as a number: the usual surprise.
    if kind == "string_type":
        if isinstance(value, bool | int | float):
            return f'must be text; YAML reads it as {str(value).lower()}, so put it in "quotes"'
        return f"must be text, not {_kind_of(value)}"
    words = {
        "missing": "is missing",
        "extra_forbidden": "is not a key that is known here",
        "literal_error": f"must be one of {context.get('expected')}, not {value!r}",
        "string_pattern_mismatch": f"{value!r} does not have the form {context.get('pattern')}",
        "string_too_short": "is empty",
        "too_short": "needs at least one entry",
        "value_error": str(context.get("error", message)),
        "tuple_type": f"must be a list, not {_kind_of(value)}",
        "model_type": f"must be a mapping of key: value, not {_kind_of(value)}",
    }
    return words.get(kind, f"{message[:1].lower()}{message[1:]}, not {value!r}")


def _kind_of(value: Any) -> str:
    names = {dict: "a mapping", list: "a list", str: f"the text {value!r}", type(None): "empty"}
    return names.get(type(value), repr(value))


def _suggestion(key: str) -> str:
    near = difflib.get_close_matches(key, _KEYS, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _place_faults(folder: Path, layer: Layer, document: Document) -> list[Fault]:
    faults = []
    if layer.id != folder.name:
        faults.append(document.fault(f"{layer.id!r}, but the folder is {folder.name!r}", "id"))
    if layer.theme != folder.parent.name:
        message = f"{layer.theme!r}, but the folder stands in {folder.parent.name!r}"
        faults.append(document.fault(message, "theme"))
    return faults
