"""Lighting and monitoring.

Seconds of the processor, so that what else runs does not count, and ratios of one run: the compiled
sum of light against numpy pair by pair, and leaving stations out by one inverse against solving
once for each. A wrong answer ends the run.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.errors import BenchmarkError
from layers.seed import luminaires
from processing.lighting.illuminance import Lamps, illuminance
from processing.lighting.luminaire import Luminaire, demonstrations
from processing.monitoring import kriging
from processing.monitoring.kriging import Measured
from processing.monitoring.variogram import Model

CUTOFF_HEIGHTS = 12.0
WANTED_S = 3.0


def main(quick: bool = False) -> int:
    """Print seconds and ratios; the exit code tells of wrong answers only."""
    _lighting(500 if quick else 5_000, 100_000 if quick else 1_000_000)
    _leaving_out(60 if quick else 155)
    return 0


def _lighting(lamp_count: int, point_count: int) -> None:
    """Rows of lamps 35 m apart on streets 60 m apart, points anywhere between them."""
    library = list(demonstrations(luminaires()).values())
    side = int(np.sqrt(lamp_count))
    number = np.arange(lamp_count)
    x, y = np.float64(35) * (number % side), np.float64(60) * (number // side)
    still, one = np.zeros(lamp_count), np.ones(lamp_count)
    turned = np.float64(90.0) * number % 360.0
    lamps = Lamps(x, y, one * 8.0, turned, still, one, number % len(library))
    chance = np.random.default_rng(1)
    points = np.stack([chance.uniform(0, v.max(), point_count) for v in (x, y)], axis=1)
    sample = points[:100]
    took, lux = _timed(lambda: illuminance(points[:1], lamps, library))
    print(f"lighting, compiling or reading what is compiled: {took:.2f} s")
    took, lux = _timed(lambda: illuminance(points, lamps, library, cutoff_heights=CUTOFF_HEIGHTS))
    plain_s, plain = _timed(lambda: _plain(sample, lamps, library))
    if not np.allclose(plain, lux[: len(sample)], rtol=1e-9, atol=1e-12):
        raise BenchmarkError("illuminance differs from the plain sum over all pairs")
    ratio = plain_s / len(sample) / (took / point_count)
    print(
        f"lighting, {lamp_count:,} lamps x {point_count:,} points at {CUTOFF_HEIGHTS:g} heights: "
        f"{took:.2f} s (wanted of 5,000 x 1,000,000: {WANTED_S:g} s), "
        f"{ratio:.0f} x as fast per point as numpy over all pairs without cells"
    )


def _plain(points: Any, lamps: Lamps, library: list[Luminaire]) -> Any:
    """Add up every lamp at every point, by bilinear interpolation in numpy."""
    lux = np.zeros(len(points))
    for n in range(len(lamps.x)):
        made = library[lamps.luminaire[n]]
        to = points - (lamps.x[n], lamps.y[n])
        flat, height = np.hypot(*to.T), lamps.height_m[n]
        bearing = np.degrees(np.arctan2(to[:, 0], to[:, 1]))
        c, gamma = (lamps.bearing_deg[n] - bearing) % 360.0, np.degrees(np.arctan2(flat, height))
        i = np.clip(np.searchsorted(made.c_deg, c) - 1, 0, len(made.c_deg) - 2)
        k = np.clip(np.searchsorted(made.gamma_deg, gamma) - 1, 0, len(made.gamma_deg) - 2)
        u = (c - made.c_deg[i]) / (made.c_deg[i + 1] - made.c_deg[i])
        v = (gamma - made.gamma_deg[k]) / (made.gamma_deg[k + 1] - made.gamma_deg[k])
        cd = made.intensity_cd
        near, far = (cd[j, k] * (1 - v) + cd[j, k + 1] * v for j in (i, i + 1))
        light = (near * (1 - u) + far * u) * lamps.factor[n] * height / np.hypot(flat, height) ** 3
        lux += np.where(flat <= height * CUTOFF_HEIGHTS, light, 0.0)
    return lux


def _leaving_out(stations: int) -> None:
    chance = np.random.default_rng(2)
    xy = chance.uniform(0, 4_000, (stations, 2))
    measured = Measured(xy, np.sin(xy[:, 0] / 500.0) + chance.normal(0, 0.2, stations))
    model = Model("spherical", 0.05, 0.6, 900.0)

    def each() -> Any:
        errors = np.empty(stations)
        for i in range(stations):
            rest = np.arange(stations) != i
            others = Measured(xy[rest], measured.values[rest])
            errors[i] = kriging.ordinary(others, xy[[i]], model).value[0] - measured.values[i]
        return errors

    once_s, scores = _timed(lambda: kriging.leave_one_out(measured, model))
    each_s, errors = _timed(each)
    if not np.allclose(scores.error, errors, atol=1e-8):
        raise BenchmarkError("leaving out by one inverse differs from leaving each station out")
    print(f"leave-one-out, {stations} stations: {each_s / once_s:.0f} x as fast as one by one")


def _timed(function: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds of the processor that a call took, and what it gave."""
    begun = time.process_time()
    result = function()
    return time.process_time() - begun, result
