"""Every indicator against a quarter small enough to count by hand."""

from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from layers.seed import air_limits
from processing.errors import EmptyInput
from processing.indicators import access, air, planning, results, stock
from processing.indicators.base import Quarter, quarter
from processing.scene import CLASSES
from tests.fix_streets import ORSHA, place

METRIC = "EPSG:32636"


def boxes(*centres: tuple[float, float], side: float = 10, **columns: Any) -> gpd.GeoDataFrame:
    half = side / 2
    shapes = [shapely.box(x - half, y - half, x + half, y + half) for x, y in place(centres)]
    index = pd.Index(range(1, len(shapes) + 1), name="id")
    return gpd.GeoDataFrame(columns, geometry=shapes, index=index, crs=METRIC)


def points(*xy: tuple[float, float], **columns: Any) -> gpd.GeoDataFrame:
    shapes = [shapely.Point(p) for p in place(xy)]
    return gpd.GeoDataFrame(columns, geometry=shapes, index=range(1, len(xy) + 1), crs=METRIC)


HOMES = boxes(
    (0, 0), (100, 0), (200, 0), (300, 0),
    residents=[100, 200, 300, None], address=["А, 1", "А, 2", None, "А, 4"],
    floor_area_m2=[1000.0, 2000.0, 3000.0, 500.0],
)  # fmt: skip
OUTLINE = boxes((100, 0), side=400)
UNITS = boxes(
    (50, 0), (250, 0), side=195,
    age_0_6=[30, 0], age_7_17=[60, 30], age_18_64=[180, 210], age_65_up=[30, 60],
)  # fmt: skip


def quarter_of(homes: gpd.GeoDataFrame = HOMES) -> Quarter:
    return quarter(ORSHA, homes, OUTLINE, UNITS)


def test_people_have_the_ages_of_the_unit_they_live_in() -> None:
    made = quarter_of()
    assert made.residents == 600
    assert made.area_m2 == pytest.approx(160_000)
    # 300 people of the first unit live in the houses 1 and 2, one to two.
    assert made.people.loc[1, "age_0_6"] == pytest.approx(10)
    assert made.people.loc[2, "age_0_6"] == pytest.approx(20)
    assert made.people.loc[3, "age_65_up"] == pytest.approx(60)
    assert made.group("age_7_17") == pytest.approx(90)
    alone = quarter(ORSHA, HOMES, None, None)
    assert (alone.area_m2, alone.group("age_0_6")) == (None, None)
    nobody = quarter(ORSHA, HOMES.assign(residents=None), OUTLINE, UNITS)
    assert (nobody.residents, nobody.group("age_0_6")) == (None, None)
    with pytest.raises(EmptyInput, match="buildings"):
        quarter(ORSHA, HOMES[:0], OUTLINE, UNITS)


def coverage(*rows: tuple[int, str, str, float | None]) -> gpd.GeoDataFrame:
    building, kind, said, distance = zip(*rows, strict=True)
    columns = {
        "building_id": building, "service_class": kind, "coverage": said,
        "distance_m": np.array(distance, dtype=float), "limit_m": 500.0,
    }  # fmt: skip
    return gpd.GeoDataFrame(columns, geometry=[None] * len(rows), crs=4326)


def test_access_is_counted_in_the_people_it_is_about() -> None:
    rows = coverage(
        (1, "school", "covered", 480), (2, "school", "not_covered", 900),
        (3, "school", "unreachable", None), (1, "clinic", "covered", 10),
        (2, "clinic", "covered", 20), (3, "clinic", "covered", 30),
    )  # fmt: skip
    found = access.figures(quarter_of(), rows)
    school = found["EDU2", 1]
    # Of 60 + 30 pupils a third of the first 60 live in house 1.
    assert school.value == pytest.approx(100 * 20 / 90)
    assert school.deficit_persons == 70
    assert school.elderly == pytest.approx(100 * 10 / 90)
    assert school.children == pytest.approx(100 * 30 / 120)
    assert school.share_near_limit == pytest.approx(20 / 90)
    assert (school.threshold, school.threshold_unit) == (500, "m")
    assert [p.label for p in school.worst] == ["3", "А, 2"]
    assert [p.value for p in school.worst] == [None, 900]
    assert found["HLT1", 1].value == 100
    assert found["HLT1", 1].deficit_persons == 0
    assert found["COM1", 1].value is None
    closed = access.figures(quarter_of(), rows, ["clinic"])
    assert closed["HLT1", 1].value is None
    assert "no facilities of the class" in closed["HLT1", 1].reason.en
    assert access.figures(quarter(ORSHA, HOMES, None, None), rows)["EDU2", 1].value is None


def test_what_is_near_no_street_counts_among_all_whatever_the_method() -> None:
    said = ["covered", "not_covered", "unsnapped"]
    rows = coverage(*((i, "stop", said[i - 1], i * 200 if i < 3 else None) for i in (1, 2, 3)))
    table = rows.assign(green=said, green_m=rows["distance_m"], school=said, school_safe_m=300.0)
    limits_m = {"green": 300.0, "school": 500.0}
    found = results.accessibility(quarter_of(), table, {}, limits_m)
    green, stop = found["GRN3", 1], access.figures(quarter_of(), rows)["TRN1", 1]
    assert green.value == stop.value == pytest.approx(100 * 100 / 600)
    assert green.deficit_persons == stop.deficit_persons == 500
    lost = table.assign(green="unsnapped", school="not_computable")
    found = results.accessibility(quarter_of(), lost, {}, limits_m)
    assert "near a walkable street" in found["GRN3", 1].reason.en
    assert found["EDU2", 2].reason.en == "no schools"


def test_where_no_level_is_known_people_are_not_served() -> None:
    """As `radio-coverage` counts: of all buildings, unless none is computable."""
    said = ["covered", "not_covered", "not_computable"]
    rows = gpd.GeoDataFrame(
        {"building_id": [1, 2, 3], "technology": "lte", "outdoor": said, "indoor": "not_computable",
         "level_outdoor_dbm": [-80.0, -109.0, np.nan], "level_indoor_dbm": np.nan,
         "threshold_dbm": -110.0},
        geometry=[None] * 3, crs=4326,
    )  # fmt: skip
    found = results.radio(quarter_of(), rows)
    outdoor = found["ICT4", 1]
    assert outdoor.value == pytest.approx(100 * 100 / 600)
    assert outdoor.deficit_persons == 500
    assert [place.value for place in outdoor.worst] == [None, -109]
    assert (outdoor.threshold, outdoor.threshold_unit) == (-110, "dBm")
    assert found["ICT4", 2].value is None


def test_places_doctors_and_offices() -> None:
    given = points(
        (0, 0), (1, 1), (2, 2), (3, 3),
        service_class=["school", "kindergarten", "clinic", "post_office"],
        capacity=[45, 10, 200, None], doctors=[None, None, 2.0, None],
    )  # fmt: skip
    found = stock.services(quarter_of(), given)
    assert found["EDU1", 2].value == pytest.approx(100 * 10 / 30)
    assert found["EDU2", 3].value == pytest.approx(100 * 90 / 45)
    assert found["HLT2", 1].value == 300
    assert found["PST1", 2].value == pytest.approx(1e4 / 600)
    unknown = given.assign(capacity=None, doctors=None)
    for key in (("EDU1", 2), ("EDU2", 3), ("HLT2", 1)):
        assert stock.services(quarter_of(), unknown)[key].reason is not None
    assert all(f.value is None for f in stock.services(quarter_of(), None).values())
    few = given[given["service_class"] == "clinic"]
    few.attrs[CLASSES] = sorted(given["service_class"])  # as a scenario leaves it
    shut = stock.services(quarter_of(), few)
    assert (shut["EDU1", 2].value, shut["PST1", 2].value) == (0, 0)
    assert "the scenario leaves no facility" in shut["EDU2", 3].reason.en
    sick = given[given["service_class"] != "clinic"]
    assert "no facilities of the class" in stock.services(quarter_of(), sick)["HLT2", 1].reason.en
    sick.attrs[CLASSES] = sorted(given["service_class"])
    shut = stock.services(quarter_of(), sick)
    assert "the scenario leaves no facility" in shut["HLT2", 1].reason.en
    few = stock.services(quarter_of(), given[given["service_class"] == "clinic"])
    for key in (("EDU1", 2), ("EDU2", 3), ("PST1", 2)):
        assert "no facilities of the class" in few[key].reason.en


def test_lights_wifi_meters_and_bicycles() -> None:
    lamps = points(
        *[(i, 0) for i in range(10)],
        lamp_type=["led"] * 6 + ["sodium"] * 4,
        state=["working"] * 7 + ["fault", "fault", "unknown"],
        cabinet=["a"] * 5 + ["b"] * 5,
    )  # fmt: skip
    cabinets = points((0, 0), (1, 0), cabinet=["a", "b"], remote=[True, False])
    found = stock.lights(lamps, cabinets)
    assert (found["LGT1", 1].value, found["LGT2", 1].value) == (50, 60)
    assert found["LGT4", 1].value == pytest.approx(2000 / 9)
    assert stock.lights(lamps, None)["LGT1", 1].value is None
    spots = points((0, 0), (1, 1), state=["working", "fault"])
    assert stock.wifi(quarter_of(), spots)["ICT5", 1].value == pytest.approx(1e5 / 600)
    meters = points(
        *[(i, 0) for i in range(6)],
        resource=["electricity", "electricity", "cold_water", "hot_water", "heat", "heat"],
        live=[True, False, True, True, False, True], building_id=[1, 2, 1, 1, 1, 1],
    )  # fmt: skip
    found = stock.meters(meters)
    assert [found[k, 1].value for k in ("ENE1", "WAT1", "HEA1")] == [50, 100, 100]
    assert found["ENE1", 1].data_date is None  # not that of other layers
    heard = pd.Timestamp("2026-10-01T12:00Z") + pd.to_timedelta(np.arange(6), unit="D")
    found = stock.meters(meters.assign(last_reading_at=heard))
    assert [found[k, 1].data_date.day for k in ("ENE1", "WAT1", "HEA1")] == [2, 4, 6]
    lines = gpd.GeoDataFrame(
        {"bicycle": [True, True, True, False], "car": [False, True, True, False],
         "maxspeed_kmh": [None, 20, 60, None]},
        geometry=[shapely.LineString(place([(0, i), (1000, i)])) for i in range(4)], crs=METRIC,
    )  # fmt: skip
    assert stock.cycling(quarter_of(), lines)["TRN2", 1].value == pytest.approx(2e5 / 600, rel=1e-6)


def test_green_counts_overlaps_once_and_only_inside() -> None:
    areas = boxes((100, 0), (100, 0), (300, 0), side=200, public=[True, False, True])
    found = stock.green(quarter_of(), areas)
    # The third lies from 200 to 400: it meets the first at 200; the quarter ends at 300.
    assert found["GRN2", 1].value == pytest.approx(100 * (40_000 + 20_000) / 160_000)
    assert found["GRN1", 1].value == pytest.approx(60_000 / 600)


def test_zones_red_lines_and_density() -> None:
    zones = boxes((0, 0), (200, 0), side=100, zone=["Ж2", "О1"])
    assert planning.zones(quarter_of(), zones)["PLN1", 1].value == pytest.approx(50)
    ring = shapely.box(*place([(-50, -50)])[0], *place([(203, 50)])[0]).exterior
    lines = gpd.GeoDataFrame(
        {"kind": ["red_line"]}, geometry=[shapely.MultiLineString([ring])], crs=METRIC
    )
    found = planning.red_lines(quarter_of(), HOMES, lines)
    assert found["PLN2", 1].value == 1
    assert found["PLN2", 2].value == pytest.approx(20)  # 2 of the 10 m of house 3
    open_line = lines.set_geometry(
        [shapely.MultiLineString([shapely.LineString(ring.coords[:-1])])]
    )
    assert planning.red_lines(quarter_of(), HOMES, open_line.set_crs(METRIC))["PLN2", 2].reason
    found = planning.density(quarter_of(), HOMES)
    assert found["PLN3", 1].value == pytest.approx(600 / 16)
    assert found["PLN3", 2].value == pytest.approx(6500 / 16)


def air_of(hours: int, west: float, east: float) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    stations = points((0, 0), (300, 0), sensor_id=["w", "e"])
    time = pd.Timestamp("2026-01-01T00:00Z") + pd.to_timedelta(np.arange(hours), unit="h")
    columns = {"sensor_id": np.repeat(["w", "e"], hours), "time": np.tile(time, 2)}
    for name in ("pm25_ug_m3", "pm10_ug_m3", "no2_ug_m3", "o3_ug_m3"):
        columns[name] = np.repeat([west, east], hours)
    return stations, gpd.GeoDataFrame(columns, geometry=[None] * (2 * hours), crs=METRIC)


def test_air_is_weighted_by_the_people_near_each_station() -> None:
    stations, readings = air_of(10 * 24, 10.0, 70.0)
    found = air.figures(quarter_of(), HOMES, stations, readings, air_limits())
    # Houses 1 and 2 (300 people) are nearer to the west, house 3 (300) to the east.
    assert found["AIR1", 1].value == pytest.approx(40)
    assert found["AIR1", 1].target is None
    assert found["AIR4", 1].value == pytest.approx(40)
    assert found["AIR4", 1].target == air_limits()["O3"].max_8h_ug_m3 == 120
    # Ten days in UTC are nine whole ones and two parts in Minsk; the first part has 21 hours.
    assert found["AIR5", 1].value == pytest.approx((0 + 10) / 2)
    assert found["AIR6", 1].value == pytest.approx(2e5 / 600)
    assert found["AIR6", 2].value == 100
    assert {found["AIR1", 1].data_date, found["AIR6", 1].data_date} == {date(2026, 1, 10)}


def test_air_counts_stations_and_hours_not_readings() -> None:
    stations, readings = air_of(10 * 24, 10.0, 70.0)
    given = air.figures(quarter_of(), HOMES, stations, readings, air_limits())
    stray = readings[readings["sensor_id"] == "e"].assign(sensor_id="nowhere")
    half = readings[readings["sensor_id"] == "e"].assign(
        time=lambda rows: rows["time"] + pd.Timedelta(minutes=30)
    )
    more = pd.concat([readings, stray, half])
    assert air.figures(quarter_of(), HOMES, stations, more, air_limits()) == given
    alone = air.figures(quarter_of(), HOMES, stations, stray, air_limits())
    assert all(f.value is None and f.reason for f in alone.values())
    # Five hours of the second station: no whole day, and it is not continuous.
    early = readings["time"] < pd.Timestamp("2026-01-01T05:00Z")
    short = readings[early | (readings["sensor_id"] == "w")]
    found = air.figures(quarter_of(), HOMES, stations, short, air_limits())
    assert found["AIR5", 1].value == 0
    assert found["AIR6", 1].value == pytest.approx(1e5 / 600)
    assert found["AIR1", 1].value == pytest.approx(40)
    assert found["AIR4", 1].value == pytest.approx(10)  # five hours make no mean of eight
    twice = pd.concat([stations, stations.set_axis([3, 4])])
    again = air.figures(quarter_of(), HOMES, twice, readings, air_limits())
    assert again["AIR1", 1].value == pytest.approx(40)


def test_only_a_year_is_held_against_the_annual_limit() -> None:
    stations, readings = air_of(340 * 24, 10.0, 10.0)
    found = air.figures(quarter_of(), HOMES, stations, readings, air_limits())
    assert found["AIR2", 1].target == air_limits()["PM10"].annual_ug_m3
    none = air.figures(quarter_of(), HOMES, None, None, air_limits())
    assert all(f.value is None and f.reason for f in none.values())


def test_order_of_rows_changes_nothing() -> None:
    order = [2, 0, 3, 1]
    rows = coverage(*((i, "school", "not_covered", 600 + i) for i in (1, 2, 3)))
    one = access.figures(quarter_of(), rows)["EDU2", 1]
    two = access.figures(quarter_of(HOMES.iloc[order]), rows.iloc[[2, 0, 1]])["EDU2", 1]
    assert one == two
