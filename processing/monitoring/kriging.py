"""Ordinary kriging at points and over blocks, leave-one-out errors, and IDW as a contrast.

The system is that of covariances with one Lagrange multiplier. The nugget belongs to single
measurements: an estimate at a station is its value with variance 0; a block has none inside.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, lapack
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from processing.errors import BadGeometry, BadParameter, NoVariogram
from processing.monitoring.variogram import Floats, Model


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """One value at each of n places (n by 2, metres).

    Raises BadParameter for values or places that are no numbers, BadGeometry when two share a
    place.
    """

    xy: Floats
    values: Floats

    def __post_init__(self) -> None:
        """Check what kriging needs."""
        if len(self.xy) != len(self.values) or not len(self.xy):
            counts = f"{len(self.xy)} stations and {len(self.values)} values"
            raise BadParameter(f"{counts}; give one value for each of at least one station")
        if not (np.isfinite(self.xy).all() and np.isfinite(self.values).all()):
            raise BadParameter("a station has no place or no value; leave such stations out")
        if len(np.unique(self.xy, axis=0)) < len(self.xy):
            raise BadGeometry("two stations share a place; merge them into one first")


@dataclass(frozen=True, slots=True)
class Estimate:
    """Estimated values and their kriging variance, one for each target."""

    value: Floats
    variance: Floats

    @property
    def sd(self) -> Floats:
        """Kriging standard deviation, in the unit of the values."""
        return np.sqrt(np.maximum(self.variance, 0.0))


@dataclass(frozen=True, slots=True)
class Scores:
    """Leave-one-out errors: estimate - measured, and each error over its kriging deviation."""

    error: Floats
    standardised: Floats

    @property
    def rmse(self) -> float:
        """Root of the mean squared error, in the unit of the values."""
        return float(np.sqrt(np.mean(self.error**2)))

    @property
    def mae(self) -> float:
        """Mean absolute error, in the unit of the values."""
        return float(np.mean(np.abs(self.error)))


def ordinary(
    measured: Measured, targets: Floats, model: Model, *, neighbours: int | None = None
) -> Estimate:
    """Return ordinary-kriging estimates at targets (m by 2, metres).

    With `neighbours` only so many nearest stations count for each target.
    """
    near = model.covariance(cdist(measured.xy, targets))
    prior = np.full(len(targets), model.sill)
    return _krige(measured, targets, model, near, prior, neighbours)


def block(
    measured: Measured,
    centres: Floats,
    model: Model,
    *,
    size_m: float,
    steps: int = 4,
    neighbours: int | None = None,
) -> Estimate:
    """Return estimates of the mean over square blocks, each taken as steps x steps points.

    Raises BadParameter for a size or number of steps that cannot be.
    """
    if not (np.isfinite(size_m) and size_m > 0) or steps < 1:
        raise BadParameter(f"a block of {size_m:g} m in {steps} steps cannot be; give both above 0")
    middle = (np.arange(steps) + 0.5) / steps * size_m - size_m / 2.0
    inside = np.stack(np.meshgrid(middle, middle), axis=-1).reshape(-1, 2)
    near = np.zeros((len(measured.xy), len(centres)))
    for offset in inside:
        near += model.smooth_covariance(cdist(measured.xy, centres + offset))
    prior = np.full(len(centres), model.smooth_covariance(cdist(inside, inside)).mean())
    return _krige(measured, centres, model, near / len(inside), prior, neighbours)


def leave_one_out(measured: Measured, model: Model) -> Scores:
    """Return the errors when each station is estimated from all others (Dubrule 1983).

    One inverse gives them all: error = -(B z)_i / B_ii, variance = 1 / B_ii. The model is kept.
    Raises NoVariogram with fewer than three stations.
    """
    count = len(measured.xy)
    if count < 3:
        raise NoVariogram("leaving one out needs at least three stations")
    inverse = _inverse(_system(measured.xy, model))[:count, :count]
    diagonal = np.diag(inverse)
    left = (inverse @ measured.values) / diagonal
    return Scores(error=-left, standardised=-left * np.sqrt(diagonal))


def idw(measured: Measured, targets: Floats, *, neighbours: int | None = None) -> Floats:
    """Return means weighted by 1 / distance^2, at a station its own value."""
    stations = len(measured.xy)
    count = stations if neighbours is None else min(neighbours, stations)
    distance, which = cKDTree(measured.xy).query(targets, k=np.arange(1, count + 1))
    here = distance[:, 0] == 0.0
    weight = 1.0 / np.where(here[:, None], 1.0, distance) ** 2
    mean = (weight * measured.values[which]).sum(axis=1) / weight.sum(axis=1)
    return np.where(here, measured.values[which[:, 0]], mean)


def idw_leave_one_out(measured: Measured) -> Floats:
    """Return the errors of IDW when each station is estimated from all others."""
    squared = cdist(measured.xy, measured.xy, "sqeuclidean")
    np.fill_diagonal(squared, np.inf)
    weight = 1.0 / squared
    errors: Floats = weight @ measured.values / weight.sum(axis=1) - measured.values
    return errors


def _krige(
    measured: Measured,
    targets: Floats,
    model: Model,
    near: Floats,
    prior: Floats,
    neighbours: int | None,
) -> Estimate:
    xy, values = measured.xy, measured.values
    if neighbours is None or neighbours >= len(xy):
        return _solve(_system(xy, model), near, values, prior)
    if neighbours < 1:
        raise BadParameter(f"neighbours is {neighbours}; at least one station must count")
    _, which = cKDTree(xy).query(targets, k=np.arange(1, neighbours + 1))
    value, variance = np.empty(len(targets)), np.empty(len(targets))
    for i, stations in enumerate(which):
        one = slice(i, i + 1)
        found = _solve(
            _system(xy[stations], model), near[stations, one], values[stations], prior[one]
        )
        value[i], variance[i] = found.value[0], found.variance[0]
    return Estimate(value, variance)


def _solve(system: Floats, near: Floats, values: Floats, prior: Floats) -> Estimate:
    """Solve the kriging system for all targets; `near` is stations by targets."""
    right = np.vstack([near, np.ones(near.shape[1])])
    *_, weights, fault = lapack.dgesv(system, right)
    if fault:
        raise BadGeometry("the stations cannot be told apart; merge those at one place")
    value = weights[:-1].T @ values
    variance = prior - (weights * right).sum(axis=0)
    return Estimate(value, variance)


def _system(xy: Floats, model: Model) -> Floats:
    count = len(xy)
    system = np.ones((count + 1, count + 1))
    system[:count, :count] = model.covariance(cdist(xy, xy))
    system[count, count] = 0.0
    return system


def _inverse(system: Floats) -> Floats:
    try:
        return np.asarray(np.linalg.inv(system), dtype=np.float64)
    except LinAlgError:
        raise BadGeometry("the stations cannot be told apart; merge those at one place") from None
