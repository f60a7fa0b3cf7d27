import numpy as np
import pytest

from layers.area import seed_areas
from layers.errors import RefusedLoad
from layers.ingest.vector import place

ORSHA = seed_areas()["orsha"]
# docs/decisions/0008-crs.md and tests/layers/test_crs.py: the same point by PROJ 9.5.1.
UTM = np.array([[332772.07, 6043114.35]])


def test_a_projected_point_comes_to_its_place() -> None:
    found = place.placing("EPSG:32636").transform(UTM)
    assert found == pytest.approx(np.array([[30.417, 54.508]]), abs=1e-6)


def test_sk42_goes_by_the_pinned_operation() -> None:
    way = place.placing("EPSG:28406")
    assert "EPSG:15865" in str(way.operation)
    assert way.accuracy_m == 4.5


@pytest.mark.parametrize(
    ("crs", "be", "en"),
    [
        ("EPSG:4326", "ужо ў WGS 84", "already in WGS 84"),
        ("EPSG:32636", "з праекцыі ў градусы, датум ужо WGS 84",
         "from the projection to degrees, the datum is WGS 84 already"),
    ],
)  # fmt: skip
def test_what_needs_no_operation_says_so(crs: str, be: str, en: str) -> None:
    operation = place.placing(crs).operation
    assert (operation.text("be"), operation.text("en")) == (be, en)


def test_swapped_axes_are_told() -> None:
    with pytest.raises(RefusedLoad, match="the axes are swapped"):
        place.require_place(place.placing("EPSG:32636"), UTM[:, ::-1], ORSHA)


def test_the_candidates_of_a_file_without_crs_are_named() -> None:
    assert "EPSG:32636 (WGS 84 / UTM zone 36N)" in map(str, place.candidates(UTM, ORSHA))
    said = str(place.missing_crs(UTM, ORSHA, "a.dxf"))
    assert "EPSG:32636" in said
    assert "--crs" in said


MAPINFO = (
    'PROJCS["unnamed",GEOGCS["unnamed",DATUM["Pulkovo_1942",SPHEROID["Krassovsky",6378245,298.3]],'
    'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],'
    'PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",33],PARAMETER["scale_factor",1]'
    ',PARAMETER["false_easting",{east}],PARAMETER["false_northing",0],UNIT["metre",1]]'
)
"""As GDAL says `CoordSys Earth Projection 8, 1001, "m", 33, 0, 1, 6500000, 0`."""


def test_a_zone_of_mapinfo_is_known_by_its_numbers() -> None:
    way = place.placing(MAPINFO.format(east=6_500_000))
    assert way.crs == "Pulkovo 1942 / Gauss-Kruger zone 6 (EPSG:28406)"
    assert "EPSG:15865" in str(way.operation)


def test_a_local_grid_on_pulkovo_goes_by_the_pinned_operation() -> None:
    x, y = 6_331_757.51, 6_044_793.50
    local = place.placing(MAPINFO.format(east=500_000))
    found = local.transform(np.array([[x - 6_000_000, y]]))
    assert found == pytest.approx(place.placing("EPSG:28406").transform(np.array([[x, y]])))
    assert "EPSG:15865" in str(local.operation)


def test_a_system_of_several_operations_goes_by_one_that_is_named() -> None:
    way = place.placing("EPSG:4230")
    assert "ED50 to WGS 84" in str(way.operation)
    assert way.accuracy_m is not None


def test_a_datum_without_a_known_shift_is_refused() -> None:
    with pytest.raises(RefusedLoad, match="there is no way from unknown to WGS 84"):
        place.placing("+proj=lcc +lat_1=50 +lat_2=55 +lon_0=28 +ellps=bessel +units=m")


def test_the_shift_that_a_file_gives_is_not_dropped() -> None:
    said = "+proj=longlat +ellps=krass +towgs84=25,-141,-78.5,0,0.35,0.736,0 +no_defs"
    point = np.array([[30.4, 54.5]])
    pinned = place.placing("EPSG:4284").transform(point)
    assert place.placing(said).transform(point) == pytest.approx(pinned, abs=1e-8)
