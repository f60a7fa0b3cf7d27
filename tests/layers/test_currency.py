"""As of when the rows are those of their origin."""

from datetime import UTC, datetime

import pytest

from layers.currency import Currency

MONDAY, TUESDAY = datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.parametrize(
    ("succeeded", "failed", "shown"),
    [
        (MONDAY, None, None),
        (TUESDAY, MONDAY, None),  # overcome
        (MONDAY, TUESDAY, TUESDAY),
        (None, MONDAY, MONDAY),
        (None, None, None),
    ],
)
def test_only_a_failure_of_the_last_try_counts(
    succeeded: datetime | None, failed: datetime | None, shown: datetime | None
) -> None:
    for held in (False, True):
        found = Currency.from_row((["settlements"], succeeded, failed, held))
        wanted = held and shown is not None
        assert found == Currency(("settlements",), succeeded, shown, wanted)
