"""Gaps in series: where a station that reports every so often did not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd


@dataclass(frozen=True)
class Gaps:
    """The gaps of one station; `missing` counts readings, `longest` is from reading to reading."""

    station: str
    step: timedelta
    count: int
    missing: int
    longest: tuple[datetime, datetime] | None


def gaps(frame: pd.DataFrame, key: str) -> tuple[Gaps, ...]:
    """Return the gaps of every station with at least three readings, by station.

    The expected step is the most frequent one of the station itself, the shortest of several.
    """
    found = []
    for station, times in frame.groupby(key)["time"]:
        ordered = times.sort_values(ignore_index=True)
        steps = ordered.diff().dropna()
        if len(steps) < 2:
            continue
        step = steps.mode().min()
        wide = steps[steps > 1.5 * step]
        missing = int(((wide / step).round() - 1).sum())
        at = wide.idxmax() if len(wide) else None
        longest = (
            None if at is None else (ordered[at - 1].to_pydatetime(), ordered[at].to_pydatetime())
        )
        found.append(Gaps(str(station), step.to_pytimedelta(), len(wide), missing, longest))
    return tuple(found)
