"""Layers `wifi_access_points` and `base_stations` of the demonstration quarter."""

from __future__ import annotations

from functools import lru_cache

import geopandas as gpd
import numpy as np
import shapely

from processing.demo import buildings, services
from processing.demo.city import Array, Chunk
from processing.demo.frame import strings, to_frame
from processing.demo.plan import Plan

WIFI_AT = ("school", "kindergarten", "clinic", "library", "post_office", "bank", "stop", "other")
"""Services that offer Wi-Fi to everybody."""

CARRIERS: tuple[tuple[str, float, float, float], ...] = (
    ("gsm", 900.0, 56.0, 0.2),
    ("umts", 2100.0, 58.0, 5.0),
    ("lte", 1800.0, 61.0, 20.0),
    ("nr", 3500.0, 66.0, 100.0),
)
"""Technology, frequency (MHz), radiated power (dBm EIRP) and bandwidth (MHz) of each sector."""

SITES = 3
SECTORS_DEG = (30.0, 150.0, 270.0)
DOWNTILT_DEG = 6.0
BEAMWIDTH_DEG = 65.0
GATEWAYS = 2
LORAWAN = {"frequency_mhz": 868.1, "eirp_dbm": 16.0, "antenna_gain_dbi": 5.0}
WIFI_MHZ = {"wifi4": 2437.0, "wifi5": 5180.0, "wifi6": 5180.0}
MAST_M = 4.0


def wifi(chunk: Chunk) -> gpd.GeoDataFrame | None:
    """Return the public access points of a chunk, Point, EPSG:4326."""
    spots = chunk.plan.spots
    here = np.array([i for i, s in enumerate(spots) if s.service in WIFI_AT], dtype=int)
    if not len(here):
        return None
    indoor = np.array([spots[i].building >= 0 for i in here])
    at = np.array(
        [shapely.Point(spots[i].point.x + 2.0, spots[i].point.y + 1.0) for i in here], dtype=object
    )
    new, luck = chunk.chance("wifi", len(here)), chunk.chance("wifi_state", len(here))
    standard = np.where(new < 0.35, "wifi6", np.where(new < 0.85, "wifi5", "wifi4"))
    state = np.where(luck < 0.03, "fault", np.where(luck < 0.05, "unknown", "working"))
    names = [
        f"Wi-Fi: {buildings.title_of(spots[i].name, n)}"
        for n in chunk.numbers.tolist()
        for i in here
    ]
    columns = {
        "name": strings(names),
        "standard": strings(standard.astype(object).ravel()),
        "indoor": chunk.repeat(indoor),
        "reach_m": chunk.repeat(np.where(indoor, 40.0, 80.0)),
        "state": strings(state.astype(object).ravel()),
        "frequency_mhz": np.array([WIFI_MHZ[s] for s in standard.ravel()]),
        "eirp_dbm": chunk.repeat(np.where(indoor, 20.0, 23.0)),
        "height_m": chunk.repeat(np.where(indoor, 2.5, 4.0)),
    }
    keep = services.standing(chunk)[:, here].ravel()
    return to_frame(columns, chunk.place(at).geographic, keep=keep)


@lru_cache(maxsize=4)
def _masts(plan: Plan) -> Array:
    """Return which buildings carry antennas: high roofs far from one another."""
    high = [i for i, b in enumerate(plan.buildings) if b.role in ("tower", "slab9", "culture")]
    if not high:
        return np.zeros(0, dtype=int)
    middles = shapely.get_coordinates(shapely.centroid([plan.buildings[i].shape for i in high]))
    chosen = [int(np.argmin(middles.sum(axis=1)))]
    while len(chosen) < SITES:
        gaps = np.linalg.norm(middles[:, None] - middles[None, chosen], axis=2).min(axis=1)
        chosen.append(int(np.argmax(gaps)))
    return np.array([high[i] for i in chosen])


def base_stations(chunk: Chunk) -> gpd.GeoDataFrame | None:
    """Return the sectors of the base stations of a chunk, Point, EPSG:4326.

    One row per roof, sector and technology; antennas stand a little apart along their azimuths.
    """
    masts = _masts(chunk.plan)
    if not len(masts):
        return None
    per_site = len(SECTORS_DEG) * len(CARRIERS)
    azimuth = np.tile(np.repeat(SECTORS_DEG, len(CARRIERS)), SITES)
    carrier = np.tile(np.arange(len(CARRIERS)), SITES * len(SECTORS_DEG))
    middle = shapely.centroid([chunk.plan.buildings[i].shape for i in np.repeat(masts, per_site)])
    step = 1.5 + 0.8 * carrier
    xy = shapely.get_coordinates(middle) + step[:, None] * np.column_stack(
        [np.sin(np.radians(azimuth)), np.cos(np.radians(azimuth))]
    )
    roof = 3.0 * buildings.facts(chunk).storeys[:, np.repeat(masts, per_site)] + 2.0
    names = [f"БС-{n * SITES + i + 1:04d}" for n in chunk.numbers.tolist() for i in range(SITES)]
    columns = {
        "name": strings(np.repeat(np.array(names, dtype=object), per_site)),
        "technology": strings(chunk.repeat(np.array([CARRIERS[c][0] for c in carrier], object))),
        "frequency_mhz": chunk.repeat(np.array([CARRIERS[c][1] for c in carrier])),
        "height_m": roof.ravel() + MAST_M,
        "azimuth_deg": chunk.repeat(azimuth),
        "eirp_dbm": chunk.repeat(np.array([CARRIERS[c][2] for c in carrier])),
        "tilt_deg": np.full(azimuth.size * chunk.quarters, DOWNTILT_DEG),
        "beamwidth_deg": np.full(azimuth.size * chunk.quarters, BEAMWIDTH_DEG),
        "bandwidth_mhz": chunk.repeat(np.array([CARRIERS[c][3] for c in carrier])),
    }
    keep = chunk.standing(np.repeat(masts, per_site)).ravel()
    return to_frame(columns, chunk.place(shapely.points(xy)).geographic, keep=keep)


def gateways(chunk: Chunk) -> gpd.GeoDataFrame | None:
    """Return the LoRaWAN gateways of a chunk, Point, EPSG:4326: on the roofs of two masts."""
    masts = _masts(chunk.plan)[:GATEWAYS]
    if not len(masts):
        return None
    middle = shapely.get_coordinates(
        shapely.centroid([chunk.plan.buildings[i].shape for i in masts])
    )
    roof = 3.0 * buildings.facts(chunk).storeys[:, masts] + 2.0
    names = [
        f"LR-{n * GATEWAYS + i + 1:04d}" for n in chunk.numbers.tolist() for i in range(len(masts))
    ]
    constant = {name: np.full(len(names), value) for name, value in LORAWAN.items()}
    columns = {
        "name": strings(names),
        "frequency_mhz": constant["frequency_mhz"],
        "eirp_dbm": constant["eirp_dbm"],
        "height_m": roof.ravel() + MAST_M,
        "antenna_gain_dbi": constant["antenna_gain_dbi"],
    }
    keep = chunk.standing(masts).ravel()
    return to_frame(
        columns, chunk.place(shapely.points(middle - np.array([0.0, 2.0]))).geographic, keep=keep
    )
