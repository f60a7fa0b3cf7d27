"""Small maps of the report as SVG: shapes in a metric CRS, drawn in order, nothing else needed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

import geopandas as gpd
import numpy as np
import shapely

WIDTH = 480
"""Units of the picture's width; its height follows from the shape of the place."""
MARGIN = 0.02
SCALE_BARS_M = (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000)


@dataclass(frozen=True, slots=True)
class Paint:
    """One coat: geometries (a metric CRS) with a colour for each, or one for all.

    `width` is that of lines, of the outline of areas (0 = none), or the radius of points, in units
    of the picture.
    """

    shapes: gpd.GeoSeries
    colours: Sequence[str] | str
    width: float = 1.0
    opacity: float = 1.0


def draw(coats: Iterable[Paint], bounds: tuple[float, float, float, float]) -> str:
    """Return an SVG of the coats in the box `bounds` (west, south, east, north in metres)."""
    west, south, east, north = bounds
    side = max(east - west, north - south, 1.0)
    west, south, east, north = (
        west - MARGIN * side, south - MARGIN * side, east + MARGIN * side, north + MARGIN * side,
    )  # fmt: skip
    unit = (east - west) / WIDTH
    height = (north - south) / unit
    box = shapely.box(west, south, east, north)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}"'
        f' width="{WIDTH}" height="{height:.0f}" role="img">',
        f'<rect width="{WIDTH}" height="{height:.0f}" fill="#fafaf7"/>',
    ]
    for coat in coats:
        parts += _coat(coat, box, (west, north, unit))
    parts += [_scale_bar(unit, height), "</svg>"]
    return "".join(parts)


def _coat(coat: Paint, box: shapely.Polygon, frame: tuple[float, float, float]) -> Iterable[str]:
    shapes = coat.shapes.to_numpy()
    colours = np.broadcast_to(np.asarray(coat.colours, dtype=object), (len(shapes),))
    seen = ~shapely.is_missing(shapes) & shapely.intersects(shapes, box)
    yield f'<g opacity="{coat.opacity:g}" stroke-linejoin="round" stroke-linecap="round">'
    for colour in dict.fromkeys(colours[seen]):
        found = shapes[seen & (colours == colour)]
        yield from _marks(found, str(colour), coat.width, frame)
    yield "</g>"


def _marks(
    shapes: np.ndarray, colour: str, width: float, frame: tuple[float, float, float]
) -> Iterable[str]:
    kind = shapely.get_dimensions(shapes)
    ink = quoteattr(colour)
    areas, lines, points = (shapes[kind == n] for n in (2, 1, 0))
    if len(areas):
        stroke = f'stroke="#333" stroke-width="{width:g}"' if width else ""
        rings = shapely.get_rings(shapely.get_parts(areas))
        yield f'<path fill={ink} fill-rule="evenodd" {stroke} d="{_path(rings, frame)}"/>'
    if len(lines):
        path = _path(shapely.get_parts(lines), frame)
        yield f'<path fill="none" stroke={ink} stroke-width="{width:g}" d="{path}"/>'
    for x, y in _moved(shapely.get_coordinates(points), frame):
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{width:g}" fill={ink}/>'


def _path(lines: np.ndarray, frame: tuple[float, float, float]) -> str:
    coordinates, owner = shapely.get_coordinates(lines, return_index=True)
    moved = _moved(coordinates, frame)
    first = np.ones(len(owner), dtype=bool)
    first[1:] = np.diff(owner) != 0
    return "".join(
        f"{'M' if new else 'L'}{x:.1f} {y:.1f}" for new, (x, y) in zip(first, moved, strict=True)
    )


def _moved(xy: np.ndarray, frame: tuple[float, float, float]) -> np.ndarray:
    west, north, unit = frame
    return np.column_stack([(xy[:, 0] - west) / unit, (north - xy[:, 1]) / unit])


def _scale_bar(unit: float, height: float) -> str:
    length = max((m for m in SCALE_BARS_M if m / unit <= WIDTH / 4), default=SCALE_BARS_M[0])
    end, y = 10 + length / unit, height - 12
    said = f"{length} m" if length < 1_000 else f"{length // 1_000} km"
    return (
        f'<path d="M10 {y:.0f}H{end:.1f}" stroke="#222" stroke-width="2"/>'
        f'<text x="10" y="{y - 5:.0f}" font-family="DejaVu Sans, sans-serif" font-size="10"'
        f' fill="#222">{said}</text>'
    )
