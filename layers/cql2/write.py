"""Tree -> CQL2 Text and tree -> CQL2 JSON. Reading what was written gives an equal tree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC
from typing import Any

from layers.cql2.lexer import is_plain
from layers.cql2.limits import fault
from layers.cql2.literals import vertices
from layers.cql2.tree import (
    Arithmetic,
    Array,
    Between,
    Boolean,
    Box,
    Comparison,
    Date,
    Expression,
    Fold,
    Function,
    Geometry,
    In,
    Interval,
    IsNull,
    Like,
    Logic,
    Not,
    Number,
    Open,
    Property,
    Relation,
    String,
    Timestamp,
    children,
)

# How tightly operators bind; the numbers are those of layers.cql2.text.
_OR, _AND, _NOT, _PREDICATE, _SUM, _PRODUCT, _POWER, _OPERAND = range(1, 9)
_ARITHMETIC = {"+": _SUM, "-": _SUM, "^": _POWER}
_GROUPED = (Arithmetic, Comparison, Like, Between, In, IsNull, Not, Logic)
_ESCAPES = str.maketrans(
    {
        "'": "''", "\\": "\\\\", "\a": "\\a", "\b": "\\b", "\t": "\\t", "\n": "\\n",
        "\v": "\\v", "\f": "\\f", "\r": "\\r",
    }
)  # fmt: skip


def write_text(node: Expression) -> str:
    """Return an expression in CQL2 Text.

    Raises BadFilter for the one thing that only CQL2 JSON can say: an array inside a list whose
    single item is an operator, which CQL2 Text reads as parentheses round that operator.
    """
    return _text(node, _OR)


def write_json(node: Expression) -> object:
    """Return an expression as CQL2 JSON: what `json.dumps` takes."""
    write = _JSON.get(type(node))
    if write is not None:
        return write(node)
    op = getattr(node, "op", None) or _OPERATIONS[type(node)](node)
    return {"op": op, "args": [write_json(arg) for arg in children(node)]}


def _json_in(node: In) -> object:
    items = [write_json(item) for item in node.items]
    return {"op": "in", "args": [write_json(node.value), items]}


_OPERATIONS: dict[type, Callable[[Any], str]] = {
    Like: lambda _: "like",
    Between: lambda _: "between",
    Not: lambda _: "not",
    IsNull: lambda _: "isNull",
    Function: lambda node: str(node.name),
}


def _instant(node: Date | Timestamp) -> str:
    if isinstance(node, Date):
        return node.value.isoformat()
    return node.value.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def _json_end(node: Expression) -> object:
    if isinstance(node, Open):
        return ".."
    return _instant(node) if isinstance(node, Date | Timestamp) else write_json(node)


def _geojson(node: Geometry) -> dict[str, object]:
    if node.kind == "GeometryCollection":
        members = [_geojson(part) for part in node.parts if isinstance(part, Geometry)]
        return {"type": node.kind, "geometries": members}
    return {"type": node.kind, "coordinates": _lists(node.parts)}


def _lists(parts: Sequence[object]) -> list[object]:
    return [_lists(part) if isinstance(part, tuple) else part for part in parts]


def _power(node: Expression) -> int:
    match node:
        case Logic():
            return _OR if node.op == "or" else _AND
        case Not():
            return _NOT
        case Comparison() | Like() | Between() | In() | IsNull():
            return _PREDICATE
        case Arithmetic():
            return _ARITHMETIC.get(node.op, _PRODUCT)
    return _OPERAND


def _text(node: Expression, floor: int) -> str:
    """Write a node, in parentheses when it binds less tightly than `floor`."""
    text = _operator(node) if isinstance(node, _GROUPED) else _operand(node)
    return f"({text})" if _power(node) < floor else text


def _operator(node: Expression) -> str:
    match node:
        case Logic():
            power = _power(node)
            return f" {node.op.upper()} ".join(_text(arg, power + 1) for arg in node.args)
        case Not():
            if isinstance(node.arg, Like | Between | In | IsNull):
                return _predicate(node.arg, "NOT ")
            return f"NOT {_text(node.arg, _PREDICATE)}"
        case Comparison():
            return f"{_text(node.left, _SUM)} {node.op} {_text(node.right, _SUM)}"
        case Arithmetic():
            power = _power(node)
            left = _text(node.left, _OPERAND if power == _POWER else power)
            return f"{left} {node.op} {_text(node.right, power + 1)}"
        case Like() | Between() | In() | IsNull():
            return _predicate(node, "")
    raise TypeError(type(node).__name__)


def _predicate(node: Like | Between | In | IsNull, negation: str) -> str:
    if isinstance(node, IsNull):
        return f"{_text(node.arg, _SUM)} IS {negation}NULL"
    value = _text(node.value, _SUM)
    match node:
        case Like():
            return f"{value} {negation}LIKE {_text(node.pattern, _SUM)}"
        case Between():
            bounds = f"{_text(node.low, _SUM)} AND {_text(node.high, _SUM)}"
            return f"{value} {negation}BETWEEN {bounds}"
        case In():
            items = ", ".join(_text(item, _SUM) for item in node.items)
            return f"{value} {negation}IN ({items})"


def _operand(node: Expression) -> str:
    return _OPERANDS[type(node)](node)


def _name(node: Property) -> str:
    return node.name if is_plain(node.name) else '"' + node.name.replace('"', '""') + '"'


def _item(node: Expression) -> str:
    if isinstance(node, Array) and len(node.items) == 1 and isinstance(node.items[0], _GROUPED):
        raise fault("CQL2 Text cannot write an array of one operator in a list", node.at)
    return _text(node, _OR)


def _text_end(node: Expression) -> str:
    if isinstance(node, Open):
        return "'..'"
    return f"'{_instant(node)}'" if isinstance(node, Date | Timestamp) else _text(node, _SUM)


def write_wkt(node: Geometry) -> str:
    """Return a geometry as Well-Known Text, as it is written in CQL2 Text."""
    name = node.kind.upper()
    if not node.parts:
        return f"{name} EMPTY"
    if any(len(point) == 3 for point in vertices(node)):
        name += " Z"
    if node.kind == "MultiPoint":
        return f"{name} ({', '.join(f'({_part(p)})' for p in node.parts)})"
    return f"{name} {_parts(node.parts)}"


def _parts(parts: Sequence[object]) -> str:
    if isinstance(parts[0], float):
        return f"({_position(parts)})"
    return f"({', '.join(_part(part) for part in parts)})"


def _part(part: object) -> str:
    if isinstance(part, Geometry):
        return write_wkt(part)
    assert isinstance(part, tuple)  # noqa: S101 - the type of Geometry.parts
    return _position(part) if isinstance(part[0], float) else _parts(part)


def _position(point: Sequence[object]) -> str:
    return " ".join(_coordinate(value) for value in point)


def _coordinate(value: object) -> str:
    text = repr(value)
    # A zero keeps its sign only as a decimal.
    return text.removesuffix(".0") if text != "-0.0" else text


_JSON: dict[type, Callable[[Any], object]] = {
    String: lambda node: node.value,
    Number: lambda node: node.value,
    Boolean: lambda node: node.value,
    Property: lambda node: {"property": node.name},
    Date: lambda node: {"date": _instant(node)},
    Timestamp: lambda node: {"timestamp": _instant(node)},
    Interval: lambda node: {"interval": [_json_end(node.start), _json_end(node.end)]},
    Box: lambda node: {"bbox": list(node.bounds)},
    Geometry: _geojson,
    Array: lambda node: [write_json(item) for item in node.items],
    In: _json_in,
}
_OPERANDS: dict[type, Callable[[Any], str]] = {
    Property: _name,
    String: lambda node: f"'{node.value.translate(_ESCAPES)}'",
    Number: lambda node: repr(node.value),
    Boolean: lambda node: str(node.value).upper(),
    Date: lambda node: f"DATE('{_instant(node)}')",
    Timestamp: lambda node: f"TIMESTAMP('{_instant(node)}')",
    Interval: lambda node: f"INTERVAL({_text_end(node.start)}, {_text_end(node.end)})",
    Box: lambda node: f"BBOX({', '.join(map(_coordinate, node.bounds))})",
    Geometry: write_wkt,
    Array: lambda node: f"({', '.join(map(_item, node.items))})",
    Fold: lambda node: f"{node.op.upper()}({_text(node.arg, _SUM)})",
    Function: lambda node: f"{node.name}({', '.join(map(_item, node.args))})",
    Relation: lambda node: (
        f"{node.op.upper()}({_text(node.left, _SUM)}, {_text(node.right, _SUM)})"
    ),
}
