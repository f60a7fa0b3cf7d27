"""Ducting and layer reflection, ITU-R P.1812-8 section 4.5."""

from __future__ import annotations

import math
from typing import NamedTuple

from processing.radio.climate import inland_correction
from processing.radio.kernel import compiled
from processing.radio.smooth_earth import Horizon


class Duct(NamedTuple):
    """What the model asks of a path beside its horizons."""

    f_ghz: float
    time_percent: float
    path_km: float
    sea_share: float
    inland_km: float
    ducting_percent: float
    """beta0."""
    coast_t_km: float
    coast_r_km: float
    """Distance over land from each end to the coast along the path; 0 at sea."""
    hts_m: float
    hrs_m: float
    hte_m: float
    hre_m: float
    hm_m: float


@compiled
def anomalous_db(duct: Duct, horizon: Horizon, radius_km: float) -> float:
    """Return Lba (dB), equations (46) to (56)."""
    dlt, dlr = horizon.dlt_km, horizon.dlr_km
    fixed = 102.45 + 20.0 * math.log10(duct.f_ghz) + 20.0 * math.log10(dlt + dlr)
    if duct.f_ghz < 0.5:
        fixed += 45.375 - 137.0 * duct.f_ghz + 92.5 * duct.f_ghz**2
    fixed += _shielding_db(duct.f_ghz, dlt, horizon.theta_t_mrad)
    fixed += _shielding_db(duct.f_ghz, dlr, horizon.theta_r_mrad)
    fixed += _coupling_db(duct.sea_share, duct.coast_t_km, dlt, duct.hts_m)
    fixed += _coupling_db(duct.sea_share, duct.coast_r_km, dlr, duct.hrs_m)
    specific = 5e-5 * radius_km * math.pow(duct.f_ghz, 1.0 / 3.0)
    theta = 1e3 * duct.path_km / radius_km
    theta += min(horizon.theta_t_mrad, 0.1 * dlt) + min(horizon.theta_r_mrad, 0.1 * dlr)
    return fixed + specific * theta + _time_db(duct, dlt + dlr, radius_km)


@compiled
def _shielding_db(f_ghz: float, horizon_km: float, theta_mrad: float) -> float:
    """Return the loss by shielding of a site, (48)."""
    over = theta_mrad - 0.1 * horizon_km
    if over <= 0.0:
        return 0.0
    near = 20.0 * math.log10(1.0 + 0.361 * over * math.sqrt(f_ghz * horizon_km))
    return near + 0.264 * over * math.pow(f_ghz, 1.0 / 3.0)


@compiled
def _coupling_db(sea_share: float, coast_km: float, horizon_km: float, antenna_m: float) -> float:
    """Return the correction for a duct over the sea, (49)."""
    if coast_km > 5.0 or coast_km > horizon_km or sea_share < 0.75:
        return 0.0
    return -3.0 * math.exp(-0.25 * coast_km**2) * (1.0 + math.tanh(0.07 * (50.0 - antenna_m)))


@compiled
def _time_db(duct: Duct, horizons_km: float, radius_km: float) -> float:
    """Return A(p), the variability with time, (53) to (56)."""
    d = duct.path_km
    rough = 1.0
    if duct.hm_m > 10.0:
        between = min(d - horizons_km, 40.0)
        rough = math.exp(-4.6e-5 * (duct.hm_m - 10.0) * (43.0 + 6.0 * between))
    alpha = max(-0.6 - 3.5e-9 * math.pow(d, 3.1) * inland_correction(duct.inland_km), -3.4)
    roots = math.sqrt(duct.hte_m) + math.sqrt(duct.hre_m)
    geometry = min(math.pow(500.0 / radius_km * d**2 / roots**2, alpha), 1.0)
    beta = duct.ducting_percent * geometry * rough
    lg = math.log10(beta)
    slope = 1.076 / math.pow(2.0058 - lg, 1.012)
    slope *= math.exp(-(9.51 - 4.8 * lg + 0.198 * lg**2) * 1e-6 * math.pow(d, 1.13))
    ratio = duct.time_percent / beta
    return -12.0 + (1.2 + 3.7e-3 * d) * math.log10(ratio) + 12.0 * math.pow(ratio, slope)
