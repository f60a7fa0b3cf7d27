"""The areas that layers are loaded for: read, save, and make one for a new place."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any

from psycopg import Connection
from psycopg.errors import UniqueViolation
from psycopg.rows import class_row, tuple_row
from pydantic import BaseModel

from layers.errors import BadValue, UnknownArea
from layers.message import message
from layers.model import COUNTRY, Area, Text
from layers.seed import country_outline, oblasts, settlements

FIRST_FREE_NUMBER = 1_000
"""Numbers below belong to the seed tables, so that a city added there never meets a local area."""

EQUAL_AREA = 3035
"""EPSG code of the country's metric CRS; the cities have their UTM zone."""

_ID = re.compile(r"^[a-z][a-z0-9_]{0,47}$")
_CENTRE = (28.0, 53.5)
_MARGIN_DEG = 0.3  # a place of our choice lies this far inside the country
_COLUMNS = "id, number, title_be, title_ru, title_en, soato, srid, lon, lat"

SELECT_AREAS = f"SELECT {_COLUMNS} FROM layers.area ORDER BY number"  # noqa: S608
"""The areas, for a reader with a connection of its own; a row goes to `area_from_row`."""


class _AreaRow(BaseModel):
    """One row of layers.area."""

    id: str
    number: int
    title_be: str
    title_ru: str
    title_en: str
    soato: str
    srid: int
    lon: float
    lat: float

    def area(self) -> Area:
        title = Text(be=self.title_be, ru=self.title_ru, en=self.title_en)
        return Area(title=title, **self.model_dump(exclude={"title_be", "title_ru", "title_en"}))


def seed_areas() -> dict[str, Area]:
    """Return the areas of the seed tables by id: the country `by` and the cities."""
    country = Area(
        id=COUNTRY,
        number=0,
        title=oblasts()[COUNTRY].name,
        soato="",
        srid=EQUAL_AREA,
        lon=_CENTRE[0],
        lat=_CENTRE[1],
    )
    cities = {
        s.id: Area(
            id=s.id,
            number=s.number,
            title=s.name,
            soato=s.soato,
            srid=s.srid,
            lon=s.lon,
            lat=s.lat,
        )
        for s in settlements().values()
    }
    return {COUNTRY: country} | cities


def area_from_row(row: Sequence[Any]) -> Area:
    """Return the area of a row of SELECT_AREAS."""
    return _AreaRow(**dict(zip(_COLUMNS.split(", "), row, strict=True))).area()


def areas(conn: Connection[Any]) -> dict[str, Area]:
    """Return the areas of the database by id, in the order of their numbers."""
    with conn.cursor(row_factory=class_row(_AreaRow)) as cursor:
        rows = cursor.execute(SELECT_AREAS)
        return {row.id: row.area() for row in rows}


def get_area(conn: Connection[Any], area_id: str) -> Area:
    """Return an area of the database, else of the seed tables.

    Raises UnknownArea, which lists the known ones.
    """
    known = seed_areas() | areas(conn)
    if area_id not in known:
        raise UnknownArea(message("load.no_area", area=area_id, areas=sorted(known)))
    return known[area_id]


def save_area(conn: Connection[Any], area: Area) -> None:
    """Insert or update an area.

    Its number never changes, because feature ids are made from it: raises BadValue when the id
    has another number, or the number belongs to another id.
    """
    values = (
        area.id, area.number, area.title.be, area.title.ru, area.title.en,
        area.soato, area.srid, area.lon, area.lat,
    )  # fmt: skip
    try:
        with conn.transaction(), conn.cursor(row_factory=tuple_row) as cursor:
            saved = cursor.execute(_SAVE, values).fetchone()
    except UniqueViolation:
        told = f"area {area.id}: number {area.number} belongs to another area; take a free one"
        raise BadValue(told) from None
    if saved is None:
        told = f"area {area.id} is already saved with a number other than {area.number}"
        raise BadValue(f"{told}, and a number never changes")


def forget_area(conn: Connection[Any], area: Area) -> None:
    """Remove an area that nothing is loaded for; one with layers or rasters stays."""
    conn.execute(
        "DELETE FROM layers.area AS a WHERE id = %s"
        " AND NOT EXISTS (SELECT FROM layers.version AS v WHERE v.area = a.id)"
        " AND NOT EXISTS (SELECT FROM layers.raster AS r WHERE r.area = a.id)",
        (area.id,),
    )


_SAVE = f"""
    INSERT INTO layers.area AS saved ({_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (id) DO UPDATE SET
        title_be = excluded.title_be, title_ru = excluded.title_ru, title_en = excluded.title_en,
        soato = excluded.soato, srid = excluded.srid, lon = excluded.lon, lat = excluded.lat
        WHERE saved.number = excluded.number
    RETURNING id
"""  # noqa: S608


def next_area(
    conn: Connection[Any], area_id: str, *, lon: float | None = None, lat: float | None = None
) -> Area:
    """Return the area of that id, or make one (not saved) with the next free number.

    A new area lies at `lon`, `lat` (degrees, WGS 84) or, when they are not given, at a place inside
    Belarus that follows from its id; its metric CRS is the UTM zone there. Raises BadValue when the
    id is malformed, only one coordinate is given, or the place is out of range.
    """
    if not _ID.fullmatch(area_id):
        told = f"{area_id!r} cannot be the id of an area: it must start with a letter a-z"
        raise BadValue(f"{told} and have at most 48 letters a-z, digits and _")
    saved = areas(conn)
    known = seed_areas() | saved
    if area_id in known:
        return known[area_id]
    place = _place(area_id, lon, lat)
    return Area(
        id=area_id,
        number=max([FIRST_FREE_NUMBER - 1, *(area.number for area in saved.values())]) + 1,
        title=Text(be=area_id, ru=area_id, en=area_id),
        soato="",
        srid=utm_srid(*place),
        lon=place[0],
        lat=place[1],
    )


def utm_srid(lon: float, lat: float) -> int:
    """Return the EPSG code of the UTM zone (WGS 84) of a place in degrees."""
    zone = min(int((lon + 180) // 6) + 1, 60)
    return (32600 if lat >= 0 else 32700) + zone


def _place(area_id: str, lon: float | None, lat: float | None) -> tuple[float, float]:
    if lon is None and lat is None:
        return _place_from(area_id)
    if lon is None or lat is None:
        raise BadValue(f"area {area_id}: give both lon and lat, or neither")
    # UTM is not defined nearer to the poles.
    if not (-180 <= lon <= 180 and -80 <= lat <= 84):
        told = f"area {area_id}: lon {lon}, lat {lat} is no place"
        raise BadValue(f"{told}: lon must be -180 to 180 and lat -80 to 84 degrees")
    return (lon, lat)


def _place_from(area_id: str) -> tuple[float, float]:
    """Draw points in the box of the country from a hash of the id until one is well inside."""
    ring = country_outline()
    west, east = min(p[0] for p in ring), max(p[0] for p in ring)
    south, north = min(p[1] for p in ring), max(p[1] for p in ring)
    for attempt in range(1_000):
        digest = hashlib.sha256(f"{area_id}/{attempt}".encode()).digest()
        x, y = (int.from_bytes(part, "big") / 2**64 for part in (digest[:8], digest[8:16]))
        lon, lat = round(west + x * (east - west), 4), round(south + y * (north - south), 4)
        corners = [(lon + dx, lat + dy) for dx in _SHIFTS for dy in _SHIFTS]
        if all(inside(corner, ring) for corner in corners):
            return lon, lat
    return _CENTRE


_SHIFTS = (-_MARGIN_DEG, _MARGIN_DEG)


def inside(point: tuple[float, float], ring: Sequence[tuple[float, float]]) -> bool:
    """Tell whether a point lies in an open ring, both lon, lat; crossing-number method."""
    x, y = point
    crossings = False
    for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            crossings = not crossings
    return crossings
