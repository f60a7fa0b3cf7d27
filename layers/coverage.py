"""Coverages: what is known of the loaded raster of an area without reading its cells."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from layers.errors import UnknownLayer
from layers.model import Area, Text
from layers.raster import Affine, RasterDefinition, get_raster
from layers.version import RASTER_COLUMNS, Version

LOGGER = logging.getLogger(__name__)

SELECT_COVERAGES = (
    f"SELECT {RASTER_COLUMNS}, srid, width, height, bounds"  # noqa: S608 - constants
    " FROM layers.raster ORDER BY raster, area"
)
"""What `Coverage.from_row` reads, of layers.raster."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The raster of one area: its grid (north up, in EPSG:`srid`, metres) and its version.

    `bounds` = west, south, east, north of the outer edges of the cells.
    """

    definition: RasterDefinition
    area: Area
    version: Version
    srid: int
    width: int
    height: int
    bounds: tuple[float, float, float, float]

    @classmethod
    def from_row(cls, row: Sequence[Any], areas: dict[str, Area]) -> Coverage | None:
        """Make one from a row of SELECT_COVERAGES; None when this release does not know it."""
        *known, srid, width, height, bounds = row
        version = Version.from_row(tuple(known))
        try:
            definition = get_raster(version.layer)
        except UnknownLayer as error:
            LOGGER.warning("a loaded raster is not published: %s", error)
            return None
        west, south, east, north = bounds
        area = areas[version.area]
        return cls(definition, area, version, srid, width, height, (west, south, east, north))

    @property
    def id(self) -> str:
        """The id of its collection; the dot cannot be in the id of a layer."""
        return f"{self.definition.id}.{self.area.id}"

    @property
    def title(self) -> Text:
        """Its title with that of its area."""
        one, other = self.definition.title, self.area.title
        return Text(
            be=f"{one.be} ({other.be})", ru=f"{one.ru} ({other.ru})", en=f"{one.en} ({other.en})"
        )

    @property
    def transform(self) -> Affine:
        """From (column, row) of a cell's corner to metres."""
        west, south, east, north = self.bounds
        return (east - west) / self.width, 0, west, 0, (south - north) / self.height, north

    @property
    def attribution(self) -> str:
        """Whom to name: of what is loaded, else of the definition."""
        return self.version.attribution or self.definition.attribution
