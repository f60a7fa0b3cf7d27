"""What there is for how many people: places, doctors, points, green, lamps, meters."""

from __future__ import annotations

from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.model import Text
from processing.crs import metric_crs
from processing.indicators.access import NO_CLASS, NONE_LEFT
from processing.indicators.base import (
    NO_CENSUS,
    NO_PEOPLE,
    NO_QUARTER,
    Figures,
    Quarter,
    divided,
    percent,
    reason,
)
from processing.scene import classes_of
from processing.scorecard import Figure, Key

METHOD = "smart-quarter-coverage"

_NO_POINTS = reason("няма слоя аб’ектаў", "нет слоя объектов", "no layer of service points")
_NO_PLACES = reason(
    "колькасць месцаў невядомая", "число мест неизвестно", "the places are not known"
)
_NO_DOCTORS = reason(
    "колькасць урачоў невядомая", "число врачей неизвестно", "the doctors are not known"
)
_NO_LIGHTS = reason("няма слоя свяцільнікаў", "нет слоя светильников", "no layer of street lights")
_NO_TYPES = reason(
    "тыпы свяцільнікаў невядомыя", "типы светильников неизвестны", "the lamp types are not known"
)
_NO_STATES = reason(
    "стан свяцільнікаў невядомы",
    "состояние светильников неизвестно",
    "the states of the lights are not known",
)
_NO_CABINETS = reason(
    "невядома, якія шафы кіруюцца дыстанцыйна",
    "неизвестно, какие шкафы управляются дистанционно",
    "it is not known which cabinets are remote",
)
_NO_METERS = reason(
    "няма прыбораў уліку гэтага рэсурсу",
    "нет приборов учёта этого ресурса",
    "no meters of the resource",
)
_NO_LIVE = reason(
    "невядома, якія прыборы дыстанцыйныя",
    "неизвестно, какие приборы дистанционные",
    "it is not known which meters are read remotely",
)
_NO_PUBLIC = reason(
    "невядома, якая зеляніна агульнадаступная",
    "неизвестно, какое озеленение общедоступное",
    "it is not known which green areas are public",
)
_NO_BICYCLES = reason(
    "невядома, якія вуліцы адкрытыя для веласіпедаў",
    "неизвестно, какие улицы открыты для велосипедов",
    "it is not known which streets are open to bicycles",
)
_NO_GREEN = reason("няма слоя зялёных тэрыторый", "нет слоя озеленения", "no layer of green areas")
_NO_WIFI = reason("няма слоя Wi-Fi", "нет слоя Wi-Fi", "no layer of Wi-Fi points")
_NO_STREETS = reason("няма слоя вуліц", "нет слоя улиц", "no layer of streets")


def services(place: Quarter, points: gpd.GeoDataFrame | None) -> Figures:
    """Return places for children, load of schools, residents per doctor, post offices."""
    keys: tuple[Key, ...] = (("EDU1", 2), ("EDU2", 3), ("HLT2", 1), ("PST1", 2))
    classes = frozenset() if points is None else classes_of(points)
    if points is None or not classes:
        return {key: Figure(None, _NO_POINTS) for key in keys}
    said: dict[str, Any] = {"method": METHOD}
    small, pupils = place.group("age_0_6"), place.group("age_7_17")
    kindergartens, schools = (_places(points, classes, n) for n in ("kindergarten", "school"))
    doctors = points.get("doctors", pd.Series(dtype=float)).astype(float).sum(min_count=1)
    offices: float | None = float(_is(points["service_class"], "post_office").sum())
    why_small, why_pupils = (
        _why_none(points, classes, name, _NO_PLACES) if people is not None else NO_CENSUS
        for name, people in (("kindergarten", small), ("school", pupils))
    )
    why_doctors = _why_none(points, classes, "clinic", _NO_DOCTORS)
    if place.residents is None:
        why_doctors = NO_PEOPLE
    why_offices = NO_PEOPLE if place.residents is None else NO_CLASS
    if "post_office" not in classes:
        offices = None
    return {
        ("EDU1", 2): divided((kindergartens, small), why_small, times=100.0, **said),
        ("EDU2", 3): divided((pupils, schools), why_pupils, times=100.0, **said),
        ("HLT2", 1): divided(
            (place.residents, None if pd.isna(doctors) else float(doctors)), why_doctors, **said
        ),
        ("PST1", 2): divided((offices, place.residents), why_offices, times=1e4, **said),
    }


def _why_none(
    points: gpd.GeoDataFrame, classes: frozenset[str], service_class: str, unknown: Text
) -> Text:
    """Return why the places (doctors) of a class are none: not loaded, all closed, or `unknown`."""
    if service_class not in classes:
        return NO_CLASS
    return unknown if _is(points["service_class"], service_class).any() else NONE_LEFT


def _places(points: gpd.GeoDataFrame, classes: frozenset[str], service_class: str) -> float | None:
    """Return the places of all facilities of a class; None when that of one is not known."""
    mine = points.loc[_is(points["service_class"], service_class), "capacity"].astype(float)
    return None if service_class not in classes or mine.isna().any() else float(mine.sum())


def _is(column: pd.Series, value: str) -> pd.Series:
    """Tell which texts are the value; one that is not known is not."""
    return column.astype(object).fillna("").eq(value)


def wifi(place: Quarter, access_points: gpd.GeoDataFrame | None) -> Figures:
    """Return public access points per 100,000 residents."""
    if access_points is None or not len(access_points):
        return {("ICT5", 1): Figure(None, _NO_WIFI)}
    working = float((~_is(access_points["state"], "fault")).sum())
    said: dict[str, Any] = {"method": METHOD}
    return {("ICT5", 1): divided((working, place.residents), NO_PEOPLE, times=1e5, **said)}


def cycling(place: Quarter, streets: gpd.GeoDataFrame | None) -> Figures:
    """Return kilometres of cycleways and quiet streets for bicycles per 100,000 residents.

    Counted are ways where bicycles are allowed and cars are not, or drive at most 30 km/h.
    """
    if streets is None or not len(streets):
        return {("TRN2", 1): Figure(None, _NO_STREETS)}
    if not streets["bicycle"].notna().any():
        return {("TRN2", 1): Figure(None, _NO_BICYCLES)}
    slow = streets["maxspeed_kmh"].astype(float).fillna(np.inf) <= 30
    bicycle, car = (streets[name].astype("boolean") for name in ("bicycle", "car"))
    fit = streets[bicycle.fillna(value=False) & (~car.fillna(value=True) | slow)]
    km = float(fit.to_crs(metric_crs(place.area)).length.sum()) / 1000
    said: dict[str, Any] = {"method": METHOD}
    return {("TRN2", 1): divided((km, place.residents), NO_PEOPLE, times=1e5, **said)}


def lights(lamps: gpd.GeoDataFrame | None, cabinets: gpd.GeoDataFrame | None) -> Figures:
    """Return lights under remote control, the share of LED, and lights out of order.

    Lamps of unknown type or state do not count.
    """
    keys: tuple[Key, ...] = (("LGT1", 1), ("LGT2", 1), ("LGT4", 1))
    if lamps is None or not len(lamps):
        return {key: Figure(None, _NO_LIGHTS) for key in keys}
    said: dict[str, Any] = {"method": METHOD}
    kinds, states = (lamps[n].astype(object).fillna("unknown") for n in ("lamp_type", "state"))
    led = kinds[kinds != "unknown"].eq("led").to_numpy()
    faults = states[states != "unknown"].eq("fault").to_numpy()
    remote = Figure(None, _NO_CABINETS)
    if cabinets is not None and _controls(cabinets, lamps):
        controlled = cabinets.loc[cabinets["remote"].astype(bool), "cabinet"]
        remote = percent(lamps["cabinet"].isin(controlled).to_numpy(dtype=bool), _NO_LIGHTS, **said)
    return {
        ("LGT1", 1): remote,
        ("LGT2", 1): percent(led, _NO_TYPES, **said),
        ("LGT4", 1): divided(
            (float(faults.sum()), float(len(faults))), _NO_STATES, times=1000.0, **said
        ),
    }


def _controls(cabinets: gpd.GeoDataFrame, lamps: gpd.GeoDataFrame) -> bool:
    """Tell whether it is known which cabinets are remote, and which lamps they feed."""
    if not {"cabinet", "remote"} <= set(cabinets) or not lamps["cabinet"].notna().any():
        return False
    return bool(len(cabinets) and cabinets[["cabinet", "remote"]].notna().all(axis=None))


def meters(table: gpd.GeoDataFrame | None) -> Figures:
    """Return the shares of meters that are read remotely; of heat, of buildings that have a meter.

    A meter of which that is not known does not count.
    """
    resources = {
        ("ENE1", 1): ("electricity",),
        ("WAT1", 1): ("cold_water", "hot_water"),
        ("HEA1", 1): ("heat",),
    }
    if table is None:
        return {key: Figure(None, _NO_METERS) for key in resources}
    found = {}
    for key, names in resources.items():
        mine = table[table["resource"].isin(names)]
        told = mine[mine["live"].notna()]
        if len(mine) and not len(told):
            found[key] = Figure(None, _NO_LIVE)
            continue
        live = told["live"].to_numpy(dtype=bool)
        if key[0] == "HEA1":
            live = told.groupby("building_id")["live"].max().to_numpy(dtype=bool)
        found[key] = percent(live, _NO_METERS, method=METHOD, data_date=_newest(told))
    return found


def _newest(meters_: gpd.GeoDataFrame) -> date | None:
    """Return the day of the last reading of any meter, None where none is known."""
    heard = meters_.get("last_reading_at", pd.Series(dtype="datetime64[us, UTC]")).max()
    return None if pd.isna(heard) else pd.Timestamp(heard).date()


def green(place: Quarter, areas: gpd.GeoDataFrame | None) -> Figures:
    """Return public green per resident and the green share of the quarter (overlaps once)."""
    keys: tuple[Key, ...] = (("GRN1", 1), ("GRN2", 1))
    if areas is None or not len(areas):
        return {key: Figure(None, _NO_GREEN) for key in keys}
    if place.area_m2 is None:
        return {key: Figure(None, NO_QUARTER) for key in keys}
    metric = areas.to_crs(metric_crs(place.area))
    public = metric[metric["public"].astype("boolean").fillna(value=False)]

    def inside_m2(frame: gpd.GeoDataFrame) -> float:
        united = shapely.union_all(frame.geometry.to_numpy())
        return float(united.intersection(place.outline).area)

    said: dict[str, Any] = {"method": METHOD}
    per_person = divided((inside_m2(public), place.residents), NO_PEOPLE, **said)
    return {
        ("GRN1", 1): per_person if metric["public"].notna().any() else Figure(None, _NO_PUBLIC),
        ("GRN2", 1): divided((inside_m2(metric), place.area_m2), NO_QUARTER, times=100.0, **said),
    }
