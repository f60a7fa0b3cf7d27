"""From the parameters of a coverage request to a grid of cells: subsetting, scaling, CRS."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from geoportal.errors import BadParameter
from geoportal.maps.view import OutsideCrs, box_of, lon_lat, metres_per_unit, middle
from geoportal.ogc import parameters as read
from geoportal.ogc.crs import SUPPORTED, parse_crs
from geoportal.ogc.map_parameters import parse_box
from layers.coverage import Coverage
from layers.crs import EPSG_URI
from layers.query import Box, Crs
from layers.version import Bbox

MOST_CELLS = {"geotiff": 10_000_000, "covjson": 500_000}
"""Most cells of an answer: 40 MB as numbers, 5 MB as text."""
EDGE_SHARE = 1e-6
"""A box that reaches less than this share of a cell into the next one does not take it."""

_AXIS = re.compile(r"\s*([A-Za-z]+)\(([^()]+)\)\s*(?:,|$)")
_AXES = {"lon": 0, "e": 0, "x": 0, "long": 0, "lat": 1, "n": 1, "y": 1}


@dataclass(frozen=True, slots=True)
class Grid:
    """A box cut into width x height cells; `window` = column, row, columns, rows of the raster."""

    box: Box
    width: int
    height: int
    window: tuple[int, int, int, int] | None


def native_crs(coverage: Coverage) -> Crs:
    """Return the CRS in which a raster is stored."""
    uri = f"{EPSG_URI}{coverage.srid}"
    return SUPPORTED.get(uri) or Crs(uri, coverage.srid, metric=True)


def extent_of(coverage: Coverage) -> Bbox:
    """Return the box around a raster in degrees; its curved edges are followed."""
    west, south, east, north = coverage.bounds
    crs, steps = native_crs(coverage), [i / 16 for i in range(17)]
    edge = [
        *((west + (east - west) * t, y) for t in steps for y in (south, north)),
        *((x, south + (north - south) * t) for t in steps for x in (west, east)),
    ]
    places = [lon_lat(crs, *place) for place in edge]
    lons, lats = [lon for lon, _ in places], [lat for _, lat in places]
    return min(lons), min(lats), max(lons), max(lats)


def parse_grid(params: Mapping[str, str], coverage: Coverage, format_: str) -> Grid | None:
    """Return the grid of the answer, None where the raster has no cells; raises BadParameter.

    Without `crs` the cells are those of the raster, never moved. An answer without a scale is
    made smaller when it would be too large; a scale that is asked for is kept or refused.
    """
    native = native_crs(coverage)
    asked = params.get("crs")
    crs = (
        native if asked in (None, native.uri, f"[EPSG:{native.srid}]") else parse_crs("crs", asked)
    )
    extent = extent_of(coverage)
    try:
        if crs.srid == native.srid:
            grid = _own(coverage, parse_box(params, native, extent), native)
        else:
            grid = _other(coverage, parse_box(params, crs, extent), crs, extent)
    except OutsideCrs as error:
        raise BadParameter(
            f"Parameter crs: the coverage lies where {crs.uri} has no places ({error})."
        ) from None
    return None if grid is None else _scaled(params, grid, MOST_CELLS[format_])


def _own(coverage: Coverage, box: Box | None, crs: Crs) -> Grid | None:
    """The whole cells of the raster that a box touches."""
    a, _, west, _, e, north = coverage.transform
    if box is None:
        box = Box(*coverage.bounds, crs)
    left = max(math.floor((box.west - west) / a + EDGE_SHARE), 0)
    right = min(math.ceil((box.east - west) / a - EDGE_SHARE), coverage.width)
    top = max(math.floor((box.north - north) / e + EDGE_SHARE), 0)
    bottom = min(math.ceil((box.south - north) / e - EDGE_SHARE), coverage.height)
    columns, rows = right - left, bottom - top
    if columns <= 0 or rows <= 0:
        return None
    found = Box(west + a * left, north + e * bottom, west + a * right, north + e * top, crs)
    return Grid(found, columns, rows, (left, top, columns, rows))


def _other(coverage: Coverage, box: Box | None, crs: Crs, extent: Bbox) -> Grid | None:
    """A grid of another CRS, with cells as large as those of the raster in the middle."""
    whole = box_of(crs, extent)
    box = box or whole
    west, east = max(box.west, whole.west), min(box.east, whole.east)
    south, north = max(box.south, whole.south), min(box.north, whole.north)
    if west >= east or south >= north:
        return None
    found = Box(west, south, east, north, crs)
    across, along = metres_per_unit(crs, *middle(found))
    a, _, _, _, e, _ = coverage.transform
    width = max(round((east - west) * across / a), 1)
    height = max(round((north - south) * along / -e), 1)
    return Grid(found, width, height, None)


def _scaled(params: Mapping[str, str], grid: Grid, most: int) -> Grid:
    named = [name for name in ("scale-factor", "scale-axes", "scale-size") if name in params]
    if len(named) > 1:
        raise BadParameter(f"Parameters {' and '.join(named)} both name the scale; give one.")
    if named:
        width, height = _size(named[0], params[named[0]], grid)
        if width * height > most:
            raise BadParameter(
                f"Parameter {named[0]}: {width} x {height} cells; an answer has at most {most}:"
                " give a smaller box or a coarser scale."
            )
    else:
        factor = max(math.sqrt(grid.width * grid.height / most), 1.0)
        width, height = int(grid.width / factor) or 1, int(grid.height / factor) or 1
    return Grid(grid.box, width, height, grid.window)


def _size(name: str, value: str, grid: Grid) -> tuple[int, int]:
    whole = (grid.width, grid.height)
    if name == "scale-factor":
        factor = _positive(name, value)
        return _cells(whole[0] / factor), _cells(whole[1] / factor)
    found = _by_axis(name, value)
    if name == "scale-axes":
        width, height = (whole[i] / found.get(i, 1.0) for i in (0, 1))
    else:
        width, height = (found.get(i, float(whole[i])) for i in (0, 1))
    return _cells(width), _cells(height)


def _cells(number: float) -> int:
    return max(round(min(number, 1e9)), 1)


def _by_axis(name: str, value: str) -> dict[int, float]:
    found: dict[int, float] = {}
    rest = value
    while rest:
        part = _AXIS.match(rest)
        axis = _AXES.get(part[1].lower()) if part else None
        if part is None or axis is None or axis in found:
            raise BadParameter(
                f"Parameter {name}: {rest[:80]!r} is not like E(200),N(100) or Lon(2),Lat(2)."
            )
        found[axis] = _positive(name, part[2].strip())
        rest = rest[part.end() :]
    if not found:
        raise BadParameter(f"Parameter {name}: it names no axis; write it like E(200),N(100).")
    return found


def _positive(name: str, value: str) -> float:
    if not read.NUMBER.fullmatch(value) or not 1e-6 < float(value) < 1e9:
        raise BadParameter(f"Parameter {name}: {value[:80]!r} is not a positive number.")
    return float(value)
