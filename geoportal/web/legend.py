"""Legend entries read out of a MapLibre style, labelled with the layer's own titles and codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from geoportal.web import expressions
from geoportal.web.format import number
from geoportal.web.texts import text, unit_symbol
from layers.model import Field, Language, Layer

_COLOUR = {"fill": "fill-color", "line": "line-color", "circle": "circle-color"}
_SHAPE = {"fill": "polygon", "line": "line", "circle": "point"}


@dataclass(frozen=True, slots=True)
class Symbol:
    """How one entry is drawn; colours as CSS, widths and radii in CSS pixels."""

    shape: str
    colour: str | None = None
    opacity: float = 1.0
    outline: str | None = None
    width: float | None = None
    dash: tuple[float, ...] = ()
    radius: float | None = None

    def document(self) -> dict[str, Any]:
        """Return what the browser gets, without what is not set."""
        found = {name: getattr(self, name) for name in self.__slots__}
        return {k: v for k, v in found.items() if v not in (None, ())}


@dataclass(frozen=True, slots=True)
class Class:
    """One entry before it has words: which values of which field (None = everything)."""

    symbol: Symbol
    field: str | None = None
    values: tuple[Any, ...] = ()
    low: float | None = None
    high: float | None = None
    other: bool = False
    spared: tuple[Any, ...] = ()

    @property
    def key(self) -> tuple[Any, ...]:
        """What makes two entries of different style layers the same entry."""
        return (self.field, self.values, self.low, self.high, self.other)


def _merged(one: Class, other: Symbol) -> Class:
    """Return an entry with a later style layer as its outline: what is drawn last is seen."""
    outline = (other.colour if other.shape != "point" else None) or one.symbol.outline
    dash = (other.dash if one.symbol.shape == "polygon" else ()) or one.symbol.dash
    return replace(one, symbol=replace(one.symbol, outline=outline, dash=dash))


def legend(layer: Layer, style: Mapping[str, Any], language: Language) -> list[dict[str, Any]]:
    """Return the legend of a layer: groups of entries, each group with a title when it has a field.

    Colours come from constant, `match`, `case`, `step` and `interpolate` expressions; what they
    depend on besides (the zoom level) is taken at the closest view.
    """
    found = [one for part in style.get("layers", ()) for one in _classes(part)]
    groups: dict[str | None, list[Class]] = {}
    for one in found:
        if one.field is not None:
            _add(groups.setdefault(one.field, []), one)
    plain = [one for one in found if one.field is None]
    if not groups and plain:
        groups[None] = [plain.pop(0)]
    for one in plain:
        # A layer in one colour beside others is their casing or outline, no entry of its own.
        for entries in groups.values():
            entries[:] = [_decorated(entry, one) for entry in entries]
    return [
        {"title": _title(layer, name, language), "entries": _entries(layer, entries, language)}
        for name, entries in groups.items()
    ]


def _add(entries: list[Class], one: Class) -> None:
    same = next((i for i, entry in enumerate(entries) if entry.key == one.key), None)
    if same is None:
        entries.append(one)
    else:
        entries[same] = _merged(entries[same], one.symbol)


def _decorated(entry: Class, plain: Class) -> Class:
    spared = bool(entry.values) and set(entry.values) <= set(plain.spared)
    return entry if spared else _merged(entry, plain.symbol)


def _classes(style_layer: Mapping[str, Any]) -> Iterator[Class]:
    kind = style_layer.get("type")
    if kind not in _COLOUR:
        return
    paint = style_layer.get("paint", {})
    symbol = _symbol(kind, paint)
    choice = expressions.choice_of(style_layer.get("filter"))
    colour = expressions.at_closest_view(paint.get(_COLOUR[kind], "#000000"))
    found = [branch for branch in expressions.branches(colour) if branch.colour is not None]
    named = {value for branch in found for value in branch.values}
    for branch in found:
        if choice is not None and not choice.lets(branch, named):
            continue
        one = Class(
            symbol=replace(symbol, colour=branch.colour),
            field=branch.field,
            values=branch.values,
            low=branch.low,
            high=branch.high,
            other=branch.other,
        )
        yield _filtered(one, choice)


def _filtered(one: Class, choice: expressions.Choice | None) -> Class:
    """Let a filter say what a single colour stands for, or whom it spares."""
    if choice is None or one.field is not None:
        return one
    if choice.negated:
        return replace(one, spared=choice.values)
    return replace(one, field=choice.field, values=choice.values)


def _symbol(kind: str, paint: Mapping[str, Any]) -> Symbol:
    is_line, is_circle = kind == "line", kind == "circle"
    return Symbol(
        shape=_SHAPE[kind],
        opacity=expressions.most(paint.get(f"{kind}-opacity"), 1.0),
        outline=_outline(kind, paint),
        width=expressions.plain_number(paint.get("line-width"), 2.0) if is_line else None,
        dash=tuple(expressions.plain_list(paint.get("line-dasharray"))) if is_line else (),
        radius=expressions.plain_number(paint.get("circle-radius"), 5.0) if is_circle else None,
    )


def _outline(kind: str, paint: Mapping[str, Any]) -> str | None:
    name = {"fill": "fill-outline-color", "circle": "circle-stroke-color"}.get(kind)
    found = expressions.at_closest_view(paint.get(name)) if name else None
    return found if isinstance(found, str) else None


def _title(layer: Layer, name: str | None, language: Language) -> str | None:
    shown = layer.field(name) if name else None
    if shown is None:
        return None
    unit = unit_symbol(language, shown.unit)
    return f"{shown.title.get(language)}, {unit}" if unit else shown.title.get(language)


def _entries(layer: Layer, found: list[Class], language: Language) -> list[dict[str, Any]]:
    entries = []
    for one in sorted(found, key=lambda c: _place(layer, c)):
        label = _label(layer, one, found, language)
        if label is not None:
            entries.append({"label": label, "symbol": one.symbol.document()})
    return entries


def _place(layer: Layer, one: Class) -> int:
    """Return where an entry stands: in the order of the code list, what is left over last."""
    shown = layer.field(one.field) if one.field else None
    if shown is None or not shown.codes:
        return 0
    order = [code.value for code in shown.codes]
    places = [order.index(value) for value in one.values if value in order]
    return min(places, default=len(order))


def _label(layer: Layer, one: Class, group: list[Class], language: Language) -> str | None:
    shown = layer.field(one.field) if one.field else None
    if one.field is None or shown is None:
        return layer.title.get(language)
    if one.other:
        return _other(shown, group, language)
    if one.values:
        return ", ".join(_value(shown, v, language) for v in one.values)
    return _range(shown, one, language)


def _other(shown: Field, group: list[Class], language: Language) -> str | None:
    """Name what `match` leaves over; None when the codes leave nothing over."""
    named = {value for one in group for value in one.values}
    left = [code for code in shown.codes if code.value not in named]
    if shown.codes and not left:
        return None
    if shown.type == "boolean":
        rest = [value for value in (True, False) if value not in named]
        return _value(shown, rest[0], language) if len(rest) == 1 else None
    if 0 < len(left) <= 3:
        return ", ".join(code.title.get(language) for code in left)
    return text(language, "legend.other")


def _value(shown: Field, value: Any, language: Language) -> str:
    code = next((c for c in shown.codes if c.value == value), None)
    if code is not None:
        return code.title.get(language)
    if isinstance(value, bool):
        return text(language, "value.true" if value else "value.false")
    return _number(shown, value, language) if isinstance(value, int | float) else str(value)


def _range(shown: Field, one: Class, language: Language) -> str:
    show: Callable[[float | None], str] = lambda v: _number(shown, cast(float, v), language)  # noqa: E731
    if one.low is None:
        return text(language, "legend.below", value=show(one.high))
    if one.high is None:
        return text(language, "legend.from", value=show(one.low))
    if one.low == one.high:
        return show(one.low)
    return f"{show(one.low)} – {show(one.high)}"


def _number(shown: Field, value: float, language: Language) -> str:
    return number(value * 100 if shown.unit == "1" else value, language, grouped=bool(shown.unit))
