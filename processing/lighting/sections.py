"""Every section of street judged: its illuminance, its class, lit or not, and why not computable.

Two judgements are made: by the lamps known to work, and as if those of unknown state worked, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layers.seed import LightingClass
from processing.lighting import classes, grid, tiled
from processing.lighting.classes import BELOW, LIT, NOT_COMPUTABLE, Statistics, Verdict
from processing.lighting.grid import Bools, Floats, Ints, Sections
from processing.lighting.illuminance import illuminance
from processing.lighting.luminaire import Luminaire
from processing.lighting.scene import FAULT, WORKING, Lights, Parts, unreliable
from processing.spread import Spread

NO_WIDTH, UNKNOWN_LAMP = "no_width", "unknown_lamp"

MATTERS_HEIGHTS = 5.0
"""A lamp whose light is not known leaves the sections within so many mounting heights open."""

USUAL_HEIGHT_M = 10.0
"""Height of a lamp whose height is not known, when it is asked how far its light matters."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How the light of lamps is summed and how a street is cut; lengths in metres."""

    cutoff_heights: float
    longest_span_m: float
    longest_plain_m: float


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Sections with their illuminance (NaN where no width is known) and verdicts.

    `lux` is the illuminance of the place's points by the lamps known to work.
    """

    cut: Sections
    asked: list[str | None]
    lux: Floats
    found: Statistics
    verdict: Verdict
    if_unknown_work: Verdict

    def length_m(self, verdict: str) -> float:
        """Return the length of the sections of a verdict."""
        return float(self.cut.length_m[self.verdict.verdict == verdict].sum())


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """What stays the same whichever lamps burn.

    The points lie section by section, those of section k from `starts[k]` to `starts[k + 1]`;
    `by_x` orders them from west to east. With `spread` light is computed by tiles.
    """

    parts: Parts
    lights: Lights
    luminaires: Sequence[Luminaire]
    norms: Mapping[str, LightingClass]
    rules: Rules
    cut: Sections
    points: Floats
    section: Ints
    starts: Ints
    by_x: Ints
    spread: Spread | None = None


def prepare(
    parts: Parts,
    lights: Lights,
    luminaires: Sequence[Luminaire],
    norms: Mapping[str, LightingClass],
    rules: Rules,
) -> Place:
    """Cut the streets into sections and lay their points."""
    cut = grid.sections(
        parts.length_m,
        lights.rows,
        longest_span_m=rules.longest_span_m,
        longest_plain_m=rules.longest_plain_m,
    )
    known = ~np.isnan(parts.width_m)
    points, section = grid.points(parts.lines, np.where(known, parts.width_m, 1.0), cut)
    return Place(
        parts=parts,
        lights=lights,
        luminaires=luminaires,
        norms=norms,
        rules=rules,
        cut=cut,
        points=points,
        section=section,
        starts=np.searchsorted(section, np.arange(len(cut.street) + 1)),
        by_x=np.argsort(points[:, 0], kind="stable"),
    )


def judge(place: Place, *, dark: Bools) -> Judged:
    """Judge every section with the lamps `dark` (one flag for each lamp) switched off."""
    lights, cut = place.lights, place.cut
    asked = [place.parts.lighting_class[i] for i in cut.street.tolist()]
    burning = (lights.state == WORKING) & ~dark
    perhaps = ~np.isin(lights.state, (WORKING, FAULT)) & ~dark
    step = "with cabinets dark" if dark.any() else "light"
    known = light(place, place.points, burning, step=step)
    found = _statistics(place, known)
    if perhaps[lights.place].any():
        all_ = light(place, place.points, burning | perhaps, step=f"{step}, if unknown lamps work")
        more = _statistics(place, all_)
    else:
        more = found
    open_ = _open(place, (burning | perhaps) & (lights.fault != ""))
    return Judged(
        cut=cut,
        asked=asked,
        lux=known,
        found=found,
        verdict=_verdict(place, found, asked, open_),
        if_unknown_work=_verdict(place, more, asked, open_),
    )


def lost_m(place: Place, judged: Judged, fed: Bools) -> float:
    """Return the length of sections that meet their class no more when these lamps go out."""
    lamps = place.lights.lamps
    off = np.flatnonzero((fed & (place.lights.state == WORKING))[place.lights.place])
    if not len(off):
        return 0.0
    burning = np.zeros(len(fed), dtype=bool)
    burning[place.lights.place[off]] = True
    inside = _around(place, lamps.x[off], lamps.y[off], lamps.height_m[off])
    less = light(place, place.points[inside], burning)
    touched = np.unique(place.section[inside[less > 0]])
    touched = touched[judged.verdict.verdict[touched] == LIT]
    count = place.starts[touched + 1] - place.starts[touched]
    number = np.repeat(np.arange(len(touched)), count)
    here = np.arange(len(number)) + np.repeat(
        place.starts[touched] - np.cumsum(count) + count, count
    )
    at = np.minimum(np.searchsorted(inside, here), len(inside) - 1)
    lux = judged.lux[here] - np.where(inside[at] == here, less[at], 0.0)
    found = classes.statistics(lux, number, len(touched))
    after = classes.judge(found, [judged.asked[i] for i in touched.tolist()], place.norms)
    return float(judged.cut.length_m[touched[after.verdict != LIT]].sum())


def _around(place: Place, x: Floats, y: Floats, height_m: Floats) -> Ints:
    """Return the points, in order, in the box that the light of lamps may reach."""
    radius = height_m * place.rules.cutoff_heights
    first, last = np.searchsorted(
        place.points[place.by_x, 0], [(x - radius).min(), (x + radius).max()]
    )
    near = place.by_x[first : last + 1]
    north = place.points[near, 1]
    return np.sort(near[(north >= (y - radius).min()) & (north <= (y + radius).max())])


def light(place: Place, points: Floats, burning: Bools, *, step: str | None = None) -> Floats:
    """Return the illuminance at points in lux when these lamps burn.

    `step` names light that is worth spreading over tiles.
    """
    lamps = place.lights.lamps.of(burning[place.lights.place])
    cutoff_heights = place.rules.cutoff_heights
    if place.spread is None or step is None:
        return illuminance(points, lamps, place.luminaires, cutoff_heights=cutoff_heights)
    common = tiled.Common(place.luminaires, cutoff_heights)
    return tiled.illuminance_by_tiles(place.spread, step, points, lamps, common)


def _statistics(place: Place, lux: Floats) -> Statistics:
    found = classes.statistics(lux, place.section, len(place.cut.street))
    unknown = np.isnan(place.parts.width_m)[place.cut.street]
    return Statistics(
        mean_lx=np.where(unknown, np.nan, found.mean_lx),
        min_lx=np.where(unknown, np.nan, found.min_lx),
    )


def _verdict(place: Place, found: Statistics, asked: list[str | None], open_: Bools) -> Verdict:
    made = classes.judge(found, asked, place.norms)
    judged = np.isin(made.verdict, (LIT, BELOW))
    # More light leaves a class of mean and minimum met, but it may spoil a uniformity.
    firm = (made.verdict == LIT) & ~classes.asks_uniformity(asked, place.norms)
    no_width = judged & np.isnan(found.mean_lx)
    hidden = judged & open_ & ~firm & ~no_width
    return Verdict(
        verdict=np.where(no_width | hidden, NOT_COMPUTABLE, made.verdict),
        reason=_reasons(made.reason, no_width, hidden),
    )


def _reasons(reason: NDArray[np.object_], no_width: Bools, hidden: Bools) -> NDArray[np.object_]:
    found: NDArray[np.object_] = np.where(no_width, NO_WIDTH, reason)
    return np.where(hidden, UNKNOWN_LAMP, found)


def _open(place: Place, holes: Bools) -> Bools:
    """Tell which sections have a point near a lamp that may burn with a light not known."""
    lights = place.lights
    height = np.where(lights.height_m > 0, lights.height_m, USUAL_HEIGHT_M)
    touched = np.zeros(len(place.cut.street), dtype=bool)
    for one in np.unique(height[holes]).tolist():
        here = holes & (height == one)
        near = unreliable(place.points, lights.xy[here], reach_m=one * MATTERS_HEIGHTS)
        touched[place.section[near]] = True
    return touched
