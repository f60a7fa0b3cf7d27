import warnings
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest

from layers.errors import CorruptSource
from layers.ingest.vector.source import batches, open_source

NAMES = ["Орша", "Ўзда", "Ірына"]


def points() -> gpd.GeoDataFrame:
    shapes = gpd.points_from_xy([30.1, 30.2, 30.3], [54.1, 54.2, 54.3])
    return gpd.GeoDataFrame({"name": NAMES}, geometry=shapes, crs=4326)


@pytest.mark.parametrize("ending", ["gpkg", "geojson", "fgb", "gml", "shp"])
def test_names_survive_every_form(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"a.{ending}"
    pyogrio.write_dataframe(points(), file)
    source = open_source(file)
    found = [v for b in batches(source) for v in b.attributes["name"]]
    assert sorted(found) == sorted(NAMES)  # FlatGeobuf sorts by place
    assert source.crs is not None


def test_a_shapefile_without_cpg_is_read_by_its_letters(tmp_path: Path) -> None:
    pyogrio.write_dataframe(points(), tmp_path / "a.shp", encoding="cp1251")
    (tmp_path / "a.cpg").unlink()
    found = [v for b in batches(open_source(tmp_path / "a.shp")) for v in b.attributes["name"]]
    assert found == NAMES


@pytest.mark.parametrize("part", ["dbf", "shx"])
def test_a_shapefile_without_a_part_is_refused(tmp_path: Path, part: str) -> None:
    pyogrio.write_dataframe(points(), tmp_path / "a.shp")
    (tmp_path / f"a.{part}").unlink()
    with pytest.raises(CorruptSource, match=f"came without its .{part}"):
        open_source(tmp_path / "a.shp")


def test_an_empty_file_and_a_cut_zip_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.gpkg").write_bytes(b"")
    with pytest.raises(CorruptSource, match="is empty"):
        open_source(tmp_path / "a.gpkg")
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04cut")
    with pytest.raises(CorruptSource, match="is cut off or damaged"):
        open_source(tmp_path / "a.zip")


def test_a_property_called_as_the_id_of_a_feature_is_kept(tmp_path: Path) -> None:
    """GDAL names the ids of GeoJSON `id`, and so do most who write a property."""
    file = tmp_path / "a.geojson"
    point = '"geometry": {"type": "Point", "coordinates": [30.4, 54.5]}'
    feature = f'{{"type": "Feature", "properties": {{"id": 7, "name": "x"}}, {point}}}'
    file.write_text(f'{{"type": "FeatureCollection", "features": [{feature}]}}')
    (batch,) = batches(open_source(file))
    assert batch.attributes.to_dict("records") == [{"id": 7, "name": "x"}]


@pytest.mark.parametrize("ending", ["tab", "gpkg"])
def test_a_plane_anywhere_is_no_crs(tmp_path: Path, ending: str) -> None:
    """CoordSys NonEarth of MapInfo, srs_id -1 of GeoPackage."""
    options = {"BOUNDS": "0,0,100,100"} if ending == "tab" else {}
    drivers = {"tab": "MapInfo File"}
    frame = points().set_crs(None, allow_override=True)
    file = tmp_path / f"a.{ending}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that there is no CRS
        pyogrio.write_dataframe(frame, file, driver=drivers.get(ending), layer_options=options)
    assert open_source(file).crs is None


def test_geoparquet_with_a_schema_of_arrow_has_its_geometries(tmp_path: Path) -> None:
    """As this service exports it."""
    points().to_parquet(tmp_path / "a.parquet")
    found = pq.read_table(tmp_path / "a.parquet")
    geo = found.schema.metadata[b"geo"]
    with pq.ParquetWriter(tmp_path / "b.parquet", found.schema.remove_metadata()) as writer:
        writer.write_table(found.replace_schema_metadata(None))
        writer.add_key_value_metadata({"geo": geo.decode()})
    source = open_source(tmp_path / "b.parquet")
    assert all(b.wkb is not None for b in batches(source))
    assert source.crs is not None


def test_a_sheet_with_a_title_over_its_header_is_refused(tmp_path: Path) -> None:
    title = pd.DataFrame({"Реестр": ["Номер", "1"], "": ["Назва", "Орша"], " ": ["x", "30"]})
    pyogrio.write_dataframe(title, tmp_path / "a.xlsx", driver="XLSX")
    with pytest.raises(CorruptSource, match=r"a\.xlsx has a column without a name"):
        open_source(tmp_path / "a.xlsx")
