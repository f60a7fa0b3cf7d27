"""Feature numbers of OpenStreetMap objects: the same for the same object in every load.

A number is a hash of type, OSM id and part, so that a load of a changed extract gives every
unchanged feature the number it had, without a memory of former loads.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Key = tuple[int, int, int]
"""Type (0 node, 1 way, 2 relation), OSM id, part."""

SLOTS = 30_000_000
"""Numbers per type; the rest of an area's range is left to features that people add by hand."""


def numbers(keys: Sequence[Key]) -> list[int]:
    """Return a number from 1 to 3 * SLOTS for each key, no two the same; keys must differ.

    Where two objects of a type fall on one number, the one with the lower OSM id has it and the
    other takes the next free one. OSM ids grow, so what is mapped later does not move what is
    there; what is deleted moves another feature about once in SLOTS / (features of the type) times.
    """
    if not keys:
        return []
    table = np.array(keys, dtype=np.int64)
    hashed = _mixed(table[:, 1].astype(np.uint64) * np.uint64(4096) + table[:, 2].astype(np.uint64))
    first = (hashed % np.uint64(SLOTS)).tolist()
    taken: set[int] = set()
    found = [0] * len(keys)
    for i in np.lexsort((table[:, 2], table[:, 1], table[:, 0])).tolist():
        base, slot = keys[i][0] * SLOTS + 1, first[i]
        while base + slot in taken:
            slot = (slot + 1) % SLOTS
        found[i] = base + slot
        taken.add(found[i])
    return found


def _mixed(values: np.ndarray) -> np.ndarray:
    """Mix 64 bits: the finaliser of SplitMix64 (Steele, Lea and Flood 2014, fig. 17)."""
    mixed = values.copy()
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    return mixed
