"""What all indicators share: people, shares, reasons, the worst places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from layers.model import Area, Text
from processing.checks import require_rows
from processing.crs import metric_crs
from processing.scorecard import Figure, Key, Place

Figures = Mapping[Key, Figure]
Floats = NDArray[np.float64]

WORST = 10
NEAR = 0.1
"""Within this part of a limit a person counts as close to it."""

AGES = ("age_0_6", "age_7_17", "age_18_64", "age_65_up")


def reason(be: str, ru: str, en: str) -> Text:
    """Return why a figure is not computed."""
    return Text(be=be, ru=ru, en=en)


NO_PEOPLE = reason(
    "колькасць жыхароў невядомая", "число жителей неизвестно", "the residents are not known"
)
NO_CENSUS = reason(
    "няма перапісных участкаў з узростамі",
    "нет переписных участков с возрастами",
    "no census units with ages",
)
NO_QUARTER = reason("няма межаў квартала", "нет границ квартала", "no outline of the quarter")


@dataclass(frozen=True, slots=True)
class Quarter:
    """The place and its people: what every indicator is divided by.

    `outline` is one shape in the metric CRS; None = no outline is loaded, then the residents count
    but areas do not. `people` has a row per residential building (index = its id): `residents` and,
    where census units are loaded, the columns of AGES, in persons (fractions are expected numbers).
    """

    area: Area
    outline: shapely.Geometry | None
    people: pd.DataFrame
    addresses: Mapping[int, str]

    @property
    def residents(self) -> float | None:
        """All residents whose number is known, None when no building's is."""
        return float(self.people["residents"].sum()) if len(self.people) else None

    def group(self, name: str) -> float | None:
        """Return the people of an age group, None when ages are not known."""
        if name not in self.people or not self.people[name].notna().any():
            return None
        return float(self.people[name].sum())

    @property
    def area_m2(self) -> float | None:
        """Area of the outline; None where there is none, or it encloses nothing."""
        return None if self.outline is None else float(self.outline.area) or None


def quarter(
    area: Area,
    buildings: gpd.GeoDataFrame,
    outlines: gpd.GeoDataFrame | None,
    units: gpd.GeoDataFrame | None,
) -> Quarter:
    """Return the place and its people; frames in any CRS, ids as index.

    A building has the ages of the census unit that it stands in. Where nobody's residence is known
    there are no people, and what is counted in them says so. Raises EmptyInput without buildings.
    """
    homes = buildings[buildings["residents"].fillna(0) > 0]
    require_rows(buildings, name=f"buildings in area {area.id}", remedy="load buildings first")
    crs = metric_crs(area)
    people = pd.DataFrame({"residents": homes["residents"].astype(float)})
    if len(homes) and units is not None and len(units):
        people = people.join(_ages(homes.to_crs(crs), units.to_crs(crs)))
    outline = None
    if outlines is not None and len(outlines):
        outline = shapely.union_all(outlines.to_crs(crs).geometry.to_numpy())
        if not shapely.intersects(outline, buildings.to_crs(crs).geometry.to_numpy()).any():
            outline = None  # that of another place
    names = buildings["address"] if "address" in buildings else pd.Series(dtype=object)
    pairs = zip(names.index.tolist(), names.tolist(), strict=True)
    addresses = {int(i): str(a) for i, a in pairs if pd.notna(a)}
    return Quarter(area, outline, people, addresses)


def _ages(homes: gpd.GeoDataFrame, units: gpd.GeoDataFrame) -> pd.DataFrame:
    """Share the ages of each unit among its buildings by their residents (persons, fractions)."""
    points = homes.set_geometry(shapely.point_on_surface(homes.geometry.to_numpy()), crs=homes.crs)
    found = gpd.sjoin(points[["geometry"]], units[["geometry", *AGES]], predicate="within")
    found = found[~found.index.duplicated()]
    known = found[list(AGES)].astype(float)
    total = known.sum(axis=1).replace(0, np.nan)
    share = known.div(total, axis=0)
    made: pd.DataFrame = share.mul(homes.loc[share.index, "residents"].astype(float), axis=0)
    return made


def divided(
    pair: tuple[float | None, float | None], why: Text, *, times: float = 1.0, **rest: Any
) -> Figure:
    """Return first / second * times, or the reason when one is missing or the second is 0."""
    upper, lower = pair
    if upper is None or lower is None or not lower:
        return Figure(None, why)
    return Figure(upper / lower * times, **rest)


def percent(part: NDArray[np.bool_], why: Text, **rest: Any) -> Figure:
    """Return the percentage of true values, or the reason when there are none at all."""
    return divided((float(part.sum()), float(len(part))), why, times=100.0, **rest)


def worst(
    place: Quarter, measure: pd.Series, served: pd.Series, *, sign: float = 1.0
) -> tuple[Place, ...]:
    """Return the ten worst-served buildings: without any value first, then the largest.

    Both series have the building's id as index; only buildings that are not served are listed. The
    value told is `sign` times the measure.
    """
    left = measure[~served.astype(bool)].astype(float)
    order = left.fillna(np.inf).sort_values(ascending=False, kind="stable").index[:WORST]
    known = place.people["residents"]
    return tuple(
        Place(
            building_id=int(i),
            label=place.addresses.get(int(i), str(i)),
            value=sign * float(left[i]) if np.isfinite(left[i]) else None,
            residents=int(known[i]) if i in known.index else None,
        )
        for i in order
    )
