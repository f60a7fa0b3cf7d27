"""Metering: who is read remotely, which months are missing, what is used where - by five at least.

Consumption is published for cells only. A cell is a census unit in a month; it is withheld when
fewer than five dwellings are metered in it, and so are the smallest others until what is withheld
cannot be got by subtraction from the total: two cells and five dwellings at least (primary and
complementary suppression, Hundepool et al., Statistical Disclosure Control, 2012, chapter 4). Sums
over months add published cells only, so two windows never differ by less than such a cell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from processing.errors import MissingColumn, RepeatedId
from processing.network import NONE, Bools, Floats, Ints

MIN_DWELLINGS = 5
"""The least number of metered dwellings in a published cell. No parameter: nobody may lower it."""

UNITS = {
    "electricity": "kWh", "cold_water": "m3", "hot_water": "m3", "heat": "Gcal", "gas": "m3",
}  # fmt: skip
"""Resources and the unit that each is metered in; readings in another are not added up."""

OUTLIER_SCORE = 3.5
"""Modified z-score of an outlier: Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993."""


@dataclass(frozen=True, slots=True)
class Consumption:
    """What is used, an entry for each cell: the sum of the months that may be published.

    `value` is in the unit of the resource, NaN where no month may be or none is known;
    `dwelling_months` are the metered dwellings behind it, month by month; `withheld_months` count
    the months with readings that are not told. `total` and `total_dwelling_months` are those of all
    cells; None where fewer than five dwellings were heard.
    """

    value: Floats
    dwelling_months: Ints
    published_months: Ints
    withheld_months: Ints
    total: float | None
    total_dwelling_months: int


@dataclass(frozen=True, slots=True)
class Outliers:
    """How many values were looked at, and how many stand out; nothing else is told of them."""

    checked: int
    outliers: int


def withheld(dwellings: Ints) -> Bools:
    """Tell which cells of one table with a published total must not be published.

    `dwellings` are the metered ones in each cell; a cell with none holds nothing to hide or to hide
    behind. The smallest cells are withheld, of equal ones the first.
    """
    hidden = np.zeros(len(dwellings), dtype=bool)
    order = np.argsort(dwellings, kind="stable")
    order = order[dwellings[order] > 0]
    count = int((dwellings[order] < MIN_DWELLINGS).sum())
    if count:
        sums = np.cumsum(dwellings[order])
        enough = (np.arange(1, len(order) + 1) >= max(count, 2)) & (sums >= MIN_DWELLINGS)
        count = int(np.argmax(enough)) + 1 if enough.any() else len(order)
    hidden[order[:count]] = True
    return hidden


def live(remote: Bools, last_reading_at: pd.Series, as_of: pd.Timestamp, days: int) -> Bools:
    """Tell which meters are read remotely and were heard in the days before `as_of`.

    A meter whose last reading is not known is not live.
    """
    since = as_of - pd.Timedelta(days=days)
    heard = (last_reading_at > since) & (last_reading_at <= as_of)
    found: Bools = remote & heard.to_numpy(dtype=bool, na_value=False)
    return found


def in_window(readings: pd.DataFrame, meters: pd.DataFrame, months: int) -> pd.DataFrame:
    """Return the readings of the last months that count: month, building, resource, value.

    `readings` has meter_id, month, value, unit; `meters` meter_id, building, resource. What counts
    has a month, a value of 0 or more, in the unit of the resource, at a known meter. The last month
    is the newest of all. Raises MissingColumn, RepeatedId when a meter has two readings of a month.
    """
    for name, frame, columns in (
        ("meter_readings", readings, ("meter_id", "month", "value", "unit")),
        ("utility_meters", meters, ("meter_id", "building", "resource")),
    ):
        missing = [column for column in columns if column not in frame.columns]
        if missing:
            raise MissingColumn(f"{name} has no column {', '.join(missing)}")
    if meters["meter_id"].duplicated().any():
        raise RepeatedId("utility_meters: a meter_id must be there once, but one repeats")
    own = readings[["meter_id", "month", "value", "unit"]]
    month = pd.to_datetime(own["month"]).dt.to_period("M")
    dated = own.assign(month=month)[month.notna()]
    joined = dated.merge(meters, on="meter_id", how="inner")
    if joined.duplicated(["meter_id", "month"]).any():
        raise RepeatedId("meter_readings: a meter has one reading a month, but one repeats")
    known = joined["value"].ge(0).fillna(False) & np.isfinite(joined["value"].astype(float))
    right = joined["unit"].astype(str) == joined["resource"].astype(str).map(UNITS)
    last = joined["month"].max()
    found = joined[known & right & (joined["month"] > last - months)]
    order = ["resource", "month", "building", "meter_id"]
    ordered: pd.DataFrame = found.sort_values(order, kind="stable").reset_index(drop=True)
    return ordered


def consumption(heard: pd.DataFrame, cell: Ints, dwellings: Ints, cells: int) -> Consumption:
    """Return the consumption of one resource by cell.

    `heard` has month, building (position) and value; `cell` (one of so many) and `dwellings` are
    per building.
    Of buildings without dwellings or outside of all cells (NONE) nothing is added.
    """
    value, published = np.full(cells, np.nan), np.zeros(cells, dtype=np.int64)
    dwelling_months, hidden_months = published.copy(), published.copy()
    total, total_dwelling_months = 0.0, 0
    counted = (cell != NONE) & (dwellings > 0)
    for _, rows in heard[counted[heard["building"].to_numpy()]].groupby("month", sort=True):
        houses = rows["building"].unique()
        metered = np.bincount(cell[houses], dwellings[houses], cells).astype(np.int64)
        used = np.bincount(cell[rows["building"].to_numpy()], rows["value"], cells)
        hidden = withheld(metered)
        told = (metered > 0) & ~hidden
        value[told] = np.nan_to_num(value[told]) + used[told]
        dwelling_months[told] += metered[told]
        published += told
        hidden_months += hidden
        if metered.sum() >= MIN_DWELLINGS:
            total, total_dwelling_months = (
                total + float(used.sum()),
                total_dwelling_months + int(metered.sum()),
            )
    return Consumption(
        value, dwelling_months, published, hidden_months,
        total if total_dwelling_months else None, total_dwelling_months,
    )  # fmt: skip


def outliers(heard: pd.DataFrame, dwellings: Ints) -> Outliers | None:
    """Count building-months of one resource whose use per dwelling stands out in their month.

    Modified z-score 0.6745 |x - median| / MAD above 3.5. A month with fewer than five buildings, or
    where half of them use the same (MAD = 0), is not looked at; None when no month is.
    """
    checked = found = 0
    counted = heard[dwellings[heard["building"].to_numpy()] > 0]
    by_house = counted.groupby(["month", "building"], sort=True)["value"].sum().reset_index()
    for _, rows in by_house.groupby("month", sort=True):
        each = rows["value"].to_numpy() / dwellings[rows["building"].to_numpy()]
        away = np.abs(each - np.median(each))
        spread = float(np.median(away))
        if len(each) < MIN_DWELLINGS or spread == 0:
            continue
        checked += len(each)
        found += int((0.6745 * away / spread > OUTLIER_SCORE).sum())
    return Outliers(checked, found) if checked else None
