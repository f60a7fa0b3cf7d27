"""The demonstration quarter agrees with itself, with the layer definitions and with the ground."""

import subprocess
import sys

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from pandas.testing import assert_frame_equal
from pyproj import Geod

from layers.registry import load_layers
from processing.demo import LAYERS, frames
from processing.demo.sketch import SIDE_M
from processing.errors import BadParameter, UnknownDemoLayer
from tests.fix_demo import BREST, ORSHA, made, metric, overlaps

TYPES = {
    "string": pd.api.types.is_string_dtype,
    "integer": pd.api.types.is_integer_dtype,
    "number": pd.api.types.is_float_dtype,
    "boolean": pd.api.types.is_bool_dtype,
    "datetime": pd.api.types.is_datetime64_any_dtype,
    "date": pd.api.types.is_object_dtype,
    "string_array": pd.api.types.is_object_dtype,
}


# --- every layer fits its definition -----------------------------------------------------------


@pytest.mark.parametrize("layer_id", LAYERS)
@pytest.mark.parametrize("buildings", [400, 1_200])
def test_layer_fits_its_definition(layer_id, buildings):
    layer, frame = load_layers()[layer_id], made(layer_id, buildings)
    assert list(frame.columns) == [*(f.name for f in layer.fields), "geometry"]
    assert frame.index.name == "id"
    assert frame.index.is_unique
    assert frame.index.min() == ORSHA.feature_id(1)
    assert frame.index.max() == ORSHA.feature_id(len(frame))
    assert frame.crs == 4326
    assert set(frame.geom_type) == {layer.geometry}
    assert frame.is_valid.all()
    assert not frame.is_empty.any()
    for field in layer.fields:
        values = frame[field.name].dropna()
        assert TYPES[field.type](frame[field.name]), field.name
        if field.required:
            assert len(values) == len(frame), field.name
        if field.codes:
            assert set(values.explode().dropna()) <= {c.value for c in field.codes}, field.name
        if field.minimum is not None:
            assert values.min() >= field.minimum, field.name
        if field.maximum is not None:
            assert values.max() <= field.maximum, field.name


@pytest.mark.parametrize("layer_id", LAYERS)
def test_same_call_same_frames(layer_id):
    again = pd.concat(list(frames(ORSHA.model_copy(), layer_id)))
    assert_frame_equal(made(layer_id), again)
    assert (made(layer_id).to_wkb().geometry == again.to_wkb().geometry).all()


def test_a_fresh_interpreter_makes_the_same_bytes():
    code = (
        "import hashlib, pandas as pd\n"
        "from layers.model import Area\n"
        "from processing.demo import LAYERS, frames\n"
        f"area = Area.model_validate_json({ORSHA.model_dump_json()!r})\n"
        "text = ''.join(f.to_wkb(hex=True).to_csv() for n in LAYERS for f in frames(area, n))\n"
        "print(hashlib.sha256(text.encode()).hexdigest())\n"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(p for p in sys.path if p)},
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert runs[0] == runs[1] != ""


def test_another_area_is_another_quarter_with_its_own_ids():
    here, there = made("buildings"), made("buildings", area="brest")
    assert len(there) == 400
    assert there.index.min() == BREST.feature_id(1)
    assert (here["residents"].to_numpy() != there["residents"].to_numpy()).any()
    middle = there.iloc[:391].union_all().envelope.centroid
    assert middle.distance(shapely.Point(BREST.lon, BREST.lat)) < 0.003


# --- how many ----------------------------------------------------------------------------------


@pytest.mark.parametrize("buildings", [1, 2, 50, 99, 100, 391, 400, 401, 1_200, 20_000])
def test_exactly_so_many_buildings(buildings):
    frame = made("buildings", buildings)
    assert len(frame) == buildings
    quarters = made("smart_quarters", buildings)
    assert quarters["buildings"].sum() == buildings
    assert quarters["residents"].sum() == frame["residents"].sum()


@pytest.mark.parametrize("buildings", [0, -1, 10**9])
def test_impossible_numbers_are_refused(buildings):
    with pytest.raises(BadParameter, match="buildings"):
        frames(ORSHA, "buildings", buildings=buildings)


def test_unknown_layer_names_the_known_ones():
    with pytest.raises(UnknownDemoLayer, match="street_lights"):
        frames(ORSHA, "volcanoes")


def test_chunks_stay_small():
    sizes = [len(f) for f in frames(ORSHA, "buildings", buildings=50_000)]
    assert sum(sizes) == 50_000
    assert max(sizes) <= 20_000


def test_a_small_quarter_has_no_services_without_houses():
    served = made("service_points", 1)
    assert set(served["service_class"]) & {"clinic", "pharmacy", "post_office"} == set()
    assert "clinic" in set(made("service_points")["service_class"])


def test_the_default_quarter_is_about_a_kilometre_and_lived_in():
    (quarter,) = made("smart_quarters").itertuples()
    assert quarter.buildings == 400
    assert 8_000 < quarter.residents < 25_000
    houses = metric("buildings").iloc[:391].total_bounds
    assert houses[2] - houses[0] < 1.3 * SIDE_M
    assert houses[3] - houses[1] < 1.3 * SIDE_M


# --- buildings ---------------------------------------------------------------------------------


@pytest.mark.parametrize("buildings", [400, 1_200])
def test_buildings_stand_clear_of_one_another(buildings):
    shapes = metric("buildings", buildings).geometry.to_numpy()
    assert overlaps(shapes, 0.0) == 0


@pytest.mark.parametrize("buildings", [400, 1_200])
def test_no_street_runs_into_a_building(buildings):
    streets = metric("streets", buildings)
    surface = streets.buffer(streets["width_m"] / 2).to_numpy()
    tree = shapely.STRtree(metric("buildings", buildings).geometry.to_numpy())
    assert tree.query(surface, predicate="intersects").size == 0


def test_figures_of_buildings_belong_together():
    frame = made("buildings")
    home = frame[frame["kind"] == "residential"]
    assert (frame["dwellings"].notna() == (frame["kind"] == "residential")).all()
    assert (frame["residents"].notna() == frame["dwellings"].notna()).all()
    assert home["residents"].sum() / home["dwellings"].sum() == pytest.approx(2.3, rel=0.05)
    assert set(home["storeys"]) >= {1, 5, 9}
    assert (frame["height_m"] >= 3 * frame["storeys"]).all()
    assert frame["year_built"].between(1965, 2015).all()
    ground = metric("buildings").area * frame["storeys"].astype(float)
    assert (frame["floor_area_m2"] / ground).between(0.85, 0.91).all()
    assert frame["address"].is_unique


# --- streets -----------------------------------------------------------------------------------


def walk(buildings):
    graph = nx.MultiGraph()
    for edge in made("streets", buildings).itertuples():
        graph.add_edge(edge.node_from, edge.node_to, length_m=edge.length_m)
    return graph


@pytest.mark.parametrize("buildings", [400, 1_200, 5_000])
def test_one_network_and_one_island(buildings):
    parts = sorted(nx.connected_components(walk(buildings)), key=len)
    assert len(parts) == 2
    assert len(parts[0]) == 4
    assert len(parts[1]) > 150


@pytest.mark.parametrize("buildings", [400, 5_000])
def test_a_node_id_is_one_place_and_a_place_one_node_id(buildings):
    streets = metric("streets", buildings)
    lines = streets.geometry.to_numpy()
    nodes = pd.DataFrame(
        {
            "node": np.concatenate([streets["node_from"], streets["node_to"]]),
            "at": np.concatenate([shapely.get_point(lines, 0), shapely.get_point(lines, -1)]),
        }
    )
    nodes["place"] = [f"{p.x:.2f} {p.y:.2f}" for p in nodes["at"]]
    assert (nodes.groupby("node")["place"].nunique() == 1).all()
    assert (nodes.groupby("place")["node"].nunique() == 1).all()
    assert nodes["node"].between(ORSHA.feature_id(1), ORSHA.feature_id(99_999_999)).all()


@pytest.mark.parametrize("buildings", [400, 1_200])
def test_edges_meet_at_nodes_only(buildings):
    lines = metric("streets", buildings).geometry.to_numpy()
    a, _ = shapely.STRtree(lines).query(lines, predicate="crosses")
    assert not len(a), f"{len(a)} crossings without a node, near {lines[a[:1]]}"
    assert len({line.wkb for line in shapely.normalize(lines)}) == len(lines)


@pytest.mark.parametrize("area", ["orsha", "brest"])
def test_lengths_agree_with_the_ellipsoid(area):
    streets = made("streets", area=area)
    measured = streets.geometry.map(Geod(ellps="WGS84").geometry_length)
    assert np.allclose(streets["length_m"], measured, rtol=1e-3)


def test_every_house_but_the_farm_is_near_a_way():
    houses = metric("buildings").query("kind == 'residential'").geometry
    ways = metric("streets").union_all()
    far = houses.distance(ways)
    assert (far > 300).sum() == 1
    assert far.drop(far.idxmax()).max() < 40


# --- land --------------------------------------------------------------------------------------


@pytest.mark.parametrize("layer_id", ["parcels", "functional_zones"])
@pytest.mark.parametrize("buildings", [400, 1_200])
def test_land_is_divided_without_gaps_or_overlaps(layer_id, buildings):
    land = metric(layer_id, buildings)
    ground = metric("smart_quarters", buildings)
    assert overlaps(land.geometry.to_numpy(), 0.01) == 0
    assert land.area.sum() == pytest.approx(ground.area.sum(), rel=1e-6)
    assert land["area_m2"].sum() == pytest.approx(ground["area_m2"].sum(), rel=1e-6)
    assert np.allclose(land["area_m2"], land.area, atol=0.1)


def test_no_parcel_line_cuts_a_building():
    edges = metric("parcels").boundary.union_all()
    assert not metric("buildings").buffer(-0.01).intersects(edges).any()


def test_intensity_is_the_floor_area_that_stands_in_the_zone():
    zones, houses = metric("functional_zones", 1_200), metric("buildings", 1_200)
    points = houses.set_geometry(houses.representative_point())
    found = points.sjoin(zones[["geometry"]], predicate="within")
    floor = found.groupby("id_right")["floor_area_m2"].sum().reindex(zones.index, fill_value=0)
    assert np.allclose(zones["intensity_m2_ha"], floor / zones["area_m2"] * 10_000, atol=0.2)


def test_houses_keep_behind_building_lines():
    lines = metric("red_lines")
    building_lines = lines[lines["kind"] == "building_line"].union_all()
    red = lines[lines["kind"] == "red_line"].union_all()
    houses = metric("buildings").iloc[:391]
    assert not houses.intersects(red).any()
    assert not houses.buffer(-0.6).intersects(building_lines).any()


def test_greens_keep_off_houses_and_each_other():
    greens = metric("green_areas")
    assert overlaps(greens.geometry.to_numpy(), 0.5) == 0
    houses = metric("buildings").union_all()
    assert greens.intersection(houses).area.sum() < 1
    assert {"park", "lawn", "playground", "square", "forest"} <= set(greens["kind"])


# --- people --------------------------------------------------------------------------------------


def test_census_units_hold_everybody_once_and_ages_add_up():
    units, houses = made("census_units"), made("buildings")
    groups = ["age_0_6", "age_7_17", "age_18_64", "age_65_up"]
    assert (units[groups].sum(axis=1) == units["population"]).all()
    assert (units[groups] >= 0).all().all()
    assert units["population"].sum() == houses["residents"].sum()
    assert units["households"].sum() == houses["dwellings"].sum()
    metric = units.to_crs(ORSHA.srid).geometry
    assert shapely.area(shapely.union_all(metric)) == pytest.approx(metric.area.sum(), rel=1e-6)
    within = gpd.sjoin(
        houses.set_geometry(houses.representative_point()), units[["geometry"]], predicate="within"
    )
    people = houses.loc[within.index.unique(), "residents"].sum()
    assert people == houses["residents"].sum()


@pytest.mark.parametrize("buildings", [400, 3_000])
def test_most_children_have_a_place(buildings):
    places = made("service_points", buildings).groupby("service_class")["capacity"].sum()
    units = made("census_units", buildings)
    small, pupils = units["age_0_6"].sum(), units["age_7_17"].sum()
    assert 0.7 < places["kindergarten"] / small < 1
    assert 0.7 < places["school"] / pupils < 1


def test_a_place_has_room():
    spots, houses = made("service_points"), made("buildings").set_index("address")
    for kind in ("school", "kindergarten"):
        mine = spots[spots["service_class"] == kind].set_index("address")
        floor_m2 = houses.loc[mine.index, "floor_area_m2"]
        assert (floor_m2 / mine["capacity"]).between(6, 15).all()
