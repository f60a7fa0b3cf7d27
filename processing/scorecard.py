"""The scorecard of an area: every indicator of the list with its value, or why it has none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.model import Area, Text
from layers.seed import Indicator
from processing.errors import RunFailed

Outcome = Literal["met", "missed", "no_target", "not_computed"]
Key = tuple[str, int]
"""Code and part of an indicator."""

WGS84 = "EPSG:4326"


@dataclass(frozen=True, slots=True)
class Place:
    """One of the worst-served addresses: a building and what it has.

    `value` is measured as the threshold of its figure is: a way in metres, a level in dBm.
    """

    building_id: int
    label: str
    value: float | None
    residents: int | None


@dataclass(frozen=True, slots=True)
class Figure:
    """What a method says about one indicator; a `value` of None has a `reason`.

    `deficit_persons` are the people without; `children` (0-17) and `elderly` (65 and more) the same
    value for them alone; `share_near_limit` the share (0..1) of people within 10 % of the limit;
    `threshold` is what each person's way or level is held against, in `threshold_unit`; `target`
    overrides that of the list; `worst` at most ten places, the worst first, in that unit;
    `data_date` the day of the newest reading behind it, None where the data tell no time.
    """

    value: float | None
    reason: Text | None = None
    deficit_persons: int | None = None
    children: float | None = None
    elderly: float | None = None
    share_near_limit: float | None = None
    threshold: float | None = None
    threshold_unit: str = ""
    target: float | None = None
    worst: tuple[Place, ...] = ()
    method: str = ""
    data_date: date | None = None

    def __post_init__(self) -> None:
        if (self.value is None) != (self.reason is not None):
            raise ValueError("a figure has a value or a reason, and never both")


@dataclass(frozen=True, slots=True)
class Line:
    """An indicator with its figure; `previous` is the value of the run before, None = none."""

    indicator: Indicator
    figure: Figure
    previous: float | None = None

    @property
    def target(self) -> float | None:
        """The target, in the unit of the indicator."""
        return self.indicator.target if self.figure.target is None else self.figure.target

    @property
    def outcome(self) -> Outcome:
        """Whether the target is met."""
        value, target = self.figure.value, self.target
        if value is None:
            return "not_computed"
        if target is None:
            return "no_target"
        better = value >= target if self.indicator.direction == "up" else value <= target
        return "met" if better else "missed"


NOT_ASKED = Text(
    be="ні адзін метад гэтага разліку не дае паказчыка",
    ru="ни один метод этого расчёта не даёт показателя",
    en="no method of this run gives the indicator",
)


def scorecard(
    indicators: Iterable[Indicator],
    figures: Mapping[Key, Figure],
    previous: Mapping[Key, float] | None = None,
) -> tuple[Line, ...]:
    """Return a line for every indicator of the list, in its order.

    What the list calls absent keeps its reason; what no method gave says so: never a zero. Raises
    RunFailed for a figure of an indicator that is not in the list.
    """
    listed = tuple(indicators)
    if strange := set(figures) - {(one.code, one.part) for one in listed}:
        raise RunFailed(f"the list has no indicator {sorted(strange)[0]}; correct its table")
    before = previous or {}
    return tuple(
        Line(one, _figure(one, figures), before.get((one.code, one.part))) for one in listed
    )


def _figure(indicator: Indicator, figures: Mapping[Key, Figure]) -> Figure:
    found = figures.get((indicator.code, indicator.part))
    return found or Figure(None, indicator.absent or NOT_ASKED)


def frame(lines: Iterable[Line], outline: gpd.GeoSeries, area: Area) -> gpd.GeoDataFrame:
    """Return the lines as rows of the layer `indicators`, EPSG:4326, ids of the area.

    `outline` is the area's shape; every row has it.
    """
    rows = [_row(line) for line in lines]
    shape = shapely.union_all(outline.to_crs(WGS84).to_numpy())
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    made = gpd.GeoDataFrame(
        rows,
        geometry=[shapely.MultiPolygon(parts)] * len(rows),
        crs=WGS84,
        index=pd.Index(area.feature_id(1) + np.arange(len(rows)), dtype="int64", name="id"),
    )
    numbers = ("value", "target", "threshold", "children", "elderly")
    for name in (*numbers, "share_near_limit", "previous"):
        made[name] = made[name].astype("float64")
    made["deficit_persons"] = made["deficit_persons"].astype("Int64")
    made["data_date"] = pd.to_datetime(made["data_date"]).astype("datetime64[us]")
    return made


def places(lines: Iterable[Line], buildings: gpd.GeoDataFrame, area: Area) -> gpd.GeoDataFrame:
    """Return the worst places of every line as rows of the layer `worst_places`, EPSG:4326.

    Each lies at a point of its building.
    """
    rows = [
        {
            "code": line.indicator.code,
            "part": line.indicator.part,
            "rank": rank,
            "building_id": place.building_id,
            "label": place.label,
            "value": place.value,
            "unit": line.figure.threshold_unit or None,
            "residents": place.residents,
        }
        for line in lines
        for rank, place in enumerate(line.figure.worst, start=1)
    ]
    columns = ["code", "part", "rank", "building_id", "label", "value", "unit", "residents"]
    made = pd.DataFrame(rows, columns=columns)
    made["value"] = made["value"].astype("float64")
    made["residents"] = made["residents"].astype("Int64")
    homes = buildings.to_crs(WGS84).geometry
    at = shapely.point_on_surface(homes.loc[made["building_id"]].to_numpy())
    index = pd.Index(area.feature_id(1) + np.arange(len(made)), dtype="int64", name="id")
    return gpd.GeoDataFrame(made.set_index(index), geometry=at, crs=WGS84)


def _row(line: Line) -> dict[str, object]:
    indicator, figure = line.indicator, line.figure
    reason = figure.reason
    return {
        "code": indicator.code,
        "part": indicator.part,
        **{f"name_{language}": indicator.name.get(language) for language in ("be", "ru", "en")},
        "value": figure.value,
        "unit": indicator.unit,
        "formula": indicator.formula.en,
        "threshold": figure.threshold,
        "threshold_unit": figure.threshold_unit or None,
        "target": line.target,
        "target_source": indicator.target_source and indicator.target_source.en,
        "target_status": indicator.target_status or None,
        "outcome": line.outcome,
        **{f"reason_{name}": reason and reason.get(name) for name in ("be", "ru", "en")},
        "deficit_persons": figure.deficit_persons,
        "children": figure.children,
        "elderly": figure.elderly,
        "share_near_limit": figure.share_near_limit,
        "data_date": figure.data_date,
        "previous": line.previous,
        "method": figure.method or None,
    }
