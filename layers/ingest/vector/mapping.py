"""How a source's columns become a layer's fields: mapping.yml, and equal names without it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self
from zoneinfo import available_timezones

from pydantic import Field as Constraint
from pydantic import ValidationError, field_validator, model_validator

from layers.definition import plain_faults
from layers.document import Document, Fault, FaultyFile, read_yaml
from layers.ingest.vector.units import factor
from layers.model import Layer, Status, Value

MAPPING = "mapping.yml"

Scalar = str | bool | int | float


class FieldMapping(Value):
    """Where one field comes from: a column of the source, or the same value for all features.

    `codes` turns the source's values into the layer's; `unit` is the UCUM code of the source's
    numbers, converted into the field's.
    """

    source: str | None = Constraint(default=None, alias="from", min_length=1)
    constant: Scalar | None = None
    codes: dict[str, str] = Constraint(default_factory=dict)
    unit: str | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.source is None) == (self.constant is None):
            raise ValueError("give either `from` (a column of the source) or `constant`")
        if self.constant is not None and (self.codes or self.unit):
            raise ValueError("a constant takes neither codes nor a unit; write it as it shall be")
        return self


class Coordinates(Value):
    """The columns of a table that hold the place: two numbers (`x` is east), or well-known text."""

    x: str | None = None
    y: str | None = None
    wkt: str | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.x is None) != (self.y is None) or (self.x is None) == (self.wkt is None):
            raise ValueError("name both `x` and `y`, or `wkt` alone")
        return self


class Soato(Value):
    """Where the SOATO code of a feature comes from: the name of its place, or where it lies."""

    by: Literal["name", "place"]
    source: str | None = Constraint(default=None, alias="from", min_length=1)

    @model_validator(mode="after")
    def _named(self) -> Self:
        if (self.by == "name") != (self.source is not None):
            raise ValueError("`by: name` needs `from`, the column with the name; `by: place` none")
        return self


class Rules(Value):
    """What a load does with faults; shares are of 1.

    `vanish_share`: a load that would take away more of the features than this is held.
    `refused_share`: more refused features than this, and the whole load is refused.
    `area_change_share`: a repair that changes the area of a feature by more is refused.
    `bad_value`: `blank` leaves a value out that its field cannot take (where it is not required)
    instead of refusing the feature. `closed_line: polygon` takes closed lines, as drawings have
    them, for what they enclose. `time_zone` is that of times that name none.
    """

    vanish_share: float = Constraint(default=0.2, ge=0, le=1)
    refused_share: float = Constraint(default=0.5, ge=0, le=1)
    area_change_share: float = Constraint(default=0.05, ge=0, le=1)
    invalid: Literal["repair", "refuse"] = "repair"
    closed_line: Literal["refuse", "polygon"] = "refuse"
    curve: Literal["linearise", "refuse"] = "linearise"
    null_geometry: Literal["refuse", "keep"] = "refuse"
    outside_crs: Literal["refuse", "note"] = "note"
    outside_area: Literal["refuse", "note"] = "refuse"
    same_feature: Literal["refuse", "keep"] = "refuse"
    bad_value: Literal["refuse", "blank"] = "refuse"
    longest_text: int = Constraint(default=10_000, ge=1)
    time_zone: str = "Europe/Minsk"

    @field_validator("time_zone")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError("there is no such time zone; name one as Europe/Minsk")
        return name


class Mapping(Value):
    """What mapping.yml says; a field or column that it does not name is matched by its name.

    `key` names the fields that tell one feature from another in every load; `ignore` the columns
    that are left out on purpose; `missing` the texts that stand for no value.
    """

    key: tuple[str, ...] = ()
    fields: dict[str, FieldMapping] = Constraint(default_factory=dict)
    coordinates: Coordinates | None = None
    soato: Soato | None = None
    status: Status = "official"
    ignore: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    rules: Rules = Rules()


def read_mapping(path: Path, layer: Layer) -> Mapping:
    """Read a mapping.yml for a layer; raises FaultyFile with every fault and its line."""
    document = read_yaml(path)
    try:
        mapping = Mapping.model_validate(document.value if document.value is not None else {})
    except ValidationError as error:
        raise FaultyFile(*plain_faults(document, error)) from error
    if faults := _faults(mapping, layer, document):
        raise FaultyFile(*faults)
    return mapping


def _faults(mapping: Mapping, layer: Layer, document: Document) -> list[Fault]:
    known = {f.name: f for f in layer.published_fields if f.name != "area"}
    names = ", ".join(known)
    faults = [
        document.fault(f"{name!r} is no field of {layer.id}; its fields are {names}", "key", i)
        for i, name in enumerate(mapping.key)
        if name not in known
    ]
    for name, given in mapping.fields.items():
        field = known.get(name)
        if field is None:
            said = f"is no field of {layer.id}; its fields are {names}"
            faults.append(document.fault(said, "fields", name))
            continue
        if given.unit and factor(given.unit, field.unit) is None:
            said = f"{given.unit} cannot be converted into {field.unit or 'a number without unit'}"
            faults.append(document.fault(said, "fields", name, "unit"))
        codes = [code.value for code in field.codes]
        faults += [
            document.fault(f"{value!r} is no code of {name}", "fields", name, "codes", key)
            for key, value in given.codes.items()
            if codes and value not in codes
        ]
    if mapping.soato and "soato" not in known:
        faults.append(document.fault(f"{layer.id} has no field soato", "soato"))
    return sorted(faults)
