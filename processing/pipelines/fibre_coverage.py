"""Pipeline `fibre-coverage`: which buildings can be served by fibre along the ducts.

The method is in `processing/fibre.py`. It is not part of `radio-coverage`, because it reads other
layers, and an area may well have the ones but not the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import Field

from layers.model import Text
from processing.pipelines.model import Parameter, ParamsBase, Result

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from layers.model import Area

NAME = "fibre-coverage"
VERSION = "1.0.1"
TITLE = Text(
    be="Даступнасць оптавалакна",
    ru="Доступность оптоволокна",
    en="Fibre coverage",
)
DESCRIPTION = Text(
    be=(
        "Якія будынкі можна падключыць да пасіўнай аптычнай сеткі: шлях па кабельнай каналізацыі "
        "ад тэрмінала праз раздзяляльнік і бюджэт страт з запасам."
    ),
    ru=(
        "Какие здания можно подключить к пассивной оптической сети: путь по кабельной канализации "
        "от терминала через делитель и бюджет потерь с запасом."
    ),
    en=(
        "Which buildings a passive optical network can serve: the way along the ducts from a line "
        "terminal by a splitter, and the loss budget with a margin."
    ),
)
INPUTS: Mapping[str, str] = {
    "buildings": "buildings",
    "ducts": "ducts",
    "splitters": "splitters",
    "line_terminals": "line_terminals",
}
OUTPUT: tuple[str, ...] = ("fibre_coverage",)
KEYS: Mapping[str, tuple[str, ...]] = {"fibre_coverage": ("building_id",)}


class Params(ParamsBase):
    """Parameters; lengths in metres along the ducts, losses in dB."""

    fibre_db_km: float = Field(default=0.35, ge=0.01, le=5)
    splice_db: float = Field(default=0.1, ge=0, le=2)
    splices: int = Field(default=6, ge=0, le=100)
    connector_db: float = Field(default=0.3, ge=0, le=2)
    connectors: int = Field(default=4, ge=0, le=100)
    margin_db: float = Field(default=3.0, ge=0, le=20)
    drop_m: float = Field(default=60.0, ge=1, le=1_000)


PARAMETERS: Mapping[str, Parameter] = {
    "fibre_db_km": Parameter(
        title=Text(be="Страты ў валакне", ru="Потери в волокне", en="Loss of the fibre"),
        description=Text(
            be="На кіламетр; 0,35 дБ для G.652 на 1310 нм.",
            ru="На километр; 0,35 дБ для G.652 на 1310 нм.",
            en="Per kilometre; 0.35 dB for G.652 at 1310 nm.",
        ),
        unit="dB/km",
    ),
    "splice_db": Parameter(
        title=Text(be="Страты ў зварцы", ru="Потери в сварке", en="Loss of a splice"),
        description=Text(be="На адну зварку.", ru="На одну сварку.", en="Of one splice."),
        unit="dB",
    ),
    "splices": Parameter(
        title=Text(be="Колькасць зварак", ru="Число сварок", en="Number of splices"),
        description=Text(
            be="На шляху ад тэрмінала да будынка.",
            ru="На пути от терминала до здания.",
            en="On the way from the terminal to a building.",
        ),
    ),
    "connector_db": Parameter(
        title=Text(be="Страты ў раздыме", ru="Потери в разъёме", en="Loss of a connector"),
        description=Text(be="На адзін раздым.", ru="На один разъём.", en="Of one connector."),
        unit="dB",
    ),
    "connectors": Parameter(
        title=Text(be="Колькасць раздымаў", ru="Число разъёмов", en="Number of connectors"),
        description=Text(
            be="На шляху ад тэрмінала да будынка.",
            ru="На пути от терминала до здания.",
            en="On the way from the terminal to a building.",
        ),
    ),
    "margin_db": Parameter(
        title=Text(be="Запас", ru="Запас", en="Margin"),
        description=Text(
            be="На старэнне і рамонты; не ўваходзіць у страты, але мусіць застацца.",
            ru="На старение и ремонты; не входит в потери, но должен остаться.",
            en="For ageing and repairs; no loss, but it must be left over.",
        ),
        unit="dB",
    ),
    "drop_m": Parameter(
        title=Text(be="Адлегласць да каналізацыі", ru="Расстояние до канализации", en="Drop"),
        description=Text(
            be="Як далёка ад каналізацыі можа стаяць будынак, раздзяляльнік або тэрмінал.",
            ru="Как далеко от канализации может стоять здание, делитель или терминал.",
            en="How far from a duct a building, splitter or terminal may stand.",
        ),
        unit="m",
    ),
}


def seeds() -> Mapping[str, Any]:
    """Return nothing: no seed table is needed."""
    return {}


def compute(
    params: Params,
    area: Area,
    *,
    buildings: GeoDataFrame,
    ducts: GeoDataFrame,
    splitters: GeoDataFrame,
    line_terminals: GeoDataFrame,
) -> Result:
    """Return the frame `fibre_coverage` of an area, EPSG:4326.

    The input frames have a CRS (any) and global feature ids as index. Same input, same result,
    whatever the order of rows. Raises EmptyInput, MissingColumn, BadGeometry, RepeatedId,
    NotProjected.
    """
    from processing import fibre_coverage as method  # noqa: PLC0415 - the web process never computes
    from processing.fibre import Losses  # noqa: PLC0415

    return method.fibre_coverage(
        area,
        method.Inputs(
            buildings=buildings,
            ducts=ducts,
            splitters=splitters,
            line_terminals=line_terminals,
        ),
        method.Settings(
            losses=Losses(**params.model_dump(exclude={"drop_m"})), drop_m=params.drop_m
        ),
    )
