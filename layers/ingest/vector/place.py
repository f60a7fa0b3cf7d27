"""From a file's coordinates to longitude and latitude: its CRS, the one operation, swapped axes."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyproj
from pyproj.aoi import AreaOfInterest
from pyproj.enums import TransformDirection
from pyproj.exceptions import CRSError, ProjError
from pyproj.transformer import TransformerGroup

from layers.crs import EPSG_URI, OWN_SRID, SK42, SYSTEMS, System
from layers.errors import RefusedLoad
from layers.message import Message, message
from layers.model import COUNTRY, STORED_SRID, Area
from layers.query import Crs

BELARUS = (23.17, 51.26, 32.78, 56.17)
"""West, south, east, north of the country, degrees (EPSG's area of use of its systems)."""

MARGIN_DEG = 0.2
REACH_DEG = (1.0, 0.6)
"""How far east-west and north-south of its centre the data of an area may lie."""

ZONE_7 = System(
    Crs(f"{EPSG_URI}28407", 28407 + OWN_SRID, flip=True, metric=True),
    "EPSG:28407",
    "Pulkovo 1942 / Gauss-Kruger zone 7",
    "+proj=tmerc +lat_0=0 +lon_0=39 +k=1 +x_0=7500000 +y_0=0",
    ellipsoid="krass",
    operation=SK42,
)
_BY_CODE = {s.code: s for s in (*SYSTEMS, ZONE_7)}
CANDIDATES = tuple(
    _BY_CODE[f"EPSG:{code}"]
    for code in (4326, 32634, 32635, 32636, 28404, 28405, 28406, 28407, 3857)
)
"""What a file without a CRS is tried in, for the message only."""

_AXIS_M = 6_378_137.0
"""Half the major axis of WGS 84 and of GRS 80."""

_FORM = ("proj", "lat_0", "lon_0", "k", "k_0", "x_0", "y_0", "lat_1", "lat_2", "zone", "south")


@dataclass(frozen=True)
class Placing:
    """How coordinates become WGS 84: names for the report, `accuracy_m` None when nobody says."""

    crs: str
    operation: Message
    accuracy_m: float | None
    transform: Callable[[np.ndarray], np.ndarray]
    area_of_use: tuple[float, float, float, float] | None


def box(area: Area) -> tuple[float, float, float, float]:
    """Return where the data of an area may lie: west, south, east, north in degrees."""
    if area.id == COUNTRY:
        west, south, east, north = BELARUS
        return west - MARGIN_DEG, south - MARGIN_DEG, east + MARGIN_DEG, north + MARGIN_DEG
    x, y = REACH_DEG
    return area.lon - x, area.lat - y, area.lon + x, area.lat + y


def within(lonlat: np.ndarray, bounds: tuple[float, float, float, float]) -> np.ndarray:
    """Return which points (n, 2) lie in a box of degrees; not a number lies nowhere."""
    west, south, east, north = bounds
    x, y = lonlat[:, 0], lonlat[:, 1]
    return (x >= west) & (x <= east) & (y >= south) & (y <= north)


def placing(named: str) -> Placing:
    """Return the way from a CRS (EPSG code, WKT, PROJJSON) to WGS 84; coordinates east, north.

    SK-42 and SK-95 go by the operations that layers/crs.py pins. Raises RefusedLoad.
    """
    try:
        crs = pyproj.CRS.from_user_input(named)
    except CRSError:
        raise RefusedLoad(message("crs.unknown", crs=named[:60])) from None
    if crs.is_compound:
        crs = crs.sub_crs_list[0]
    plain = (crs.source_crs if crs.is_bound else None) or crs
    use = plain.area_of_use
    bounds = (use.west, use.south, use.east, use.north) if use else None
    system = _system(plain)
    if system is not None:
        operation = system.operation
        stored = system.crs.srid == STORED_SRID
        said = message("crs.already" if stored else "crs.unprojected")
        if operation:
            said = message("text", text=f"{operation.name} (EPSG:{operation.code})")
        accuracy = operation.accuracy_m if operation else 0.0
        go = same if stored else _pipeline(system)
        return Placing(f"{system.name} ({system.code})", said, accuracy, go, bounds)
    return _by_proj(crs, bounds)


def candidates(sample: np.ndarray, area: Area) -> list[Message]:
    """Return the systems, with the note when swapped, in which points (n, 2) fall into the area."""
    found = []
    for system in CANDIDATES:
        go = _pipeline(system)
        for points, said in ((sample, "crs.system"), (sample[:, ::-1], "crs.system_swapped")):
            if within(go(points), box(area)).mean() > 0.5:
                found.append(message(said, code=system.code, name=system.name))
    return found


def require_place(way: Placing, sample: np.ndarray, area: Area) -> None:
    """Raise RefusedLoad when most points (n, 2) of a file lie outside the area, and say why."""
    if not len(sample) or within(way.transform(sample), box(area)).mean() > 0.5:
        return
    if within(way.transform(sample[:, ::-1]), box(area)).mean() > 0.5:
        raise RefusedLoad(message("crs.swapped", crs=way.crs, area=area.id))
    x, y = np.median(way.transform(sample), axis=0)
    about = {"lon": float(x), "lat": float(y), "candidates": _told(sample, area)}
    raise RefusedLoad(message("crs.outside", crs=way.crs, area=area.id, **about))


def missing_crs(sample: np.ndarray, area: Area, name: str) -> RefusedLoad:
    """Return the refusal of a file that does not say its CRS."""
    return RefusedLoad(message("crs.missing", file=name, candidates=_told(sample, area)))


def _told(sample: np.ndarray, area: Area) -> Message:
    found = candidates(sample, area)
    if not found:
        return message("crs.no_candidates", area=area.id)
    return message("crs.candidates", area=area.id, systems=found)


def same(points: np.ndarray) -> np.ndarray:
    """Return points that are in WGS 84 already, to the last bit."""
    return points


def _system(crs: pyproj.CRS) -> System | None:
    code = 4326 if crs.to_authority() == ("OGC", "CRS84") else crs.to_epsg(min_confidence=70)
    if code is not None and f"EPSG:{code}" in _BY_CODE:
        return _BY_CODE[f"EPSG:{code}"]
    base = crs.geodetic_crs
    names = f"{base.name} {base.datum.name if base.datum else ''}" if base else ""
    if "pulkovo 1942" not in re.sub(r"[_-]", " ", names.lower()):
        return None
    if crs.axis_info and crs.axis_info[0].unit_name not in ("metre", "meter", "degree"):
        return None
    # A local grid on SK-42: its own projection, the pinned datum shift.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that PROJ's words lose the datum, which is known here
        form = {k: v for k, v in crs.to_dict().items() if k in _FORM}
    projection = " ".join(f"+{k}={v}" for k, v in form.items())
    # MapInfo writes the zones of SK-42 without their names.
    for one in _BY_CODE.values():
        if one.operation == SK42 and _form(one.projection) == _form(projection):
            return one
    metric = bool(crs.is_projected)
    own = Crs("", 0, metric=metric)
    return System(own, "local", crs.name, projection, ellipsoid="krass", operation=SK42)


def _form(projection: str) -> dict[str, str | float]:
    """Return the parameters of a projection in PROJ's words, so that two can be compared."""
    pairs = (part.removeprefix("+").partition("=")[::2] for part in projection.split())
    known = {"k" if name == "k_0" else name: value for name, value in pairs if name in _FORM}
    return {n: v if n == "proj" else float(v) for n, v in known.items() if v}


def _pipeline(system: System) -> Callable[[np.ndarray], np.ndarray]:
    made = pyproj.Transformer.from_pipeline(system.pipeline)

    def go(points: np.ndarray) -> np.ndarray:
        x, y = made.transform(points[:, 0], points[:, 1], direction=TransformDirection.INVERSE)
        return np.column_stack([x, y])

    return go


def _by_proj(crs: pyproj.CRS, bounds: tuple[float, float, float, float] | None) -> Placing:
    here = AreaOfInterest(*BELARUS)
    try:
        ways = TransformerGroup(
            crs,
            4326,
            always_xy=True,
            area_of_interest=here,  # type: ignore[arg-type]  # one class, which its stubs have twice
        ).transformers
    except ProjError:
        ways = []
    # Without a shift that is known, a datum on another ellipsoid would be off by a hundred metres.
    foreign = crs.ellipsoid is None or abs(crs.ellipsoid.semi_major_metre - _AXIS_M) > 1
    if not ways or (foreign and "Ballpark" in ways[0].description):
        raise RefusedLoad(message("crs.no_way", crs=crs.name))
    made = ways[0]

    def go(points: np.ndarray) -> np.ndarray:
        x, y = made.transform(points[:, 0], points[:, 1])
        return np.column_stack([x, y])

    accuracy = made.accuracy if made.accuracy >= 0 else None
    return Placing(crs.name, message("text", text=made.description), accuracy, go, bounds)
