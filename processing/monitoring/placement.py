"""Where the next stations help most: greedy, one after the other.

With a variogram each station is put where it lowers the mean kriging variance of the places that
matter most. The variance depends on places only, not on values, so after a station s the variance
at x falls by C(x, s | stations)^2 / var(s | stations), the conditional covariance of ordinary
kriging; no system is solved again. Without a variogram the mean distance to a station is lowered.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack
from scipy.spatial.distance import cdist

from processing.errors import BadGeometry, BadParameter
from processing.monitoring.variogram import Floats, Ints, Model


@dataclass(frozen=True, slots=True)
class Placed:
    """Chosen candidates in their order, and the mean measure before and after each of them.

    The measure is kriging variance or distance in metres; `measure` has one more entry than
    `chosen`, its first is that of the stations there are.
    """

    chosen: Ints
    measure: Floats


def by_variance(
    stations: Floats,
    candidates: Floats,
    places: Floats,
    model: Model,
    *,
    count: int,
    weights: Floats | None = None,
) -> Placed:
    """Choose up to `count` candidates that lower the weighted mean kriging variance of places.

    All are n by 2 in metres. Of equals the first is taken; a candidate at a station is of no use
    and never chosen. Raises BadParameter without stations, BadGeometry when stations share a place.
    """
    share = _shares(places, weights)
    if not len(stations):
        raise BadParameter("without any station there is no kriging variance to lower")
    cross, own = _conditional(stations, candidates, places, model)
    variance = _variance(stations, places, model)
    mean = [float(share @ variance)]
    chosen: list[int] = []
    noise = model.nugget
    for _ in range(count):
        spread = np.diag(own) + noise
        useful = np.diag(own) > 1e-9 * model.sill
        useful[chosen] = False
        if not useful.any():
            break
        gain = np.where(useful, (share @ cross**2) / np.where(useful, spread, 1.0), -np.inf)
        best = _first_best(gain)
        chosen.append(best)
        mean.append(mean[-1] - float(gain[best]))
        row = own[best] / spread[best]
        cross = cross - np.outer(cross[:, best], row)
        own = own - np.outer(own[best], row)
    return Placed(np.array(chosen, dtype=np.int64), np.array(mean))


def by_distance(
    stations: Floats,
    candidates: Floats,
    places: Floats,
    *,
    count: int,
    weights: Floats | None = None,
) -> Placed:
    """Choose up to `count` candidates that lower the weighted mean distance to a station.

    Without stations the first mean is infinite. Of equals the first candidate is taken.
    """
    share = _shares(places, weights)
    ways = cdist(places, candidates)
    nearest = cdist(places, stations).min(axis=1) if len(stations) else np.full(len(places), np.inf)
    mean = [float(share @ nearest) if len(stations) else np.inf]
    chosen: list[int] = []
    for _ in range(min(count, len(candidates))):
        after = share @ np.minimum(ways, nearest[:, None])
        best = _first_best(-after)
        if not after[best] < mean[-1] - 1e-9:
            break
        chosen.append(best)
        nearest = np.minimum(nearest, ways[:, best])
        mean.append(float(after[best]))
    return Placed(np.array(chosen, dtype=np.int64), np.array(mean))


def _first_best(gain: Floats) -> int:
    """Return the first of the best, so that the last bit of a sum decides nothing."""
    best = gain.max()
    return int(np.flatnonzero(gain >= best - 1e-12 * max(abs(best), 1e-300))[0])


def _conditional(
    stations: Floats, candidates: Floats, places: Floats, model: Model
) -> tuple[Floats, Floats]:
    """Return covariances given the stations: places by candidates, candidates by candidates.

    They are of the field without the nugget, which is each measurement's own.
    """
    to_candidates = _right(stations, candidates, model)
    solved = _solved(stations, to_candidates, model)
    to_places = _right(stations, places, model)
    cross = model.smooth_covariance(cdist(places, candidates)) - to_places.T @ solved
    own = model.smooth_covariance(cdist(candidates, candidates)) - to_candidates.T @ solved
    return cross, own


def _variance(stations: Floats, places: Floats, model: Model) -> Floats:
    """Kriging variance of a measurement at each place that is no station."""
    right = _right(stations, places, model)
    variance: Floats = model.sill - (right * _solved(stations, right, model)).sum(axis=0)
    return variance


def _right(stations: Floats, to: Floats, model: Model) -> Floats:
    return np.vstack([model.smooth_covariance(cdist(stations, to)), np.ones(len(to))])


def _solved(stations: Floats, right: Floats, model: Model) -> Floats:
    count = len(stations)
    system = np.ones((count + 1, count + 1))
    system[:count, :count] = model.covariance(cdist(stations, stations))
    system[count, count] = 0.0
    *_, solved, fault = lapack.dgesv(system, right)
    if fault:
        raise BadGeometry("the stations cannot be told apart; merge those at one place")
    return np.asarray(solved, dtype=np.float64)


def _shares(places: Floats, weights: Floats | None) -> NDArray[np.float64]:
    if not len(places):
        raise BadParameter("there are no places that stations should serve")
    if weights is None:
        return np.full(len(places), 1.0 / len(places))
    if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.sum() > 0):
        raise BadParameter("weights are numbers of at least 0, not all of them 0")
    return weights / weights.sum()
