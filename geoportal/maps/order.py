"""The order of a picture, as it goes to the process that paints it, and what comes back."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from geoportal.maps.colour import Colour
from geoportal.maps.view import View
from layers.model import Layer
from layers.query import Box, Filter
from layers.raster import RasterDefinition

Format = str
"""`png`, `jpeg` or `geotiff`."""

LENGTH = struct.Struct(">Q")
"""Before each message between server and painter: its length."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One layer of a picture: its style layers, which rows, and what must be said with it.

    `caption` = which part of the layer is shown, when it is not all of it;
    `always` = when the picture is farther away than the style begins, draw as it begins.
    """

    layer: Layer
    style: tuple[Mapping[str, Any], ...]
    rows: Filter
    attribution: str
    demonstration: bool = False
    caption: str = ""
    always: bool = False


@dataclass(frozen=True, slots=True)
class RasterSheet:
    """The raster of an area as one sheet: how it is coloured, and what must be said with it."""

    definition: RasterDefinition
    area: str
    attribution: str
    demonstration: bool = False
    caption: str = ""


@dataclass(frozen=True, slots=True)
class MapOrder:
    """A picture of layers, the first at the bottom.

    `tile` = a part of a larger picture: nothing is written on it, and signs reach over its edges;
    `void` = the colour beyond the world of the CRS, where it has a border; `warning` = what is
    written on the picture when demonstration data are in it.
    """

    view: View
    sheets: tuple[Sheet, ...]
    background: Colour
    void: Colour
    format: Format
    warning: str
    database_url: str
    timeout_s: float
    raster: RasterSheet | None = None
    tile: bool = False


@dataclass(frozen=True, slots=True)
class CoverageOrder:
    """Cells of the raster of an area, on a grid: the box of a CRS cut into width x height cells.

    `window` = column, row, columns, rows of the raster when the grid is its own, else None.
    """

    definition: RasterDefinition
    area: str
    box: Box
    width: int
    height: int
    window: tuple[int, int, int, int] | None
    format: str
    attribution: str
    database_url: str
    timeout_s: float


@dataclass(frozen=True, slots=True)
class LegendOrder:
    """A legend: its title, groups of entries as `geoportal.web.legend` gives them, a note."""

    title: str
    groups: tuple[Mapping[str, Any], ...]
    note: str


Order = MapOrder | CoverageOrder | LegendOrder


@dataclass(frozen=True, slots=True)
class Picture:
    """A painted picture or an encoded coverage.

    `cut` = how many features were left out because there were too many.
    """

    data: bytes
    cut: int = 0


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no picture: `timeout`, `database` or `value`, with a message of PostgreSQL."""

    reason: str
    message: str = ""
