"""A file looked through once: its columns, the type of its geometries, where they lie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import shapely
from shapely import Polygon

from layers.area import seed_areas
from layers.draft.columns import Column
from layers.errors import CorruptSource, RefusedLoad
from layers.ingest.vector import place
from layers.ingest.vector.features import table_shapes
from layers.ingest.vector.geometry import sample, straight
from layers.ingest.vector.mapping import Coordinates
from layers.ingest.vector.matching import _coordinates as coordinates_among
from layers.ingest.vector.place import Placing
from layers.ingest.vector.source import (
    SAMPLED,
    Batch,
    Source,
    batches,
    linearised,
    open_source,
    require_unchanged,
)
from layers.model import COUNTRY, GeometryType

Box = tuple[float, float, float, float]

EXAMPLES = 3
MOST_POINTS = 200
"""Vertices of a shape that may stand in a sample."""

DEGREES = "EPSG:4326"

# shapely's type ids.
_SINGLE: dict[int, GeometryType] = {
    0: "Point", 1: "LineString", 3: "Polygon",
    4: "MultiPoint", 5: "MultiLineString", 6: "MultiPolygon",
}  # fmt: skip
_MULTI = {0: 4, 1: 5, 2: 5, 3: 6}


@dataclass(frozen=True)
class Asked:
    """What the person who drafts has said; `crs_said` is what the metadata beside the file say."""

    source_layer: str | None = None
    crs: str | None = None
    encoding: str | None = None
    crs_said: str | None = None


@dataclass(frozen=True)
class Example:
    """One feature: its values by column, its shape in EPSG:4326."""

    values: dict[str, object]
    shape: shapely.Geometry


@dataclass
class Survey:
    """What a file holds; `bbox` in degrees (CRS84), None when no feature has a place.

    `named_crs` is the CRS that the file does not say, so that a load must be told it too.
    `spare` is made of a part of a feature, for a file in which none is sound and short.
    """

    source: Source
    way: Placing
    coordinates: Coordinates | None
    columns: dict[str, Column]
    named_crs: str | None = None
    rows: int = 0
    kinds: set[int] = field(default_factory=set)
    bbox: Box | None = None
    examples: list[Example] = field(default_factory=list)
    spare: Example | None = None

    @property
    def geometry(self) -> GeometryType:
        """The type that every geometry fits: multi where single and multi ones are mixed."""
        kinds = {1 if kind == 2 else kind for kind in self.kinds}
        if len(kinds) == 1 and (kind := next(iter(kinds))) in _SINGLE:
            return _SINGLE[kind]
        multi = {_MULTI.get(kind, kind) for kind in kinds}
        return _SINGLE.get(multi.pop(), "Geometry") if len(multi) == 1 else "Geometry"


def survey(file: Path, asked: Asked) -> Survey:
    """Look through a file of any form that a load reads.

    Its CRS is the one that is asked for, or that the file or its metadata say; never a guessed one.
    Raises MissingSource, CorruptSource, RefusedLoad saying what to do.
    """
    source = open_source(file, layer=asked.source_layer, given=asked.encoding)
    reading = batches(source)
    first = next(reading, None)
    reading.close()
    if first is None:
        raise CorruptSource(f"{file.name} has no features; ask its supplier for them")
    names = [str(one) for one in first.attributes.columns]
    table = first.wkb is None or not any(one is not None for one in first.wkb)
    where, geographic = coordinates_among(names) if table else (None, False)
    if table and where is None:
        raise RefusedLoad(
            f"{file.name} has neither geometries nor columns with coordinates (it has"
            f" {', '.join(names)}); name the columns x and y, lon and lat, or wkt"
        )
    points = sample(_shapes(source, first, where), SAMPLED)
    way = _placed(source, asked, points, DEGREES if geographic else None)
    used = [one for one in (where.x, where.y, where.wkt) if one] if where else []
    columns = {one: Column(one) for one in names if one not in used}
    said = source.crs or geographic
    named = asked.crs or (None if said else asked.crs_said)
    found = Survey(source, way, where, columns, named)
    for batch in batches(source):
        _look(found, batch)
    require_unchanged(source)
    if not found.examples and found.spare is not None:
        found.examples = [found.spare]
    if found.bbox is None:
        raise CorruptSource(_nowhere(file, where))
    return found


def _nowhere(file: Path, where: Coordinates | None) -> str:
    if where is None:
        return f"{file.name} has no feature with a place on earth; ask its supplier for it"
    columns = ", ".join(one for one in (where.x, where.y, where.wkt) if one)
    return (
        f"{file.name} has no line whose coordinates ({columns}) can be read; write them as numbers,"
        " as 54°30'15\", or as WKT"
    )


def _placed(source: Source, asked: Asked, points: np.ndarray, degrees: str | None) -> Placing:
    crs = asked.crs or source.crs or degrees or asked.crs_said
    country = seed_areas()[COUNTRY]
    if crs is None:
        raise place.missing_crs(points, country, source.file.name)
    way = place.placing(crs)
    # Data of another country may be drafted; axes that are swapped may not.
    box = place.box(country)
    there, swapped = (
        place.within(way.transform(one), box).mean() > 0.5 if len(one) else False
        for one in (points, points[:, ::-1])
    )
    if swapped and not there:
        place.require_place(way, points, country)
    return way


def _shapes(source: Source, batch: Batch, where: Coordinates | None) -> np.ndarray:
    if where is not None:
        return np.asarray(table_shapes(batch.attributes, where.x, where.y, where.wkt))
    if batch.wkb is None:
        return np.full(len(batch.attributes), None, dtype=object)
    ids = batch.attributes.index.to_numpy()
    wkb = straight(batch.wkb, ids, lambda found: linearised(source, found))
    return np.asarray(shapely.from_wkb(wkb, on_invalid="ignore"), dtype=object)


def _look(found: Survey, batch: Batch) -> None:
    table: pd.DataFrame = batch.attributes
    found.rows += len(table)
    for name, column in found.columns.items():
        if name in table:
            column.look(table[name].tolist())
    shapes = _shapes(found.source, batch, found.coordinates)
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    if not there.any():
        return
    found.kinds |= {int(kind) for kind in np.unique(shapely.get_type_id(shapes[there]))}
    bounds = shapely.bounds(shapes[there])
    corners = found.way.transform(np.vstack([bounds[:, pair] for pair in _CORNERS]))
    corners = corners[np.isfinite(corners).all(axis=1) & (abs(corners) <= (180, 90)).all(axis=1)]
    if len(corners):
        low, high = corners.min(axis=0), corners.max(axis=0)
        box = float(low[0]), float(low[1]), float(high[0]), float(high[1])
        found.bbox = _joined(found.bbox, box)
    lacking = EXAMPLES - len(found.examples)
    found.examples += islice(_examples(found, table, shapes, there), lacking)
    if not found.examples and found.spare is None:
        found.spare = next(_spares(found, table, shapes, there), None)


_CORNERS = ([0, 1], [2, 1], [2, 3], [0, 3])


def _joined(one: Box | None, other: Box) -> Box:
    if one is None:
        return other
    west, south, east, north = zip(one, other, strict=True)
    return min(west), min(south), max(east), max(north)


def _examples(
    found: Survey, table: pd.DataFrame, shapes: np.ndarray, there: np.ndarray
) -> Iterator[Example]:
    """Yield sound and short features."""
    for row in np.flatnonzero(there):
        shape = shapely.force_2d(shapes[row])
        if shapely.get_num_coordinates(shape) > MOST_POINTS or not shapely.is_valid(shape):
            continue
        if (example := _example(found, table, int(row), shape)) is not None:
            yield example


def _spares(
    found: Survey, table: pd.DataFrame, shapes: np.ndarray, there: np.ndarray
) -> Iterator[Example]:
    """Yield features with the largest part of their shape, drawn with few points."""
    for row in np.flatnonzero(there):
        parts = _parts(shapely.make_valid(shapely.force_2d(shapes[row])))
        most = max(shapely.get_dimensions(parts))
        part = max((p for p in parts if shapely.get_dimensions(p) == most), key=_size)
        if part.geom_type == "Polygon":
            part = Polygon(part.exterior)
        for share in (0.01, 0.1):
            if shapely.get_num_coordinates(part) > MOST_POINTS:
                part = part.simplify(share * _size(part))
        if (example := _example(found, table, int(row), part)) is not None:
            yield example


def _example(
    found: Survey, table: pd.DataFrame, row: int, shape: shapely.Geometry
) -> Example | None:
    placed = shapely.transform(shape, found.way.transform)
    finite = np.isfinite(shapely.get_coordinates(placed)).all()
    if placed.geom_type not in _SINGLE.values() or not finite:
        return None
    values = {name: table[name].iloc[row] for name in found.columns if name in table}
    return Example(values, placed)


def _parts(shape: shapely.Geometry) -> list[shapely.Geometry]:
    found = [shape]
    while any(hasattr(one, "geoms") for one in found):
        found = [part for one in found for part in getattr(one, "geoms", [one])]
    return found


def _size(shape: shapely.Geometry) -> float:
    west, south, east, north = shape.bounds
    return float(max(east - west, north - south))
