"""The types of expressions over a layer's published fields; what does not fit is a BadFilter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from layers.cql2.functions import FUNCTIONS, FunctionInfo, Kind
from layers.cql2.limits import fault, place, shown
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
from layers.errors import UnknownField
from layers.model import Layer

GEOMETRY_NAMES = ("geometry", "geom")
"""How a filter may call the geometry: the name of the queryables, and of the column."""
ID = "id"

_FIELDS: dict[str, Kind] = {
    "string": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "date": "date",
    "datetime": "timestamp",
    "string_array": "string_array",
    "integer_array": "integer_array",
    "number_array": "number_array",
}
"""Type of a field -> type of the expression."""

_WORDS: dict[Kind, str] = {
    "boolean": "a condition",
    "string": "a text",
    "integer": "a number",
    "number": "a number",
    "date": "a date",
    "timestamp": "a time",
    "interval": "an interval",
    "geometry": "a geometry",
}
_INSTANTS = ("date", "timestamp")
_NUMBERS = ("integer", "number")
_BOTH_INSTANTS = ("t_after", "t_before", "t_disjoint", "t_equals", "t_intersects")
"""The temporal functions that take instants, too; the others take two intervals."""


class Types:
    """The type of every expression of one tree over one layer.

    Made with the whole filter, which must be a condition. Raises UnknownField for what is not
    published and BadFilter for operands of wrong types, both with the place.
    """

    __slots__ = ("_found", "_layer")

    def __init__(self, layer: Layer, tree: Expression) -> None:
        self._layer = layer
        self._found: dict[int, Kind] = {}
        if isinstance(tree, Property):
            self.of(tree)
            raise fault(
                f"a property is no condition; compare it, as in {tree.name} = TRUE", tree.at
            )
        self._want(tree, "boolean")

    def of(self, node: Expression) -> Kind:
        """Return the type of a node of the tree."""
        kind = self._found.get(id(node))
        if kind is None:
            kind = self._found[id(node)] = self._determine(node)
        return kind

    def _determine(self, node: Expression) -> Kind:
        if isinstance(node, Open):
            raise fault("an open end stands only inside an interval", node.at)
        if type(node) in _LITERALS:
            return _LITERALS[type(node)]
        if isinstance(node, Number):
            return "integer" if isinstance(node.value, int) else "number"
        if type(node) in _VALUES:
            return _VALUES[type(node)](self, node)
        _CONDITIONS[type(node)](self, node)
        return "boolean"

    def _logic(self, node: Logic | Not) -> None:
        for arg in children(node):
            self._operand_of_logic(arg)

    def _comparison(self, node: Comparison) -> None:
        self._same(node.left, node.right)

    def _between(self, node: Between) -> None:
        for operand in children(node):
            self._want(operand, "number")

    def _in(self, node: In) -> None:
        for item in node.items:
            self._same(node.value, item)

    def _is_null(self, node: IsNull) -> None:
        self.of(node.arg)

    def _operand_of_logic(self, node: Expression) -> None:
        if isinstance(node, Property) and self.of(node) == "boolean":
            raise fault(
                f"a property is no condition; compare it, as in {node.name} = TRUE", node.at
            )
        self._want(node, "boolean")

    def _want(self, node: Expression, wanted: Kind) -> None:
        kind = self.of(node)
        if kind != wanted and not (wanted == "number" and kind == "integer"):
            raise fault(f"{_word(wanted)} is expected and not {_word(kind)}", node.at)

    def _property(self, node: Property) -> Kind:
        if node.name in GEOMETRY_NAMES:
            return "geometry"
        if node.name == ID:
            return "integer"
        field = self._layer.field(node.name)
        if field is None:
            raise UnknownField(
                f"The filter is wrong {place(node.at)}: collection {self._layer.id} has no"
                f" property {shown(node.name)}."
            )
        return _FIELDS[field.type]

    def _fold(self, node: Fold) -> Kind:
        self._want(node.arg, "string")
        return "string"

    def _arithmetic(self, node: Arithmetic) -> Kind:
        self._want(node.left, "number")
        self._want(node.right, "number")
        whole = self.of(node.left) == self.of(node.right) == "integer"
        if node.op == "div":
            return "integer" if whole else "number"
        return "integer" if whole and node.op in "+-*%" else "number"

    def _interval(self, node: Interval) -> Kind:
        for end in (node.start, node.end):
            if not isinstance(end, Open) and self.of(end) not in _INSTANTS:
                raise fault(f"a date or a time is expected and not {self._named(end)}", end.at)
        return "interval"

    def _array(self, node: Array) -> Kind:
        kinds = {self.of(item) for item in node.items}
        if not kinds:
            return "empty_array"
        if kinds == set(_NUMBERS):
            return "number_array"
        kind = kinds.pop()
        if kinds:
            raise fault("the items of an array must have one type", node.at)
        if kind not in ("string", "boolean", *_NUMBERS, *_INSTANTS):
            raise fault(f"an array cannot hold {_word(kind)}", node.items[0].at)
        return cast(Kind, f"{kind}_array")

    def _function(self, node: Function) -> Kind:
        info = find_function(node)
        if len(node.args) != len(info.args):
            raise fault(
                f"{info.name} takes {len(info.args)} arguments, not {len(node.args)}", node.at
            )
        for given, wanted in zip(node.args, info.args, strict=True):
            self._want(given, wanted.kind)
        return info.returns

    def _same(self, left: Expression, right: Expression) -> None:
        families = [_family(self.of(node)) for node in (left, right)]
        for node, family in zip((left, right), families, strict=True):
            if family not in ("boolean", "string", "number", "instant"):
                raise fault(f"{self._named(node)} cannot be compared by an operator", node.at)
        if families[0] != families[1]:
            raise fault(
                f"{self._named(left)} cannot be compared with {self._named(right)}", right.at
            )

    def _like(self, node: Like) -> None:
        self._want(node.value, "string")
        pattern = node.pattern
        while isinstance(pattern, Fold):
            self.of(pattern)
            pattern = pattern.arg
        if not isinstance(pattern, String):
            raise fault("a pattern must be a text, alone or inside CASEI or ACCENTI", pattern.at)
        escapes = len(pattern.value) - len(pattern.value.rstrip("\\"))
        if escapes % 2:
            raise fault("the pattern ends with a backslash that escapes nothing", pattern.at)

    def _relation(self, node: Relation) -> None:
        check: dict[str, Callable[[Relation], None]] = {
            "s_": self._spatial,
            "t_": self._temporal,
            "a_": self._arrays,
        }
        check[node.op[:2]](node)

    def _spatial(self, node: Relation) -> None:
        self._want(node.left, "geometry")
        self._want(node.right, "geometry")

    def _temporal(self, node: Relation) -> None:
        for operand in (node.left, node.right):
            kind = self.of(operand)
            if kind not in (*_INSTANTS, "interval"):
                raise fault(
                    f"a date, a time or an interval is expected and not {_word(kind)}", operand.at
                )
            if kind != "interval" and node.op not in _BOTH_INSTANTS:
                raise fault(f"{node.op} compares intervals, and this is {_word(kind)}", operand.at)

    def _arrays(self, node: Relation) -> None:
        families = [_family(self.of(operand)) for operand in (node.left, node.right)]
        for operand, family in zip((node.left, node.right), families, strict=True):
            if not family.endswith("_array"):
                raise fault(f"an array is expected and not {self._named(operand)}", operand.at)
        if families[0] != families[1] and "empty_array" not in families:
            raise fault("the two arrays hold values of different types", node.right.at)

    def _named(self, node: Expression) -> str:
        return _word(self.of(node))


_LITERALS: dict[type, Kind] = {
    String: "string",
    Boolean: "boolean",
    Date: "date",
    Timestamp: "timestamp",
    Geometry: "geometry",
    Box: "geometry",
}
_VALUES: dict[type, Callable[[Types, Any], Kind]] = {
    Property: Types._property,
    Fold: Types._fold,
    Arithmetic: Types._arithmetic,
    Interval: Types._interval,
    Array: Types._array,
    Function: Types._function,
}
_CONDITIONS: dict[type, Callable[[Types, Any], None]] = {
    Logic: Types._logic,
    Not: Types._logic,
    Comparison: Types._comparison,
    Like: Types._like,
    Between: Types._between,
    In: Types._in,
    IsNull: Types._is_null,
    Relation: Types._relation,
}


def check(layer: Layer, tree: Expression) -> None:
    """Raise UnknownField or BadFilter when a tree is no filter over the fields of a layer."""
    Types(layer, tree)


def find_function(node: Function) -> FunctionInfo:
    """Return what a function is; raises BadFilter that lists the known ones."""
    info = FUNCTIONS.get(node.name.lower())
    if info is None:
        known = ", ".join(FUNCTIONS)
        raise fault(f"there is no function {shown(node.name)}; there are {known}", node.at)
    return info


def _family(kind: Kind) -> str:
    if kind in _INSTANTS:
        return "instant"
    return kind.replace("integer", "number")


def _word(kind: Kind) -> str:
    return _WORDS.get(kind, "an array")
