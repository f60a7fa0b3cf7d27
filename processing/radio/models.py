"""The models under one roof: which one says what a way through a city loses.

Models are asked in turn; at each point the first one that holds there counts. None is stretched
beyond its range.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from processing.radio import cost231, hata, location, p1411, p1411_roofs, p1812, profile, tr38901
from processing.radio.line_of_sight import Surface
from processing.radio.loss import Bools, Codes, Floats, Loss, Reason
from processing.radio.p1411 import Street
from processing.radio.p1411_roofs import Roofs
from processing.radio.profile import Grid

Model = Literal["p1411", "p1411_low", "p1812", "hata", "cost231", "uma", "umi", "rma"]

NO_MODEL = 255


class Way(NamedTuple):
    """The ways from one station to n points; heights above ground, lengths in metres."""

    f_ghz: float
    base_m: float
    terminal_m: float
    flat_m: Floats
    slant_m: Floats
    sees: Bools
    mast: tuple[float, float]
    ends: Floats
    """x, y of the points (n, 2) in the metric CRS."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What the waves meet: roofs, terrain and clutter (None: flat and bare), and the latitude."""

    surface: Surface
    terrain: Grid | None = None
    clutter: Grid | None = None
    latitude_deg: float = 54.5


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the models ask of the place: see the modules of the models.

    `deviation_db` stands for the models that give no deviation of their own, `resolution_m` is the
    width of the square that a level stands for.
    """

    roofs: Roofs = field(default_factory=Roofs)
    street: Street = field(default_factory=Street)
    rural: tr38901.Rural = field(default_factory=tr38901.Rural)
    hata: hata.Environment = "urban_small"
    cost231: cost231.Environment = "medium"
    deviation_db: float = 8.0
    resolution_m: float = 20.0
    profile_points: int = 101
    link: p1812.Link = field(default_factory=lambda: p1812.Link(f_ghz=1.0))


class Answer(NamedTuple):
    """Loss and deviation (dB), why there is none, and which of the models said so."""

    loss_db: Floats
    deviation_db: Floats
    reason: Codes
    model: Codes


def ask(models: tuple[Model, ...], way: Way, scene: Scene, around: Surroundings) -> Answer:
    """Return for each point what the first model says that holds there.

    `model` counts in `models` (NO_MODEL where none holds; the reason is then that of the first).
    """
    first, deviation = _MODELS[models[0]](way, scene, around)
    held = first.reason == Reason.COMPUTED
    answer = Answer(
        first.loss_db,
        np.where(held, deviation, np.nan),
        first.reason,
        np.where(held, 0, NO_MODEL).astype(np.uint8),
    )
    for number, name in enumerate(models[1:], start=1):
        left = np.flatnonzero(answer.model == NO_MODEL)
        if not len(left):
            break
        part = way._replace(
            flat_m=way.flat_m[left],
            slant_m=way.slant_m[left],
            sees=way.sees[left],
            ends=way.ends[left],
        )
        loss, deviation = _MODELS[name](part, scene, around)
        held = loss.reason == Reason.COMPUTED
        answer.loss_db[left[held]] = loss.loss_db[held]
        answer.deviation_db[left[held]] = np.broadcast_to(deviation, held.shape)[held]
        answer.model[left[held]] = number
        answer.reason[left[held]] = Reason.COMPUTED
    return answer


def _p1411(way: Way, _scene: Scene, around: Surroundings) -> tuple[Loss, Floats]:
    """Line of sight along a street, else over the roofs."""
    loss, reason = np.empty(len(way.flat_m)), np.empty(len(way.flat_m), dtype=np.uint8)
    for chosen in (way.sees, ~way.sees):
        heights = {"base_m": way.base_m, "terminal_m": way.terminal_m}
        if chosen is way.sees:
            part = p1411.sight(
                way.f_ghz, way.slant_m[chosen], road_m=around.street.road_m, **heights
            )
        else:
            part = p1411_roofs.loss(
                way.f_ghz,
                way.slant_m[chosen],
                roofs=around.roofs,
                street=around.street,
                **heights,
            )
        loss[chosen], reason[chosen] = part.loss_db, part.reason
    return Loss(loss, reason), np.asarray(around.deviation_db)


def _p1411_low(way: Way, _scene: Scene, _around: Surroundings) -> tuple[Loss, Floats]:
    return p1411.general(way.f_ghz, way.slant_m, line_of_sight=way.sees)


def _hata(way: Way, _scene: Scene, around: Surroundings) -> tuple[Loss, Floats]:
    loss = hata.loss(
        way.f_ghz * 1e3,
        way.flat_m / 1e3,
        base_m=way.base_m,
        terminal_m=way.terminal_m,
        environment=around.hata,
    )
    return loss, np.asarray(around.deviation_db)


def _cost231(way: Way, _scene: Scene, around: Surroundings) -> tuple[Loss, Floats]:
    loss = cost231.loss(
        way.f_ghz * 1e3,
        way.flat_m / 1e3,
        base_m=way.base_m,
        terminal_m=way.terminal_m,
        environment=around.cost231,
    )
    return loss, np.asarray(around.deviation_db)


def _tr38901(
    scenario: tr38901.Scenario,
) -> Callable[[Way, Scene, Surroundings], tuple[Loss, Floats]]:
    def asked(way: Way, _scene: Scene, around: Surroundings) -> tuple[Loss, Floats]:
        rays = tr38901.ray(way.f_ghz, way.flat_m, base_m=way.base_m, terminal_m=way.terminal_m)
        loss = tr38901.loss(scenario, rays, line_of_sight=way.sees, rural=around.rural)
        clear, hidden = tr38901.SHADOW_DB[scenario]
        return loss, np.where(way.sees, clear, hidden)

    return asked


def _p1812(way: Way, scene: Scene, around: Surroundings) -> tuple[Loss, Floats]:
    """Over the terrain model; without one no point is computable."""
    count = len(way.flat_m)
    if scene.terrain is None:
        off = np.full(count, Reason.OFF_TERRAIN, dtype=np.uint8)
        return Loss(np.full(count, np.nan), off), np.asarray(np.nan)
    # Nearer than P.1812 holds a profile would have no length to speak of.
    far = way.flat_m >= p1812.DISTANCE_KM[0] * 1e3
    loss = np.full(count, np.nan)
    reason = np.full(count, Reason.DISTANCE, dtype=np.uint8)
    deviation = np.full(count, np.nan)
    ends = way.ends[far]
    found = profile.extract(scene.terrain, scene.clutter, way.mast, ends, around.profile_points)
    profiles = p1812.Profiles(
        found.distance_km, found.terrain_m, found.clutter_m, np.asarray(scene.latitude_deg)
    )
    link = around.link._replace(f_ghz=way.f_ghz)
    answer = p1812.basic_loss(profiles, link, transmitter_m=way.base_m, receiver_m=way.terminal_m)
    loss[far] = answer.loss_db
    # Off the terrain and in a hole of it look alike in a profile.
    holes = answer.reason == Reason.TERRAIN_VOID
    reason[far] = np.where(holes, found.reason, answer.reason)
    deviation[far] = location.deviation_db(
        way.f_ghz, way.terminal_m, found.clutter_m[:, -1], around.resolution_m
    )
    return Loss(loss, reason), deviation


_MODELS: Mapping[str, Callable[[Way, Scene, Surroundings], tuple[Loss, Floats]]] = {
    "p1411": _p1411,
    "p1411_low": _p1411_low,
    "p1812": _p1812,
    "hata": _hata,
    "cost231": _cost231,
    "uma": _tr38901("uma"),
    "umi": _tr38901("umi"),
    "rma": _tr38901("rma"),
}
