"""Diffraction over a path: the delta-Bullington method of ITU-R P.1812-8 section 4.3."""

from __future__ import annotations

import math
from typing import NamedTuple

from processing.radio.kernel import compiled, reduced
from processing.radio.loss import Floats
from processing.radio.smooth_earth import Path

HORIZONTAL, VERTICAL = 1, 2
"""Polarisation, as the files of ITU-R SG 3 number it."""

_LAND = (22.0, 0.003)
_SEA = (80.0, 5.0)
"""Relative permittivity and conductivity (S/m) of the ground."""


class Wave(NamedTuple):
    """The wave, and the ground that a path crosses."""

    f_ghz: float
    polarisation: int
    sea_share: float


class Antennas(NamedTuple):
    """Heights above sea level, and above the smooth surface of the diffraction model (37a, b)."""

    hts_m: float
    hrs_m: float
    hte_m: float
    hre_m: float


class Diffraction(NamedTuple):
    """The loss Ld of (39) and its parts, in dB."""

    ld_db: float
    lbulla_db: float
    lbulls_db: float
    ldsph_db: float


@compiled
def delta_bullington(path: Path, antennas: Antennas, wave: Wave, radius_km: float) -> Diffraction:
    """Return the diffraction loss of the general path, equations (37) to (39)."""
    lam = 0.2998 / wave.f_ghz
    hte, hre = antennas.hte_m, antennas.hre_m
    actual = _bullington(path, path.g_m, (antennas.hts_m, antennas.hrs_m), lam, radius_km)
    smooth = _bullington(path, path.flat_m, (hte, hre), lam, radius_km)
    sphere = _spherical(path.d_km[-1], (hte, hre), wave, radius_km)
    return Diffraction(actual + max(sphere - smooth, 0.0), actual, smooth, sphere)


@compiled
def _bullington(
    path: Path, ground_m: Floats, heights_m: tuple[float, float], lam_m: float, radius_km: float
) -> float:
    """Return the Bullington loss over a ground, equations (13) to (21)."""
    total = float(path.d_km[-1])
    hts, hrs = heights_m
    bend = 500.0 / radius_km
    stim = _slope(path.per_d, path.product_km2, ground_m, bend, hts)
    if stim < (hrs - hts) / total:
        square = _square(path, ground_m, heights_m, bend)
        nu = math.copysign(math.sqrt(abs(square) * 0.002 * total / lam_m), square)
    else:
        srim = _slope(path.per_e, path.product_km2, ground_m, bend, hrs)
        at = (hrs - hts + srim * total) / (stim + srim)
        over = hts + stim * at - (hts * (total - at) + hrs * at) / total
        nu = over * math.sqrt(0.002 * total / (lam_m * at * (total - at)))
    edge = _knife_edge(nu)
    return edge + (1.0 - math.exp(-edge / 6.0)) * (10.0 + 0.02 * total)


@reduced
def _slope(
    per_distance: Floats, product_km2: Floats, ground_m: Floats, bend: float, antenna_m: float
) -> float:
    """Return the steepest slope (m/km) from an antenna to the ground, (13) and (17)."""
    steepest = -1e300
    for i in range(1, ground_m.size - 1):
        slope = (ground_m[i] + bend * product_km2[i] - antenna_m) * per_distance[i]
        steepest = max(steepest, slope)
    return steepest


@reduced
def _square(path: Path, ground_m: Floats, heights_m: tuple[float, float], bend: float) -> float:
    """Return the largest signed square of (15) without its constant factor: no root in the loop."""
    hts, hrs = heights_m
    slope = (hrs - hts) / path.d_km[-1]
    largest = -1e300
    for i in range(1, ground_m.size - 1):
        over = ground_m[i] + bend * path.product_km2[i] - (hts + slope * path.d_km[i])
        largest = max(largest, over * abs(over) * path.per_d[i] * path.per_e[i])
    return largest


@compiled
def _knife_edge(nu: float) -> float:
    """Return J(nu) in dB, equation (12)."""
    if nu <= -0.78:
        return 0.0
    return 6.9 + 20.0 * math.log10(math.sqrt((nu - 0.1) ** 2 + 1.0) + nu - 0.1)


@compiled
def _spherical(
    total_km: float, heights_m: tuple[float, float], wave: Wave, radius_km: float
) -> float:
    """Return the loss over a smooth sphere, equations (22) to (27)."""
    hte, hre = heights_m
    sight_km = math.sqrt(2.0 * radius_km) * (math.sqrt(0.001 * hte) + math.sqrt(0.001 * hre))
    if total_km >= sight_km:
        return _first_term(total_km, heights_m, wave, radius_km)
    c = (hte - hre) / (hte + hre)
    m = 250.0 * total_km**2 / (radius_km * (hte + hre))
    turn = math.acos(1.5 * c * math.sqrt(3.0 * m / (m + 1.0) ** 3))
    b = 2.0 * math.sqrt((m + 1.0) / (3.0 * m)) * math.cos(math.pi / 3.0 + turn / 3.0)
    d1 = total_km / 2.0 * (1.0 + b)
    d2 = total_km - d1
    clearance = (hte - 500.0 * d1**2 / radius_km) * d2 + (hre - 500.0 * d2**2 / radius_km) * d1
    clearance /= total_km
    wanted = 17.456 * math.sqrt(d1 * d2 * 0.2998 / wave.f_ghz / total_km)
    if clearance > wanted:
        return 0.0
    marginal_km = 500.0 * (total_km / (math.sqrt(hte) + math.sqrt(hre))) ** 2
    loss = max(_first_term(total_km, heights_m, wave, marginal_km), 0.0)
    return (1.0 - clearance / wanted) * loss


@compiled
def _first_term(
    total_km: float, heights_m: tuple[float, float], wave: Wave, radius_km: float
) -> float:
    """Return the first term of the residue series over mixed ground, equation (28)."""
    land = _first_term_over(_LAND, total_km, heights_m, wave, radius_km)
    if wave.sea_share == 0.0:
        return land
    sea = _first_term_over(_SEA, total_km, heights_m, wave, radius_km)
    return wave.sea_share * sea + (1.0 - wave.sea_share) * land


@compiled
def _first_term_over(
    ground: tuple[float, float],
    total_km: float,
    heights_m: tuple[float, float],
    wave: Wave,
    radius_km: float,
) -> float:
    """Return the first term over one kind of ground, equations (29) to (36)."""
    permittivity, conductivity = ground
    f = wave.f_ghz
    loss = (18.0 * conductivity / f) ** 2
    k = 0.036 * math.pow(radius_km * f, -1.0 / 3.0)
    k *= math.pow((permittivity - 1.0) ** 2 + loss, -0.25)
    if wave.polarisation == VERTICAL:
        k *= math.sqrt(permittivity**2 + loss)
    beta = (1.0 + 1.6 * k**2 + 0.67 * k**4) / (1.0 + 4.5 * k**2 + 1.53 * k**4)
    x = 21.88 * beta * math.pow(f / radius_km**2, 1.0 / 3.0) * total_km
    if x >= 1.6:
        distance = 11.0 + 10.0 * math.log10(x) - 17.6 * x
    else:
        distance = -20.0 * math.log10(x) - 5.6488 * math.pow(x, 1.425)
    scale = 0.9575 * beta**2 * math.pow(f**2 / radius_km, 1.0 / 3.0)
    floor = 2.0 + 20.0 * math.log10(k)
    hte, hre = heights_m
    return -distance - _height_gain(scale * hte, floor) - _height_gain(scale * hre, floor)


@compiled
def _height_gain(b: float, floor: float) -> float:
    """Return G(Y) in dB, equations (34) and (35), not below 2 + 20 lg K."""
    if b > 2.0:
        gain = 17.6 * math.sqrt(b - 1.1) - 5.0 * math.log10(b - 1.1) - 8.0
    else:
        gain = 20.0 * math.log10(b + 0.1 * b**3)
    return max(gain, floor)
