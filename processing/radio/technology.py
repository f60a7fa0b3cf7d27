"""What a level of each technology means: which signal is measured, and how strong it must be.

Mobile networks are judged by a reference signal, not by all that a station radiates: RxLev of the
GSM carrier, RSCP of the UMTS pilot (10 percent of the power), RSRP of one LTE or NR subcarrier.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from processing.radio.loss import Floats

PILOT_DB = 10.0
"""The common pilot channel of UMTS gets a tenth of the power."""

SUBCARRIER_MHZ = {"lte": 0.015, "nr": 0.030}
OCCUPIED_SHARE = {"lte": 0.90, "nr": 0.95}
"""Share of the bandwidth that subcarriers fill: 3GPP TS 36.104 table 5.6-1, TS 38.104 table 5.3.2-1
(100 resource blocks in 20 MHz; 273 in 100 MHz are 0.98, fewer in narrow carriers)."""

DEFAULT_MHZ = {"lte": 10.0, "nr": 100.0}
"""Bandwidth where it is not known."""

LORAWAN_SENSITIVITY_DBM: Mapping[int, float] = {
    7: -124.0, 8: -127.0, 9: -130.0, 10: -133.0, 11: -135.0, 12: -137.0,
}  # fmt: skip
"""By spreading factor at 868 MHz and 125 kHz: Semtech, data sheet SX1272/73, rev. 2, page 19."""

DEVICE_DBM = 14.0
"""Radiated power of a meter or sensor, 25 mW (EN 300 220-2)."""


def reference_db(technology: str, bandwidth_mhz: ArrayLike) -> Floats:
    """Return by how much (dB) the judged signal is weaker than all that a station radiates.

    `bandwidth_mhz` may be NaN: then DEFAULT_MHZ is taken.
    """
    width = np.asarray(bandwidth_mhz, dtype=np.float64)
    if technology == "umts":
        return np.full(width.shape, PILOT_DB)
    if technology not in SUBCARRIER_MHZ:
        return np.zeros(width.shape)
    known = np.where(width > 0, width, DEFAULT_MHZ[technology])
    subcarriers = OCCUPIED_SHARE[technology] * known / SUBCARRIER_MHZ[technology]
    return np.asarray(10.0 * np.log10(subcarriers), dtype=np.float64)


def lorawan_dbm(gateway_eirp_dbm: ArrayLike, gain_dbi: ArrayLike) -> Floats:
    """Return the power (dBm) of the weaker direction of a gateway: to a device, or from it.

    A device radiates DEVICE_DBM and hears as well as the gateway does, so what is left of that
    power after the loss of the way is compared with one sensitivity. NaN where not known.
    """
    down = np.asarray(gateway_eirp_dbm, dtype=np.float64)
    return np.asarray(np.minimum(down, DEVICE_DBM + np.asarray(gain_dbi, dtype=np.float64)))


def spreading_factor(level_dbm: ArrayLike) -> Floats:
    """Return the fastest spreading factor (7 .. 12) that a level can be heard with, else NaN."""
    level = np.asarray(level_dbm, dtype=np.float64)
    found = np.full(level.shape, np.nan)
    for factor, sensitivity in sorted(LORAWAN_SENSITIVITY_DBM.items(), reverse=True):
        found = np.where(level >= sensitivity, float(factor), found)
    return found
