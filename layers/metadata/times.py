"""Moments as metadata write them."""

from __future__ import annotations

import datetime as dt


def moment(text: str) -> dt.datetime | None:
    """Return a year, a month, a date (its midnight, UTC) or a moment; None when it is none."""
    for form in (text, f"{text}-01", f"{text}-01-01"):
        try:
            found = dt.datetime.fromisoformat(form)
        except ValueError:
            continue
        return found.replace(tzinfo=dt.UTC) if found.tzinfo is None else found.astimezone(dt.UTC)
    return None
