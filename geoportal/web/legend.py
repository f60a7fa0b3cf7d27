"""Legend entries read out of a MapLibre style, labelled with the layer's own titles and codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
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

    @property
    def key(self) -> tuple[Any, ...]:
        """What makes two entries of different style layers the same entry."""
        return (self.field, self.values, self.low, self.high, self.other)


@dataclass(slots=True)
class _Groups:
    """The entries found so far, by the field that distinguishes them."""

    by_field: dict[str | None, list[Class]] = field(default_factory=dict)

    def add(self, found: Sequence[Class], style_type: str) -> None:
        driven = [name for name in self.by_field if name is not None]
        if len(found) == 1 and found[0].field is None and (driven or None in self.by_field):
            self._decorate(found[0].symbol, style_type)
            return
        for one in found:
            entries = self.by_field.setdefault(one.field, [])
            same = next((i for i, e in enumerate(entries) if e.key == one.key), None)
            if same is None:
                entries.append(one)
            else:
                entries[same] = _merged(entries[same], one.symbol)
        casing = self.by_field.get(None)
        if casing and any(one.field is not None for one in found):
            # A plain casing drawn below a coloured line is no entry of its own.
            del self.by_field[None]
            self._decorate(casing[0].symbol, style_type)

    def _decorate(self, symbol: Symbol, _style_type: str) -> None:
        for name, entries in self.by_field.items():
            self.by_field[name] = [_merged(one, symbol) for one in entries]


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
    groups = _Groups()
    for style_layer in style.get("layers", []):
        if style_layer.get("type") in _COLOUR:
            groups.add(list(_classes(style_layer)), style_layer["type"])
    return [
        {"title": _title(layer, name, language), "entries": _entries(layer, found, language)}
        for name, found in groups.by_field.items()
    ]


def _classes(style_layer: Mapping[str, Any]) -> Iterator[Class]:
    kind = style_layer["type"]
    paint = style_layer.get("paint", {})
    symbol = Symbol(
        shape=_SHAPE[kind],
        opacity=expressions.plain_number(paint.get(f"{kind}-opacity"), 1.0),
        outline=_outline(kind, paint),
        width=expressions.plain_number(paint.get("line-width"), 1.0) if kind == "line" else None,
        dash=tuple(expressions.plain_list(paint.get("line-dasharray"))) if kind == "line" else (),
        radius=expressions.plain_number(paint.get("circle-radius"), 5.0)
        if kind == "circle"
        else None,
    )
    colour = expressions.at_closest_view(paint.get(_COLOUR[kind], "#000000"))
    chosen = expressions.chosen_by_filter(style_layer.get("filter"))
    for branch in expressions.branches(colour):
        if branch.colour is None:
            continue
        name, values = (branch.field, branch.values)
        if name is None and chosen is not None:
            name, values = chosen
        elif chosen is not None and chosen[0] == name and not branch.reaches(chosen[1]):
            continue
        yield Class(
            symbol=replace(symbol, colour=branch.colour),
            field=name,
            values=values,
            low=branch.low,
            high=branch.high,
            other=branch.other,
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
    if shown.type == "boolean" and named >= {True, False}:
        return None
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
