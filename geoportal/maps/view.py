"""What a picture shows: a box of a CRS on so many pixels, and what follows from both."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from pyproj import Geod, Transformer
from pyproj.enums import TransformDirection

from layers.box import HALF_WORLD_M
from layers.crs import SYSTEMS
from layers.query import Box, Crs
from layers.version import Bbox

PIXEL_MM = 0.28
"""Size of a pixel that standards agree on (OGC API - Maps, /req/display-resolution)."""

_WGS84 = Geod(ellps="WGS84")
_PIPELINES = {system.crs: system.pipeline for system in SYSTEMS}
# Half a tile of 512 pixels at zoom 0: metres of EPSG:3857 per pixel.
_ZOOM_0_M = 2 * HALF_WORLD_M / 512


class OutsideCrs(ValueError):
    """A place where a CRS has no coordinates."""


@dataclass(frozen=True, slots=True)
class View:
    """A box (east before north) drawn on width x height pixels of `pixel_mm` millimetres."""

    box: Box
    width: int
    height: int
    pixel_mm: float = PIXEL_MM

    @property
    def pixel_size(self) -> tuple[float, float]:
        """Width and height of a pixel in units of the CRS."""
        box = self.box
        return (box.east - box.west) / self.width, (box.north - box.south) / self.height

    @property
    def pixel_ratio(self) -> float:
        """How many pixels stand for one of PIXEL_MM; signs are drawn so much larger."""
        return PIXEL_MM / self.pixel_mm

    @property
    def ground_m(self) -> float:
        """Metres on the ground per pixel, in the middle."""
        east, north = metres_per_unit(self.box.crs, *middle(self.box))
        width, height = self.pixel_size
        return math.sqrt(east * width * north * height)

    @property
    def scale_denominator(self) -> float:
        """One on the picture is so many on the ground."""
        return self.ground_m * 1000 / self.pixel_mm

    @property
    def zoom(self) -> float:
        """The zoom level at which the map in the browser shows the same."""
        _, lat = lon_lat(self.box.crs, *middle(self.box))
        ground = self.ground_m * self.pixel_ratio
        return math.log2(_ZOOM_0_M * max(math.cos(math.radians(lat)), 1e-6) / ground)

    def widened(self, pixels: float) -> Box:
        """Return the box with a margin: what lies there reaches into the picture."""
        width, height = (size * pixels for size in self.pixel_size)
        box = self.box
        return Box(box.west - width, box.south - height, box.east + width, box.north + height,
                   box.crs)  # fmt: skip


def middle(box: Box) -> tuple[float, float]:
    """Return the middle of a box in its CRS."""
    return box.west + (box.east - box.west) / 2, box.south + (box.north - box.south) / 2


@lru_cache(maxsize=64)
def _transformer(crs: Crs) -> Transformer:
    if crs in _PIPELINES:
        return Transformer.from_pipeline(_PIPELINES[crs])
    # The metric CRS of a raster abroad, which no request may name for anything else.
    return Transformer.from_crs("OGC:CRS84", f"EPSG:{crs.srid}", always_xy=True)


def lon_lat(crs: Crs, x: float, y: float) -> tuple[float, float]:
    """Return longitude and latitude (degrees, WGS 84) of a place; raises OutsideCrs."""
    lon, lat = _transformer(crs).transform(x, y, direction=TransformDirection.INVERSE)
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lat) <= 90):
        raise OutsideCrs(f"{x:g}, {y:g} is no place of {crs.uri}")
    return lon, lat


def from_lon_lat(crs: Crs, lon: float, lat: float) -> tuple[float, float]:
    """Return a place of WGS 84 in a CRS, east before north; raises OutsideCrs."""
    x, y = _transformer(crs).transform(lon, lat)
    if not (math.isfinite(x) and math.isfinite(y)):
        raise OutsideCrs(f"{lon:g}, {lat:g} has no coordinates in {crs.uri}")
    return x, y


def box_of(crs: Crs, bbox: Bbox) -> Box:
    """Return the box of a CRS around a box in degrees, whose curved edges are followed."""
    west, south, east, north = bbox
    if east - west < 1e-6 or north - south < 1e-6:
        # A single place: some ground around it.
        west, south, east, north = west - 0.005, south - 0.003, east + 0.005, north + 0.003
    if crs.srid == 4326:
        return Box(west, south, east, north, crs)
    found = _transformer(crs).transform_bounds(west, south, east, north, densify_pts=41)
    if not all(map(math.isfinite, found)):
        raise OutsideCrs(f"{crs.uri} does not reach {bbox}")
    return Box(*found, crs)


def metres_per_unit(crs: Crs, x: float, y: float) -> tuple[float, float]:
    """Return metres on the ground per unit of the CRS eastwards and northwards at a place.

    Measured on the ellipsoid (geodesics), so that a scale is true there. Raises OutsideCrs.
    """
    step = 1.0 if crs.metric else 1e-5
    here = lon_lat(crs, x, y)
    found = []
    for there in (lon_lat(crs, x + step, y), lon_lat(crs, x, y + step)):
        found.append(_WGS84.inv(*here, *there)[2] / step)
    if not all(math.isfinite(m) and m > 0 for m in found):
        raise OutsideCrs(f"{x:g}, {y:g} is no place of {crs.uri}")
    return found[0], found[1]
