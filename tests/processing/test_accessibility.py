import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from layers.registry import load_layers
from layers.scenario import Edit
from processing import demo, scenario
from processing.errors import BadParameter, NotProjected
from processing.frames import checksum, require_fit
from processing.pipelines import PIPELINES, read_params
from processing.pipelines import accessibility_coverage as pipeline
from tests.fix_osm import read_town
from tests.fix_streets import METRIC, ORSHA, buildings, facilities, place, streets

# A main road from west to east at y = 0, paths north and south of it, one island.
ROADS = streets(
    (1, 2, [(-500, 0), (0, 0)]),
    (2, 3, [(0, 0), (500, 0)]),
    (2, 4, [(0, 0), (0, 400)]),
    (2, 5, [(0, 0), (0, -400)]),
    (8, 9, [(3000, 3000), (3100, 3000)]),
).assign(main_road=[True, True, False, False, False])
HOMES = buildings(
    (10, 200), (10, -200), (3050, 3010), (9000, 0), residents=[100, 50, 10, 5]
).assign(dwellings=[40, 20, 4, 2])
POINTS = facilities(("school", 0, 280), ("shop", 0, -300), ("clinic", 0, 100)).assign(
    places=[80, None, None], doctors=[None, None, 2.0]
)


def boxes(*rows, **columns):
    shapes = [shapely.box(*place([row[:2]])[0], *place([row[2:]])[0]) for row in rows]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=METRIC, index=range(1, len(rows) + 1))


GREEN = boxes((-200, 350, -5, 450), (5, -380, 40, -300), public=[True, True], kind=["park"] * 2)
UNITS = boxes(
    (-600, 1, 600, 600), (-600, -600, 600, -1),
    population=[200, 100], age_0_6=[20, 5], age_7_17=[40, 25], age_18_64=[100, 50],
    age_65_up=[40, 20],
)  # fmt: skip


def compute(homes=HOMES, roads=ROADS, shops=POINTS, green=GREEN, units=UNITS, **params):
    return pipeline.compute(
        pipeline.Params(**params), ORSHA, buildings=homes, streets=roads, service_points=shops,
        green_areas=green, census_units=units,
    )  # fmt: skip


def by_building(result, column):
    return result.frames["accessibility"].set_index("building_id")[column]


def test_the_score_counts_classes_within_the_time():
    found = compute(limit_min=5, service_classes=["school", "shop", "clinic", "bank"])
    # 5 minutes at 4.5 km/h are 375 m: school and clinic for the first, the shop for the second;
    # the island has none; the last home is on no street.
    assert by_building(found, "score_share").tolist()[:3] == pytest.approx([2 / 3, 2 / 3, 0])
    assert np.isnan(by_building(found, "score_share")[104])
    assert pd.isna(by_building(found, "classes_reached")[104])
    assert by_building(found, "classes_reached").tolist()[:3] == [2, 2, 0]
    assert "score_15min.bank" in found.quality["not_computable"]
    assert found.figures["score_15min"]["mean_of_residents"] == pytest.approx(100 / 160)


def test_green_is_reached_by_its_entry():
    found = compute()
    # Only the northern park has 0.5 ha; its border is met 350 m up the path, 5 m beside it.
    assert by_building(found, "green").tolist() == [
        "covered", "not_covered", "unreachable", "unsnapped",
    ]  # fmt: skip
    assert by_building(found, "green_m")[101] == pytest.approx(10 + 150 + 5, abs=6)
    figures = found.figures["green"]
    assert (figures["areas"], figures["areas_without_entry"]) == (1, 0)
    assert figures["residents_covered"] == 100
    every = compute(green_least_m2=0)
    assert by_building(every, "green")[102] == "covered"


def test_a_school_across_a_main_road_is_told_apart():
    found = compute()
    assert by_building(found, "school").tolist() == [
        "covered", "crossing", "unreachable", "unsnapped",
    ]  # fmt: skip
    assert by_building(found, "school_m")[102] == pytest.approx(10 + 200 + 280)


def test_a_school_too_far_is_not_covered_on_either_network():
    far = compute(shops=facilities(("school", 0, 390)), roads=ROADS)
    assert by_building(far, "school")[102] == "not_covered"


@pytest.mark.parametrize(
    ("given", "columns", "reason"),
    [
        ({"green": None}, ["green"], "green_areas is not loaded"),
        ({"green": GREEN.assign(public=None)}, ["green"], "public is not known"),
        ({"roads": ROADS.drop(columns="main_road")}, ["school"], "main roads is not known"),
        ({"roads": ROADS.assign(main_road=None)}, ["school"], "main roads is not known"),
        ({"shops": POINTS.iloc[1:]}, ["school"], "no school is loaded"),
    ],
)
def test_what_the_data_do_not_allow_is_a_class_with_a_reason(given, columns, reason):
    found = compute(**given)
    for column in columns:
        assert set(by_building(found, column)) == {"not_computable"}
        assert reason in found.quality["not_computable"][column]


def test_places_per_person_by_hand():
    found = compute(catchments_m={"school": 600, "clinic": 300})
    frame = found.frames["service_provision"].set_index(["service_class", "building_id"])
    # 80 places for 100 x 40/200 + 50 x 25/100 = 32.5 children.
    school = frame.loc["school"]
    assert school["demand_group"].unique().tolist() == ["age_7_17"]
    assert school["demand"][[101, 102]].tolist() == [20, 12.5]
    assert school["places_2sfca"][101] == pytest.approx(1000 * 80 / 32.5)
    assert school["places_2sfca"][102] == school["places_2sfca"][101]
    assert school["places_e2sfca"][101] > school["places_e2sfca"][102] > 0
    assert school["reach"].tolist() == ["in_reach", "in_reach", "out_of_reach", "unsnapped"]
    assert school["places_2sfca"][103] == 0
    assert np.isnan(school["places_2sfca"][104])
    clinic = frame.loc["clinic"]
    assert clinic["places_2sfca"][101] == pytest.approx(1000 * 2 / 100)
    # All places are given out.
    assert (school["places_3sfca"] * school["demand"]).sum() == pytest.approx(80_000)
    rows = {row["service_class"]: row for row in found.figures["provision"]}
    assert rows["school"]["per_1000_persons"] == pytest.approx(1000 * 80 / 165)
    assert rows["school"]["needed"] == pytest.approx(165 * 0.11)
    assert rows["school"]["places_per_100_of_group"] == pytest.approx(100 * 80 / 32.5)
    assert rows["clinic"]["deficit"] == 0
    assert "provision.kindergarten" in found.quality["not_computable"]


def test_closing_the_only_facility_of_a_class_never_makes_a_place_better():
    """A scenario knows that there is none left; elsewhere it is not known."""
    base = POINTS.to_crs(4326)
    shut = scenario.overlay(base, [Edit("remove", int(i), {}, None) for i in (901, 903)], ORSHA)
    before, after = compute(shops=base), compute(shops=shut)
    shares = [r.figures["score_15min"]["mean_of_residents"] for r in (before, after)]
    assert shares[0] > shares[1] > 0
    assert after.figures["score_15min"]["classes_counted"] == ["school", "clinic", "shop"]
    assert after.figures["school_without_crossing"]["residents_covered"] == 0
    assert set(by_building(after, "school")) == {"unreachable", "unsnapped"}
    rows = {row["service_class"]: row for row in after.figures["provision"]}
    assert rows["school"]["supply"] == rows["clinic"]["supply"] == 0
    assert rows["school"]["deficit"] == rows["school"]["needed"] > 0
    places = after.frames["service_provision"].set_index("service_class")["places_2sfca"]
    assert (places.dropna() == 0).all()
    plain = compute(shops=base.iloc[[1]])
    assert plain.figures["score_15min"]["classes_counted"] == ["shop"]


def test_without_census_units_all_residents_are_the_demand():
    found = compute(units=None)
    rows = {row["service_class"]: row for row in found.figures["provision"]}
    assert rows["school"]["demand_group"] == "residents"
    assert rows["school"]["places_per_100_of_group"] is None
    assert rows["school"]["demand"] == 165


def test_places_that_nobody_knows_are_not_nought():
    found = compute(shops=POINTS.assign(places=None, doctors=None))
    assert len(found.frames["service_provision"]) == 0
    reasons = found.quality["not_computable"]
    assert "places of no facility" in reasons["provision.school"]
    rows = {row["service_class"]: row for row in found.figures["provision"]}
    assert rows["school"]["supply"] is None
    assert rows["school"]["deficit"] is None


def test_the_order_of_rows_does_not_matter():
    turned = compute(HOMES.iloc[::-1], ROADS.iloc[::-1], POINTS.iloc[::-1], GREEN.iloc[::-1])
    assert checksum(turned.frames) == checksum(compute().frames)


def test_bad_inputs_are_named():
    with pytest.raises(NotProjected, match="green_areas"):
        compute(green=GREEN.set_crs(None, allow_override=True))
    for given in ({"walk_km_h": 0}, {"limit_min": float("nan")}, {"green_limit_m": -1}):
        with pytest.raises(BadParameter, match=next(iter(given))):
            read_params(PIPELINES["accessibility-coverage"], given)


def test_the_demonstration_quarter_has_every_indicator():
    layers = load_layers()
    frames = {name: pd.concat(list(demo.frames(ORSHA, name))) for name in pipeline.INPUTS}
    result = pipeline.compute(pipeline.Params(), ORSHA, **frames)
    assert result.quality["not_computable"] == {}
    for name in pipeline.OUTPUT:
        require_fit(result.frames[name].assign(run_id="x"), layers[name], ORSHA)
    rows = {row["service_class"]: row for row in result.figures["provision"]}
    # People are conserved: what the census counts is what is spread over the homes.
    assert rows["school"]["demand"] == pytest.approx(frames["census_units"]["age_7_17"].sum())
    assert rows["kindergarten"]["demand"] == pytest.approx(frames["census_units"]["age_0_6"].sum())
    assert rows["clinic"]["demand"] == frames["buildings"]["residents"].sum()


def test_what_is_not_computable_in_krems(sources_dir):
    """OpenStreetMap knows neither residents nor places, nor which roads pupils must not cross."""
    area = ORSHA.model_copy(update={"srid": 32633, "lon": 15.6, "lat": 48.4})
    town = read_town(sources_dir / "osm-samples" / "krems.osm.gz", area.srid)
    result = pipeline.compute(
        pipeline.Params(service_classes=["school", "pharmacy", "bank", "clinic"]),
        area,
        buildings=town.buildings,
        streets=town.streets,
        service_points=town.service_points,
    )
    assert set(result.quality["not_computable"]) == {
        "green", "school", "provision.school", "provision.kindergarten", "provision.clinic",
    }  # fmt: skip
    assert result.figures["score_15min"]["mean_of_buildings"] > 0.3
    assert result.figures["score_15min"]["mean_of_residents"] is None
    assert set(result.frames["accessibility"]["school"]) == {"not_computable"}
