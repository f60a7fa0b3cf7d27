"""Readings of stations: read in any form, converted, merged, and nothing lost or said twice."""

import json
from pathlib import Path
from zoneinfo import ZoneInfo

import geopandas as gpd
import pandas as pd
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layers import store
from layers.area import save_area, seed_areas
from layers.errors import CorruptSource, MissingSource, RefusedLoad
from layers.ingest.series.columns import Choice
from layers.ingest.series.gaps import gaps
from layers.ingest.series.load import Done, Terms, load_series
from layers.ingest.series.read import read
from layers.ingest.vector.reports import reports
from layers.load_reports import in_words
from layers.model import Origin
from layers.registry import load_layers

Connection = psycopg.Connection[tuple[object, ...]]
LAYERS = load_layers()
LAYER = LAYERS["air_sensor_readings"]
ORSHA = seed_areas()["orsha"]
MINSK = ZoneInfo("Europe/Minsk")
WIDE = """station,time,"PM10, мкг/м3",NO2 [mg/m3],Температура воздуха (°C)
AIR-01,2026-10-01T03:00:00+03:00,20,0.015,7.5
AIR-01,2026-10-01T04:00:00+03:00,"21,5",,8
вул. Прыкладная,2026-10-01T03:00:00+03:00,30,0.02,7
"""


def written(folder: Path, text: str, name: str = "air.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def stations() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"sensor_id": ["AIR-01", "AIR-02"], "name": [None, "вул. Прыкладная"]},
        geometry=gpd.points_from_xy([30.42, 30.43], [54.51, 54.51]),
        index=[ORSHA.feature_id(1), ORSHA.feature_id(2)],
        crs=4326,
    )


@pytest.fixture
def ready(connection: Connection) -> Connection:
    """A database with two stations in Orsha."""
    save_area(connection, ORSHA)
    origin = Origin(status="open", source="test", checksum="1")
    store.replace(connection, LAYERS["air_sensors"], [stations()], area=ORSHA, origin=origin)
    return connection


def load(connection: Connection, file: Path, **terms: bool) -> Done:
    return load_series(connection, LAYERS, read(file, LAYER), LAYER.id, ORSHA, Terms(file, **terms))


def loaded(connection: Connection) -> dict[tuple[str, str], dict[str, float]]:
    frame = store.read(connection, LAYER)
    return {
        (row.sensor_id, f"{row.time:%dT%H}"): {
            k: getattr(row, k) for k in ("pm10_ug_m3", "no2_ug_m3", "temperature_c")
            if getattr(row, k) == getattr(row, k)
        }
        for row in frame.itertuples()
    }  # fmt: skip


def test_a_wide_table_is_placed_and_converted(ready: Connection, tmp_path: Path) -> None:
    done = load(ready, written(tmp_path, WIDE))
    assert (done.read, done.added, done.late, done.identical) == (3, 3, 0, 0)
    assert done.findings == ()
    assert loaded(ready) == {
        ("AIR-01", "01T00"): {"pm10_ug_m3": 20, "no2_ug_m3": 15, "temperature_c": 7.5},
        ("AIR-01", "01T01"): {"pm10_ug_m3": 21.5, "temperature_c": 8},
        ("AIR-02", "01T00"): {"pm10_ug_m3": 30, "no2_ug_m3": 20, "temperature_c": 7},
    }
    at = store.read(ready, LAYER).set_index("sensor_id").geometry
    assert at["AIR-02"].coords[0] == (30.43, 54.51)


def test_a_long_table_in_cp1251_with_local_times(ready: Connection, tmp_path: Path) -> None:
    text = (
        "Пост;Дата;Время;Показатель;Значение;Единица\n"
        "AIR-01;01.10.2026;03:00;PM10;20;мкг/м3\n"
        "AIR-01;01.10.2026;03:00;NO2;0,015;мг/м3\n"
        "вул. Прыкладная;01.10.2026;4:00;Азоту дыяксід;20;мкг/м3\n"
    )
    file = written(tmp_path, text, encoding="cp1251")
    found = read(file, LAYER, zone=MINSK)
    load_series(ready, LAYERS, found, LAYER.id, ORSHA, Terms(file))
    assert loaded(ready) == {
        ("AIR-01", "01T00"): {"pm10_ug_m3": 20, "no2_ug_m3": 15},
        ("AIR-02", "01T01"): {"no2_ug_m3": 20},
    }


def test_the_same_file_twice_changes_nothing(ready: Connection, tmp_path: Path) -> None:
    file = written(tmp_path, WIDE)
    first, again = load(ready, file), load(ready, file)
    assert not again.loaded.changed
    assert again.loaded.version == first.loaded.version
    assert (again.added, again.changed) == (0, 0)


def test_late_rows_come_in_and_ids_stay(ready: Connection, tmp_path: Path) -> None:
    load(ready, written(tmp_path, WIDE))
    before = store.read(ready, LAYER)
    late = written(tmp_path, "station,time,pm10_ug_m3\nAIR-01,2026-09-30T20:00Z,9\n", "late.csv")
    done = load(ready, late)
    assert (done.added, done.late) == (1, 1)
    after = store.read(ready, LAYER)
    assert len(after) == len(before) + 1
    assert (after.loc[before.index, "time"] == before["time"]).all()


def test_conflicts_are_refused_and_named(ready: Connection, tmp_path: Path) -> None:
    head = "station,time,pm10_ug_m3,no2_ug_m3\n"
    twice = (
        f"{head}AIR-01,2026-10-01T00:00Z,20,\nAIR-01,2026-10-01T00:00Z,20,\n"
        "AIR-01,2026-10-01T01:00Z,21,5\nAIR-01,2026-10-01T01:00Z,22,5\n"
    )
    done = load(ready, written(tmp_path, twice))
    assert done.identical == 2
    (named,) = done.findings
    assert (named.code, named.feature, named.field, named.value) == (
        "series.conflicting", "AIR-01 2026-10-01T01:00Z", "pm10_ug_m3", "21, 22",
    )  # fmt: skip
    assert loaded(ready)["AIR-01", "01T01"] == {"no2_ug_m3": 5}

    other = written(tmp_path, f"{head}AIR-01,2026-10-01T00:00Z,99,7\n", "other.csv")
    done = load(ready, other)
    assert [(f.code, f.value) for f in done.findings] == [("series.differs", "99")]
    assert loaded(ready)["AIR-01", "01T00"] == {"pm10_ug_m3": 20, "no2_ug_m3": 7}
    assert load(ready, other, correct=True).changed == 1
    assert loaded(ready)["AIR-01", "01T00"] == {"pm10_ug_m3": 99, "no2_ug_m3": 7}


def test_a_station_by_id_and_by_name_is_one(ready: Connection, tmp_path: Path) -> None:
    text = (
        "station,time,pm10_ug_m3,no2_ug_m3\nAIR-02,2026-10-01T00:00Z,1,\n"
        "Вул. прыкладная,2026-10-01T00:00Z,2,5\nair-02,2026-10-01T01:00Z,3,\n"
    )
    done = load(ready, written(tmp_path, text))
    named = [(f.code, f.feature, f.field) for f in done.findings]
    assert named == [("series.conflicting", "AIR-02 2026-10-01T00:00Z", "pm10_ug_m3")]
    assert loaded(ready) == {
        ("AIR-02", "01T00"): {"no2_ug_m3": 5},
        ("AIR-02", "01T01"): {"pm10_ug_m3": 3},
    }


def test_unknown_stations_and_bad_cells_are_named(ready: Connection, tmp_path: Path) -> None:
    text = (
        "station,time,pm10_ug_m3\nAIR-01,2026-10-01T00:00Z,1\nAIR-09,2026-10-01T00:00Z,1\n"
        "AIR-01,2026-13-01T00:00Z,1\nAIR-01,2026-10-01T02:00Z,<5\n,2026-10-01T02:00Z,5\n"
        "AIR-02,2026-10-01T00:00Z,н/д\n"
    )
    done = load(ready, written(tmp_path, text))
    assert {(f.code, f.feature, f.value) for f in done.findings} == {
        ("series.unknown_station", "AIR-09", "AIR-09"),
        ("series.bad_time", "AIR-01 #3", "2026-13-01T00:00Z"),
        ("series.bad_value", "AIR-01 2026-10-01T02:00Z", "<5"),
        ("series.station_missing", "#5", None),
    }
    assert set(loaded(ready)) == {("AIR-01", "01T00")}


def test_demonstration_is_not_mixed_with_measured(ready: Connection, tmp_path: Path) -> None:
    file = written(tmp_path, WIDE)
    load(ready, file)
    ready.execute("UPDATE layers.version SET status = 'demonstration'")
    with pytest.raises(RefusedLoad, match="say --replace"):
        load(ready, file)
    short = written(tmp_path, "station,time,pm10_ug_m3\nAIR-02,2026-10-05T00:00Z,3\n", "new.csv")
    load(ready, short, replace=True)
    assert set(loaded(ready)) == {("AIR-02", "05T00")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("station,time,pm10_ug_m3\nA,2026-10-01 03:00,1\n", "has no time zone; say it with --time"),
        ("station,time,PM10\nA,2026-10-01T03:00Z,1\n", "--unit PM10=UNIT"),
        ("station,time,NO2 [ppb]\nA,2026-10-01T03:00Z,1\n", "share of volume"),
        ("station,time,NO2 [km]\nA,2026-10-01T03:00Z,1\n", "'km' is no unit of no2_ug_m3"),
        ("where,time,pm10_ug_m3\nA,2026-10-01T03:00Z,1\n", "--column station=NAME"),
        ("station,pm10_ug_m3\nA,1\n", "--column time=NAME"),
        ("station,time,noise\nA,2026-10-01T03:00Z,1\n", "no column is a parameter of"),
        ("station,time,PM10 [ug/m3],pm10_ug_m3\nA,2026-10-01T03:00Z,1,1\n", "two columns are"),
        ("station,id,time,pm10_ug_m3\nA,1,2026-10-01T03:00Z,1\n", "may both be the station"),
    ],
)
def test_what_would_have_to_be_guessed_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(RefusedLoad, match=said.replace("[", r"\[")):
        read(written(tmp_path, text), LAYER)


def test_binary_and_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingSource):
        read(tmp_path / "none.csv", LAYER)
    (tmp_path / "x.csv").write_bytes(b"a,b\0\x01\n")
    with pytest.raises(CorruptSource, match="binary"):
        read(tmp_path / "x.csv", LAYER)


def test_what_the_operator_says_is_taken(tmp_path: Path) -> None:
    text = "place;when;PM10\nA;01.10.2026 3:00;0,02\n"
    choice = Choice({"station": "place", "time": "when"}, {"pm10": "mg/m3"})
    found = read(written(tmp_path, text), LAYER, zone=MINSK, choice=choice)
    (row,) = found.rows.to_dict("records")
    assert row == {"station": "A", "time": pd.Timestamp("2026-10-01T00:00Z"), "pm10_ug_m3": 20.0}


def test_an_hour_that_the_clock_skips_or_repeats_is_refused(tmp_path: Path) -> None:
    text = "station,time,pm10_ug_m3\nA,2026-03-29 03:30,1\n"
    text += "A,2026-10-25 03:30,2\nA,2026-07-01 12:00,3\n"
    found = read(written(tmp_path, text), LAYER, zone=ZoneInfo("Europe/Vilnius"))
    assert [f.code for f in found.findings] == ["series.bad_time", "series.bad_time"]
    assert found.rows["time"].tolist() == [pd.Timestamp("2026-07-01T09:00Z")]


def test_gaps_are_told_from_the_step_of_the_series() -> None:
    hours = pd.to_datetime([f"2026-10-01T{h:02}:00Z" for h in (0, 1, 2, 5, 6, 8)])
    frame = pd.DataFrame({"sensor_id": "A", "time": hours})
    (found,) = gaps(frame.sample(frac=1, random_state=1), "sensor_id")
    assert (found.step, found.count, found.missing) == (pd.Timedelta(hours=1), 2, 3)
    assert found.longest == (hours[2], hours[3])


FAULTY = """station,time,PM10 [ug/m3],wind
AIR-01,2026-10-01T00:00Z,1,3
AIR-01,2026-10-01T01:00Z,2,3
AIR-01,2026-10-01T02:00Z,3,3
AIR-01,2026-10-01T05:00Z,4,3
AIR-01,2026-10-01T05:00Z,4,3
AIR-01,2026-10-01T06:00Z,<5,3
AIR-01,2026-10-01T07:00Z,н/д,3
вул. Прыкладная,2026-13-01T00:00Z,6,3
AIR-09,2026-10-01T00:00Z,7,3
,2026-10-01T00:00Z,8,3
"""


def test_a_load_leaves_a_report_with_counts_findings_and_measures(
    ready: Connection, tmp_path: Path
) -> None:
    file = written(tmp_path, FAULTY)
    load(ready, file)
    load(ready, file)  # nothing new is told of the same file
    (report,) = reports(ready, LAYER.id)
    assert (report["file"], report["decision"]) == ("air.csv", "published_with_warnings")
    assert str(tmp_path) not in json.dumps(report)
    counts = report["counts"]
    # Four rows of six records; one has no value, and four cannot be used.
    assert [counts[name] for name in ("read", "loaded", "refused", "added")] == [10, 6, 4, 4]
    assert report["totals"] == {
        "series.bad_time refused": 1, "series.bad_value refused": 1, "series.gap noted": 1,
        "series.repeated noted": 1, "series.station_missing refused": 1,
        "series.unknown_station refused": 1,
    }  # fmt: skip
    facts = {one["code"]: one["value"] for one in report["facts"]}
    assert [facts[f"fact.{name}"] for name in ("late", "repeated", "gaps", "missing")] == [
        0, 1, 1, 2,
    ]  # fmt: skip
    assert (facts["fact.begin"], facts["fact.end"]) == (
        "2026-10-01 00:00 UTC", "2026-10-01 05:00 UTC",
    )  # fmt: skip
    assert report["unmapped"] == ["wind"]
    found = {(one["element"], one["measure"]): one["value"] for one in report["measures"]}
    assert found["completeness commission", 4] == 1
    assert found["conceptual consistency", 10] == 2
    assert found["completeness omission", 7] == pytest.approx(2 / 6)  # the last one: of gaps
    of_time = [one for one in report["measures"] if one["element"] == "temporal validity"]
    assert [one["value"] for one in of_time] == [1, 0]  # unreadable ones, and rows to come
    said = {one["code"]: one for one in in_words(report, "be")["findings"]}
    assert said["series.gap"]["feature"] == "AIR-01 2026-10-01T02:00Z"
    assert said["series.gap"]["detail"].startswith("паказанне кожныя 1:00:00: 1 прагал, ")
    assert said["series.bad_value"]["title"] == "нечытэльнае паказанне"
    points = store.read(ready, LAYERS["load_faults"])
    at = {row.code: row.geometry.coords[0] for row in points.itertuples()}
    assert at == {
        "series.gap": (30.42, 54.51), "series.bad_value": (30.42, 54.51),
        "series.bad_time": (30.43, 54.51),
    }  # fmt: skip


def test_a_file_without_news_is_told_once(ready: Connection, tmp_path: Path) -> None:
    load(ready, written(tmp_path, WIDE))
    for _ in range(2):
        other = "station,time,pm10_ug_m3\nAIR-01,2026-10-01T00:00Z,99\n"
        load(ready, written(tmp_path, other, "other.csv"))
    told, _ = reports(ready, LAYER.id)
    assert (told["decision"], told["file"]) == ("unchanged", "other.csv")
    assert (told["counts"]["refused"], told["counts"]["unchanged"]) == (1, 3)
    assert in_words(told, "ru")["findings"][0]["detail"].startswith("загружено 20; новое")


def test_a_refusal_is_told_and_changes_nothing(ready: Connection, tmp_path: Path) -> None:
    load(ready, written(tmp_path, WIDE))
    before = store.read(ready, LAYER)
    far = written(tmp_path, "station,time,pm10_ug_m3\nX,2026-10-01T00:00Z,1\n", "far.csv")
    for _ in range(2):
        with pytest.raises(RefusedLoad, match="no row is of a station of the area orsha"):
            load(ready, far)
    refused, _ = reports(ready, LAYER.id)
    assert (refused["decision"], refused["file"]) == ("refused", "far.csv")
    assert in_words(refused, "be")["reason"].endswith("на ёй ёсць AIR-01, AIR-02")
    assert store.read(ready, LAYER).equals(before)


ROW = st.tuples(st.sampled_from(["AIR-01", "AIR-02"]), st.integers(0, 30), st.integers(0, 50))


@settings(max_examples=5, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(st.lists(ROW, min_size=2, max_size=30, unique_by=lambda r: r[:2]), st.integers(1, 29))
def test_files_in_parts_are_the_whole_file(
    ready: Connection, tmp_path: Path, rows: list[tuple[str, int, int]], cut: int
) -> None:
    def part(some: list[tuple[str, int, int]], name: str) -> Path:
        lines = [f"{s},2026-10-{1 + h // 24:02}T{h % 24:02}:00Z,{v}" for s, h, v in some]
        return written(tmp_path, "\n".join(["station,time,pm10_ug_m3", *lines]), name)

    load(ready, part(rows, "whole.csv"), replace=True)
    whole = loaded(ready)
    store.remove(ready, LAYER, ORSHA)
    for name, some in (("b.csv", rows[cut:]), ("a.csv", rows[:cut]), ("all.csv", rows)):
        if some:
            load(ready, part(some, name))
    assert loaded(ready) == whole
