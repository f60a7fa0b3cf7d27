"""What a method asks of the frames it is given, said in one sentence when it is not so."""

from __future__ import annotations

from collections.abc import Iterable, Sized
from typing import TYPE_CHECKING

import numpy as np

from processing.errors import BadGeometry, BadValue, EmptyInput, MissingColumn, RepeatedId

if TYPE_CHECKING:
    from geopandas import GeoDataFrame


def require_columns(frame: GeoDataFrame, columns: Iterable[str], *, name: str) -> None:
    """Raise MissingColumn when the frame lacks one of the columns."""
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise MissingColumn(f"{name} has no column {', '.join(missing)}")


def require_rows(frame: Sized, *, name: str, remedy: str) -> None:
    """Raise EmptyInput, ending in the remedy, when the frame has no rows."""
    if not len(frame):
        raise EmptyInput(f"{name}: there are none; {remedy}")


def require_geometry(frame: GeoDataFrame, types: Iterable[str], *, name: str) -> None:
    """Raise BadGeometry naming the first ids whose geometry is of another type than `types`.

    Missing and empty geometries pass: what they mean is decided by each method.
    """
    allowed = tuple(types)
    geometry = frame.geometry
    wrong = frame[~(geometry.geom_type.isin(allowed) | geometry.isna() | geometry.is_empty)]
    if len(wrong):
        found = ", ".join(sorted(set(wrong.geometry.geom_type)))
        raise BadGeometry(
            f"{name}: needs {' or '.join(allowed)}, but ids {first_ids(wrong.index)} are {found}"
        )


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
                f"{name}: {column} of ids {first_ids(wrong)} is negative or infinite;"
                " correct it, or leave it empty where it is not known"
            )


def require_known(frame: GeoDataFrame, columns: Iterable[str], *, name: str) -> None:
    """Raise BadValue, naming the first ids, when a value of one of the columns is missing."""
    for column in columns:
        unknown = frame.index[frame[column].isna()]
        if len(unknown):
            raise BadValue(
                f"{name}: {column} of ids {first_ids(unknown)} is not known; load it, too"
            )


def require_unique_index(frame: GeoDataFrame, *, name: str) -> None:
    """Raise RepeatedId, naming the first of them, when an id of the index is there twice."""
    if not frame.index.is_unique:
        repeated = frame.index[frame.index.duplicated()].unique()
        raise RepeatedId(f"{name}: an id must be there once, but {first_ids(repeated)} repeat")


def first_ids(ids: Iterable[object], *, count: int = 5) -> str:
    """Return the first few ids as text for a message, with an ellipsis when there are more."""
    listed = [str(i) for i in ids]
    return ", ".join(listed[:count]) + (" ..." if len(listed) > count else "")
