"""Small hand-made streets with lamps for the tests of lighting; metres in EPSG:32636."""

from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from processing.lighting.illuminance import Lamps
from processing.lighting.luminaire import Luminaire, from_planes
from tests.fix_streets import METRIC, Point, place, streets


def isotropic(candela: float = 1000.0) -> Luminaire:
    return from_planes(
        np.array([0.0]), np.array([0.0, 90.0, 180.0]), np.full((1, 3), candela), power_w=100.0
    )


def lamps(*rows: tuple[float, float, float], **given: Any) -> Lamps:
    """Rows of (x, y, height); other arrays may be given, each for all lamps."""
    count = len(rows)
    x, y, height = (np.array(column, dtype=float) for column in zip(*rows, strict=True))

    def each(name: str, value: float) -> Any:
        return np.broadcast_to(np.asarray(given.get(name, value), dtype=float), count).copy()

    return Lamps(
        x=x,
        y=y,
        height_m=height,
        bearing_deg=each("bearing_deg", 0.0),
        tilt_deg=each("tilt_deg", 0.0),
        factor=each("factor", 1.0),
        luminaire=np.broadcast_to(np.asarray(given.get("luminaire", 0)), count).astype(np.int64),
    )


def street_lights(*centres: Point, **columns: Any) -> Any:
    """Working park lamps 6 m high, ids from 501, unless the columns say otherwise."""
    count = len(centres)
    usual = {
        "state": "working", "luminaire": "led_park_sym", "height_m": 6.0, "power_w": 35.0,
        "cabinet": "C-01", "arm_m": 0.0, "tilt_deg": 0.0, "azimuth_deg": 0.0,
        "maintenance_factor": 1.0,
    }  # fmt: skip
    return gpd.GeoDataFrame(
        {
            name: list(value) if isinstance(value, list | tuple) else [value] * count
            for name, value in (usual | columns).items()
        },
        geometry=[shapely.Point(p) for p in place(centres)],
        index=range(501, 501 + count),
        crs=METRIC,
    )


def lit_streets(*rows: Any, lighting_class: Any = "P4", width_m: Any = 6.0) -> Any:
    """The streets of `fix_streets` with a lighting class and a width, one for all or a list."""
    frame = streets(*rows)
    for name, value in (("lighting_class", lighting_class), ("width_m", width_m)):
        frame[name] = list(value) if isinstance(value, list | tuple) else [value] * len(frame)
    return frame
