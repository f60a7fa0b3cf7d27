"""Change files, timetables and readings as a person loads them."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import psycopg
import pytest

from layers import store
from layers.area import get_area, save_area
from layers.model import Origin
from layers.registry import load_layers

Connection = psycopg.Connection[tuple[object, ...]]
Run = Callable[..., str]
ROOT = Path(__file__).resolve().parents[2]
LAYERS = load_layers()
TOWN = """<osm version="0.6"><bounds minlon="30.4" minlat="54.4" maxlon="30.5" maxlat="54.6"/>
 <node id="1" version="1" lat="54.50" lon="30.40"><tag k="highway" v="street_lamp"/></node>
 <node id="2" version="1" lat="54.50" lon="30.41"><tag k="shop" v="bakery"/></node></osm>"""
CHANGE = """<osmChange version="0.6"><create><node id="{}" version="1" lat="{}" lon="30.42">
 <tag k="highway" v="street_lamp"/></node></create></osmChange>"""


@pytest.fixture
def run(database: str, tmp_path: Path) -> Run:
    """Run the command in the folder of the test's files; give what it printed, or its error."""

    def command(*arguments: str) -> str:
        environ = {k: v for k, v in os.environ.items() if not k.startswith("GEOPORTAL_")}
        done = subprocess.run(
            [sys.executable, "-m", "geoportal", *arguments],
            cwd=tmp_path,
            env=environ
            | {"GEOPORTAL_DATABASE_URL": database, "PYTHONPATH": str(ROOT), "LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    return command


def test_an_extract_and_its_changes(run: Run, connection: Connection, tmp_path: Path) -> None:
    (tmp_path / "town.osm").write_text(TOWN)
    (tmp_path / "day.osc").write_text(CHANGE.format(3, 54.5))
    (tmp_path / "far.osc").write_text(CHANGE.format(4, 10.0))
    said = run("load", "osm", "day.osc", "--area", "orsha")
    assert "load one first with `geoportal load osm EXTRACT --area orsha`" in said
    run("load", "osm", "town.osm", "--area", "orsha")
    said = run("load", "osm", "day.osc", "--area", "orsha")
    assert "orsha: 1 created, 0 modified, 0 deleted, 0 there already" in said
    assert "street_lights, orsha: 2 rows, loaded" in said
    assert "service_points, orsha: 1 row, unchanged" in said
    said = run("load", "osm", "far.osc", "--area", "orsha")
    assert "nothing to do, far.osc changes nothing here; 1 object of other places" in said
    assert len(store.read(connection, LAYERS["street_lights"])) == 2


def test_a_timetable(run: Run, connection: Connection, tmp_path: Path) -> None:
    tables = {
        "agency": "agency_name,agency_timezone\nA,Europe/Minsk\n",
        "stops": "stop_id,stop_name,stop_lat,stop_lon\n1,A,54.5,30.40\n2,B,54.5,30.41\n",
        "routes": "route_id,route_short_name,route_type\nR,1,3\n",
        "trips": "route_id,service_id,trip_id\nR,W,a\nX,W,b\n",
        "stop_times": "trip_id,departure_time,stop_id,stop_sequence\n"
        "a,8:00:00,1,1\na,8:05:00,2,2\n",
        "calendar_dates": "service_id,date,exception_type\nW,20261007,1\n",
    }
    with zipfile.ZipFile(tmp_path / "bus.zip", "w") as archive:
        for name, text in tables.items():
            archive.writestr(f"{name}.txt", text)
    said = run("load", "gtfs", "bus.zip", "--area", "orsha", "--licence", "CC-BY-4.0")
    assert "orsha: departures of Wednesday, 2026-10-07" in said
    assert "transit_departures, orsha: 1 row, loaded" in said
    assert "refused: trips.txt b: reference that leads nowhere, route_id, 'X'" in said
    assert store.read(connection, LAYERS["transit_lines"])["trips"].tolist() == [1]
    said = run("load", "gtfs", "bus.zip", "--area", "orsha", "--date", "2026-10-08")
    assert "bus.zip has no trip on 2026-10-08" in said


def test_readings(run: Run, connection: Connection, tmp_path: Path) -> None:
    (tmp_path / "air.csv").write_text("station,time,pm10_ug_m3\nAIR-1,2026-10-07 03:00,5\n")
    load = ("load", "series", "air.csv", "--layer", "air_sensor_readings", "--area", "orsha")
    assert "say it with --time-zone" in run(*load)
    assert "is no time zone" in run(*load, "--time-zone", "Mars/Base")
    minsk = (*load, "--time-zone", "Europe/Minsk")
    assert "area orsha has no air_sensors; load the stations before" in run(*minsk)
    orsha = get_area(connection, "orsha")
    save_area(connection, orsha)
    origin = Origin(status="open", source="test", checksum="1")
    sensor = gpd.GeoDataFrame(
        {"sensor_id": ["AIR-1"]},
        geometry=gpd.points_from_xy([30.4], [54.5]),
        index=[orsha.feature_id(1)],
        crs=4326,
    )
    store.replace(connection, LAYERS["air_sensors"], [sensor], area=orsha, origin=origin)
    said = run(*minsk)
    assert "air_sensor_readings, orsha: 1 row, loaded" in said
    assert "1 record read, 1 row added (0 of them late)" in said
    assert "unchanged" in run(*minsk)
