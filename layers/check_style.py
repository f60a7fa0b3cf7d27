"""What is wrong with a style.json: a MapLibre style that draws one layer from its tiles."""

from __future__ import annotations

from typing import Any

from layers.document import Document, Fault, Key
from layers.model import POINT_COUNT, Layer

FONT = "Noto Sans Regular"
"""The one font whose glyphs we serve ourselves."""

MAX_ZOOM = 24

# How the names of a layer type's paint and layout properties begin.
_PREFIXES: dict[str, tuple[str, ...]] = {
    "fill": ("fill-",),
    "line": ("line-",),
    "circle": ("circle-",),
    "symbol": ("text-", "icon-", "symbol-"),
    "fill-extrusion": ("fill-extrusion-",),
    "heatmap": ("heatmap-",),
}

_LAYER_KEYS = (
    "id", "type", "source", "source-layer", "minzoom", "maxzoom",
    "filter", "layout", "paint", "metadata",
)  # fmt: skip

# Operators of the style specification that our styles have use for.
_OPERATORS = frozenset((
    "literal", "array", "boolean", "number", "string", "collator", "format", "number-format",
    "image", "to-boolean", "to-color", "to-number", "to-string", "typeof", "coalesce", "get",
    "has", "at", "in", "index-of", "slice", "length", "properties", "feature-state",
    "geometry-type", "id", "!", "!=", "<", "<=", "==", ">", ">=", "all", "any", "case", "match",
    "within", "interpolate", "interpolate-hcl", "interpolate-lab", "step", "let", "var", "concat",
    "downcase", "upcase", "rgb", "rgba", "to-rgba", "-", "*", "/", "%", "^", "+", "abs", "ceil",
    "floor", "round", "max", "min", "sqrt", "ln", "log2", "log10", "e", "pi", "zoom",
    "heatmap-density", "linear", "exponential", "cubic-bezier",
))  # fmt: skip

# Properties whose value may be a plain list of words.
_WORD_LISTS = frozenset(["text-font", "text-variable-anchor", "text-writing-mode"])


class _Checker:
    """Collects the faults of one style; the fields are those of the tiles."""

    def __init__(self, document: Document, layer: Layer) -> None:
        self.document = document
        self.layer = layer
        self.faults: list[Fault] = []

    def add(self, message: str, *at: Key) -> None:
        self.faults.append(self.document.fault(message, *at))

    def style(self) -> None:
        value = self.document.value
        if not isinstance(value, dict):
            self.add("must be a JSON object")
            return
        for key in value:
            if key not in ("version", "name", "metadata", "sources", "layers"):
                self.add("does not belong in a layer's style; the map decides it", key)
        if value.get("version") != 8:
            self.add("must be 8", "version")
        if value.get("sources") != {self.layer.id: {"type": "vector"}}:
            self.add(f'must be {{"{self.layer.id}": {{"type": "vector"}}}}', "sources")
        layers = value.get("layers")
        if not isinstance(layers, list) or not layers:
            self.add("must be a list of at least one layer", "layers")
            return
        seen: set[str] = set()
        for number, item in enumerate(layers):
            if isinstance(item, dict):
                self.style_layer(item, seen, "layers", number)
            else:
                self.add("must be an object", "layers", number)

    def style_layer(self, item: dict[str, Any], seen: set[str], *at: Key) -> None:
        for key in item:
            if key not in _LAYER_KEYS:
                self.add("is not a key of a style layer", *at, key)
        self.identity(item, seen, *at)
        self.zooms(item, *at)
        kind = item.get("type")
        if kind not in _PREFIXES:
            self.add(f"must be one of {', '.join(_PREFIXES)}, not {kind!r}", *at, "type")
            return
        for part in ("layout", "paint"):
            properties = item.get(part, {})
            if not isinstance(properties, dict):
                self.add("must be an object", *at, part)
                continue
            for name, value in properties.items():
                self.property(kind, name, value, *at, part, name)
        if "filter" in item:
            self.expression(item["filter"], *at, "filter")
            self.old_filter(item["filter"], *at, "filter")
        self.font(item, *at)

    def identity(self, item: dict[str, Any], seen: set[str], *at: Key) -> None:
        name = item.get("id")
        # One map draws all layers, so their style ids must differ from layer to layer.
        if not isinstance(name, str) or not name.startswith(f"{self.layer.id}-"):
            self.add(f"must begin with {self.layer.id}-, not {name!r}", *at, "id")
        elif name in seen:
            self.add(f"{name!r} is used twice", *at, "id")
        else:
            seen.add(name)
        for key in ("source", "source-layer"):
            if item.get(key) != self.layer.id:
                self.add(f"must be {self.layer.id!r}, not {item.get(key)!r}", *at, key)

    def zooms(self, item: dict[str, Any], *at: Key) -> None:
        low, high = item.get("minzoom", 0), item.get("maxzoom", MAX_ZOOM)
        for key, value in (("minzoom", low), ("maxzoom", high)):
            if type(value) not in (int, float) or not 0 <= value <= MAX_ZOOM:
                self.add(f"must be a number from 0 to {MAX_ZOOM}, not {value!r}", *at, key)
                return
        if low >= high:
            self.add(f"{high:g} is not above minzoom {low:g}", *at, "maxzoom")
        elif high <= self.layer.tiles.min_zoom:
            message = f"{high:g} is below the first tiles (zoom {self.layer.tiles.min_zoom})"
            self.add(f"{message}: nothing is ever drawn", *at, "maxzoom")

    def property(self, kind: str, name: str, value: Any, *at: Key) -> None:
        if name != "visibility" and not name.startswith(_PREFIXES[kind]):
            self.add(f"is not a property of a {kind} layer", *at)
        elif name not in _WORD_LISTS:
            self.expression(value, *at)
            self.zoom_use(value, *at)
        if isinstance(value, dict):
            self.add('old function syntax; write an expression such as ["match", ...]', *at)

    def font(self, item: dict[str, Any], *at: Key) -> None:
        layout = item.get("layout")
        if not isinstance(layout, dict) or "text-field" not in layout:
            return
        if layout.get("text-font") != [FONT]:
            self.add(f'must be ["{FONT}"], the one font that is served', *at, "layout", "text-font")

    def expression(self, value: Any, *at: Key) -> None:
        """Check one expression and those inside it; plain lists of numbers pass."""
        if not isinstance(value, list) or not value or not isinstance(value[0], str):
            return
        operator = value[0]
        if operator not in _OPERATORS:
            self.add(f"{operator!r} is not an operator of the style specification", *at)
            return
        if operator == "literal":
            return
        if operator in ("get", "has"):
            self.field_use(value, *at)
        elif operator == "match":
            self.match(value, *at)
        elif operator in ("==", "!=", "in"):
            self.comparison(value, *at)
        for number, part in enumerate(value[1:], start=1):
            # The labels of a match may be plain lists of words.
            if operator != "match" or not _is_label(value, number):
                self.expression(part, *at, number)

    def zoom_use(self, value: Any, *at: Key) -> None:
        """Refuse a zoom deep inside a property; the map allows it at the top only."""
        parts = value if isinstance(value, list) else []
        if parts and (parts[0] == "step" or str(parts[0]).startswith("interpolate")):
            at_input = 1 if parts[0] == "step" else 2
            top = parts[at_input : at_input + 1] == [["zoom"]]
            parts = parts[at_input + 1 :] if top else parts
        if _reads_zoom(parts):
            self.add('["zoom"] may only be the input of the outermost interpolate or step', *at)

    def field_use(self, value: list[Any], *at: Key) -> None:
        name = value[1] if len(value) > 1 else None
        if name == "id" or (name == POINT_COUNT and self.layer.clustered):
            return
        field = self.layer.field(name) if isinstance(name, str) else None
        if field is None:
            self.add(f"{name!r} is not a field of the layer", *at)
        elif not field.in_tile:
            self.add(f"the field {name} is not in the tiles; set in_tile: true in layer.yml", *at)

    def match(self, value: list[Any], *at: Key) -> None:
        if len(value) < 5 or len(value) % 2 == 0:
            self.add('must be ["match", input, value, result, ..., default]', *at)
            return
        for number in range(2, len(value) - 1, 2):
            label = value[number]
            labels = label if isinstance(label, list) else [label]
            self.codes(value[1], labels, *at, number)

    def comparison(self, value: list[Any], *at: Key) -> None:
        if len(value) < 3:
            self.add(f"{value[0]!r} needs two arguments", *at)
        elif value[0] == "in":
            literal = value[2][1:] if _is_call(value[2], "literal") else []
            if literal and isinstance(literal[0], list):
                self.codes(value[1], literal[0], *at)
        else:
            self.codes(value[1], [value[2]], *at)
            self.codes(value[2], [value[1]], *at)

    def codes(self, source: Any, values: list[Any], *at: Key) -> None:
        """Check that constants compared with a code-list field are among its codes."""
        if not (_is_call(source, "get") and len(source) > 1 and isinstance(source[1], str)):
            return
        field = self.layer.field(source[1])
        if field is None or not field.codes:
            return
        known = {code.value for code in field.codes}
        for value in values:
            if not isinstance(value, list) and value not in known:
                self.add(f"{value!r} is not among the codes of the field {field.name}", *at)

    def old_filter(self, value: Any, *at: Key) -> None:
        """Refuse ["==", "kind", "x"], which the map reads as a filter of the old kind."""
        if not isinstance(value, list) or len(value) < 2 or value[0] == "literal":
            return
        if value[0] in ("all", "any", "!", "none"):
            for number, part in enumerate(value[1:], start=1):
                self.old_filter(part, *at, number)
        elif value[0] in ("==", "!=", "<", "<=", ">", ">=", "in") and isinstance(value[1], str):
            self.add(f'old filter syntax; write ["get", "{value[1]}"]', *at)


def style_faults(document: Document, layer: Layer) -> list[Fault]:
    """Return what does not fit between a style.json and its layer."""
    checker = _Checker(document, layer)
    checker.style()
    return checker.faults


def _is_call(value: Any, operator: str) -> bool:
    return isinstance(value, list) and bool(value) and value[0] == operator


def _is_label(match: list[Any], number: int) -> bool:
    return number % 2 == 0 and number < len(match) - 1


def _reads_zoom(value: Any) -> bool:
    return isinstance(value, list) and (
        value[:1] == ["zoom"] or any(_reads_zoom(part) for part in value)
    )
