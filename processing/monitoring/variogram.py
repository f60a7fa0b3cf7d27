"""Experimental variograms and models of them, by the conventions of gstat (Pebesma 2004).

Pairs up to the cutoff (default a third of the diagonal of the bounding box) go into equal lags,
each closed at its upper end; a lag's distance is the mean of its pairs. Models are fitted by
weighted least squares with weights N / h^2 (gstat's method 7).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.spatial.distance import pdist

from processing.errors import BadParameter, NoVariogram

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

Kind = Literal["spherical", "exponential", "gaussian"]

FEWEST_STATIONS = 30
"""Below this a variogram is not fitted: with 20 stations every second range is off by a third."""

LAGS = 15

_STARTS = (0.1, 0.5, 1.0)
"""Ranges that a fit starts from, as shares of the largest distance."""


@dataclass(frozen=True, slots=True)
class Model:
    """A variogram model; nugget and partial sill in the square of the value's unit.

    `range_m` is the parameter of the formula: where a spherical model levels off, a third of the
    practical range of an exponential one.
    """

    kind: Kind
    nugget: float
    partial_sill: float
    range_m: float

    def __post_init__(self) -> None:
        """Raise BadParameter for what is no variogram."""
        numbers = (self.nugget, self.partial_sill, self.range_m)
        if not np.isfinite(numbers).all() or min(numbers) < 0:
            raise BadParameter("nugget, partial sill and range of a variogram are not negative")
        if not self.range_m > 0 or not self.nugget + self.partial_sill > 0:
            raise BadParameter("the range and the sill of a variogram must be above 0")

    @property
    def sill(self) -> float:
        """Nugget and partial sill together: the variance far away."""
        return self.nugget + self.partial_sill

    def gamma(self, distance_m: Floats) -> Floats:
        """Return the semivariance at distances in metres; 0 at 0, the nugget right after it."""
        risen = self.nugget + self.partial_sill * _shape(self.kind, distance_m / self.range_m)
        return np.where(distance_m > 0, risen, 0.0)

    def covariance(self, distance_m: Floats) -> Floats:
        """Return the covariance of two measurements; the sill at 0."""
        return self.sill - self.gamma(distance_m)

    def smooth_covariance(self, distance_m: Floats) -> Floats:
        """Return the covariance without the nugget, as it is between parts of a block."""
        part: Floats = self.partial_sill * (1.0 - _shape(self.kind, distance_m / self.range_m))
        return part


@dataclass(frozen=True, slots=True)
class Experimental:
    """Pairs, mean distance (m) and semivariance of each lag that has pairs."""

    pairs: Ints
    distance_m: Floats
    gamma: Floats


def experimental(
    xy: Floats, values: Floats, *, cutoff_m: float | None = None, lags: int = LAGS
) -> Experimental:
    """Return the experimental variogram of values at points (n by 2, metres).

    Raises NoVariogram with fewer than two places, BadParameter for a cutoff that is not above 0.
    """
    if len(xy) < 2:
        raise NoVariogram("a variogram needs at least two stations")
    if cutoff_m is None:
        cutoff_m = float(np.linalg.norm(np.ptp(xy, axis=0)) / 3.0)
    if not (np.isfinite(cutoff_m) and cutoff_m > 0) or lags < 1:
        raise BadParameter(f"cutoff_m is {cutoff_m:g}; it must be above 0")
    distance = pdist(xy)
    squared = pdist(np.asarray(values, dtype=np.float64)[:, None], "sqeuclidean")
    near = (distance <= cutoff_m) & (distance > 0)
    lag = np.ceil(distance[near] * (lags / cutoff_m)).astype(np.int64) - 1
    lag = np.clip(lag, 0, lags - 1)
    pairs = np.bincount(lag, minlength=lags)
    there = pairs > 0
    mean_m = np.bincount(lag, distance[near], minlength=lags)[there] / pairs[there]
    gamma = np.bincount(lag, squared[near], minlength=lags)[there] / pairs[there] / 2.0
    return Experimental(pairs[there], mean_m, gamma)


def fit(found: Experimental, kind: Kind) -> Model:
    """Return the model that fits best from several starts: weights N / h^2, nothing negative.

    Raises NoVariogram when there are fewer than four lags, when all values are equal, and when the
    fit runs away (a range beyond ten times the distances seen, or below all of them): such a model
    says nothing.
    """
    if len(found.pairs) < 4:
        raise NoVariogram(f"{len(found.pairs)} lags have pairs; a fit needs at least four")
    top, far_m = float(found.gamma.max()), float(found.distance_m.max())
    if not top > 0:
        raise NoVariogram("all values are equal; there is nothing to fit")
    weight = np.sqrt(found.pairs) / found.distance_m
    scale = np.array([top, top, far_m])

    def residual(free: Floats) -> Floats:
        nugget, partial, range_m = free * scale
        risen = nugget + partial * _shape(kind, found.distance_m / range_m)
        missed: Floats = weight * (risen - found.gamma)
        return missed

    tried = [
        least_squares(
            residual,
            np.array([0.2, 0.8, share_of_far]),
            bounds=(np.array([0.0, 0.0, 1e-6]), np.inf),
            x_scale="jac",
            xtol=1e-14,
            ftol=1e-14,
            gtol=1e-14,
        )
        for share_of_far in _STARTS
    ]
    best = min(tried, key=lambda one: one.cost)
    nugget, partial, range_m = (float(v) for v in best.x * scale)
    structured = found.distance_m.min() <= range_m <= 10.0 * far_m and partial > 1e-9 * top
    if not (best.success and structured):
        raise NoVariogram("the fit has no range; state a variogram from a larger area")
    return Model(kind, nugget, partial, range_m)


def _shape(kind: Kind, scaled: Floats) -> Floats:
    """Rise of a model from 0 to 1 over distance / range."""
    if kind == "spherical":
        inside = np.minimum(scaled, 1.0)
        return np.asarray(1.5 * inside - 0.5 * inside**3, dtype=np.float64)
    if kind == "exponential":
        return np.asarray(-np.expm1(-scaled), dtype=np.float64)
    return np.asarray(-np.expm1(-(scaled**2)), dtype=np.float64)
