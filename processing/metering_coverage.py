"""Metering of an area by census unit and resource: frames in, frames out.

The method, and the rule by which consumption is withheld, are in `processing/metering.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.model import Area
from processing import metering
from processing.census import unit_of
from processing.checks import require_amounts, require_columns, require_known, require_rows
from processing.errors import BadParameter
from processing.frames import placed
from processing.network import NONE, Bools, Floats, Ints
from processing.pipelines.model import Result

WGS84 = "EPSG:4326"
AREAS = ("Polygon", "MultiPolygon")
PUBLISHED, WITHHELD, NOT_HEARD = "published", "withheld", "not_heard"
NO_METERS, NO_DWELLINGS, NOT_COMPUTED = "no_meters", "no_dwellings", "not_computed"


@dataclass(frozen=True, slots=True)
class Inputs:
    """The frames that are measured, with feature ids as index.

    `buildings` (polygons; `dwellings`), `meters` (points; `meter_id`, `resource`, `building_id`,
    `live`, `last_reading_at`), `units` (polygons; `unit_id`), `readings` (`meter_id`, `month`,
    `value`, `unit`) or None where there are none, or none may be used.
    """

    buildings: gpd.GeoDataFrame
    meters: gpd.GeoDataFrame
    units: gpd.GeoDataFrame
    readings: gpd.GeoDataFrame | None


@dataclass(frozen=True, slots=True)
class Settings:
    """Days within which a live meter was heard, up to `as_of` (None = the newest reading there is).

    `months` is how many months, up to the newest with readings, gaps and consumption are of.
    """

    window_days: int = 31
    as_of: date | None = None
    months: int = 12


@dataclass(frozen=True, slots=True)
class _Stock:
    """Buildings in the order of their ids, and the meters that stand in one of them."""

    cell: Ints
    dwellings: Ints
    meters: pd.DataFrame  # meter_id, building (position), resource, remote, live
    lost: int


def metering_coverage(area: Area, inputs: Inputs, settings: Settings) -> Result:
    """Return `metering_coverage`, a row per census unit and resource, EPSG:4326, ids of the area.

    Buildings are those with dwellings; each belongs to the unit that a point of it lies in. Raises
    EmptyInput when there are no buildings, meters or units, or nothing is known of them,
    MissingColumn, BadGeometry, BadValue, BadParameter, RepeatedId, NotProjected, Distorted.
    """
    buildings = placed(inputs.buildings, area, AREAS, name="buildings")
    units = placed(inputs.units, area, AREAS, name="census_units")
    require_columns(buildings, ("dwellings",), name="buildings")
    require_columns(units, ("unit_id",), name="census_units")
    require_known(units, ("unit_id",), name="census_units")
    require_amounts(buildings, ("dwellings",), name="buildings")
    as_of = _as_of(inputs.meters, settings, area)
    stock = _stock(buildings, units, inputs.meters, (as_of, settings.window_days))
    _require_stock(stock, buildings)
    heard, missing = None, "no readings: gaps, consumption"
    if inputs.readings is not None and len(inputs.readings):
        known = stock.meters[["meter_id", "building", "resource"]]
        heard = metering.in_window(pd.DataFrame(inputs.readings), known, settings.months)
        if not len(heard):
            heard, missing = None, "no reading of known meter, month, unit: gaps, consumption"
    rows, figures = [], {}
    for resource in metering.UNITS:
        made, figures[resource] = _resource(stock, len(units), resource, heard, settings.months)
        rows.append(made)
    window = None if heard is None else sorted(heard["month"].unique())
    return Result(
        frames={"metering_coverage": _result(area, units, pd.concat(rows))},
        figures={"as_of": (settings.as_of or as_of.date()).isoformat(), "resources": figures},
        quality={
            "window_days": settings.window_days,
            "months": settings.months,
            "first_month": str(window[0]) if window else None,
            "last_month": str(window[-1]) if window else None,
            "not_computed": None if heard is not None else missing,
            "minimum_dwellings": metering.MIN_DWELLINGS,
            "meters": len(stock.meters),
            "meters_without_building": stock.lost,
            "meters_last_reading_not_known": int(inputs.meters["last_reading_at"].isna().sum()),
            "buildings_without_dwellings_known": int(buildings["dwellings"].isna().sum()),
            "buildings_outside_units": int(((stock.cell == NONE) & (stock.dwellings > 0)).sum()),
        },
    )


def _require_stock(stock: _Stock, buildings: gpd.GeoDataFrame) -> None:
    """Raise EmptyInput when nothing is known of what is counted."""
    remedy = "load the column, too"
    known = buildings["dwellings"].dropna()
    require_rows(known, name="buildings of known dwellings", remedy=remedy)
    meters = stock.meters
    require_rows(meters, name="utility_meters in these buildings", remedy="look at building_id")
    known = meters[meters["resource"].isin(metering.UNITS)]
    require_rows(known, name="utility_meters of a known resource", remedy=remedy)
    homes = stock.dwellings > 0
    if homes.any():
        inside = stock.cell[homes & (stock.cell != NONE)]
        name = "buildings with dwellings in census_units"
        require_rows(inside, name=name, remedy="load the units of this area")


def _as_of(meters: gpd.GeoDataFrame, settings: Settings, area: Area) -> pd.Timestamp:
    """Return the moment that is asked about: the end of the given day, or the newest reading."""
    name = f"utility_meters in area {area.id}"
    require_rows(meters, name=name, remedy="load the layer for this area")
    wanted = ("meter_id", "resource", "building_id", "live", "last_reading_at")
    require_columns(meters, wanted, name="utility_meters")
    told = meters[meters["live"].notna()]
    require_rows(told, name=f"{name} of which `live` is known", remedy="load the column, too")
    if settings.as_of is not None:
        return _end_of(settings.as_of, meters)
    known = meters[meters["last_reading_at"].notna()]
    require_rows(known, name=f"{name} with a last reading", remedy="state the day `as_of`")
    newest: pd.Timestamp = known["last_reading_at"].max()
    return newest


def _end_of(day: date, meters: gpd.GeoDataFrame) -> pd.Timestamp:
    """Return the end of a day; raises BadParameter when most meters were heard after it."""
    end = pd.Timestamp(day, tz="UTC") + pd.Timedelta(days=1)
    heard = meters["last_reading_at"].dropna()
    later = int((heard > end).sum())
    if 2 * later > len(heard):
        raise BadParameter(
            f"as_of = {day}: {later} of {len(heard)} meters were heard after it, and only the last "
            f"reading of each is known; ask for {heard.max().date()} or a later day"
        )
    return end


def _stock(
    buildings: gpd.GeoDataFrame,
    units: gpd.GeoDataFrame,
    meters: gpd.GeoDataFrame,
    window: tuple[pd.Timestamp, int],
) -> _Stock:
    points = shapely.point_on_surface(buildings.geometry.to_numpy())
    wanted = pd.Index(
        meters["building_id"].to_numpy(dtype=np.float64, na_value=-1).astype(np.int64)
    )
    place = buildings.index.get_indexer(wanted)
    remote = meters["live"].fillna(False).to_numpy(dtype=bool)
    table = pd.DataFrame({
        "meter_id": meters["meter_id"].astype(str).to_numpy(dtype=object),
        "building": place,
        "resource": meters["resource"].astype(str).to_numpy(dtype=object),
        "remote": remote,
        "live": metering.live(remote, meters["last_reading_at"], *window),
    })  # fmt: skip
    dwellings = buildings["dwellings"].to_numpy(dtype=np.float64, na_value=0)
    return _Stock(
        cell=unit_of(points, units.geometry.to_numpy()),
        dwellings=np.nan_to_num(dwellings).astype(np.int64),
        meters=table[place != NONE],
        lost=int((place == NONE).sum()),
    )


def _resource(
    stock: _Stock, cells: int, resource: str, heard: pd.DataFrame | None, months: int
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the rows of one resource, in the order of the units, and its figures."""
    mine = stock.meters[stock.meters["resource"] == resource]
    homes = stock.dwellings > 0
    metered, live = _have(mine, len(homes)), _have(mine[mine["live"]], len(homes))
    rows = pd.DataFrame({"cell": np.arange(cells), "resource": resource})
    for name, which in (("", homes), ("_metered", homes & metered), ("_live", homes & live)):
        inside = which & (stock.cell != NONE)
        rows[f"buildings{name}"] = np.bincount(stock.cell[inside], minlength=cells)
        dwellings = np.bincount(stock.cell[inside], stock.dwellings[inside], cells)
        rows[f"dwellings{name}"] = dwellings.astype(np.int64)
    rows["share_buildings_live"] = _divided(rows["buildings_live"], rows["buildings"])
    rows["share_dwellings_live"] = _divided(rows["dwellings_live"], rows["dwellings"])
    figures = _shares(stock, homes, metered, live) | {"unit": metering.UNITS[resource]}
    if heard is not None:
        heard = heard[heard["resource"] == resource]
    _add_gaps(rows, stock, mine[mine["remote"]], heard, months)
    figures |= _gap_figures(mine, heard, months) | _add_use(rows, stock, cells, heard)
    rows["unit"] = metering.UNITS[resource]
    return rows, figures


def _have(meters: pd.DataFrame, buildings: int) -> Bools:
    found = np.zeros(buildings, dtype=bool)
    found[meters["building"].to_numpy()] = True
    return found


def _divided(upper: Any, lower: Any) -> Floats:
    """Return upper / lower, NaN where lower is 0."""
    upper, lower = np.asarray(upper, dtype=np.float64), np.asarray(lower, dtype=np.float64)
    found = np.full(len(upper), np.nan)
    np.divide(upper, lower, out=found, where=lower > 0)
    return found


def _shares(stock: _Stock, homes: Bools, metered: Bools, live: Bools) -> dict[str, Any]:
    """Return counts and shares of the whole area; None where there is nothing to divide by."""
    dwellings = int(stock.dwellings.sum())
    dwellings_live = int(stock.dwellings[live].sum())
    buildings, buildings_live = int(homes.sum()), int((homes & live).sum())
    return {
        "buildings": buildings,
        "buildings_metered": int((homes & metered).sum()),
        "buildings_live": buildings_live,
        "share_buildings_live": buildings_live / buildings if buildings else None,
        "dwellings": dwellings,
        "dwellings_live": dwellings_live,
        "share_dwellings_live": dwellings_live / dwellings if dwellings else None,
        "other_buildings_metered": int((~homes & metered).sum()),
        "other_buildings_live": int((~homes & live).sum()),
    }


def _add_gaps(
    rows: pd.DataFrame, stock: _Stock, remote: pd.DataFrame, heard: pd.DataFrame | None, months: int
) -> None:
    """Add expected and heard months of the remote meters in buildings with dwellings."""
    cells = len(rows)
    cell = np.where(stock.dwellings > 0, stock.cell, NONE)
    of = cell[remote["building"].to_numpy()]
    rows["months_expected"] = np.bincount(of[of != NONE], minlength=cells) * months
    if heard is None:
        rows["months_heard"], rows["share_gaps"] = np.nan, np.nan
        return
    told = heard[heard["meter_id"].isin(remote["meter_id"])]
    of = cell[told["building"].to_numpy()]
    rows["months_heard"] = np.bincount(of[of != NONE], minlength=cells)
    rows["share_gaps"] = 1 - _divided(rows["months_heard"], rows["months_expected"])


def _gap_figures(mine: pd.DataFrame, heard: pd.DataFrame | None, months: int) -> dict[str, Any]:
    remote = mine.loc[mine["remote"], "meter_id"]
    expected = len(remote) * months
    found = None if heard is None else int(heard["meter_id"].isin(remote).sum())
    share = None if found is None or not expected else 1 - found / expected
    return {"months_expected": expected, "months_heard": found, "share_gaps": share}


def _add_use(
    rows: pd.DataFrame, stock: _Stock, cells: int, heard: pd.DataFrame | None
) -> dict[str, Any]:
    """Add consumption and its state; return the figures of the whole area."""
    nothing = np.zeros(cells, dtype=np.int64)
    used = metering.Consumption(np.full(cells, np.nan), nothing, nothing, nothing, None, 0)
    outliers = None
    if heard is not None:
        used = metering.consumption(heard, stock.cell, stock.dwellings, cells)
        outliers = metering.outliers(heard, stock.dwellings)
    rows["consumption"] = np.round(used.value, 2)
    rows["dwelling_months"] = pd.Series(used.dwelling_months).where(used.published_months > 0)
    rows["consumption_dwelling"] = np.round(_divided(used.value, used.dwelling_months), 3)
    rows["months_published"] = used.published_months
    rows["disclosure"] = np.select(
        [
            rows["dwellings"] == 0,
            rows["buildings_metered"] == 0,
            np.full(cells, heard is None),
            used.published_months > 0,
            used.withheld_months > 0,
        ],
        [NO_DWELLINGS, NO_METERS, NOT_COMPUTED, PUBLISHED, WITHHELD],
        NOT_HEARD,
    )
    return {
        "consumption": None if used.total is None else round(used.total, 2),
        "dwelling_months": used.total_dwelling_months if used.total is not None else None,
        "values_checked": None if outliers is None else outliers.checked,
        "outliers": None if outliers is None else outliers.outliers,
    }


def _result(area: Area, units: gpd.GeoDataFrame, rows: pd.DataFrame) -> gpd.GeoDataFrame:
    place = rows["cell"].to_numpy()
    made = rows.drop(columns="cell").reset_index(drop=True)
    made.insert(0, "unit_id", units["unit_id"].astype(str).to_numpy(dtype=object)[place])
    for name in ("months_heard", "dwelling_months"):
        made[name] = made[name].astype("Int64")
    index = pd.Index(area.feature_id(1) + np.arange(len(made), dtype=np.int64), name="id")
    shapes = units.geometry.to_crs(WGS84).to_numpy()[place]
    return gpd.GeoDataFrame(made.set_axis(index), geometry=shapes, crs=WGS84)
