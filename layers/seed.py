"""The seed tables: facts typed by hand, each row with its source and status.

Plain csv readers without pandas, because the web process imports them. Coordinates are lon, lat in
degrees (WGS 84).
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, ValidationError
from pydantic import Field as Constraint

from layers.errors import CorruptSource, MissingSource
from layers.model import Name, Text, Value

SeedStatus = Literal["verified", "partly_verified", "recalled"]
SettlementKind = Literal["capital", "oblast_centre", "programme_city", "other"]
Row = Mapping[str, str]

Soato = Annotated[str, Constraint(pattern=r"^(\d{10})?$")]
Lon = Annotated[float, Constraint(ge=-180, le=180)]
Lat = Annotated[float, Constraint(ge=-90, le=90)]
Persons = Annotated[int, Constraint(ge=0)]
Limit = Annotated[
    float | None, Constraint(gt=0), BeforeValidator(lambda text: None if text == "" else text)
]


class Settlement(Value):
    """A city: its id is the id of its area, `number` the area's number; population in persons."""

    id: Name
    number: int = Constraint(ge=1, le=999)
    name: Text
    kind: SettlementKind
    oblast: Name
    raion_soato: Soato
    soato: Soato
    soato_status: SeedStatus
    lon: Lon
    lat: Lat
    coord_source: str
    population_2023: Persons
    population_2024: Persons
    population_source: str
    srid: int
    status: SeedStatus
    source: str


class Raion(Value):
    """A raion with its SOATO code; the names in be and en are recalled."""

    soato: Soato
    name: Text
    oblast: Name
    status: SeedStatus
    source: str


class Oblast(Value):
    """The country, an oblast, or the city of Minsk, which ranks as one; population in persons."""

    id: Name
    level: Literal["country", "oblast"]
    soato: Soato
    soato_status: SeedStatus | None
    iso_3166_2: str
    name: Text
    population_2023: Persons
    population_2024: Persons
    population_source: str
    status: SeedStatus
    source: str


class ServiceNorm(Value):
    """How far a service of one class may be: metres by built form; a default, not an official norm.

    `measured` says how the distance is taken; the source leaves it open, so it is our choice.
    Each of the two limits has a status of its own; `status` is that of the row.
    """

    service_class: Name
    facility: str
    limit_multi_storey_m: float = Constraint(gt=0)
    limit_low_rise_m: float = Constraint(gt=0)
    measured: Literal["straight", "network", "minutes"]
    multi_storey_status: SeedStatus
    low_rise_status: SeedStatus
    status: SeedStatus
    note: str
    source: str


class ProvisionNorm(Value):
    """How many places or doctors there should be for 1,000 inhabitants; a default, not a norm.

    `age_group` is the field of census units that counts for whom they are; None = all residents.
    """

    service_class: Name
    supply: Literal["places", "doctors"]
    age_group: Annotated[
        Literal["age_0_6", "age_7_17"] | None, BeforeValidator(lambda text: text or None)
    ]
    norm_per_1000_persons: float = Constraint(gt=0)
    status: SeedStatus
    note: str
    source: str


class AirLimit(Value):
    """Limit values of one pollutant in outdoor air, ug/m3, by averaging time; None = no limit."""

    code: str
    name: Text
    max_one_time_ug_m3: Limit
    max_8h_ug_m3: Limit
    daily_ug_m3: Limit
    annual_ug_m3: Limit
    note: str
    status: SeedStatus
    source: str


class LightingClass(Value):
    """What a class of EN 13201-2 asks: illuminance in lx, luminance in cd/m2; None = not asked."""

    lighting_class: str = Constraint(pattern=r"^(M[1-6]|C[0-5]|P[1-7])$")
    mean_lx: Limit
    u0: Limit
    min_lx: Limit
    luminance_cd_m2: Limit
    ul: Limit
    ti_percent: Limit
    edition: str
    status: SeedStatus
    note: str
    source: str


class DemoLuminaire(Value):
    """An analytic demonstration luminaire; the angles shape its intensity, `c_peak_deg` and
    `c_width_deg` are None when it is the same all round."""

    id: Name
    name: Text
    lamp_type: Literal["led", "sodium", "mercury"]
    flux_lm: float = Constraint(gt=0)
    power_w: float = Constraint(gt=0)
    gamma_peak_deg: float = Constraint(ge=0, lt=90)
    gamma_width_deg: float = Constraint(gt=0, le=90)
    c_peak_deg: Limit
    c_width_deg: Limit
    base_share: float = Constraint(gt=0, le=1)
    upward_share: float = Constraint(ge=0, lt=1)
    status: Literal["demonstration"]
    note: str
    source: str


class Indicator(Value):
    """One figure of the scorecard: what it tells, how it is made, what it should be.

    `code` and `part` name it (EDU1 has the parts 1 and 2); `unit` is a UCUM code; `direction` says
    whether more (`up`) or less (`down`) is better. `target` None = no norm in hand. `absent` says
    why it is computed nowhere yet.
    """

    code: str = Constraint(pattern=r"^[A-Z]{2,3}[0-9]?$")
    part: int = Constraint(ge=1, le=9)
    group: Name
    name: Text
    unit: str
    formula: Text
    direction: Literal["up", "down"]
    target: float | None
    target_status: Literal["", "verified", "partly_verified", "recalled", "chosen"]
    target_source: Text | None
    absent: Text | None
    status: SeedStatus
    source: str


class _OutlinePoint(Value):
    lon: Lon
    lat: Lat
    status: SeedStatus
    source: str


def data_dir() -> Path:
    """Return the folder with `seed/` and `sources.yml`: of the checkout, else of the installation.

    Raises MissingSource when neither has the seed tables.
    """
    here = Path(__file__).resolve()
    candidates = (here.parents[1] / "data", here.parent / "_data")
    for folder in candidates:
        if (folder / "seed" / "settlements.csv").is_file():
            return folder
    looked = " and ".join(str(folder / "seed") for folder in candidates)
    message = f"the seed tables are missing (looked in {looked}); restore data/seed of the checkout"
    raise MissingSource(message)


@cache
def settlements(folder: Path | None = None) -> dict[str, Settlement]:
    """Return the cities by id; raises MissingSource or CorruptSource naming file and line."""
    return {s.id: s for s in _read(folder, "settlements.csv", _settlement)}


@cache
def raions(folder: Path | None = None) -> tuple[Raion, ...]:
    """Return the 118 raions in the order of their codes; raises as `settlements`."""
    return _read(folder, "raions.csv", _raion)


@cache
def oblasts(folder: Path | None = None) -> dict[str, Oblast]:
    """Return the country (`by`), the six oblasts and Minsk by id; raises as `settlements`."""
    return {o.id: o for o in _read(folder, "oblasts.csv", _oblast)}


@cache
def service_norms(folder: Path | None = None) -> dict[str, ServiceNorm]:
    """Return the norms by service class; a class without a norm is absent; raises as above."""
    return {n.service_class: n for n in _read(folder, "service_norms.csv", _service_norm)}


@cache
def provision_norms(folder: Path | None = None) -> dict[str, ProvisionNorm]:
    """Return the norms of provision by service class; raises as above."""
    return {n.service_class: n for n in _read(folder, "provision_norms.csv", _provision_norm)}


@cache
def air_limits(folder: Path | None = None) -> dict[str, AirLimit]:
    """Return the limit values by pollutant code (NO2, PM10 ...); raises as above."""
    return {limit.code: limit for limit in _read(folder, "air_limits.csv", _air_limit)}


@cache
def lighting_classes(folder: Path | None = None) -> dict[str, LightingClass]:
    """Return the lighting classes of EN 13201-2 by name (M1, C0, P4 ...); raises as above."""
    rows = _read(folder, "lighting_classes.csv", LightingClass.model_validate)
    return {row.lighting_class: row for row in rows}


@cache
def luminaires(folder: Path | None = None) -> dict[str, DemoLuminaire]:
    """Return the demonstration luminaires by id; raises as above."""
    return {row.id: row for row in _read(folder, "luminaires.csv", _luminaire)}


@cache
def indicators(folder: Path | None = None) -> tuple[Indicator, ...]:
    """Return the indicators of the scorecard in the order of their table; raises as above."""
    return _read(folder, "indicators.csv", _indicator)


@cache
def country_outline(folder: Path | None = None) -> tuple[tuple[float, float], ...]:
    """Return the rough border of Belarus, an open ring of (lon, lat) for orientation only."""
    points = _read(folder, "country_outline.csv", _OutlinePoint.model_validate)
    return tuple((p.lon, p.lat) for p in points)


def _read[T](folder: Path | None, name: str, make: Callable[[Row], T]) -> tuple[T, ...]:
    path = (folder or data_dir() / "seed") / name
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            return tuple(_make(path, reader.line_num, row, make) for row in reader)
    except FileNotFoundError:
        raise MissingSource(f"{path} is missing; restore it from the repository") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CorruptSource(f"{path} cannot be read: {error}") from None


def _make[T](path: Path, line: int, row: Row, make: Callable[[Row], T]) -> T:
    try:
        return make(row)
    except KeyError as error:
        raise CorruptSource(f"{path} has no column {error.args[0]}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise CorruptSource(f"{path}:{line}: {where}: {first['msg']}") from None


def _text(row: Row) -> Text:
    return Text(be=row["name_be"], ru=row["name_ru"], en=row["name_en"])


def _fields(row: Row, *names: str) -> dict[str, str]:
    return {name: row[name] for name in names}


def _settlement(row: Row) -> Settlement:
    plain = _fields(
        row, "id", "number", "kind", "oblast", "soato_status", "lon", "lat", "coord_source",
        "population_2023", "population_2024", "population_source", "srid", "status", "source",
    )  # fmt: skip
    given = {"name": _text(row), "soato": row["soato10"], "raion_soato": row["raion_soato10"]}
    return Settlement.model_validate(plain | given)


def _raion(row: Row) -> Raion:
    plain = _fields(row, "oblast", "status", "source")
    return Raion.model_validate({**plain, "name": _text(row), "soato": row["soato10"]})


def _oblast(row: Row) -> Oblast:
    plain = _fields(
        row, "id", "level", "iso_3166_2", "population_2023", "population_2024",
        "population_source", "status", "source",
    )  # fmt: skip
    given = {
        "name": _text(row),
        "soato": row["soato10"],
        "soato_status": row["soato_status"] or None,
    }
    return Oblast.model_validate(plain | given)


def _service_norm(row: Row) -> ServiceNorm:
    return ServiceNorm.model_validate(_fields(row, *ServiceNorm.model_fields))


def _provision_norm(row: Row) -> ProvisionNorm:
    return ProvisionNorm.model_validate(_fields(row, *ProvisionNorm.model_fields))


def _air_limit(row: Row) -> AirLimit:
    names = [name for name in AirLimit.model_fields if name != "name"]
    return AirLimit.model_validate({**_fields(row, *names), "name": _text(row)})


def _luminaire(row: Row) -> DemoLuminaire:
    names = [name for name in DemoLuminaire.model_fields if name != "name"]
    return DemoLuminaire.model_validate({**_fields(row, *names), "name": _text(row)})


def _indicator(row: Row) -> Indicator:
    plain = _fields(
        row, "code", "part", "group", "unit", "direction", "target_status", "status", "source"
    )

    def said(of: str) -> dict[str, str] | None:
        texts = {language: row[f"{of}_{language}"] for language in ("be", "ru", "en")}
        return texts if any(texts.values()) else None

    given = {
        "name": _text(row),
        "target": row["target"] or None,
        **{of: said(of) for of in ("formula", "target_source", "absent")},
    }
    return Indicator.model_validate(plain | given)
