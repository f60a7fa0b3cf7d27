"""Pipeline `monitoring-coverage`: what the air-quality stations tell of each place, and where not.

Method: docs/decisions/0032-monitoring-network.md; the numbers are made in `processing/monitoring/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, model_validator

from layers.model import Text
from processing.pipelines.model import Chosen, Parameter, ParamsBase, Result
from processing.pipelines.service_coverage import BuildingKind

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from layers.model import Area

NAME = "monitoring-coverage"
VERSION = "1.0.1"
TITLE = Text(
    be="Ахоп сеткай назіранняў",
    ru="Охват сетью наблюдений",
    en="Coverage by the monitoring network",
)
DESCRIPTION = Text(
    be=(
        "Ацэнка забруджвання паміж пастамі крыгінгам з яго хібнасцю, дзе сетка нічога не бачыць, "
        "дзе ставіць наступныя пасты і колькі жыхароў жывуць каля бесперапыннага поста. Менш за 30 "
        "пастоў без зададзенай варыяграмы — толькі адлегласць да бліжэйшага."
    ),
    ru=(
        "Оценка загрязнения между постами кригингом с его погрешностью, где сеть ничего не видит, "
        "где ставить следующие посты и сколько жителей живут у непрерывного поста. Меньше 30 "
        "постов без заданной вариограммы — только расстояние до ближайшего."
    ),
    en=(
        "Pollution between the stations by kriging with its error, where the network is blind, "
        "where to put the next stations, how many residents live near a continuous one. Fewer than "
        "30 stations without a stated variogram: only the distance to the nearest."
    ),
)
INPUTS: Mapping[str, str] = {
    "air_sensors": "air_sensors",
    "air_sensor_readings": "air_sensor_readings",
    "buildings": "buildings",
}
OUTPUT: tuple[str, ...] = ("monitoring_coverage", "proposed_stations")
KEYS: Mapping[str, tuple[str, ...]] = {
    "monitoring_coverage": ("cell",),
    "proposed_stations": ("rank",),
}

Pollutant = Literal["pm10", "pm25", "no2", "o3"]
VariogramKind = Literal["spherical", "exponential", "gaussian"]


class Params(ParamsBase):
    """Parameters; lengths in metres on the ground plane of the area's metric CRS."""

    pollutant: Pollutant = "pm10"
    window_begin: datetime | None = None
    window_end: datetime | None = None
    completeness: float = Field(default=0.75, gt=0, le=1)
    cell_m: float = Field(default=50.0, ge=5, le=10_000)
    reach_m: float = Field(default=2_000.0, ge=1, le=100_000)
    blind_distance_m: float = Field(default=1_000.0, ge=1, le=100_000)
    blind_sd_share: float = Field(default=0.9, gt=0, le=2)
    variogram: VariogramKind = "spherical"
    nugget: float | None = Field(default=None, ge=0, le=1e9)
    partial_sill: float | None = Field(default=None, ge=0, le=1e9)
    range_m: float | None = Field(default=None, gt=0, le=10_000_000)
    new_stations: int = Field(default=3, ge=0, le=50)
    building_kinds: Chosen[BuildingKind] = Field(default=("residential",), min_length=1)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        """A stated variogram has all its three numbers, and they make one."""
        given = [self.nugget, self.partial_sill, self.range_m]
        if any(v is not None for v in given) and any(v is None for v in given):
            raise ValueError("nugget, partial_sill and range_m are given together or not at all")
        if self.range_m is not None and not (self.nugget or 0) + (self.partial_sill or 0) > 0:
            raise ValueError("nugget and partial_sill are both 0; a variogram rises above 0")
        return self


PARAMETERS: Mapping[str, Parameter] = {
    "pollutant": Parameter(
        title=Text(be="Рэчыва", ru="Вещество", en="Pollutant"),
        description=Text(
            be="Якое рэчыва лічыць.", ru="Какое вещество считать.", en="Which pollutant to compute."
        ),
    ),
    "window_begin": Parameter(
        title=Text(be="Пачатак перыяду", ru="Начало периода", en="Begin of the window"),
        description=Text(
            be="Час UTC; пуста = першае паказанне.",
            ru="Время UTC; пусто = первое показание.",
            en="Time in UTC; none = the first reading.",
        ),
    ),
    "window_end": Parameter(
        title=Text(be="Канец перыяду", ru="Конец периода", en="End of the window"),
        description=Text(
            be="Час UTC, сам ужо не ўваходзіць; пуста = апошняе паказанне.",
            ru="Время UTC, само уже не входит; пусто = последнее показание.",
            en="Time in UTC, itself left out; none = the last reading.",
        ),
    ),
    "completeness": Parameter(
        title=Text(be="Паўната шэрага", ru="Полнота ряда", en="Completeness"),
        description=Text(
            be="Якая доля гадзін перыяду патрэбна, каб пост лічыўся бесперапынным.",
            ru="Какая доля часов периода нужна, чтобы пост считался непрерывным.",
            en="Share of the hours of the window that makes a station a continuous one.",
        ),
    ),
    "cell_m": Parameter(
        title=Text(be="Ячэйка", ru="Ячейка", en="Cell"),
        description=Text(
            be="Памер ячэек карты.", ru="Размер ячеек карты.", en="Size of the cells of the map."
        ),
        unit="m",
    ),
    "reach_m": Parameter(
        title=Text(be="Блізкасць паста", ru="Близость поста", en="Reach of a station"),
        description=Text(
            be="Да якой адлегласці па прамой жыхары лічацца ахопленымі постам.",
            ru="До какого расстояния по прямой жители считаются охваченными постом.",
            en="How far, in a straight line, residents count as reached by a station.",
        ),
        unit="m",
    ),
    "blind_distance_m": Parameter(
        title=Text(be="Сляпая адлегласць", ru="Слепое расстояние", en="Blind distance"),
        description=Text(
            be="Без варыяграмы: далей за гэта ад паста сетка нічога не бачыць.",
            ru="Без вариограммы: дальше этого от поста сеть ничего не видит.",
            en="Without a variogram: further than this from a station the network is blind.",
        ),
        unit="m",
    ),
    "blind_sd_share": Parameter(
        title=Text(be="Сляпая хібнасць", ru="Слепая погрешность", en="Blind error"),
        description=Text(
            be="З варыяграмай: сетка сляпая, дзе хібнасць крыгінгу больш за гэту долю разбросу.",
            ru="С вариограммой: сеть слепа, где погрешность кригинга больше этой доли разброса.",
            en="With a variogram: blind where the kriging deviation exceeds this share of the "
            "field's own.",
        ),
    ),
    "variogram": Parameter(
        title=Text(be="Мадэль варыяграмы", ru="Модель вариограммы", en="Variogram model"),
        description=Text(
            be="Форма зададзенай або падабранай варыяграмы.",
            ru="Форма заданной или подобранной вариограммы.",
            en="Form of the stated or fitted variogram.",
        ),
    ),
    "nugget": Parameter(
        title=Text(be="Самародак", ru="Самородок", en="Nugget"),
        description=Text(
            be="Варыяграмы з большай тэрыторыі, у (мкг/м³)².",
            ru="Вариограммы с большей территории, в (мкг/м³)².",
            en="Of a variogram from a larger area, in (ug/m3)2.",
        ),
        unit="ug2/m6",
    ),
    "partial_sill": Parameter(
        title=Text(be="Частковы парог", ru="Частичный порог", en="Partial sill"),
        description=Text(
            be="Варыяграмы з большай тэрыторыі, у (мкг/м³)².",
            ru="Вариограммы с большей территории, в (мкг/м³)².",
            en="Of a variogram from a larger area, in (ug/m3)2.",
        ),
        unit="ug2/m6",
    ),
    "range_m": Parameter(
        title=Text(be="Радыус варыяграмы", ru="Радиус вариограммы", en="Range"),
        description=Text(
            be="Варыяграмы з большай тэрыторыі; у экспаненцыяльнай — траціна практычнага.",
            ru="Вариограммы с большей территории; у экспоненциальной — треть практического.",
            en="Of a variogram from a larger area; of an exponential one a third of the practical.",
        ),
        unit="m",
    ),
    "new_stations": Parameter(
        title=Text(be="Новыя пасты", ru="Новые посты", en="New stations"),
        description=Text(
            be="Колькі новых пастоў прапанаваць.",
            ru="Сколько новых постов предложить.",
            en="How many new stations to propose.",
        ),
    ),
    "building_kinds": Parameter(
        title=Text(be="Прызначэнне будынкаў", ru="Назначение зданий", en="Kinds of buildings"),
        description=Text(
            be="Жыхары якіх будынкаў лічацца і над якімі ляжыць карта; звычайна жылых.",
            ru="Жители каких зданий считаются и над какими лежит карта; обычно жилых.",
            en="Whose residents count and over which buildings the map lies; usually residential.",
        ),
    ),
}


def seeds() -> Mapping[str, Any]:
    """Return nothing: no seed table takes part."""
    return {}


def compute(
    params: Params,
    area: Area,
    *,
    air_sensors: GeoDataFrame,
    air_sensor_readings: GeoDataFrame,
    buildings: GeoDataFrame,
) -> Result:
    """Return the frames `monitoring_coverage` and `proposed_stations` of an area, EPSG:4326.

    The input frames have a CRS (any) and global feature ids as index; they are measured in the
    area's metric CRS. Same input, same result, whatever the order of rows. Raises BadParameter,
    EmptyInput, MissingColumn, NotProjected, BadGeometry, RepeatedId.
    """
    from processing.monitoring import coverage, variogram  # noqa: PLC0415 - the web never computes

    stated = None
    if params.nugget is not None and params.partial_sill is not None and params.range_m is not None:
        stated = variogram.Model(
            params.variogram, params.nugget, params.partial_sill, params.range_m
        )
    homes = buildings
    if "kind" in buildings.columns:
        homes = buildings[buildings["kind"].isin(params.building_kinds)]
    return coverage.monitoring_coverage(
        area,
        coverage.Inputs(air_sensors, air_sensor_readings, homes),
        coverage.Options(
            column=f"{params.pollutant}_ug_m3",
            begin=params.window_begin,
            end=params.window_end,
            completeness_share=params.completeness,
            cell_m=params.cell_m,
            reach_m=params.reach_m,
            blind_distance_m=params.blind_distance_m,
            blind_sd_share=params.blind_sd_share,
            kind=params.variogram,
            stated=stated,
            new_stations=params.new_stations,
        ),
    )
