"""When a source is fetched anew: a period as in ISO 8601 (P1D, PT6H), or a time as in cron, UTC."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from croniter import CroniterError, croniter
from pydantic import TypeAdapter, ValidationError

if TYPE_CHECKING:
    from layers.ingest.sources import Source

SHORTEST = timedelta(minutes=1)
LONGEST = timedelta(days=366)
CRON_FIELDS = 5

_PERIOD = TypeAdapter(timedelta)


def require_schedule(update: str) -> str:
    """Return the text of a schedule; raises ValueError with the remedy when it is none."""
    if not update.startswith("P"):
        if len(update.split()) != CRON_FIELDS or not _is_cron(update):
            raise ValueError(
                f"{update!r} is no schedule; write a period such as P1D, or a time of cron such as"
                " `30 3 * * *` (minute, hour, day, month, day of the week; UTC)"
            )
        return update
    try:
        period = _PERIOD.validate_python(update)
    except ValidationError:
        raise ValueError(f"{update!r} is no period; write one such as P1D or PT6H") from None
    # Months and years have no fixed length.
    if re.match(r"P[^T]*[YM]", update) or not SHORTEST <= period <= LONGEST:
        raise ValueError(
            f"{update!r}: a period is told in weeks, days, hours or minutes, from PT1M to P366D"
        )
    return update


def next_run(update: str, last: datetime | None) -> datetime | None:
    """Return when a source is due that was last fetched then; None = at once, it never was."""
    if last is None:
        return None
    if update.startswith("P"):
        return last + _PERIOD.validate_python(update)
    moment = croniter(update, last.astimezone(UTC)).get_next(datetime)
    return moment if isinstance(moment, datetime) else None


def due(
    sources: Iterable[Source], started: Mapping[str, datetime], now: datetime
) -> tuple[Source, ...]:
    """Return the sources whose time has come; `started` says when each was last fetched."""
    return tuple(
        source
        for source in sources
        if source.update is not None
        and ((at := next_run(source.update, started.get(source.id))) is None or at <= now)
    )


def _is_cron(text: str) -> bool:
    try:
        # A day that never comes, such as 30 February, is found only by looking for it.
        croniter(text, datetime(2026, 1, 1, tzinfo=UTC)).get_next(datetime)
    except (CroniterError, ValueError):
        return False
    return True
