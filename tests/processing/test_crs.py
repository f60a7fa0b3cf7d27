import geopandas as gpd
import numpy as np
import pytest
import shapely

from processing.crs import MOST_DISTORTION, metric_crs, require_metric, require_same, to_metric
from processing.errors import BadGeometry, Distorted, MixedCRS, NotProjected
from tests.fix_streets import ORSHA


def frame(crs: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=[shapely.Point(30.4, 54.5)], crs=crs)


def test_orsha_is_measured_in_utm_36_north():
    assert metric_crs(ORSHA).to_epsg() == 32636


@pytest.mark.parametrize("srid", [4326, 3857, 2272, 999_999])
def test_an_area_with_a_wrong_srid_is_refused(srid):
    with pytest.raises(NotProjected, match="area orsha"):
        metric_crs(ORSHA.model_copy(update={"srid": srid}))


@pytest.mark.parametrize(
    ("crs", "reason"),
    [
        (None, "no CRS"),
        ("EPSG:4326", "not a projected CRS"),
        ("EPSG:3857", "Web Mercator"),
        ("EPSG:2272", "not in metres"),  # Pennsylvania South, US survey feet
    ],
)
def test_metres_are_not_measured_elsewhere(crs, reason):
    with pytest.raises(NotProjected, match=f"^houses: .*{reason}"):
        require_metric(frame(crs), name="houses")


def test_frames_of_different_zones_are_refused():
    assert require_same(a=frame("EPSG:32636"), b=frame("EPSG:32636")).to_epsg() == 32636
    with pytest.raises(MixedCRS, match=r"zone 36N but b in .*zone 35N"):
        require_same(a=frame("EPSG:32636"), b=frame("EPSG:32635"))


def test_degrees_go_to_the_metres_of_the_area():
    moved = to_metric(frame("EPSG:4326"), ORSHA, name="points")
    assert moved.crs.to_epsg() == 32636
    # 54.5 N is about 6,043 km from the equator, 30.4 E 168 km west of the meridian of zone 36.
    assert moved.geometry.x.item() == pytest.approx(500_000 - 168_000, abs=2_000)
    assert moved.geometry.y.item() == pytest.approx(6_042_000, abs=3_000)
    with pytest.raises(NotProjected, match="points"):
        to_metric(frame(None), ORSHA, name="points")


def test_what_is_no_place_is_named():
    metres = gpd.GeoDataFrame(geometry=[shapely.Point(332_000, 6_043_000)], crs=4326, index=[7])
    with pytest.raises(BadGeometry, match=r"points: ids 7 have coordinates .* no place in WGS 84;"):
        to_metric(metres, ORSHA, name="points")
    with np.errstate(invalid="ignore"):
        line = shapely.LineString([(30.4, 54.5), (30.41, np.nan), (30.42, 54.5)])
    broken = gpd.GeoDataFrame(geometry=[None, line, shapely.Point()], crs=4326, index=[7, 8, 9])
    with pytest.raises(BadGeometry, match="ids 8 have"):
        to_metric(broken, ORSHA, name="lines")
    assert len(to_metric(broken.loc[[7, 9]], ORSHA, name="lines")) == 2


@pytest.mark.parametrize(
    ("lon", "off"),
    # Scale of UTM: 0.9996 (1 + x2 / 2 R2), x the distance from the meridian of the zone, 33 E.
    [(33.0, 0.0004), (30.0, None), (28.5, None), (27.0, 0.00150), (24.0, 0.0040)],
)
def test_lengths_are_true_to_a_thousandth_or_refused(lon: float, off: float | None):
    there = gpd.GeoDataFrame(geometry=[shapely.Point(lon, 53.5)], crs=4326)
    if off is None or off <= MOST_DISTORTION:
        assert len(to_metric(there, ORSHA, name="points")) == 1
        return
    said = rf"points: they reach to {lon:.2f} E, 53.50 N, where lengths in .* 36N are {off:.2%} off"
    with pytest.raises(Distorted, match=said):
        to_metric(there, ORSHA, name="points")


def test_an_area_named_with_a_far_zone_is_refused():
    """Orsha lies 9.4 degrees east of the meridian of zone 34."""
    there = gpd.GeoDataFrame(geometry=[shapely.Point(30.4, 54.5)], crs=4326)
    far = ORSHA.model_copy(update={"srid": 32634})
    with pytest.raises(Distorted, match="give area orsha a nearer UTM zone as its srid"):
        to_metric(there, far, name="points")
