"""The monitoring network of small places: cells, windows, placement, what is not computable."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from layers.registry import load_layers
from processing.errors import BadParameter, EmptyInput, MissingColumn, NotProjected
from processing.frames import checksum, require_fit
from processing.pipelines import monitoring_coverage as pipeline
from tests.fix_streets import METRIC, ORSHA, buildings, place

HOMES = buildings((25, 25), (975, 25), (975, 975), residents=[100, 200, 400])
STATED = {"nugget": 1.0, "partial_sill": 16.0, "range_m": 600.0}
BEGIN = pd.Timestamp("2026-10-01T00:00:00Z")


def sensors(*xy):
    return gpd.GeoDataFrame(
        {"sensor_id": [f"S{n}" for n in range(len(xy))]},
        geometry=[shapely.Point(p) for p in place(xy)],
        index=range(301, 301 + len(xy)),
        crs=METRIC,
    )


def readings(values, *, hours=24, missing=()):
    """Hourly readings: the value of each sensor; `missing` are (sensor, hour) without a value."""
    rows = [
        (f"S{n}", BEGIN + pd.Timedelta(hours=h), np.nan if (n, h) in missing else value)
        for n, value in enumerate(values)
        for h in range(hours)
    ]
    frame = pd.DataFrame(rows, columns=["sensor_id", "time", "pm10_ug_m3"])
    return gpd.GeoDataFrame(
        frame, geometry=[shapely.Point(place([(0, 0)])[0])] * len(frame), crs=METRIC
    )


def compute(spots=((25, 25), (525, 25)), values=(20.0, 30.0), homes=HOMES, given=None, **params):
    usual = {"cell_m": 100, "reach_m": 300, "blind_distance_m": 400}
    return pipeline.compute(
        pipeline.Params(**(usual | params)),
        ORSHA,
        air_sensors=sensors(*spots),
        air_sensor_readings=readings(values) if given is None else given,
        buildings=homes,
    )


def test_few_stations_give_distances_and_no_map():
    result = compute()
    frame = result.frames["monitoring_coverage"]
    assert len(frame) == 100
    assert set(frame["basis"]) == {"distance"}
    assert frame["estimate_ug_m3"].isna().all()
    assert frame["kriging_sd_ug_m3"].isna().all()
    assert (frame["state"] == np.where(frame["distance_m"] > 400, "blind", "seen")).all()
    assert result.quality["variogram"] == "none"
    assert "2 continuous stations" in result.quality["variogram_not_computable"]
    assert result.figures["scores"]["kriging_rmse"] is None


def test_residents_within_reach_of_a_continuous_station():
    figures = compute().figures
    assert figures["residents"] == 700
    assert figures["residents_within_reach"] == 100
    assert figures["share_residents_within_reach"] == pytest.approx(1 / 7, abs=1e-6)
    assert figures["stations_per_100000"] == pytest.approx(2e5 / 700, abs=1e-3)
    assert compute(reach_m=460).figures["residents_within_reach"] == 300


def test_a_stated_variogram_gives_a_map_with_its_score():
    spots = [(25, 25), (525, 25), (25, 525), (525, 525)]
    result = compute(spots, (20.0, 30.0, 25.0, 33.0), **STATED)
    frame = result.frames["monitoring_coverage"]
    assert set(frame["basis"]) == {"kriging"}
    assert result.quality["variogram"] == "stated"
    assert set(frame["score_ug_m3"]) == {result.figures["scores"]["kriging_rmse"]}
    assert result.figures["scores"]["idw_rmse"] > 0
    near, far = frame["distance_m"].idxmin(), frame["distance_m"].idxmax()
    assert frame.loc[near, "kriging_sd_ug_m3"] < frame.loc[far, "kriging_sd_ug_m3"]
    assert frame.loc[near, "state"] == "seen"
    assert frame.loc[far, "state"] == "blind"
    blind = frame["kriging_sd_ug_m3"] > 0.9 * np.sqrt(17)
    assert (blind == (frame["state"] == "blind")).all()


def test_thirty_stations_get_a_variogram_of_their_own():
    chance = np.random.default_rng(5)
    spots = chance.uniform(0, 1000, (60, 2))
    values = 20 + 5 * np.sin(spots[:, 0] / 150.0) + chance.normal(0, 1, 60)
    result = compute(spots.tolist(), values.tolist())
    assert result.quality["variogram"] == "fitted"
    assert result.figures["scores"]["kriging_rmse"] < 3
    assert compute(spots[:29].tolist(), values[:29].tolist()).quality["variogram"] == "none"
    flat = compute(spots.tolist(), [20.0] * 60)
    assert "all values are equal" in flat.quality["variogram_not_computable"]


def test_a_station_with_gaps_is_not_continuous():
    gaps = {(1, hour) for hour in range(10)}
    result = compute(given=readings((20.0, 30.0), missing=gaps))
    assert result.figures["stations_continuous"] == 1
    assert result.quality["stations_incomplete"] == 1
    assert result.quality["least_completeness"] == pytest.approx(14 / 24)
    assert compute(given=readings((20.0, 30.0), missing=gaps), completeness=0.5).figures[
        "stations_continuous"
    ] == 2  # fmt: skip


def test_the_window_is_named_and_bounds_the_readings():
    result = compute(
        window_begin="2026-10-01T06:00:00Z", window_end="2026-10-01T12:00:00Z",
        given=readings((20.0, 30.0), missing={(1, 2), (1, 13)}),
    )  # fmt: skip
    assert (result.quality["hours"], result.figures["stations_continuous"]) == (6, 2)
    assert result.quality["window_begin"] == "2026-10-01T06:00:00+00:00"
    assert compute().quality["hours"] == 24
    with pytest.raises(BadParameter, match="is empty"):
        compute(window_begin="2027-01-01T00:00:00Z")


def test_two_readings_in_an_hour_count_once():
    twice = pd.concat([readings((20.0, 30.0), hours=12)] * 2)
    result = compute(
        given=gpd.GeoDataFrame(twice, crs=METRIC), window_end=BEGIN + pd.Timedelta("1D")
    )
    assert result.quality["least_completeness"] == 0.5
    assert result.figures["stations_continuous"] == 0


def test_silent_stations_see_nothing():
    result = compute(given=readings((np.nan, np.nan)))
    frame = result.frames["monitoring_coverage"]
    assert set(frame["state"]) == {"blind"}
    assert frame["distance_m"].isna().all()
    assert result.quality["stations_silent"] == 2
    assert result.quality["variogram_not_computable"] == "no station is continuous in the window"
    assert len(result.frames["proposed_stations"]) == 3


def test_stations_at_one_place_count_as_one_there():
    result = compute([(25, 25), (25, 25), (525, 25)], (10.0, 30.0, 40.0), **STATED)
    assert result.quality["stations_at_a_shared_place"] == 1
    here = result.frames["monitoring_coverage"].nsmallest(1, "distance_m")
    assert here["idw_ug_m3"].iloc[0] == pytest.approx(20, abs=3)


def test_proposed_stations_go_where_the_network_is_blind():
    result = compute(new_stations=4, **STATED)
    frame = result.frames["proposed_stations"]
    assert frame["rank"].tolist() == [1, 2, 3, 4]
    assert frame["mean_sd_ug_m3"].is_monotonic_decreasing
    variance = result.figures["placement"]["mean_kriging_variance"]
    assert np.sqrt(variance[1:]) == pytest.approx(frame["mean_sd_ug_m3"], abs=1e-4)
    assert frame["residents_gained"].sum() <= 600
    assert len(compute(new_stations=0).frames["proposed_stations"]) == 0
    by_distance = compute(new_stations=1, reach_m=500).frames["proposed_stations"]
    assert by_distance["residents_gained"].tolist() == [400]


def test_unknown_residents_are_not_zero():
    homes = buildings((25, 25), (975, 25), residents=[None, 200])
    result = compute(homes=homes)
    frame = result.frames["monitoring_coverage"]
    assert frame["residents"].isna().sum() == 1
    assert result.quality["buildings_without_residents_known"] == 1
    unknown = compute(homes=buildings((25, 25), residents=[None])).figures
    assert unknown["residents"] is None
    assert unknown["share_residents_within_reach"] is None


@pytest.mark.parametrize("params", [{}, STATED])
def test_the_result_fits_its_layers_and_does_not_depend_on_the_order_of_rows(params):
    spots, values = [(25, 25), (525, 25), (25, 525)], (20.0, 30.0, 25.0)
    plain = compute(spots, values, **params)
    mixed = pipeline.compute(
        pipeline.Params(cell_m=100, reach_m=300, blind_distance_m=400, **params), ORSHA,
        air_sensors=sensors(*spots)[::-1],
        air_sensor_readings=readings(values).sample(frac=1, random_state=1), buildings=HOMES[::-1],
    )  # fmt: skip
    assert checksum(plain.frames) == checksum(mixed.frames)
    assert plain.figures == mixed.figures
    layers = load_layers()
    for name in pipeline.OUTPUT:
        require_fit(plain.frames[name].assign(run_id="x"), layers[name], ORSHA)


def test_a_large_grid_is_thinned_for_the_search_and_a_giant_one_refused():
    assert len(compute(cell_m=5).frames["proposed_stations"]) == 3  # 40,000 cells
    far = buildings((0, 0), (300_000, 300_000))
    with pytest.raises(BadParameter, match="choose larger ones"):
        compute(homes=far, cell_m=100)


def test_what_is_missing_is_named():
    with pytest.raises(EmptyInput, match="air_sensor_readings"):
        compute(given=readings((20.0,))[:0])
    with pytest.raises(NotProjected, match="air_sensors: the frame has no CRS"):
        pipeline.compute(
            pipeline.Params(),
            ORSHA,
            air_sensors=sensors((0, 0)).set_crs(None, allow_override=True),
            air_sensor_readings=readings((20.0,)),
            buildings=HOMES,
        )
    with pytest.raises(MissingColumn, match="no2_ug_m3"):
        compute(pollutant="no2")
    with pytest.raises(EmptyInput, match="buildings of the chosen kinds in area orsha"):
        compute(homes=HOMES[:0])
