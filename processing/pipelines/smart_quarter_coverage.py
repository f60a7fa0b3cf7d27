"""Pipeline `smart-quarter-coverage`: every method for one area, its layers and its scorecard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from layers.model import Text
from layers.seed import air_limits, indicators, service_norms
from processing.pipelines.members import MEMBERS
from processing.pipelines.model import Parameter, ParamsBase, Result

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from layers.model import Area
    from processing.spread import Spread

NAME = "smart-quarter-coverage"
VERSION = "; ".join(("1.2.0", *(f"{member.NAME} {member.VERSION}" for member in MEMBERS)))
TITLE = Text(
    be="Паказчыкі разумнага квартала",
    ru="Показатели умного квартала",
    en="Smart quarter coverage",
)
DESCRIPTION = Text(
    be=(
        "Усе метады для адной тэрыторыі: даступнасць, асвятленне, сувязь, аптычная сетка, "
        "назіранне за паветрам, улік рэсурсаў, зямля; слаі вынікаў і табліца ўсіх паказчыкаў: "
        "значэнне, мэта, хто застаецца без паслугі, або прычына, чаму не вылічана."
    ),
    ru=(
        "Все методы для одной территории: доступность, освещение, связь, оптическая сеть, "
        "наблюдение за воздухом, учёт ресурсов, земля; слои результатов и таблица показателей: "
        "значение, цель, кто остаётся без услуги, или причина, почему не вычислено."
    ),
    en=(
        "Every method for one area: access, lighting, radio, fibre, air, metering, land; "
        "their result layers and a table of all indicators: value, target, who stays without, or "
        "the reason why it is not computed."
    ),
)

_OWN = (
    "smart_quarters", "buildings", "streets", "service_points", "census_units", "street_lights",
    "light_cabinets", "utility_meters", "wifi_access_points", "green_areas", "functional_zones",
    "red_lines", "air_sensors", "air_sensor_readings",
)  # fmt: skip

INPUTS: Mapping[str, str] = {
    layer: layer
    for layer in dict.fromkeys(
        (*_OWN, *(layer for member in MEMBERS for layer in member.INPUTS.values()))
    )
}
OPTIONAL = frozenset(INPUTS) - {"buildings", "streets"}
OUTPUT: tuple[str, ...] = (
    "indicators",
    "worst_places",
    *(layer for member in MEMBERS for layer in member.OUTPUT),
)
TILED = True
"""Those of its methods are that can be; the others are computed at once, in their turn."""
KEYS: Mapping[str, tuple[str, ...]] = {"indicators": ("code", "part")} | {
    layer: columns for member in MEMBERS for layer, columns in getattr(member, "KEYS", {}).items()
}
PRIVATE: Mapping[str, frozenset[str]] = {
    layer: changed
    for member in MEMBERS
    for layer, changed in getattr(member, "PRIVATE", {}).items()
}
PREVIOUS = "indicators"
"""The layer whose values of the run before are carried on (processing/runner.py)."""


class Params(ParamsBase):
    """None: every method runs with its defaults; with others run the method alone."""


PARAMETERS: Mapping[str, Parameter] = {}


def documents(
    about: Mapping[str, Any], area: Area, outputs: Mapping[str, Any], inputs: Mapping[str, Any]
) -> Mapping[tuple[str, str], bytes]:
    """Return the report of a run by language and format (html, pdf).

    `about` holds what the runner knows: id, computed_on, demonstration, attribution, inputs.
    """
    from processing.report import content  # noqa: PLC0415 - as in `compute`
    from processing.report.documents import documents as made  # noqa: PLC0415

    run = content.Run(area_title=area.title, **about)
    found = made(run, area, outputs, inputs, indicators())
    return {(str(language), format_): content for (language, format_), content in found.items()}


def seeds() -> Mapping[str, Any]:
    """Return the list of indicators, the limits of air, the norms, and the seeds of the methods.

    The latter make the identity of a run: every method reads its own again.
    """
    own = {"listed": indicators(), "limits": air_limits(), "norms": service_norms()}
    return own | {
        f"{member.NAME} {name}": value
        for member in MEMBERS
        for name, value in member.seeds().items()
    }


def compute(  # noqa: PLR0913 - three seed tables, and what the runner adds
    params: Params,  # noqa: ARG001 - there are none
    area: Area,
    *,
    listed: Any = None,
    limits: Any = None,
    norms: Any = None,
    previous: GeoDataFrame | None = None,
    spread: Spread | None = None,
    **frames: Any,
) -> Result:
    """Return `indicators` and the layers of every method that can be computed, EPSG:4326.

    Frames and rasters are named as in INPUTS; what an area lacks is None, and the indicators that
    need it say so. `previous` are the rows of the run before. Same result with `spread`, by tiles.
    Raises EmptyInput when there are no buildings, RunFailed.
    """
    from processing import quarter  # noqa: PLC0415 - the web process lists, it never computes

    known = {name: frames.get(name) for name in INPUTS}
    lists = quarter.Lists(
        indicators() if listed is None else listed,
        air_limits() if limits is None else limits,
        service_norms() if norms is None else norms,
    )
    return quarter.cover(MEMBERS, area, known, lists, previous=previous, spread=spread)
