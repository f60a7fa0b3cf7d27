"""Files that GDAL cannot read as they are: encodings, names, what it leaves beside them."""

import shutil
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest

from layers.ingest.vector.source import Source, batches, open_source

NAMES = ["Орша", "Ўзда", "Ірына"]
PLACEMARK = (
    "<Placemark><ExtendedData>{}</ExtendedData>"
    "<Point><coordinates>30.4,54.5</coordinates></Point></Placemark>"
)


def points() -> gpd.GeoDataFrame:
    shapes = gpd.points_from_xy([30.1, 30.2, 30.3], [54.1, 54.2, 54.3])
    return gpd.GeoDataFrame({"name": NAMES}, geometry=shapes, crs=4326)


def names(source: Source) -> list[str]:
    return [v for b in batches(source) for v in b.attributes["name"]]


@pytest.mark.parametrize("ending", ["geojson", "geojsonl", "gml"])
@pytest.mark.parametrize("encoding", ["cp1251", "utf-8-sig", "utf-16"])
def test_text_in_another_encoding_is_read(tmp_path: Path, ending: str, encoding: str) -> None:
    file = tmp_path / f"a.{ending}"
    drivers = {"geojsonl": "GeoJSONSeq"}
    pyogrio.write_dataframe(points(), file, driver=drivers.get(ending))
    text = file.read_text("utf-8")
    said = "windows-1251" if encoding == "cp1251" else encoding.removesuffix("-sig")
    file.write_bytes(text.replace('encoding="utf-8"', f'encoding="{said}"').encode(encoding))
    source = open_source(file)
    assert names(source) == NAMES
    assert source.encoding == encoding


def test_a_text_sequence_may_be_called_geojson(tmp_path: Path) -> None:
    pyogrio.write_dataframe(points(), tmp_path / "a.geojsons", driver="GeoJSONSeq", RS="YES")
    file = shutil.move(tmp_path / "a.geojsons", tmp_path / "a.geojson")
    assert names(open_source(file)) == NAMES


def test_names_of_data_in_kml_are_kept_apart(tmp_path: Path) -> None:
    """GDAL makes `__________` of both."""
    data = "".join(
        f'<Data name="{name}"><value>{value}</value></Data>'
        for name, value in (("адрас", "Орша"), ("назва", "Ўзда"), ("кол &amp; во", "5"))
    )
    head = '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2">'
    text = f"{head}<Document>{PLACEMARK.format(data)}</Document></kml>"
    (tmp_path / "a.kml").write_text(text, "utf-8")
    (batch,) = batches(open_source(tmp_path / "a.kml"))
    row = batch.attributes.iloc[0]
    assert (row["адрас"], row["назва"], row["кол & во"]) == ("Орша", "Ўзда", "5")


@pytest.mark.parametrize("name", ["новые!!!.gpkg", "a;b.gpkg", "two\nlines.gpkg", 'it\'s "x".shp'])
def test_any_name_of_a_file_will_do(tmp_path: Path, name: str) -> None:
    ending = name.rpartition(".")[2]
    pyogrio.write_dataframe(points(), tmp_path / f"a.{ending}", encoding="UTF-8")
    (tmp_path / "!папка").mkdir()
    for part in tmp_path.glob("a.*"):
        part.rename(tmp_path / "!папка" / f"{name.rpartition('.')[0]}{part.suffix}")
    assert names(open_source(tmp_path / "!папка" / name)) == NAMES


def test_nothing_is_left_beside_a_file(tmp_path: Path) -> None:
    pyogrio.write_dataframe(points(), tmp_path / "a.gml")
    (tmp_path / "a.xsd").unlink()
    assert names(open_source(tmp_path / "a.gml")) == NAMES
    assert [p.name for p in tmp_path.iterdir()] == ["a.gml"]
