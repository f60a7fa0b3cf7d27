"""Files of any form are looked through: geometry, place, columns; nothing is guessed silently."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from shapely import LineString, MultiPoint, MultiPolygon, Point, Polygon

from layers.draft.survey import Asked, survey
from layers.errors import CorruptSource, LayersError, MissingSource, RefusedLoad
from tests.fix_drafts import BENCHES, benches
from tests.fix_loads import write

SQUARE = Polygon([(30.4, 54.5), (30.41, 54.5), (30.41, 54.51), (30.4, 54.51)])
TWO = MultiPolygon([SQUARE, shapely.affinity.translate(SQUARE, 0.02, 0)])
LINE = LineString([(30.4, 54.5), (30.5, 54.6)])
POINT = Point(30.4, 54.5)


@pytest.mark.parametrize(
    "ending", ["gpkg", "geojson", "shp", "tab", "fgb", "parquet", "gml", "kml"]
)
def test_every_form_shows_the_same(tmp_path: Path, ending: str) -> None:
    crs = "EPSG:4326" if ending in ("geojson", "kml") else "EPSG:32636"
    cyrillic = {"encoding": "cp1251"} if ending in ("shp", "tab") else {}
    found = survey(write(benches(crs), tmp_path / f"a.{ending}", **cyrillic), Asked())
    assert (found.rows, found.geometry) == (BENCHES, "Point")
    assert found.bbox == pytest.approx((30.42, 54.5, 30.431, 54.5), abs=1e-6)
    assert len(found.examples) == 3
    assert found.columns["Вид"].codes == ("бетонная", "драўляная")
    assert found.columns["spinka"].type == "boolean"
    assert found.columns["id"].is_key(BENCHES)


@pytest.mark.parametrize(
    ("shapes", "kind"),
    [
        ([POINT, POINT], "Point"),
        ([POINT, MultiPoint([POINT])], "MultiPoint"),
        ([LINE], "LineString"),
        ([SQUARE, None], "Polygon"),
        ([SQUARE, TWO], "MultiPolygon"),
        ([TWO], "MultiPolygon"),
        ([SQUARE, POINT], "Geometry"),
        ([shapely.GeometryCollection([POINT, LINE]), POINT], "Geometry"),
    ],
)
def test_the_geometry_fits_every_feature(
    tmp_path: Path, shapes: list[shapely.Geometry | None], kind: str
) -> None:
    frame = gpd.GeoDataFrame({"name": ["x"] * len(shapes)}, geometry=shapes, crs=4326)
    assert survey(write(frame, tmp_path / "a.gpkg"), Asked()).geometry == kind


def table(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "a.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_coordinates_of_a_table_are_no_fields(tmp_path: Path) -> None:
    found = survey(table(tmp_path, "Назва;lon;lat\nа;30,4;54,5\nб;30,5;54,6\n"), Asked())
    assert found.bbox == (30.4, 54.5, 30.5, 54.6)
    assert list(found.columns) == ["Назва"]
    assert found.coordinates is not None
    assert (found.coordinates.x, found.coordinates.y) == ("lon", "lat")


def test_wkt_and_another_system_of_a_table(tmp_path: Path) -> None:
    file = table(tmp_path, 'n,wkt\n1,"POINT (333347 6043227)"\n')
    with pytest.raises(RefusedLoad, match=r"does not say its CRS; .*EPSG:32636"):
        survey(file, Asked())
    found = survey(file, Asked(crs="EPSG:32636"))
    assert found.bbox is not None
    assert found.bbox[:2] == pytest.approx((30.4258, 54.5092), abs=1e-3)


def test_what_the_metadata_say_is_asked_last(tmp_path: Path) -> None:
    file = table(tmp_path, "n,x,y\n1,333347,6043227\n")
    assert "32636" in survey(file, Asked(crs_said="EPSG:32636")).way.crs
    assert "32635" in survey(file, Asked(crs="EPSG:32635", crs_said="EPSG:32636")).way.crs
    gpkg = write(benches(), tmp_path / "b.gpkg")
    assert "32636" in survey(gpkg, Asked(crs_said="EPSG:28406")).way.crs


def test_data_of_another_country_may_be_drafted(tmp_path: Path) -> None:
    found = survey(table(tmp_path, "n,lon,lat\n1,15.6,48.4\n"), Asked())
    assert found.bbox == (15.6, 48.4, 15.6, 48.4)


def test_swapped_axes_are_found(tmp_path: Path) -> None:
    with pytest.raises(RefusedLoad, match="the axes are swapped"):
        survey(table(tmp_path, "n,lon,lat\n1,54.5,30.4\n"), Asked())


def test_examples_are_sound_and_short(tmp_path: Path) -> None:
    bow = Polygon([(30.4, 54.5), (30.41, 54.51), (30.41, 54.5), (30.4, 54.51)])
    long = Point(30.4, 54.5).buffer(0.01, quad_segs=100)
    shapes = [None, bow, long, SQUARE]
    frame = gpd.GeoDataFrame({"n": range(4)}, geometry=shapes, crs=4326)
    (example,) = survey(write(frame, tmp_path / "a.gpkg"), Asked()).examples
    assert example.values == {"n": 3}


@pytest.mark.parametrize(
    ("shapes", "kind"),
    [
        ([Point(30.4, 54.5).buffer(0.1, quad_segs=2000)], "Polygon"),
        ([MultiPolygon([Point(30.4 + n, 54.5).buffer(0.1) for n in range(2)] * 2)], "Polygon"),
        ([Polygon([(30.4, 54.5), (30.41, 54.51), (30.41, 54.5), (30.4, 54.51)])], "Polygon"),
        ([LineString([(30.4 + n / 1e4, 54.5 + n % 2 / 1e4) for n in range(900)])], "LineString"),
        ([MultiPoint([(30.4 + n / 1e4, 54.5) for n in range(900)])], "Point"),
        ([shapely.GeometryCollection([POINT, LINE])], "LineString"),
    ],
)
def test_a_part_stands_for_what_is_long_or_unsound(
    tmp_path: Path, shapes: list[shapely.Geometry], kind: str
) -> None:
    frame = gpd.GeoDataFrame({"n": range(len(shapes))}, geometry=shapes, crs=4326)
    (example,) = survey(write(frame, tmp_path / "a.gpkg"), Asked()).examples
    assert example.shape.geom_type == kind
    assert example.shape.is_valid
    assert shapely.get_num_coordinates(example.shape) <= 200


@pytest.mark.parametrize(
    ("name", "data", "error", "said"),
    [
        ("none.gpkg", None, MissingSource, "is not there"),
        ("a.gpkg", b"", CorruptSource, "is empty"),
        ("a.gpkg", b"SQLite format 3\0 nothing", CorruptSource, "is no GPKG, or is damaged"),
        ("a.zip", b"PK\x03\x04 cut off", CorruptSource, "is cut off or damaged"),
        ("a.shp", b"\0" * 200, CorruptSource, "came without its .dbf and .shx"),
        ("a.csv", b"\0\1\2\3", CorruptSource, "is binary"),
        ("a.csv", b"a,b\n", CorruptSource, "has no features"),
        ("a.csv", b"a,b\n1,2\n", RefusedLoad, "neither geometries nor columns with coordinates"),
        (
            "a.csv",
            b"lon,lat\nx,y\n",
            CorruptSource,
            "has no line whose coordinates (lon, lat) can be read",
        ),
        ("a.docx", b"x", RefusedLoad, "has no ending that is known"),
    ],
)
def test_a_bad_file_is_refused_in_a_sentence(
    tmp_path: Path, name: str, data: bytes | None, error: type[LayersError], said: str
) -> None:
    file = tmp_path / name
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(error) as caught:
        survey(file, Asked())
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_several_layers_are_named(tmp_path: Path) -> None:
    file = tmp_path / "a.gpkg"
    for layer in ("one", "two"):
        benches().to_file(file, layer=layer)
    with pytest.raises(RefusedLoad, match="one, two; name one with --source-layer"):
        survey(file, Asked())
    assert survey(file, Asked(source_layer="two")).rows == BENCHES


def test_spreadsheets_too(tmp_path: Path) -> None:
    frame = pd.DataFrame({"Назва": ["а", "б"], "Долгота": [30.4, 30.5], "Широта": [54.5, 54.6]})
    shapeless = gpd.GeoDataFrame(frame)
    found = survey(write(shapeless, tmp_path / "a.xlsx"), Asked())
    assert found.bbox == (30.4, 54.5, 30.5, 54.6)


def test_places_beyond_the_earth_do_not_widen_the_box(tmp_path: Path) -> None:
    found = survey(table(tmp_path, "n,lon,lat\n1,30.4,54.5\n2,1e300,54.5\n3,30.5,540\n"), Asked())
    assert found.bbox == (30.4, 54.5, 30.4, 54.5)
