"""ITU-R P.1812-8: point-to-area prediction over terrain and clutter, 30 MHz to 6 GHz.

The radio maps N050 and DN50 of ITU-R are not part of this project: refractivity and its lapse rate
are parameters (`Link`). Building entry loss is added elsewhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from processing.errors import BadParameter
from processing.radio import climate
from processing.radio.anomalous import Duct, anomalous_db
from processing.radio.climate import DUCT_RADIUS_KM, ducting_percent, effective_radius_km
from processing.radio.diffraction import (
    HORIZONTAL,
    VERTICAL,
    Antennas,
    Diffraction,
    Wave,
    delta_bullington,
)
from processing.radio.kernel import compiled
from processing.radio.location import exceeded
from processing.radio.loss import Floats, Loss, Reason, outside, refuse
from processing.radio.smooth_earth import (
    Ends,
    Horizon,
    Path,
    Smooth,
    diffracting,
    fitted,
    horizon,
    roughness_m,
)
from processing.radio.troposcatter import Scatter, troposcatter_db

FREQUENCY_GHZ = (0.03, 6.0)
DISTANCE_KM = (0.25, 3000.0)
ANTENNA_M = (1.0, 3000.0)
LEAST_POINTS = 5


class Link(NamedTuple):
    """What is the same for all profiles of a call."""

    f_ghz: float
    time_percent: float = 50.0
    location_percent: float = 50.0
    deviation_db: float = 0.0
    """Standard deviation of the location variability, see `location.deviation_db`."""
    polarisation: int = VERTICAL
    lapse_n_per_km: float = 45.0
    refractivity: float = 325.0


class Section(NamedTuple):
    """What a path crosses: sea, land and inland sections, and the distances to the coast."""

    latitude_deg: float
    sea_share: float
    land_km: float
    inland_km: float
    coast_t_km: float
    coast_r_km: float


class Terms(NamedTuple):
    """Every quantity of one prediction, named as in the Recommendation."""

    horizon: Horizon
    theta_mrad: float
    fitted: Smooth
    ducting: Smooth
    diffracting: Smooth
    hte_m: float
    hre_m: float
    hm_m: float
    beta0_percent: float
    ae_km: float
    fi: float
    fj: float
    fk: float
    lbfs_db: float
    lb0p_db: float
    lb0b_db: float
    median: Diffraction
    ducted: Diffraction
    ldp_db: float
    lbd50_db: float
    lbd_db: float
    lminb0p_db: float
    lba_db: float
    lminbap_db: float
    lbda_db: float
    lbam_db: float
    lbs_db: float
    lbc_db: float
    lb_db: float


@dataclass(frozen=True, slots=True)
class Profiles:
    """N profiles of m points each, from the transmitter to the receiver.

    `distance_km` ascends from 0; `terrain_m` above sea level, `clutter_m` above ground (its values
    at both ends are not used), `latitude_deg` of the middle of the path: n values. `zone` holds
    climate.SEA, COAST or INLAND for each point; None is inland throughout. `coast_km`: distance of
    both ends to the coast where they are on land. A NaN in the heights is a hole of the terrain.
    """

    distance_km: Floats
    terrain_m: Floats
    clutter_m: Floats
    latitude_deg: Floats
    zone: NDArray[np.int8] | None = None
    coast_km: float = 500.0


def basic_loss(
    profiles: Profiles, link: Link, *, transmitter_m: ArrayLike, receiver_m: ArrayLike
) -> Loss:
    """Return the basic transmission loss (dB) of each profile, not exceeded in `link.time_percent`
    of the time at `link.location_percent` of the places, equation (69).

    Antenna heights in metres above ground, one or one for each profile, 1 .. 3000 m. Outside
    30 MHz .. 6 GHz, 0.25 .. 3000 km or that range of heights, or with a hole in the profile, a
    value is not computable. Raises BadParameter when a time, a location or a profile makes no
    sense.
    """
    _require(profiles, link)
    count = len(profiles.distance_km)
    sent = np.broadcast_to(np.asarray(transmitter_m, dtype=np.float64), count)
    received = np.broadcast_to(np.asarray(receiver_m, dtype=np.float64), count)
    void = np.isnan(profiles.terrain_m).any(axis=1) | np.isnan(profiles.clutter_m).any(axis=1)
    faults = (
        (Reason.FREQUENCY, outside(link.f_ghz, FREQUENCY_GHZ)),
        (Reason.BASE_HEIGHT, outside(sent, ANTENNA_M)),
        (Reason.TERMINAL_HEIGHT, outside(received, ANTENNA_M)),
        (Reason.DISTANCE, outside(profiles.distance_km[:, -1], DISTANCE_KM)),
        (Reason.TERRAIN_VOID, void),
    )
    usable = refuse(np.zeros(count), faults).reason == Reason.COMPUTED
    loss = np.full(count, np.nan)
    _losses(_arrays(profiles), link, _sections(profiles), (sent, received), usable, loss)
    return refuse(loss, faults)


def terms(profiles: Profiles, link: Link, *, transmitter_m: float, receiver_m: float) -> Terms:
    """Return all intermediate quantities of the first profile; the loss is that of `basic_loss`."""
    _require(profiles, link)
    distance, terrain, clutter = (array[0] for array in _arrays(profiles))
    path = _path(distance, terrain, clutter, np.zeros((5, distance.size)))
    section = Section(*_sections(profiles)[0])
    found: Terms = _predict(path, link, section, transmitter_m, receiver_m)
    return found


def _require(profiles: Profiles, link: Link) -> None:
    if not 1.0 <= link.time_percent <= 50.0:
        raise BadParameter(f"time_percent = {link.time_percent}: P.1812 holds for 1 to 50 percent")
    if not 1.0 <= link.location_percent <= 99.0:
        raise BadParameter(f"location_percent = {link.location_percent}: give 1 to 99 percent")
    if not (link.deviation_db >= 0.0 and math.isfinite(link.deviation_db)):
        raise BadParameter(f"deviation_db = {link.deviation_db}: give 0 dB or more")
    if link.polarisation not in (HORIZONTAL, VERTICAL):
        raise BadParameter(f"polarisation = {link.polarisation}: give 1 (horizontal) or 2")
    shape = profiles.distance_km.shape
    if len(shape) != 2 or shape != profiles.terrain_m.shape or shape != profiles.clutter_m.shape:
        raise BadParameter("distances, terrain and clutter of profiles must have one shape (n, m)")
    if shape[1] < LEAST_POINTS:
        raise BadParameter(f"a profile needs {LEAST_POINTS} points at least, but has {shape[1]}")
    if shape[0] and not (
        (profiles.distance_km[:, 0] == 0.0).all() and (np.diff(profiles.distance_km) > 0).all()
    ):
        raise BadParameter("the distances of a profile must ascend from 0")


def _arrays(profiles: Profiles) -> tuple[Floats, Floats, Floats]:
    return (
        np.ascontiguousarray(profiles.distance_km, dtype=np.float64),
        np.ascontiguousarray(profiles.terrain_m, dtype=np.float64),
        np.ascontiguousarray(profiles.clutter_m, dtype=np.float64),
    )


def _sections(profiles: Profiles) -> Floats:
    """Return the columns of Section for each profile."""
    count = len(profiles.distance_km)
    made = np.empty((count, len(Section._fields)))
    made[:, 0] = profiles.latitude_deg
    made[:, 1] = 0.0
    made[:, 2] = made[:, 3] = profiles.distance_km[:, -1]
    made[:, 4:] = profiles.coast_km
    if profiles.zone is not None:
        for row, d, zone in zip(made, profiles.distance_km, profiles.zone, strict=True):
            sea_km, _ = climate.section_km(d, zone == climate.SEA)
            row[1] = sea_km / d[-1]
            row[2] = climate.section_km(d, zone != climate.SEA)[1]
            row[3] = climate.section_km(d, zone == climate.INLAND)[1]
            row[4:] = np.where(zone[[0, -1]] == climate.SEA, 0.0, profiles.coast_km)
    return made


@compiled
def _losses(
    arrays: tuple[Floats, Floats, Floats],
    link: Link,
    sections: Floats,
    antennas_m: tuple[Floats, Floats],
    usable: NDArray[np.bool_],
    loss_db: Floats,
) -> None:
    """Fill in the loss of every usable profile."""
    distance, terrain, clutter = arrays
    scratch = np.zeros((5, distance.shape[1]))
    for k in range(distance.shape[0]):
        if usable[k]:
            path = _path(distance[k], terrain[k], clutter[k], scratch)
            row = sections[k]
            section = Section(row[0], row[1], row[2], row[3], row[4], row[5])
            loss_db[k] = _predict(path, link, section, antennas_m[0][k], antennas_m[1][k]).lb_db


@compiled
def _path(d_km: Floats, terrain_m: Floats, clutter_m: Floats, scratch: Floats) -> Path:
    """Return a profile with clutter between its ends, section 3.1; `scratch` is written to."""
    total = d_km[-1]
    last = d_km.size - 1
    for i in range(1, last):
        rest = total - d_km[i]
        scratch[0, i] = terrain_m[i] + clutter_m[i]
        scratch[1, i] = 1.0 / d_km[i]
        scratch[2, i] = 1.0 / rest
        scratch[3, i] = d_km[i] * rest
    scratch[0, 0] = terrain_m[0]
    scratch[0, last] = terrain_m[last]
    return Path(d_km, terrain_m, scratch[0], scratch[4], scratch[1], scratch[2], scratch[3])


class _Shape(NamedTuple):
    """What a path is by its terrain alone."""

    horizon: Horizon
    theta_mrad: float
    fitted: Smooth
    ducting: Smooth
    diffracting: Smooth
    hm_m: float


class _Sight(NamedTuple):
    """Losses of line of sight and diffraction, and how they are joined."""

    fi: float
    lbfs_db: float
    lb0p_db: float
    lb0b_db: float
    median: Diffraction
    ducted: Diffraction
    ldp_db: float


@compiled
def _predict(
    path: Path, link: Link, section: Section, transmitter_m: float, receiver_m: float
) -> Terms:
    """Return the prediction for one profile, sections 4.1 to 4.10."""
    h = path.h_m
    ends = Ends(transmitter_m, receiver_m, h[0] + transmitter_m, h[-1] + receiver_m)
    ae = effective_radius_km(link.lapse_n_per_km)
    shape = _shape(path, ends, ae)
    beta0 = ducting_percent(section.latitude_deg, section.land_km, section.inland_km)
    sight = _sight(path, ends, link, (section.sea_share, beta0), shape)
    hte = ends.hts_m - shape.ducting.hst_m
    hre = ends.hrs_m - shape.ducting.hsr_m
    duct = Duct(
        link.f_ghz, link.time_percent, path.d_km[-1], section.sea_share, section.inland_km, beta0,
        section.coast_t_km, section.coast_r_km, ends.hts_m, ends.hrs_m, hte, hre, shape.hm_m,
    )  # fmt: skip
    lba = anomalous_db(duct, shape.horizon, ae)
    scatter = Scatter(
        link.f_ghz, link.time_percent, path.d_km[-1], shape.theta_mrad, link.refractivity
    )
    lbs = troposcatter_db(scatter)
    joined = _joined(path.d_km[-1], shape.theta_mrad, sight, lba, section.sea_share)
    fj, fk, lminb0p, lminbap, lbda, lbam = joined
    lbc = -5.0 * math.log10(10.0 ** (-0.2 * lbs) + 10.0 ** (-0.2 * lbam))
    places = 0.0  # a receiver at sea has no location variability
    if section.coast_r_km > 0.0:
        places = -exceeded(link.location_percent / 100.0) * link.deviation_db
    lb = max(sight.lb0p_db, lbc + places)
    return Terms(
        shape.horizon, shape.theta_mrad, shape.fitted, shape.ducting, shape.diffracting, hte, hre,
        shape.hm_m, beta0, ae, sight.fi, fj, fk, sight.lbfs_db, sight.lb0p_db, sight.lb0b_db,
        sight.median, sight.ducted, sight.ldp_db, sight.lbfs_db + sight.median.ld_db,
        sight.lb0p_db + sight.ldp_db, lminb0p, lba, lminbap, lbda, lbam, lbs, lbc, lb,
    )  # fmt: skip


@compiled
def _shape(path: Path, ends: Ends, ae_km: float) -> _Shape:
    """Return horizons, smooth surfaces and roughness, attachment 1."""
    seen = horizon(path, ends, ae_km)
    theta = 1e3 * path.d_km[-1] / ae_km + seen.theta_t_mrad + seen.theta_r_mrad
    smooth = fitted(path)
    ducting = Smooth(min(smooth.hst_m, path.h_m[0]), min(smooth.hsr_m, path.h_m[-1]))
    hm = roughness_m(path, ducting, seen.first, seen.last)
    return _Shape(seen, theta, smooth, ducting, diffracting(path, ends, smooth), hm)


@compiled
def _sight(path: Path, ends: Ends, link: Link, cover: tuple[float, float], shape: _Shape) -> _Sight:
    """Return the losses of sections 4.2 and 4.3; `cover` is the share of sea and beta0."""
    sea_share, beta0 = cover
    d = path.d_km[-1]
    slant_km2 = d**2 + ((ends.hts_m - ends.hrs_m) / 1000.0) ** 2
    lbfs = 92.4 + 20.0 * math.log10(link.f_ghz) + 10.0 * math.log10(slant_km2)
    focus = 2.6 * (1.0 - math.exp(-0.1 * (shape.horizon.dlt_km + shape.horizon.dlr_km)))
    antennas = Antennas(
        ends.hts_m,
        ends.hrs_m,
        ends.hts_m - shape.diffracting.hst_m,
        ends.hrs_m - shape.diffracting.hsr_m,
    )
    wave = Wave(link.f_ghz, link.polarisation, sea_share)
    median = delta_bullington(path, antennas, wave, effective_radius_km(link.lapse_n_per_km))
    ducted = delta_bullington(path, antennas, wave, DUCT_RADIUS_KM)
    fi = 1.0
    if link.time_percent >= beta0:
        fi = exceeded(link.time_percent / 100.0) / exceeded(beta0 / 100.0)
    ldp = median.ld_db
    if link.time_percent < 50.0:
        ldp += fi * (ducted.ld_db - median.ld_db)
    lb0p = lbfs + focus * math.log10(link.time_percent / 50.0)
    lb0b = lbfs + focus * math.log10(beta0 / 50.0)
    return _Sight(fi, lbfs, lb0p, lb0b, median, ducted, ldp)


@compiled
def _joined(
    path_km: float, theta_mrad: float, sight: _Sight, lba_db: float, sea_share: float
) -> tuple[float, float, float, float, float, float]:
    """Return Fj, Fk, Lminb0p, Lminbap, Lbda and Lbam, equations (57) to (62)."""
    fj = 1.0 - 0.5 * (1.0 + math.tanh(3.0 * 0.8 * (theta_mrad - 0.3) / 0.3))
    fk = 1.0 - 0.5 * (1.0 + math.tanh(3.0 * 0.5 * (path_km - 20.0) / 20.0))
    lbd = sight.lb0p_db + sight.ldp_db
    over_land = (1.0 - sea_share) * sight.ldp_db
    lminb0p = sight.lb0p_db + over_land
    if sight.fi < 1.0:  # the time percentage is above beta0
        lbd50 = sight.lbfs_db + sight.median.ld_db
        lminb0p = lbd50 + (sight.lb0b_db + over_land - lbd50) * sight.fi
    lminbap = 2.5 * math.log(math.exp(lba_db / 2.5) + math.exp(sight.lb0p_db / 2.5))
    lbda = lbd
    if lminbap <= lbd:
        lbda = lminbap + (lbd - lminbap) * fk
    return fj, fk, lminb0p, lminbap, lbda, lbda + (lminb0p - lbda) * fj
