"""Pipeline `accessibility-coverage`: what is within reach of every home, and for how many it is.

Methods: docs/decisions/0033-accessibility.md; the numbers: `processing/accessibility.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import Field

from layers.model import Text
from layers.seed import ProvisionNorm, ServiceNorm, provision_norms, service_norms
from processing.limits import Form, choose
from processing.pipelines.model import Chosen, Paired, Parameter, ParamsBase, Result
from processing.pipelines.service_coverage import (
    PARAMETERS as SERVICE_PARAMETERS,
)
from processing.pipelines.service_coverage import (
    SERVICE_CLASSES,
    BuildingKind,
    LimitMetres,
    ServiceClass,
)

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from layers.model import Area
    from processing.spread import Spread

NAME = "accessibility-coverage"
VERSION = "1.0.1"
TITLE = Text(
    be="Даступнасць і забяспечанасць",
    ru="Доступность и обеспеченность",
    en="Accessibility and provision",
)
DESCRIPTION = Text(
    be=(
        "Для кожнага жылога будынка: якая доля відаў паслуг за 15 хвілін пешшу, ці ёсць зеляніна "
        "ад 0,5 га за 300 м, ці можна дайсці да школы, не пераходзячы магістралі, колькі месцаў "
        "(урачоў) прыпадае на жыхара з улікам канкурэнцыі (2SFCA, E2SFCA, 3SFCA)."
    ),
    ru=(
        "Для каждого жилого здания: какая доля видов услуг в 15 минутах пешком, есть ли зелень от "
        "0,5 га в 300 м, можно ли дойти до школы, не переходя магистрали, сколько мест (врачей) "
        "приходится на жителя с учётом конкуренции (2SFCA, E2SFCA, 3SFCA)."
    ),
    en=(
        "For every residential building: the share of service classes within 15 minutes on foot, "
        "green of 0.5 ha within 300 m, a way to school that crosses no main road, and places "
        "(doctors) per person with competition (2SFCA, E2SFCA, 3SFCA)."
    ),
)
INPUTS: Mapping[str, str] = {
    "buildings": "buildings",
    "streets": "streets",
    "service_points": "service_points",
    "green_areas": "green_areas",
    "census_units": "census_units",
}
OPTIONAL = frozenset({"green_areas", "census_units"})
OUTPUT: tuple[str, ...] = ("accessibility", "service_provision")
TILED = True
KEYS: Mapping[str, tuple[str, ...]] = {
    "accessibility": ("building_id",),
    "service_provision": ("building_id", "service_class"),
}

DAILY: tuple[ServiceClass, ...] = (
    "school", "kindergarten", "clinic", "pharmacy", "post_office", "shop", "stop", "playground",
    "sports", "library", "bank",
)  # fmt: skip
"""All classes but "other", which says nothing."""


class Params(ParamsBase):
    """Parameters; lengths in metres along the streets, in the area's metric CRS."""

    service_classes: Chosen[ServiceClass] = Field(
        default=DAILY, min_length=1, max_length=len(SERVICE_CLASSES),
        json_schema_extra={"uniqueItems": True},
    )  # fmt: skip
    form: Form = "multi_storey"
    walk_km_h: float = Field(default=4.5, ge=1, le=10)
    limit_min: float = Field(default=15.0, ge=1, le=60)
    green_limit_m: float = Field(default=300.0, ge=10, le=5_000)
    green_least_m2: float = Field(default=5_000.0, ge=0, le=1_000_000)
    catchments_m: Paired[ServiceClass, LimitMetres] = Field(default_factory=dict)
    snap_limit_m: float = Field(default=150.0, ge=1, le=1_000)
    building_kinds: Chosen[BuildingKind] = Field(
        default=("residential",), min_length=1, json_schema_extra={"uniqueItems": True}
    )


PARAMETERS: Mapping[str, Parameter] = {
    "service_classes": Parameter(
        title=Text(be="Віды паслуг", ru="Виды услуг", en="Service classes"),
        description=Text(
            be="Якія віды паслуг лічыць у 15-хвілінным паказчыку.",
            ru="Какие виды услуг считать в 15-минутном показателе.",
            en="Which classes the 15-minute score counts.",
        ),
    ),
    "form": SERVICE_PARAMETERS["form"],
    "walk_km_h": SERVICE_PARAMETERS["walk_km_h"],
    "limit_min": Parameter(
        title=Text(be="Мяжа часу", ru="Предел времени", en="Time limit"),
        description=Text(
            be="За які час пешшу паслуга лічыцца блізкай.",
            ru="За какое время пешком услуга считается близкой.",
            en="Within which walking time a service counts as near.",
        ),
        unit="min",
    ),
    "green_limit_m": Parameter(
        title=Text(be="Мяжа да зеляніны", ru="Предел до зелени", en="Limit to green"),
        description=Text(
            be="Шлях па вуліцах да ўваходу ў зялёную тэрыторыю.",
            ru="Путь по улицам до входа в зелёную территорию.",
            en="Way along the streets to an entry of a green area.",
        ),
        unit="m",
    ),
    "green_least_m2": Parameter(
        title=Text(be="Найменшая зеляніна", ru="Наименьшая зелень", en="Least green area"),
        description=Text(
            be="Ад якой плошчы агульнадаступная зеляніна ўлічваецца; сумежныя часткі аб’яднаны.",
            ru="С какой площади общедоступная зелень учитывается; смежные части объединены.",
            en="From which size public green counts; adjoining parts are joined.",
        ),
        unit="m2",
    ),
    "catchments_m": Parameter(
        title=Text(be="Радыусы прыцягнення", ru="Радиусы притяжения", en="Catchments"),
        description=Text(
            be="Зона прыцягнення віду паслуг замест нормы, у метрах шляху.",
            ru="Зона притяжения вида услуг вместо нормы, в метрах пути.",
            en="Catchment of a service class in place of its walking norm, in metres of way.",
        ),
        unit="m",
    ),
    "snap_limit_m": SERVICE_PARAMETERS["snap_limit_m"],
    "building_kinds": SERVICE_PARAMETERS["building_kinds"],
}


def seeds() -> Mapping[str, Any]:
    """Return the walking norms and the norms of provision by service class."""
    return {"norms": service_norms(), "provision": provision_norms()}


def compute(
    params: Params,
    area: Area,
    *,
    norms: Mapping[str, ServiceNorm] | None = None,
    provision: Mapping[str, ProvisionNorm] | None = None,
    spread: Spread | None = None,
    **frames: GeoDataFrame,
) -> Result:
    """Return the frames `accessibility` and `service_provision` of an area, EPSG:4326.

    The frames are named as in INPUTS; what an area lacks may be None or missing. They have a CRS
    (any) and global feature ids as index, and are measured in the area's metric CRS. Same input,
    same result, whatever the order of rows, and with `spread` by tiles. Raises BadParameter,
    EmptyInput, MissingColumn, NotProjected, BadGeometry.
    """
    from processing import accessibility, scene  # noqa: PLC0415 - the web process lists only

    walking = service_norms() if norms is None else norms
    provided = tuple((provision_norms() if provision is None else provision).values())
    classes = [norm.service_class for norm in provided]
    limits = choose(
        {*classes, "school", *params.catchments_m},
        {str(name): metres for name, metres in params.catchments_m.items()},
        walking,
        form=params.form,
        order=SERVICE_CLASSES,
    )
    limit_m = {limit.service_class: limit.limit_m for limit in limits}
    school = choose({"school"}, {}, walking, form=params.form, order=SERVICE_CLASSES)[0]
    buildings = frames["buildings"]
    if "kind" in buildings.columns:
        buildings = buildings[buildings["kind"].isin(params.building_kinds)]
    return accessibility.accessibility(
        area,
        scene.Inputs(buildings, frames["streets"], frames["service_points"]),
        accessibility.More(frames.get("green_areas"), frames.get("census_units")),
        accessibility.Options(
            classes=params.service_classes,
            norms=provided,
            catchment_m=tuple(limit_m[name] for name in classes),
            walk_km_h=params.walk_km_h,
            limit_min=params.limit_min,
            school_limit_m=school.limit_m,
            green_limit_m=params.green_limit_m,
            green_least_m2=params.green_least_m2,
            snap_limit_m=params.snap_limit_m,
        ),
        spread,
    )
