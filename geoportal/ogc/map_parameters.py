"""From the parameters of a map request to its view: OGC API - Maps, scaling and subsetting."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from geoportal.errors import BadParameter
from geoportal.maps.colour import Colour, parse_colour
from geoportal.maps.view import (
    PIXEL_MM,
    OutsideCrs,
    View,
    box_of,
    from_lon_lat,
    lon_lat,
    metres_per_unit,
    middle,
)
from geoportal.ogc import parameters as read
from geoportal.ogc.crs import parse_crs
from layers.model import STORED_SRID
from layers.query import Box, Crs
from layers.version import Bbox

DEFAULT_SIDE = 1024
LEAST_PIXEL_M = 1e-4
MARGIN = 0.04
"""Share of an extent that is added around it when a picture shows the whole."""
MOST_SIDE = 4096
MOST_PIXELS = 8_388_608
"""Most pixels of a picture: 32 MB while it is painted."""

WHITE: Colour = (255, 255, 255, 1.0)

_SUBSET = re.compile(r"\s*([A-Za-z]+)\(([^():]+)(?::([^():]+))?\)\s*(?:,|$)")
_TIME = re.compile(r"\s*time\((.+?)\)\s*(?:,|$)")
_AXES = {"lon": 0, "e": 0, "x": 0, "long": 0, "lat": 1, "n": 1, "y": 1}
_HEX = re.compile(r"(?:0x|#)?([0-9a-f]{6})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Size:
    """What a request says of size and scale; None = nothing."""

    width: int | None
    height: int | None
    scale: float | None
    pixel_mm: float

    @property
    def given(self) -> bool:
        """True when a side is given."""
        return self.width is not None or self.height is not None


def parse_view(params: Mapping[str, str], extent: Bbox) -> View:
    """Return what the picture shall show; `extent` in degrees when the request does not say.

    Raises BadParameter.
    """
    crs = parse_crs("crs", params.get("crs"))
    size = _size(params)
    extent = _with_margin(extent)
    try:
        box, centre = _place(params, crs, extent)
        if box is not None and size.scale is not None and size.given:
            raise BadParameter(
                "Parameter scale-denominator: with a box and a size the scale follows;"
                " leave one of the three out."
            )
        if box is None and centre is None and (size.scale is None or not size.given):
            box = box_of(crs, extent)
        if box is not None:
            return _of_box(box, size)
        return _around(centre or middle(box_of(crs, extent)), crs, size, extent)
    except OutsideCrs as error:
        raise BadParameter(
            f"Parameter crs: the place of the picture lies where {crs.uri} has none ({error})."
        ) from None


def _with_margin(extent: Bbox) -> Bbox:
    west, south, east, north = extent
    across, along = (east - west) * MARGIN, (north - south) * MARGIN
    return (
        max(west - across, -180), max(south - along, -85),
        min(east + across, 180), min(north + along, 85),
    )  # fmt: skip


def _size(params: Mapping[str, str]) -> Size:
    pixel_mm = _positive("mm-per-pixel", params) or PIXEL_MM
    if not PIXEL_MM / 8 <= pixel_mm <= PIXEL_MM * 8:
        raise BadParameter(f"Parameter mm-per-pixel: {pixel_mm:g} is not from 0.035 to 2.24.")
    return Size(
        width=_side("width", params),
        height=_side("height", params),
        scale=_positive("scale-denominator", params),
        pixel_mm=pixel_mm,
    )


def _side(name: str, params: Mapping[str, str]) -> int | None:
    value = params.get(name)
    if value is None:
        return None
    found = read.parse_integer(name, value, least=1)
    if found > MOST_SIDE:
        raise BadParameter(f"Parameter {name}: a picture has at most {MOST_SIDE} pixels a side.")
    return found


def _positive(name: str, params: Mapping[str, str]) -> float | None:
    value = params.get(name)
    if value is None:
        return None
    if not read.NUMBER.fullmatch(value) or not 1e-6 <= float(value) < 1e12:
        raise BadParameter(f"Parameter {name}: {value[:80]!r} is not between 0.000001 and 1e12.")
    return float(value)


def _place(
    params: Mapping[str, str], crs: Crs, extent: Bbox
) -> tuple[Box | None, tuple[float, float] | None]:
    """Return the box or the centre in the CRS of the picture; neither when none is given."""
    named = [name for name in ("bbox", "center", "subset") if name in params]
    subset = _subset(params, extent) if "subset" in params else None
    if subset is None and "subset" in named:
        named.remove("subset")  # of the time only
    if len(named) > 1:
        raise BadParameter(f"Parameters {' and '.join(named)} both name the place; give one.")
    for name in ("center-crs", "subset-crs"):
        parse_crs(name, params.get(name))
    box = read.parse_bbox(params.get("bbox"), params.get("bbox-crs")) or subset
    if box is not None:
        return _moved(box, crs), None
    if "center" in params:
        return None, _centre(params, crs)
    return None, None


def parse_box(params: Mapping[str, str], crs: Crs, extent: Bbox) -> Box | None:
    """Return the box that `bbox` or `subset` names, in `crs`; None when none does.

    Raises BadParameter and OutsideCrs; `extent` in degrees is what an axis not named keeps.
    """
    return _place(params, crs, extent)[0]


def _moved(box: Box, crs: Crs) -> Box:
    """Return a box in the CRS of the picture.

    Raises BadParameter for one without an area, or over the antimeridian.
    """
    width, height = box.east - box.west, box.north - box.south
    if width < 0 and box.crs.srid == STORED_SRID:
        raise BadParameter(
            "The box goes over the antimeridian, which one answer cannot; ask for two, one up to"
            " 180 degrees east and one from 180 degrees west."
        )
    if not (width > 0 and height > 0 and math.isfinite(width * height)):
        raise BadParameter("Parameter bbox: a picture needs a box with a width and a height.")
    if box.crs.srid == crs.srid:
        return replace(box, crs=crs)
    # Along its edges: the box around them in the other CRS.
    steps = [i / 16 for i in range(17)]
    edge = [
        *((box.west + width * t, y) for t in steps for y in (box.south, box.north)),
        *((x, box.south + height * t) for t in steps for x in (box.west, box.east)),
    ]
    places = [from_lon_lat(crs, *lon_lat(box.crs, *place)) for place in edge]
    xs, ys = [x for x, _ in places], [y for _, y in places]
    return Box(min(xs), min(ys), max(xs), max(ys), crs)


def _centre(params: Mapping[str, str], crs: Crs) -> tuple[float, float]:
    value = params["center"]
    parts = value.split(",")
    if len(parts) != 2 or not all(read.NUMBER.fullmatch(part.strip()) for part in parts):
        raise BadParameter(f"Parameter center: {value[:80]!r} is not two numbers.")
    system = parse_crs("center-crs", params.get("center-crs"))
    x, y = (float(part) for part in (reversed(parts) if system.flip else parts))
    if not (math.isfinite(x) and math.isfinite(y)):
        raise BadParameter("Parameter center: a number is too large.")
    return (x, y) if system.srid == crs.srid else from_lon_lat(crs, *lon_lat(system, x, y))


def _subset(params: Mapping[str, str], extent: Bbox) -> Box | None:
    """Return the box of `subset=Lat(53:54),Lon(30:31)`; an axis not named keeps the extent."""
    system = parse_crs("subset-crs", params.get("subset-crs"))
    rest = _TIME.sub("", params["subset"])
    found: dict[int, tuple[float, float]] = {}
    while rest:
        part = _SUBSET.match(rest)
        axis = _AXES.get(part[1].lower()) if part else None
        if part is None or axis is None or axis in found:
            raise BadParameter(
                f"Parameter subset: {rest[:80]!r} is not like Lat(53:54),Lon(30:31) or E(..),N(..)."
            )
        low, high = part[2].strip(), (part[3] or part[2]).strip()
        if not (read.NUMBER.fullmatch(low) and read.NUMBER.fullmatch(high)):
            raise BadParameter(f"Parameter subset: {part[0][:80]!r} is no interval of numbers.")
        found[axis] = float(low), float(high)
        rest = rest[part.end() :]
    if not found:
        return None
    whole = box_of(system, extent)
    west, east = found.get(0, (whole.west, whole.east))
    south, north = found.get(1, (whole.south, whole.north))
    return Box(west, south, east, north, system)


def subset_time(params: Mapping[str, str]) -> str | None:
    """Return the time of `subset=time("2024-01-01":"2024-06-30")` as `datetime` writes it."""
    found = _TIME.search(params.get("subset", ""))
    if found is None:
        return None
    ends = re.fullmatch(r'"([^"]+)"(?::"([^"]+)")?', found[1].strip())
    if ends is None:
        raise BadParameter(f'Parameter subset: {found[0][:80]!r} is not like time("2024-01-01").')
    return ends[1] if ends[2] is None else f"{ends[1]}/{ends[2]}"


def _of_box(box: Box, size: Size) -> View:
    """Return the view of a box: pixels are square on the ground unless both sides are given."""
    across, along = metres_per_unit(box.crs, *middle(box))
    width_m, height_m = across * (box.east - box.west), along * (box.north - box.south)
    width, height = size.width, size.height
    if width is None and height is None:
        if size.scale is None:
            pixel_m = max(width_m, height_m) / DEFAULT_SIDE
        else:
            pixel_m = size.scale * size.pixel_mm / 1000
        width, height = _pixels(width_m / pixel_m), _pixels(height_m / pixel_m)
    elif height is None:
        height = _pixels((width or 1) * height_m / width_m)
    elif width is None:
        width = _pixels(height * width_m / height_m)
    return _checked(View(box, width or 1, height, size.pixel_mm))


def _around(centre: tuple[float, float], crs: Crs, size: Size, extent: Bbox) -> View:
    """Return the view around a place; without a scale, that of a picture of the whole."""
    across, along = metres_per_unit(crs, *centre)
    if size.scale is not None:
        pixel_m = size.scale * size.pixel_mm / 1000
    else:
        pixel_m = _of_box(box_of(crs, extent), Size(None, None, None, size.pixel_mm)).ground_m
    width = size.width or size.height or DEFAULT_SIDE
    height = size.height or size.width or DEFAULT_SIDE
    half_x, half_y = width * pixel_m / across / 2, height * pixel_m / along / 2
    x, y = centre
    box = Box(x - half_x, y - half_y, x + half_x, y + half_y, crs)
    return _checked(View(box, width, height, size.pixel_mm))


def _pixels(number: float) -> int:
    return max(min(round(number), 10 * MOST_SIDE), 1)


def _checked(view: View) -> View:
    across, along = metres_per_unit(view.box.crs, *middle(view.box))
    width, height = view.pixel_size
    if min(width * across, height * along) < LEAST_PIXEL_M:
        raise BadParameter(
            "The picture would show less than a tenth of a millimetre per pixel, closer than any"
            " data are; give a larger box or scale."
        )
    if max(view.width, view.height) > MOST_SIDE or view.width * view.height > MOST_PIXELS:
        raise BadParameter(
            f"The picture would have {view.width} x {view.height} pixels; at most {MOST_SIDE} a"
            f" side and {MOST_PIXELS} together: give another size, smaller scale or smaller box."
        )
    return view


def parse_background(params: Mapping[str, str], *, opaque: bool) -> tuple[Colour, Colour]:
    """Return the colours where nothing is and beyond the world; `opaque` = the format must be."""
    colour = _colour("bgcolor", params)
    clear = _boolean("transparent", params, colour is None) and not opaque
    back = (*(colour or WHITE)[:3], 0.0 if clear else 1.0)
    void = _colour("void-color", params)
    clear = _boolean("void-transparent", params, clear) and not opaque
    return back, (*(void or back)[:3], 0.0 if clear else 1.0)


def _boolean(name: str, params: Mapping[str, str], default: bool) -> bool:
    value = params.get(name)
    return default if value is None else read.parse_boolean(name, value)


def _colour(name: str, params: Mapping[str, str]) -> Colour | None:
    value = params.get(name)
    if value is None:
        return None
    try:
        if digits := _HEX.fullmatch(value):
            return parse_colour(f"#{digits[1]}")
        if value.isascii() and value.isalpha():
            return parse_colour(value.lower())
    except ValueError:
        pass
    raise BadParameter(f"Parameter {name}: {value[:40]!r} is neither 0xRRGGBB nor a web colour.")
