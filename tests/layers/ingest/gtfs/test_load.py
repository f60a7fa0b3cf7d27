"""GTFS: departures of a day counted by hand and, for a real feed, by pandas alone."""

import io
import json
import zipfile
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import psycopg
import pytest

from layers import store
from layers.area import save_area, utm_srid
from layers.errors import CorruptSource, MissingSource, RefusedLoad
from layers.ingest.gtfs import departures, frames, service
from layers.ingest.gtfs.feed import read
from layers.ingest.gtfs.load import Done, Terms, load_gtfs
from layers.ingest.vector.reports import reports
from layers.load_reports import in_words
from layers.model import Area, Text
from layers.registry import load_layers

Connection = psycopg.Connection[tuple[object, ...]]
LAYERS = load_layers()
WEDNESDAY = date(2026, 10, 7)
TABLES = {
    "agency": "agency_id,agency_name,agency_timezone\nA,Аўтапарк,Europe/Minsk\n",
    "stops": "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station\n"
    "S,Вакзал,54.500,30.400,1,\n"
    "1,Вакзал 1,54.500,30.400,,S\n"
    "2,Рынак,54.500,30.410,0,\n"
    "3,Школа,54.500,30.440,,\n",
    "routes": "route_id,agency_id,route_short_name,route_long_name,route_type\n"
    "R1,A,1,Вакзал - Школа,3\nR2,A,,Вячэрні,800\n",
    "trips": "route_id,service_id,trip_id,shape_id\n"
    "R1,W,a,P\nR1,W,b,P\nR2,W,night,\nR1,H,holiday,P\n",
    "stop_times": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    "a,7:50:00,7:50:00,1,1\na,,,2,2\na,8:10:00,8:10:00,3,9\n"
    "b,08:30:00,08:30:00,1,1\nb,08:35:00,08:36:00,2,2\nb,08:50:00,08:50:00,3,9\n"
    "night,24:10:00,24:10:00,1,1\nnight,25:20:00,25:20:00,2,2\nnight,25:40:00,25:40:00,3,3\n"
    "holiday,12:00:00,12:00:00,1,1\nholiday,12:30:00,12:30:00,3,2\n",
    "calendar": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,"
    "end_date\nW,1,1,1,1,1,0,0,20261001,20261031\n",
    "calendar_dates": "service_id,date,exception_type\nW,20261009,2\nH,20261009,1\n",
    "shapes": "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\n"
    "P,54.500,30.440,3\nP,54.500,30.400,1\nP,54.505,30.420,2\n",
}


def place(lon: float, lat: float) -> Area:
    title = Text(be="x", ru="x", en="x")
    return Area(
        id="place", number=2000, title=title, soato="", srid=utm_srid(lon, lat), lon=lon, lat=lat
    )


def feed(folder: Path, **changed: str | None) -> Path:
    path = folder / "feed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in (TABLES | changed).items():
            if text is not None:
                archive.writestr(f"{name}.txt", "\ufeff" + text)
    return path


@pytest.fixture
def area(connection: Connection) -> Area:
    made = place(30.42, 54.5)
    save_area(connection, made)
    return made


def load(connection: Connection, file: Path, area: Area, day: date | None = WEDNESDAY) -> Done:
    return load_gtfs(connection, LAYERS, file, area, Terms(day))


def test_a_small_feed_by_hand(connection: Connection, area: Area, tmp_path: Path) -> None:
    done = load(connection, feed(tmp_path), area)
    assert done.findings == ()
    stops = store.read(connection, LAYERS["transit_stops"]).set_index("stop_id")
    # Nobody departs from the last stop; the station has what its stops have.
    assert stops["departures"].to_dict() == {"1": 3, "2": 3, "3": 0, "S": 3}
    assert stops["peak_per_hour"].to_dict() == {"1": 1, "2": 1, "3": 0, "S": 1}
    assert stops["lines"].to_dict() == {"1": 2, "2": 2, "3": 0, "S": 2}
    assert stops.loc["1", "station_id"] == "S"
    lines = store.read(connection, LAYERS["transit_lines"]).set_index("line_id")
    assert lines["trips"].to_dict() == {"R1": 2, "R2": 1}
    assert lines["mode"].to_dict() == {"R1": "bus", "R2": "trolleybus"}
    assert lines["short_name"].to_dict() == {"R1": "1", "R2": "Вячэрні"}
    assert list(lines.geometry["R1"].geoms[0].coords)[1] == (30.42, 54.505)
    assert list(lines.geometry["R2"].geoms[0].coords) == [
        (30.4, 54.5),
        (30.41, 54.5),
        (30.44, 54.5),
    ]
    hourly = store.read(connection, LAYERS["transit_departures"])
    found = sorted(
        zip(hourly["stop_id"], hourly["line_id"], hourly["hour"], hourly["departures"], strict=True)
    )
    assert found == [
        ("1", "R1", 7, 1), ("1", "R1", 8, 1), ("1", "R2", 24, 1),
        # Trip a passes stop 2 after a quarter of its way: at 7:55.
        ("2", "R1", 7, 1), ("2", "R1", 8, 1), ("2", "R2", 25, 1),
    ]  # fmt: skip
    night = hourly.loc[hourly["hour"] == 25, "time"].iloc[0]
    assert night == pd.Timestamp("2026-10-07T22:00Z")  # one o'clock on the 8th in Minsk
    again = load(connection, feed(tmp_path), area)
    assert not any(result.changed for result in again.loaded.values())


def test_times_between_pass_with_the_way(tmp_path: Path) -> None:
    times = departures.stop_times(read(feed(tmp_path))).set_index(["trip_id", "stop_id"])["time_s"]
    assert times["a", "2"] == pytest.approx(7 * 3600 + 55 * 60, abs=0.01)


def test_exceptions_of_the_calendar_count(
    connection: Connection, area: Area, tmp_path: Path
) -> None:
    done = load(connection, feed(tmp_path), area, date(2026, 10, 9))
    assert done.loaded["transit_departures"].row_count == 1
    opened = read(feed(tmp_path))
    assert service.services(opened, date(2026, 10, 9)) == {"H"}
    assert service.services(opened, date(2026, 10, 10)) == set()
    assert service.services(opened, date(2026, 11, 4)) == set()
    assert service.busiest_day(opened) == date(2026, 10, 1)
    with pytest.raises(
        RefusedLoad, match=r"no trip on 2026-10-10; its calendar goes from 2026-10-01"
    ):
        load(connection, feed(tmp_path), area, date(2026, 10, 10))


def test_frequencies_repeat_a_trip(tmp_path: Path) -> None:
    text = "trip_id,start_time,end_time,headway_secs\n"
    text += "a,06:00:00,07:00:00,1200\na,07:00:00,08:00:00,1800\n"
    opened = read(feed(tmp_path, frequencies=text))
    found = departures.on_day(opened, departures.stop_times(opened), WEDNESDAY)
    first = found[(found["trip_id"] == "a") & found["first"]]["time_s"] / 60
    assert sorted(first) == [360, 380, 400, 420, 450]
    second = found[(found["trip_id"] == "a") & ~found["first"]]["time_s"] / 60
    assert sorted(second) == pytest.approx([365, 385, 405, 425, 455], abs=0.01)


def test_where_nobody_boards_nobody_departs(tmp_path: Path) -> None:
    rows = TABLES["stop_times"].replace("stop_sequence\n", "stop_sequence,pickup_type\n")
    rows = rows.replace("08:36:00,2,2", "08:36:00,2,2,1")
    opened = read(
        feed(
            tmp_path,
            stop_times="\n".join(
                line if line.count(",") == 5 else f"{line}," for line in rows.splitlines()
            ),
        )
    )
    found = departures.on_day(opened, departures.stop_times(opened), WEDNESDAY)
    assert sorted(found["stop_id"]) == ["1", "1", "1", "2", "2"]


BAD_ROWS = [
    ("trips", "R1,W,b,P", "R9,W,b,P", "trips.txt b", "route_id", "R9"),
    ("trips", "R1,W,b,P", "R1,X,b,P", "trips.txt b", "service_id", "X"),
    ("trips", "R1,W,b,P", "R1,W,b,Q", "trips.txt b", "shape_id", "Q"),
    ("stops", "30.400,,S", "30.400,,T", "stops.txt 1", "parent_station", "T"),
    ("stop_times", "08:36:00,2,2", "08:36:00,77,2", "stop_times.txt b", "stop_id", "77"),
    ("stop_times", "holiday,12:30", "ghost,12:30", "stop_times.txt ghost", "trip_id", "ghost"),
]  # fmt: skip


@pytest.mark.parametrize("row", BAD_ROWS, ids=lambda row: " ".join(row[3:5]))
def test_a_reference_that_leads_nowhere_is_named(tmp_path: Path, row: tuple[str, ...]) -> None:
    table, old, new, where, field, value = row
    opened = read(feed(tmp_path, **{table: TABLES[table].replace(old, new, 1)}))
    named = {(f.code, f.feature, f.field, f.value) for f in opened.findings}
    assert ("gtfs.unknown_reference", where, field, value) in named
    assert not departures.on_day(opened, departures.stop_times(opened), WEDNESDAY).empty


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("08:36:00", "8h36", "gtfs.bad_time"),
        ("b,08:50:00,08:50:00", "b,,", "gtfs.no_time_at_end"),
        ("08:36:00", "08:20:00", "gtfs.time_runs_back"),
    ],
)
def test_a_trip_with_impossible_times_is_left_out(
    tmp_path: Path, old: str, new: str, code: str
) -> None:
    opened = read(feed(tmp_path, stop_times=TABLES["stop_times"].replace(old, new)))
    times = departures.stop_times(opened)
    assert "b" not in set(times["trip_id"])
    assert [(f.code, f.feature) for f in opened.findings] == [(code, "stop_times.txt b")]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"stops": None}, "has no stops.txt, so it is no GTFS feed"),
        ({"calendar": None, "calendar_dates": None}, "neither calendar.txt nor calendar_dates.txt"),
        ({"trips": "route_id,trip_id\nR1,a\n"}, "trips.txt has no column service_id"),
        ({"agency": "agency_name,agency_timezone\nA,Mars/Base\n"}, "one time zone such as"),
        ({"stops": '"'}, "no CSV"),
    ],
)
def test_what_is_no_feed_is_refused(
    tmp_path: Path, changed: dict[str, str | None], said: str
) -> None:
    with pytest.raises(CorruptSource, match=said):
        read(feed(tmp_path, **changed))


def test_a_broken_zip_and_no_file_are_named(tmp_path: Path) -> None:
    whole = feed(tmp_path).read_bytes()
    cut = tmp_path / "cut.zip"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CorruptSource, match=r"cut\.zip is no whole zip file"):
        read(cut)
    with pytest.raises(MissingSource):
        read(tmp_path / "none.zip")


def test_a_feed_of_another_place_is_refused(connection: Connection, tmp_path: Path) -> None:
    far = place(15.6, 48.4)
    save_area(connection, far)
    with pytest.raises(RefusedLoad, match="km from the area place"):
        load(connection, feed(tmp_path), far)
    assert connection.execute("SELECT count(*) FROM layers.version").fetchone() == (0,)


FAULTY = {
    "stops": TABLES["stops"] + "4,Далёка,56.900,30.400,,\n5,Нідзе,0,0,,\n,Без id,54.5,30.4,,\n",
    "routes": TABLES["routes"] + "R3,A,3,Пусты,3\n",
    "trips": TABLES["trips"] + "R9,W,lost,P\nR1,Z,idle,P\n",
    "stop_times": TABLES["stop_times"].replace("08:36:00", "08:20:00")
    + "lost,9:00:00,9:00:00,3,1\nlost,9:10:00,9:10:00,2,2\n",
    "calendar": TABLES["calendar"] + "Z,0,0,0,0,0,0,0,20261001,20261031\n",
}


def test_the_faults_of_a_feed_are_told_where_they_belong(
    connection: Connection, area: Area, tmp_path: Path
) -> None:
    file = feed(tmp_path, **FAULTY)
    for _ in range(2):  # of the same file again nothing is told
        load(connection, file, area)
    told = {one["layer"]: one for one in reports(connection, area="place")}
    assert len(reports(connection)) == 3
    assert str(tmp_path) not in json.dumps(told)
    counts = {
        layer: [one["counts"][name] for name in ("read", "loaded", "refused")]
        for layer, one in told.items()
    }
    # Of 13 calls those of trip b (its time runs back) and of lost (no such route) are left out.
    assert counts == {
        "transit_stops": [7, 5, 2], "transit_lines": [3, 2, 1], "transit_departures": [13, 8, 5],
    }  # fmt: skip
    named = {
        layer: {(f["code"], f["feature"], f["action"]) for f in one["findings"]}
        for layer, one in told.items()
    }
    assert named == {
        "transit_stops": {
            ("gtfs.no_id", "stops.txt:8", "refused"), ("gtfs.no_place", "stops.txt 5", "refused"),
            ("gtfs.outside_area", "stops.txt 4", "noted"),
        },
        "transit_lines": {("gtfs.no_way", "routes.txt R3", "refused")},
        "transit_departures": {
            ("gtfs.unknown_reference", "trips.txt lost", "refused"),
            ("gtfs.unknown_reference", "stop_times.txt lost", "refused"),
            ("gtfs.time_runs_back", "stop_times.txt b", "refused"),
            ("gtfs.no_day", "calendar.txt Z", "noted"),
        },
    }  # fmt: skip
    facts = {one["code"]: one["value"] for one in told["transit_departures"]["facts"]}
    assert facts["fact.days"] == "2026-10-01 – 2026-10-31"
    assert (facts["fact.departures"], facts["fact.running"]) == (4, 2)
    measures = told["transit_departures"]["measures"]
    values = {(one["element"], one["measure"]): one["value"] for one in measures}
    assert values["conceptual consistency", 10] == 3
    assert values["temporal validity", 16] == 0  # of the rows: none is to come
    assert next(one["value"] for one in measures if one["element"] == "temporal validity") == 1
    said = {
        one["code"]: one["detail"] for one in in_words(told["transit_departures"], "be")["findings"]
    }
    assert said["gtfs.no_day"] == "не дзейнічае ні ў адзін дзень; рэйсаў па ім: 1"
    points = store.read(connection, LAYERS["load_faults"]).set_index("feature").geometry
    assert points["trips.txt lost"].coords[0] == (30.44, 54.5)  # where it begins
    assert points["stops.txt 4"].coords[0] == (30.4, 56.9)
    assert "routes.txt R3" not in points


def test_a_feed_that_is_refused_is_told_to_all_its_layers(
    connection: Connection, area: Area, tmp_path: Path
) -> None:
    load(connection, feed(tmp_path), area)
    before = connection.execute("SELECT layer, version FROM layers.version").fetchall()
    for _ in range(2):
        with pytest.raises(CorruptSource):
            load(connection, feed(tmp_path, stops=None), area)
    told = [one for one in reports(connection) if one["decision"] == "refused"]
    assert {one["layer"] for one in told} == {
        "transit_stops", "transit_lines", "transit_departures",
    }  # fmt: skip
    assert len(told) == 3
    assert in_words(told[0], "ru")["reason"].startswith("в feed.zip нет stops.txt, поэтому")
    assert connection.execute("SELECT layer, version FROM layers.version").fetchall() == before


@pytest.mark.parametrize(
    ("week", "trips"),
    [
        ("1,0,0,0,0,0,0,20261001,20261004", 1),  # a Monday service, from Thursday to Sunday
        ("0,0,0,0,0,0,1,20261001,20261004", None),
        ("1,1,1,1,1,1,1,20261005,20261001", 1),
        ("0,0,1,0,0,0,0,20261001,20261007", None),
    ],
)
def test_a_service_that_never_runs_is_found(tmp_path: Path, week: str, trips: int | None) -> None:
    opened = read(
        feed(
            tmp_path,
            calendar=f"{TABLES['calendar']}Q,{week}\n",
            trips=f"{TABLES['trips']}R1,Q,rare,P\n",
        )
    )
    first, last = service.span(opened)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    assert any("Q" in service.services(opened, day) for day in days) == (trips is None)
    assert service.idle(opened).get("Q") == trips


@pytest.mark.parametrize(
    ("route_type", "mode"),
    [("0", "tram"), ("3", "bus"), ("11", "trolleybus"), ("109", "rail"), ("715", "bus"),
     ("401", "metro"), ("900", "tram"), ("1700", "other"), ("", "other")],
)  # fmt: skip
def test_modes(route_type: str, mode: str) -> None:
    assert frames.mode(route_type) == mode


def test_the_buses_of_porto_alegre(connection: Connection, sources_dir: Path) -> None:
    file = sources_dir / "porto-alegre-r5r" / "poa_eptc.zip"
    area = place(-51.18, -30.05)
    save_area(connection, area)
    day = date(2019, 4, 19)  # Good Friday: the exceptions take half of the services away
    done = load(connection, file, area, day)
    assert done.findings == ()
    with zipfile.ZipFile(file) as archive:
        tables = {
            name: pd.read_csv(io.BytesIO(archive.read(f"{name}.txt")), dtype=str)
            for name in ("stops", "routes", "trips", "stop_times", "calendar", "calendar_dates")
        }
    week = tables["calendar"]
    active = set(week[(week["friday"] == "1") & (week["end_date"] >= "20190419")]["service_id"])
    special = tables["calendar_dates"].query("date == '20190419'").set_index("service_id")
    for service_id, kind in special["exception_type"].items():
        (active.add if kind == "1" else active.discard)(str(service_id))
    trips = tables["trips"][tables["trips"]["service_id"].isin(active)]
    assert len(trips) == 1053 < len(tables["trips"]) == 2374
    calls = tables["stop_times"].merge(trips[["trip_id", "route_id"]], on="trip_id")
    calls["n"] = calls["stop_sequence"].astype(int)
    boarding = calls[calls["n"] < calls.groupby("trip_id")["n"].transform("max")]

    stops = store.read(connection, LAYERS["transit_stops"]).set_index("stop_id")
    assert len(stops) == len(tables["stops"]) == 3986
    expected = boarding.groupby("stop_id").size().reindex(stops.index, fill_value=0)
    assert (stops["departures"] == expected).all()
    lines = store.read(connection, LAYERS["transit_lines"]).set_index("line_id")
    assert len(lines) == len(tables["routes"]) == 115
    expected = trips.groupby("route_id").size().reindex(lines.index, fill_value=0)
    assert (lines["trips"] == expected).all()
    hourly = store.read(connection, LAYERS["transit_departures"])
    assert hourly["departures"].sum() == len(boarding) > 10_000
    # Times are stated at the first stop of every trip, so its hours need no interpolation.
    first = calls[calls["n"] == 1].assign(hour=lambda t: t["departure_time"].str[:2].astype(int))
    most = first.groupby(["route_id", "hour"]).size().groupby("route_id").max()
    assert (lines["peak_per_hour"] == most.reindex(lines.index, fill_value=0)).all()
