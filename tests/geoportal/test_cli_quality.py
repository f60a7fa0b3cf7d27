"""A faulty file from the command line to its report: on the page, in JSON, as points on the map."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import psycopg
import pytest
import shapely
from starlette.testclient import TestClient

from geoportal.app import create_app
from geoportal.settings import Settings
from layers.ingest.vector.faults import publish_faults
from tests.fix_loads import LAYERS, ORSHA, write
from tests.geoportal.test_cli import geoportal
from tests.layers.ingest.vector.test_reports import keep_old

Plots = Callable[..., gpd.GeoDataFrame]
WHERE = ("--layer", "parcels", "--area", "orsha")


def faulty(plots: Plots) -> gpd.GeoDataFrame:
    """Of fourteen plots the second reaches over the third, one crosses itself, one has no code."""
    frame = plots(14)
    x, y, *_ = frame.geometry[1].bounds
    frame.loc[1, "geometry"] = shapely.box(x, y, x + 0.0022, y + 0.001)
    x, y, *_ = frame.geometry[7].bounds
    nick = [(0, 0), (10, 0), (10, 10), (10.2, 10.2), (9.8, 10.2), (10.2, 9.8), (0, 10)]
    frame.loc[7, "geometry"] = shapely.Polygon([(x + a * 1e-4, y + b * 1e-4) for a, b in nick])
    frame.loc[9, "purpose"] = "<замок>"
    return frame


def test_a_faulty_file_leaves_a_report_a_page_and_points(
    database: str, plots: Plots, tmp_path: Path
) -> None:
    file = write(faulty(plots), tmp_path / "plots.gpkg", geometry_type="Unknown")
    done = geoportal("load", "vector", str(file), *WHERE, database_url=database)
    assert done.returncode == 0, done.stderr
    assert "noted 1 rule.overlap" in done.stderr
    listed = geoportal("load", "reports", "parcels", database_url=database).stdout
    assert "plots.gpkg" in listed
    assert "published_with_warnings" in listed
    checked = geoportal("layers", "quality", "parcels", "--area", "orsha", database_url=database)
    assert "rule overlap (ISO 19157 measure 11): 2 at fault" in checked.stdout
    with TestClient(create_app(Settings(database_url=database))) as client:
        path = "/ogc/collections/parcels/quality"
        (report,) = client.get(path).json()["reports"]
        counts: dict[str, Any] = report["counts"]
        assert (counts["read"], counts["loaded"], counts["refused"]) == (14, 13, 1)
        assert {one["rule"]: one["faulty"] for one in report["rules"]} == {
            "overlap": 2, "gap": 0, "twice": 0,
        }  # fmt: skip
        measures = {one["measure"]: one["value"] for one in report["measures"]}
        assert (measures[6], measures[60], measures[26]) == (1, 1, 1)
        assert jsonschema_faults(client, report) == []
        for language, words, overlap, code in (
            ("be", "Правілы слоя", "перакрывае аб’ект", "— не код са спіса поля purpose"),
            ("ru", "Правила слоя", "перекрывает объект", "— не код из списка поля purpose"),
            ("en", "Rules of the layer", "overlaps feature", "is none of the codes of purpose"),
        ):
            asked = client.get(path, params={"lang": language}).json()["reports"][0]["findings"]
            details = {one["code"]: one["detail"] for one in asked}
            assert details["rule.overlap"].startswith(overlap)
            assert details["value.unknown_code"].endswith(code)
            page = client.get(path, params={"lang": language, "f": "html"}).text
            assert words in page
            assert overlap in page
            assert code in page
            assert "&lt;замок&gt;" in page
            assert "<замок>" not in page
        links = client.get("/ogc/collections/parcels").json()["links"]
        assert [one for one in links if one["href"].endswith("/parcels/quality")]
        found = client.get("/ogc/collections/load_faults/items?layer=parcels").json()["features"]
        named = {(one["properties"]["code"], one["properties"]["action"]) for one in found}
        assert {("rule.overlap", "noted"), ("value.unknown_code", "refused")} <= named
        west, south, east, north = 30.39, 54.49, 30.45, 54.51
        for one in found:
            x, y = one["geometry"]["coordinates"]
            assert west < x < east
            assert south < y < north
        assert client.get("/ogc/collections/nosuch/quality").status_code == 404
        empty = client.get("/ogc/collections/load_faults/quality").json()
        assert empty["reports"] == []
        assert client.get("/ogc/collections/load_faults/quality?f=html").status_code == 200


def test_a_file_that_cannot_be_opened_is_told_on_the_page(
    database: str, plots: Plots, tmp_path: Path
) -> None:
    good = write(faulty(plots), tmp_path / "good.gpkg", geometry_type="Unknown")
    assert not geoportal("load", "vector", str(good), *WHERE, database_url=database).returncode
    bare = write(plots(4, crs="EPSG:32636"), tmp_path / "bare.shp")
    (tmp_path / "bare.prj").unlink()
    tried = geoportal("load", "vector", str(bare), *WHERE, "--dry-run", database_url=database)
    done = geoportal("load", "vector", str(bare), *WHERE, database_url=database)
    assert (tried.returncode, done.returncode) == (1, 1)
    assert "bare.shp does not say its CRS; it falls into orsha in" in done.stderr
    listed = geoportal("load", "reports", "parcels", "--lang", "be", database_url=database).stdout
    assert listed.count("bare.shp") == 2  # in the list once, and why: the dry run left none
    assert "у bare.shp не пазначана сістэма каардынат; ён трапляе ў orsha" in listed
    with TestClient(create_app(Settings(database_url=database))) as client:
        path = "/ogc/collections/parcels/quality"
        for language, words in (
            ("be", "у bare.shp не пазначана сістэма каардынат; ён трапляе ў orsha у сістэмах"),
            ("ru", "в bare.shp не указана система координат; он попадает в orsha в системах"),
            ("en", "bare.shp does not say its CRS; it falls into orsha in"),
        ):
            answer, good_one = client.get(path, params={"lang": language}).json()["reports"]
            assert len(good_one["findings"]) == 3  # of the rows that are there
            assert answer["reason"].startswith(words)
            assert answer["why"]["code"] == "crs.missing"
            assert words in client.get(path, params={"lang": language, "f": "html"}).text
            assert jsonschema_faults(client, answer) == []


def jsonschema_faults(client: TestClient, report: dict[str, Any]) -> list[str]:
    """What the OpenAPI document does not say of a report."""
    schemas = client.get("/ogc/openapi").json()["components"]["schemas"]
    found = [name for name in schemas["loadReport"]["required"] if name not in report]
    for one in report["findings"]:
        found += [name for name in schemas["finding"]["required"] if name not in one]
        found += [name for name in one if name not in schemas["finding"]["properties"]]
    return found


def test_reports_of_former_days_still_open(database: str, plots: Plots, tmp_path: Path) -> None:
    good = write(plots(4), tmp_path / "good.gpkg")
    assert not geoportal("load", "vector", str(good), *WHERE, database_url=database).returncode
    with psycopg.connect(database, autocommit=True) as connection:
        keep_old(connection)
    with TestClient(create_app(Settings(database_url=database))) as client:
        for language, title in (("be", "няма значэння"), ("ru", "нет значения"), ("en", "missing")):
            page = client.get(f"/ogc/collections/parcels/quality?f=html&lang={language}")
            assert page.status_code == 200
            assert title in page.text
            assert "no value in purpose" in page.text
            assert "an old reason" in page.text
    listed = geoportal("load", "reports", "parcels", database_url=database)
    assert "parcels, orsha: an old reason" in listed.stdout


def test_a_first_load_that_is_refused_leaves_its_report_and_points(
    database: str, plots: Plots, tmp_path: Path
) -> None:
    frame = plots(4)
    frame.geometry = shapely.buffer(frame.geometry.array, 0.002)
    bad = write(frame, tmp_path / "bad.gpkg")
    done = geoportal("load", "vector", str(bad), *WHERE, database_url=database)
    assert done.returncode == 1
    assert "break the rule 'overlap'" in done.stderr
    with TestClient(create_app(Settings(database_url=database))) as client:
        found = client.get("/ogc/collections/load_faults/items").json()["features"]
        assert {one["properties"]["code"] for one in found} == {"rule.overlap"}
        # Nothing of the layer is published, so there is no page of it either.
        assert client.get("/ogc/collections/parcels/quality").status_code == 404


def test_a_file_that_breaks_a_rule_is_refused_and_changes_nothing(
    database: str, plots: Plots, tmp_path: Path
) -> None:
    good = write(plots(4), tmp_path / "good.gpkg")
    assert not geoportal("load", "vector", str(good), *WHERE, database_url=database).returncode
    frame = plots(4)
    frame.geometry = shapely.buffer(frame.geometry.array, 0.002)  # each over its neighbours
    bad = write(frame, tmp_path / "bad.gpkg")
    done = geoportal("load", "vector", str(bad), *WHERE, database_url=database)
    assert done.returncode == 1
    named = r"feature (\d) \(0000\1\) overlaps feature (\d) \(0000\2\) by"  # GeoPackage: from 1
    assert re.search(f"break the rule 'overlap' of the layer: {named}", done.stderr)
    listed = geoportal("load", "reports", "--json", database_url=database).stdout.splitlines()
    assert ['"decision":"refused"' in line for line in listed] == [True, False]
    checked = geoportal("layers", "quality", "parcels", "--area", "orsha", database_url=database)
    assert checked.returncode == 0
    assert checked.stdout.startswith("4 features\n")
    with TestClient(create_app(Settings(database_url=database))) as client:
        newest, first = client.get("/ogc/collections/parcels/quality").json()["reports"]
        assert (newest["decision"], first["decision"]) == ("refused", "published")
        assert {one["code"] for one in newest["findings"]} == {"rule.overlap"}
        assert first["findings"] == []
    with psycopg.connect(database, autocommit=True) as connection:
        parcels = LAYERS["parcels"].model_copy(update={"access": "restricted"})
        publish_faults(connection, LAYERS | {"parcels": parcels}, ORSHA)
        row = connection.execute("SELECT count(*) FROM features.load_faults").fetchone()
        assert row == (0,)  # what only some may see must not show on anybody's map


@pytest.mark.parametrize("what", [("load", "reports", "nosuch"), ("load", "reports")])
def test_no_reports_are_said_so(database: str, what: tuple[str, ...]) -> None:
    assert geoportal(*what, database_url=database).stdout.strip() == "no load has left a report yet"
