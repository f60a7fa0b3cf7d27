"""A file that was cut off is refused, in whatever form: a part never passes for the whole."""

import shutil
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
import shapely

from layers.errors import CorruptSource
from layers.ingest.vector.source import batches, open_source
from tests.fix_loads import write

FORMS = ["gml", "kml", "geojson", "geojsonl", "dxf", "fgb", "parquet", "shp", "mif", "gdb"]


def made(folder: Path, form: str) -> tuple[Path, list[Path]]:
    """A file of a form, and its parts that may be cut."""
    shapes = [shapely.box(30.4 + i, 54.5, 30.5 + i, 54.6) for i in range(40)]
    frame = gpd.GeoDataFrame({"name": [f"Ўзда {i}" for i in range(40)]}, geometry=shapes, crs=4326)
    file = folder / f"a.{form}"
    if form == "dxf":
        pyogrio.write_dataframe(frame[["geometry"]], file)
    elif form == "geojsonl":
        pyogrio.write_dataframe(frame, file, driver="GeoJSONSeq")
    else:
        write(frame, file)
    if form == "gdb":
        return file, sorted(file.glob("*.gdbtable"), key=lambda p: p.name)[-1:]
    return file, {
        "shp": [file, file.with_suffix(".dbf"), file.with_suffix(".shx")],
        "mif": [file.with_suffix(".mid")],
    }.get(form, [file])


@pytest.mark.parametrize("form", FORMS)
def test_a_part_does_not_pass_for_the_whole(tmp_path: Path, form: str) -> None:
    file, parts = made(tmp_path, form)
    assert sum(len(one.attributes) for one in batches(open_source(file))) == 40
    for number, part in enumerate(parts):
        folder = tmp_path / str(number)
        folder.mkdir()
        for one in tmp_path.glob("a.*"):
            (shutil.copytree if one.is_dir() else shutil.copy)(one, folder / one.name)
        cut = folder / part.relative_to(tmp_path)
        cut.write_bytes(cut.read_bytes()[: cut.stat().st_size * 7 // 10])
        with pytest.raises(CorruptSource) as caught:
            list(batches(open_source(folder / file.name)))
        assert str(caught.value).count("\n") == 0


def test_a_broken_line_of_a_sequence_is_not_passed_over(tmp_path: Path) -> None:
    file, _ = made(tmp_path, "geojsonl")
    lines = file.read_text().splitlines()
    file.write_text("\n".join([*lines[:3], lines[3][:50], *lines[4:]]))
    with pytest.raises(CorruptSource, match="holds 40 features, and 39 of them can be read"):
        list(batches(open_source(file)))


def test_a_table_with_more_rows_than_shapes_is_refused(tmp_path: Path) -> None:
    file, _ = made(tmp_path, "shp")
    (tmp_path / "b").mkdir()
    fewer = gpd.read_file(file).iloc[:30]
    write(fewer, tmp_path / "b" / "a.shp")
    shutil.copy(tmp_path / "b" / "a.dbf", tmp_path)
    with pytest.raises(CorruptSource, match=r"a\.shp is cut off or damaged"):
        open_source(file)
