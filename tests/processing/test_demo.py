"""The demonstration quarter agrees with itself, with the layer definitions and with the ground."""

import subprocess
import sys
from functools import cache

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from pandas.testing import assert_frame_equal
from pyproj import Geod

from layers.model import Area, Text
from layers.registry import load_layers
from processing.demo import LAYERS, frames
from processing.demo.rasters import RASTERS, raster
from processing.demo.sketch import SIDE_M
from processing.errors import BadParameter, UnknownDemoLayer

ORSHA = Area(
    id="orsha",
    number=1,
    title=Text(be="Орша", ru="Орша", en="Orsha"),
    soato="2236501000",
    srid=32636,
    lon=30.4258,
    lat=54.5092,
)
BREST = Area(
    id="brest",
    number=7,
    title=Text(be="Брэст", ru="Брест", en="Brest"),
    soato="1401000000",
    srid=32634,
    lon=23.6850,
    lat=52.0940,
)
AREAS = {a.id: a for a in (ORSHA, BREST)}
TYPES = {
    "string": pd.api.types.is_string_dtype,
    "integer": pd.api.types.is_integer_dtype,
    "number": pd.api.types.is_float_dtype,
    "boolean": pd.api.types.is_bool_dtype,
    "datetime": pd.api.types.is_datetime64_any_dtype,
    "date": pd.api.types.is_object_dtype,
    "string_array": pd.api.types.is_object_dtype,
}


@cache
def made(layer_id, buildings=400, area="orsha"):
    return pd.concat(list(frames(AREAS[area], layer_id, buildings=buildings)))


def metric(layer_id, buildings=400, area="orsha"):
    return made(layer_id, buildings, area).to_crs(AREAS[area].srid)


def overlaps(shapes, more_than_m2):
    tree = shapely.STRtree(shapes)
    a, b = tree.query(shapes, predicate="intersects")
    first, second = shapes[a[a < b]], shapes[b[a < b]]
    return int((shapely.area(shapely.intersection(first, second)) > more_than_m2).sum())


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


# --- things along streets and in houses --------------------------------------------------------


def test_lamps_light_streets_from_beside_them():
    lamps, streets = metric("street_lights"), metric("streets")
    near = lamps.distance(streets.union_all())
    assert near.between(1, 10).all()
    assert lamps.distance(metric("buildings").union_all()).min() > 0.5
    tree = shapely.STRtree(lamps.geometry.to_numpy())
    others = tree.query(lamps.geometry.to_numpy(), predicate="dwithin", distance=10)
    assert (others[0] == others[1]).all()


def test_cabinets_feed_the_lamps_they_count():
    lamps, cabinets = made("street_lights", 1_200), made("light_cabinets", 1_200)
    fed = lamps.groupby("cabinet").size()
    counted = cabinets.set_index("cabinet")["lamps"]
    assert fed.to_dict() == counted.to_dict()
    assert counted.between(15, 40).all()
    dark = cabinets.loc[cabinets["state"] == "fault", "cabinet"]
    assert (lamps.loc[lamps["cabinet"].isin(dark), "state"] == "fault").all()
    assert 0.005 < (lamps["state"] == "fault").mean() < 0.15
    load = lamps.groupby("cabinet")["power_w"].sum() / 1000
    assert (cabinets.set_index("cabinet")["power_kw"] >= load).all()


@pytest.mark.parametrize("buildings", [60, 400, 1_200])
def test_meters_are_in_their_buildings(buildings):
    meters, houses = metric("utility_meters", buildings), metric("buildings", buildings)
    assert meters["building_id"].isin(houses.index).all()
    home = houses.geometry.loc[meters["building_id"]].to_numpy()
    assert shapely.covers(home, meters.geometry.to_numpy()).all()
    assert meters["meter_id"].is_unique
    lived_in = houses.index[houses["dwellings"].notna()]
    assert set(lived_in) <= set(meters["building_id"])


def test_most_meters_are_live_and_read_lately():
    meters = made("utility_meters", 1_200)
    assert meters["live"].mean() == pytest.approx(0.8, abs=0.03)
    assert ((meters["protocol"] == "manual") == ~meters["live"]).all()
    live = meters.loc[meters["live"], "last_reading_at"].min()
    assert meters.loc[~meters["live"], "last_reading_at"].max() < live


def test_services_are_inside_public_buildings_or_in_the_open():
    spots, houses = metric("service_points"), metric("buildings")
    inside = spots.distance(houses.union_all()) == 0
    assert (inside == spots["address"].notna()).all()
    assert not inside[spots["service_class"].isin(["stop", "playground", "sports"])].any()
    addressed = spots.dropna(subset=["address"])
    home = houses.reset_index().set_index("address").geometry.loc[addressed["address"]]
    assert shapely.covers(home.to_numpy(), addressed.geometry.to_numpy()).all()
    required = {"school", "kindergarten", "clinic", "pharmacy", "post_office", "shop", "stop"}
    assert set(spots["service_class"]) >= required | {"playground", "sports", "library", "bank"}


def test_stops_are_on_main_streets():
    spots, streets = metric("service_points"), metric("streets")
    stops = spots[spots["service_class"] == "stop"]
    main = streets[streets["highway"].isin(["primary", "secondary"])].union_all()
    assert stops.distance(main).between(8, 12).all()


def test_base_stations_have_three_sites_of_three_sectors_on_roofs():
    sectors, houses = metric("base_stations"), metric("buildings")
    assert sectors["name"].nunique() == 3
    assert (sectors.groupby("name")["azimuth_deg"].nunique() == 3).all()
    assert len(sectors) == 3 * 3 * sectors["technology"].nunique()
    assert (sectors.distance(houses.union_all()) == 0).all()
    assert sectors["height_m"].min() > 20


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


# --- air ---------------------------------------------------------------------------------------


def test_two_weeks_of_hourly_air_with_a_rhythm_an_episode_and_gaps():
    air = made("air_sensor_readings")
    assert len(air) == 12 * 14 * 24
    assert str(air["time"].min()) == "2026-10-01 00:00:00+00:00"
    assert str(air["time"].max()) == "2026-10-14 23:00:00+00:00"
    assert 0.002 < air["pm10_ug_m3"].isna().mean() < 0.03
    by_day = air.groupby(air["time"].dt.day)["pm25_ug_m3"].mean()
    assert by_day.idxmax() in (7, 8, 9)
    assert by_day.max() > 2 * by_day.median()
    by_hour = air.groupby((air["time"].dt.hour + 3) % 24)[["no2_ug_m3", "o3_ug_m3"]].mean()
    assert by_hour["no2_ug_m3"].idxmax() in (8, 19, 20)
    assert 10 <= by_hour["o3_ug_m3"].idxmax() <= 15
    full = air.dropna()
    assert (full["pm10_ug_m3"] > full["pm25_ug_m3"]).all()


def test_sensors_show_the_last_value_they_sent():
    sensors, air = made("air_sensors"), made("air_sensor_readings").dropna()
    last = air.sort_values("time").groupby("sensor_id").last()
    shown = sensors.set_index("sensor_id").loc[last.index]
    for name in ("pm10_ug_m3", "no2_ug_m3", "temperature_c"):
        assert (shown[name] == last[name]).all()
    assert (shown["latest_at"] == last["time"]).all()


def test_sensors_do_not_grow_without_bound():
    assert len(made("air_sensors", 1_200)) > 12
    assert len(made("air_sensors", 20_000)) == 50
    assert len(made("air_sensor_readings", 20_000)) == 50 * 14 * 24


# --- Inputs of the coverage methods ---------------------------------------------------------------


def test_lamps_look_at_the_way_they_light():
    lamps, ways = made("street_lights"), made("streets")
    metric = lamps.to_crs(ORSHA.srid)
    lines = ways.to_crs(ORSHA.srid).geometry
    for arm, kinds in ((True, ways["highway"] != "footway"), (False, ways["highway"].notna())):
        mine = metric[(metric["arm_m"] > 0) == arm]
        ahead = shapely.points(
            mine.geometry.x + np.sin(np.radians(mine["azimuth_deg"])),
            mine.geometry.y + np.cos(np.radians(mine["azimuth_deg"])),
        )
        tree = shapely.STRtree(lines[kinds].to_numpy())
        here, there = (
            tree.query_nearest(points, return_distance=True, all_matches=False)[1]
            for points in (mine.geometry.to_numpy(), ahead)
        )
        assert (there < here).mean() > 0.97
    assert set(lamps["luminaire"]) <= {
        "led_street_asym", "led_park_sym", "sodium_street_asym", "mercury_old",
    }  # fmt: skip
    assert lamps["maintenance_factor"].between(0.5, 1).all()


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


def test_fibre_leads_from_the_terminal_to_every_splitter_and_house():
    ducts, splitters = made("ducts"), made("splitters")
    terminals = made("line_terminals")
    assert set(splitters["terminal"]) == set(terminals["terminal_id"])
    ends = shapely.get_coordinates(shapely.get_point(ducts.geometry.to_numpy(), [[0], [-1]]))
    places = np.round(ends, 8).reshape(2, -1, 2)
    graph = nx.Graph()
    graph.add_edges_from((tuple(a), tuple(b)) for a, b in zip(*places.tolist(), strict=True))
    root = tuple(np.round(shapely.get_coordinates(terminals.geometry)[0], 8).tolist())
    reached = nx.node_connected_component(graph, root)
    assert len(reached) == graph.number_of_nodes()
    for x, y in np.round(shapely.get_coordinates(splitters.geometry), 8).tolist():
        assert (x, y) in reached
    drops = ducts[ducts["kind"] == "drop"]
    houses = made("buildings").to_crs(ORSHA.srid)
    doors = shapely.get_point(drops.to_crs(ORSHA.srid).geometry.to_numpy(), -1)
    served = shapely.STRtree(houses.geometry.to_numpy()).query(doors, predicate="within")[1]
    assert len(served) == len(drops)
    assert (houses.iloc[served]["dwellings"] > 4).all()
    assert len(served) < (houses["dwellings"] > 0).sum(), "single houses have none yet"


def test_readings_are_of_live_meters_with_gaps_and_seasons():
    readings, meters = made("meter_readings"), made("utility_meters")
    live = set(meters.loc[meters["live"], "meter_id"])
    assert set(readings["meter_id"]) <= live
    assert not readings.duplicated(["meter_id", "month"]).any()
    assert readings["month"].nunique() == 12
    full = 12 * readings["meter_id"].nunique()
    assert 0.9 < len(readings) / full < 1
    heat = readings[readings["resource"] == "heat"].groupby("month")["value"].sum()
    assert heat.max() > 10 * heat.min()


@pytest.mark.parametrize("raster_id", RASTERS)
def test_rasters_cover_the_city_with_a_margin_and_are_the_same_every_time(raster_id):
    made_raster = raster(ORSHA, raster_id)
    west, south, east, north = made_raster.bounds
    around = made("smart_quarters").to_crs(ORSHA.srid).total_bounds
    assert (np.array([west, south]) <= around[:2] - 400).all()
    assert (np.array([east, north]) >= around[2:] + 400).all()
    again = raster(ORSHA, raster_id)
    assert np.array_equal(made_raster.values, again.values)
    assert np.isfinite(made_raster.values).all()
    larger = raster(ORSHA, raster_id, buildings=3_000)
    assert larger.values.size <= 4_200_000


def test_obstacles_stand_where_the_houses_do():
    clutter, cover = raster(ORSHA, "clutter"), raster(ORSHA, "land_cover")
    houses = made("buildings").to_crs(ORSHA.srid)
    large = houses[houses.area > 400]
    inside = large.representative_point()
    column = ((inside.x - clutter.bounds[0]) / clutter.transform[0]).astype(int)
    row = ((clutter.bounds[3] - inside.y) / clutter.transform[0]).astype(int)
    assert (clutter.values[row, column] == large["height_m"].astype(np.float32)).mean() > 0.95
    assert (cover.values[row, column] == 1).mean() > 0.95
