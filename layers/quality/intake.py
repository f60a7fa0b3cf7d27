"""Measures of ISO 19157:2013 (annex D) of a file as it came, from what its load found.

What is refused is not among the rows any more, so they cannot tell how good the file was.
"""

from __future__ import annotations

from collections.abc import Mapping

from layers.quality.measures import DOMAIN, OMISSION, THEMATIC
from layers.quality.result import Measured

COMMISSION = "completeness commission"
FORMAT = "format consistency"
TOPOLOGICAL = "topological consistency"
POSITIONAL = "absolute positional accuracy"

_COUNTED: tuple[tuple[str, int, str, tuple[str, ...]], ...] = (
    (COMMISSION, 4, "number of duplicate feature instances", ("duplicate.",)),
    (
        FORMAT, 19, "number of physical structure conflicts",
        (
            "geometry.null", "geometry.empty", "geometry.malformed", "geometry.not_finite",
            "geometry.type", "geometry.collection",
        ),
    ),
    (TOPOLOGICAL, 26, "number of invalid self-intersect errors", ("geometry.invalid",)),
    (
        DOMAIN, 16, "number of items not in conformance with their value domain",
        ("value.unreadable", "value.missing", "geometry.outside_"),
    ),
    (THEMATIC, 60, "number of incorrectly classified features", ("value.unknown_code",)),
)  # fmt: skip
"""Element, number, name, and the beginnings of the codes of findings that count towards it."""


def intake(
    read: int, refused: int, totals: Mapping[str, int], accuracy_m: float | None = None
) -> tuple[Measured, ...]:
    """Return the measures of a file of `read` features of which `refused` were not loaded.

    `totals` counts findings by code and action (`geometry.invalid repaired`); `accuracy_m` is that
    of the transformation to WGS 84. A feature that was refused is one that is missing (6, 7).
    """
    if not read:
        return ()
    codes = {kind: kind.partition(" ")[0] for kind in totals}
    found = [
        Measured(OMISSION, 6, "number of missing items", refused),
        Measured(OMISSION, 7, "rate of missing items", refused / read, rate=True),
    ]
    found += [
        Measured(element, number, name, sum(
            n for kind, n in totals.items() if codes[kind].startswith(beginnings)
        ))
        for element, number, name, beginnings in _COUNTED
    ]  # fmt: skip
    if accuracy_m is not None:
        name = "mean value of positional uncertainties, of the transformation alone, m"
        found.append(Measured(POSITIONAL, 28, name, accuracy_m))
    return tuple(found)
