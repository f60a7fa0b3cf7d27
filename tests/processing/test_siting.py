import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from layers.registry import load_layers
from processing import demo
from processing.access import nearest, search
from processing.errors import BadParameter, EmptyInput
from processing.frames import checksum, require_fit
from processing.network import build, snap, walkable
from processing.pipelines import PIPELINES, read_params
from processing.pipelines import site_selection as pipeline
from processing.scene import Inputs
from processing.siting import street_nodes, vacant_parcels, ways_m
from tests.fix_streets import METRIC, ORSHA, buildings, facilities, points, streets

# One street of 2 km with junctions at 0, 500 ... 2000 m, and an island.
LINE = streets(
    *((i, i + 1, [(500 * i, 0), (500 * i + 500, 0)]) for i in range(4)),
    (8, 9, [(0, 3000), (100, 3000)]),
)
HOMES = buildings(
    (100, 10), (900, 10), (1100, 10), (1900, 10), (50, 3010), residents=[50, 100, 100, 20, 7]
)
SHOP = facilities(("clinic", 0, 0))


def compute(homes=HOMES, roads=LINE, points_=SHOP, parcels=None, **params):
    params = {"limit_m": 300, "spacing_m": 50, "sites": 1} | params
    return pipeline.compute(
        pipeline.Params(**params), ORSHA, buildings=homes, streets=roads, service_points=points_,
        parcels=parcels,
    )  # fmt: skip


def test_the_next_clinic_goes_where_most_people_are_without():
    result = compute(cost_per_site=1000)
    figures, (row,) = result.figures, result.frames["proposed_sites"].itertuples()
    assert row.candidate_id == 2  # the junction at 1000 m
    assert (row.residents_gained, row.residents_nearest, row.mean_distance_m) == (200, 220, 182.7)
    assert figures["residents_covered_before"] == 50
    assert figures["residents_covered"] == 250
    assert figures["cost_per_resident_gained"] == pytest.approx(1000 / 200)
    assert figures["proven_optimal"]
    assert (figures["gap"], figures["bound"]) == (0, 250)
    assert figures["residents"] == 277


def test_the_curve_says_what_each_further_site_brings():
    steps = compute(cost_per_site=1000).figures["curve"]
    # The second goes to 2000 m, the third to the island.
    assert [s["residents_covered"] for s in steps] == [250, 270, 277]
    assert [s["cost_per_resident_gained"] for s in steps] == pytest.approx(
        [1000 / 200, 2000 / 220, 3000 / 227]
    )


def test_who_cannot_be_reached_is_counted_not_hidden():
    roads = LINE.drop(index=5)
    result = compute(roads=roads)
    assert result.quality["buildings_not_computable"] == 1
    assert result.quality["residents_not_computable"] == 7
    assert "residents" in result.quality["not_computable"]
    assert result.figures["residents"] == 277


def test_without_any_existing_facility():
    result = compute(points_=facilities(("school", 0, 0)), sites=2)
    assert result.figures["existing_facilities"] == 0
    assert result.figures["residents_covered_before"] == 0
    assert result.figures["mean_distance_before_m"] is None
    assert result.figures["residents_gained"] == 250


def test_the_other_objectives():
    fewest = compute(objective="fewest")
    assert sorted(fewest.frames["proposed_sites"]["candidate_id"])[:1] == [2]
    assert fewest.figures["sites"] == fewest.figures["objective_value"] == 3
    middle = compute(objective="median", sites=2)
    assert middle.figures["proven_optimal"]
    assert middle.figures["mean_distance_m"] < compute(sites=1).figures["mean_distance_m"]
    assert compute(objective="center", sites=2).figures["objective_value"] == pytest.approx(610)
    with pytest.raises(BadParameter, match="ask for more"):
        compute(objective="center", sites=1, points_=facilities(("school", 0, 0)))


def test_given_points_and_parcels():
    degrees = gpd.GeoSeries(points((1000, 5), (1500, 5)), crs=METRIC).to_crs(4326)
    given = [(p.x, p.y) for p in degrees]
    found = compute(candidates="given", points=given)
    assert found.frames["proposed_sites"]["candidate_id"].tolist() == [1]
    text = ",".join(f"{x} {y}" for x, y in given)
    assert compute(candidates="given", points=text).figures == found.figures
    plots = gpd.GeoDataFrame(
        geometry=[
            HOMES.geometry[102].buffer(20),
            shapely.box(333_990, 6_043_000, 334_010, 6_043_020),
        ],
        index=[11, 12],
        crs=METRIC,
    )
    inputs = Inputs(HOMES, LINE, SHOP)
    assert vacant_parcels(ORSHA, plots, inputs).ids.tolist() == [12]
    found = compute(candidates="parcel", parcels=plots)
    assert found.frames["proposed_sites"]["candidate_id"].tolist() == [12]


def test_what_is_not_there_is_named():
    with pytest.raises(EmptyInput, match="parcels: none are loaded"):
        compute(candidates="parcel")
    with pytest.raises(EmptyInput, match="no given is left"):
        compute(candidates="given")
    with pytest.raises(EmptyInput, match="within 150"):
        compute(candidates="given", points=[(35, 50)])
    with pytest.raises(EmptyInput, match="residents of no building are known"):
        compute(homes=HOMES.assign(residents=np.nan))
    with pytest.raises(BadParameter, match="50 are asked for"):
        compute(sites=50)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"sites": 0}, "sites = 0"),
        ({"limit_m": float("nan")}, "limit_m = nan"),
        ({"cost_per_site": -1}, "cost_per_site = -1"),
        ({"points": [[200, 50]]}, "points.0.0 = 200"),
        ({"points": "1,2"}, "points"),
        ({"objective": "best"}, "objective = 'best'"),
    ],
)
def test_bad_parameters_are_named(given, said):
    with pytest.raises(BadParameter, match=said):
        read_params(PIPELINES["site-selection"], given)


def test_junctions_are_thinned_by_squares_whatever_the_order():
    all_of_them = street_nodes(LINE, spacing_m=10)
    assert all_of_them.ids.tolist() == [0, 1, 2, 3, 4, 8, 9]
    few = street_nodes(LINE, spacing_m=5000)
    turned = street_nodes(LINE.iloc[::-1], spacing_m=5000)
    assert few.ids.tolist() == turned.ids.tolist()
    assert len(few.ids) < 7


def test_ways_are_those_of_single_searches(monkeypatch):
    network = walkable(LINE)
    shops = snap(network, points((10, 5), (1200, 5), (30, 3010)), limit_m=50)
    homes = snap(network, points((400, 5), (60, 2990), (0, 9000)), limit_m=50)
    graph = build(network, origins=shops, targets=homes)
    monkeypatch.setattr("processing.siting.BLOCK", 1)
    found = ways_m(graph, np.arange(3), homes)
    for j in range(3):
        alone = nearest(graph, search(graph, np.array([j])), homes).distance_m
        assert found[:, j].tolist() == np.where(np.isnan(alone), np.inf, alone).tolist()


def test_the_demonstration_quarter_gets_a_proven_answer_that_fits_its_layer():
    frames = {name: pd.concat(list(demo.frames(ORSHA, name))) for name in pipeline.INPUTS}
    result = pipeline.compute(pipeline.Params(), ORSHA, **frames)
    frame = result.frames["proposed_sites"]
    require_fit(frame.assign(run_id="x"), load_layers()["proposed_sites"], ORSHA)
    assert result.figures["proven_optimal"]
    assert result.figures["residents"] == frames["buildings"]["residents"].sum()
    gained = result.figures["residents_gained"]
    assert (
        frame["residents_gained"].sum() == gained == result.figures["curve"][1]["residents_gained"]
    )
    turned = {name: frame.iloc[::-1] for name, frame in frames.items()}
    again = pipeline.compute(pipeline.Params(), ORSHA, **turned)
    assert checksum(again.frames) == checksum(result.frames)
