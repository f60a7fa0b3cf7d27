import geopandas as gpd
import pytest
import shapely

from processing.crs import metric_crs, require_metric, require_same, to_metric
from processing.errors import MixedCRS, NotProjected
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
