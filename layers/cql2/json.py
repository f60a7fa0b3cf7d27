"""CQL2 JSON -> tree, every node with its JSON pointer."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

from layers.cql2.geojson import GEOMETRIES, read_float, read_geojson
from layers.cql2.lexer import is_plain
from layers.cql2.limits import MAX_DIGITS, MAX_JSON_BYTES, Budget, fault, shown
from layers.cql2.literals import (
    make_box,
    make_interval,
    make_relation,
    read_day,
    read_instant,
    read_moment,
    read_string,
)
from layers.cql2.tree import (
    ARITHMETIC,
    ARRAY,
    COMPARISONS,
    FOLDS,
    RELATIONS,
    Arithmetic,
    Array,
    Between,
    Boolean,
    Comparison,
    Expression,
    Fold,
    Function,
    In,
    IsNull,
    Like,
    Logic,
    Not,
    Number,
    Open,
    Property,
    String,
)

_OPERANDS = (
    {"not": 1, "isNull": 1, "like": 2, "in": 2, "between": 3}
    | dict.fromkeys(FOLDS, 1)
    | dict.fromkeys((*COMPARISONS, *ARITHMETIC, *RELATIONS.values()), 2)
)

_WITH_OPERATOR: tuple[tuple[tuple[str, ...], Callable[..., Expression]], ...] = (
    (COMPARISONS, Comparison),
    (ARITHMETIC, Arithmetic),
    (tuple(RELATIONS.values()), make_relation),
    (FOLDS, Fold),
)


def parse_json(text: str | bytes) -> Expression:
    """Read an expression from CQL2 JSON text; raises BadFilter with the place."""
    if len(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")) > (
        MAX_JSON_BYTES
    ):
        raise fault(f"the document is longer than {MAX_JSON_BYTES} bytes", "")
    try:
        document = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise fault(f"this is not JSON ({error.msg})", error.pos) from None
    except UnicodeDecodeError as error:
        raise fault("this is not JSON in UTF-8", error.start) from None
    except RecursionError:
        raise fault("the document is nested too deep", "") from None
    except ValueError:
        raise fault("the document holds a number that cannot be read", "") from None
    return parse_document(document)


def parse_document(document: object, at: str = "") -> Expression:
    """Read an expression from parsed JSON that stands at the pointer `at` of a larger document."""
    return _Reader().expression(document, at, 1)


def _no_constant(name: str) -> float:
    raise ValueError(name)


class _Reader:
    __slots__ = ("_budget",)

    def __init__(self) -> None:
        self._budget = Budget()

    def expression(self, value: object, at: str, depth: int, *, arrays: bool = False) -> Expression:
        """Read any expression; `arrays` = it may be an array."""
        self._budget.depth(depth, at)
        self._budget.node(at)
        match value:
            case bool():
                return Boolean(value, at=at)
            case int() | float():
                return Number(self._number(value, at), at=at)
            case str():
                return String(read_string(value, at), at=at)
            case list() if arrays:
                return Array(self._list(value, at, depth, arrays=True), at=at)
            case dict():
                return self._object(value, at, depth)
        raise fault(f"{'null' if value is None else 'an array'} cannot stand here", at)

    @staticmethod
    def _number(value: int | float, at: str) -> int | float:
        if isinstance(value, float) and not math.isfinite(value):
            raise fault("a number is too large", at)
        if isinstance(value, int) and value.bit_length() > 3 * MAX_DIGITS:
            raise fault("a number has too many digits", at)
        return value

    def _list(
        self, values: list[object], at: str, depth: int, *, arrays: bool = False
    ) -> tuple[Expression, ...]:
        return tuple(
            self.expression(v, f"{at}/{i}", depth + 1, arrays=arrays) for i, v in enumerate(values)
        )

    def _object(self, value: dict[str, object], at: str, depth: int) -> Expression:
        readers: dict[str, Callable[[object, str, int], Expression]] = {
            "property": self._property,
            "date": self._date,
            "timestamp": self._timestamp,
            "interval": self._interval,
            "bbox": self._box,
        }
        if "op" in value:
            return self._operation(value, at, depth)
        if value.get("type") in GEOMETRIES:
            return read_geojson(value, at, self._budget)
        for member, read in readers.items():
            if member in value:
                return read(value[member], f"{at}/{member}", depth)
        raise fault(
            "an object needs a member op, property, date, timestamp, interval, bbox or type", at
        )

    def _operation(self, value: dict[str, object], at: str, depth: int) -> Expression:
        op, args = value["op"], value.get("args")
        if not isinstance(op, str):
            raise fault("op must be a text", f"{at}/op")
        if not isinstance(args, list):
            raise fault("args must be an array", f"{at}/args")
        wanted = _OPERANDS.get(op)
        if wanted is not None and len(args) != wanted:
            raise fault(f"{op} takes {wanted} arguments, not {len(args)}", f"{at}/args")
        if op in ("and", "or") and len(args) < 2:
            raise fault(f"{op} takes two arguments or more", f"{at}/args")
        if op == "in":
            return self._in(args, at, depth)
        # Arrays are operands of the array functions and arguments of others.
        arrays = op in ARRAY or (wanted is None and op not in ("and", "or"))
        return self._node(op, self._list(args, f"{at}/args", depth, arrays=arrays), at)

    def _in(self, args: list[object], at: str, depth: int) -> Expression:
        if not isinstance(args[1], list) or not args[1]:
            raise fault("the second argument of in must be an array of values", f"{at}/args/1")
        value = self.expression(args[0], f"{at}/args/0", depth + 1)
        return In(value, self._list(args[1], f"{at}/args/1", depth), at=at)

    def _node(self, op: str, args: tuple[Expression, ...], at: str) -> Expression:
        make: dict[str, Callable[..., Expression]] = {
            "not": Not,
            "isNull": IsNull,
            "like": Like,
            "between": Between,
        }
        if op in make:
            return make[op](*args, at=at)
        if op in ("and", "or"):
            return Logic(op, args, at=at)
        for operators, kind in _WITH_OPERATOR:
            if op in operators:
                return kind(op, *args, at=at)
        return self._function(op, args, at)

    @staticmethod
    def _function(op: str, args: tuple[Expression, ...], at: str) -> Expression:
        if not is_plain(op) or op.lower() == "isnull":
            raise fault(
                f"{shown(op)} is neither an operator nor the name of a function", f"{at}/op"
            )
        return Function(op, args, at=at)

    def _property(self, value: object, at: str, depth: int) -> Expression:  # noqa: ARG002
        if not isinstance(value, str) or not value:
            raise fault("the name of a property must be a text", at)
        return Property(read_string(value, at), at=at.removesuffix("/property"))

    def _date(self, value: object, at: str, depth: int) -> Expression:  # noqa: ARG002
        return read_day(self._text(value, at), at)

    def _timestamp(self, value: object, at: str, depth: int) -> Expression:  # noqa: ARG002
        return read_moment(self._text(value, at), at)

    @staticmethod
    def _text(value: object, at: str) -> str:
        if not isinstance(value, str):
            raise fault("a date or time must be a text", at)
        return value

    def _interval(self, value: object, at: str, depth: int) -> Expression:
        if not isinstance(value, list) or len(value) != 2:
            raise fault("an interval is an array of two ends", at)
        start, end = (self._end(v, f"{at}/{i}", depth + 1) for i, v in enumerate(value))
        return make_interval(start, end, at)

    def _end(self, value: object, at: str, depth: int) -> Expression:
        if not isinstance(value, str):
            return self.expression(value, at, depth)
        self._budget.node(at)
        return Open(at=at) if value == ".." else read_instant(value, at)

    def _box(self, value: object, at: str, depth: int) -> Expression:  # noqa: ARG002
        if not isinstance(value, list):
            raise fault("a bounding box is an array of numbers", at)
        return make_box([read_float(v, f"{at}/{i}") for i, v in enumerate(value)], at)
