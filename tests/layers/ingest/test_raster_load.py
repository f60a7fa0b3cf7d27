"""Loads of rasters: what is told of a file, of voids and classes, and of what is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
import rasterio
from pyproj import Transformer
from rasterio.transform import from_origin

from layers import raster_store, store
from layers.area import save_area
from layers.errors import CorruptSource, RefusedLoad
from layers.ingest import raster_load
from layers.ingest.raster import read_raster
from layers.ingest.raster_load import load_raster, try_raster
from layers.ingest.raster_report import Loading, report
from layers.ingest.raster_survey import survey
from layers.ingest.vector.reports import reports
from layers.load_reports import in_words
from layers.model import Origin
from layers.registry import load_layers
from tests.layers.ingest.test_raster import COVER, DEM, ORSHA, plane, write

Connection = psycopg.Connection[tuple[Any, ...]]
LAYERS = load_layers()
ORIGIN = Origin(status="open", source="test", checksum="")


@pytest.fixture(autouse=True)
def _area(connection: Connection) -> None:
    save_area(connection, ORSHA)


def holed() -> np.ndarray:
    """A plane with a void of 15 cells and, touching at a corner only, one of one cell."""
    values = plane()
    values[60:63, 50:55] = -32768
    values[10, 20] = values[11, 21] = -32768
    return values


def test_a_load_leaves_a_report_of_the_file_and_of_its_voids(
    connection: Connection, tmp_path: Path
) -> None:
    file = write(tmp_path / "heights.tif", holed(), nodata=-32768)
    for _ in range(2):  # the same file again is told nothing of
        done, raster = load_raster(connection, LAYERS, DEM, file, ORSHA, ORIGIN)
    assert not done.changed
    (report,) = reports(connection, "dem")
    assert (report["file"], report["decision"], report["crs"]) == (
        "heights.tif", "published", "WGS 84 (EPSG:4326)",
    )  # fmt: skip
    assert str(tmp_path) not in json.dumps(report)
    assert (report["counts"]["read"], report["counts"]["loaded"]) == (14_300, 14_283)
    assert {one["measure"]: one["value"] for one in report["measures"]} == {
        6: 17, 7: pytest.approx(17 / 14_300),
    }  # fmt: skip
    facts = {one["code"]: one["value"] for one in in_words(report, "be")["facts"]}
    assert facts["fact.size_in"] == "110 × 130 ячэек"
    assert (facts["fact.bands"], facts["fact.nodata"], facts["fact.voids"]) == (1, "-32768", 17)
    rows, columns = raster.values.shape
    assert facts["fact.size_out"] == f"{columns} × {rows} ячэек"
    assert facts["fact.crs_out"] == "EPSG:32636"
    assert facts["fact.empty_out"] == int(np.isnan(raster.values).sum())
    assert "аглядных узроўняў: 0" in facts["fact.made"]
    large, small = report["findings"]
    assert (large["code"], large["feature"]) == ("raster.void", "50, 60")
    assert in_words(report, "ru")["findings"][0]["detail"] == (
        "ячеек без значения лежит рядом: 15, первая — в столбце 50, строке 60"
    )
    assert (small["feature"], small["message"]["parameters"]) == (
        "20, 10",
        {"cells": 2, "column": 20, "row": 10},
    )
    points = store.read(connection, LAYERS["load_faults"])
    lon, lat = 30.40 + 50.5 * 0.0005, 54.53 - 60.5 * 0.0003
    assert points.geometry.iloc[0].coords[0] == pytest.approx((lon, lat))
    assert set(points["layer"]) == {"dem"}


def test_a_file_of_several_bands_is_told_as_refused(connection: Connection, tmp_path: Path) -> None:
    file = tmp_path / "bands.tif"
    with rasterio.open(write(tmp_path / "one.tif", plane())) as one:
        profile = one.profile | {"count": 3}
    with rasterio.open(file, "w", **profile) as target:
        target.write(np.stack([plane()] * 3))
    with pytest.raises(RefusedLoad, match="holds 3 bands"):
        load_raster(connection, LAYERS, DEM, file, ORSHA, ORIGIN)
    (report,) = reports(connection, "dem")
    assert in_words(report, "be")["reason"].startswith("у bands.tif 3 каналы (float32), а не адна")


def test_classes_that_are_not_listed_are_refused_with_their_places(
    connection: Connection, tmp_path: Path
) -> None:
    good = np.where(np.indices((130, 110)).sum(axis=0) % 2, 1, 5).astype(np.uint8)
    bad = good.copy()
    bad[40:43, 30:34] = 77
    load_raster(connection, LAYERS, COVER, write(tmp_path / "good.tif", good), ORSHA, ORIGIN)
    before = raster_store.read(connection, "land_cover", area="orsha")
    for _ in range(2):
        with pytest.raises(RefusedLoad, match="the class 77 is not in the definition"):
            load_raster(connection, LAYERS, COVER, write(tmp_path / "b.tif", bad), ORSHA, ORIGIN)
    refused, _ = reports(connection, "land_cover")
    assert (refused["decision"], refused["counts"]["refused"]) == ("refused", 12)
    assert {one["measure"]: one["value"] for one in refused["measures"]}[16] == 12
    (found,) = refused["findings"]
    assert (found["feature"], found["lon"]) == ("77", pytest.approx(30.40 + 30.5 * 0.0005))
    assert "класса 77 нет в определении" in in_words(refused, "ru")["reason"]
    after = raster_store.read(connection, "land_cover", area="orsha")
    assert before is not None
    assert after is not None
    assert np.array_equal(before.values, after.values)


def test_what_cannot_be_read_or_lies_elsewhere_is_told(
    connection: Connection, tmp_path: Path
) -> None:
    text = tmp_path / "text.tif"
    text.write_text("no raster")
    with pytest.raises(CorruptSource):
        load_raster(connection, LAYERS, DEM, text, ORSHA, ORIGIN)
    away = {"transform": from_origin(25.0, 53.0, 0.0005, 0.0003)}
    with pytest.raises(RefusedLoad):
        load_raster(
            connection, LAYERS, DEM, write(tmp_path / "far.tif", plane(), **away), ORSHA, ORIGIN
        )
    far, unread = reports(connection, "dem", "orsha")
    assert in_words(unread, "be")["reason"] == (
        "text.tif нельга прачытаць як растр (змесціва не таго фармату, які называе пашырэнне);"
        " запытайце яго ў пастаўшчыка зноў"
    )
    assert in_words(far, "ru")["reason"].startswith("far.tif охватывает от 25,000; 52,961 до")
    assert str(tmp_path) not in json.dumps([far, unread])
    assert connection.execute("SELECT count(*) FROM layers.raster").fetchone() == (0,)


def test_cells_that_we_make_are_told_too(connection: Connection, tmp_path: Path) -> None:

    cells = read_raster(write(tmp_path / "a.tif", plane()), DEM, ORSHA)
    origin = Origin(status="demonstration", source="generator", checksum="1")
    for _ in range(2):
        raster_load.replace(connection, DEM, cells, area=ORSHA, origin=origin)
    (report,) = reports(connection, "dem")
    assert (report["file"], report["counts"]["read"]) == ("generator", cells.values.size)
    assert report["findings"] == []


def test_the_voids_of_a_projected_file_are_placed(tmp_path: Path) -> None:
    values = holed()
    place = {"crs": "EPSG:32636", "transform": from_origin(332_000, 6_044_000, 30, 30)}
    found = survey(write(tmp_path / "utm.tif", values, nodata=-32768, **place), DEM)
    assert (found.crs, found.voids, len(found.patches)) == (
        "WGS 84 / UTM zone 36N (EPSG:32636)",
        17,
        2,
    )
    first = found.patches[0]
    to_degrees = Transformer.from_crs(32636, 4326, always_xy=True)
    x, y = 332_000 + 30 * 50.5, 6_044_000 - 30 * 60.5
    assert (first.lon, first.lat) == pytest.approx(to_degrees.transform(x, y))


def test_of_many_voids_the_largest_are_named_and_all_are_counted(tmp_path: Path) -> None:
    values = plane()
    values[::2, ::2] = -32768  # 65 x 55 voids of one cell
    values[20, 0:3] = -32768  # and one of three
    loading = Loading(
        DEM, ORSHA, read_raster(write(tmp_path / "a.tif", values, nodata=-32768), DEM, ORSHA), "a",
        "", survey(tmp_path / "a.tif", DEM),
    )  # fmt: skip
    told = report(loading, "published", None, None)
    assert len(told.findings) == 1_000
    assert str(told.findings[0].message).startswith("3 cells")
    assert told.totals == {"raster.void noted": 65 * 55 - 1}


def test_the_voids_of_a_real_terrain_are_counted(sources_dir: Path, tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(sources_dir / "osm-samples" / "N42E001.hgt.zip") as archive:
        file = Path(archive.extract("N42E001.hgt", tmp_path))
    found = survey(file, DEM)
    assert (found.columns, found.rows, found.nodata) == (1_201, 1_201, -32768)
    assert found.voids == sum(one.cells for one in found.patches) == 7_652
    assert found.patch_count == len(found.patches)
    assert found.ranges[0] is not None
    assert found.ranges[0][1] == 3_100


def test_a_try_says_what_a_load_would_do_and_changes_nothing(
    connection: Connection, tmp_path: Path
) -> None:
    def there() -> list[object]:
        counts = "SELECT (SELECT count(*) FROM layers.load_report), "
        return connection.execute(counts + "(SELECT max(version) FROM layers.raster)").fetchall()

    file = write(tmp_path / "heights.tif", holed(), nodata=-32768)
    empty = there()
    tried, _ = try_raster(connection, DEM, file, ORSHA)
    assert there() == empty == [(0, None)]
    assert (tried.decision, tried.counts.loaded, tried.dry_run) == ("published", 0, True)
    assert [one.code for one in tried.findings] == ["raster.void"] * 2
    load_raster(connection, LAYERS, DEM, file, ORSHA, ORIGIN)
    before = there()
    assert try_raster(connection, DEM, file, ORSHA)[0].decision == "unchanged"
    strange = write(tmp_path / "cover.tif", np.full((130, 110), 99, np.uint8), nodata=0)
    refused, _ = try_raster(connection, COVER, strange, ORSHA)
    assert (refused.decision, refused.findings[0].code) == ("refused", "raster.unknown_class")
    assert "99" in refused.reason
    assert there() == before
