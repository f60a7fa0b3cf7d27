"""A file opened for one layer: its columns matched, its coordinates placed in the area."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
import shapely

from layers.errors import CorruptSource, RefusedLoad
from layers.ingest.vector import place
from layers.ingest.vector.features import Features, table_shapes
from layers.ingest.vector.findings import Findings
from layers.ingest.vector.geometry import Judge, sample, straight
from layers.ingest.vector.mapping import Mapping
from layers.ingest.vector.matching import Matching, match
from layers.ingest.vector.place import Placing
from layers.ingest.vector.source import (
    SAMPLED,
    Batch,
    Source,
    batches,
    linearised,
    open_source,
)
from layers.message import message
from layers.model import Area, Layer

DEGREES = "EPSG:4326"


class Named(Protocol):
    """What the person who loads has said about the file."""

    @property
    def source_layer(self) -> str | None:
        """The layer of the file."""

    @property
    def encoding(self) -> str | None:
        """The encoding of its text."""

    @property
    def crs(self) -> str | None:
        """Its CRS."""


@dataclass(frozen=True)
class Opened:
    """A file that fits a layer and an area as a whole."""

    layer: Layer
    area: Area
    mapping: Mapping
    source: Source
    matching: Matching
    way: Placing

    def batches(self) -> Iterator[Batch]:
        """Yield the features of the source in its order."""
        return batches(self.source)

    def features(self) -> Features:
        """Return what turns the batches into frames."""
        found = Findings()
        judge = Judge(
            self.layer.geometry, self.way, place.box(self.area), self.mapping.rules, found
        )
        return Features(self.layer, self.area, self.mapping, self.matching, judge, found)

    def linearise(self, names: np.ndarray) -> np.ndarray:
        """Return the shapes of features with arcs, drawn by straight lines."""
        return linearised(self.source, names)


def open_for(layer: Layer, file: Path, area: Area, mapping: Mapping, named: Named) -> Opened:
    """Open a file for a layer; raises MissingSource, CorruptSource, RefusedLoad saying what to do.

    Its CRS is the one that the file, or else `named`, says; never a guessed one.
    """
    source = open_source(file, layer=named.source_layer, given=named.encoding)
    reading = batches(source)
    first = next(reading, None)
    if first is None:
        raise CorruptSource(message("load.no_features", file=file.name))
    columns = [str(c) for c in first.attributes.columns]
    table = not _has_shapes(first)
    matching = match(
        layer, columns, mapping, table=table, shapefile=source.driver == "ESRI Shapefile"
    )
    if table and matching.coordinates is None and mapping.rules.null_geometry == "refuse":
        raise RefusedLoad(message("file.no_places", file=file.name, columns=columns))
    reading.close()
    points = _sample(source, first, matching)
    crs = named.crs or (source.crs if not table else None)
    if crs is None and matching.geographic:
        crs = DEGREES
    if crs is None:
        if len(points):
            raise place.missing_crs(points, area, file.name)
        crs = DEGREES  # without any coordinates, none is needed
    way = place.placing(crs)
    place.require_place(way, points, area)
    return Opened(layer, area, mapping, source, matching, way)


def _has_shapes(batch: Batch) -> bool:
    return batch.wkb is not None and any(w is not None for w in batch.wkb)


def _sample(source: Source, first: Batch, matching: Matching) -> np.ndarray:
    """Return a point (n, 2) of each of some of the first features."""
    where = matching.coordinates
    if where is not None:
        part: pd.DataFrame = first.attributes.head(SAMPLED)
        return sample(table_shapes(part, where.x, where.y, where.wkt), SAMPLED)
    if first.wkb is None:
        return np.empty((0, 2))
    wkb = straight(first.wkb, first.attributes.index.to_numpy(), lambda n: linearised(source, n))
    return sample(np.asarray(shapely.from_wkb(wkb, on_invalid="ignore")), SAMPLED)
