"""Where illuminance is taken on a street: the grid of EN 13201-3:2015, 7.1, and a plain one.

Each street part is cut lengthwise into sections. Between two consecutive lamps of its leading side
a section is a span, with the grid of the norm: 10 points along it up to 30 m, else as few as keep
them at most 3 m apart; across, 3 points or as few as keep them at most 1.5 m apart; always the
midpoints of equal steps. What is left (ends, parts without two lamps, gaps too long for a row) is
cut into plain sections with points at most 3 m apart both ways.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SPAN_POINTS = 10
SHORT_SPAN_M = 30.0
LONG_STEP_M = 3.0
ACROSS_POINTS = 3
ACROSS_STEP_M = 1.5
PLAIN_STEP_M = 3.0
_SAME_M = 1e-6
_AHEAD_M = 0.25


@dataclass(frozen=True, slots=True)
class Rows:
    """Lamps by the street part that they stand at, in any order.

    `street` counts in the street parts, `measure_m` runs along the part from its start, `left`
    tells the side. Lamps that are out of order stand in the row, too.
    """

    street: Ints
    measure_m: Floats
    left: Bools


@dataclass(frozen=True, slots=True)
class Sections:
    """Stretches of street parts, in order along each part; together they are the whole part."""

    street: Ints
    from_m: Floats
    to_m: Floats
    span: Bools

    @property
    def length_m(self) -> Floats:
        """Length of each section in metres."""
        return self.to_m - self.from_m


def sections(
    length_m: Floats, rows: Rows, *, longest_span_m: float, longest_plain_m: float
) -> Sections:
    """Return the sections of street parts with these lengths in metres.

    The leading side is that with more lamps (left of equals). Lamps further apart than
    `longest_span_m` make no row; plain stretches are cut into equal pieces of at most
    `longest_plain_m`. A part of no length has no section.
    """
    order = np.lexsort((rows.measure_m, rows.street))
    street, measure, left = rows.street[order], rows.measure_m[order], rows.left[order]
    begin = np.searchsorted(street, np.arange(len(length_m) + 1))
    found: list[tuple[int, float, float, bool]] = []
    for part, length in enumerate(length_m.tolist()):
        here = slice(begin[part], begin[part + 1])
        at = _leading(measure[here], left[here])
        edges = np.unique(np.clip(np.concatenate([[0.0], at, [length]]), 0.0, length))
        for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            row = len(at) > 1 and start >= at[0] and end <= at[-1]
            if row and end - start <= longest_span_m:
                found.append((part, start, end, True))
            else:
                found += _plain(part, start, end, longest_plain_m)
    columns = list(zip(*found, strict=True)) if found else [(), (), (), ()]
    return Sections(
        street=np.array(columns[0], dtype=np.int64),
        from_m=np.array(columns[1], dtype=np.float64),
        to_m=np.array(columns[2], dtype=np.float64),
        span=np.array(columns[3], dtype=bool),
    )


def points(lines: NDArray[Any], width_m: Floats, cut: Sections) -> tuple[Floats, Ints]:
    """Return the points (n by 2, metres) of every section, and the section of each point.

    `lines` are the axes of the street parts, `width_m` their widths; points lie square to the axis.
    """
    along, across = _counts(cut.length_m, width_m[cut.street], cut.span)
    section = np.repeat(np.arange(len(cut.street)), along * across)
    number = np.arange(len(section)) - np.repeat(
        np.cumsum(along * across) - along * across, along * across
    )
    step_m = (cut.length_m / along)[section]
    measure = cut.from_m[section] + (number // across[section] + 0.5) * step_m
    aside = ((number % across[section] + 0.5) / across[section] - 0.5) * width_m[cut.street][
        section
    ]
    line = lines[cut.street[section]]
    return _beside(line, measure, aside), section


def side(lines: NDArray[Any], places: NDArray[Any], measure_m: Floats) -> Bools:
    """Tell which points lie left of their line, seen along it at `measure_m`."""
    foot, along = _frame(lines, measure_m)
    to = shapely.get_coordinates(places) - foot
    left: Bools = along[:, 0] * to[:, 1] - along[:, 1] * to[:, 0] >= 0
    return left


def _leading(measure_m: Floats, left: Bools) -> Floats:
    """Return where the lamps of the leading side stand, each place once."""
    at = measure_m[left] if left.sum() * 2 >= len(left) else measure_m[~left]
    return at[np.concatenate([[True], np.diff(at) > _SAME_M])] if len(at) else at


def _plain(part: int, start: float, end: float, longest_m: float) -> list[Any]:
    count = max(1, int(np.ceil((end - start) / longest_m - _SAME_M)))
    cuts = np.linspace(start, end, count + 1).tolist()
    return [(part, cuts[i], cuts[i + 1], False) for i in range(count)]


def _counts(length_m: Floats, width_m: Floats, span: Bools) -> tuple[Ints, Ints]:
    def steps(size_m: Floats, step_m: float) -> Ints:
        return np.maximum(1, np.ceil(size_m / step_m - _SAME_M)).astype(np.int64)

    along = np.where(
        span & (length_m <= SHORT_SPAN_M + _SAME_M), SPAN_POINTS, steps(length_m, LONG_STEP_M)
    )
    norm = np.maximum(ACROSS_POINTS, steps(width_m, ACROSS_STEP_M))
    return along, np.where(span, norm, steps(width_m, PLAIN_STEP_M))


def _frame(lines: NDArray[Any], measure_m: Floats) -> tuple[Floats, Floats]:
    """Return the points of lines at these measures and the unit vectors along them there."""
    foot = shapely.get_coordinates(shapely.line_interpolate_point(lines, measure_m))
    length = shapely.length(lines)
    ends = [
        shapely.get_coordinates(
            shapely.line_interpolate_point(lines, np.clip(measure_m + step, 0.0, length))
        )
        for step in (-_AHEAD_M, _AHEAD_M)
    ]
    along = ends[1] - ends[0]
    return foot, along / np.maximum(np.linalg.norm(along, axis=1), 1e-12)[:, None]


def _beside(lines: NDArray[Any], measure_m: Floats, aside_m: Floats) -> Floats:
    foot, along = _frame(lines, measure_m)
    beside: Floats = foot + np.stack([-along[:, 1], along[:, 0]], axis=1) * aside_m[:, None]
    return beside
