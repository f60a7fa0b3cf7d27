"""`geoportal load vector` and `load undo` as a person types them."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import psycopg
import pytest

from tests.fix_loads import write
from tests.geoportal.test_cli import geoportal, refused

Plots = Callable[..., gpd.GeoDataFrame]
Run = Callable[..., "subprocess.CompletedProcess[str]"]

MAPPING = """
key: [cadastral_number]
fields:
  purpose:
    from: НАЗНАЧЕНИЕ
    codes: {жилая: residential, "2": green}
  area_m2: {from: ПЛОЩАДЬ, unit: har}
  address: {constant: Орша}
ignore: [SHAPE_LEN]
"""


@pytest.fixture
def run(database: str) -> Run:
    def call(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        return geoportal("load", *arguments, database_url=database)

    return call


def count(database: str) -> int:
    with psycopg.connect(database) as connection:
        row = connection.execute("SELECT count(*) FROM features.parcels").fetchone()
    assert row is not None
    return int(row[0])


def test_a_shapefile_in_cp1251_on_a_local_grid(run: Run, plots: Plots, tmp_path: Path) -> None:
    frame = plots(5, "EPSG:28406").drop(columns="address")
    frame["НАЗНАЧЕНИЕ"] = ["жилая", "2", "жилая", "Озеленение", "замок"]
    frame["ПЛОЩАДЬ"] = ["1,5"] * 5
    frame["SHAPE_LEN"], frame["ПРИМЕЧАНИЕ"] = 1.0, "Ўзда"
    frame = frame.drop(columns="purpose").rename(columns={"cadastral_number": "cadastral_"})
    file = write(frame, tmp_path / "участки.shp", encoding="cp1251")
    for part in ("cpg", "prj"):
        (tmp_path / f"участки.{part}").unlink()
    (tmp_path / "m.yml").write_text(MAPPING, "utf-8")
    what = (file, "--layer", "parcels", "--area", "orsha", "--mapping", tmp_path / "m.yml")
    said = refused(run("vector", *what))
    assert "does not say its CRS" in said
    assert "EPSG:28406 (Pulkovo 1942 / Gauss-Kruger zone 6)" in said
    report = tmp_path / "report.json"
    done = run("vector", *what, "--crs", "EPSG:28406", "--json", report)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == [
        "участки.shp: Pulkovo 1942 / Gauss-Kruger zone 6 (EPSG:28406); to WGS 84 by Pulkovo 1942"
        " to WGS 84 (16) (EPSG:15865), accuracy 4.5 m; text in cp1251",
        "5 features read, 0 repaired, 1 refused",
        "  refused 1 value.unknown_code: 4; НАЗНАЧЕНИЕ: 'замок' is none of the codes of purpose",
        "columns that go nowhere: ПРИМЕЧАНИЕ",
        "4 added, 0 changed, 0 removed, 0 unchanged",
        "parcels, orsha: loaded without the refused features",
    ]
    whole = json.loads(report.read_text("utf-8"))
    assert whole["decision"] == "published_with_warnings"
    assert whole["counts"]["loaded"] == 4
    assert whole["findings"][0]["value"] == "замок"


def test_held_accepted_and_undone(run: Run, plots: Plots, database: str, tmp_path: Path) -> None:
    (tmp_path / "m.yml").write_text("key: [cadastral_number]\n")
    many, few = write(plots(6), tmp_path / "1.gpkg"), write(plots(3), tmp_path / "2.gpkg")
    what = ("--layer", "parcels", "--area", "orsha", "--mapping", tmp_path / "m.yml")
    tried = run("vector", many, *what, "--dry-run")
    assert tried.returncode == 0, tried.stderr
    assert "dry run, nothing was changed; it would be loaded" in tried.stderr
    assert count(database) == 0
    assert run("vector", many, *what).returncode == 0
    held = run("vector", few, *what)
    assert held.returncode == 3
    assert "held, nothing was changed: 3 features, 50% of what is there, would" in held.stderr
    assert count(database) == 6
    assert run("vector", few, *what, "--accept-removals").returncode == 0
    assert count(database) == 3
    undone = run("undo", "parcels", "--area", "orsha")
    assert "6 rows of '1.gpkg' are back; 3 added, 0 changed, 0 removed, 3" in undone.stderr
    assert count(database) == 6
    assert "there is nothing to go back to" in refused(run("undo", "parcels", "--area", "orsha"))
    unchanged = run("vector", many, *what)
    assert "parcels, orsha: unchanged" in unchanged.stderr


def test_what_is_asked_wrongly_is_one_sentence(run: Run, plots: Plots, tmp_path: Path) -> None:
    file = write(plots(1, purpose=["замак"]), tmp_path / "1.gpkg")
    assert "there is no layer 'plots'" in refused(run("vector", file, "--layer", "plots"))
    assert "name it with --area" in refused(run("vector", file, "--layer", "parcels"))
    nowhere = run("vector", file, "--layer", "parcels", "--json", tmp_path / "none" / "r.json")
    assert "--json: there is no folder" in refused(nowhere)
    done = run("vector", file, "--layer", "parcels", "--area", "orsha")
    assert done.returncode == 1
    assert "refused, nothing was changed: none of its features can be loaded" in done.stderr
