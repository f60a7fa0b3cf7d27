"""Areas across the border of two UTM zones: one metric CRS, and lengths as on the ellipsoid.

Belarus has such borders at 24 and 30 degrees east. Every length that a pipeline publishes is held
against the geodesic one (pyproj.Geod on WGS 84), in either of the two zones.
"""

from collections.abc import Callable, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import Geod

from layers.area import utm_srid
from layers.registry import load_layers
from processing.crs import metric_crs
from processing.demo import rasters
from processing.pipelines import PIPELINES, Result
from tests.fix_bad_inputs import COARSE, area_at, place

WGS84 = Geod(ellps="WGS84")
CLOSE = 1e-3
BORDERS = {30.0: (32635, 32636), 24.0: (32634, 32635)}
LATITUDE = 53.6
CASES = [(lon, srid) for lon, zones in BORDERS.items() for srid in zones]
MEASURES_NOTHING = {"metering-coverage"}
"""It counts meters by census unit; no length or area is among its results."""


def length_m(frame: gpd.GeoDataFrame) -> float:
    return sum(WGS84.geometry_length(one) for one in frame.to_crs(4326).geometry)


def area_m2(shape: Any) -> float:
    return abs(float(WGS84.geometry_area_perimeter(shapely.geometry.polygon.orient(shape))[0]))


def parts_m2(shapes: Any) -> list[float]:
    return [sum(area_m2(part) for part in shapely.get_parts(shape)) for shape in shapes]


def compute(name: str, lon: float, srid: int, **changed: Any) -> Any:
    """Run a pipeline on the place at the border, measured in one of the zones there."""
    here = area_at(lon, LATITUDE)
    pipeline = PIPELINES[name]
    # Rasters lie in the zone that the area was made in.
    given = {
        argument: None if layer in rasters.RASTERS else place(here)[layer]
        for argument, layer in pipeline.INPUTS.items()
    }
    params = pipeline.Params(**COARSE.get(name, {}))
    area = here.model_copy(update={"srid": srid})
    return pipeline.compute(params, area, **given | changed, **pipeline.seeds())


def test_an_area_has_the_zone_of_its_middle_for_all_of_it() -> None:
    for lon, (west, east) in BORDERS.items():
        assert (utm_srid(lon - 1e-6, LATITUDE), utm_srid(lon, LATITUDE)) == (west, east)
        assert metric_crs(area_at(lon, LATITUDE)).to_epsg() == east
        streets = place(area_at(lon, LATITUDE))["streets"].total_bounds
        assert streets[0] < lon < streets[2], "the place does not lie across the border"


@pytest.mark.parametrize(("lon", "srid"), CASES)
def test_streets_and_ducts_are_as_long_as_on_the_ellipsoid(lon: float, srid: int) -> None:
    here = place(area_at(lon, LATITUDE))
    foot = here["streets"][here["streets"]["foot"]]
    walked = compute("service-coverage", lon, srid).quality["street_length_m"]
    assert walked == pytest.approx(length_m(foot), rel=CLOSE)
    lit = compute("lighting-coverage", lon, srid).frames["street_lighting"]
    assert lit["length_m"].sum() == pytest.approx(length_m(here["streets"]), rel=CLOSE)
    laid = compute("fibre-coverage", lon, srid).quality["duct_length_m"]
    assert laid == pytest.approx(length_m(here["ducts"]), rel=CLOSE)


@pytest.mark.parametrize(("lon", "srid"), CASES)
def test_ground_and_cells_are_as_large_as_on_the_ellipsoid(lon: float, srid: int) -> None:
    land = compute("land-coverage", lon, srid).frames["land_coverage"]
    wanted = parts_m2(land.geometry)
    assert land["area_m2"].to_numpy() == pytest.approx(wanted, rel=2 * CLOSE)
    cells = compute("radio-coverage", lon, srid).frames["radio_signal"]
    sides = [WGS84.geometry_length(shape.exterior) / 4 for shape in cells.geometry[:20]]
    assert sides == pytest.approx([100.0] * len(sides), rel=CLOSE)


@pytest.mark.parametrize(("lon", "srid"), CASES)
def test_stations_are_as_far_as_on_the_ellipsoid(lon: float, srid: int) -> None:
    cells = compute("monitoring-coverage", lon, srid).frames["monitoring_coverage"]
    station = place(area_at(lon, LATITUDE))["air_sensors"].geometry.iloc[0]
    middles = shapely.get_coordinates(shapely.centroid(cells.geometry.to_numpy()))
    count = len(middles)
    _, _, metres = WGS84.inv(*middles.T, np.full(count, station.x), np.full(count, station.y))
    assert cells["distance_m"].to_numpy() == pytest.approx(metres, rel=CLOSE, abs=0.06)
    assert metres.max() > 200


@pytest.mark.parametrize(("lon", "srid"), CASES)
def test_the_scorecard_counts_by_lengths_and_areas_of_the_ellipsoid(lon: float, srid: int) -> None:
    here = place(area_at(lon, LATITUDE))
    result = compute("smart-quarter-coverage", lon, srid)
    rows = {(row.code, row.part): row.value for row in result.frames["indicators"].itertuples()}
    people = result.figures["residents"]
    streets = here["streets"]
    slow = streets["maxspeed_kmh"].astype(float).fillna(999.0) <= 30
    quiet = streets[streets["bicycle"] & (~streets["car"] | slow)]
    wanted = length_m(quiet) / 1000 / people * 1e5
    assert rows["TRN2", 1] == pytest.approx(wanted, rel=CLOSE)
    hectares = sum(parts_m2(here["smart_quarters"].geometry)) / 1e4
    assert rows["PLN3", 1] == pytest.approx(people / hectares, rel=2 * CLOSE)


# --- One straight street --------------------------------------------------------------------------


def along(lon: float, metres: float) -> float:
    """The longitude so many metres east of the border, along the parallel."""
    east, _, _ = WGS84.fwd(lon, LATITUDE, 90.0 if metres > 0 else 270.0, abs(metres))
    return float(east)


def street(lon: float) -> Mapping[str, gpd.GeoDataFrame]:
    """A street of 900 m across the border, a house at its west end, everything else at the east."""
    xs = [along(lon, metres) for metres in np.linspace(-450, 450, 19)]
    west, east = shapely.Point(xs[0], LATITUDE), shapely.Point(xs[-1], LATITUDE)
    line = shapely.LineString([(x, LATITUDE) for x in xs])
    house = shapely.buffer(west, 5e-5, cap_style="square")

    def frame(shapes: Any, **columns: Any) -> gpd.GeoDataFrame:
        return gpd.GeoDataFrame(columns, geometry=shapes, crs=4326, index=range(1, len(shapes) + 1))

    classes = ["school", "clinic", "stop", "kindergarten"]
    return {
        "streets": frame(
            [line], node_from=[1], node_to=[2], foot=[True], bicycle=[True], car=[False],
            main_road=[False], lighting_class=["P4"], width_m=[6.0], maxspeed_kmh=[20.0],
        ),
        "buildings": frame(
            [house], kind=["residential"], residents=[100], dwellings=[40], storeys=[5],
        ),
        "service_points": frame([east] * 4, service_class=classes, capacity=[90] * 4),
        "street_lights": frame(
            [west, east], state=["working"] * 2, luminaire=["led_60"] * 2, height_m=[8.0] * 2,
            power_w=[60.0] * 2,
        ),
        "ducts": frame([line]),
        "splitters": frame([east], loss_db=[17.0], terminal=["T"]),
        "line_terminals": frame([east], terminal_id=["T"], budget_db=[28.0]),
    }  # fmt: skip


WALKED: Mapping[str, Callable[[Result], float]] = {
    "service-coverage": lambda r: r.frames["service_coverage"]["distance_m"].max(),
    "accessibility-coverage": lambda r: r.frames["accessibility"]["school_m"].item(),
    "site-selection": lambda r: r.figures["mean_distance_before_m"],
    "lighting-coverage": lambda r: r.figures["walks"]["length_person_m"] / 100,
    "fibre-coverage": lambda r: r.frames["fibre_coverage"]["length_m"].item(),
}
"""The way from the house to the other end as a pipeline tells it, in metres."""


@pytest.mark.parametrize(("lon", "srid"), CASES)
@pytest.mark.parametrize("name", WALKED)
def test_a_way_across_the_border_is_as_long_as_on_the_ellipsoid(
    name: str, lon: float, srid: int
) -> None:
    area, given, pipeline = area_at(lon, LATITUDE, srid), street(lon), PIPELINES[name]
    wanted = length_m(given["streets"])
    assert wanted == pytest.approx(900.0, abs=0.1)
    frames = {argument: given.get(layer) for argument, layer in pipeline.INPUTS.items()}
    params = {"curve_sites": 1} if name == "site-selection" else {}
    result = pipeline.compute(pipeline.Params(**params), area, **frames, **pipeline.seeds())
    assert WALKED[name](result) == pytest.approx(wanted, rel=CLOSE)


def test_what_measures_nothing_tells_no_length() -> None:
    layers = load_layers()
    units = {
        field.unit
        for name in MEASURES_NOTHING
        for layer in PIPELINES[name].OUTPUT
        for field in layers[layer].fields
    }
    assert not units & {"m", "m2", "km", "ha"}
