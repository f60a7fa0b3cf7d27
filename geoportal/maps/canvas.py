"""mapnik behind one door: a map that is built up layer by layer and painted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import mapnik
import numpy as np
import numpy.typing as npt
from PIL import Image

from geoportal.maps.brush import FONTSET
from geoportal.maps.colour import Colour, rgba

FACE = "DejaVu Sans Book"
"""The font that comes with mapnik: Latin, Cyrillic, and no other machine is asked for it."""

ENCODINGS = {"png": "png32", "jpeg": "jpeg85"}

CLEAR: Colour = (255, 255, 255, 0.0)

Row = tuple[int, bytes, Mapping[str, Any]]
"""Id, geometry as WKB, values."""

# A plane of pixels or metres: coordinates come as they are drawn, nothing is projected here.
_PLANE = "epsg:3857"


@cache
def _load_fonts() -> None:
    folder = Path(mapnik.__path__[0]) / "lib" / "mapnik" / "fonts"
    if not mapnik.FontEngine.register_fonts(str(folder), True):
        raise RuntimeError(f"mapnik has no fonts in {folder}")


class Canvas:
    """A picture in the making."""

    def __init__(self, size: tuple[int, int], box: Sequence[float], background: Colour) -> None:
        _load_fonts()
        self.map = mapnik.Map(*size)
        self.map.srs = _PLANE
        self.map.aspect_fix_mode = mapnik.aspect_fix_mode.RESPECT
        self.map.background = mapnik.Color(rgba(background))
        self.map.zoom_to_box(mapnik.Box2d(*box))
        # mapnik forgets the colour of what is fully transparent; whoever reads pixels may want it.
        self._clear = (
            background if background[3] == 0 and background[:3] != (255, 255, 255) else None
        )
        self._styles: list[str] = []
        self._layers: list[tuple[str, Any]] = []

    def source(self, names: Iterable[str], rows: Iterable[Row]) -> Any:
        """Return rows as a source of layers; every row has every name."""
        context = mapnik.Context()
        for name in names:
            context.push(name)
        found = mapnik.MemoryDatasource()
        for number, wkb, values in rows:
            feature = mapnik.Feature(context, number)
            feature.geometry = mapnik.Geometry.from_wkb(wkb)
            for name, value in values.items():
                feature[name] = value
            found.add_feature(feature)
        return found

    def add(self, name: str, symbolizers: str, source: Any, *, chosen: str | None = None) -> None:
        """Draw a source above what is there; only the rows whose value `chosen` is 1."""
        condition = f"<Filter>[{chosen}] = 1</Filter>" if chosen else ""
        self._styles.append(
            f"<Style name={quoteattr(name)}><Rule>{condition}{symbolizers}</Rule></Style>"
        )
        self._layers.append((name, source))

    def paint(self, format_: str, scale: float = 1.0) -> bytes:
        """Return the picture; signs and texts are `scale` times as large."""
        fonts = f'<FontSet name="{FONTSET}"><Font face-name="{FACE}"/></FontSet>'
        mapnik.load_map_from_string(self.map, f"<Map>{fonts}{''.join(self._styles)}</Map>")
        for name, source in self._layers:
            layer = mapnik.Layer(name, _PLANE)
            layer.datasource = source
            layer.styles.append(name)
            self.map.layers.append(layer)
        image = mapnik.Image(self.map.width, self.map.height)
        mapnik.render(self.map, image, scale)
        painted: bytes = image.to_string(ENCODINGS[format_])
        return painted if self._clear is None else coloured(painted, self._clear)


def coloured(png: bytes, colour: Colour) -> bytes:
    """Return a picture whose fully transparent pixels have a colour all the same."""
    with Image.open(BytesIO(png)) as image:
        pixels = np.array(image.convert("RGBA"))
    pixels[pixels[..., 3] == 0, :3] = [round(part) for part in colour[:3]]
    found = BytesIO()
    Image.fromarray(pixels).save(found, "PNG")
    return found.getvalue()


def stacked(background: Colour, cells: npt.NDArray[np.uint8], words: bytes, format_: str) -> bytes:
    """Return cells (rows, columns, RGBA) on a background and under a picture, as one picture."""
    *colour, opacity = background
    filled = (*(round(part) for part in colour), round(opacity * 255))
    picture = Image.new("RGBA", (cells.shape[1], cells.shape[0]), filled)
    picture.alpha_composite(Image.fromarray(cells))
    with Image.open(BytesIO(words)) as image:
        picture.alpha_composite(image.convert("RGBA"))
    found = BytesIO()
    if format_ == "png":
        picture.save(found, "PNG")
    else:
        picture.convert("RGB").save(found, "JPEG", quality=85)
    return found.getvalue()
