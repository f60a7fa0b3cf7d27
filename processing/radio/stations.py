"""From layers to transmitters: base stations, Wi-Fi access points and LoRaWAN gateways."""

from __future__ import annotations

from typing import NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from processing.checks import require_columns, require_geometry, require_unique_index
from processing.crs import north_deg, require_metric
from processing.radio import technology
from processing.radio.coverage import Stations
from processing.radio.entry_loss import Building, entry_loss_db
from processing.radio.loss import Floats

MOBILE = ("gsm", "umts", "lte", "nr")
WIFI, LORAWAN = "wifi", "lorawan"
TECHNOLOGIES = (*MOBILE, WIFI, LORAWAN)


class Source(NamedTuple):
    """The stations of one technology, and the ids of their features."""

    technology: str
    stations: Stations
    ids: NDArray[np.int64]


def mobile(frame: gpd.GeoDataFrame, *, vertical_beamwidth_deg: float) -> list[Source]:
    """Return the sectors of base stations (Points, metric CRS) by technology, in order of ids.

    Columns: `technology`; `frequency_mhz`, `height_m`, `azimuth_deg`, `tilt_deg`, `beamwidth_deg`,
    `eirp_dbm`, `bandwidth_mhz` where known. Raises MissingColumn, BadGeometry, RepeatedId.
    """
    name = "base_stations"
    require_columns(frame, ("technology",), name=name)
    kept = _checked(frame, name)
    sources = []
    for kind in MOBILE:
        rows = kept[kept["technology"] == kind]
        if len(rows):
            judged = technology.reference_db(kind, numbers(rows, "bandwidth_mhz"))
            power = numbers(rows, "eirp_dbm") - judged
            sources.append(_source(kind, rows, power, vertical_beamwidth_deg))
    return sources


def wifi(frame: gpd.GeoDataFrame, building: Building) -> list[Source]:
    """Return the access points (Points, metric CRS) that are not out of order.

    Columns where known: `frequency_mhz`, `height_m`, `eirp_dbm`, `indoor`, `state`. What an indoor
    one sends loses the median entry loss of a wall before it is outdoors.
    """
    kept = _checked(frame, "wifi_access_points")
    if "state" in kept.columns:
        kept = kept[kept["state"].ne("fault").fillna(value=True)]
    if not len(kept):
        return []
    power = numbers(kept, "eirp_dbm")
    if "indoor" in kept.columns:
        inside = kept["indoor"].fillna(value=False).to_numpy(dtype=bool)
        wall = entry_loss_db(above_0(kept, "frequency_mhz") / 1e3, building)
        power = power - np.where(inside, wall, 0.0)
    return [_source(WIFI, kept, power, 360.0)]


def lorawan(frame: gpd.GeoDataFrame) -> list[Source]:
    """Return the gateways (Points, metric CRS) with the power of their weaker direction.

    Columns where known: `frequency_mhz`, `height_m`, `eirp_dbm`, `antenna_gain_dbi`.
    """
    kept = _checked(frame, "lorawan_gateways")
    if not len(kept):
        return []
    power = technology.lorawan_dbm(numbers(kept, "eirp_dbm"), numbers(kept, "antenna_gain_dbi"))
    return [_source(LORAWAN, kept, power, 360.0)]


def numbers(frame: gpd.GeoDataFrame, column: str) -> Floats:
    """Return a column as numbers with NaN where it is not known, infinite or not there."""
    if column not in frame.columns:
        return np.full(len(frame), np.nan)
    found: Floats = frame[column].to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(found), found, np.nan)


def above_0(frame: gpd.GeoDataFrame, column: str) -> Floats:
    """Return a column as numbers above 0; what cannot be is not known, NaN."""
    found = numbers(frame, column)
    return np.where(found > 0, found, np.nan)


def _checked(frame: gpd.GeoDataFrame, name: str) -> gpd.GeoDataFrame:
    require_unique_index(frame, name=name)
    require_geometry(frame, ("Point",), name=name)
    placed = frame[~(frame.geometry.isna() | frame.geometry.is_empty)]
    return placed.sort_index()


def _source(
    kind: str, rows: gpd.GeoDataFrame, power_dbm: Floats, vertical_beamwidth_deg: float
) -> Source:
    xy = shapely.get_coordinates(np.asarray(rows.geometry))
    stations = Stations(
        x=xy[:, 0],
        y=xy[:, 1],
        height_m=above_0(rows, "height_m"),
        f_ghz=above_0(rows, "frequency_mhz") / 1e3,
        power_dbm=power_dbm,
        azimuth_deg=numbers(rows, "azimuth_deg") + north_deg(require_metric(rows, name=kind), xy),
        tilt_deg=numbers(rows, "tilt_deg"),
        beamwidth_deg=numbers(rows, "beamwidth_deg"),
        vertical_beamwidth_deg=vertical_beamwidth_deg,
    )
    return Source(kind, stations, rows.index.to_numpy(dtype=np.int64))
