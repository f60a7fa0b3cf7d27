"""Feature numbers of OpenStreetMap objects: the same for the same object in every load.

A number is a hash of type, OSM id and part, so that a load of a changed extract gives every
unchanged feature the number it had, without a memory of former loads.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import numpy as np

Key = tuple[int, int, int]
"""Type (0 node, 1 way, 2 relation), OSM id, part."""

SLOTS = 30_000_000
"""Numbers per type; the rest of an area's range is left to features that people add by hand."""


def numbers(keys: Sequence[Key] | np.ndarray) -> list[int]:
    """Return a number from 1 to 3 * SLOTS for each key, no two the same; keys must differ.

    Where two objects of a type fall on one number, the one with the lower OSM id has it and the
    other takes the next free one. OSM ids grow, so what is mapped later does not move what is
    there; what is deleted moves another feature about once in SLOTS / (features of the type) times.
    """
    if not len(keys):
        return []
    table = np.asarray(keys, dtype=np.int64)
    hashed = _mixed(table[:, 1].astype(np.uint64) * np.uint64(4096) + table[:, 2].astype(np.uint64))
    order = np.lexsort((table[:, 2], table[:, 1], table[:, 0]))
    slots = table[:, 0] * SLOTS + (hashed % np.uint64(SLOTS)).astype(np.int64)
    found = np.empty_like(slots)
    found[order] = _settled(slots[order])
    made: list[int] = (found + 1).tolist()
    return made


def _settled(slots: np.ndarray) -> np.ndarray:
    """Return slots that differ: the first to want one has it, others the next that is free.

    As if one after another took theirs; but only those that do not get what they want are asked.
    """
    settled = slots.copy()
    wanted, owners = np.unique(slots, return_index=True)
    late = np.ones(len(slots), dtype=bool)
    late[owners] = False
    waiting = np.flatnonzero(late).tolist()
    nobody, taken = len(slots), dict[int, int]()

    def owner(slot: int) -> int:
        at = int(np.searchsorted(wanted, slot))
        return int(owners[at]) if at < len(wanted) and wanted[at] == slot else nobody

    while waiting:  # in order, as a list in order is a heap
        one = heapq.heappop(waiting)
        slot = int(slots[one])
        first = slot - slot % SLOTS
        while (holder := taken.get(slot, owner(slot))) < one:
            slot = first + (slot + 1 - first) % SLOTS
        if holder != nobody:  # it comes later, so it has to go on
            heapq.heappush(waiting, holder)
        taken[slot] = one
        settled[one] = slot
    return settled


def _mixed(values: np.ndarray) -> np.ndarray:
    """Mix 64 bits: the finaliser of SplitMix64 (Steele, Lea and Flood 2014, fig. 17)."""
    mixed = values.copy()
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    return mixed
