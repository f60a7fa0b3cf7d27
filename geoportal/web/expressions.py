"""The part of MapLibre's expression language that styles of this service colour with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
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

    def reaches(self, values: tuple[Any, ...]) -> bool:
        """Tell whether a filter on the same field lets this branch happen."""
        return self.other or bool(set(self.values) & set(values)) or not self.values


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
        chosen = chosen_by_filter(condition)
        if chosen is None:
            # A guard such as "has no value" around the real scale.
            yield from (b for b in branches(outcome) if b.field is not None)
            continue
        field = chosen[0]
        yield Branch(_plain(outcome), field, chosen[1])
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


def chosen_by_filter(expression: Any) -> tuple[str, tuple[Any, ...]] | None:
    """Return the field and the values that a filter lets through, when it is that simple."""
    if not isinstance(expression, list) or len(expression) < 2:
        return None
    head, *rest = expression
    if head == "all":
        return next((found for part in rest if (found := chosen_by_filter(part))), None)
    field = field_of(expression) if head == "get" else field_of(rest[0])
    values = _chosen_values(head, rest)
    return (field, values) if field is not None and values else None


def _chosen_values(head: Any, rest: list[Any]) -> tuple[Any, ...]:
    if head == "get":
        return (True,)
    given = rest[1] if len(rest) > 1 else None
    if head == "==" and not isinstance(given, list | None):
        return (given,)
    if head == "in" and isinstance(given, list):
        return tuple(given[1]) if given[:1] == ["literal"] else ()
    if head == "match" and len(rest) == 4 and rest[2] is True:
        return tuple(given) if isinstance(given, list) else (given,)
    return ()
