"""Pipeline `radio-coverage`: which buildings and places mobile networks, Wi-Fi and LoRaWAN reach.

The numbers are made in `processing/radio_coverage.py` and `processing/radio/`. Fibre is a pipeline
of its own (`fibre-coverage`): it reads other layers, and an area may well have the ones but not
the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, field_validator

from layers.model import Text
from processing.pipelines.model import Listed, Paired, Parameter, ParamsBase, Result

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from layers.model import Area
    from processing.raster import Raster
    from processing.spread import Spread

NAME = "radio-coverage"
VERSION = "1.1.1"
TITLE = Text(
    be="Радыёпакрыццё: мабільная сувязь, Wi-Fi, LoRaWAN",
    ru="Радиопокрытие: мобильная связь, Wi-Fi, LoRaWAN",
    en="Radio coverage: mobile networks, Wi-Fi, LoRaWAN",
)
DESCRIPTION = Text(
    be=(
        "Узровень сігналу найлепшай станцыі кожнай тэхналогіі на вуліцы (1,5 м) і ў будынках, з "
        "бачнасцю паміж дамамі і мадэлямі МСЭ-R P.1411 і P.1812, Хата і 3GPP; доля будынкаў і "
        "жыхароў з узроўнем вышэй за парог пры зададзенай верагоднасці. Што нельга вылічыць, "
        "указваецца з прычынай."
    ),
    ru=(
        "Уровень сигнала лучшей станции каждой технологии на улице (1,5 м) и в зданиях, с "
        "видимостью между домами и моделями МСЭ-R P.1411 и P.1812, Хаты и 3GPP; доля зданий и "
        "жителей с уровнем выше порога при заданной вероятности. Что нельзя вычислить, "
        "указывается с причиной."
    ),
    en=(
        "Level of the best station of each technology outdoors (1.5 m) and in buildings, with line "
        "of sight between the houses and the models ITU-R P.1411 and P.1812, Hata and 3GPP; share "
        "of buildings and residents above the threshold at a given probability. What cannot be "
        "computed is shown with the reason."
    ),
)
INPUTS: Mapping[str, str] = {
    "buildings": "buildings",
    "base_stations": "base_stations",
    "wifi_access_points": "wifi_access_points",
    "lorawan_gateways": "lorawan_gateways",
    "dem": "dem",
    "clutter": "clutter",
}
OPTIONAL = frozenset(INPUTS) - {"buildings"}
ONE_OF = frozenset({"base_stations", "wifi_access_points", "lorawan_gateways"})
"""Without any of these there is nothing to compute."""
OUTPUT: tuple[str, ...] = ("radio_coverage", "radio_signal")
TILED = True
KEYS: Mapping[str, tuple[str, ...]] = {"radio_coverage": ("building_id", "technology")}

Technology = Literal["gsm", "umts", "lte", "nr", "wifi", "lorawan"]
TECHNOLOGIES: tuple[Technology, ...] = Technology.__args__  # type: ignore[attr-defined]

Model = Literal["p1411", "p1812", "hata", "cost231", "uma", "umi", "rma"]

THRESHOLDS_DBM: Mapping[Technology, float] = {
    "gsm": -95.0, "umts": -100.0, "lte": -110.0, "nr": -110.0, "wifi": -70.0, "lorawan": -137.0,
}  # fmt: skip
"""Customary planning values, no norm of Belarus: RxLev, RSCP, RSRP, SS-RSRP, RSSI; LoRaWAN: the
sensitivity at spreading factor 12. A user replaces them."""

LevelDbm = Annotated[float, Field(ge=-150, le=0)]


class Params(ParamsBase):
    """Parameters; lengths in metres of the area's metric CRS, levels in dBm, losses in dB."""

    technologies: Listed[Technology] = Field(
        default=(), max_length=len(TECHNOLOGIES), json_schema_extra={"uniqueItems": True}
    )
    models: Listed[Model] = Field(
        default=("p1411", "p1812", "hata", "cost231"), min_length=1, max_length=7
    )
    thresholds_dbm: Paired[Technology, LevelDbm] = Field(default_factory=dict)
    location_percent: float = Field(default=95.0, ge=50, le=99)
    deviation_db: float = Field(default=8.0, ge=0, le=20)
    building_type: Literal["traditional", "thermally_efficient"] = "traditional"
    entry_loss_db: float | None = Field(default=None, ge=0, le=100)
    entry_deviation_db: float = Field(default=6.0, ge=0, le=20)
    vertical_beamwidth_deg: float = Field(default=10.0, ge=1, le=360)
    time_percent: float = Field(default=50.0, ge=1, le=50)
    street_m: float = Field(default=20.0, ge=3, le=100)
    spacing_m: float = Field(default=50.0, ge=5, le=500)
    cell_m: float = Field(default=20.0, ge=5, le=500)
    surface_m: float = Field(default=2.0, ge=0.5, le=10)

    @field_validator("technologies")
    @classmethod
    def _once(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        """Order and repetition must not change a result."""
        return tuple(name for name in TECHNOLOGIES if name in given)

    @field_validator("models")
    @classmethod
    def _first(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        """A model asked twice says the same twice; their order matters."""
        return tuple(dict.fromkeys(given))


PARAMETERS: Mapping[str, Parameter] = {
    "technologies": Parameter(
        title=Text(be="Тэхналогіі", ru="Технологии", en="Technologies"),
        description=Text(
            be="Якія тэхналогіі лічыць; пуста = усе, для якіх ёсць станцыі.",
            ru="Какие технологии считать; пусто = все, для которых есть станции.",
            en="Which technologies to compute; empty = all that have stations.",
        ),
    ),
    "models": Parameter(
        title=Text(be="Мадэлі", ru="Модели", en="Models"),
        description=Text(
            be="Па чарзе: у кожным пункце лічыцца першая мадэль, якая там дзейнічае.",
            ru="По очереди: в каждой точке считается первая модель, которая там действует.",
            en="In turn: at each point the first model that holds there counts.",
        ),
    ),
    "thresholds_dbm": Parameter(
        title=Text(be="Парогі", ru="Пороги", en="Thresholds"),
        description=Text(
            be="Найменшы ўзровень тэхналогіі замест звычайнага: RxLev, RSCP, RSRP, RSSI.",
            ru="Наименьший уровень технологии вместо обычного: RxLev, RSCP, RSRP, RSSI.",
            en="Lowest level of a technology in place of the usual one: RxLev, RSCP, RSRP, RSSI.",
        ),
        unit="dBm",
    ),
    "location_percent": Parameter(
        title=Text(be="Верагоднасць месца", ru="Вероятность по месту", en="Location probability"),
        description=Text(
            be="У якой долі месцаў каля будынка парог павінен вытрымлівацца.",
            ru="В какой доле мест у здания порог должен выдерживаться.",
            en="At which share of the places near a building the threshold must be held.",
        ),
        unit="%",
    ),
    "deviation_db": Parameter(
        title=Text(be="Роскід узроўню", ru="Разброс уровня", en="Scatter of the level"),
        description=Text(
            be="Стандартнае адхіленне для мадэляў, якія свайго не маюць.",
            ru="Стандартное отклонение для моделей, у которых нет своего.",
            en="Standard deviation for the models that give none of their own.",
        ),
        unit="dB",
    ),
    "building_type": Parameter(
        title=Text(be="Тып сцен", ru="Тип стен", en="Type of walls"),
        description=Text(
            be="Страты ў сценах паводле МСЭ-R P.2109: звычайныя або энергаэфектыўныя.",
            ru="Потери в стенах по МСЭ-R P.2109: обычные или энергоэффективные.",
            en="Loss in the walls after ITU-R P.2109: traditional or thermally efficient.",
        ),
    ),
    "entry_loss_db": Parameter(
        title=Text(be="Страты на ўваходзе", ru="Потери на входе", en="Entry loss"),
        description=Text(
            be="Зададзеныя страты ў сценах замест медыяны МСЭ-R P.2109.",
            ru="Заданные потери в стенах вместо медианы МСЭ-R P.2109.",
            en="A stated loss in the walls in place of the median of ITU-R P.2109.",
        ),
        unit="dB",
    ),
    "entry_deviation_db": Parameter(
        title=Text(be="Роскід страт", ru="Разброс потерь", en="Scatter of the entry loss"),
        description=Text(
            be="Стандартнае адхіленне страт у сценах.",
            ru="Стандартное отклонение потерь в стенах.",
            en="Standard deviation of the loss in the walls.",
        ),
        unit="dB",
    ),
    "vertical_beamwidth_deg": Parameter(
        title=Text(be="Вышыня прамяня", ru="Высота луча", en="Vertical beamwidth"),
        description=Text(
            be="Шырыня дыяграмы антэны базавай станцыі ў вертыкальнай плоскасці.",
            ru="Ширина диаграммы антенны базовой станции в вертикальной плоскости.",
            en="Width of the pattern of a base station antenna in the vertical plane.",
        ),
        unit="deg",
    ),
    "time_percent": Parameter(
        title=Text(be="Доля часу", ru="Доля времени", en="Share of time"),
        description=Text(
            be="Доля часу ў мадэлі P.1812.",
            ru="Доля времени в модели P.1812.",
            en="Percentage of time of the model P.1812.",
        ),
        unit="%",
    ),
    "street_m": Parameter(
        title=Text(be="Шырыня вуліцы", ru="Ширина улицы", en="Street width"),
        description=Text(
            be="Адлегласць паміж дамамі праз вуліцу, для мадэлі P.1411.",
            ru="Расстояние между домами через улицу, для модели P.1411.",
            en="Distance between the houses across a street, for the model P.1411.",
        ),
        unit="m",
    ),
    "spacing_m": Parameter(
        title=Text(be="Крок забудовы", ru="Шаг застройки", en="Spacing of rows"),
        description=Text(
            be="Сярэдняя адлегласць паміж радамі будынкаў, для мадэлі P.1411.",
            ru="Среднее расстояние между рядами зданий, для модели P.1411.",
            en="Mean distance between rows of buildings, for the model P.1411.",
        ),
        unit="m",
    ),
    "cell_m": Parameter(
        title=Text(be="Памер ячэйкі", ru="Размер ячейки", en="Cell size"),
        description=Text(
            be="Старана ячэйкі карты ўзроўняў.",
            ru="Сторона ячейки карты уровней.",
            en="Side of a cell of the map of levels.",
        ),
        unit="m",
    ),
    "surface_m": Parameter(
        title=Text(be="Крок паверхні дахаў", ru="Шаг поверхности крыш", en="Grid of the roofs"),
        description=Text(
            be="Старана ячэйкі паверхні дахаў, па якой правяраецца бачнасць.",
            ru="Сторона ячейки поверхности крыш, по которой проверяется видимость.",
            en="Side of a cell of the surface of roofs in which line of sight is followed.",
        ),
        unit="m",
    ),
}


def seeds() -> Mapping[str, Any]:
    """Return nothing: no seed table is needed."""
    return {}


def compute(  # noqa: PLR0913 - an argument for each input layer
    params: Params,
    area: Area,
    *,
    buildings: GeoDataFrame,
    base_stations: GeoDataFrame | None = None,
    wifi_access_points: GeoDataFrame | None = None,
    lorawan_gateways: GeoDataFrame | None = None,
    dem: Raster | None = None,
    clutter: Raster | None = None,
    spread: Spread | None = None,
) -> Result:
    """Return the frames `radio_coverage` and `radio_signal` of an area, EPSG:4326.

    Frames have a CRS (any) and global feature ids as index, rasters lie in the metric CRS of the
    area; what an area does not have is None. Same input, same result, whatever the order of rows,
    and with `spread` by tiles. Raises EmptyInput, MissingColumn, BadGeometry, RepeatedId,
    NotProjected, MixedCRS, BadParameter.
    """
    from processing import radio_coverage as method  # noqa: PLC0415 - the web process never computes
    from processing.radio.models import Surroundings  # noqa: PLC0415
    from processing.radio.p1411 import Street  # noqa: PLC0415
    from processing.radio.p1411_roofs import Roofs  # noqa: PLC0415
    from processing.radio.p1812 import Link  # noqa: PLC0415

    asked = params.technologies or TECHNOLOGIES
    thresholds = {**THRESHOLDS_DBM, **params.thresholds_dbm}
    around = Surroundings(
        roofs=Roofs(spacing_m=params.spacing_m),
        street=Street(width_m=params.street_m),
        deviation_db=params.deviation_db,
        resolution_m=params.cell_m,
        link=Link(f_ghz=1.0, time_percent=params.time_percent),
    )
    return method.radio_coverage(
        area,
        method.Inputs(
            buildings=buildings,
            base_stations=base_stations,
            wifi_access_points=wifi_access_points,
            lorawan_gateways=lorawan_gateways,
            dem=dem,
            clutter=clutter,
        ),
        method.Settings(
            thresholds_dbm={name: thresholds[name] for name in asked},
            models=params.models,
            around=around,
            location_percent=params.location_percent,
            building=params.building_type,
            entry_loss_db=params.entry_loss_db,
            entry_deviation_db=params.entry_deviation_db,
            vertical_beamwidth_deg=params.vertical_beamwidth_deg,
            cell_m=params.cell_m,
            surface_m=params.surface_m,
        ),
        spread,
    )
