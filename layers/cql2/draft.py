"""`cql-text`, the text encoding of the drafts before CQL2, as programs still write it.

GDAL's OAPIF driver sends a filter only to servers that name this language. It is CQL2 Text but for
ILIKE, quoted dates and times, and 0 and 1 for false and true.
"""

from __future__ import annotations

import dataclasses

from layers.cql2.limits import MAX_TEXT_BYTES
from layers.cql2.literals import read_instant
from layers.cql2.text import parse_text
from layers.cql2.tree import Boolean, Comparison, Expression, Logic, Not, Number, Property, String
from layers.model import Layer


def parse_draft(layer: Layer, text: str, *, limit: int = MAX_TEXT_BYTES) -> Expression:
    """Read an expression of the drafts over a layer; raises BadFilter with the place."""
    return _typed(layer, parse_text(text, limit=limit, ilike=True))


def _typed(layer: Layer, node: Expression) -> Expression:
    if isinstance(node, Logic):
        return dataclasses.replace(node, args=tuple(_typed(layer, arg) for arg in node.args))
    if isinstance(node, Not):
        return dataclasses.replace(node, arg=_typed(layer, node.arg))
    if isinstance(node, Comparison) and isinstance(node.left, Property):
        field = layer.field(node.left.name)
        right = node.right if field is None else _value(field.type, node.right)
        return dataclasses.replace(node, right=right)
    return node


def _value(kind: str, node: Expression) -> Expression:
    if kind in ("date", "datetime") and isinstance(node, String):
        # GDAL (3.12 and before) writes a day as `2024-08-20T`.
        return read_instant(node.value.removesuffix("T"), node.at)
    if kind == "boolean" and isinstance(node, Number) and node.value in (0, 1):
        return Boolean(node.value == 1, at=node.at)
    return node
