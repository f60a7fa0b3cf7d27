"""Pipeline `site-selection`: where the next facilities of a class should go, and what they bring.

Methods: docs/decisions/0034-location.md; the numbers are made in `processing/siting.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, field_validator

from layers.model import Text
from layers.seed import ServiceNorm, service_norms
from processing.limits import Form, choose
from processing.pipelines.model import Chosen, Parameter, ParamsBase, Result
from processing.pipelines.service_coverage import PARAMETERS as SERVICE_PARAMETERS
from processing.pipelines.service_coverage import (
    SERVICE_CLASSES,
    BuildingKind,
    LimitMetres,
    ServiceClass,
)

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from layers.model import Area

NAME = "site-selection"
VERSION = "1.0.1"
TITLE = Text(be="Выбар месцаў", ru="Выбор мест", en="Site selection")
DESCRIPTION = Text(
    be=(
        "Дзе паставіць наступныя аб’екты аднаго віду побач з існуючымі: найбольшы ахоп (MCLP), "
        "найменш аб’ектаў (LSCP), найменшы сумарны шлях (p-медыяна) або найкарацейшы самы доўгі "
        "шлях (p-цэнтр); з доказам, крывой ахопу і коштам на аднаго новага ахопленага жыхара."
    ),
    ru=(
        "Где поставить следующие объекты одного вида рядом с существующими: наибольший охват "
        "(MCLP), меньше всего объектов (LSCP), наименьший суммарный путь (p-медиана) или "
        "кратчайший самый длинный путь (p-центр); с доказательством, кривой охвата и стоимостью на "
        "одного нового охваченного жителя."
    ),
    en=(
        "Where the next facilities of one class should go beside the existing ones: most people "
        "covered (MCLP), fewest sites for all (LSCP), shortest ways in sum (p-median) or shortest "
        "longest way (p-centre); with a proof, the curve of coverage and the cost per resident "
        "newly covered."
    ),
)
INPUTS: Mapping[str, str] = {
    "buildings": "buildings",
    "streets": "streets",
    "service_points": "service_points",
    "parcels": "parcels",
}
OPTIONAL = frozenset({"parcels"})
OUTPUT: tuple[str, ...] = ("proposed_sites",)
KEYS: Mapping[str, tuple[str, ...]] = {"proposed_sites": ("rank",)}

Degrees = Annotated[float, Field(ge=-180, le=180)]
Position = tuple[Degrees, Annotated[float, Field(ge=-90, le=90)]]


class Params(ParamsBase):
    """Parameters; lengths in metres along the streets, in the area's metric CRS."""

    service_class: ServiceClass = "clinic"
    objective: Literal["coverage", "fewest", "median", "center"] = "coverage"
    sites: int = Field(default=2, ge=1, le=50)
    form: Form = "multi_storey"
    limit_m: LimitMetres | None = None
    candidates: Literal["street_node", "parcel", "given"] = "street_node"
    points: tuple[Position, ...] = Field(default=(), max_length=1_000)
    spacing_m: float = Field(default=100.0, ge=10, le=5_000)
    curve_sites: int = Field(default=5, ge=1, le=20)
    cost_per_site: float | None = Field(default=None, gt=0, le=1e12)
    snap_limit_m: float = Field(default=150.0, ge=1, le=1_000)
    building_kinds: Chosen[BuildingKind] = Field(
        default=("residential",), min_length=1, json_schema_extra={"uniqueItems": True}
    )

    @field_validator("points", mode="before")
    @classmethod
    def _paired(cls, given: Any) -> Any:
        """Take `30.41 54.51,30.42 54.52` from a command line as positions."""
        if not isinstance(given, str):
            return given
        return [tuple(part.split()) for part in given.split(",")]


PARAMETERS: Mapping[str, Parameter] = {
    "service_class": Parameter(
        title=Text(be="Від паслуг", ru="Вид услуг", en="Service class"),
        description=Text(
            be="Што трэба паставіць.", ru="Что нужно поставить.", en="What is to be placed."
        ),
    ),
    "objective": Parameter(
        title=Text(be="Мэта", ru="Цель", en="Objective"),
        description=Text(
            be="Найбольшы ахоп, найменш аб’ектаў для ўсіх, медыяна або цэнтр.",
            ru="Наибольший охват, меньше всего объектов для всех, медиана или центр.",
            en="Most people covered, fewest sites for all, median, or centre.",
        ),
    ),
    "sites": Parameter(
        title=Text(be="Колькі новых", ru="Сколько новых", en="New sites"),
        description=Text(
            be="Колькі новых аб’ектаў побач з існуючымі; для fewest не ўлічваецца.",
            ru="Сколько новых объектов рядом с существующими; для fewest не учитывается.",
            en="How many new facilities beside the existing ones; not used by fewest.",
        ),
    ),
    "form": SERVICE_PARAMETERS["form"],
    "limit_m": Parameter(
        title=Text(be="Мяжа адлегласці", ru="Предельное расстояние", en="Walking limit"),
        description=Text(
            be="Замест нормы, у метрах шляху.",
            ru="Вместо нормы, в метрах пути.",
            en="In place of the norm, in metres of way.",
        ),
        unit="m",
    ),
    "candidates": Parameter(
        title=Text(be="Адкуль месцы", ru="Откуда места", en="Candidate sites"),
        description=Text(
            be="Скрыжаванні, незабудаваныя ўчасткі або зададзеныя пункты.",
            ru="Перекрёстки, незастроенные участки или заданные точки.",
            en="Street junctions, parcels without a building, or given points.",
        ),
    ),
    "points": Parameter(
        title=Text(be="Пункты", ru="Точки", en="Points"),
        description=Text(
            be="Даўгата і шырата кожнага зададзенага пункта, у градусах.",
            ru="Долгота и широта каждой заданной точки, в градусах.",
            en="Longitude and latitude of each given point, in degrees.",
        ),
    ),
    "spacing_m": Parameter(
        title=Text(be="Крок скрыжаванняў", ru="Шаг перекрёстков", en="Spacing of junctions"),
        description=Text(
            be="Не больш за адно скрыжаванне ў квадраце з такой стараной.",
            ru="Не более одного перекрёстка в квадрате с такой стороной.",
            en="At most one junction in a square of this side.",
        ),
        unit="m",
    ),
    "curve_sites": Parameter(
        title=Text(be="Даўжыня крывой", ru="Длина кривой", en="Length of the curve"),
        description=Text(
            be="Да якой колькасці новых аб’ектаў лічыць крывую ахопу.",
            ru="До какого числа новых объектов считать кривую охвата.",
            en="Up to how many new sites the curve of coverage is computed.",
        ),
    ),
    "cost_per_site": Parameter(
        title=Text(be="Кошт аб’екта", ru="Стоимость объекта", en="Cost of a site"),
        description=Text(
            be="У любой валюце; без яго кошт на жыхара не лічыцца.",
            ru="В любой валюте; без неё стоимость на жителя не считается.",
            en="In any currency; without it no cost per resident is computed.",
        ),
    ),
    "snap_limit_m": SERVICE_PARAMETERS["snap_limit_m"],
    "building_kinds": SERVICE_PARAMETERS["building_kinds"],
}


def seeds() -> Mapping[str, Any]:
    """Return the walking norms by service class."""
    return {"norms": service_norms()}


def compute(
    params: Params,
    area: Area,
    *,
    norms: Mapping[str, ServiceNorm] | None = None,
    **frames: GeoDataFrame,
) -> Result:
    """Return the frame `proposed_sites` of an area, EPSG:4326.

    The frames are named as in INPUTS; `parcels` may be None or missing when candidates are others.
    They have a CRS (any) and global feature ids as index, and are measured in the area's metric
    CRS. Same input, same result, whatever the order of rows. The solver works in a temporary folder
    that is gone afterwards. Raises BadParameter, EmptyInput, MissingColumn, NotProjected,
    BadGeometry, SolverFailed.
    """
    from pathlib import Path  # noqa: PLC0415 - as below
    from tempfile import TemporaryDirectory  # noqa: PLC0415

    from processing import scene, siting  # noqa: PLC0415 - the web process lists only

    known = service_norms() if norms is None else norms
    named = {} if params.limit_m is None else {str(params.service_class): params.limit_m}
    (limit,) = choose({params.service_class}, named, known, form=params.form, order=SERVICE_CLASSES)
    buildings = frames["buildings"]
    homes = buildings
    if "kind" in buildings.columns:
        homes = buildings[buildings["kind"].isin(params.building_kinds)]
    standing = scene.Inputs(buildings, frames["streets"], frames["service_points"])

    def candidates(seen: scene.Scene) -> siting.Candidates:
        if params.candidates == "given":
            return siting.given(area, params.points)
        if params.candidates == "street_node":
            return siting.street_nodes(seen.streets_m, spacing_m=params.spacing_m)
        return siting.vacant_parcels(area, frames.get("parcels"), standing)

    with TemporaryDirectory(prefix="geoportal-solve-") as folder:
        return siting.siting(
            area,
            scene.Inputs(homes, frames["streets"], frames["service_points"]),
            candidates,
            siting.Options(
                limit=limit,
                objective=params.objective,
                count=params.sites,
                curve_count=params.curve_sites,
                snap_limit_m=params.snap_limit_m,
                cost_per_site=params.cost_per_site,
            ),
            folder=Path(folder),
        )
