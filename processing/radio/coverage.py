"""Received levels: the best station at each point, what it gives there, and why there is none."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from processing.radio import antenna, line_of_sight, models, profile
from processing.radio.antenna import Pattern
from processing.radio.loss import Codes, Floats, Reason
from processing.radio.models import NO_MODEL, Model, Scene, Surroundings, Way

NONE = -1
"""Stands for "no station" among the servers."""

CHUNK = 32_768
"""Points of one step: its arrays stay in the cache of the processor."""


@dataclass(frozen=True, slots=True)
class Stations:
    """Transmitters of one technology; one value each, NaN where not known.

    `x`, `y` in the metric CRS of the scene, `height_m` of the antenna above ground, `power_dbm`
    what the judged signal radiates in its strongest direction. A NaN azimuth is an antenna that
    sends all round; a NaN tilt is none, a NaN beamwidth that of one element (antenna.ELEMENT_DEG).
    """

    x: Floats
    y: Floats
    height_m: Floats
    f_ghz: Floats
    power_dbm: Floats
    azimuth_deg: Floats
    tilt_deg: Floats
    beamwidth_deg: Floats
    vertical_beamwidth_deg: float = antenna.ELEMENT_DEG

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.x)


@dataclass(frozen=True, slots=True)
class Received:
    """What n points get. `level_dbm` and `deviation_db` are NaN where `reason` is not COMPUTED.

    `server` counts in the stations (NONE), `model` in the models asked (models.NO_MODEL). `nearer`
    is why a station nearer than the server could not be computed (COMPUTED: there is none such):
    the level is then only the least that the point gets.
    """

    level_dbm: Floats
    deviation_db: Floats
    server: NDArray[np.int64]
    model: Codes
    reason: Codes
    nearer: Codes


@dataclass(frozen=True, slots=True)
class Question:
    """How levels are computed: the models in the order in which they are asked, what they need to
    know, and the height of the receivers above ground.
    """

    scene: Scene
    models: tuple[Model, ...]
    surroundings: Surroundings
    terminal_m: float = 1.5


class _Mast(NamedTuple):
    """One station with the ground it stands on; `fault` is why nothing can be computed of it."""

    number: int
    ground_m: float
    fault: int


def received(stations: Stations, ends: Floats, question: Question, *, threads: int = 1) -> Received:
    """Return the median level of the best station at each of `ends` (x, y), n x 2, metric CRS.

    Of stations equally strong the first one serves; of stations none of which can be computed the
    nearest one gives the reason. The number of threads does not change the result.
    """
    points = np.ascontiguousarray(ends, dtype=np.float64).reshape(-1, 2)
    masts = _masts(stations, question.scene)
    starts = range(0, max(len(points), 1), CHUNK)
    with ThreadPoolExecutor(threads) as pool:
        parts = [points[start : start + CHUNK] for start in starts]
        done = list(pool.map(lambda part: _part(stations, masts, part, question), parts))
    return Received(
        *(np.concatenate([getattr(part, each.name) for part in done]) for each in fields(Received))
    )


def _masts(stations: Stations, scene: Scene) -> list[_Mast]:
    ground, reason = _ground(scene, np.column_stack([stations.x, stations.y]))
    powerless = np.where(np.isfinite(stations.power_dbm), Reason.COMPUTED, Reason.POWER)
    faults = np.where(reason != Reason.COMPUTED, reason, powerless)
    return [_Mast(i, float(ground[i]), int(faults[i])) for i in range(len(stations))]


def _ground(scene: Scene, ends: Floats) -> tuple[Floats, Codes]:
    """Return the height of the ground; it is flat at 0 where there is no terrain model."""
    if scene.terrain is None:
        return np.zeros(len(ends)), np.zeros(len(ends), dtype=np.uint8)
    return profile.sample(scene.terrain, ends[:, 0], ends[:, 1])


def _part(stations: Stations, masts: list[_Mast], ends: Floats, question: Question) -> Received:
    """Return what a part of the points gets from all stations."""
    ground, off = _ground(question.scene, ends)
    points = np.column_stack([ends, ground + question.terminal_m])
    count = len(ends)
    best = Received(
        level_dbm=np.full(count, -np.inf),
        deviation_db=np.full(count, np.nan),
        server=np.full(count, NONE, dtype=np.int64),
        model=np.full(count, NO_MODEL, dtype=np.uint8),
        reason=np.full(count, Reason.NO_STATION, dtype=np.uint8),
        nearer=np.zeros(count, dtype=np.uint8),
    )
    far = _Distances(np.full(count, np.inf), np.full(count, np.inf))
    seen: dict[tuple[float, float, float], Codes] = {}
    for mast in masts:
        _add(best, far, mast, _Part(stations, points, question, seen))
    lost = off != Reason.COMPUTED
    best.server[lost] = NONE
    silent = best.server == NONE
    best.level_dbm[silent] = np.nan
    best.deviation_db[silent] = np.nan
    best.model[silent] = NO_MODEL
    doubtful = ~silent & (far.failed_m < far.server_m)
    best.nearer[doubtful] = best.reason[doubtful]
    best.reason[:] = np.where(lost, off, np.where(silent, best.reason, Reason.COMPUTED))
    return best


class _Distances(NamedTuple):
    """How far the server and the nearest station that could not be computed are, on the ground."""

    server_m: Floats
    failed_m: Floats


class _Part(NamedTuple):
    """What is the same for all stations; `seen` keeps what sectors of one mast have in common."""

    stations: Stations
    points: Floats
    question: Question
    seen: dict[tuple[float, float, float], Codes]


def _add(best: Received, far: _Distances, mast: _Mast, part: _Part) -> None:
    """Put a station where it is the strongest so far."""
    i = mast.number
    stations, points = part.stations, part.points
    east, north = points[:, 0] - stations.x[i], points[:, 1] - stations.y[i]
    flat = np.hypot(east, north)
    if mast.fault:
        reason = np.full(len(flat), mast.fault, dtype=np.uint8)
    else:
        top = mast.ground_m + float(stations.height_m[i])
        answer = _answer(mast, part, flat)
        reason = answer.reason
        rise = points[:, 2] - top
        pattern = _pattern(stations, i)
        weaker = antenna.attenuation_db(
            pattern, np.degrees(np.arctan2(east, north)), np.degrees(np.arctan2(rise, flat))
        )
        level = stations.power_dbm[i] - weaker - answer.loss_db
        stronger = (reason == Reason.COMPUTED) & (level > best.level_dbm)
        best.level_dbm[stronger] = level[stronger]
        best.deviation_db[stronger] = answer.deviation_db[stronger]
        best.model[stronger] = answer.model[stronger]
        best.server[stronger] = i
        far.server_m[stronger] = flat[stronger]
    failed = (reason != Reason.COMPUTED) & (flat < far.failed_m)
    best.reason[failed] = reason[failed]
    far.failed_m[failed] = flat[failed]


def _answer(mast: _Mast, part: _Part, flat_m: Floats) -> models.Answer:
    """Return the loss of the ways from a station; none where it is not known what they cross."""
    i = mast.number
    stations, points, question = part.stations, part.points, part.question
    at = (float(stations.x[i]), float(stations.y[i]))
    height = float(stations.height_m[i])
    top = mast.ground_m + height
    place = (*at, top)
    if place not in part.seen:
        part.seen[place] = line_of_sight.visible(question.scene.surface, place, points)
    seen = part.seen[place]
    way = Way(
        f_ghz=float(stations.f_ghz[i]),
        base_m=height,
        terminal_m=question.terminal_m,
        flat_m=flat_m,
        slant_m=np.hypot(flat_m, points[:, 2] - top),
        sees=seen == line_of_sight.VISIBLE,
        mast=at,
        ends=points[:, :2],
    )
    answer = models.ask(question.models, way, question.scene, question.surroundings)
    unsure = (seen == line_of_sight.UNKNOWN) & (answer.reason == Reason.COMPUTED)
    answer.reason[unsure] = Reason.TERRAIN_VOID
    answer.model[unsure] = NO_MODEL
    return answer


def _pattern(stations: Stations, i: int) -> Pattern:
    tilt, width = float(stations.tilt_deg[i]), float(stations.beamwidth_deg[i])
    return Pattern(
        azimuth_deg=float(stations.azimuth_deg[i]),
        tilt_deg=0.0 if np.isnan(tilt) else tilt,
        beamwidth_deg=width if width > 0 else antenna.ELEMENT_DEG,
        vertical_beamwidth_deg=stations.vertical_beamwidth_deg,
    )
