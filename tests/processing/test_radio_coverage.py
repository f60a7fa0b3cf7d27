import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.area import seed_areas
from layers.registry import load_layers
from processing.errors import BadParameter, EmptyInput, MissingColumn, MixedCRS
from processing.frames import checksum, require_fit
from processing.radio_coverage import Inputs, Settings, classes, radio_coverage
from processing.raster import Raster

ORSHA = seed_areas()["orsha"]
METRIC = f"EPSG:{ORSHA.srid}"
X, Y = 332_700.0, 6_043_500.0
"""A corner in the metric CRS of Orsha, UTM zone 36 N."""

THRESHOLDS_DBM = {
    "gsm": -95.0, "umts": -100.0, "lte": -110.0, "nr": -110.0, "wifi": -70.0, "lorawan": -137.0,
}  # fmt: skip
SETTINGS = Settings(thresholds_dbm=THRESHOLDS_DBM, models=("p1411", "p1812"))


def frame(shapes, x=X, y=Y, crs=METRIC, **columns):
    moved = shapely.transform(np.array(shapes, dtype=object), lambda c: c + np.array([x, y]))
    ids = pd.Index(np.arange(1, len(shapes) + 1), name="id")
    return gpd.GeoDataFrame(columns, geometry=moved, crs=crs, index=ids).to_crs("EPSG:4326")


def houses(**at):
    return frame(
        [shapely.box(0, 0, 60, 12), shapely.box(0, 150, 60, 162), shapely.box(200, 80, 212, 140)],
        residents=[100, None, 60],
        dwellings=[40, None, 25],
        height_m=[15.0, None, None],
        storeys=[5, 9, None],
        **at,
    )


def masts(shift=(0.0, 0.0), **changed):
    columns = {
        "technology": ["lte", "lte", "gsm"],
        "frequency_mhz": [1800.0, 1800.0, 900.0],
        "height_m": [30.0, 30.0, 30.0],
        "azimuth_deg": [0.0, 180.0, None],
        "eirp_dbm": [60.0, 60.0, 56.0],
    } | changed
    x, y = shift
    places = [(100 + x, -80 + y), (101 + x, 300 + y), (100 + x, -80 + y)]
    return frame([shapely.Point(p) for p in places], **columns)


def gateways():
    return frame(
        [shapely.Point(30, 80)],
        frequency_mhz=[868.0],
        height_m=[25.0],
        eirp_dbm=[16.0],
        antenna_gain_dbi=[5.0],
    )


def access_points():
    return frame(
        [shapely.Point(30, 20), shapely.Point(206, 70)],
        frequency_mhz=[2437.0, 5180.0],
        height_m=[4.0, 4.0],
        eirp_dbm=[20.0, 23.0],
        indoor=[False, False],
        state=["working", "fault"],
    )


def every():
    return Inputs(houses(), masts(), access_points(), gateways())


def terrain(crs=METRIC, hole=None):
    values = np.full((80, 80), 160.0, dtype=np.float32)
    if hole is not None:
        values[hole] = -32768.0
    return Raster(values, (10.0, 0.0, X - 250.0, 0.0, -10.0, Y + 550.0), crs, -32768.0)


def test_the_result_fits_its_layers():
    result = radio_coverage(ORSHA, every(), SETTINGS)
    layers = load_layers()
    for layer_id, made in result.frames.items():
        require_fit(made.assign(run_id="r"), layers[layer_id], ORSHA)
    buildings = result.frames["radio_coverage"]
    assert buildings["technology"].tolist() == ["gsm", "lte", "wifi", "lorawan"] * 3
    assert buildings["building_id"].tolist() == np.repeat([1, 2, 3], 4).tolist()
    assert buildings.index[0] == ORSHA.feature_id(1)
    named = {code.value for code in layers["radio_coverage"].field("reason").codes}
    for made in result.frames.values():
        assert set(made["reason"].dropna()) <= named


def test_indoors_is_outdoors_less_the_walls():
    stated = Settings(THRESHOLDS_DBM, ("p1411",), entry_loss_db=17.0)
    rows = radio_coverage(ORSHA, every(), stated).frames["radio_coverage"]
    lost = rows["level_outdoor_dbm"] - rows["level_indoor_dbm"]
    assert lost.dropna().tolist() == pytest.approx([17.0] * int(lost.notna().sum()), abs=0.011)
    rank = {"covered": 3, "uncertain": 2, "not_covered": 1, "not_computable": 0}
    assert (rows["indoor"].map(rank) <= rows["outdoor"].map(rank)).all()


def test_the_classes_by_hand():
    """95 percent of 8 dB: 13.159 dB over the threshold are enough, less only in the median."""
    levels = np.array([-86.8, -86.9, -100.0, -100.1, np.nan])
    found = classes(levels, np.full(5, 8.0), -100.0, SETTINGS)
    assert found.tolist() == ["covered", "uncertain", "uncertain", "not_covered", "not_computable"]
    assert classes(levels, np.zeros(5), -100.0, SETTINGS)[2] == "covered"


def test_the_shares_count_people_and_buildings():
    result = radio_coverage(ORSHA, every(), SETTINGS)
    rows = result.frames["radio_coverage"]
    for figures in result.figures["technologies"]:
        mine = rows[rows["technology"] == figures["technology"]]
        held = mine["indoor"] == "covered"
        assert figures["share_buildings_indoor"] == held.mean()
        people = mine["residents"].astype("float64").fillna(0)
        assert figures["share_residents_indoor"] == people[held].sum() / 160.0
    assert result.quality["buildings_without_height_known"] == 1


def test_the_order_of_rows_does_not_matter():
    plain = radio_coverage(ORSHA, every(), SETTINGS).frames
    turned = Inputs(houses()[::-1], masts()[::-1], access_points()[::-1], gateways())
    assert checksum(radio_coverage(ORSHA, turned, SETTINGS).frames) == checksum(plain)


@settings(max_examples=8, deadline=None)
@given(x=st.floats(-200, 400), y=st.floats(-200, 400), kind=st.sampled_from(["lte", "gsm"]))
def test_one_more_mast_never_covers_fewer_buildings(x, y, kind):
    extra = frame(
        [shapely.Point(x, y)],
        technology=[kind],
        frequency_mhz=[900.0],
        height_m=[30.0],
        eirp_dbm=[55.0],
    )
    extra.index = pd.Index([9], name="id")
    more = gpd.GeoDataFrame(pd.concat([masts(), extra]), crs="EPSG:4326")
    few = radio_coverage(ORSHA, Inputs(houses(), masts()), SETTINGS)
    many = radio_coverage(ORSHA, Inputs(houses(), more), SETTINGS)
    for before, after in zip(
        few.figures["technologies"], many.figures["technologies"], strict=True
    ):
        for place in ("outdoor", "indoor"):
            assert after[f"share_buildings_{place}"] >= before[f"share_buildings_{place}"]


def test_a_station_that_is_out_of_order_serves_nobody():
    rows = radio_coverage(ORSHA, every(), SETTINGS).frames["radio_signal"]
    served = rows[rows["technology"] == "wifi"]["server_id"].dropna()
    assert set(served) == {1}


def test_a_hole_of_the_terrain_is_not_computable():
    inputs = Inputs(houses(), masts(), dem=terrain(hole=np.s_[30:60, 30:60]))
    result = radio_coverage(ORSHA, inputs, SETTINGS)
    cells = result.frames["radio_signal"]
    void = cells[cells["reason"] == "terrain_void"]
    assert len(void)
    assert void["level_dbm"].isna().all()
    assert (void["signal"] == "not_computable").all()
    assert result.quality["cells_not_computable"]["lte"]["terrain_void"] > 0
    whole = radio_coverage(ORSHA, Inputs(houses(), masts(), dem=terrain()), SETTINGS)
    assert whole.frames["radio_signal"]["reason"].isna().all()


def test_masts_outside_the_terrain_give_a_reason():
    inputs = Inputs(houses(), masts(shift=(-2_000.0, 0.0)), dem=terrain())
    rows = radio_coverage(ORSHA, inputs, SETTINGS).frames["radio_coverage"]
    assert (rows["outdoor"] == "not_computable").all()
    assert (rows["reason"] == "off_terrain").all()


def test_what_is_not_known_of_a_mast_is_a_reason():
    blank = masts(frequency_mhz=[None, None, 900.0], eirp_dbm=[60.0, 60.0, None])
    rows = radio_coverage(ORSHA, Inputs(houses(), blank), SETTINGS).frames["radio_coverage"]
    reasons = dict(zip(rows["technology"], rows["reason"], strict=True))
    assert reasons == {"lte": "frequency", "gsm": "power"}


def test_no_stations_and_no_buildings_are_named():
    with pytest.raises(EmptyInput, match="stations in area orsha: there are none; load"):
        radio_coverage(ORSHA, Inputs(houses(), masts()[:0]), SETTINGS)
    with pytest.raises(EmptyInput, match="stations in area orsha"):
        radio_coverage(ORSHA, Inputs(houses()), SETTINGS)
    with pytest.raises(EmptyInput, match="buildings in area orsha"):
        radio_coverage(ORSHA, Inputs(houses()[:0], masts()), SETTINGS)
    with pytest.raises(MissingColumn, match="base_stations has no column technology"):
        radio_coverage(ORSHA, Inputs(houses(), masts().drop(columns="technology")), SETTINGS)


def test_a_raster_of_the_neighbouring_zone_is_refused():
    with pytest.raises(MixedCRS, match=r"dem is in EPSG:32635 .* project the raster"):
        radio_coverage(ORSHA, Inputs(houses(), masts(), dem=terrain("EPSG:32635")), SETTINGS)


def test_houses_on_both_sides_of_a_zone_border_are_measured_in_one_zone():
    """30 degrees east parts zone 35 from 36: 50 km west of it nothing changes but the scale."""
    border = gpd.GeoSeries(gpd.points_from_xy([30.0], [54.5]), crs="EPSG:4326").to_crs(METRIC)
    x, y = float(border.x[0]), float(border.y[0])
    across = frame([shapely.box(-60, 0, 0, 12), shapely.box(5, 0, 65, 12)], x=x, y=y)
    mast = frame(
        [shapely.Point(0, -100)], x=x, y=y, technology=["gsm"], frequency_mhz=[900.0],
        height_m=[30.0], eirp_dbm=[56.0],
    )  # fmt: skip
    rows = radio_coverage(ORSHA, Inputs(across, mast), SETTINGS).frames["radio_coverage"]
    assert abs(rows["level_outdoor_dbm"].diff().iloc[1]) < 1.0


def test_too_many_cells_are_refused():
    far = gpd.GeoDataFrame(
        pd.concat([houses(), houses(x=X + 90_000.0).set_index(pd.Index([7, 8, 9], name="id"))]),
        crs="EPSG:4326",
    )
    fine = Settings(THRESHOLDS_DBM, ("p1411",), cell_m=5.0, surface_m=10.0)
    with pytest.raises(BadParameter, match=r"cell_m = 5: that makes \d+ cells"):
        radio_coverage(ORSHA, Inputs(far, masts()), fine)
