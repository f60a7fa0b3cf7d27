import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from layers.registry import load_layers
from processing import demo
from processing.crs import to_metric
from processing.errors import EmptyInput
from processing.frames import checksum, require_fit
from processing.pipelines import service_coverage as pipeline
from processing.scene import places
from tests.fix_osm import read_town
from tests.fix_streets import EAST, NORTH, ORSHA, buildings, facilities, streets
from tests.oracle_walking import assert_agree, oracle, ways_of

LINE = streets((1, 2, [(0, 0), (1000, 0)]), (3, 4, [(0, 2000), (100, 2000)]))
HOMES = buildings((200, 20), (900, -10), (50, 2010), (500, 900), residents=[10, 20, None, 5])


def compute(shops, homes=HOMES, roads=LINE, **params):
    given_params = pipeline.Params(**params)
    return pipeline.compute(
        given_params, ORSHA, buildings=homes, streets=roads, service_points=shops
    )


def rows(result):
    frame = result.frames["service_coverage"]
    return {
        (r.building_id, r.service_class): (r.coverage, r.distance_m) for r in frame.itertuples()
    }


# --- exact small cases -------------------------------------------------------------------------


def test_every_class_of_outcome_with_its_number():
    found = rows(compute(facilities(("school", 700, 30)), service_classes=["school"]))
    assert found[101, "school"] == ("not_covered", pytest.approx(20 + 500 + 30))
    assert found[102, "school"] == ("covered", pytest.approx(10 + 200 + 30))
    assert found[103, "school"][0] == "unreachable"
    assert found[104, "school"][0] == "unsnapped"
    assert pd.isna(found[103, "school"][1])
    assert pd.isna(found[104, "school"][1])


def test_figures_of_a_class():
    result = compute(facilities(("school", 700, 30)), service_classes=["school"])
    (figures,) = result.figures["classes"]
    assert figures == {
        "service_class": "school",
        "limit_m": 500.0,
        "facilities": 1,
        "street_length_m": 770.0,  # 470 m to one side, 300 m to the end of the street
        "buildings_total": 4,
        "buildings_covered": 1,
        "share_buildings": 0.25,
        "residents_total": 35,
        "residents_covered": 20,
        "share_residents": pytest.approx(20 / 35),
        "dwellings_total": None,
        "dwellings_covered": None,
        "share_dwellings": None,
        "unreachable_buildings": 1,
        "unsnapped_buildings": 1,
        "norm_status": "verified",
    }
    assert result.quality["buildings_without_residents_known"] == 1
    assert result.quality["network_parts"] == 2


def test_the_limit_itself_is_covered():
    shops = facilities(("shop", 0, 0))
    homes = buildings((500, 0), (500.001, 0))
    found = rows(compute(shops, homes, service_classes=["shop"], limits_m={"shop": 500}))
    assert [found[i, "shop"][0] for i in (101, 102)] == ["covered", "not_covered"]


def test_norms_follow_the_form_and_yield_to_the_user():
    shops = facilities(("kindergarten", 0, 0), ("shop", 0, 0))
    classes = ["kindergarten", "shop"]
    low = compute(shops, service_classes=classes, form="low_rise", limits_m={"shop": 123})
    figures = {f["service_class"]: f for f in low.figures["classes"]}
    assert figures["kindergarten"]["limit_m"] == 500
    assert figures["shop"]["limit_m"] == 123
    assert figures["shop"]["norm_status"] == "user"


def test_all_classes_with_a_norm_by_default_in_the_order_of_the_code_list():
    classes = [f["service_class"] for f in compute(facilities(("shop", 0, 0))).figures["classes"]]
    assert classes == [
        "school", "kindergarten", "clinic", "pharmacy", "post_office", "shop", "stop", "sports",
        "bank",
    ]  # fmt: skip


def test_ids_follow_building_then_class():
    result = compute(facilities(("shop", 0, 0)), service_classes=["shop", "school"])
    frame = result.frames["service_coverage"]
    assert frame.index.tolist() == [ORSHA.feature_id(n) for n in range(1, 9)]
    assert frame["building_id"].tolist() == [101, 101, 102, 102, 103, 103, 104, 104]
    assert frame["service_class"].tolist() == ["school", "shop"] * 4
    assert result.frames["service_areas"].index.tolist() == [100_000_001, 100_000_002]


def test_a_class_without_facilities_is_told_not_hidden():
    result = compute(facilities(("shop", 0, 0)), service_classes=["school", "shop"])
    school = result.figures["classes"][0]
    assert (school["facilities"], school["share_buildings"], school["street_length_m"]) == (0, 0, 0)
    assert school["unreachable_buildings"] == 3  # the fourth is too far from any street
    assert result.quality["classes_without_facilities"] == ["school"]
    assert result.frames["service_areas"].geometry.isna().tolist() == [True, False]


def test_facilities_too_far_from_any_street_leave_the_way_unknown():
    result = compute(facilities(("shop", 500, 1000)), service_classes=["shop"])
    assert {outcome for outcome, _ in rows(result).values()} == {"unsnapped"}
    assert result.quality["facilities_unsnapped"] == 1


def test_the_facility_is_named():
    shops = facilities(("shop", 0, 0), ("bank", 100, 0), ("shop", 1000, 0))
    frame = compute(shops, service_classes=["shop"]).frames["service_coverage"]
    assert frame["facility_id"].tolist() == [901, 903, pd.NA, pd.NA]


def test_unknown_residents_stay_unknown():
    homes = HOMES.drop(columns="residents")
    result = compute(facilities(("shop", 0, 0)), homes, service_classes=["shop"])
    figures = result.figures["classes"][0]
    assert figures["residents_total"] is None
    assert figures["share_residents"] is None
    assert result.frames["service_areas"]["share_residents"].isna().all()
    assert result.frames["service_coverage"]["residents"].isna().all()


def test_a_footprint_around_a_yard_is_met_on_the_building():
    ring = shapely.box(0, 0, 90, 90).difference(shapely.box(10, 10, 90, 80))
    assert ring.covers(places(np.array([ring]))[0])
    assert places(np.array([shapely.box(0, 0, 4, 2)]))[0] == shapely.Point(2, 1)


def test_results_fit_their_layers():
    layers = load_layers()
    result = compute(facilities(("shop", 0, 0), ("school", 90, 0)))
    for name in pipeline.OUTPUT:
        require_fit(result.frames[name].assign(run_id="x"), layers[name], ORSHA)
        assert result.frames[name].crs == "EPSG:4326"


def test_only_the_chosen_kinds_of_buildings_count():
    homes = HOMES.assign(kind=["residential", "garage", "other", "residential"])
    shops = facilities(("shop", 0, 0))
    found = compute(shops, homes, service_classes=["shop"], building_kinds=["other"])
    assert [building for building, _ in rows(found)] == [103]
    with pytest.raises(EmptyInput, match="building_kinds"):
        compute(shops, homes, building_kinds=["school"])


def test_empty_inputs_are_named():
    shops = facilities(("shop", 0, 0))
    with pytest.raises(EmptyInput, match=r"buildings .* in area orsha"):
        compute(shops, HOMES.iloc[:0])
    with pytest.raises(EmptyInput, match="streets in area orsha"):
        compute(shops, roads=LINE.iloc[:0])
    with pytest.raises(EmptyInput, match="walkable streets"):
        compute(shops, roads=LINE.assign(foot=False))
    with pytest.raises(EmptyInput, match="service_points in area orsha"):
        compute(shops.iloc[:0])


def test_times_follow_the_speeds():
    shops = facilities(("shop", 700, 30))
    roads = LINE.assign(bicycle=True, oneway=["backward", "no"])
    found = compute(shops, roads=roads, service_classes=["shop"], walk_km_h=6, cycle_km_h=12)
    frame = found.frames["service_coverage"].set_index("building_id")
    assert frame["walk_min"][[101, 102]].tolist() == pytest.approx([5.5, 2.4])
    # Against the line only, so the house to the west of the shop has no way by bicycle.
    assert pd.isna(frame["cycle_min"][101])
    assert frame["cycle_min"][102] == pytest.approx(1.2)
    assert frame["walk_min"][[103, 104]].isna().all()


def test_where_no_street_is_open_to_bicycles_their_time_is_not_computable():
    found = compute(facilities(("shop", 700, 30)), service_classes=["shop"])
    assert found.frames["service_coverage"]["cycle_min"].isna().all()
    assert "bicycles" in found.quality["not_computable"]["cycle_min"]


def test_dwellings_are_a_third_share():
    homes = HOMES.assign(dwellings=[4, 6, 10, None])
    result = compute(facilities(("school", 700, 30)), homes, service_classes=["school"])
    (figures,) = result.figures["classes"]
    assert (figures["dwellings_total"], figures["dwellings_covered"]) == (20, 6)
    assert figures["share_dwellings"] == pytest.approx(0.3)


# --- laws --------------------------------------------------------------------------------------

spot = st.tuples(st.integers(0, 600), st.integers(0, 600))


@st.composite
def towns(draw):
    """A few random streets between a few junctions, houses and shops near them."""
    junctions = draw(st.lists(spot, min_size=2, max_size=7, unique=True))
    number = st.integers(0, len(junctions) - 1)
    pairs = draw(st.lists(st.tuples(number, number), min_size=1, max_size=10))
    bends = [draw(st.lists(spot, max_size=2)) for _ in pairs]
    roads = streets(
        *(
            (a, b, [junctions[a], *bend, junctions[b]])
            for (a, b), bend in zip(pairs, bends, strict=True)
        )
    )
    homes = buildings(*draw(st.lists(spot, min_size=1, max_size=6)))
    shops = [("shop", *p) for p in draw(st.lists(spot, min_size=1, max_size=4))]
    return roads, homes, shops


def metres(result):
    """Distances with infinity where there is none."""
    return result.frames["service_coverage"]["distance_m"].fillna(np.inf).to_numpy()


def shop_run(town, **params):
    roads, homes, shops = town
    return compute(facilities(*shops), homes, roads, service_classes=["shop"], **params)


laws = settings(max_examples=60, deadline=None, derandomize=True)


@laws
@given(towns(), st.integers(1, 2000), st.integers(1, 2000))
def test_a_longer_limit_never_covers_less(town, one, other):
    low, high = sorted((one, other))
    near, far = (shop_run(town, limits_m={"shop": limit}) for limit in (low, high))
    covered_near = near.frames["service_coverage"]["coverage"] == "covered"
    covered_far = far.frames["service_coverage"]["coverage"] == "covered"
    assert (covered_far | ~covered_near).all()
    lengths = [r.figures["classes"][0]["street_length_m"] for r in (near, far)]
    assert lengths[0] <= lengths[1] + 1e-3


@laws
@given(towns(), spot)
def test_one_more_facility_never_makes_a_way_longer(town, place):
    roads, homes, shops = town
    more = shop_run((roads, homes, [*shops, ("shop", *place)]))
    assert (metres(more) <= metres(shop_run(town)) + 1e-6).all()


@laws
@given(towns(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(town, random):
    roads, homes, shops = town
    points = facilities(*shops)
    turned = [
        frame.iloc[random.sample(range(len(frame)), len(frame))] for frame in (homes, roads, points)
    ]
    one = compute(points, homes, roads, service_classes=["shop"])
    other = compute(turned[2], turned[0], turned[1], service_classes=["shop"])
    assert checksum(one.frames) == checksum(other.frames)
    assert one.quality == other.quality


@laws
@given(towns())
def test_random_towns_agree_with_networkx(town):
    roads, homes, shops = town
    points = facilities(*shops)
    walk = oracle(ways_of(roads), homes, points)
    assume(not walk.ambiguous)
    assert_agree(shop_run(town).frames["service_coverage"], walk, homes, points)


# --- a real town -------------------------------------------------------------------------------


def test_krems_agrees_with_networkx(sources_dir):
    area = ORSHA.model_copy(update={"srid": 32633, "lon": 15.6, "lat": 48.4})
    town = read_town(sources_dir / "osm-samples" / "krems.osm.gz", area.srid)
    classes = sorted(set(town.service_points["service_class"]))
    assert {"school", "pharmacy", "bank"} <= set(classes)
    result = pipeline.compute(
        pipeline.Params(service_classes=classes),
        area,
        buildings=town.buildings,
        streets=town.streets,
        service_points=town.service_points,
    )
    assert len(town.buildings) > 1000
    walk = oracle(town.ways, town.buildings, town.service_points)
    assert not walk.ambiguous
    compared = assert_agree(
        result.frames["service_coverage"], walk, town.buildings, town.service_points
    )
    assert compared > 0.9 * len(town.buildings) * len(classes)


def test_the_demonstration_quarter_agrees_with_networkx():
    layers = {name: pd.concat(list(demo.frames(ORSHA, name))) for name in pipeline.INPUTS.values()}
    result = pipeline.compute(pipeline.Params(), ORSHA, **layers)
    homes = layers["buildings"].query("kind == 'residential'").to_crs(32636)
    roads = layers["streets"].query("foot").to_crs(32636)
    points = layers["service_points"].to_crs(32636)
    walk = oracle(ways_of(roads), homes, points)
    compared = assert_agree(result.frames["service_coverage"], walk, homes, points)
    outcomes = set(result.frames["service_coverage"]["coverage"])
    assert outcomes == {"covered", "not_covered", "unreachable", "unsnapped"}
    assert compared > 0.9 * len(homes) * len(result.figures["classes"])


def test_degrees_and_metres_give_the_same_result():
    shops = facilities(("shop", 700, 30))
    metric = compute(shops, service_classes=["shop"])
    degrees = compute(
        shops.to_crs(4326), HOMES.to_crs(4326), LINE.to_crs(4326), service_classes=["shop"]
    )
    assert metres(degrees) == pytest.approx(metres(metric), abs=1e-4)
    assert to_metric(HOMES, ORSHA, name="x").geometry[101].centroid.x == pytest.approx(EAST + 200)
    assert HOMES.geometry[101].centroid.y == pytest.approx(NORTH + 20)
