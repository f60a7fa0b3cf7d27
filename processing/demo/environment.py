"""Layers `green_areas`, `air_sensors` and `air_sensor_readings` of the demonstration quarter."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from processing.demo.city import Array, Chunk, City, seed_of
from processing.demo.frame import strings, to_frame
from processing.demo.plan import Plan
from processing.demo.sketch import Green
from processing.demo.streets import LONGEST_SEGMENT_M, USES

FIRST_HOUR = pd.Timestamp("2026-10-01T00:00:00Z")
HOURS = 14 * 24
SENSORS_PER_QUARTER = 12
MOST_SENSORS = 50
SENSOR_HEIGHT_M = 3.5

_SENSOR_XY_M = (
    (15.0, 226.0), (226.0, 466.0), (466.0, 225.0), (494.0, 494.0), (734.0, 466.0), (945.0, 726.0),
    (726.0, 734.0), (494.0, 946.0), (226.0, 734.0), (350.0, 595.0), (734.0, 226.0), (605.0, 735.0),
)  # fmt: skip
"""Where a quarter has its sensors: by crossings, in the park, by the civic centre."""


# --- Green areas ---------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def greenery(plan: Plan) -> tuple[Green, ...]:
    """Return the green areas of a plan: those drawn, and lawns on the land that is left over."""
    houses = shapely.union_all([b.shape for b in plan.buildings])
    walks = shapely.union_all(
        [w.line.buffer(_half_m(w.highway), cap_style="square") for w in plan.ways]
    )
    drawn = shapely.union_all([g.shape for g in plan.greens])
    taken = shapely.union_all(
        [
            houses.buffer(3.0, join_style="mitre"),
            walks,
            drawn.buffer(2.0, join_style="mitre"),
        ]
    )
    out = list(plan.greens)
    for block in plan.blocks:
        if block.zone in ("Ж3", "П2", "Р2"):
            continue
        free = block.shape.buffer(-3.0, join_style="mitre").difference(taken)
        # Opening by 3 m drops the strips that nobody would call a lawn.
        lawns = free.buffer(-3.0, join_style="mitre").buffer(3.0, join_style="mitre")
        kind, name = ("park", "Парк") if block.zone == "Р1" else ("lawn", None)
        parts = [p for p in shapely.get_parts(lawns) if p.area > 120]
        out += [Green(kind, p.simplify(0.05), name) for p in parts]
    return tuple(out)


def _half_m(highway: str) -> float:
    return USES[highway].width_m / 2 + 1.0


def green_areas(chunk: Chunk) -> gpd.GeoDataFrame:
    """Return the green areas of a chunk, MultiPolygon, EPSG:4326; area_m2 in the metric CRS."""
    made = greenery(chunk.plan)
    shapes = shapely.segmentize([g.shape for g in made], LONGEST_SEGMENT_M)
    placed = chunk.place(shapely.multipolygons([[s] for s in shapes]))
    columns = {
        "kind": strings(chunk.repeat(np.array([g.kind for g in made], object))),
        "name": strings(chunk.repeat(np.array([g.name for g in made], object))),
        "area_m2": np.round(shapely.area(placed.metric), 1),
        "public": chunk.repeat(np.array([g.public for g in made])),
        "source_id": strings([None] * (len(made) * chunk.quarters)),
    }
    return to_frame(columns, placed.geographic)


# --- Air -----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Air:
    """Hourly series of all sensors, arrays (sensors, hours); NaN where a sensor was silent."""

    pm10: Array
    pm25: Array
    no2: Array
    o3: Array
    temperature_c: Array
    humidity_share: Array
    heard: Array


def sensors(city: City) -> tuple[Array, Array]:
    """Return the sensors' points (EPSG:4326) and the quarters they stand in."""
    count = min(MOST_SENSORS, SENSORS_PER_QUARTER + 2 * (city.quarters - 1))
    points: list[shapely.Point] = []
    homes: list[int] = []
    at = shapely.points(np.array(_SENSOR_XY_M))
    for chunk in city.chunks():
        if not chunk.plan.mains or len(points) >= count:
            break
        placed = chunk.place(at).geographic.reshape(chunk.quarters, -1)
        for q in range(chunk.quarters):
            wanted = SENSORS_PER_QUARTER if chunk.numbers[q] == 0 else 2
            points += list(placed[q, 3 : 3 + wanted] if wanted == 2 else placed[q])
            homes += [int(chunk.numbers[q])] * wanted
    return np.array(points[:count], dtype=object), np.array(homes[:count])


@lru_cache(maxsize=4)
def air(city: City) -> Air:
    """Make two weeks of hourly air: a daily rhythm, a stagnant episode, noise, a few gaps."""
    rng = np.random.default_rng(seed_of(city.area, "air"))
    count = len(sensors(city)[0])
    hour = np.arange(HOURS)
    of_day = (hour + 3) % 24  # local time is UTC+3
    rush = np.exp(-(((of_day - 8) / 2.0) ** 2)) + 1.2 * np.exp(-(((of_day - 19) / 2.8) ** 2))
    sun = np.clip(np.sin((of_day - 6) / 13 * np.pi), 0, None)
    # Days 7 to 9: no wind, fog at night; dust and exhaust stay where they are.
    episode = np.exp(-(((hour - 7.6 * 24) / 26.0) ** 4))
    place = rng.uniform(0.75, 1.3, (count, 1))
    noise = _persistent(rng, count)
    pm25 = place * (7 + 5 * rush + 26 * episode) * np.exp(0.18 * noise[0])
    pm10 = pm25 * rng.uniform(1.45, 1.8, (count, 1)) + 4 * np.exp(0.3 * noise[1])
    no2 = place * (11 + 17 * rush + 12 * episode) * np.exp(0.15 * noise[2])
    o3 = np.clip(52 + 34 * sun - 0.55 * no2 - 12 * episode + 4 * noise[3], 2, None)
    warm = 8.5 - 3.0 * hour / HOURS + 5.0 * sun + 0.8 * noise[4]
    humid = np.clip(0.82 - 0.22 * sun + 0.1 * episode + 0.03 * noise[5], 0.3, 1.0)
    heard = rng.random((count, HOURS)) > 0.004
    heard[min(4, count - 1), 101:118] = False  # one sensor lost power for most of a day
    return Air(
        pm10=np.round(pm10, 1),
        pm25=np.round(pm25, 1),
        no2=np.round(no2, 1),
        o3=np.round(o3, 1),
        temperature_c=np.round(warm, 1),
        humidity_share=np.round(humid, 3),
        heard=heard,
    )


def _persistent(rng: np.random.Generator, count: int) -> Array:
    """Return noise (6, sensors, hours) of unit variance whose next hour resembles the last."""
    memory = 0.85
    noise = rng.standard_normal((6, count, HOURS))
    for h in range(1, HOURS):
        fresh = np.sqrt(1 - memory**2) * noise[..., h]
        noise[..., h] = memory * noise[..., h - 1] + fresh
    return noise


def _sensor_ids(city: City, count: int) -> list[str]:
    return [f"ВОЗДУХ-{city.area.number:03d}-{i + 1:02d}" for i in range(count)]


def air_sensors(city: City) -> gpd.GeoDataFrame:
    """Return the sensors with the last values they sent, Point, EPSG:4326."""
    points, homes = sensors(city)
    made, count = air(city), len(points)
    last = HOURS - 1 - np.argmax(made.heard[:, ::-1], axis=1)
    row = np.arange(count)
    columns = {
        "sensor_id": strings(_sensor_ids(city, count)),
        "name": strings([f"Пост {i + 1}, микрорайон № {h + 1}" for i, h in enumerate(homes)]),
        "height_m": np.full(count, SENSOR_HEIGHT_M),
        "pm10_ug_m3": made.pm10[row, last],
        "pm25_ug_m3": made.pm25[row, last],
        "no2_ug_m3": made.no2[row, last],
        "o3_ug_m3": made.o3[row, last],
        "temperature_c": made.temperature_c[row, last],
        "latest_at": FIRST_HOUR + pd.to_timedelta(last, unit="h"),
    }
    return to_frame(columns, points)


def air_sensor_readings(city: City) -> gpd.GeoDataFrame:
    """Return every reading, Point, EPSG:4326; a silent hour has a row without values."""
    points, _ = sensors(city)
    made, count = air(city), len(points)
    silent = ~made.heard.ravel()

    def series(values: Array) -> Array:
        return np.where(silent, np.nan, values.ravel())

    columns = {
        "sensor_id": strings(np.repeat(np.array(_sensor_ids(city, count), object), HOURS)),
        "time": FIRST_HOUR + pd.to_timedelta(np.tile(np.arange(HOURS), count), unit="h"),
        "pm10_ug_m3": series(made.pm10),
        "pm25_ug_m3": series(made.pm25),
        "no2_ug_m3": series(made.no2),
        "o3_ug_m3": series(made.o3),
        "temperature_c": series(made.temperature_c),
        "humidity_share": series(made.humidity_share),
    }
    return to_frame(columns, np.repeat(points, HOURS))
