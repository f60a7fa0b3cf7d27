"""What the demonstration city is fitted with: lamps, meters, services, buses, masts, sensors."""

from collections import Counter

import networkx as nx
import numpy as np
import pytest
import shapely

from processing.demo import transit
from processing.demo.rasters import RASTERS, raster
from tests.fix_demo import ORSHA, made, metric

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


@pytest.mark.parametrize("buildings", [400, 1_200])
def test_buses_stop_where_the_service_points_are_and_drive_on_main_streets(buildings):
    stops, ways = metric("transit_stops", buildings), metric("transit_lines", buildings)
    spots = metric("service_points", buildings).query("service_class == 'stop'")
    places = sorted(zip(spots["name"], spots.geometry.to_wkb(), strict=True))
    assert sorted(zip(stops["name"], stops.geometry.to_wkb(), strict=True)) == places
    streets = metric("streets", buildings)
    main = streets[streets["main_road"]].union_all()
    assert ways.within(main.buffer(0.5)).all()
    assert stops.distance(ways.union_all()).between(8, 12).all()
    assert np.allclose(ways["length_m"], ways.length, atol=0.1)
    assert ways["short_name"].is_unique
    assert stops["stop_id"].is_unique


def test_departures_are_those_of_buses_driven_one_by_one():
    stops, hourly = metric("transit_stops"), made("transit_departures")
    counted = Counter()
    for line, bus in zip(metric("transit_lines").itertuples(), transit.BUSES, strict=True):
        (way,) = line.geometry.geoms
        served = {s.stop_id: way.project(s.geometry) for s in stops.itertuples()
                  if s.geometry.distance(way) < 12}  # fmt: skip
        assert len(served) == bus.last - bus.first + 1
        for back in (False, True):
            order = sorted(served, key=served.get, reverse=back)
            for hour, trips in enumerate(bus.trips_by_hour):
                for trip in range(trips):
                    for stop in order[:-1]:
                        way_m = abs(served[stop] - served[order[0]])
                        minute = 60 * trip / trips + way_m / transit.BUS_M_S / 60
                        counted[stop, line.line_id, hour + int(minute // 60)] += 1
    keys = zip(hourly["stop_id"], hourly["line_id"], hourly["hour"], strict=True)
    assert dict(zip(keys, hourly["departures"], strict=True)) == counted


def test_stops_and_lines_sum_up_the_hours():
    hourly, stops = made("transit_departures", 1_200), made("transit_stops", 1_200)
    of_stop = hourly.groupby("stop_id")
    known = stops.set_index("stop_id")
    assert (of_stop["departures"].sum() == known["departures"]).all()
    assert (of_stop["line_id"].nunique() == known["lines"]).all()
    busiest = hourly.groupby(["stop_id", "hour"])["departures"].sum().groupby("stop_id").max()
    assert (busiest == known["peak_per_hour"]).all()
    local = hourly["time"].dt.tz_convert("Europe/Minsk")
    assert (local.dt.hour == hourly["hour"]).all()
    assert set(local.dt.date) == set(stops["service_date"])
    trips = made("transit_lines", 1_200).set_index("line_id")
    per_stop = hourly.groupby(["line_id", "stop_id"])["departures"].sum().groupby("line_id").max()
    assert (trips["trips"] == per_stop).all()  # both ways pass every stop between the ends


def test_base_stations_have_three_sites_of_three_sectors_on_roofs():
    sectors, houses = metric("base_stations"), metric("buildings")
    assert sectors["name"].nunique() == 3
    assert (sectors.groupby("name")["azimuth_deg"].nunique() == 3).all()
    assert len(sectors) == 3 * 3 * sectors["technology"].nunique()
    assert (sectors.distance(houses.union_all()) == 0).all()
    assert sectors["height_m"].min() > 20


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
