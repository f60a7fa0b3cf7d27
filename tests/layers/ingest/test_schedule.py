"""When a source is due: after a period, at a time of cron, at once when it never was fetched."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.ingest.schedule import due, next_run, require_schedule
from layers.ingest.sources import read_sources

NIGHT = datetime(2026, 11, 28, 3, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("update", "following"),
    [
        ("P1D", datetime(2026, 11, 29, 3, 30, tzinfo=UTC)),
        ("P2W", datetime(2026, 12, 12, 3, 30, tzinfo=UTC)),
        ("PT6H", datetime(2026, 11, 28, 9, 30, tzinfo=UTC)),
        ("30 3 * * *", datetime(2026, 11, 29, 3, 30, tzinfo=UTC)),
        ("0 4 * * *", datetime(2026, 11, 28, 4, 0, tzinfo=UTC)),
        ("0 0 1 * *", datetime(2026, 12, 1, tzinfo=UTC)),
    ],
)
def test_the_next_run(update: str, following: datetime) -> None:
    assert require_schedule(update) == update
    assert next_run(update, NIGHT) == following
    assert next_run(update, None) is None


@pytest.mark.parametrize(
    "update", ["", "daily", "P", "P1M", "P1Y", "PT1S", "P400D", "61 * * * *", "* * * *",
               "* * * * * *", "0 0 30 2 *", "-P1D"],
)  # fmt: skip
def test_what_is_no_schedule(update: str) -> None:
    with pytest.raises(ValueError, match=r"schedule|period"):
        require_schedule(update)


@given(
    st.sampled_from(["P1D", "PT5M", "P1W", "*/7 * * * *", "15 2 * * 1"]),
    st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_the_next_run_is_later_and_at_most_a_week_away(update: str, last: datetime) -> None:
    found = next_run(update, last)
    assert found is not None
    assert last < found <= last + timedelta(days=7)


def test_only_what_has_a_schedule_and_waited_long_enough_is_due() -> None:
    fixed, other, *_ = read_sources().values()
    daily = other.model_copy(update={"update": "P1D"})
    listed = (fixed, daily)
    assert due(listed, {}, NIGHT) == (daily,)
    just_before = NIGHT - timedelta(days=1) + timedelta(seconds=1)
    assert due(listed, {daily.id: just_before}, NIGHT) == ()
    assert due(listed, {daily.id: NIGHT - timedelta(days=1)}, NIGHT) == (daily,)
