"""Sector antennas: 3GPP TR 38.901 table 7.3-1, relative to the strongest direction.

The table is that of one element (65 degrees in both planes); with the beamwidths of a panel it is
the usual pattern of a sector, and a tilt turns the vertical cut downwards.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from processing.radio.loss import Floats

ELEMENT_DEG = 65.0
SIDE_LOBE_DB = 30.0
"""SLA_V: how far the vertical cut falls at most."""
FRONT_TO_BACK_DB = 30.0
"""A_max: how far the pattern falls at most."""


class Pattern(NamedTuple):
    """Where an antenna points and how wide: azimuth from north over east, tilt below the horizon.

    A NaN azimuth is an antenna that sends the same all round; the vertical cut stays.
    """

    azimuth_deg: float
    tilt_deg: float = 0.0
    beamwidth_deg: float = ELEMENT_DEG
    vertical_beamwidth_deg: float = ELEMENT_DEG


def attenuation_db(pattern: Pattern, azimuth_deg: ArrayLike, elevation_deg: ArrayLike) -> Floats:
    """Return by how much (dB, 0 .. 30) a direction gets less than the strongest one.

    Directions: azimuth from north over east, elevation above the horizon (negative below).
    """
    off = np.asarray(elevation_deg, dtype=np.float64) + pattern.tilt_deg
    fallen = np.minimum(12.0 * (off / pattern.vertical_beamwidth_deg) ** 2, SIDE_LOBE_DB)
    if np.isnan(pattern.azimuth_deg):
        return np.asarray(
            np.broadcast_to(fallen, np.broadcast_shapes(off.shape, np.shape(azimuth_deg)))
        )
    aside = np.asarray(azimuth_deg, dtype=np.float64) - pattern.azimuth_deg
    aside = np.mod(aside + 180.0, 360.0) - 180.0
    turned = np.minimum(12.0 * (aside / pattern.beamwidth_deg) ** 2, FRONT_TO_BACK_DB)
    return np.asarray(np.minimum(fallen + turned, FRONT_TO_BACK_DB), dtype=np.float64)
