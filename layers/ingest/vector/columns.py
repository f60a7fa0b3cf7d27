"""Columns of a source: of Arrow, or of objects where their text was in an encoding of its own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from layers.rows import Values


def objects(column: Values) -> np.ndarray:
    """Return the values of a column as objects, None where there is none."""
    if isinstance(column, np.ndarray):
        return column
    made = np.empty(len(column), dtype=object)
    found = column.to_pylist()
    if pa.types.is_nested(column.type):
        for i, value in enumerate(found):  # at once, NumPy would take lists apart
            made[i] = value
    else:
        made[:] = found
    return made


def recoded(text: str, recode: str | None) -> str:
    """Return a text as it was meant; `recode` says what its letters were as bytes."""
    return text.encode("latin-1").decode(recode) if recode else text


def plain(column: np.ndarray, recode: str) -> np.ndarray:
    """Return a column of NumPy as objects, as it was meant, None where there is none."""
    found = pd.Series(column).astype(object).where(pd.notna(column), None).to_numpy(copy=True)
    for i, value in enumerate(found):
        if isinstance(value, str):
            found[i] = recoded(value, recode)
    return found


def decoded(column: pa.Array, recode: str | None) -> Values:
    """Return a column of Arrow as it was meant, of objects where its letters were decoded."""
    if recode is None or not pa.types.is_string(column.type):
        return column
    found = objects(column)
    found[:] = [None if v is None else recoded(v, recode) for v in found]
    return found
