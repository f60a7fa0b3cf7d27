"""Units that files give readings in, and how they become the unit of a field (UCUM)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from layers.errors import RefusedLoad
from layers.message import message
from layers.model import Field


@dataclass(frozen=True)
class Conversion:
    """`value * factor + offset` is the value in the field's unit."""

    factor: float = 1.0
    offset: float = 0.0


_SAME = Conversion()

_TO: Mapping[str, Mapping[str, Conversion]] = {
    "ug/m3": {
        "ug/m3": _SAME,
        "mg/m3": Conversion(1e3),
        "ng/m3": Conversion(1e-3),
        "g/m3": Conversion(1e6),
    },
    "Cel": {"cel": _SAME, "k": Conversion(1.0, -273.15), "degf": Conversion(5 / 9, -160 / 9)},
    "1": {"1": _SAME, "%": Conversion(1e-2)},
}
_WRITTEN = {
    "мкг/м3": "ug/m3", "мг/м3": "mg/m3", "нг/м3": "ng/m3", "г/м3": "g/m3",
    "°c": "cel", "c": "cel", "degc": "cel", "град.c": "cel", "°f": "degf", "[degf]": "degf",
    "°k": "k", "percent": "%",
}  # fmt: skip
_VOLUME = frozenset(
    {"ppb", "ppm", "ppt", "ppbv", "ppmv", "млн-1", "млрд-1", "nmol/mol", "umol/mol"}
)


def conversion(unit: str, field: Field) -> Conversion:
    """Return how values in a unit become those of a field.

    Raises RefusedLoad for a unit that is not known to fit: a share of volume becomes a
    concentration only with molar mass, temperature and pressure, which a file does not tell.
    """
    written = unit.strip().lower().replace("µ", "u").replace("μ", "u").replace("³", "3")
    written = written.replace(" ", "").replace("м^3", "м3").replace("m^3", "m3")
    name = _WRITTEN.get(written, written)
    known = _TO.get(field.unit or "", {(field.unit or "").lower(): _SAME})
    if name in known:
        return known[name]
    if name in _VOLUME and field.unit == "ug/m3":
        raise RefusedLoad(message("series.volume", unit=unit, field=field.name))
    raise RefusedLoad(message("series.other_unit", unit=unit, field=field.name, units=list(known)))
