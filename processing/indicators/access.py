"""Who reaches what: figures from the rows of `service_coverage`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from layers.model import Text
from processing.indicators.base import (
    NEAR,
    NO_CENSUS,
    NO_PEOPLE,
    Figures,
    Quarter,
    divided,
    reason,
    worst,
)
from processing.scorecard import Figure, Key

METHOD = "service-coverage"
COVERED, UNSNAPPED = "covered", "unsnapped"


@dataclass(frozen=True, slots=True)
class _Asked:
    key: Key
    service_class: str
    group: str = "residents"


_ASKED = (
    _Asked(("TRN1", 1), "stop"),
    _Asked(("EDU1", 1), "kindergarten", "age_0_6"),
    _Asked(("EDU2", 1), "school", "age_7_17"),
    _Asked(("HLT1", 1), "clinic"),
    _Asked(("HLT3", 1), "pharmacy"),
    _Asked(("PST1", 1), "post_office"),
    _Asked(("COM1", 1), "shop"),
)

NO_NETWORK = reason(
    "ніводзін будынак або аб’ект не стаіць каля пешаходнай вуліцы",
    "ни одно здание или ни один объект не стоит у пешеходной улицы",
    "no building or no facility is near a walkable street",
)
NO_CLASS = reason(
    "аб’екты гэтага віду не загружаныя",
    "объекты этого вида не загружены",
    "no facilities of the class are loaded",
)
NONE_LEFT = reason(
    "у сцэнарыі не засталося ніводнага аб’екта гэтага віду",
    "в сценарии не осталось ни одного объекта этого вида",
    "the scenario leaves no facility of the class",
)


def figures(place: Quarter, coverage: gpd.GeoDataFrame, without: Collection[str] = ()) -> Figures:
    """Return the access indicators; rows of `service_coverage`, one per building and class.

    Of the classes `without` any facility it is not known whether there are none or none is loaded.
    """
    grouped = coverage.groupby("service_class", sort=False)
    by_class = {str(name): rows for name, rows in grouped if name not in without}
    return {one.key: _figure(place, by_class.get(one.service_class), one.group) for one in _ASKED}


def _figure(place: Quarter, rows: pd.DataFrame | None, group: str) -> Figure:
    if group not in place.people:
        return Figure(None, NO_CENSUS)
    if not len(place.people):
        return Figure(None, NO_PEOPLE)
    if rows is None or not len(rows):
        return Figure(None, NO_CLASS)
    return of_people(place, rows.set_index("building_id"), group, NO_CLASS)


def of_people(
    place: Quarter, rows: pd.DataFrame, group: str, why: Text, *, method: str = METHOD
) -> Figure:
    """Return the percentage of a group of people whose building is covered, with who is not.

    `rows` have the building's id as index and the columns `coverage`, `distance_m`, `limit_m`.
    """
    if not len(place.people):
        return Figure(None, NO_PEOPLE)
    rows = rows[rows.index.isin(place.people.index)]
    if len(rows) and rows["coverage"].eq(UNSNAPPED).all():
        return Figure(None, NO_NETWORK)
    served = rows["coverage"] == COVERED
    weights = place.people.reindex(rows.index)
    near = (rows["distance_m"] - rows["limit_m"]).abs() <= NEAR * rows["limit_m"]

    def share(column: pd.Series, chosen: pd.Series) -> float | None:
        total = float(column.sum())
        return float(column[chosen].sum()) / total if total else None

    main = weights[group].fillna(0.0)
    children = elderly = None
    if "age_65_up" in weights:
        young = (weights["age_0_6"] + weights["age_7_17"]).fillna(0.0)
        children = share(young, served)
        elderly = share(weights["age_65_up"].fillna(0.0), served)
    return divided(
        (float(main[served].sum()), float(main.sum())),
        why,
        times=100.0,
        deficit_persons=int(np.ceil(float(main[~served].sum()) - 1e-9)),
        children=None if children is None else 100.0 * children,
        elderly=None if elderly is None else 100.0 * elderly,
        share_near_limit=share(main, near),
        threshold=float(rows["limit_m"].max()) if len(rows) else None,
        threshold_unit="m",
        worst=worst(place, rows["distance_m"], served),
        method=method,
    )
