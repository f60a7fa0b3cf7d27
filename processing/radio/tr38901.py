"""3GPP TR 38.901 table 7.4.1-1: rural, urban macro and urban micro cells, 0.5 to 100 GHz.

The speed of light is the 3.0e8 m/s that the report prescribes in the notes of the table. A macro
cell is one of 25 m and a micro cell one of 10 m: other heights are refused, because the report
gives no others; rural cells have 10 to 150 m.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from processing.radio.loss import Floats, Loss, Reason, outside, refuse

Scenario = Literal["rma", "uma", "umi"]

LIGHT_M_S = 3.0e8

FREQUENCY_GHZ = {"rma": (0.5, 30.0), "uma": (0.5, 100.0), "umi": (0.5, 100.0)}
BASE_M = {"rma": (10.0, 150.0), "uma": (25.0, 25.0), "umi": (10.0, 10.0)}
TERMINAL_M = {"rma": (1.0, 10.0), "uma": (1.5, 22.5), "umi": (1.5, 22.5)}
DISTANCE_M = {"rma": (10.0, 10_000.0), "uma": (10.0, 5_000.0), "umi": (10.0, 5_000.0)}
RURAL_NLOS_M = 5_000.0
SURROUNDINGS_M = (5.0, 50.0)

SHADOW_DB = {"rma": (6.0, 8.0), "uma": (4.0, 6.0), "umi": (4.0, 7.82)}
"""Deviation of shadow fading in and out of line of sight (rural: beyond its breakpoint)."""


class Rural(NamedTuple):
    """What a rural cell looks like: mean street width and building height, 5 to 50 m each."""

    street_m: float = 20.0
    building_m: float = 5.0


class Ray(NamedTuple):
    """Frequency (GHz), distances on the ground and in space (m), heights above ground (m)."""

    f_ghz: Floats
    flat_m: Floats
    slant_m: Floats
    base_m: Floats
    terminal_m: Floats


def loss(
    scenario: Scenario,
    ray: Ray,
    *,
    line_of_sight: ArrayLike,
    rural: Rural | None = None,
) -> Loss:
    """Return the path loss (dB), the median over shadow fading, of every ray.

    `line_of_sight` says for each ray whether the antennas see one another. Outside the ranges of
    this module a value is not computable.
    """
    sees = np.asarray(line_of_sight, dtype=bool)
    cell = rural or Rural()
    furthest = np.where(sees | (scenario != "rma"), np.inf, RURAL_NLOS_M)
    walls = outside(np.array(cell), SURROUNDINGS_M).any() if scenario == "rma" else False
    faults = (
        (Reason.FREQUENCY, outside(ray.f_ghz, FREQUENCY_GHZ[scenario])),
        (Reason.BASE_HEIGHT, outside(ray.base_m, BASE_M[scenario])),
        (Reason.TERMINAL_HEIGHT, outside(ray.terminal_m, TERMINAL_M[scenario])),
        (Reason.SURROUNDINGS, walls),
        (Reason.DISTANCE, outside(ray.flat_m, DISTANCE_M[scenario]) | (ray.flat_m > furthest)),
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        lg_d = np.log10(ray.slant_m)
        sight = _rural_sight(ray, cell) if scenario == "rma" else _urban_sight(scenario, ray, lg_d)
        hidden = np.maximum(sight, _hidden(scenario, ray, lg_d, cell))
    return refuse(np.where(sees, sight, hidden), faults)


def ray(
    frequency_ghz: ArrayLike, flat_m: ArrayLike, *, base_m: ArrayLike, terminal_m: ArrayLike
) -> Ray:
    """Return the rays of given distances on the ground (m) and heights above it (m).

    What has one value for all rays stays one, and so does its logarithm.
    """
    values = (frequency_ghz, flat_m, base_m, terminal_m)
    f, flat, base, terminal = (np.asarray(value, dtype=np.float64) for value in values)
    return Ray(f, flat, np.hypot(flat, base - terminal), base, terminal)


def _urban_sight(scenario: Scenario, ray: Ray, lg_d: Floats) -> Floats:
    """Return the loss in line of sight; the effective environment stands 1 m over the ground."""
    start, near, far = (28.0, 22.0, 9.0) if scenario == "uma" else (32.4, 21.0, 9.5)
    f = 20.0 * np.log10(ray.f_ghz)
    breakpoint_m = 4.0 * (ray.base_m - 1.0) * (ray.terminal_m - 1.0) * ray.f_ghz * 1e9 / LIGHT_M_S
    before = start + near * lg_d + f
    square = breakpoint_m**2 + (ray.base_m - ray.terminal_m) ** 2
    behind = start + 40.0 * lg_d + f - far * np.log10(square)
    return np.where(ray.flat_m <= breakpoint_m, before, behind)


def _rural_sight(ray: Ray, cell: Rural) -> Floats:
    breakpoint_m = 2.0 * np.pi * ray.base_m * ray.terminal_m * ray.f_ghz * 1e9 / LIGHT_M_S
    before = _rural_before(ray.slant_m, ray.f_ghz, cell)
    at = _rural_before(breakpoint_m, ray.f_ghz, cell)
    behind = at + 40.0 * np.log10(ray.slant_m / breakpoint_m)
    return np.where(ray.flat_m <= breakpoint_m, before, behind)


def _rural_before(distance_m: Floats, f_ghz: Floats, cell: Rural) -> Floats:
    grown = cell.building_m**1.72
    lg_d = np.log10(distance_m)
    free = 20.0 * np.log10(40.0 * np.pi * distance_m * f_ghz / 3.0)
    loss = free + min(0.03 * grown, 10.0) * lg_d - min(0.044 * grown, 14.77)
    return np.asarray(loss + 0.002 * np.log10(cell.building_m) * distance_m)


def _hidden(scenario: Scenario, ray: Ray, lg_d: Floats, cell: Rural) -> Floats:
    """Return the loss out of line of sight before it is held against that in line of sight."""
    lg_f = np.log10(ray.f_ghz)
    if scenario == "uma":
        return 13.54 + 39.08 * lg_d + 20.0 * lg_f - 0.6 * (ray.terminal_m - 1.5)
    if scenario == "umi":
        return 22.4 + 35.3 * lg_d + 21.3 * lg_f - 0.3 * (ray.terminal_m - 1.5)
    lg_base = np.log10(ray.base_m)
    loss = 161.04 - 7.1 * np.log10(cell.street_m) + 7.5 * np.log10(cell.building_m)
    loss = loss - (24.37 - 3.7 * (cell.building_m / ray.base_m) ** 2) * lg_base
    loss = loss + (43.42 - 3.1 * lg_base) * (lg_d - 3.0) + 20.0 * lg_f
    return np.asarray(loss - (3.2 * np.log10(11.75 * ray.terminal_m) ** 2 - 4.97))
