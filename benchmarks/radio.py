"""Radio: profiles per second of P.1812, and sectors over a city with line of sight."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import numpy as np
from rich.table import Table

from benchmarks.place import console
from processing.radio import line_of_sight, p1812, profile
from processing.radio.coverage import Question, Stations, received
from processing.radio.models import Model, Scene, Surroundings
from processing.raster import Raster

PROFILES = ((100, 50_000, 150_000), (1_000, 6_000, 30_000))
"""Points of a profile, how many profiles, and how many a second are wanted on one core."""

SIDE = (1_000, 300)
SECTORS = 30
WANTED_S = 10.0
MODELS: tuple[tuple[Model, float], ...] = (("p1411", 33.0), ("uma", 25.0))


def main(quick: bool, _features: int | None = None) -> int:
    """Print how fast both are, warm; compiling is timed apart."""
    table = Table(title="P.1812-8, one core, warm")
    for name in ("points", "profiles/s", "wanted", "extraction/s", "first call, s"):
        table.add_column(name, justify="right")
    for points, count, wanted in PROFILES:
        table.add_row(*_profiles(points, count // (5 if quick else 1), wanted))
    console.print(table)
    side = SIDE[quick]
    threads = os.cpu_count() or 1
    table = Table(title=f"{SECTORS} sectors x {side * side:,} points, {threads} threads")
    for name in ("model", "masts", "seconds", "CPU s / threads", "x UMa alone"):
        table.add_column(name, justify="right")
    city = _city(side)
    alone = _alone(city)
    for model, height_m in MODELS:
        for masts in (SECTORS, SECTORS // 3):
            table.add_row(*_sectors(city, model, height_m, masts, alone))
    console.print(table)
    console.print(
        f"wanted: under {WANTED_S:g} s for 1,000,000 points; a busy machine tells by the CPU time"
    )
    return 0


def _timed(task: Callable[[], object]) -> float:
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def _profiles(points: int, count: int, wanted: int) -> tuple[str, ...]:
    chance = np.random.default_rng(1)
    rough = 150.0 + np.cumsum(chance.normal(0.0, 1.0, (1_200, 1_200)), axis=1)
    terrain = profile.grid(
        Raster(rough.astype(np.float32), (25.0, 0.0, 0.0, 0.0, -25.0, 30_000.0), "", None)
    )
    angle = chance.uniform(0.0, 2 * np.pi, count)
    reach = chance.uniform(2_000.0, 14_000.0, count)
    ends = 15_000.0 + np.column_stack([np.cos(angle), np.sin(angle)]) * reach[:, None]
    mast = (15_000.0, 15_000.0)
    profile.extract(terrain, None, mast, ends[:10], points)
    start = time.perf_counter()
    found = profile.extract(terrain, None, mast, ends, points)
    extraction = count / (time.perf_counter() - start)
    profiles = p1812.Profiles(
        found.distance_km, found.terrain_m, found.clutter_m, np.full(count, 54.5)
    )
    link = p1812.Link(0.9, 50.0, 95.0, 5.5)

    def predict() -> None:
        p1812.basic_loss(profiles, link, transmitter_m=30.0, receiver_m=1.5)

    first = _timed(predict)
    per_second = count / min(_timed(predict) for _ in range(3))
    verdict = f"{wanted:,}: {'reached' if per_second >= wanted else 'MISSED'}"
    return f"{points:,}", f"{per_second:,.0f}", verdict, f"{extraction:,.0f}", f"{first:.1f}"


def _city(side: int) -> Scene:
    """Return blocks of houses of up to nine storeys, on cells of 2 m."""
    chance = np.random.default_rng(2)
    top = np.zeros((side, side), dtype=np.float32)
    for row in range(0, side, 60):
        for column in range(0, side, 40):
            if chance.random() < 0.6:
                storeys = chance.choice([2, 5, 9])
                top[row + 10 : row + 45, column + 8 : column + 20] = 3.0 * storeys
    return Scene(line_of_sight.surface(top, (0.0, 2.0 * side), 2.0))


def _ends(city: Scene) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    x, y = line_of_sight.centres(city.surface)
    return np.column_stack([x.ravel(), y.ravel()])


def _stations(city: Scene, height_m: float, masts: int) -> Stations:
    chance = np.random.default_rng(3)
    width = city.surface.top_m.shape[0] * city.surface.cell_m
    x, y = np.repeat(chance.uniform(0.05 * width, 0.95 * width, (2, masts)), SECTORS // masts, 1)

    def column(value: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return np.full(SECTORS, value)

    return Stations(
        x,
        y,
        column(height_m),
        column(1.8),
        column(30.0),
        np.tile([30.0, 150.0, 270.0], SECTORS // 3),
        column(6.0),
        column(65.0),
        10.0,
    )


def _sectors(
    city: Scene, model: Model, height_m: float, masts: int, alone_s: float
) -> tuple[str, ...]:
    stations, ends = _stations(city, height_m, masts), _ends(city)
    question = Question(city, (model,), Surroundings())
    threads = os.cpu_count() or 1
    received(stations, ends[:1_000], question)
    busy = time.process_time()
    seconds = _timed(lambda: received(stations, ends, question, threads=threads))
    busy = (time.process_time() - busy) / threads
    return model, str(masts), f"{seconds:.1f}", f"{busy:.1f}", f"{busy * threads / alone_s:.1f}"


def _alone(city: Scene) -> float:
    """Return the CPU seconds of the bare formula of one scenario for all sectors: a measure of the
    machine as it is.
    """
    from processing.radio import tr38901  # noqa: PLC0415 - only here

    distance = np.hypot(*_ends(city).T)
    ray = tr38901.ray(1.8, distance, base_m=25.0, terminal_m=1.5)
    start = time.process_time()
    tr38901.loss("uma", ray, line_of_sight=distance < 500.0)
    return SECTORS * (time.process_time() - start)
