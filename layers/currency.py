"""As of when a layer holds what its origin has: of the sources that are fetched on a schedule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

SELECT_CURRENCIES = (
    "SELECT layers, succeeded_at, failed_at, held FROM layers.source_run ORDER BY source"
)
"""A row goes to `Currency.from_row`."""


@dataclass(frozen=True, slots=True)
class Currency:
    """The rows are those of the origin `as_of`; None = it was never fetched.

    `failed_at` is the time of the last try when that failed, else None; `held`: its file is there
    but waits for review, because too many features would have vanished.
    """

    layers: tuple[str, ...]
    as_of: datetime | None
    failed_at: datetime | None
    held: bool = False

    @classmethod
    def from_row(cls, row: tuple) -> Currency:  # type: ignore[type-arg]
        """Make a Currency from a row of SELECT_CURRENCIES."""
        layers, succeeded_at, failed_at, held = row
        failing = failed_at is not None and (succeeded_at is None or failed_at > succeeded_at)
        return cls(tuple(layers), succeeded_at, failed_at if failing else None, failing and held)
