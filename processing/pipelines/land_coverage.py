"""Pipeline `land-coverage`: cover and density of the land, and the people of its buildings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import Field

from layers.model import Text
from processing.pipelines.model import Parameter, ParamsBase, Result

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from layers.model import Area
    from layers.raster import Raster
    from processing.spread import Spread

NAME = "land-coverage"
VERSION = "1.0.1"
TITLE = Text(be="Зямля і забудова", ru="Земля и застройка", en="Land coverage")
DESCRIPTION = Text(
    be=(
        "Долі забудаванай, запячатанай і зялёнай зямлі, шчыльнасць забудовы, баланс "
        "функцыянальных зон, будынкі за чырвонымі лініямі, людзі перапісу па будынках."
    ),
    ru=(
        "Доли застроенной, запечатанной и зелёной земли, плотность застройки, баланс "
        "функциональных зон, здания за красными линиями, люди переписи по зданиям."
    ),
    en=(
        "Shares of built, sealed and green land, built density, balance of functional zones, "
        "buildings across red lines, people of the census by building."
    ),
)
INPUTS: Mapping[str, str] = {
    "buildings": "buildings",
    "functional_zones": "functional_zones",
    "smart_quarters": "smart_quarters",
    "census_units": "census_units",
    "red_lines": "red_lines",
    "green_areas": "green_areas",
    "land_cover": "land_cover",
}
OPTIONAL = frozenset(INPUTS) - {"buildings"}
OUTPUT: tuple[str, ...] = ("land_coverage", "placed_residents")
TILED = True
KEYS: Mapping[str, tuple[str, ...]] = {
    "land_coverage": ("site_id",),
    "placed_residents": ("building_id",),
}


class Params(ParamsBase):
    """Parameters."""

    storeys_unknown: int = Field(default=1, ge=1, le=100)


PARAMETERS: Mapping[str, Parameter] = {
    "storeys_unknown": Parameter(
        title=Text(
            be="Паверхаў, калі невядома", ru="Этажей, если неизвестно", en="Storeys if not known"
        ),
        description=Text(
            be="Колькі паверхаў лічыць у будынка, для якога іх лік не вядомы.",
            ru="Сколько этажей считать у здания, для которого их число неизвестно.",
            en="How many storeys a building is taken to have whose number is not known.",
        ),
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
    land_cover: Raster | None = None,
    spread: Spread | None = None,
    **frames: GeoDataFrame | None,
) -> Result:
    """Return the frames `land_coverage` and `placed_residents` of an area, EPSG:4326.

    The input frames are named as in INPUTS, have a CRS (any) and global feature ids as index; what
    an area lacks is None. `land_cover` is in the metric CRS of the area. Zones are measured, or the
    quarter where there are none. Same result with `spread`, by tiles. Raises EmptyInput,
    MissingColumn, BadGeometry, RepeatedId, NotProjected, MixedCRS, BadParameter.
    """
    from processing import land_coverage as method  # noqa: PLC0415 - the web process never computes

    return method.land_coverage(
        area,
        method.Inputs(
            buildings=buildings,
            zones=frames.get("functional_zones"),
            quarters=frames.get("smart_quarters"),
            units=frames.get("census_units"),
            red_lines=frames.get("red_lines"),
            green=frames.get("green_areas"),
            land_cover=land_cover,
        ),
        method.Settings(storeys_unknown=params.storeys_unknown),
        spread,
    )
