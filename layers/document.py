"""YAML and JSON files read with the line of every value, so that a fault can be pointed at."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from layers.errors import BadLayerFile

# libyaml is ten times as fast; the pure Python loader gives the same nodes and marks.
LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

MAX_BYTES = 1_000_000
"""A definition file is written by hand; anything larger is a mistake, not a definition."""

type Key = str | int


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong in a layer's files: file, line (from 1) and a sentence saying what."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{shown(self.path)}:{self.line}: {self.message}"


class FaultyFile(BadLayerFile):
    """A file that cannot be used; `faults` has all that is wrong, the text is the first of them."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(str(faults[0]))
        self.faults = faults


@dataclass(frozen=True)
class Document:
    """A file's value together with where each part of it stands."""

    path: Path
    value: Any
    node: Node | None

    def line(self, *keys: Key) -> int:
        """Return the line (from 1) of the value at `keys`, or of its nearest ancestor."""
        node, line = self.node, 1
        for key in keys:
            found = _child(node, key) if node else None
            if found is None:
                break
            line, node = found
        return line

    def fault(self, message: str, *keys: Key) -> Fault:
        """Return a fault about the value at `keys`, its place in front of the message."""
        place = ".".join(str(key) for key in keys)
        return Fault(self.path, self.line(*keys), f"{place}: {message}" if place else message)


def shown(path: Path) -> str:
    """Return the path as a person wants to read it: relative to the current folder if inside."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()


def read_text(path: Path) -> str:
    """Return the text of a definition file.

    Raises FaultyFile when it is missing, unreadable, too large, or not UTF-8.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise FaultyFile(Fault(path, 1, "the file is missing")) from None
    except OSError as error:
        raise FaultyFile(Fault(path, 1, f"cannot be read: {error.strerror}")) from error
    if len(data) > MAX_BYTES:
        message = f"has {len(data)} bytes; a definition file has at most {MAX_BYTES}"
        raise FaultyFile(Fault(path, 1, message))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FaultyFile(Fault(path, line, "is not UTF-8 text; save it as UTF-8")) from error


def read_yaml(path: Path) -> Document:
    """Read one YAML document; duplicate keys and aliases are refused.

    Raises FaultyFile with the line of every fault.
    """
    return parse_yaml(path, read_text(path))


def parse_yaml(path: Path, text: str) -> Document:
    """As `read_yaml`, of the text that a file has."""
    loader = LOADER(text)
    try:
        node = loader.get_single_node()
        faults = list(_structure_faults(path, node))
        if faults:
            raise FaultyFile(*faults)
        return Document(path, loader.construct_document(node) if node else None, node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = f"is not valid YAML: {error.problem or error.context}"
        raise FaultyFile(Fault(path, mark.line + 1 if mark else 1, message)) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        message = f"is not valid YAML: {str(error).splitlines()[0]}"
        raise FaultyFile(Fault(path, 1, message)) from error
    finally:
        loader.dispose()


def read_json(path: Path) -> Document:
    """Read a JSON file; NaN, Infinity and duplicate keys are refused.

    Raises FaultyFile with the line and column of the fault.
    """
    text = read_text(path)
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        message = f"is not valid JSON: {error.msg} (column {error.colno})"
        raise FaultyFile(Fault(path, error.lineno, message)) from error
    except (ValueError, RecursionError) as error:
        raise FaultyFile(Fault(path, 1, f"is not valid JSON: {error}")) from error
    node = _json_nodes(text)
    if faults := list(_structure_faults(path, node)):
        raise FaultyFile(*faults)
    return Document(path, value, node)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _json_nodes(text: str) -> Node | None:
    # JSON is as good as YAML for finding lines; the few texts YAML refuses just have no lines.
    try:
        node: Node | None = yaml.compose(text.replace("\t", " "), Loader=LOADER)
    except (yaml.YAMLError, RecursionError):
        return None
    return node


def _child(node: Node, key: Key) -> tuple[int, Node] | None:
    """Return line and node of one member of a mapping (the line of its key) or of a list."""
    if isinstance(node, MappingNode):
        for name, value in node.value:
            if name.value == str(key):
                return name.start_mark.line + 1, value
    elif isinstance(node, SequenceNode) and isinstance(key, int) and key < len(node.value):
        item = node.value[key]
        return item.start_mark.line + 1, item
    return None


def _structure_faults(path: Path, root: Node | None) -> Iterator[Fault]:
    """Yield duplicate keys (YAML and JSON keep the last one in silence) and aliases."""
    seen: set[int] = set()
    pending = [root] if root is not None else []
    while pending:
        node = pending.pop()
        if id(node) in seen:
            message = "YAML aliases (*name) are not allowed; this is what one of them names"
            yield Fault(path, node.start_mark.line + 1, message)
            continue
        seen.add(id(node))
        if isinstance(node, ScalarNode):
            continue
        if isinstance(node, SequenceNode):
            pending.extend(reversed(node.value))
            continue
        yield from _duplicate_keys(path, node)
        pending.extend(value for _, value in reversed(node.value))


def _duplicate_keys(path: Path, node: Node) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for key, _ in node.value:
        line = key.start_mark.line + 1
        name = str(key.value)
        if name in first:
            yield Fault(path, line, f"{name}: duplicate key, first on line {first[name]}")
        first.setdefault(name, line)
