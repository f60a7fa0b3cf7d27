"""A luminaire: its table of luminous intensity, its flux, and the demonstration luminaires.

Directions follow IESNA LM-63-2002, type C: gamma runs from straight down (0) to straight up (180);
C runs counterclockwise seen from above, and C = 0 is the side of the street, across the road. (The
C-planes of EULUMDAT files differ: there C = 0 runs along the road.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from layers.seed import DemoLuminaire
from processing.errors import BadPhotometry

Floats = NDArray[np.float64]

FULL_TURN = 360.0


@dataclass(frozen=True, slots=True, eq=False)
class Luminaire:
    """Luminous intensity in candela over all directions.

    `intensity_cd[i, k]` holds for the plane `c_deg[i]` (0 .. 360, both there) and the angle
    `gamma_deg[k]` (ascending within 0 .. 180); outside these gamma there is no light.
    `tilt_factor` over `tilt_deg` is how the lamp's flux changes with the luminaire's tilt; both are
    empty when it does not. `power_w` is NaN when it is not known.
    """

    c_deg: Floats
    gamma_deg: Floats
    intensity_cd: Floats
    power_w: float = np.nan
    tilt_deg: tuple[float, ...] = ()
    tilt_factor: tuple[float, ...] = ()

    @property
    def flux_lm(self) -> float:
        """Total luminous flux in lumen by the band rule: exact for what the table says."""
        return float((_mean_cd(self) * _band_sr(self.gamma_deg)).sum())

    def flux_factor(self, angle_deg: float) -> float:
        """Return the factor of the flux at a tilt, taken linearly between the listed angles."""
        if not self.tilt_deg:
            return 1.0
        return float(np.interp(abs(angle_deg), self.tilt_deg, self.tilt_factor))


def from_planes(c_deg: Floats, gamma_deg: Floats, intensity_cd: Floats, **about: Any) -> Luminaire:
    """Return a luminaire from the planes that a symmetric table lists.

    The last C says the symmetry (LM-63-2002): 0 = the same all round, 90 = in each quadrant,
    180 = both sides of the plane 0-180, 360 = none. Raises BadPhotometry for other ranges, for
    angles that do not ascend, and for intensities that are negative or no numbers.
    """
    _check(c_deg, gamma_deg, intensity_cd)
    last = float(c_deg[-1])
    if last == 0.0:
        c_deg, intensity_cd = np.array([0.0, FULL_TURN]), np.repeat(intensity_cd, 2, axis=0)
    if last == 90.0:
        c_deg, intensity_cd = _mirrored(c_deg, intensity_cd, about_deg=90.0)
    if last in (90.0, 180.0):
        c_deg, intensity_cd = _mirrored(c_deg, intensity_cd, about_deg=180.0)
    return Luminaire(c_deg, gamma_deg, intensity_cd, **about)


def mirrored(luminaire: Luminaire) -> Luminaire:
    """Return the luminaire as seen in a mirror that holds the plane 0-180: left becomes right."""
    return Luminaire(
        c_deg=FULL_TURN - luminaire.c_deg[::-1],
        gamma_deg=luminaire.gamma_deg,
        intensity_cd=luminaire.intensity_cd[::-1],
        power_w=luminaire.power_w,
        tilt_deg=luminaire.tilt_deg,
        tilt_factor=luminaire.tilt_factor,
    )


def demonstration(seed: DemoLuminaire) -> Luminaire:
    """Return the intensity table of an analytic demonstration luminaire (status demonstration).

    Below the horizon I is a cosine term plus a lobe around gamma_peak and +-c_peak (Gaussian in
    both angles; without c_peak the lobe runs all round), above it the share `upward_share` of the
    flux as a cosine term. The whole is scaled to `flux_lm`.
    """
    c = np.arange(0.0, 361.0, 5.0)
    gamma = np.arange(0.0, 181.0, 2.5)
    lobe = np.exp(-0.5 * ((gamma - seed.gamma_peak_deg) / seed.gamma_width_deg) ** 2)
    round_ = np.ones_like(c)
    if seed.c_peak_deg is not None and seed.c_width_deg is not None:
        side = np.minimum(c, FULL_TURN - c)
        round_ = np.exp(-0.5 * ((side - seed.c_peak_deg) / seed.c_width_deg) ** 2)
    down = np.clip(np.cos(np.radians(gamma)), 0.0, None)
    # The lobe ends at the horizon without a step.
    shade = np.clip(1.0 - (gamma / 90.0) ** 8, 0.0, None)
    below = seed.base_share * down + (1.0 - seed.base_share) * round_[:, None] * lobe * shade
    above = np.broadcast_to(np.clip(-np.cos(np.radians(gamma)), 0.0, None), below.shape)
    lower = _scaled(Luminaire(c, gamma, below), seed.flux_lm * (1.0 - seed.upward_share))
    upper = _scaled(Luminaire(c, gamma, above), seed.flux_lm * seed.upward_share)
    return Luminaire(c, gamma, lower + upper, power_w=seed.power_w)


def demonstrations(seeds: Mapping[str, DemoLuminaire]) -> dict[str, Luminaire]:
    """Return the tables of all demonstration luminaires by id."""
    return {name: demonstration(seed) for name, seed in seeds.items()}


def _scaled(luminaire: Luminaire, flux_lm: float) -> Floats:
    scaled: Floats = luminaire.intensity_cd * (flux_lm / luminaire.flux_lm)
    return scaled


def _mean_cd(luminaire: Luminaire) -> Floats:
    """Mean intensity round the axis at each gamma."""
    turned = np.trapezoid(luminaire.intensity_cd, luminaire.c_deg, axis=0)
    return np.asarray(turned, dtype=np.float64) / FULL_TURN


def _band_sr(gamma_deg: Floats) -> Floats:
    """Return weights in steradian, so that sum(weight * mean) = sum of bands 2 pi (cos - cos)."""
    bands = 2.0 * np.pi * -np.diff(np.cos(np.radians(gamma_deg)))
    weights = np.zeros(len(gamma_deg))
    weights[:-1] += bands / 2.0
    weights[1:] += bands / 2.0
    return weights


def _mirrored(c_deg: Floats, cd: Floats, *, about_deg: float) -> tuple[Floats, Floats]:
    back = 2.0 * about_deg - c_deg[-2::-1]
    return np.concatenate([c_deg, back]), np.concatenate([cd, cd[-2::-1]])


def _check(c_deg: Floats, gamma_deg: Floats, cd: Floats) -> None:
    if c_deg[0] != 0.0 or float(c_deg[-1]) not in (0.0, 90.0, 180.0, FULL_TURN):
        raise BadPhotometry(
            f"the horizontal angles run from {c_deg[0]:g} to {c_deg[-1]:g} degrees;"
            " give a table from 0 to 0, 90, 180 or 360"
        )
    for name, angles in (("horizontal", c_deg), ("vertical", gamma_deg)):
        if not np.isfinite(angles).all() or (np.diff(angles) <= 0).any():
            raise BadPhotometry(f"the {name} angles do not ascend; give each angle once, in order")
    if len(gamma_deg) < 2 or gamma_deg[0] not in (0.0, 90.0) or gamma_deg[-1] not in (90.0, 180.0):
        raise BadPhotometry(
            f"the vertical angles run from {gamma_deg[0]:g} to {gamma_deg[-1]:g} degrees;"
            " type C photometry runs from 0 or 90 to 90 or 180"
        )
    if not np.isfinite(cd).all() or (cd < 0).any():
        raise BadPhotometry("an intensity is negative or no number; measure the luminaire anew")
