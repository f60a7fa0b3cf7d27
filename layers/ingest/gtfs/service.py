"""Which services of a feed run on a day: the week of calendar.txt and its exceptions."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

from layers.errors import CorruptSource, RefusedLoad
from layers.ingest.gtfs.feed import Feed
from layers.message import message

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ADDED, _REMOVED = "1", "2"
LONGEST_DAYS = 3_700
"""A calendar of more days than ten years is taken as a mistake."""


def services(feed: Feed, day: date) -> set[str]:
    """Return the ids of the services that run on a day."""
    week, text = feed["calendar"], day.strftime("%Y%m%d")
    runs = (week[DAYS[day.weekday()]] == "1") & (week["start_date"] <= text)
    found = set(week.loc[runs & (week["end_date"] >= text), "service_id"])
    exceptions = feed["calendar_dates"][feed["calendar_dates"]["date"] == text]
    kinds = exceptions["exception_type"]
    found -= set(exceptions.loc[kinds == _REMOVED, "service_id"])
    return found | set(exceptions.loc[kinds == _ADDED, "service_id"])


def span(feed: Feed) -> tuple[date, date]:
    """Return the first and the last day that the feed speaks of; raises CorruptSource."""
    texts = pd.concat(
        [
            feed["calendar"]["start_date"],
            feed["calendar"]["end_date"],
            feed["calendar_dates"]["date"],
        ]
    ).dropna()
    days = pd.to_datetime(texts, format="%Y%m%d", errors="coerce")
    if days.isna().any() or days.empty:
        raise CorruptSource(
            message("gtfs.bad_day", file=feed.name, value=texts[days.isna()].iloc[0])
            if len(texts)
            else message("gtfs.empty_calendar", file=feed.name)
        )
    first, last = days.min().date(), days.max().date()
    if (last - first).days > LONGEST_DAYS:
        raise CorruptSource(message("gtfs.long_calendar", file=feed.name, **_ends(first, last)))
    return first, last


def busiest_day(feed: Feed) -> date:
    """Return the day with the most trips, the first of several."""
    trips = feed["trips"]["service_id"].value_counts()
    first, last = span(feed)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return max(
        days, key=lambda day: (sum(trips.get(s, 0) for s in services(feed, day)), -day.toordinal())
    )


def require_service(feed: Feed, day: date) -> set[str]:
    """Return the services of a day that has some; raises RefusedLoad naming the feed's days."""
    first, last = span(feed)
    found = services(feed, day)
    if not feed["trips"]["service_id"].isin(found).any():
        told = message("gtfs.no_trip", file=feed.name, day=f"{day}", **_ends(first, last))
        raise RefusedLoad(told)
    return found


def idle(feed: Feed) -> dict[str, int]:
    """Return how many trips each service has that runs on no day at all, by its id."""
    week = feed["calendar"]
    first, last = (
        pd.to_datetime(week[name], format="%Y%m%d", errors="coerce")
        for name in ("start_date", "end_date")
    )
    active = set()
    for number, name in enumerate(DAYS):
        # The first such day of the week on or after the start.
        begins = first + pd.to_timedelta((number - first.dt.day_of_week) % 7, unit="D")
        active |= set(week.loc[(week[name] == "1") & (begins <= last), "service_id"])
    added = feed["calendar_dates"]
    active |= set(added.loc[added["exception_type"] == _ADDED, "service_id"])
    trips = feed["trips"]["service_id"]
    found = trips[~trips.isin(active)].value_counts().sort_index()
    return {str(name): int(count) for name, count in found.items()}


def _ends(first: date, last: date) -> dict[str, str]:
    return {"first": f"{first}", "last": f"{last}"}
