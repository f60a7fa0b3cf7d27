"""Which column of a table of readings is what, told by its names in be, ru and en."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from layers.errors import RefusedLoad
from layers.ingest.series.units import Conversion, conversion
from layers.message import message
from layers.model import LANGUAGES, Field, Layer

_WORDS = {
    "station": "station station_id station_name site site_id sensor sensor_id id code пост станция"
    " станцыя датчик номер_поста номер_датчика",
    "time": "time datetime date_time timestamp время час дата_время дата_и_время дата_і_час"
    " дата_час",
    "day": "date day дата дзень день",
    "parameter": "parameter pollutant component substance variable показатель вещество паказчык"
    " рэчыва параметр",
    "value": "value reading result значение значэнне показание паказанне",
    "unit": "unit units uom единица ед_изм единица_измерения адзінка адз_вым",
}
_NAMES: Mapping[str, frozenset[str]] = {role: frozenset(w.split()) for role, w in _WORDS.items()}
_UNIT = re.compile(r"^(.*?)\s*(?:[\[(]([^\])]+)[\])]|,\s*([^,]+))\s*$")


@dataclass(frozen=True)
class Choice:
    """What the operator says of a file: columns by role, units by parameter."""

    columns: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Columns:
    """The columns of a table; `values` are those of a wide one with field and conversion.

    A wide table has one column per parameter; a long one has `parameter` and `value`, perhaps
    `unit`. The time stands in `time`, or in `day` and `time`. `unused` names what is not read.
    """

    station: str
    time: str | None
    day: str | None
    parameter: str | None
    value: str | None
    unit: str | None
    values: Mapping[str, tuple[Field, Conversion]]
    unused: tuple[str, ...]


def find(header: Sequence[str], layer: Layer, choice: Choice, name: str) -> Columns:
    """Tell the columns of a table apart.

    Raises RefusedLoad naming the column that is missing, or a parameter without a unit.
    """
    roles = {role: _column(header, role, choice, name) for role in _NAMES}
    long = roles["parameter"] is not None and roles["value"] is not None
    if roles["station"] is None or (roles["time"] is None and roles["day"] is None):
        lacking = "station" if roles["station"] is None else "time"
        raise RefusedLoad(message("series.no_column", columns=list(header), **_role(lacking, name)))
    values: dict[str, tuple[Field, Conversion]] = {}
    taken = {column for column in roles.values() if column}
    for column in [] if long else [c for c in header if c not in taken]:
        plain, unit = split(column)
        if found := parameter(plain, layer):
            values[column] = (found, converted(plain, unit, found, choice, name))
    if not long and not values:
        known = [f.name for f in parameters(layer)]
        raise RefusedLoad(
            message("series.no_parameter", file=name, layer=layer.id, parameters=known)
        )
    if twice := {f.name for f, _ in values.values() if _count(values, f) > 1}:
        raise RefusedLoad(message("series.parameter_twice", file=name, field=min(twice)))
    return Columns(
        station=roles["station"],
        time=roles["time"],
        day=roles["day"],
        parameter=roles["parameter"] if long else None,
        value=roles["value"] if long else None,
        unit=roles["unit"] if long else None,
        values=values,
        unused=tuple(c for c in header if c not in taken and c not in values),
    )


def parameters(layer: Layer) -> list[Field]:
    """Return the fields of a layer that hold readings."""
    return [f for f in layer.fields if f.type == "number"]


def parameter(written: str, layer: Layer) -> Field | None:
    """Return the field that a name means: `pm10_ug_m3`, `PM10`, `pm2.5`, or a title of it."""
    key = _key(written)
    for one in parameters(layer):
        unit = (one.unit or "").replace("/", "_").lower()
        short = one.name.removesuffix(f"_{unit}").removesuffix("_share").removesuffix("_c")
        names = {one.name, short, *(one.title.get(language) for language in LANGUAGES)}
        if key in {_key(n) for n in names}:
            return one
    return None


def split(header: str) -> tuple[str, str | None]:
    """Return name and unit of a header such as `PM10, мкг/м3`, `NO2 [ug/m3]`, `T (°C)`."""
    found = _UNIT.match(header)
    if found is None or not found[1]:
        return header, None
    return found[1], found[2] or found[3]


def converted(
    written: str, unit: str | None, found: Field, choice: Choice, name: str
) -> Conversion:
    """Return the conversion of a parameter from the unit given, of the file, or in its name."""
    told = {_key(k): v for k, v in choice.units.items()}
    given = told.get(_key(written)) or told.get(_key(found.name)) or unit
    if given is None and written.strip().lower() == found.name:
        return Conversion()
    if given is None:
        raise RefusedLoad(
            message("series.no_unit", file=name, column=written, unit=found.unit or "1")
        )
    return conversion(given, found)


def _column(header: Sequence[str], role: str, choice: Choice, name: str) -> str | None:
    chosen = choice.columns.get(role)
    if chosen is not None:
        if chosen not in header:
            raise RefusedLoad(
                message("series.other_column", file=name, column=chosen, columns=list(header))
            )
        return chosen
    free = [c for c in header if c not in choice.columns.values()]
    found = [c for c in free if re.sub(r"[\s.\-]+", "_", c.strip().lower()) in _NAMES[role]]
    if len(found) > 1:
        raise RefusedLoad(message("series.either_column", columns=found, **_role(role, name)))
    return found[0] if found else None


def _role(role: str, name: str) -> dict[str, object]:
    return {"file": name, "key": role, "role": message(f"series.role_{role}")}


def _count(values: Mapping[str, tuple[Field, Conversion]], one: Field) -> int:
    return sum(found.name == one.name for found, _ in values.values())


def _key(written: str) -> str:
    return re.sub(r"[\s_.,\-]+", "", written.strip().lower())
