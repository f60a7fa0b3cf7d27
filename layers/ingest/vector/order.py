"""The order of a source's features by their key, known before they are read: ids at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from layers.ingest.vector.mapping import Mapping
from layers.ingest.vector.matching import Matching
from layers.ingest.vector.source import Source, changed, column
from layers.rows import Values


@dataclass(frozen=True)
class Order:
    """Keys (n texts) of the features in the order of the source, and the ids (n) they shall have.

    `open`: some of the ids are new, and would be others if features were refused.
    """

    source: Source
    keys: pa.Array
    ids: np.ndarray
    open: bool

    def ids_of(self, start: int, count: int) -> np.ndarray:
        """Return the ids of some features from one on; raises CorruptSource beyond the end."""
        if start + count > len(self.ids):
            raise changed(self.source)
        return self.ids[start : start + count]

    def holds(self, start: int, values: Values) -> bool:
        """Tell whether features from a place of the source on have these values as their keys."""
        if isinstance(values, pa.Array):
            return bool(self.keys.slice(start, len(values)).equals(values.cast(self.keys.type)))
        return bool(self.keys.slice(start, len(values)).to_pylist() == [str(v) for v in values])


Ids = Callable[[pa.Array, np.ndarray], tuple[np.ndarray, bool]]
"""From keys (n) and their places in the order of all (from 1 on) to their ids, and if some are new.
"""


def order(source: Source, matching: Matching, mapping: Mapping, ids: Ids) -> Order | None:
    """Return the ids of a source by its key, or None when that takes more than one quick look.

    That is so where the key is one column of texts or whole numbers, none missing and none twice.
    Whether the features that are loaded have these keys shows only when they are read.
    """
    if len(mapping.key) != 1 or mapping.key[0] not in matching.columns:
        return None
    found = column(source, matching.columns[mapping.key[0]])
    if found is None or found.null_count:
        return None
    if pa.types.is_integer(found.type):
        found = found.cast(pa.string())
    if not pa.types.is_string(found.type):
        return None
    places = ranked(found)
    if places.max(initial=0) < len(found):  # one is there twice
        return None
    made = Order(source, found, *ids(found, places))
    pa.default_memory_pool().release_unused()  # it keeps what the reading took
    return made


def ranked(keys: pa.Array) -> np.ndarray:
    """Return the places of keys in their order from 1 on; equal ones share theirs.

    Texts are compared by their bytes, as PostgreSQL does it with the collation C.
    """
    return np.asarray(pc.rank(keys, tiebreaker="dense").to_numpy().astype(np.int64))
