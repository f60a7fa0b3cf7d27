"""Measures of ISO 19157:2013 (annex D) of a file as it came, from what its load found.

What is refused is not among the rows any more, so they cannot tell how good the file was.
"""

from __future__ import annotations

from collections.abc import Mapping

from layers.quality.measures import DOMAIN, NONCONFORMING, OMISSION, TEMPORAL, THEMATIC
from layers.quality.result import Measured

COMMISSION = "completeness commission"
FORMAT = "format consistency"
TOPOLOGICAL = "topological consistency"
POSITIONAL = "absolute positional accuracy"
CONCEPTUAL = "conceptual consistency"

Counted = tuple[tuple[str, int, str, tuple[str, ...]], ...]
"""Element, number, name, and the beginnings of the codes of findings that count towards it."""

FEATURES: Counted = (
    (COMMISSION, 4, "number of duplicate feature instances", ("duplicate.",)),
    (
        FORMAT, 19, "number of physical structure conflicts",
        (
            "geometry.null", "geometry.empty", "geometry.malformed", "geometry.not_finite",
            "geometry.type", "geometry.collection",
        ),
    ),
    (TOPOLOGICAL, 26, "number of invalid self-intersect errors", ("geometry.invalid",)),
    (DOMAIN, 16, NONCONFORMING, ("value.unreadable", "value.missing", "geometry.outside_")),
    (THEMATIC, 60, "number of incorrectly classified features", ("value.unknown_code",)),
)  # fmt: skip

RECORDS: Counted = (
    (
        COMMISSION, 4, "number of duplicate feature instances",
        ("series.repeated", "gtfs.repeated_id"),
    ),
    (
        CONCEPTUAL, 10, "number of items not compliant with the rules of the conceptual schema",
        (
            "series.unknown_station", "series.station_missing", "series.conflicting",
            "gtfs.no_id", "gtfs.unknown_reference", "gtfs.no_day", "gtfs.no_way",
        ),
    ),
    (
        DOMAIN, 16, NONCONFORMING,
        ("series.bad_value", "gtfs.no_place", "gtfs.bad_frequency", "gtfs.outside_area"),
    ),
    (THEMATIC, 60, "number of incorrectly classified features", ("series.unknown_parameter",)),
    (
        TEMPORAL, 16, f"{NONCONFORMING}: it is no time, or runs backwards",
        ("series.bad_time", "gtfs.bad_time", "gtfs.no_time_at_end", "gtfs.time_runs_back"),
    ),
)  # fmt: skip
"""The same for readings and timetables."""


def intake(
    read: int,
    refused: int,
    totals: Mapping[str, int],
    accuracy_m: float | None = None,
    counted: Counted = FEATURES,
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
        for element, number, name, beginnings in counted
    ]  # fmt: skip
    if accuracy_m is not None:
        name = "mean value of positional uncertainties, of the transformation alone, m"
        found.append(Measured(POSITIONAL, 28, name, accuracy_m))
    return tuple(found)
