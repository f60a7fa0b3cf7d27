"""Where a feature that somebody sent lies, and which area it belongs to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import psycopg

from geoportal.errors import BadParameter
from geoportal.portal import Portal
from geoportal.reader import Row
from layers import edit
from layers.errors import RefusedFeature
from layers.keyset import Value
from layers.model import AREA_STRIDE, COUNTRY, Area, Layer
from layers.query import Crs, Query

CITY_REACH_KM = 50.0
COUNTRY_REACH_KM = 500.0
"""What lies farther from the centre of its area is a mistake."""
EARTH_KM = 6371.0088


class Runs(Protocol):
    """What can run a query."""

    async def rows(self, query: Query) -> list[Row]:
        """Return the rows of a query."""


@dataclass(frozen=True, slots=True)
class Place:
    """The box of a valid geometry, degrees (CRS84)."""

    west: float
    south: float
    east: float
    north: float

    def reach_km(self, area: Area) -> float:
        """Return the distance of the farthest corner from the centre of an area, on a sphere."""
        corners = [(x, y) for x in (self.west, self.east) for y in (self.south, self.north)]
        return max(_distance_km(area.lon, area.lat, x, y) for x, y in corners)


async def measured(database: Runs, shape: str | None, crs: Crs) -> Place | None:
    """Return where a geometry lies, None for none; raises RefusedFeature when it is not valid."""
    if shape is None:
        return None
    try:
        ((valid, reason, *box),) = await database.rows(edit.place(shape, crs))
    except (BadParameter, psycopg.DataError, psycopg.errors.InternalError_):
        raise RefusedFeature(("/geometry", "the coordinates are outside their CRS")) from None
    if not valid:
        raise RefusedFeature(("/geometry", f"not valid: {reason}"))
    return Place(*box)


def area_of(portal: Portal, feature_id: int) -> Area | None:
    """Return the area that a feature id belongs to."""
    number = (feature_id - 1) // AREA_STRIDE
    return next((area for area in portal.areas.values() if area.number == number), None)


def area_to_be(portal: Portal, layer: Layer, given: Value, place: Place | None) -> Area:
    """Return the area of a new feature: the one that was sent, else the nearest.

    Raises RefusedFeature when the layer is not loaded for it, or the feature lies elsewhere.
    """
    loaded = [portal.areas[area] for name, area in portal.versions if name == layer.id]
    if given is not None:
        area = next((one for one in loaded if one.id == given), None)
        if area is None:
            known = ", ".join(one.id for one in loaded)
            raise RefusedFeature(
                ("/properties/area", f"the collection has no such area; it has {known}")
            )
    elif place is not None:
        area = min(loaded, key=place.reach_km)
    elif len(loaded) == 1:
        area = loaded[0]
    else:
        raise RefusedFeature(("/properties/area", "required when there is no geometry"))
    require_near(area, place)
    return area


def require_near(area: Area, place: Place | None) -> None:
    """Raise RefusedFeature when a geometry reaches far beyond its area."""
    if place is None:
        return
    limit = COUNTRY_REACH_KM if area.id == COUNTRY else CITY_REACH_KM
    reach = place.reach_km(area)
    if not reach <= limit:
        mirrored = Place(place.south, place.west, place.north, place.east)
        hint = "; longitude comes first" if mirrored.reach_km(area) <= limit else ""
        raise RefusedFeature(
            ("/geometry", f"lies {reach:.0f} km from the centre of the area {area.id}{hint}")
        )


def _distance_km(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Return the great-circle distance; method: haversine."""
    a, b = math.radians(lat1), math.radians(lat2)
    half = math.sin((b - a) / 2) ** 2
    half += math.cos(a) * math.cos(b) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(half)))
