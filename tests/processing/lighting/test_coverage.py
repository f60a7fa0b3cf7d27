"""Street lighting of small places: verdicts, dark stretches, walks, outages, what is unknown."""

import numpy as np
import pytest
import shapely

from layers.registry import load_layers
from processing.errors import (
    BadGeometry,
    BadParameter,
    BadPhotometry,
    EmptyInput,
    MissingColumn,
    NotProjected,
)
from processing.frames import checksum, require_fit
from processing.pipelines import lighting_coverage as pipeline
from tests.fix_lights import lit_streets, street_lights
from tests.fix_streets import ORSHA, buildings, facilities

ROAD = lit_streets((1, 2, [(0, 0), (300, 0)]))
LAMPS = [(x, 4.0) for x in (15, 40, 65, 90, 115)]
HOMES = buildings((200, 20), (30, 20), residents=[10, 30])
STOP = facilities(("stop", 0, 0))


def compute(lights=None, road=ROAD, homes=HOMES, goals=STOP, **params):
    return pipeline.compute(
        pipeline.Params(**params),
        ORSHA,
        street_lights=street_lights(*LAMPS) if lights is None else lights,
        streets=road,
        buildings=homes,
        service_points=goals,
    )


def verdicts(result):
    frame = result.frames["street_lighting"]
    return frame.groupby("verdict")["length_m"].sum().round(1).to_dict()


def test_the_street_is_lit_where_the_lamps_are_and_dark_beyond():
    result = compute()
    frame = result.frames["street_lighting"]
    spans = frame[frame["grid"] == "span"]
    assert spans["length_m"].tolist() == [25.0] * 4
    assert set(spans["verdict"]) == {"lit"}
    assert frame["length_m"].sum() == pytest.approx(300, abs=0.01)
    (dark,) = result.frames["dark_stretches"].itertuples()
    assert dark.length_m == result.figures["length_m"]["below"]
    assert dark.geometry.length > 0
    assert dark.asked_lx == 5
    assert result.figures["share_lit"] == pytest.approx(1 - dark.length_m / 300, abs=1e-4)
    assert result.figures["share_judged"] == 1


def test_mean_and_minimum_are_those_of_the_points():
    """One span, its grid laid by hand: 10 points along 25 m, 4 across 6 m."""
    from processing.lighting.illuminance import illuminance
    from processing.lighting.luminaire import demonstrations
    from tests.fix_lights import lamps

    result = compute(maintenance_factor=0.5)
    frame = result.frames["street_lighting"]
    one = frame[(frame["grid"] == "span")].iloc[1]
    points = [
        (40 + 25 * (i + 0.5) / 10, -3 + 6 * (j + 0.5) / 4) for i in range(10) for j in range(4)
    ]
    lux = illuminance(
        np.array(points),
        lamps(*[(x, y, 6.0) for x, y in LAMPS]),
        [demonstrations(pipeline.luminaires())["led_park_sym"]],
    )
    assert one["mean_lx"] == pytest.approx(lux.mean(), abs=1e-3)
    assert one["min_lx"] == pytest.approx(lux.min(), abs=1e-3)


def test_walks_are_lit_as_far_as_the_street_is():
    found = compute().figures["walks"]
    below_m = compute().figures["length_m"]["below"]
    assert found["residents"] == 40
    assert found["length_person_m"] == pytest.approx(30 * 30 + 10 * 200, abs=1)
    # The home at 200 m walks through what is dark before it, the other one in the light only.
    dark_m = below_m - 100
    assert found["below_person_m"] == pytest.approx(10 * dark_m, abs=2)
    assert found["residents_lit"] == 30
    assert found["share_residents_lit"] == 0.75


def test_people_are_counted_on_every_section_they_pass():
    frame = compute().frames["street_lighting"]
    assert frame["residents"].iloc[0] == 40
    assert frame["residents"].iloc[-1] == 0
    assert set(frame["residents"]) == {0, 10, 40}


def test_m_classes_and_streets_without_class_or_width_are_told_apart():
    rows = [(n, n + 1, [(0, 50 * n), (100, 50 * n)]) for n in range(5)]
    road = lit_streets(
        *rows,
        lighting_class=["M4", "none", "P4", None, "X1"],
        width_m=[6, 6, np.nan, 6, 6],
    )
    frame = compute(road=road).frames["street_lighting"]
    found = frame.groupby("street_id")[["verdict", "reason"]].first().fillna("").to_numpy().tolist()
    assert found == [
        ["not_computable", "luminance_class"], ["no_class", ""], ["not_computable", "no_width"],
        ["no_class", ""], ["not_computable", "unknown_class"],
    ]  # fmt: skip
    assert frame[frame["street_id"] == 3]["mean_lx"].isna().all()
    assert frame[frame["street_id"] == 1]["mean_lx"].notna().all()
    result = compute(road=road, default_width_m=5)
    assert result.quality["streets_without_width"] == 0
    assert result.figures["share_judged"] == pytest.approx(1 / 3)


def test_a_faulty_lamp_is_dark_and_an_unknown_one_is_shown_both_ways():
    states = ["working", "working", "fault", "unknown", "working"]
    result = compute(street_lights(*LAMPS, state=states))
    assert result.figures["share_lit"] < result.figures["share_lit_if_unknown_work"]
    assert result.figures["share_lit_if_unknown_work"] < compute().figures["share_lit"]
    assert result.quality["lamps_faulty"] == 1
    assert result.quality["lamps_of_unknown_state"] == 1
    assert result.figures["energy"]["lamps"] == 3


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"luminaire": [None, "led_park_sym"]}, "no_luminaire"),
        ({"luminaire": ["nobody", "led_park_sym"]}, "no_luminaire"),
        ({"height_m": [np.nan, 6.0]}, "no_height"),
        ({"height_m": [-3.0, 6.0]}, "no_height"),
        ({"maintenance_factor": [1.7, 1.0]}, "bad_maintenance_factor"),
    ],
)
def test_a_lamp_whose_light_is_not_known_leaves_its_street_open(columns, reason):
    result = compute(street_lights((20, 4), (290, 4), **columns))
    frame = result.frames["street_lighting"]
    assert result.quality["lamps_not_computable"] == {reason: 1}
    assert frame["verdict"].iloc[0] == "not_computable"
    assert frame["reason"].iloc[0] == "unknown_lamp"
    assert (frame["verdict"] == "below").any()


def test_a_faulty_lamp_needs_no_light_to_be_known():
    result = compute(street_lights((20, 4), luminaire=None, state="fault"))
    assert verdicts(result) == {"below": 300.0}


def test_a_cabinet_outage_is_compared_with_before():
    cabinets = ["A", "A", "A", "B", "B"]
    lights = street_lights(*LAMPS, cabinet=cabinets)
    result = compute(lights, dark_cabinets=["A"])
    out = result.figures["outage"]
    assert out["lamps"] == 3
    assert out["lit_m"]["difference"] < -50
    assert out["residents_lit"] == {"before": 30, "after": 0, "difference": -30}
    plain = compute(lights)
    assert out["lit_m"]["before"] == plain.figures["length_m"]["lit"]
    assert "outage" not in plain.figures
    worst = plain.figures["cabinets"][0]
    assert worst["cabinet"] == "A"
    assert worst["lit_length_lost_m"] == pytest.approx(-out["lit_m"]["difference"], abs=0.11)
    assert compute(lights, dark_cabinets=["Z"]).figures["outage"]["lamps"] == 0


def test_energy_and_walks_of_which_nothing_is_known_are_not_zero():
    energy = compute(street_lights(*LAMPS, state="unknown")).figures["energy"]
    assert (energy["kwh_per_year"], energy["kwh_per_lit_km"]) == (None, None)
    assert compute(street_lights(*LAMPS, state="fault")).figures["energy"]["kwh_per_year"] == 0
    nobody = compute(homes=buildings((200, 20), residents=[None])).figures["walks"]
    assert (nobody["residents"], nobody["residents_lit"], nobody["share_lit"]) == (None,) * 3


def test_energy_is_power_times_hours():
    result = compute(street_lights(*LAMPS, power_w=[100, 100, np.nan, 100, 100]), burning_h=4100)
    # The power that is not known is that of the luminaire: 35 W.
    assert result.figures["energy"]["kwh_per_year"] == pytest.approx(435 * 4.1)
    assert result.figures["energy"]["lamps_without_power_known"] == 0


def test_a_lamp_without_azimuth_looks_at_its_street():
    lights = {"luminaire": "led_street_asym", "arm_m": 1.0}
    right = compute(street_lights(*LAMPS, azimuth_deg=180.0, **lights))
    derived = compute(street_lights(*LAMPS, azimuth_deg=np.nan, **lights))
    wrong = compute(street_lights(*LAMPS, azimuth_deg=0.0, **lights))
    assert derived.quality["azimuths_derived"] == 5
    mean = [r.frames["street_lighting"]["mean_lx"].max() for r in (right, derived, wrong)]
    # Orsha's grid is turned by 2 degrees against true north.
    assert mean[0] == pytest.approx(mean[1], rel=0.01)
    assert mean[2] < 0.8 * mean[0]


def test_azimuths_count_from_true_north():
    """East of the pole by its arm: at Orsha true north lies 2.1 degrees off grid north."""
    from processing.lighting import luminaire, scene

    library = luminaire.demonstrations(pipeline.luminaires())
    parts = scene.parts(ORSHA, ROAD, default_width_m=None)
    given = street_lights((15, 4), azimuth_deg=0.0, arm_m=10.0)
    found = scene.lights(
        ORSHA, given, parts, library, default_maintenance_factor=1.0, row_limit_m=15
    )
    # Meridian convergence (lon - 33) sin(lat), west of the central meridian of zone 36.
    assert found.lamps.bearing_deg[0] == pytest.approx(2.58 * np.sin(np.radians(54.5)), abs=0.02)
    assert found.lamps.x[0] - found.xy[0, 0] == pytest.approx(
        10 * np.sin(np.radians(2.1)), abs=0.02
    )


def test_a_luminaire_file_takes_the_place_of_the_demonstration():
    text = "IESNA:LM-63-2002\nTILT=NONE\n1 -1 1 2 1 1 2 0 0 0\n1 1 99\n0 90\n0\n0 0\n"
    dark = compute(ies={"led_park_sym": text})
    assert verdicts(dark) == {"below": 300.0}
    with pytest.raises(BadPhotometry, match="luminaire led_park_sym: the file is cut short"):
        compute(ies={"led_park_sym": text[:-5]})


def test_bands_grow_with_the_light():
    frame = compute().frames["illuminance_bands"]
    assert frame["from_lx"].is_monotonic_increasing
    assert frame["area_m2"].min() >= 25
    off = compute(street_lights(*LAMPS, state="fault"))
    assert len(off.frames["illuminance_bands"]) == 0


def test_lamps_spread_over_a_country_ask_for_larger_cells():
    with pytest.raises(BadParameter, match="cell_m = 5 m; choose larger"):
        compute(street_lights((0, 4), (60_000, 60_000)))


@pytest.mark.parametrize("lights", [None, "fault"])
def test_the_result_fits_its_layers_and_does_not_depend_on_the_order_of_rows(lights):
    given = street_lights(*LAMPS, state=lights or "working")
    road = lit_streets((1, 2, [(0, 0), (150, 0)]), (2, 3, [(150, 0), (300, 0)]))
    results = [
        compute(given, road=road), compute(given[::-1], road=road[::-1], homes=HOMES[::-1])
    ]  # fmt: skip
    assert len({checksum(r.frames) for r in results}) == 1
    assert results[0].figures == results[1].figures
    layers = load_layers()
    for name in pipeline.OUTPUT:
        require_fit(results[0].frames[name].assign(run_id="x"), layers[name], ORSHA)


def test_a_lit_layer_fits_also_when_nothing_is_dark():
    short = lit_streets((1, 2, [(0, 0), (100, 0)]))
    result = compute(street_lights(*[(x, 4.0) for x in range(0, 101, 20)]), road=short)
    assert len(result.frames["dark_stretches"]) == 0
    require_fit(
        result.frames["dark_stretches"].assign(run_id="x"), load_layers()["dark_stretches"], ORSHA
    )
    assert result.figures["share_lit"] == 1


def test_what_is_missing_is_named():
    with pytest.raises(MissingColumn, match=r"streets has no column lighting_class"):
        compute(road=ROAD.drop(columns="lighting_class"))
    with pytest.raises(MissingColumn, match=r"street_lights has no column luminaire"):
        compute(street_lights(*LAMPS).drop(columns="luminaire"))
    with pytest.raises(EmptyInput, match=r"street_lights in area orsha"):
        compute(street_lights(*LAMPS)[:0])
    with pytest.raises(NotProjected, match="street_lights: the frame has no CRS"):
        compute(street_lights(*LAMPS).set_crs(None, allow_override=True))
    broken = ROAD.set_geometry([shapely.LineString([(0, 0), (np.inf, 5)])], crs=ROAD.crs)
    with pytest.raises(BadGeometry, match="streets: ids 1 have coordinates that are no place"):
        compute(road=broken)


def test_degrees_are_measured_in_metres():
    in_degrees = [frame.to_crs(4326) for frame in (street_lights(*LAMPS), ROAD, HOMES, STOP)]
    figures = compute(*in_degrees).figures
    assert figures["share_lit"] == pytest.approx(compute().figures["share_lit"], abs=1e-5)


def test_nobody_walks_where_there_is_no_goal():
    result = compute(goals=facilities(("school", 0, 0)))
    assert result.figures["walks"]["share_lit"] is None
    assert result.figures["walks"]["homes_without_walk"] == 2
    assert "no building has a way" in result.quality["walks_not_computable"]
    assert result.frames["street_lighting"]["residents"].isna().all()


def test_without_homes_the_streets_are_judged_and_walks_are_not_computable():
    result = pipeline.compute(
        pipeline.Params(dark_cabinets=["C-01"]),
        ORSHA,
        street_lights=street_lights(*LAMPS),
        streets=ROAD,
    )
    assert result.figures["walks"] is None
    assert result.figures["outage"]["residents_lit"] is None
    assert result.quality["walks_not_computable"] == "buildings and service_points not loaded"
    layers = load_layers()
    for name in pipeline.OUTPUT:
        require_fit(result.frames[name].assign(run_id="x"), layers[name], ORSHA)
    assert result.frames["street_lighting"]["residents"].isna().all()
    assert compute().quality["walks_not_computable"] is None


def test_the_classes_of_the_layers_are_those_of_the_table():
    layers = load_layers()
    for name in ("street_lighting", "dark_stretches"):
        codes = {code.value for code in layers[name].field("lighting_class").codes}
        assert codes == set(pipeline.lighting_classes()) | {"none"}


@pytest.mark.parametrize(
    ("lacking", "why"),
    [({"homes": HOMES[:0]}, "no buildings"), ({"road": ROAD.assign(foot=False)}, "no street is")],
)
def test_streets_are_judged_where_nobody_can_walk(lacking, why):
    result = compute(**lacking)
    assert result.figures["share_lit"] == compute().figures["share_lit"] is not None
    assert result.figures["walks"] is None
    assert why in result.quality["walks_not_computable"]
    assert result.frames["street_lighting"]["residents"].isna().all()
