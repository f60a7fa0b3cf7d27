"""Does a stretch of street meet its lighting class (EN 13201-2)?

C classes ask for a mean illuminance and an overall uniformity U0 = minimum / mean, P classes for a
mean and a minimum. M classes ask for luminance: not computable without tables of road surfaces.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layers.seed import LightingClass
from processing.lighting.grid import Bools, Floats, Ints

LIT, BELOW, NOT_COMPUTABLE, NO_CLASS = "lit", "below", "not_computable", "no_class"

M_CLASS, UNKNOWN_CLASS = "luminance_class", "unknown_class"
"""Reasons why a class cannot be judged."""

DECIMALS = 6
"""Figures are rounded to so many decimals before they are compared: no last bit decides."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """Illuminance of each section in lux; `u0` is minimum / mean, NaN where there is no light."""

    mean_lx: Floats
    min_lx: Floats

    @property
    def u0(self) -> Floats:
        """Overall uniformity."""
        with np.errstate(divide="ignore", invalid="ignore"):
            share: Floats = np.where(self.mean_lx > 0, self.min_lx / self.mean_lx, np.nan)
        return share


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came out for each section, and why it is not computable ("" when it is)."""

    verdict: NDArray[np.object_]
    reason: NDArray[np.object_]


def statistics(lux: Floats, section: Ints, count: int) -> Statistics:
    """Return mean and minimum of the points of each of `count` sections, NaN without points."""
    points = np.bincount(section, minlength=count)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(section, lux, minlength=count) / points
    lowest = np.full(count, np.inf)
    np.minimum.at(lowest, section, lux)
    return Statistics(mean_lx=mean, min_lx=np.where(points > 0, lowest, np.nan))


def judge(
    found: Statistics, asked: Sequence[str | None], norms: Mapping[str, LightingClass]
) -> Verdict:
    """Return the verdict for each section against the class asked of it.

    No class, `none` and P7 (performance not determined) ask nothing: `no_class`. A class that the
    table does not hold is `not_computable`, never passed.
    """
    verdict = np.full(len(asked), NO_CLASS, dtype=object)
    reason = np.full(len(asked), "", dtype=object)
    names = np.array([_name(one) for one in asked], dtype=object)
    for name in sorted(set(names.tolist()) - {""}):
        here = names == name
        norm = norms.get(name)
        if norm is None or norm.luminance_cd_m2 is not None:
            verdict[here] = NOT_COMPUTABLE
            reason[here] = UNKNOWN_CLASS if norm is None else M_CLASS
        elif norm.mean_lx is not None:
            verdict[here] = np.where(_meets(found, norm)[here], LIT, BELOW)
    return Verdict(verdict, reason)


def asks_uniformity(asked: Sequence[str | None], norms: Mapping[str, LightingClass]) -> Bools:
    """Tell where more light may also break the class: where it asks for U0."""
    return np.array(
        [(n := norms.get(_name(one))) is not None and n.u0 is not None for one in asked]
    )


def _meets(found: Statistics, norm: LightingClass) -> Bools:
    meets = np.ones(len(found.mean_lx), dtype=bool)
    for value, least in (
        (found.mean_lx, norm.mean_lx),
        (found.u0, norm.u0),
        (found.min_lx, norm.min_lx),
    ):
        if least is not None:
            meets &= np.round(value, DECIMALS) >= least
    return meets


def _name(asked: str | None) -> str:
    return asked if isinstance(asked, str) and asked != "none" else ""
