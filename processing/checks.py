"""What a method asks of the frames it is given, said in one sentence when it is not so."""

from __future__ import annotations

from collections.abc import Iterable, Sized
from typing import TYPE_CHECKING

import numpy as np

from layers.message import Message, message
from processing.errors import BadGeometry, BadValue, EmptyInput, MissingColumn, RepeatedId

if TYPE_CHECKING:
    from geopandas import GeoDataFrame


def require_columns(frame: GeoDataFrame, columns: Iterable[str], *, name: str) -> None:
    """Raise MissingColumn when the frame lacks one of the columns."""
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise MissingColumn(message("input.no_columns", what=said(name), columns=missing))


def said(name: str | Message) -> Message:
    """Return what a frame is called: the id of its layer, or a message as it is."""
    return message("input.layer", layer=name) if isinstance(name, str) else name


def require_rows(frame: Sized, *, name: str | Message, remedy: str | Message) -> None:
    """Raise EmptyInput, ending in the remedy, when the frame has no rows."""
    if not len(frame):
        raise EmptyInput(message("input.none", what=said(name), remedy=remedy))


def require_geometry(frame: GeoDataFrame, types: Iterable[str], *, name: str) -> None:
    """Raise BadGeometry naming the first ids whose geometry is of another type than `types`.

    Missing and empty geometries pass: what they mean is decided by each method.
    """
    allowed = tuple(types)
    geometry = frame.geometry
    wrong = frame[~(geometry.geom_type.isin(allowed) | geometry.isna() | geometry.is_empty)]
    if len(wrong):
        found = sorted(set(wrong.geometry.geom_type))
        raise BadGeometry(
            message(
                "input.types", what=said(name), types=[_shape(one) for one in allowed],
                ids=first_ids(wrong.index), found=[_shape(one) for one in found],
            )
        )  # fmt: skip


def _shape(geometry_type: str) -> Message:
    return message(f"shape.{geometry_type.lower()}")


def require_amounts(frame: GeoDataFrame, columns: Iterable[str], *, name: str) -> None:
    """Raise BadValue, naming the first ids, when a column holds a negative or infinite number.

    A column that is not there and a missing value pass: both mean "not known".
    """
    for column in columns:
        if column not in frame.columns:
            continue
        amount = frame[column].to_numpy(dtype=np.float64, na_value=np.nan)
        wrong = frame.index[(amount < 0) | np.isinf(amount)]
        if len(wrong):
            raise BadValue(
                message("input.amounts", what=said(name), column=column, ids=first_ids(wrong))
            )


def require_known(frame: GeoDataFrame, columns: Iterable[str], *, name: str) -> None:
    """Raise BadValue, naming the first ids, when a value of one of the columns is missing."""
    for column in columns:
        unknown = frame.index[frame[column].isna()]
        if len(unknown):
            raise BadValue(
                message("input.unknown", what=said(name), column=column, ids=first_ids(unknown))
            )


def require_unique_index(frame: GeoDataFrame, *, name: str) -> None:
    """Raise RepeatedId, naming the first of them, when an id of the index is there twice."""
    if not frame.index.is_unique:
        repeated = frame.index[frame.index.duplicated()].unique()
        raise RepeatedId(message("input.repeated", what=said(name), ids=first_ids(repeated)))


def first_ids(ids: Iterable[object], *, count: int = 5) -> str:
    """Return the first few ids as text for a message, with an ellipsis when there are more."""
    listed = [str(i) for i in ids]
    return ", ".join(listed[:count]) + (" ..." if len(listed) > count else "")
