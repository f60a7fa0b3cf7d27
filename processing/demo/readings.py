"""Layer `meter_readings`: a year of monthly consumption at the meters that are read remotely."""

from __future__ import annotations

import datetime

import geopandas as gpd
import numpy as np

from processing.demo import buildings, meters
from processing.demo.city import Array, Chunk
from processing.demo.frame import strings, to_frame

MONTHS = tuple(datetime.date(2025 + (9 + k) // 12, (9 + k) % 12 + 1, 1) for k in range(12))
"""October 2025 to September 2026."""
QUARTERS_WITH_READINGS = 12
"""A city has series for its first quarters only: they are an example, not a load test."""
MISSING_SHARE = 0.03

UNITS = {
    "electricity": "kWh", "cold_water": "m3", "hot_water": "m3", "heat": "Gcal", "gas": "m3",
}  # fmt: skip
# By month from October: heating from October to April, light in winter, gardens in summer.
_HEAT = np.array([0.5, 0.9, 1.2, 1.4, 1.25, 0.9, 0.4, 0, 0, 0, 0, 0.05])
_LIGHT = np.array([1.05, 1.15, 1.25, 1.25, 1.1, 1.0, 0.95, 0.85, 0.8, 0.8, 0.85, 0.95])
_FLAT = np.array([1.0, 1.0, 1.02, 1.0, 0.98, 1.0, 1.0, 1.05, 1.08, 1.08, 1.05, 1.0])


def frame(chunk: Chunk) -> gpd.GeoDataFrame | None:
    """Return the readings of a chunk, Point, EPSG:4326, meter by meter; gaps have no row."""
    table = meters.frame(chunk)
    fitted = meters.fitted(chunk.plan)
    house = buildings.ids(chunk)[:, fitted.building]
    wanted = (chunk.numbers < QUARTERS_WITH_READINGS)[:, None] & (house > 0)
    there = wanted.ravel()[(house > 0).ravel()]
    live = there & table["live"].to_numpy(dtype=bool)
    if not live.any():
        return None
    use = _monthly(chunk, fitted).reshape(-1, len(MONTHS))[(house > 0).ravel()][live]
    heard = chunk.chance("reading heard", len(fitted.building) * len(MONTHS)) > MISSING_SHARE
    heard = heard.reshape(-1, len(MONTHS))[(house > 0).ravel()][live].ravel()
    rows = table[live]
    resource = np.repeat(rows["resource"].to_numpy(dtype=object), len(MONTHS))
    columns = {
        "meter_id": strings(np.repeat(rows["meter_id"].to_numpy(dtype=object), len(MONTHS))),
        "month": np.tile(np.array(MONTHS, dtype=object), len(rows)),
        "resource": strings(resource),
        "value": np.round(use.ravel(), 2),
        "unit": strings([UNITS[r] for r in resource]),
    }
    return to_frame(columns, np.repeat(rows.geometry.to_numpy(), len(MONTHS)), keep=heard)


def _monthly(chunk: Chunk, fitted: meters.Fitted) -> Array:
    """Return consumption, shape (quarters, meters, months), in the unit of each resource."""
    facts = buildings.facts(chunk)
    people = np.maximum(facts.residents[:, fitted.building], 3)
    floor = facts.floor_area_m2[:, fitted.building]
    luck = 0.75 + 0.5 * chunk.chance("consumption", len(fitted.building))
    size = np.select(
        [fitted.resource == r for r in ("electricity", "cold_water", "hot_water", "heat", "gas")],
        [85.0 * people, 3.1 * people, 1.9 * people, 0.016 * floor, 55.0 + 0.9 * floor],
    )
    season = np.where(
        np.isin(fitted.resource, ("heat", "gas"))[:, None],
        _HEAT,
        np.where((fitted.resource == "electricity")[:, None], _LIGHT, _FLAT),
    )
    made: Array = (size * luck)[:, :, None] * season[None, :, :]
    return made
