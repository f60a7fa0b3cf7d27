"""Radio climate of a path, ITU-R P.1812-8 sections 3.2 to 3.5: ducting, sea, effective radius."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from processing.radio.kernel import compiled
from processing.radio.loss import Floats

SEA, COAST, INLAND = 1, 3, 4
"""Radio-climatic zones as P.1812 numbers them."""

EARTH_KM = 6371.0
DUCT_RADIUS_KM = 3.0 * EARTH_KM
"""Effective radius not exceeded for beta0 of the time, equation (7b)."""


@compiled
def effective_radius_km(lapse_n_per_km: float) -> float:
    """Return the median effective Earth radius (km), equations (6) and (7a).

    `lapse_n_per_km` is Delta N, the positive mean lapse rate of refractivity (N-units/km).
    """
    return EARTH_KM * 157.0 / (157.0 - lapse_n_per_km)


@compiled
def inland_correction(inland_km: float) -> float:
    """Return tau of the longest continuous inland section (km), equation (3)."""
    return 1.0 - math.exp(-(4.12e-4 * inland_km**2.41))


@compiled
def ducting_percent(latitude_deg: float, land_km: float, inland_km: float) -> float:
    """Return beta0, the time percentage of ducting at the centre of a path, equations (2) to (5).

    `land_km` and `inland_km` are the longest continuous sections over land and inland.
    """
    tau = inland_correction(inland_km)
    sections = math.pow(10.0, -land_km / (16.0 - 6.6 * tau))
    sections += math.pow(10.0, -5.0 * (0.496 + 0.354 * tau))
    mu1 = min(math.pow(sections, 0.2), 1.0)
    latitude = abs(latitude_deg)
    if latitude <= 70.0:
        mu4 = math.pow(mu1, -0.935 + 0.0176 * latitude)
        return math.pow(10.0, -0.015 * latitude + 1.67) * mu1 * mu4
    return 4.17 * mu1 * math.pow(mu1, 0.3)


def section_km(distance_km: Floats, inside: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the total and the longest continuous length (km) of the points that are inside.

    Each point stands for the way up to the middle between it and its neighbours, as the validation
    examples of P.1812 count it.
    """
    total = longest = 0.0
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(np.int8)))
    last = len(distance_km) - 1
    for first, behind in edges.reshape(-1, 2):
        stop = behind - 1
        start_km = (distance_km[max(first - 1, 0)] + distance_km[first]) / 2
        stop_km = (distance_km[stop] + distance_km[min(stop + 1, last)]) / 2
        total += stop_km - start_km
        longest = max(longest, stop_km - start_km)
    return total, longest


def path_centre_deg(
    start_deg: tuple[float, float], end_deg: tuple[float, float], path_km: float
) -> float:
    """Return the latitude (degrees) at half of `path_km` along the great circle.

    Places are (longitude, latitude) in degrees; ITU-R P.2001-4 attachment H.
    """
    (lon1, lat1), (lon2, lat2) = np.radians(start_deg), np.radians(end_deg)
    east = math.cos(lat2) * math.sin(lon2 - lon1)
    north = math.cos(lat1) * math.sin(lat2)
    north -= math.sin(lat1) * math.cos(lat2) * math.cos(lon2 - lon1)
    reach = math.hypot(east, north)
    towards_north = north / reach if reach else 0.0
    angle = path_km / 2 / EARTH_KM
    height = math.sin(lat1) * math.cos(angle) + math.cos(lat1) * math.sin(angle) * towards_north
    return math.degrees(math.asin(height))
