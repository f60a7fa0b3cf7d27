"""Places of a layer's files that a draft has left for a person to fill."""

from __future__ import annotations

from collections.abc import Iterator

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from layers.document import Document, Fault, Key

MARK = "TODO"


def placeholder(what: str) -> str:
    """Return the text that stands for what nobody can guess."""
    return f"{MARK}: {what}"


def placeholder_faults(document: Document) -> list[Fault]:
    """Return a fault for every placeholder of a file, in the order of its lines."""
    found = _places(document.node, ()) if document.node is not None else ()
    return sorted(
        document.fault(f"is left to be written: {what}" if what else "is left to be written", *keys)
        for keys, what in found
    )


def _places(node: Node, keys: tuple[Key, ...]) -> Iterator[tuple[tuple[Key, ...], str]]:
    if isinstance(node, MappingNode):
        for name, value in node.value:
            yield from _places(value, (*keys, str(name.value)))
    elif isinstance(node, SequenceNode):
        for number, value in enumerate(node.value):
            yield from _places(value, (*keys, number))
    elif isinstance(node, ScalarNode):
        mark, _, what = str(node.value).partition(":")
        if mark.strip() == MARK:
            yield keys, what.strip()
