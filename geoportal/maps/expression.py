"""Expressions of the MapLibre style specification, compiled to Python functions.

Source: MapLibre Style Specification, version 8, "Expressions". What fails to evaluate gives None,
and whoever asked takes the property's default, as the map in the browser does.
"""

from __future__ import annotations

import math
import operator
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from geoportal.maps.colour import between, parse_colour


@dataclass(slots=True)
class Scope:
    """What an expression may read: the zoom level, a feature's fields, id, kind of geometry."""

    zoom: float
    properties: Mapping[str, Any] = field(default_factory=dict)
    id: int | None = None
    geometry: str = "Point"


Compiled = Callable[[Scope], Any]


class UnknownExpression(ValueError):
    """An operator that is not drawn here."""


def evaluate(expression: Any, scope: Scope) -> Any:
    """Return the value of an expression once."""
    return compile_expression(expression)(scope)


def compile_expression(expression: Any) -> Compiled:
    """Return a function of the scope; raises UnknownExpression for an operator we do not have."""
    if not isinstance(expression, list):
        return lambda _: expression
    if not expression or not isinstance(expression[0], str):
        return lambda _: expression
    head, *parts = expression
    if head in _SPECIAL:
        return _SPECIAL[head](parts)
    if head == "interpolate":
        return _interpolate(parts)
    if head not in _PLAIN:
        if all(isinstance(part, str) for part in expression) and not head.islower():
            return lambda _: expression  # the names of fonts
        raise UnknownExpression(f"the operator {head!r} is not drawn in pictures")
    function = _PLAIN[head]
    compiled = [compile_expression(part) for part in parts]

    def call(scope: Scope) -> Any:
        try:
            return function(*(one(scope) for one in compiled))
        except (TypeError, ValueError, ArithmeticError, LookupError, StopIteration):
            return None

    return call


def _literal(parts: list[Any]) -> Compiled:
    value = parts[0]
    return lambda _: value


def _get(parts: list[Any]) -> Compiled:
    name = parts[0]
    return lambda scope: scope.properties.get(name)


def _has(parts: list[Any]) -> Compiled:
    name = parts[0]
    # A vector tile leaves a field without a value out; here it is there as None.
    return lambda scope: scope.properties.get(name) is not None


def _all(parts: list[Any]) -> Compiled:
    compiled = [compile_expression(part) for part in parts]
    return lambda scope: all(one(scope) is True for one in compiled)


def _any(parts: list[Any]) -> Compiled:
    compiled = [compile_expression(part) for part in parts]
    return lambda scope: any(one(scope) is True for one in compiled)


def _coalesce(parts: list[Any]) -> Compiled:
    compiled = [compile_expression(part) for part in parts]
    return lambda scope: next((v for one in compiled if (v := one(scope)) is not None), None)


def _case(parts: list[Any]) -> Compiled:
    conditions = [compile_expression(part) for part in parts[:-1:2]]
    outcomes = [compile_expression(part) for part in parts[1::2]]
    last = compile_expression(parts[-1])

    def call(scope: Scope) -> Any:
        for condition, outcome in zip(conditions, outcomes, strict=True):
            if condition(scope) is True:
                return outcome(scope)
        return last(scope)

    return call


def _match(parts: list[Any]) -> Compiled:
    given = compile_expression(parts[0])
    table: dict[Any, Compiled] = {}
    for label, outcome in zip(parts[1:-1:2], parts[2:-1:2], strict=True):
        compiled = compile_expression(outcome)
        for value in label if isinstance(label, list) else [label]:
            table.setdefault(value, compiled)
    last = compile_expression(parts[-1])

    def call(scope: Scope) -> Any:
        value = given(scope)
        return (
            table.get(value, last)(scope) if isinstance(value, str | int | float) else last(scope)
        )

    return call


def _step(parts: list[Any]) -> Compiled:
    given = compile_expression(parts[0])
    outcomes = [compile_expression(part) for part in parts[1::2]]
    stops = parts[2::2]

    def call(scope: Scope) -> Any:
        value = given(scope)
        return outcomes[bisect_right(stops, value)](scope) if _is_number(value) else None

    return call


def _interpolate(parts: list[Any]) -> Compiled:
    kind, source, *rest = parts
    if kind[0] not in ("linear", "exponential"):
        raise UnknownExpression(f"interpolation {kind[0]!r} is not drawn in pictures")
    base = float(kind[1]) if kind[0] == "exponential" else 1.0
    given = compile_expression(source)
    stops = rest[::2]
    outcomes = [compile_expression(part) for part in rest[1::2]]

    def call(scope: Scope) -> Any:
        value = given(scope)
        if not _is_number(value):
            return None
        after = bisect_right(stops, value)
        if after == 0 or after == len(stops):
            return outcomes[max(after - 1, 0)](scope)
        share = _share(value, stops[after - 1], stops[after], base)
        return _mixed(outcomes[after - 1](scope), outcomes[after](scope), share)

    return call


def _share(value: float, low: float, high: float, base: float) -> float:
    if base == 1.0:
        return (value - low) / (high - low)
    return float((base ** (value - low) - 1) / (base ** (high - low) - 1))


def _mixed(low: Any, high: Any, share: float) -> Any:
    if _is_number(low) and _is_number(high):
        return low + (high - low) * share
    if isinstance(low, list) and isinstance(high, list):
        return [_mixed(a, b, share) for a, b in zip(low, high, strict=True)]
    colours = [parse_colour(c) if isinstance(c, str) else c for c in (low, high)]
    return None if None in colours else between(colours[0], colours[1], share)


def _in(parts: list[Any]) -> Compiled:
    needle, hay = (compile_expression(part) for part in parts)

    def call(scope: Scope) -> bool:
        value, among = needle(scope), hay(scope)
        return value is not None and isinstance(among, list | str) and value in among

    return call


def _let(parts: list[Any]) -> Compiled:
    names, values, last = parts[:-1:2], parts[1:-1:2], parts[-1]
    for name, value in zip(names, values, strict=True):
        last = _with(last, name, value)
    return compile_expression(last)


def _with(expression: Any, name: str, value: Any) -> Any:
    """Return the expression with a `var` replaced by its value."""
    if expression == ["var", name]:
        return value
    return (
        [_with(part, name, value) for part in expression]
        if isinstance(expression, list)
        else expression
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def as_text(value: Any) -> str:
    """Return a value as `to-string` writes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _number(*values: Any) -> float | None:
    for value in values:
        try:
            return float(value)
        except (TypeError, ValueError):
            continue
    return None


def _minus(*values: float) -> float:
    return -values[0] if len(values) == 1 else values[0] - values[1]


_SPECIAL: dict[str, Callable[[list[Any]], Compiled]] = {
    "literal": _literal, "get": _get, "has": _has, "all": _all, "any": _any, "case": _case,
    "coalesce": _coalesce, "match": _match, "step": _step, "in": _in, "let": _let,
    "zoom": lambda _: lambda scope: scope.zoom,
    "id": lambda _: lambda scope: scope.id,
    "geometry-type": lambda _: lambda scope: scope.geometry,
    "properties": lambda _: lambda scope: dict(scope.properties),
    "format": lambda parts: compile_expression(["concat", *parts[::2]]),
}  # fmt: skip

_PLAIN: dict[str, Callable[..., Any]] = {
    "==": lambda a, b, *_: a == b and (isinstance(a, bool) == isinstance(b, bool)),
    "!=": lambda a, b, *_: a != b,
    "<": lambda a, b, *_: a < b, "<=": lambda a, b, *_: a <= b,
    ">": lambda a, b, *_: a > b, ">=": lambda a, b, *_: a >= b,
    "!": operator.not_,
    "+": lambda *v: sum(v), "*": lambda *v: math.prod(v), "-": _minus,
    "/": operator.truediv, "%": math.fmod, "^": operator.pow,
    "abs": abs, "ceil": math.ceil, "floor": math.floor, "sqrt": math.sqrt,
    "round": lambda v: math.floor(v + 0.5) if v >= 0 else -math.floor(-v + 0.5),
    "ln": math.log, "log2": math.log2, "log10": math.log10, "min": min, "max": max,
    "e": lambda: math.e, "pi": lambda: math.pi,
    "to-string": as_text, "to-number": _number, "to-boolean": bool, "to-color": lambda v: v,
    "string": lambda *v: next(x for x in v if isinstance(x, str)),
    "number": lambda *v: next(x for x in v if _is_number(x)),
    "boolean": lambda *v: next(x for x in v if isinstance(x, bool)),
    "concat": lambda *v: "".join(map(as_text, v)),
    "upcase": lambda v: v.upper(), "downcase": lambda v: v.lower(),
    "length": len, "at": lambda i, v: v[int(i)],
    "rgb": lambda r, g, b: (r, g, b, 1.0), "rgba": lambda r, g, b, a: (r, g, b, a),
}  # fmt: skip
