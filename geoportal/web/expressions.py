"""The part of MapLibre's expression language that styles of this service colour with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Branch:
    """One outcome of a colour expression and what leads to it; no field = always."""

    colour: str | None
    field: str | None = None
    values: tuple[Any, ...] = ()
    low: float | None = None
    high: float | None = None
    other: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """What a filter lets through: these values of a field, or (negated) all but these."""

    field: str
    values: tuple[Any, ...]
    negated: bool = False

    def lets(self, branch: Branch, named: set[Any]) -> bool:
        """Tell whether a branch can happen behind the filter; `named` are all values it names."""
        if branch.field != self.field:
            return True
        if branch.other:
            return self.negated or bool(set(self.values) - named)
        return not branch.values or any((v in self.values) != self.negated for v in branch.values)


def field_of(expression: Any) -> str | None:
    """Return the first property an expression reads, or None."""
    if not isinstance(expression, list) or not expression:
        return None
    if expression[0] in ("get", "has") and len(expression) > 1 and isinstance(expression[1], str):
        return expression[1]
    return next((name for part in expression[1:] if (name := field_of(part))), None)


def _reads_zoom(expression: Any) -> bool:
    return isinstance(expression, list) and expression[:1] == ["zoom"]


def at_closest_view(expression: Any) -> Any:
    """Return an expression without its dependence on zoom: the outcome of the largest zoom."""
    while isinstance(expression, list) and expression:
        head = expression[0]
        over_zoom = (head == "step" and _reads_zoom(expression[1])) or (
            isinstance(head, str) and head.startswith("interpolate") and _reads_zoom(expression[2])
        )
        if not over_zoom:
            break
        expression = expression[-1]
    return expression


def plain_number(expression: Any, default: float) -> float:
    """Return a number out of a constant or zoom expression; anything else gives the default."""
    found = at_closest_view(expression)
    return float(found) if isinstance(found, int | float) else default


def most(expression: Any, default: float) -> float:
    """Return the largest outcome of a zoom expression: a sign that fades out is shown as it was."""
    if not isinstance(expression, list):
        return plain_number(expression, default)
    if at_closest_view(expression) is expression:
        return default
    outcomes = expression[2::2] if expression[0] == "step" else expression[4::2]
    return max((plain_number(one, 0.0) for one in outcomes), default=default) or default


def plain_list(expression: Any) -> list[float]:
    """Return a list of numbers (a dash pattern), also when written as a literal."""
    found = at_closest_view(expression)
    if isinstance(found, list) and found[:1] == ["literal"]:
        found = found[1]
    if isinstance(found, list) and all(isinstance(part, int | float) for part in found):
        return [float(part) for part in found]
    return []


def branches(colour: Any) -> Iterator[Branch]:
    """Yield every outcome of a colour expression; outcomes that are no plain colour have None."""
    head = colour[0] if isinstance(colour, list) and colour else None
    if head == "match":
        yield from _match(colour)
    elif head == "case":
        yield from _case(colour)
    elif head == "step":
        yield from _step(colour)
    elif isinstance(head, str) and head.startswith("interpolate"):
        yield from _interpolate(colour)
    elif head in ("coalesce", "to-color"):
        yield from branches(colour[1])
    else:
        yield Branch(_plain(colour))


def _plain(colour: Any) -> str | None:
    colour = at_closest_view(colour)
    return colour if isinstance(colour, str) else None


def _match(colour: list[Any]) -> Iterator[Branch]:
    field = field_of(colour[1])
    for label, outcome in zip(colour[2:-1:2], colour[3:-1:2], strict=True):
        values = tuple(label) if isinstance(label, list) else (label,)
        yield Branch(_plain(outcome), field, values)
    yield Branch(_plain(colour[-1]), field, other=True)


def _case(colour: list[Any]) -> Iterator[Branch]:
    field = None
    for condition, outcome in zip(colour[1:-1:2], colour[2:-1:2], strict=True):
        chosen = choice_of(condition)
        if chosen is None or chosen.negated:
            # A guard such as "has no value" around the real scale.
            yield from (b for b in branches(outcome) if b.field is not None)
            continue
        field = chosen.field
        yield Branch(_plain(outcome), field, chosen.values)
    last = colour[-1]
    if isinstance(last, list):
        yield from branches(last)
    else:
        yield Branch(_plain(last), field, other=field is not None)


def _step(colour: list[Any]) -> Iterator[Branch]:
    field = field_of(colour[1])
    stops = colour[3::2]
    outcomes = colour[2::2]
    lows = [None, *stops]
    highs = [*stops, None]
    for outcome, low, high in zip(outcomes, lows, highs, strict=True):
        yield Branch(_plain(outcome), field, low=low, high=high)


def _interpolate(colour: list[Any]) -> Iterator[Branch]:
    field = field_of(colour[2])
    for stop, outcome in zip(colour[3::2], colour[4::2], strict=True):
        yield Branch(_plain(outcome), field, low=stop, high=stop)


def choice_of(expression: Any) -> Choice | None:
    """Return what a filter lets through, when it asks one property for plain values."""
    if not isinstance(expression, list) or len(expression) < 2:
        return None
    head, *rest = expression
    if head == "all":
        return next((found for part in rest if (found := choice_of(part))), None)
    if head == "!":
        inner = choice_of(rest[0])
        return inner and replace(inner, negated=not inner.negated)
    field = field_of(expression) if head == "get" else field_of(rest[0])
    values = _chosen_values(head, rest)
    return Choice(field, values, negated=head == "!=") if field is not None and values else None


def _chosen_values(head: Any, rest: list[Any]) -> tuple[Any, ...]:
    if head == "get":
        return (True,)
    given = rest[1] if len(rest) > 1 else None
    if head in ("==", "!=") and not isinstance(given, list | None):
        return (given,)
    if head == "in" and isinstance(given, list):
        return tuple(given[1]) if given[:1] == ["literal"] else ()
    if head == "match" and len(rest) == 4 and rest[2] is True:
        return tuple(given) if isinstance(given, list) else (given,)
    return ()
