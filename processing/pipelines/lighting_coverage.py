"""Pipeline `lighting-coverage`: which streets are lit as their class asks, and which are dark.

Method: docs/decisions/0031-street-lighting.md; the numbers are made in `processing/lighting/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, StringConstraints

from layers.model import Text
from layers.seed import DemoLuminaire, LightingClass, lighting_classes, luminaires
from processing.pipelines.model import Chosen, Parameter, ParamsBase, Result
from processing.pipelines.service_coverage import BuildingKind, ServiceClass

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from layers.model import Area
    from processing.spread import Spread

NAME = "lighting-coverage"
VERSION = "1.0.3"
TITLE = Text(be="Вулічнае асвятленне", ru="Уличное освещение", en="Street lighting")
DESCRIPTION = Text(
    be=(
        "Асветленасць кожнага ўчастка вуліцы па размеркаванні святла свяцільнікаў і ці адпавядае "
        "яна класу асвятлення EN 13201; цёмныя ўчасткі, доля асветленага шляху жыхароў, "
        "энергія за год, наступствы адключэння шафы кіравання."
    ),
    ru=(
        "Освещённость каждого участка улицы по распределению света светильников и соответствует ли "
        "она классу освещения EN 13201; тёмные участки, доля освещённого пути жителей, энергия за "
        "год, последствия отключения шкафа управления."
    ),
    en=(
        "Illuminance of every stretch of street from the light distribution of its lamps, and "
        "whether it meets its lighting class of EN 13201; dark stretches, lit share of the "
        "residents' walks, energy per year, what the outage of a cabinet would change."
    ),
)
INPUTS: Mapping[str, str] = {
    "street_lights": "street_lights",
    "streets": "streets",
    "buildings": "buildings",
    "service_points": "service_points",
}
OUTPUT: tuple[str, ...] = ("street_lighting", "dark_stretches", "illuminance_bands")
TILED = True
OPTIONAL = frozenset({"buildings", "service_points"})
"""Without them, or a home among them, no walks are known; the streets are judged all the same."""
KEYS: Mapping[str, tuple[str, ...]] = {
    "street_lighting": ("street_id", "from_m", "length_m"),
    "dark_stretches": ("street_id", "from_m", "length_m"),
    "illuminance_bands": ("from_lx",),
}

LuminaireId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
IesText = Annotated[str, StringConstraints(min_length=1, max_length=500_000)]
Cabinet = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class Params(ParamsBase):
    """Parameters; lengths in metres on the ground plane of the area's metric CRS."""

    cutoff_heights: float = Field(default=12.0, ge=2, le=50)
    maintenance_factor: float = Field(default=0.8, gt=0, le=1)
    row_limit_m: float = Field(default=15.0, ge=1, le=100)
    longest_span_m: float = Field(default=80.0, ge=10, le=200)
    longest_plain_m: float = Field(default=30.0, ge=3, le=200)
    default_width_m: float | None = Field(default=None, ge=0.5, le=100)
    burning_h: float = Field(default=4_100.0, ge=1, le=8_784)
    dark_cabinets: Chosen[Cabinet] = Field(default=(), max_length=1_000)
    walk_to: ServiceClass = "stop"
    building_kinds: Chosen[BuildingKind] = Field(default=("residential",), min_length=1)
    snap_limit_m: float = Field(default=150.0, ge=1, le=1_000)
    cell_m: float = Field(default=5.0, ge=2, le=50)
    ies: dict[LuminaireId, IesText] = Field(default_factory=dict, max_length=100)


PARAMETERS: Mapping[str, Parameter] = {
    "cutoff_heights": Parameter(
        title=Text(be="Радыус уліку", ru="Радиус учёта", en="Cut-off radius"),
        description=Text(
            be="Да якой адлегласці ўлічваць святло свяцільніка, у вышынях яго падвесу.",
            ru="До какого расстояния учитывать свет светильника, в высотах его подвеса.",
            en="How far the light of a lamp is counted, in its mounting heights.",
        ),
    ),
    "maintenance_factor": Parameter(
        title=Text(
            be="Каэфіцыент эксплуатацыі",
            ru="Коэффициент эксплуатации",
            en="Maintenance factor",
        ),
        description=Text(
            be="Для свяцільнікаў, у якіх ён не ўказаны.",
            ru="Для светильников, у которых он не указан.",
            en="For lamps that have none of their own.",
        ),
    ),
    "row_limit_m": Parameter(
        title=Text(
            be="Адлегласць да вуліцы", ru="Расстояние до улицы", en="Distance to the street"
        ),
        description=Text(
            be="Наколькі далёка ад восі вуліцы можа стаяць яе апора.",
            ru="Как далеко от оси улицы может стоять её опора.",
            en="How far from the axis of a street a lamp of its row may stand.",
        ),
        unit="m",
    ),
    "longest_span_m": Parameter(
        title=Text(be="Найбольшы пралёт", ru="Наибольший пролёт", en="Longest span"),
        description=Text(
            be="Далей адзін ад аднаго свяцільнікі не лічацца адным радам.",
            ru="Дальше друг от друга светильники не считаются одним рядом.",
            en="Lamps further apart than this make no row.",
        ),
        unit="m",
    ),
    "longest_plain_m": Parameter(
        title=Text(be="Участак без рада", ru="Участок без ряда", en="Stretch without a row"),
        description=Text(
            be="На якія часткі дзяліць вуліцу там, дзе няма рада свяцільнікаў.",
            ru="На какие части делить улицу там, где нет ряда светильников.",
            en="How long the pieces are where there is no row of lamps.",
        ),
        unit="m",
    ),
    "default_width_m": Parameter(
        title=Text(be="Шырыня вуліцы", ru="Ширина улицы", en="Width of a street"),
        description=Text(
            be="Для вуліц без шырыні; не зададзена = такія вуліцы не ацэньваюцца.",
            ru="Для улиц без ширины; не задана = такие улицы не оцениваются.",
            en="For streets without a width; none given = such streets are not judged.",
        ),
        unit="m",
    ),
    "burning_h": Parameter(
        title=Text(be="Гадзіны гарэння", ru="Часы горения", en="Burning hours"),
        description=Text(
            be="Колькі гадзін за год гараць свяцільнікі.",
            ru="Сколько часов в год горят светильники.",
            en="How many hours a year the lamps burn.",
        ),
        unit="h",
    ),
    "dark_cabinets": Parameter(
        title=Text(be="Адключаныя шафы", ru="Отключённые шкафы", en="Cabinets that fail"),
        description=Text(
            be="Што зменіцца, калі гэтыя шафы кіравання не працуюць.",
            ru="Что изменится, если эти шкафы управления не работают.",
            en="What changes when these control cabinets do not work.",
        ),
    ),
    "walk_to": Parameter(
        title=Text(be="Куды ідуць жыхары", ru="Куда идут жители", en="Where residents walk to"),
        description=Text(
            be="Від аб’ектаў: шлях ад дома да бліжэйшага з іх правяраецца на асветленасць.",
            ru="Вид объектов: путь от дома до ближайшего из них проверяется на освещённость.",
            en="Class of facilities: the walk from home to the nearest one is checked for light.",
        ),
    ),
    "building_kinds": Parameter(
        title=Text(be="Прызначэнне будынкаў", ru="Назначение зданий", en="Kinds of buildings"),
        description=Text(
            be="Адкуль ідуць жыхары; звычайна з жылых будынкаў.",
            ru="Откуда идут жители; обычно из жилых зданий.",
            en="Where the walks begin; usually at residential buildings.",
        ),
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
    "cell_m": Parameter(
        title=Text(be="Ячэйка карты", ru="Ячейка карты", en="Cell of the map"),
        description=Text(
            be="Памер ячэйкі карты асветленасці.",
            ru="Размер ячейки карты освещённости.",
            en="Size of the cells of the map of illuminance.",
        ),
        unit="m",
    ),
    "ies": Parameter(
        title=Text(be="Файлы свяцільнікаў", ru="Файлы светильников", en="Luminaire files"),
        description=Text(
            be="Тэкст файла IES LM-63 для ідэнтыфікатара свяцільніка замест дэманстрацыйнага.",
            ru="Текст файла IES LM-63 для идентификатора светильника вместо демонстрационного.",
            en="Text of an IES LM-63 file by luminaire id, in place of the demonstration one.",
        ),
    ),
}


def seeds() -> Mapping[str, Any]:
    """Return the lighting classes and the demonstration luminaires."""
    return {"classes": lighting_classes(), "demonstration": luminaires()}


def compute(  # noqa: PLR0913 - an argument for each layer and seed table
    params: Params,
    area: Area,
    *,
    street_lights: GeoDataFrame,
    streets: GeoDataFrame,
    buildings: GeoDataFrame | None = None,
    service_points: GeoDataFrame | None = None,
    classes: Mapping[str, LightingClass] | None = None,
    demonstration: Mapping[str, DemoLuminaire] | None = None,
    spread: Spread | None = None,
) -> Result:
    """Return the frames `street_lighting`, `dark_stretches` and `illuminance_bands`, EPSG:4326.

    The input frames have a CRS (any) and global feature ids as index; they are measured in the
    area's metric CRS. Same input, same result, whatever the order of rows, and with `spread` by
    tiles. Raises BadParameter, BadPhotometry, EmptyInput, MissingColumn, NotProjected, BadGeometry,
    RepeatedId.
    """
    from processing.checks import require_columns  # noqa: PLC0415 - the web never computes
    from processing.lighting import coverage, sections  # noqa: PLC0415

    goals = service_points
    if goals is not None:
        require_columns(goals, ("service_class",), name="service_points")
        goals = goals[goals["service_class"] == params.walk_to]
    homes = buildings
    if homes is not None and "kind" in homes.columns:
        homes = homes[homes["kind"].isin(params.building_kinds)]
    return coverage.lighting_coverage(
        area,
        coverage.Inputs(street_lights, streets, homes, goals),
        _library(params, luminaires() if demonstration is None else demonstration),
        lighting_classes() if classes is None else classes,
        coverage.Options(
            rules=sections.Rules(
                params.cutoff_heights, params.longest_span_m, params.longest_plain_m
            ),
            default_maintenance_factor=params.maintenance_factor,
            default_width_m=params.default_width_m,
            row_limit_m=params.row_limit_m,
            snap_limit_m=params.snap_limit_m,
            burning_h=params.burning_h,
            cell_m=params.cell_m,
            dark_cabinets=params.dark_cabinets,
        ),
        spread,
    )


def _library(params: Params, demonstration: Mapping[str, DemoLuminaire]) -> dict[str, Any]:
    """Return the luminaires by id: those of the files given, else the demonstration ones."""
    from processing.errors import BadPhotometry  # noqa: PLC0415
    from processing.lighting import ies, luminaire  # noqa: PLC0415

    library = luminaire.demonstrations(demonstration)
    for name, text in sorted(params.ies.items()):
        try:
            library[name] = ies.parse(text)
        except BadPhotometry as error:
            raise BadPhotometry(f"luminaire {name}: {error}") from None
    return library
