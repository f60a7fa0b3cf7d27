"""Zones, red lines and density of the quarter."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np

from processing.crs import metric_crs
from processing.indicators.base import NO_PEOPLE, NO_QUARTER, Figures, Quarter, divided, reason
from processing.land import red_line_conflicts
from processing.scorecard import Figure

METHOD = "smart-quarter-coverage"
RESIDENTIAL = "Ж"
"""Zones of housing begin with this letter."""

_NO_ZONES = reason("няма функцыянальных зон", "нет функциональных зон", "no functional zones")
_NO_LINES = reason("няма чырвоных ліній", "нет красных линий", "no red lines")
_OPEN = reason(
    "чырвоныя лініі не замкнёныя: не відаць, дзе вуліца",
    "красные линии не замкнуты: не видно, где улица",
    "the red lines do not close: which side is the street is not known",
)
_NO_FLOORS = reason(
    "плошча паверхаў невядомая", "площадь этажей неизвестна", "the floor area is not known"
)


def zones(place: Quarter, frame: gpd.GeoDataFrame | None) -> Figures:
    """Return the share of residential zones in all zones, by area."""
    if frame is None or not frame["zone"].notna().any():
        return {("PLN1", 1): Figure(None, _NO_ZONES)}
    frame = frame[frame["zone"].notna()]
    area = frame.to_crs(metric_crs(place.area)).area
    homes = frame["zone"].astype(str).str.startswith(RESIDENTIAL)
    said: dict[str, Any] = {"method": METHOD}
    return {
        ("PLN1", 1): divided(
            (float(area[homes].sum()), float(area.sum())), _NO_ZONES, times=100.0, **said
        )
    }


def red_lines(
    place: Quarter, buildings: gpd.GeoDataFrame, lines: gpd.GeoDataFrame | None
) -> Figures:
    """Return how many buildings cross a red line, and how much of them lies beyond (m2).

    Red lines that close round a block have the street outside; where they do not close, crossings
    are counted and the area is not computed.
    """
    if lines is not None:
        lines = lines[lines["kind"].astype(object).eq("red_line").fillna(value=False)]
    if lines is None or not len(lines):
        return {("PLN2", part): Figure(None, _NO_LINES) for part in (1, 2)}
    crs = metric_crs(place.area)
    red = lines.to_crs(crs).geometry.to_numpy()
    houses = buildings.to_crs(crs).geometry.to_numpy()
    found = red_line_conflicts(houses, red)
    said: dict[str, Any] = {"method": METHOD}
    beyond = Figure(None, _OPEN)
    if found.beyond_m2 is not None:
        beyond = Figure(float(np.round(found.beyond_m2.sum(), 3)), **said)
    return {("PLN2", 1): Figure(float(len(found.building)), **said), ("PLN2", 2): beyond}


def density(place: Quarter, buildings: gpd.GeoDataFrame) -> Figures:
    """Return residents and gross floor area (m2) per hectare of the quarter."""
    hectares = None if place.area_m2 is None else place.area_m2 / 1e4
    known = buildings["floor_area_m2"].astype(float)
    floor = float(known.sum()) if known.notna().any() else None
    said: dict[str, Any] = {"method": METHOD}
    why = NO_QUARTER if hectares is None else _NO_FLOORS
    why_people = NO_QUARTER if hectares is None else NO_PEOPLE
    return {
        ("PLN3", 1): divided((place.residents, hectares), why_people, **said),
        ("PLN3", 2): divided((floor, hectares), why, **said),
    }
