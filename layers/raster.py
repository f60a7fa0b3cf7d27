"""Rasters: the frozen values of what is known of one, and of its cells.

Rasters belong to an area as layers do. One definition is one file, layers/rasters/ID.yml; the cells
of an area lie as one cloud-optimised GeoTIFF in the database (docs/decisions/0023-rasters.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

import yaml
from pydantic import StringConstraints, ValidationError, model_validator

from layers.errors import BadLayerFile, UnknownLayer
from layers.message import message
from layers.model import Licence, Name, Status, Supplier, Text, Theme, Value

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

FOLDER = Path(__file__).resolve().parent / "rasters"

Affine = tuple[float, float, float, float, float, float]
"""a, b, c, d, e, f of x = a * column + b * row + c, y = d * column + e * row + f."""


Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]


class RasterClass(Value):
    """One value of a raster of classes, and its colour on a map."""

    value: int
    name: Name
    title: Text
    colour: Colour


class Stop(Value):
    """A value of a colour ramp; between two stops the colour is mixed."""

    value: float
    colour: Colour


class RasterDefinition(Value):
    """Everything about one raster but its cells; `unit` is a UCUM code.

    A map draws classes in their colours, other values by `ramp`; `hillshade` = as lit ground.
    """

    id: Name
    theme: Theme
    title: Text
    description: Text
    unit: str
    kind: Literal["continuous", "classes"]
    status: Status
    supplier: Supplier
    licence: Licence
    attribution: str
    classes: tuple[RasterClass, ...] = ()
    ramp: tuple[Stop, ...] = ()
    hillshade: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.kind == "classes") != bool(self.classes):
            raise ValueError("a raster of classes lists them, another has none")
        values = [stop.value for stop in self.ramp]
        if self.kind == "continuous" and (len(values) < 2 or values != sorted(set(values))):
            raise ValueError("a continuous raster has a ramp of two or more rising values")
        return self


@dataclass(frozen=True, slots=True, eq=False)
class Raster:
    """Cells of one area, north up, in its metric CRS.

    `values` is a float32 array (rows, columns), row 0 in the north; `nodata` the value of cells
    that hold none (NaN for continuous rasters), None = every cell holds one. `transform` leads from
    (column, row) of a cell's corner to metres.
    """

    values: npt.NDArray[np.float32]
    transform: Affine
    crs: str
    nodata: float | None = None

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in metres."""
        a, _, c, _, e, f = self.transform
        rows, columns = self.values.shape
        return c, f + e * rows, c + a * columns, f


@cache
def load_rasters() -> Mapping[str, RasterDefinition]:
    """Return every raster definition by id; raises BadLayerFile naming the file."""
    return {one.id: one for one in map(_read, sorted(FOLDER.glob("*.yml")))}


def _read(file: Path) -> RasterDefinition:
    try:
        found = RasterDefinition.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (ValidationError, yaml.YAMLError) as error:
        said = str(error).splitlines()[0]
        raise BadLayerFile(f"{file}: {said}") from None
    if found.id != file.stem:
        raise BadLayerFile(f"{file}: the id {found.id} is not the name of the file")
    return found


def get_raster(raster_id: str) -> RasterDefinition:
    """Return the definition of that id; raises UnknownLayer."""
    known = load_rasters()
    if raster_id not in known:
        raise UnknownLayer(message("load.no_raster", raster=raster_id, rasters=list(known)))
    return known[raster_id]
