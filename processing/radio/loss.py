"""What a propagation model answers: a loss for each point, or why there is none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Codes = NDArray[np.uint8]


class Reason(IntEnum):
    """Why a value is not computable; COMPUTED where it is."""

    COMPUTED = 0
    FREQUENCY = 1
    """The frequency is not known, or outside the range of the model."""
    DISTANCE = 2
    """The receiver is nearer or further than the model holds."""
    BASE_HEIGHT = 3
    """The height of the station is not known, or outside the range of the model."""
    TERMINAL_HEIGHT = 4
    """The height of the receiver is outside the range of the model."""
    OFF_TERRAIN = 5
    """The way leaves the terrain model."""
    TERRAIN_VOID = 6
    """The way crosses a hole of the terrain model."""
    SURROUNDINGS = 7
    """Street width, building height or their spacing are outside the range of the model."""
    POWER = 8
    """The radiated power of the station is not known."""
    NO_STATION = 9
    """There is no station of that technology."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Basic transmission loss in dB; NaN exactly where `reason` is not COMPUTED."""

    loss_db: Floats
    reason: Codes


def refuse(loss_db: ArrayLike, faults: Iterable[tuple[Reason, ArrayLike]]) -> Loss:
    """Return the loss without the points at fault; the first fault that holds is the reason.

    A fault is a reason and where it holds (True), of any shape that broadcasts with the loss.
    """
    listed = [(code, np.asarray(where, dtype=bool)) for code, where in faults]
    shape = np.broadcast_shapes(np.shape(loss_db), *(where.shape for _, where in listed))
    reason = np.zeros(shape, dtype=np.uint8)
    for code, where in reversed(listed):
        reason[np.broadcast_to(where, shape)] = code
    loss = np.where(reason == Reason.COMPUTED, loss_db, np.nan)
    return Loss(loss_db=loss, reason=reason)


def outside(value: ArrayLike, limits: tuple[float, float]) -> Bools:
    """Return where a value is not within the limits (inclusive); NaN is outside."""
    low, high = limits
    number = np.asarray(value, dtype=np.float64)
    return ~((number >= low) & (number <= high))
