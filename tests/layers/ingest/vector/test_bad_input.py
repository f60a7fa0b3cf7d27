"""Bad files: one sentence each with the remedy, nothing changed, no staging table left."""

from collections.abc import Callable, Iterator
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from layers.errors import BadLayerFile, CorruptSource, LayersError, MissingSource, RefusedLoad
from layers.ingest.vector import opening, table
from layers.ingest.vector.mapping import Mapping, read_mapping
from layers.ingest.vector.source import Batch, Source, batches
from tests.fix_loads import KEYED, LAYERS, Loader, write

Plots = Callable[..., gpd.GeoDataFrame]
Make = Callable[[Path, gpd.GeoDataFrame], Path]


def cut_zip(folder: Path, frame: gpd.GeoDataFrame) -> Path:
    write(
        frame,
        folder / "a.shz",
    )
    file = folder / "a.zip"
    whole = (folder / "a.shz").read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    return file


def without(part: str) -> Make:
    def make(folder: Path, frame: gpd.GeoDataFrame) -> Path:
        file = write(frame, folder / "a.shp")
        (folder / f"a.{part}").unlink()
        return file

    return make


def content(name: str, data: bytes) -> Make:
    def make(folder: Path, _frame: gpd.GeoDataFrame) -> Path:
        (folder / name).write_bytes(data)
        return folder / name

    return make


def no_features(folder: Path, frame: gpd.GeoDataFrame) -> Path:
    return write(frame.iloc[:0], folder / "a.gpkg", geometry_type="Polygon")


def without_required(folder: Path, frame: gpd.GeoDataFrame) -> Path:
    return write(frame.drop(columns="purpose"), folder / "a.gpkg")


def cut_gpkg(folder: Path, frame: gpd.GeoDataFrame) -> Path:
    file = write(frame, folder / "a.gpkg")
    file.write_bytes(file.read_bytes()[:40_000])
    return file


HEADER = "cadastral_number,purpose,lon,lat\n"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (cut_zip, "a.zip is cut off or damaged; ask its supplier for it again"),
        (without("dbf"), "came without its .dbf; put the file beside it"),
        (without("shx"), "came without its .shx; put the file beside it"),
        (without("prj"), "a.shp does not say its CRS; it falls into orsha in EPSG:4326"),
        (content("a.csv", b"\x00\x01,\x02\n" * 50), "is binary, not a CSV; save the table as CSV"),
        (content("a.csv", b""), "a.csv is empty; ask its supplier for it again"),
        (content("a.csv", HEADER.encode()), "a.csv has no features"),
        (content("a.csv", b"a,b\n1,2\n"), "parcels needs purpose, cadastral_number, and no column"),
        (content("a.csv", (HEADER + "1,public,30.4\n").encode()), "record 1 has 3 cells"),
        (content("a.gpkg", b"not a database"), "a.gpkg is no GPKG, or is damaged"),
        (content("a.docx", b"x"), "a.docx has no ending that is known"),
        (content("a.geojson", b'{"type": "FeatureCollection", "features": ['), "a.geojson"),
        (no_features, "a.gpkg has no features; ask its supplier for them"),
        (without_required, "parcels needs purpose, and no column of the file has such a name"),
        (cut_gpkg, "a.gpkg cannot be read"),
    ],
    ids=["cut zip", "no dbf", "no shx", "no prj", "binary", "empty", "header", "required", "cells",
         "no gpkg", "ending", "cut json", "no features", "no purpose", "cut gpkg"],
)  # fmt: skip
def test_a_bad_file_is_one_sentence(
    load: Loader, plots: Plots, tmp_path: Path, make: Make, said: str
) -> None:
    file = make(tmp_path, plots(50))
    with pytest.raises(LayersError) as caught:
        load(file, mapping=KEYED)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)  # reports of refusals are for everybody
    assert load.version() is None
    assert load.staged() == []


def test_a_file_that_is_not_there(load: Loader, tmp_path: Path) -> None:
    with pytest.raises(MissingSource, match="is not there; name a file with vector data"):
        load(tmp_path / "a.gpkg")


def test_a_file_that_changes_while_it_is_read(
    load: Loader, plots: Plots, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(write(plots(3), tmp_path / "1.csv", GEOMETRY="AS_WKT"), crs="EPSG:4326")
    before, rows = load.version(), load.rows()
    file = write(plots(5), tmp_path / "2.csv", GEOMETRY="AS_WKT")

    def growing(source: Source) -> Iterator[Batch]:
        for batch in batches(source):
            yield batch
            file.write_bytes(file.read_bytes() + b"\n")

    monkeypatch.setattr(opening, "batches", growing)
    with pytest.raises(CorruptSource, match=r"2\.csv changed while it was read; load it again"):
        load(file, crs="EPSG:4326")
    assert load.version() == before
    assert load.rows().equals(rows)
    assert load.staged() == []


def test_a_huge_cell_is_refused(
    load: Loader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "LONGEST_CELL", 1000)
    (tmp_path / "a.csv").write_text(f"{HEADER}1,public,30.4,54.5\n{'x' * 1001},public,30.4,54.5\n")
    with pytest.raises(CorruptSource, match=r"a\.csv: near line 3: a cell is too long"):
        load(tmp_path / "a.csv")


def test_a_layer_that_is_not_loaded_for_the_area(load: Loader, tmp_path: Path) -> None:
    with pytest.raises(RefusedLoad, match="weather_stations is loaded for the area 'by'"):
        load.into("weather_stations")(tmp_path / "a.gpkg")


def test_a_column_of_the_mapping_that_is_not_there(
    load: Loader, plots: Plots, tmp_path: Path
) -> None:
    mapping = Mapping.model_validate({"fields": {"purpose": {"from": "НАЗНАЧ"}}})
    with pytest.raises(RefusedLoad, match=r"fields.purpose: the file has no column 'НАЗНАЧ'; it"):
        load(write(plots().drop(columns="purpose"), tmp_path / "a.gpkg"), mapping=mapping)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("keys: [a]", "keys: is not a key that is known here"),
        ("key: [nothing]", "key.0: 'nothing' is no field of parcels"),
        ("fields:\n  nothing: {from: a}", "m.yml:2: fields.nothing: is no field of parcels"),
        ("fields:\n  purpose: {}", "give either `from`"),
        ("fields:\n  area_m2: {from: a, unit: kg}", "kg cannot be converted into m2"),
        ("fields:\n  purpose: {from: a, codes: {x: castle}}", "'castle' is no code of purpose"),
        ("soato: {by: name}", "`by: name` needs `from`"),
        ("coordinates: {x: a}", "name both `x` and `y`, or `wkt` alone"),
        ("rules: {vanish_share: 2}", "rules.vanish_share"),
        ("rules: {time_zone: Minsk}", "there is no such time zone"),
    ],
)
def test_a_faulty_mapping_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "m.yml").write_text(text, "utf-8")
    with pytest.raises(BadLayerFile) as caught:
        read_mapping(tmp_path / "m.yml", LAYERS["parcels"])
    assert said in str(caught.value)


def test_a_broken_record_in_the_middle_changes_nothing(load: Loader, tmp_path: Path) -> None:
    lines = [f"{n},public,{30.4 + n / 1e5},54.5" for n in range(30_000)]
    lines[25_000] = "1,2"
    (tmp_path / "a.csv").write_text(HEADER + "\n".join(lines))
    points = load.into("service_points")
    mapping = Mapping.model_validate({"fields": {"service_class": {"constant": "school"}}})
    with pytest.raises(CorruptSource, match="record 25001 has 2 cells, the header 4"):
        points(tmp_path / "a.csv", mapping=mapping)
    assert load.staged() == []
    assert pd.isna(points.version())
