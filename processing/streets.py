"""Streets as the edges of a network, for one way of moving: on foot, by bicycle or by car."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.message import message
from processing.checks import (
    first_ids,
    require_columns,
    require_geometry,
    require_rows,
    require_unique_index,
)
from processing.crs import require_metric
from processing.errors import BadGeometry

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Geometries = NDArray[Any]

Mode = Literal["foot", "bicycle", "car"]

NONE = -1
"""Stands for "no edge", "no node", "no facility" in integer arrays."""


@dataclass(frozen=True, slots=True)
class Streets:
    """Passable streets in the order of their ids; lengths in metres of the metric CRS.

    `start` and `end` are junctions, numbered 0 .. node_count - 1. `forward` and `backward` tell
    whether one may go along and against the line. A main road that may not be crossed is there
    twice: `right` is the edge of the pavement on the right of its line, NONE for other streets.
    `barriers` are lines that nothing may cross.
    """

    ids: Ints
    lines: Geometries
    length_m: Floats
    start: Ints
    end: Ints
    node_count: int
    forward: Bools
    backward: Bools
    right: Ints
    barriers: Geometries


def walkable(streets: GeoDataFrame) -> Streets:
    """Return the streets that may be walked (`foot` is true), in both directions."""
    return passable(streets, "foot")


def passable(streets: GeoDataFrame, mode: Mode) -> Streets:
    """Return the streets open to a way of moving.

    Parameters: LineStrings in a metric CRS, unique ids as index, the columns `node_from`, `node_to`
    (integers: equal numbers are the same junction, whatever the coordinates say, so a bridge does
    not join the street below it) and one named as the mode (boolean; missing is no). Bicycles and
    cars keep to `oneway` (forward, backward; anything else is both ways) where there is that
    column; walkers do not. Lengths are measured, not read.

    Raises NotProjected, MissingColumn, BadGeometry, and EmptyInput when nothing is open.
    """
    require_streets(streets, mode)
    kept = streets[flags(streets, mode) & drawn(streets)].sort_index()
    kind = message("input.walkable") if mode == "foot" else message("input.open_to", mode=mode)
    require_rows(kept, name=kind, remedy=message("input.load_streets"))
    return edges(kept, mode)


def require_streets(streets: GeoDataFrame, *columns: str) -> None:
    """Raise NotProjected, MissingColumn, RepeatedId or BadGeometry for what is no network."""
    name = "streets"
    require_metric(streets, name=name)
    require_columns(streets, (*columns, "node_from", "node_to"), name=name)
    require_unique_index(streets, name=name)
    require_geometry(streets, ("LineString",), name=name)


def flags(frame: GeoDataFrame, column: str) -> Bools:
    """Return a boolean column, false where it is not known."""
    known: Bools = frame[column].fillna(False).astype(bool).to_numpy()
    return known


def drawn(frame: GeoDataFrame) -> Bools:
    """Tell which rows have a geometry."""
    there: Bools = (~frame.geometry.isna() & ~frame.geometry.is_empty).to_numpy()
    return there


def edges(kept: GeoDataFrame, mode: Mode) -> Streets:
    """Return these rows as edges; raises BadGeometry for what cannot be joined or measured."""
    lines = np.asarray(kept.geometry.values)
    length = shapely.length(lines)
    if not np.isfinite(length).all():
        broken = kept.index[~np.isfinite(length)]
        said = {"what": message("input.layer", layer="streets"), "ids": first_ids(broken)}
        raise BadGeometry(message("input.not_numbers", **said))
    if kept[["node_from", "node_to"]].isna().to_numpy().any():
        what = message("input.layer", layer="streets")
        raise BadGeometry(message("input.unjoined", what=what))
    ends = kept[["node_from", "node_to"]].to_numpy(dtype=np.int64)
    nodes, numbers = np.unique(ends, return_inverse=True)
    numbers = numbers.reshape(ends.shape)
    forward, backward = _directions(kept, mode)
    return Streets(
        ids=kept.index.to_numpy(dtype=np.int64),
        lines=lines,
        length_m=length,
        start=numbers[:, 0],
        end=numbers[:, 1],
        node_count=len(nodes),
        forward=forward,
        backward=backward,
        right=np.full(len(kept), NONE, dtype=np.int64),
        barriers=np.empty(0, dtype=object),
    )


def _directions(kept: GeoDataFrame, mode: Mode) -> tuple[Bools, Bools]:
    if mode == "foot" or "oneway" not in kept.columns:
        both = np.ones(len(kept), dtype=bool)
        return both, both
    said = kept["oneway"].astype(object).fillna("").to_numpy()
    return said != "backward", said != "forward"
