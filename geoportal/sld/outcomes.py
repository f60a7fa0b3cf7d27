"""Every outcome of a style expression, and for which features: rules instead of formulas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from geoportal.maps.colour import between, css, parse_colour, rgba
from geoportal.maps.expression import Scope, UnknownExpression, evaluate
from geoportal.sld.domain import NOT_NULL, NULL, Domain, Where

CLASSES = 3
"""A continuous scale is told as so many classes between two stops, each with its middle value."""


class Untellable(ValueError):
    """An expression that SLD has no rules for."""


@dataclass(frozen=True, slots=True)
class Field:
    """An outcome that is the value of a field itself, as the text of a label is."""

    name: str


Outcome = tuple[Where, Any]
EVERYWHERE = Where()


def at_zoom(expression: Any, zoom: float) -> Any:
    """Return an expression with its dependence on zoom resolved."""
    if not isinstance(expression, list) or not expression or expression[0] == "literal":
        return expression
    head = expression[0]
    if expression == ["zoom"]:
        return zoom
    parts = [head, *(at_zoom(part, zoom) for part in expression[1:])]
    source = 1 if head == "step" else 2
    stepped = head == "step" or str(head).startswith("interpolate")
    if stepped and expression[source] == ["zoom"]:
        return _stop(parts, expression, zoom)
    return parts


def _stop(parts: list[Any], expression: list[Any], zoom: float) -> Any:
    """The outcome of a zoom function; where its stops depend on the feature, of the nearest one."""
    if not any(_reads_feature(part) for part in parts):
        return evaluate(parts, Scope(zoom))
    if expression[0] == "step":
        stops, outcomes = [-1.0, *parts[3::2]], parts[2::2]
        return next(o for s, o in reversed(list(zip(stops, outcomes, strict=True))) if zoom >= s)
    stops, outcomes = parts[3::2], parts[4::2]
    nearest = min(range(len(stops)), key=lambda i: abs(stops[i] - zoom))
    low = max((i for i, stop in enumerate(stops) if stop <= zoom), default=0)
    if low + 1 == len(stops) or zoom <= stops[0]:
        return outcomes[nearest]
    share = evaluate(["interpolate", parts[1], zoom, stops[low], 0, stops[low + 1], 1], Scope(zoom))
    return ["mix", outcomes[low], outcomes[low + 1], share]


def _reads_feature(expression: Any) -> bool:
    if not isinstance(expression, list) or not expression or expression[0] == "literal":
        return False
    return expression[0] in ("get", "has", "id", "geometry-type", "properties") or any(
        map(_reads_feature, expression[1:])
    )


def folded(condition: Any) -> Any:
    """Return a filter without the parts that do not depend on the feature."""
    if not _reads_feature(condition):
        return _constant(condition) is True
    head, *parts = condition
    if head not in ("all", "any"):
        return condition
    decides = head == "any"
    left = [one for one in map(folded, parts) if one is not (not decides)]
    if any(one is decides for one in left):
        return decides
    return left[0] if len(left) == 1 else [head, *left]


def outcomes(expression: Any, default: Any) -> list[Outcome]:
    """Return the outcomes of an expression without zoom; raises Untellable.

    `default` comes where the expression has no value.
    """
    return [(where, default if v is None else v) for where, v in _of(expression)
            if not where.empty]  # fmt: skip


def _of(expression: Any) -> Iterator[Outcome]:
    if not _reads_feature(expression):
        yield EVERYWHERE, _constant(expression)
        return
    head = expression[0]
    if head in _KINDS:
        yield from _KINDS[head](expression)
    elif str(head).startswith("interpolate"):
        yield from _interpolate(expression)
    else:
        raise Untellable(f"the operator {head!r} over a field")


def _constant(expression: Any) -> Any:
    if isinstance(expression, list) and expression[:1] == ["mix"]:
        return _mix(*(_constant(part) for part in expression[1:]))
    try:
        return evaluate(expression, Scope(0))
    except UnknownExpression as error:
        raise Untellable(str(error)) from None


def _get(expression: list[Any]) -> Iterator[Outcome]:
    yield EVERYWHERE.and_(expression[1], NOT_NULL), Field(expression[1])
    yield EVERYWHERE.and_(expression[1], NULL), None


def _first(expression: list[Any]) -> Iterator[Outcome]:
    yield from _of(expression[1])


def _coalesce(expression: list[Any]) -> Iterator[Outcome]:
    if len(expression) == 1:
        yield EVERYWHERE, None
        return
    for where, value in _of(expression[1]):
        if value is not None:
            yield where, value
        else:
            for other, rest in _of(["coalesce", *expression[2:]]) if len(expression) > 2 else ():
                if not (where & other).empty:
                    yield where & other, rest


def _match(expression: list[Any]) -> Iterator[Outcome]:
    name, _ = _input(expression[1])
    named: set[Any] = set()
    for label, outcome in zip(expression[2:-1:2], expression[3:-1:2], strict=True):
        values = frozenset(label if isinstance(label, list) else [label]) - named
        named |= values
        yield from _under(EVERYWHERE.and_(name, Domain(only=values, null=False)), outcome)
    yield from _under(EVERYWHERE.and_(name, Domain(but=frozenset(named))), expression[-1])


def _under(where: Where, outcome: Any) -> Iterator[Outcome]:
    for other, value in _of(outcome):
        if not (where & other).empty:
            yield where & other, value


def _input(expression: Any) -> tuple[str, Any]:
    """Return the field that is looked at, and what stands for no value."""
    if isinstance(expression, list) and expression[0] == "get":
        return str(expression[1]), None
    if isinstance(expression, list) and expression[0] in ("coalesce", "to-number", "to-string"):
        name, _ = _input(expression[1])
        other = expression[2] if len(expression) > 2 else None
        if not isinstance(other, list):
            return name, other
    raise Untellable("a formula over several fields")


def _step(expression: list[Any]) -> Iterator[Outcome]:
    name, missing = _input(expression[1])
    stops = expression[3::2]
    ends = zip([None, *stops], [*stops, None], expression[2::2], strict=True)
    yield from _ranges(name, missing, list(ends))


def _ranges(name: str, missing: Any, ranges: list[tuple[Any, Any, Any]]) -> Iterator[Outcome]:
    for low, high, outcome in ranges:
        takes_null = missing is not None and (
            (low is None or missing >= low) and (high is None or missing < high)
        )
        domain = Domain(low=low, high=high, null=takes_null)
        yield from _under(EVERYWHERE.and_(name, domain), outcome)
    if missing is None:
        yield EVERYWHERE.and_(name, NULL), None


def _interpolate(expression: list[Any]) -> Iterator[Outcome]:
    name, missing = _input(expression[2])
    stops, values = expression[3::2], [_constant(part) for part in expression[4::2]]
    if any(map(_reads_feature, expression[4::2])):
        raise Untellable("a scale between values of fields")
    ranges: list[tuple[Any, Any, Any]] = [(None, stops[0], values[0])]
    for (low, high), (a, b) in zip(pairwise(stops), pairwise(values), strict=True):
        edges = [low + (high - low) * i / CLASSES for i in range(CLASSES + 1)]
        for i in range(CLASSES):
            ranges.append((edges[i], edges[i + 1], _mix(a, b, (i + 0.5) / CLASSES)))
    ranges.append((stops[-1], None, values[-1]))
    yield from _ranges(name, missing, ranges)


def _mix(low: Any, high: Any, share: float) -> Any:
    if isinstance(low, int | float) and isinstance(high, int | float):
        return low + (high - low) * share
    if isinstance(low, str) and isinstance(high, str):
        mixed = between(parse_colour(low), parse_colour(high), share)
        return css(mixed) if mixed[3] == 1 else rgba(mixed)
    raise Untellable("a scale between values that are neither numbers nor colours")


def _mixed(expression: list[Any]) -> Iterator[Outcome]:
    share = expression[3]
    for where, low in _of(expression[1]):
        for other, high in _of(expression[2]):
            if not (where & other).empty:
                yield where & other, None if None in (low, high) else _mix(low, high, share)


def _case(expression: list[Any]) -> Iterator[Outcome]:
    left = [EVERYWHERE]
    for condition, outcome in zip(expression[1:-1:2], expression[2:-1:2], strict=True):
        name, inside, outside = _condition(condition)
        for one in left:
            yield from _under(one.and_(name, inside), outcome)
        left = [one.and_(name, domain) for one in left for domain in outside]
        left = [one for one in left if not one.empty]
    for one in left:
        yield from _under(one, expression[-1])


def _condition(expression: Any) -> tuple[str, Domain, list[Domain]]:
    """Return the field of a condition, where it holds, and where it does not."""
    head, *parts = expression if isinstance(expression, list) else [expression]
    if head == "!":
        name, inside, outside = _condition(parts[0])
        if len(outside) == 1:
            return name, outside[0], [inside]
    elif head == "get":
        return _equal(str(parts[0]), frozenset([True]))
    elif head == "has":
        return str(parts[0]), NOT_NULL, [NULL]
    elif head in ("==", "!=", "in", "<", ">="):
        name, missing = _input(parts[0])
        if missing is None:
            return _compared(name, head, parts[1])
    raise Untellable("a condition over several fields")


def _compared(name: str, head: str, value: Any) -> tuple[str, Domain, list[Domain]]:
    if head == "in" and isinstance(value, list) and value[0] == "literal":
        return _equal(name, frozenset(value[1]))
    if isinstance(value, list):
        raise Untellable("a comparison of two fields")
    if head == "==":
        return _equal(name, frozenset([value]))
    if head == "!=":
        name, inside, outside = _equal(name, frozenset([value]))
        return name, outside[0], [inside]
    below, above = Domain(high=value, null=False), Domain(low=value, null=False)
    inside, other = (below, above) if head == "<" else (above, below)
    return name, inside, [other, NULL]


def _equal(name: str, values: frozenset[Any]) -> tuple[str, Domain, list[Domain]]:
    return name, Domain(only=values, null=False), [Domain(but=values)]


_KINDS = {
    "get": _get, "coalesce": _coalesce, "match": _match, "step": _step, "case": _case,
    "mix": _mixed, "to-string": _first, "to-color": _first, "to-number": _first,
}  # fmt: skip
