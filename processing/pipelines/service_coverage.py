"""Pipeline `service-coverage`: who reaches a school, a clinic, a shop ... on foot within the norm.

Method: docs/decisions/0010-network-distance.md; the numbers are made in `processing/coverage.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from layers.model import Text
from layers.seed import ServiceNorm, service_norms
from processing.limits import Form, Limit, choose
from processing.pipelines.model import Chosen, Paired, Parameter, ParamsBase, Result

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from layers.model import Area
    from processing.spread import Spread

NAME = "service-coverage"
VERSION = "1.2.2"
TITLE = Text(
    be="Пешая даступнасць паслуг",
    ru="Пешеходная доступность услуг",
    en="Service coverage on foot",
)
DESCRIPTION = Text(
    be=(
        "Адлегласць па вуліцах ад кожнага жылога будынка да бліжэйшага аб’екта кожнага віду "
        "паслуг; доля будынкаў і жыхароў у межах нормы; тэрыторыя абслугоўвання ўздоўж дасягальных "
        "вуліц. Недасягальныя і недалучаныя да сеткі будынкі ўказваюцца асобна."
    ),
    ru=(
        "Расстояние по улицам от каждого жилого здания до ближайшего объекта каждого вида услуг; "
        "доля зданий и жителей в пределах нормы; территория обслуживания вдоль достижимых улиц. "
        "Недостижимые и не присоединённые к сети здания указываются отдельно."
    ),
    en=(
        "Distance along the streets from every residential building to the nearest facility of "
        "each service class; share of buildings and residents within the norm; service areas along "
        "the reached streets. Unreachable and unsnapped buildings are told apart."
    ),
)
INPUTS: Mapping[str, str] = {
    "buildings": "buildings",
    "streets": "streets",
    "service_points": "service_points",
}
OUTPUT: tuple[str, ...] = ("service_coverage", "service_areas")
TILED = True
KEYS: Mapping[str, tuple[str, ...]] = {
    "service_coverage": ("building_id", "service_class"),
    "service_areas": ("service_class",),
}

ServiceClass = Literal[
    "school", "kindergarten", "clinic", "pharmacy", "post_office", "shop", "stop", "playground",
    "sports", "library", "bank", "other",
]  # fmt: skip
SERVICE_CLASSES: tuple[ServiceClass, ...] = ServiceClass.__args__  # type: ignore[attr-defined]

BuildingKind = Literal[
    "residential", "school", "kindergarten", "clinic", "shop", "office", "industrial", "garage",
    "utility", "other",
]  # fmt: skip

LimitMetres = Annotated[float, Field(ge=1, le=20_000)]


class Params(ParamsBase):
    """Parameters; lengths in metres on the ground plane of the area's metric CRS."""

    service_classes: Chosen[ServiceClass] = Field(
        default=(), max_length=len(SERVICE_CLASSES), json_schema_extra={"uniqueItems": True}
    )
    form: Form = "multi_storey"
    limits_m: Paired[ServiceClass, LimitMetres] = Field(default_factory=dict)
    snap_limit_m: float = Field(default=150.0, ge=1, le=1_000)
    buffer_m: float = Field(default=25.0, ge=1, le=200)
    walk_km_h: float = Field(default=4.5, ge=1, le=10)
    cycle_km_h: float = Field(default=15.0, ge=5, le=40)
    building_kinds: Chosen[BuildingKind] = Field(
        default=("residential",), min_length=1, json_schema_extra={"uniqueItems": True}
    )


PARAMETERS: Mapping[str, Parameter] = {
    "service_classes": Parameter(
        title=Text(be="Віды паслуг", ru="Виды услуг", en="Service classes"),
        description=Text(
            be="Якія віды паслуг лічыць; пуста = усе, што маюць норму або зададзеную мяжу.",
            ru="Какие виды услуг считать; пусто = все, у которых есть норма или заданный предел.",
            en="Which classes to compute; empty = all that have a norm or a limit given here.",
        ),
    ),
    "form": Parameter(
        title=Text(be="Тып забудовы", ru="Тип застройки", en="Built form"),
        description=Text(
            be="Які слупок норм браць: шматпавярховая або сядзібная забудова.",
            ru="Какой столбец норм брать: многоэтажная или усадебная застройка.",
            en="Which column of the norms to take: multi-storey or low-rise (estate) building.",
        ),
    ),
    "limits_m": Parameter(
        title=Text(be="Межы адлегласці", ru="Предельные расстояния", en="Walking limits"),
        description=Text(
            be="Мяжа для віду паслуг замест нормы, у метрах шляху.",
            ru="Предел для вида услуг вместо нормы, в метрах пути.",
            en="Limit of a service class in place of its norm, in metres of way.",
        ),
        unit="m",
    ),
    "snap_limit_m": Parameter(
        title=Text(be="Далучэнне да сеткі", ru="Присоединение к сети", en="Snapping limit"),
        description=Text(
            be="Наколькі далёка ад пешаходнай вуліцы можа стаяць будынак або аб’ект.",
            ru="Как далеко от пешеходной улицы может стоять здание или объект.",
            en="How far from a walkable street a building or facility may stand.",
        ),
        unit="m",
    ),
    "buffer_m": Parameter(
        title=Text(be="Паласа ўздоўж вуліц", ru="Полоса вдоль улиц", en="Margin beside streets"),
        description=Text(
            be="Шырыня тэрыторыі абслугоўвання па абодва бакі дасягальных вуліц.",
            ru="Ширина территории обслуживания по обе стороны достижимых улиц.",
            en="Width of the service area on both sides of the reached streets.",
        ),
        unit="m",
    ),
    "walk_km_h": Parameter(
        title=Text(be="Хуткасць пешшу", ru="Скорость пешком", en="Walking speed"),
        description=Text(
            be="Для часу пешшу; на ахоп не ўплывае. 4,5 км/г = 1,25 м/с.",
            ru="Для времени пешком; на охват не влияет. 4,5 км/ч = 1,25 м/с.",
            en="For walking times; does not change coverage. 4.5 km/h = 1.25 m/s.",
        ),
        unit="km/h",
    ),
    "cycle_km_h": Parameter(
        title=Text(be="Хуткасць веласіпеда", ru="Скорость велосипеда", en="Cycling speed"),
        description=Text(
            be="Для часу на веласіпедзе па адкрытых для яго вуліцах з улікам аднабаковага руху.",
            ru="Для времени на велосипеде по открытым для него улицам с учётом одностороннего.",
            en="For cycling times along the streets open to bicycles, one-way traffic observed.",
        ),
        unit="km/h",
    ),
    "building_kinds": Parameter(
        title=Text(be="Прызначэнне будынкаў", ru="Назначение зданий", en="Kinds of buildings"),
        description=Text(
            be="Для якіх будынкаў лічыць; звычайна толькі жылыя.",
            ru="Для каких зданий считать; обычно только жилые.",
            en="Which buildings to compute for; usually only residential ones.",
        ),
    ),
}


def seeds() -> Mapping[str, Any]:
    """Return the walking norms by service class."""
    return {"norms": service_norms()}


def limits(params: Params, norms: Mapping[str, ServiceNorm]) -> tuple[Limit, ...]:
    """Return the limit of every class to compute, in metres; raises BadParameter."""
    return choose(
        params.service_classes,
        {str(name): metres for name, metres in params.limits_m.items()},
        norms,
        form=params.form,
        order=SERVICE_CLASSES,
    )


def compute(  # noqa: PLR0913 - an argument for each layer and seed table
    params: Params,
    area: Area,
    *,
    buildings: GeoDataFrame,
    streets: GeoDataFrame,
    service_points: GeoDataFrame,
    norms: Mapping[str, ServiceNorm] | None = None,
    spread: Spread | None = None,
) -> Result:
    """Return the frames `service_coverage` and `service_areas` of an area, EPSG:4326.

    The input frames have a CRS (any) and global feature ids as index; they are measured in the
    area's metric CRS. Same input, same result, whatever the order of rows, and with `spread` by
    tiles. Raises BadParameter, EmptyInput, MissingColumn, NotProjected, BadGeometry.
    """
    from processing import coverage, scene  # noqa: PLC0415 - the web process lists, it never computes

    chosen = buildings
    if "kind" in buildings.columns:
        chosen = buildings[buildings["kind"].isin(params.building_kinds)]
    return coverage.service_coverage(
        area,
        limits(params, service_norms() if norms is None else norms),
        scene.Inputs(buildings=chosen, streets=streets, service_points=service_points),
        coverage.Options(
            snap_limit_m=params.snap_limit_m,
            buffer_m=params.buffer_m,
            walk_km_h=params.walk_km_h,
            cycle_km_h=params.cycle_km_h,
        ),
        spread,
    )
