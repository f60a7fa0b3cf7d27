"""What is kept of loads: refusals at opening too, in the reader's language, also of former days."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import psycopg
import pytest
import shapely

from layers import store
from layers.errors import LayersError, RefusedLoad
from layers.ingest.vector.faults import publish_faults
from layers.ingest.vector.mapping import Mapping, Rules
from layers.ingest.vector.reports import keep, refusals_kept, reports
from layers.load_reports import in_words
from layers.model import LANGUAGES
from tests.fix_loads import KEYED, LAYERS, ORSHA, Loader, write

Plots = Callable[..., gpd.GeoDataFrame]
Make = Callable[[Path, gpd.GeoDataFrame], Path]


def without_crs(folder: Path, frame: gpd.GeoDataFrame) -> Path:
    file = write(frame, folder / "a.shp")
    (folder / "a.prj").unlink()
    return file


def swapped(folder: Path, frame: gpd.GeoDataFrame) -> Path:
    frame.geometry = shapely.transform(frame.geometry.to_numpy(), lambda xy: xy[:, ::-1])
    return write(frame, folder / "a.gpkg")


def undecidable(folder: Path, _frame: gpd.GeoDataFrame) -> Path:
    file = folder / "a.csv"
    file.write_bytes(b"cadastral_number,purpose,WKT\n1,\xe1\xe0\xe1,POINT EMPTY\n")
    return file


def no_data(folder: Path, _frame: gpd.GeoDataFrame) -> Path:
    (folder / "plan.docx").write_bytes(b"x")
    return folder / "plan.docx"


def other_columns(folder: Path, frame: gpd.GeoDataFrame) -> Path:
    return write(frame.drop(columns="purpose"), folder / "a.gpkg")


@pytest.mark.parametrize(
    ("make", "code", "words"),
    [
        (
            without_crs, "crs.missing",
            ("не пазначана сістэма каардынат", "не указана система координат", "does not say"),
        ),
        (swapped, "crs.swapped", ("восі перастаўлены", "оси переставлены", "axes are swapped")),
        (undecidable, "encoding.two_ways", ("чытаецца як «", "читается как «", "may read '")),
        (no_data, "file.ending", ("невядомае пашырэнне", "неизвестное расширение", "no ending")),
        (other_columns, "columns.needed", ("патрэбна purpose", "нужно purpose", "needs purpose")),
    ],
    ids=["no crs", "swapped", "encoding", "no data", "columns"],
)  # fmt: skip
def test_a_refusal_at_opening_leaves_a_report(
    load: Loader, plots: Plots, tmp_path: Path, make: Make, code: str, words: tuple[str, ...]
) -> None:
    with (
        pytest.raises(LayersError) as caught,
        refusals_kept(load.conn, ["parcels"], "orsha", file := make(tmp_path, plots(6))),
    ):
        load(file, mapping=KEYED)
    (report,) = reports(load.conn, "parcels", "orsha")
    assert (report["decision"], report["file"], report["findings"]) == ("refused", file.name, [])
    assert report["why"]["code"] == code
    for language, said in zip(LANGUAGES, words, strict=True):
        assert said in in_words(report, language)["reason"]
    assert in_words(report, "en")["reason"] == str(caught.value)


def test_the_candidates_are_kept_for_programs(load: Loader, plots: Plots, tmp_path: Path) -> None:
    file = without_crs(tmp_path, plots(6, crs="EPSG:32636"))
    with pytest.raises(LayersError), refusals_kept(load.conn, ["parcels"], "orsha", file):
        load(file)
    (report,) = reports(load.conn)
    systems = report["why"]["parameters"]["candidates"]["parameters"]["systems"]
    assert "EPSG:32636" in [one["parameters"]["code"] for one in systems]


def test_points_of_the_load_before_a_refusal_stay(
    load: Loader, plots: Plots, tmp_path: Path
) -> None:
    frame = plots(6, area_m2=["1", "шмат", "3", "4", "5", "6"])
    keep(load.conn, load(write(frame, tmp_path / "good.gpkg")))
    publish_faults(load.conn, LAYERS, ORSHA)
    before = store.read(load.conn, LAYERS["load_faults"])
    assert before["detail_be"].tolist() == ["area_m2: «шмат» — не лік"]
    assert before["detail_ru"].tolist() == ["area_m2: «шмат» — не число"]
    assert before["detail_en"].tolist() == ["area_m2: 'шмат' is not a number"]
    file = no_data(tmp_path, frame)
    with pytest.raises(LayersError), refusals_kept(load.conn, ["parcels"], "orsha", file):
        load(file)
    publish_faults(load.conn, LAYERS, ORSHA)
    assert store.read(load.conn, LAYERS["load_faults"]).equals(before)


def test_what_is_no_file_leaves_a_report_too(load: Loader, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")  # whoever opens it waits for somebody to write
    (tmp_path / "folder").mkdir()
    for name in ("pipe.csv", "folder"):
        with (
            pytest.raises(RefusedLoad, match=f"{name} is not a file"),
            refusals_kept(load.conn, [load.layer.id], ORSHA.id, tmp_path / name),
        ):
            load(tmp_path / name)
    assert {one["checksum"] for one in reports(load.conn)} == {""}


def test_a_fault_beyond_the_earth_is_no_point_of_the_map(
    load: Loader, plots: Plots, tmp_path: Path
) -> None:
    frame = plots(6)
    frame.geometry = [shapely.box(1e300, 1e300, 2e300, 2e300), *frame.geometry[1:]]
    report = load(write(frame, tmp_path / "a.gpkg"))
    (found,) = report.findings
    assert (found.code, found.lon, found.lat) == ("geometry.outside_area", None, None)
    keep(load.conn, report)
    publish_faults(load.conn, LAYERS, ORSHA)
    assert store.read(load.conn, LAYERS["load_faults"]).empty


def test_every_decision_is_told_in_three_languages(
    load: Loader, plots: Plots, tmp_path: Path
) -> None:
    load(write(plots(10), tmp_path / "1.gpkg"), mapping=KEYED)
    held = load(write(plots(5), tmp_path / "2.gpkg"), mapping=KEYED)
    frame = plots(4, area_m2=["шмат", "шмат", "шмат", "1"])
    refused = load(write(frame, tmp_path / "3.gpkg"), mapping=KEYED)
    strict = Mapping(key=("cadastral_number",), rules=Rules(refused_share=0, null_geometry="keep"))
    frame = plots(3)
    frame.loc[1, "geometry"] = None
    rows = load(write(frame, tmp_path / "4.gpkg"), mapping=strict)
    said = [
        [in_words(one.document(), language)["reason"] for language in LANGUAGES]
        for one in (held, refused, rows)
    ]
    assert said[0][0].startswith("зніклі б аб’екты: 5, 50% наяўных, больш за 20%")
    assert said[1][1] == (
        "не приняты 3 из 4 объектов, чаще всего (3): нечитаемое значение; объект 1:"
        " area_m2: «шмат» — не число"
    )
    assert "радкоў 1: няма геаметрыі" in said[2][0]
    for texts in said:
        assert len(set(texts)) == len(LANGUAGES)


OLD = {
    "layer": "parcels", "area": "orsha", "file": "old.gpkg", "checksum": "", "crs": "WGS 84",
    "time": "2026-11-27T10:00:00+00:00", "operation": "none", "accuracy_m": 0, "encoding": "utf-8",
    "counts": {
        "read": 2, "loaded": 1, "repaired": 0, "refused": 1,
        "added": 1, "changed": 0, "removed": 0, "unchanged": 0,
    },
    "unmapped": [], "measures": [], "rules": [], "decision": "published_with_warnings",
    "reason": "an old reason", "dry_run": False, "totals": {"value.missing refused": 1},
    "findings": [{
        "code": "value.missing", "feature": "2", "action": "refused", "field": "purpose",
        "value": None, "detail": "no value in purpose", "lon": 30.42, "lat": 54.5,
    }],
}  # fmt: skip
"""A report as they were kept until 28 November 2026: sentences, no codes."""


def keep_old(conn: psycopg.Connection[tuple[object, ...]]) -> None:
    conn.execute(
        "INSERT INTO layers.load_report (layer, area, loaded_at, file, decision, report)"
        " VALUES ('parcels', 'orsha', now(), 'old.gpkg', 'published_with_warnings', %s)",
        [json.dumps(OLD)],
    )


@pytest.mark.parametrize(
    ("crs", "said"),
    [("WGS 84 (EPSG:4326)", "уже в WGS 84"),
     ("WGS 84 / UTM zone 36N (EPSG:32636)", "из проекции в градусы, датум уже WGS 84")],
)  # fmt: skip
def test_operations_of_former_days_are_told_in_words(crs: str, said: str) -> None:
    kept = OLD | {"crs": crs, "operation": "none: WGS 84"}
    assert in_words(kept, "ru")["operation"] == said


def test_a_report_that_cannot_be_kept_does_not_hide_the_error(
    load: Loader, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "a.gpkg"
    file.write_bytes(b"x")
    with (
        pytest.raises(RefusedLoad, match="the reason"),
        refusals_kept(load.conn, ["par\0cels"], "orsha", file),  # PostgreSQL keeps no NUL
    ):
        raise RefusedLoad("the reason")
    assert "the report of a.gpkg is not kept" in caplog.text
    assert reports(load.conn) == []


def test_reports_of_former_days_say_what_they_said(load: Loader) -> None:
    keep_old(load.conn)
    (report,) = reports(load.conn)
    titles = ("няма значэння", "нет значения", "missing value")
    for language, title in zip(LANGUAGES, titles, strict=True):
        told = in_words(report, language)
        assert told["reason"] == "an old reason"
        (found,) = told["findings"]
        assert (found["title"], found["detail"]) == (title, "no value in purpose")
    publish_faults(load.conn, LAYERS, ORSHA)
    (detail,) = store.read(load.conn, LAYERS["load_faults"])["detail_ru"]
    assert detail == "no value in purpose"
