"""The demonstration quarter: a plausible microdistrict for every layer that a city area has.

Nothing here is surveyed. Sizes, spacings and shares follow ordinary practice of the 1960s to
1990s; the layers agree with one another (nodes, buildings, counts), and the same call gives the
same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import geopandas as gpd

from layers.model import Area
from processing.demo import (
    buildings,
    census,
    environment,
    fibre,
    land,
    lights,
    meters,
    readings,
    services,
    streets,
    telecom,
    transit,
)
from processing.demo.city import Chunk, City, city
from processing.demo.frame import numbered
from processing.errors import UnknownDemoLayer

_PER_CHUNK: dict[str, Callable[[Chunk], gpd.GeoDataFrame | None]] = {
    "smart_quarters": services.quarters,
    "buildings": buildings.frame,
    "streets": streets.frame,
    "service_points": services.frame,
    "street_lights": lights.frame,
    "light_cabinets": lights.cabinets,
    "utility_meters": meters.frame,
    "wifi_access_points": telecom.wifi,
    "base_stations": telecom.base_stations,
    "green_areas": environment.green_areas,
    "parcels": land.parcels,
    "functional_zones": land.functional_zones,
    "red_lines": land.red_lines,
    "census_units": census.frame,
    "meter_readings": readings.frame,
    "lorawan_gateways": telecom.gateways,
    "line_terminals": fibre.terminals,
    "splitters": fibre.splitters,
    "ducts": fibre.ducts,
    "transit_stops": transit.stops,
    "transit_lines": transit.lines,
    "transit_departures": transit.departures,
}

_PER_CITY: dict[str, Callable[[City], gpd.GeoDataFrame]] = {
    "air_sensors": environment.air_sensors,
    "air_sensor_readings": environment.air_sensor_readings,
}

LAYERS: tuple[str, ...] = (
    "smart_quarters", "buildings", "streets", "service_points", "street_lights", "light_cabinets",
    "utility_meters", "wifi_access_points", "base_stations", "air_sensors", "air_sensor_readings",
    "green_areas", "parcels", "functional_zones", "red_lines", "census_units", "meter_readings",
    "lorawan_gateways", "line_terminals", "splitters", "ducts", "transit_stops", "transit_lines",
    "transit_departures",
)  # fmt: skip
"""Ids of the layers that the generator makes."""


def frames(area: Area, layer_id: str, *, buildings: int = 400) -> Iterator[gpd.GeoDataFrame]:
    """Yield a layer of the demonstration city of an area, some ten thousand rows at a time.

    Frames have the fields of the layer, the index `id` (feature ids of the area) and geometry in
    EPSG:4326; lengths and areas are measured in the metric CRS of the area (`area.srid`). There are
    exactly `buildings` buildings, `buildings` between 1 and 10,000,000 (else BadParameter). Raises
    UnknownDemoLayer for a layer that is not in LAYERS.
    """
    if layer_id not in LAYERS:
        raise UnknownDemoLayer(
            f"The demonstration has no layer {layer_id}; it makes {', '.join(LAYERS)}."
        )
    return _frames(city(area, buildings), layer_id)


def _frames(made: City, layer_id: str) -> Iterator[gpd.GeoDataFrame]:
    first = made.area.feature_id(1)
    if layer_id in _PER_CITY:
        yield numbered(_PER_CITY[layer_id](made), first)
        return
    for chunk in made.chunks():
        frame = _PER_CHUNK[layer_id](chunk)
        if frame is not None and len(frame):
            yield numbered(frame, first)
            first += len(frame)
