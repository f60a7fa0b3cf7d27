"""Pipeline `metering-coverage`: who is read remotely, what is missing, what is used where."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from pydantic import Field

from layers.model import Text
from processing.pipelines.model import Parameter, ParamsBase, Result

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from layers.model import Area

NAME = "metering-coverage"
VERSION = "1.0.2"
TITLE = Text(be="Улік рэсурсаў", ru="Учёт ресурсов", en="Metering coverage")
DESCRIPTION = Text(
    be=(
        "Доля дамоў і кватэр з дыстанцыйным улікам па кожным рэсурсе, пропускі ў паказаннях і "
        "спажыванне па перапісных участках; менш за пяць кватэр не паказваецца."
    ),
    ru=(
        "Доля домов и квартир с дистанционным учётом по каждому ресурсу, пропуски в показаниях и "
        "потребление по переписным участкам; менее пяти квартир не показывается."
    ),
    en=(
        "Share of buildings and dwellings that are read remotely, per resource, missing readings, "
        "and consumption by census unit; fewer than five dwellings are not shown."
    ),
)
INPUTS: Mapping[str, str] = {
    "buildings": "buildings",
    "utility_meters": "utility_meters",
    "census_units": "census_units",
    "meter_readings": "meter_readings",
}
OPTIONAL = frozenset({"meter_readings"})
PRIVATE: Mapping[str, frozenset[str]] = {"meter_readings": frozenset(INPUTS.values())}
"""A scenario that takes one house out of a cell would tell what that house uses."""
OUTPUT: tuple[str, ...] = ("metering_coverage",)
KEYS: Mapping[str, tuple[str, ...]] = {"metering_coverage": ("unit_id", "resource")}


class Params(ParamsBase):
    """Parameters; the clock is never asked: `as_of` None is the newest reading."""

    window_days: int = Field(default=31, ge=1, le=366)
    as_of: date | None = Field(default=None, ge=date(1900, 1, 1), le=date(2199, 12, 31))
    months: int = Field(default=12, ge=1, le=120)


PARAMETERS: Mapping[str, Parameter] = {
    "window_days": Parameter(
        title=Text(be="Акно сувязі", ru="Окно связи", en="Window"),
        description=Text(
            be="За колькі апошніх дзён прыбор мусіць выйсці на сувязь.",
            ru="За сколько последних дней прибор должен выйти на связь.",
            en="Within how many last days a live meter must have been heard.",
        ),
        unit="d",
    ),
    "as_of": Parameter(
        title=Text(be="На дзень", ru="На день", en="As of"),
        description=Text(
            be="Апошні дзень акна, не раней за паказанні; не зададзены = час самых новых.",
            ru="Последний день окна, не раньше показаний; не задан = время самых новых.",
            en="Last day of the window, not before the readings; none = the time of the newest.",
        ),
    ),
    "months": Parameter(
        title=Text(be="Месяцаў", ru="Месяцев", en="Months"),
        description=Text(
            be="За колькі апошніх месяцаў лічацца пропускі і спажыванне.",
            ru="За сколько последних месяцев считаются пропуски и потребление.",
            en="Of how many last months gaps and consumption are.",
        ),
        unit="mo",
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
    utility_meters: GeoDataFrame,
    census_units: GeoDataFrame,
    meter_readings: GeoDataFrame | None = None,
) -> Result:
    """Return the frame `metering_coverage` of an area, EPSG:4326.

    The input frames have a CRS (any) and global feature ids as index. Without readings the shares
    are computed, gaps and consumption are not. Raises EmptyInput, MissingColumn, BadGeometry,
    RepeatedId, NotProjected.
    """
    from processing import metering_coverage as method  # noqa: PLC0415 - the web never computes

    return method.metering_coverage(
        area,
        method.Inputs(buildings, utility_meters, census_units, meter_readings),
        method.Settings(**params.model_dump()),
    )
