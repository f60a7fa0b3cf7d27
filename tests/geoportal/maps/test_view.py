"""Views: zoom levels and scales as their definitions have them."""

import math

import pytest

from geoportal.maps.view import OutsideCrs, View, box_of, lon_lat, metres_per_unit
from layers.crs import SYSTEMS
from layers.query import CRS84, Box

MERCATOR = next(system.crs for system in SYSTEMS if system.code == "EPSG:3857")
UTM = next(system.crs for system in SYSTEMS if system.code == "EPSG:32635")


def around(x: float, y: float, pixel: float) -> View:
    return View(Box(x - 128 * pixel, y - 64 * pixel, x + 128 * pixel, y + 64 * pixel, MERCATOR),
                256, 128)  # fmt: skip


@pytest.mark.parametrize("zoom", [0.5, 5, 12.25, 18])
@pytest.mark.parametrize("lat", [0.0, 53.7, -40.0])
def test_zoom_is_that_of_the_map_in_the_browser(zoom: float, lat: float) -> None:
    # MapLibre: at zoom z the world is 512 * 2^z pixels wide, whatever the latitude.
    pixel = 40_075_016.685_578_5 / 512 / 2**zoom
    y = 6_378_137 * math.log(math.tan(math.pi / 4 + math.radians(lat) / 2))
    # Mercator is a sphere, the ground an ellipsoid: less than 0.005 of a level.
    assert around(3_000_000, y, pixel).zoom == pytest.approx(zoom, abs=0.005)


def test_scale_is_true_on_the_ground() -> None:
    # EPSG:32635 has its scale factor 0.9996 on the central meridian, so 1 m of it is more there.
    view = View(Box(500_000, 5_900_000, 500_280, 5_900_280, UTM), 1000, 1000)
    assert view.scale_denominator == pytest.approx(1000 / 0.9996, rel=1e-6)
    assert metres_per_unit(CRS84, 27, 0)[0] == pytest.approx(111_319.49, abs=0.01)


def test_a_finer_pixel_leaves_the_zoom_to_the_size_in_millimetres() -> None:
    box = Box(30.4, 54.5, 30.42, 54.51)
    plain, fine = View(box, 400, 200), View(box, 800, 400, 0.14)
    assert fine.zoom == pytest.approx(plain.zoom)
    assert fine.scale_denominator == pytest.approx(plain.scale_denominator)
    assert fine.pixel_ratio == 2


def test_a_box_in_another_system_holds_the_whole_box() -> None:
    found = box_of(UTM, (23.0, 51.0, 33.0, 56.0))
    for lon in (23.0, 25.5, 28.0, 30.5, 33.0):
        for lat in (51.0, 53.5, 56.0):
            from geoportal.maps.view import from_lon_lat

            x, y = from_lon_lat(UTM, lon, lat)
            assert found.west - 1 <= x <= found.east + 1
            assert found.south - 1 <= y <= found.north + 1
    single = box_of(CRS84, (30.0, 54.0, 30.0, 54.0))
    assert single.west < 30 < single.east


def test_a_place_without_coordinates_is_said() -> None:
    for x, y in ((float("nan"), 0.0), (30.0, 95.0)):
        with pytest.raises(OutsideCrs):
            lon_lat(CRS84, x, y)
