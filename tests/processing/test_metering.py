import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processing import metering
from processing.errors import MissingColumn, RepeatedId

METERS = pd.DataFrame({
    "meter_id": ["a", "b", "c"], "building": [0, 1, 2], "resource": ["heat", "heat", "gas"],
})  # fmt: skip


def readings(*rows):
    made = pd.DataFrame(rows, columns=["meter_id", "month", "value", "unit"])
    return made.assign(month=pd.to_datetime(made["month"]))


@pytest.mark.parametrize(
    ("dwellings", "hidden"),
    [
        ([5, 9, 0], []),
        ([4, 9, 7, 0], [0, 2]),  # alone, the small one is the total less the others
        ([3, 2, 9], [0, 1]),  # two that hide each other
        ([1, 1, 9, 20], [0, 1, 2]),  # two are not five
        ([3], [0]),
        ([3, 0, 0], [0]),  # one without dwellings hides nothing
        ([4, 6, 6], [0, 1]),  # of equal ones the first
    ],
)
def test_small_cells_are_withheld_and_those_that_would_tell_them(dwellings, hidden):
    assert np.flatnonzero(metering.withheld(np.array(dwellings))).tolist() == hidden


@given(st.lists(st.integers(0, 30), min_size=1, max_size=12).map(np.array))
def test_nothing_under_five_dwellings_follows_from_what_is_published(dwellings):
    hidden = metering.withheld(dwellings)
    assert not hidden[dwellings == 0].any()
    assert dwellings[~hidden & (dwellings > 0)].min(initial=5) >= 5
    # The total is published from five on: the hidden cells together are what it tells.
    if hidden.any() and dwellings.sum() >= 5:
        assert hidden.sum() >= 2
        assert dwellings[hidden].sum() >= 5


@st.composite
def cells(draw):
    count = draw(st.integers(1, 12))
    several = st.lists(st.integers(0, 8), min_size=count, max_size=count)
    cell = np.array(draw(st.lists(st.integers(-1, 3), min_size=count, max_size=count)))
    rows = [
        (pd.Period("2026-01") + month, house, float(10 ** (month + 1) + house))
        for house in range(count)
        for month in range(3)
        if draw(st.booleans())
    ]
    heard = pd.DataFrame(rows, columns=["month", "building", "value"])
    heard = heard.astype({"month": "period[M]", "building": "int64", "value": "float64"})
    return heard, cell, np.array(draw(several))


@given(cells(), st.randoms(use_true_random=False))
def test_a_longer_window_adds_whole_cells_whatever_the_order(made, random):
    heard, cell, dwellings = made
    found = metering.consumption(heard, cell, dwellings, 4)
    order = list(range(len(heard)))
    random.shuffle(order)
    again = metering.consumption(heard.iloc[order], cell, dwellings, 4)
    np.testing.assert_allclose(again.value, found.value)
    shorter = metering.consumption(heard[heard["month"] > "2026-01"], cell, dwellings, 4)
    difference = found.dwelling_months - shorter.dwelling_months
    assert ((difference == 0) | (difference >= 5)).all()
    assert (np.isnan(found.value) == (found.published_months == 0)).all()


def test_consumption_is_that_of_the_cells_and_the_total_of_all():
    heard = pd.DataFrame({
        "month": pd.PeriodIndex(["2026-01"] * 4, freq="M"),
        "building": [0, 1, 2, 3], "value": [60.0, 40.0, 500.0, 7.0],
    })  # fmt: skip
    found = metering.consumption(heard, np.array([0, 0, 1, -1]), np.array([6, 4, 20, 50]), 3)
    assert found.value.tolist()[:2] == [100, 500]
    assert np.isnan(found.value[2])  # no building: not nought
    assert found.dwelling_months.tolist() == [10, 20, 0]
    assert (found.total, found.total_dwelling_months) == (600, 30)


def test_what_does_not_count_is_no_reading():
    rows = (
        ("a", "2026-02-01", 1.5, "Gcal"), ("a", "2026-01-01", -1.0, "Gcal"),
        ("b", "2026-02-01", 9.0, "kWh"), ("b", "2026-01-01", np.nan, "Gcal"),
        ("c", "2026-01-01", 0.0, "m3"), ("c", "2025-12-01", 1.0, "m3"),
        ("strange", "2026-02-01", 3.0, "m3"),
    )  # fmt: skip
    found = metering.in_window(readings(*rows), METERS, 2)
    assert found["meter_id"].tolist() == ["c", "a"]
    assert found["value"].tolist() == [0.0, 1.5]


def test_bad_tables_are_named():
    twice = readings(("a", "2026-01-01", 1.0, "Gcal"), ("a", "2026-01-15", 2.0, "Gcal"))
    with pytest.raises(RepeatedId, match="one reading a month"):
        metering.in_window(twice, METERS, 12)
    with pytest.raises(RepeatedId, match="meter_id"):
        metering.in_window(twice, pd.concat([METERS, METERS]), 12)
    with pytest.raises(MissingColumn, match="meter_readings has no column unit"):
        metering.in_window(twice.drop(columns="unit"), METERS, 12)


def test_a_meter_is_live_when_it_was_heard_in_the_window():
    heard = pd.Series(pd.to_datetime(["2026-10-01", "2026-09-01", None, "2026-10-02"], utc=True))
    as_of = pd.Timestamp("2026-10-01T12:00Z")
    assert metering.live(np.ones(4, bool), heard, as_of, 7).tolist() == [True, False, False, False]
    assert not metering.live(np.zeros(4, bool), heard, as_of, 7).any()


def test_outliers_are_counted_by_median_and_mad():
    use = [100.0, 101.0, 99.0, 102.0, 98.0, 900.0]
    months = pd.PeriodIndex(["2026-01"] * 6, freq="M")
    heard = pd.DataFrame({"month": months, "building": range(6), "value": use})
    # Median 100.5, MAD 1.5: only the last is more than 3.5 / 0.6745 * 1.5 = 7.8 away.
    assert metering.outliers(heard, np.ones(6, int)) == metering.Outliers(6, 1)
    assert metering.outliers(heard[:4], np.ones(6, int)) is None
    assert metering.outliers(heard.assign(value=5.0), np.ones(6, int)) is None
    # By dwelling nothing stands out.
    assert metering.outliers(heard, np.array([1, 1, 1, 1, 1, 9])) == metering.Outliers(6, 0)
