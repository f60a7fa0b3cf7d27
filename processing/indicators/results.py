"""Figures from what the methods gave: lighting, radio, fibre, green, school, 15 minutes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd

from layers.model import Text
from processing.indicators.access import of_people
from processing.indicators.base import (
    NO_CENSUS,
    NO_PEOPLE,
    Figures,
    Quarter,
    divided,
    reason,
    worst,
)
from processing.scorecard import Figure

COVERED, NOT_COMPUTABLE = "covered", "not_computable"
NEAR_DB = 3.0
"""So close to its threshold a level counts as near: half or double the power."""

_NO_JUDGED = reason(
    "ніводнага ўчастка вуліц нельга ацаніць",
    "ни одного участка улиц нельзя оценить",
    "no part of any street can be judged",
)
_NO_POWER = reason(
    "магутнасць ніводнага спраўнага свяцільніка невядомая",
    "мощность ни одного исправного светильника неизвестна",
    "the power of no working light is known",
)
_NO_LTE = reason("няма станцый 4G", "нет станций 4G", "no 4G stations")
_NO_DWELLINGS = reason(
    "колькасць кватэр невядомая", "число квартир неизвестно", "the dwellings are not known"
)
_NO_GREEN = reason(
    "няма зялёных тэрыторый для разліку",
    "нет озеленённых территорий для расчёта",
    "no green areas to compute with",
)
_NO_SCHOOL = reason("няма школ", "нет школ", "no schools")
_NO_SCORE = reason("няма аб’ектаў паслуг", "нет объектов услуг", "no service points")


def lighting(place: Quarter, figures: Mapping[str, Any]) -> Figures:
    """Return lit length and energy from the figures of `lighting-coverage`."""
    said: dict[str, Any] = {"method": "lighting-coverage"}
    share, energy = figures["share_lit"], figures["energy"]
    lit = Figure(None, _NO_JUDGED) if share is None else Figure(100.0 * share, **said)
    per_km, kwh = energy["kwh_per_lit_km"], energy["kwh_per_year"]
    why_km, why = (_NO_JUDGED, NO_PEOPLE) if kwh is not None else (_NO_POWER, _NO_POWER)
    return {
        ("LGT3", 1): lit,
        ("LGT5", 1): Figure(None, why_km) if per_km is None else Figure(per_km, **said),
        ("LGT5", 2): divided((kwh, place.residents), why, **said),
    }


def radio(place: Quarter, rows: gpd.GeoDataFrame) -> Figures:
    """Return 4G coverage outdoors and indoors from the rows of `radio_coverage`."""
    lte = rows[rows["technology"] == "lte"].set_index("building_id")
    return {
        ("ICT4", part): _of_radio(place, lte, where)
        for part, where in ((1, "outdoor"), (2, "indoor"))
    }


def _of_radio(place: Quarter, lte: pd.DataFrame, where: str) -> Figure:
    rows = lte[lte.index.isin(place.people.index)]
    if not len(rows) or (lte[where] == NOT_COMPUTABLE).all():
        return Figure(None, _NO_LTE if len(place.people) or not len(lte) else NO_PEOPLE)
    served = rows[where] == COVERED
    people = place.people.loc[rows.index, "residents"]
    level = rows[f"level_{where}_dbm"]
    weak = (level - rows["threshold_dbm"]).abs() <= NEAR_DB
    return divided(
        (float(people[served].sum()), float(people.sum())), NO_PEOPLE, times=100.0,
        deficit_persons=int(people[~served].sum()),
        share_near_limit=float(people[weak].sum() / people.sum()),
        threshold=float(rows["threshold_dbm"].max()), threshold_unit="dBm",
        worst=worst(place, -level, served, sign=-1.0), method="radio-coverage",
    )  # fmt: skip


def fibre(rows: gpd.GeoDataFrame) -> Figures:
    """Return the dwellings that fibre can serve from the rows of `fibre_coverage`."""
    flats = rows["dwellings"].astype(float).fillna(0.0)
    served = rows["coverage"] == "serviceable"
    left = rows.loc[~served, "residents"].astype(float).fillna(0.0)
    return {
        ("ICT1", 1): divided(
            (float(flats[served].sum()), float(flats.sum())), _NO_DWELLINGS, times=100.0,
            deficit_persons=int(left.sum()), method="fibre-coverage",
        )
    }  # fmt: skip


def accessibility(
    place: Quarter,
    rows: gpd.GeoDataFrame,
    figures: Mapping[str, Any],
    limits_m: Mapping[str, float],
) -> Figures:
    """Return green, school without crossing and the 15-minute score of `accessibility-coverage`.

    `limits_m` are the limits of `green` and `school`.
    """
    table = rows.set_index("building_id")
    score = figures.get("score_15min", {}).get("mean_of_residents")
    why_score = _NO_SCORE if len(place.people) else NO_PEOPLE
    said: dict[str, Any] = {"method": "accessibility-coverage"}
    found: dict[tuple[str, int], Figure] = {
        ("TRN4", 1): Figure(None, why_score) if score is None else Figure(100.0 * score, **said),
        ("GRN3", 1): _reached(place, table, ("green", "green_m"), limits_m["green"], _NO_GREEN),
    }
    if "age_7_17" in place.people:
        found["EDU2", 2] = _reached(
            place, table, ("school", "school_safe_m"), limits_m["school"], _NO_SCHOOL, "age_7_17"
        )
    else:
        found["EDU2", 2] = Figure(None, NO_CENSUS)
    return found


def _reached(
    place: Quarter,
    table: pd.DataFrame,
    columns: tuple[str, str],
    limit_m: float,
    why: Text,
    group: str = "residents",
) -> Figure:
    verdict, distance = columns
    known = table[table[verdict] != NOT_COMPUTABLE]
    if not len(known):
        return Figure(None, why)
    rows = pd.DataFrame(
        {"coverage": known[verdict], "distance_m": known[distance], "limit_m": limit_m}
    )
    return of_people(place, rows, group, why, method="accessibility-coverage")
