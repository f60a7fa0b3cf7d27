"""Tree -> parameterised SQL over the published fields of a layer. The table has the alias `t`.

Names come from the layer and are quoted by psycopg; every value of the filter is a bound parameter
with its type, so that filters of one shape have one text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, LiteralString

from psycopg import sql

from layers.cql2 import space, time
from layers.cql2.functions import Kind
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
)
from layers.cql2.types import GEOMETRY_NAMES, Types, find_function
from layers.model import Layer

if TYPE_CHECKING:
    from layers.keyset import Scalar
    from layers.query import Crs

PREFIX = "cql"
"""Names of the parameters: cql0, cql1 and so on, in the order of the tree."""

_BIGINT = 2**63
_INSTANTS = ("date", "timestamp")
_COMPARISONS = {
    "=": sql.SQL("{} = {}"),
    "<>": sql.SQL("{} <> {}"),
    "<": sql.SQL("{} < {}"),
    "<=": sql.SQL("{} <= {}"),
    ">": sql.SQL("{} > {}"),
    ">=": sql.SQL("{} >= {}"),
}
# Bytes decide the order of texts, so that it does not depend on the machine.
_ORDERED = sql.SQL('({}) COLLATE "C"')
_FOLDS = {"casei": sql.SQL("layers.casei({})"), "accenti": sql.SQL("layers.accenti({})")}
# A division by zero has no value. Whole numbers are divided as numeric, which does not overflow.
_ARITHMETIC = {
    "+": sql.SQL("({} + {})"),
    "-": sql.SQL("({} - {})"),
    "*": sql.SQL("({} * {})"),
    "/": sql.SQL("({}::float8 / nullif({}::float8, 0))"),
    "^": sql.SQL("layers.power({}::float8, {}::float8)"),
}
_WHOLE = {
    "%": sql.SQL("mod({}, nullif({}, 0))"),
    "div": sql.SQL("div({}::numeric, nullif({}, 0)::numeric)"),
}
_BROKEN = {
    "%": sql.SQL("mod({}::numeric, nullif({}, 0)::numeric)::float8"),
    "div": sql.SQL("trunc({}::float8 / nullif({}::float8, 0))"),
}
_ARRAY = {
    "a_containedBy": sql.SQL("({l} <@ {r})"),
    "a_contains": sql.SQL("({l} @> {r})"),
    "a_equals": sql.SQL("({l} @> {r} AND {l} <@ {r})"),
    "a_overlaps": sql.SQL("({l} && {r})"),
}
_ITEMS: dict[str, LiteralString] = {
    "string": "text",
    "integer": "bigint",
    "number": "float8",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamptz",
    "empty": "text",
}


def compile(
    layer: Layer, tree: Expression, *, crs: Crs
) -> tuple[sql.Composable, dict[str, Scalar]]:
    """Return the condition and the values of its parameters.

    `crs` is that of the geometry literals. Raises UnknownField, or BadFilter for operands of wrong
    types and coordinates that are no place.
    """
    compiler = _Compiler(layer, tree, crs)
    return compiler.text(tree), compiler.params


class _Compiler:
    __slots__ = ("_crs", "_layer", "_types", "params")

    def __init__(self, layer: Layer, tree: Expression, crs: Crs) -> None:
        self._types = Types(layer, tree)
        self._layer = layer
        self._crs = crs
        self.params: dict[str, Scalar] = {}

    def text(self, node: Expression) -> sql.Composable:
        """Return the SQL of a condition or a value."""
        return _WRITERS[type(node)](self, node)

    def _logic(self, node: Logic) -> sql.Composable:
        joint = sql.SQL(" AND ") if node.op == "and" else sql.SQL(" OR ")
        return sql.SQL("({})").format(joint.join(self.text(arg) for arg in node.args))

    def _not(self, node: Not) -> sql.Composable:
        return sql.SQL("(NOT {})").format(self.text(node.arg))

    def _like(self, node: Like) -> sql.Composable:
        return sql.SQL("({} LIKE {})").format(self.text(node.value), self.text(node.pattern))

    def _between(self, node: Between) -> sql.Composable:
        operands = (self.text(n) for n in (node.value, node.low, node.high))
        return sql.SQL("({} BETWEEN {} AND {})").format(*operands)

    def _literal(self, node: String | Boolean | Date | Timestamp) -> sql.Composable:
        return self._bind(node.value, _BOUND[type(node)])

    def _geometry(self, node: Geometry | Box) -> sql.Composable:
        return space.geometry(node, self._crs, self._bind)

    def _function(self, node: Function) -> sql.Composable:
        # The text is a constant of layers.cql2.functions.
        template = sql.SQL(find_function(node).sql)
        return template.format(*(self.text(arg) for arg in node.args))

    def _list(self, node: Array) -> sql.Composable:
        return self._array(node, _item_type(self._types.of(node)))

    def _bind(self, value: Scalar, kind: LiteralString) -> sql.Composable:
        name = f"{PREFIX}{len(self.params)}"
        self.params[name] = value
        return sql.SQL("{}::{}").format(sql.Placeholder(name), sql.SQL(kind))

    def _property(self, node: Property) -> sql.Composable:
        # Types has found the name among the published fields.
        name = "geom" if node.name in GEOMETRY_NAMES else node.name
        return sql.SQL("t.{}").format(sql.Identifier(name))

    def _number(self, node: Number) -> sql.Composable:
        if isinstance(node.value, float):
            return self._bind(node.value, "float8")
        return self._bind(node.value, "numeric" if _is_wide(node) else "bigint")

    def _fold(self, node: Fold) -> sql.Composable:
        text = _FOLDS[node.op].format(self.text(node.arg))
        # The outermost fold of a constant is computed once and not for every row.
        return sql.SQL("(SELECT {})").format(text) if _constant(node) else text

    def _arithmetic(self, node: Arithmetic) -> sql.Composable:
        broken = "number" in (self._types.of(node.left), self._types.of(node.right))
        template = _ARITHMETIC.get(node.op) or (_BROKEN if broken else _WHOLE)[node.op]
        return template.format(self.text(node.left), self.text(node.right))

    def _comparison(self, node: Comparison) -> sql.Composable:
        return self._compare(node.op, node.left, node.right)

    def _compare(self, op: str, left: Expression, right: Expression) -> sql.Composable:
        kind = self._types.of(left)
        if kind in _INSTANTS:
            return sql.SQL("({})").format(time.compare(self._end(left), op, self._end(right)))
        texts: list[sql.Composable] = [self.text(left), self.text(right)]
        if kind == "string" and op not in ("=", "<>"):
            texts = [_ORDERED.format(text) for text in texts]
        return sql.SQL("({})").format(_COMPARISONS[op].format(*texts))

    def _in(self, node: In) -> sql.Composable:
        kinds = {self._types.of(n) for n in (node.value, *node.items)}
        if kinds == set(_INSTANTS):
            either = [self._compare("=", node.value, item) for item in node.items]
            return sql.SQL("({})").format(sql.SQL(" OR ").join(either))
        items = sql.SQL(", ").join(self.text(item) for item in node.items)
        return sql.SQL("({} IN ({}))").format(self.text(node.value), items)

    def _is_null(self, node: IsNull) -> sql.Composable:
        is_null = sql.SQL("({} IS NULL)")
        if not isinstance(node.arg, Interval):
            return is_null.format(self.text(node.arg))
        ends = [end for end in (node.arg.start, node.arg.end) if not isinstance(end, Open)]
        missing = sql.SQL(" OR ").join(is_null.format(self.text(end)) for end in ends)
        return sql.SQL("({})").format(missing if ends else sql.SQL("FALSE"))

    def _relation(self, node: Relation) -> sql.Composable:
        if node.op in space.NATIVE:
            return self._spatial(node)
        if node.op in _ARRAY:
            return self._arrays(node)
        return time.relate(node.op, self._ends(node.left), self._ends(node.right))

    def _spatial(self, node: Relation) -> sql.Composable:
        operands = (node.left, node.right)
        texts = [
            space.geometry(n, self._crs, self._bind, dense=node.op != "s_equals")
            if isinstance(n, Geometry | Box)
            else self.text(n)
            for n in operands
        ]
        if node.op in space.COLLECTIONS or not any(map(self._may_collect, operands)):
            return sql.SQL("({})").format(space.NATIVE[node.op].format(*texts))
        relates = sql.SQL("({a} && {b} AND layers.relates({op}, {a}, {b}))")
        return relates.format(a=texts[0], b=texts[1], op=sql.Literal(node.op))

    def _may_collect(self, node: Expression) -> bool:
        if isinstance(node, Geometry):
            return node.kind == "GeometryCollection"
        return isinstance(node, Property) and self._layer.unsound

    def _arrays(self, node: Relation) -> sql.Composable:
        kinds = [self._types.of(node.left), self._types.of(node.right)]
        # An empty array and whole numbers take the type of the other side.
        common = kinds[0] if kinds[0] not in ("empty_array", "integer_array") else kinds[1]
        common = kinds[0] if common == "empty_array" else common
        operands = (node.left, node.right)
        wide = common == "integer_array" and any(map(_has_wide, operands))
        item = sql.SQL("numeric") if wide else _item_type(common)
        left, right = (
            self._array(n, item)
            if isinstance(n, Array)
            else sql.SQL("{}::{}[]").format(self.text(n), item)
            for n in operands
        )
        return _ARRAY[node.op].format(l=left, r=right)

    def _array(self, node: Array, item_type: sql.SQL) -> sql.Composable:
        items = sql.SQL(", ").join(self.text(item) for item in node.items)
        return sql.SQL("ARRAY[{}]::{}[]").format(items, item_type)

    def _ends(self, node: Expression) -> tuple[time.End, time.End]:
        if not isinstance(node, Interval):
            end = self._end(node)
            return end, end
        return self._end(node.start, "-infinity"), self._end(node.end, "infinity")

    def _end(self, node: Expression, infinity: str = "") -> time.End:
        if isinstance(node, Open):
            return time.End(sql.Literal(infinity), "open", constant=True)
        kind = self._types.of(node)
        constant = isinstance(node, Date | Timestamp)
        return time.End(self.text(node), "date" if kind == "date" else "timestamp", constant)


_BOUND: dict[type, LiteralString] = {
    String: "text",
    Boolean: "boolean",
    Date: "date",
    Timestamp: "timestamptz",
}
_WRITERS: dict[type, Callable[[_Compiler, Any], sql.Composable]] = {
    Logic: _Compiler._logic,
    Not: _Compiler._not,
    Comparison: _Compiler._comparison,
    Like: _Compiler._like,
    Between: _Compiler._between,
    In: _Compiler._in,
    IsNull: _Compiler._is_null,
    Relation: _Compiler._relation,
    Property: _Compiler._property,
    Number: _Compiler._number,
    **dict.fromkeys(_BOUND, _Compiler._literal),
    Geometry: _Compiler._geometry,
    Box: _Compiler._geometry,
    Fold: _Compiler._fold,
    Arithmetic: _Compiler._arithmetic,
    Function: _Compiler._function,
    Array: _Compiler._list,
}


def _item_type(kind: Kind) -> sql.SQL:
    return sql.SQL(_ITEMS[kind.removesuffix("_array")])


def _is_wide(node: Expression) -> bool:
    """Tell whether it is a whole number that PostgreSQL's bigint cannot hold."""
    value = node.value if isinstance(node, Number) else None
    return isinstance(value, int) and not -_BIGINT <= value < _BIGINT


def _has_wide(node: Expression) -> bool:
    return isinstance(node, Array) and any(map(_is_wide, node.items))


def _constant(node: Expression) -> bool:
    return isinstance(node, String) or (isinstance(node, Fold) and _constant(node.arg))
