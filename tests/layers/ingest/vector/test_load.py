"""Files of every form come in end to end, on a real database."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from psycopg import sql

from layers import row_sums, rows
from layers.errors import RefusedLoad
from layers.ingest.vector.load_report import LoadReport
from layers.ingest.vector.mapping import Mapping
from layers.row_sums import ordered
from tests.fix_loads import KEYED, Loader, write

Plots = Callable[..., gpd.GeoDataFrame]

FORMS = ["gpkg", "geojson", "geojsonl", "shp", "tab", "mif", "gdb", "gml", "fgb", "parquet", "kmz"]


def same_shapes(found: gpd.GeoDataFrame, wanted: gpd.GeoDataFrame) -> bool:
    pairs = zip(found.geometry.normalize(), wanted.geometry, strict=True)
    return all(a.equals_exact(shapely.MultiPolygon([b]).normalize(), 1e-8) for a, b in pairs)


def codes(report: LoadReport) -> set[tuple[str, str, str]]:
    return {(f.code, f.action, f.feature) for f in report.findings}


@pytest.mark.parametrize("ending", FORMS)
def test_every_form_brings_the_same_features(
    load: Loader, plots: Plots, tmp_path: Path, ending: str
) -> None:
    frame = plots()
    report = load(write(frame, tmp_path / f"a.{ending}"), mapping=KEYED)
    assert report.decision == "published", report
    assert (report.counts.read, report.counts.loaded, report.counts.added) == (4, 4, 4)
    rows = load.rows()
    assert rows["cadastral_number"].tolist() == frame["cadastral_number"].tolist()
    assert rows["address"].tolist() == frame["address"].tolist()
    assert same_shapes(rows, frame)
    assert load.staged() == []


@pytest.mark.parametrize("ending", ["gpkg", "fgb", "geojson", "parquet"])
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32636"])
def test_sums_made_while_rows_are_copied_are_those_of_the_rows(
    load: Loader,
    plots: Plots,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ending: str,
    crs: str,
) -> None:
    odd = ['a,"b"', "(c) ", None, "d\\e", "f\tg\nh", "Ўзда"]
    frame = plots(6, address=odd, area_m2=[1e-3, 0.1, -0.0, 9999999999.5, 12.0, None], crs=crs)
    shapes = frame.geometry.to_list()
    corners = shapes[1].exterior.coords
    shapes[1] = shapely.MultiPolygon([shapes[1]])
    if ending != "fgb":  # which has no shapes of several dimensions
        shapes[2] = shapely.force_3d(shapes[2])
    shapes[3] = shapely.Polygon([*corners[:2], shapes[1].centroid, corners[2], corners[1]])
    frame.geometry = shapes
    file = tmp_path / f"a.{ending}"
    options = {"SPATIAL_INDEX": "NO"} if ending == "fgb" else {}
    with monkeypatch.context() as patch:
        patch.delattr(row_sums, "sums")  # the table is not read for them
        assert load(write(frame, file, **options)).applied
    columns = ordered(rows.columns(load.layer))
    table = sql.Identifier("features", load.layer.id)
    query = "SELECT row_count, sum_high::text, sum_low::text FROM layers.version WHERE layer = %s"
    recorded = load.conn.execute(query, [load.layer.id]).fetchone()
    assert load.conn.execute(row_sums.sums(columns, table)).fetchone() == recorded


def test_a_zipped_shapefile_and_one_of_several_layers(
    load: Loader, plots: Plots, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        write(plots(3), tmp_path / f"{name}.shp")
    for archive, names in (("one.zip", "a"), ("two.zip", "ab")):
        with zipfile.ZipFile(tmp_path / archive, "w") as packed:
            for file in tmp_path.glob("*.*"):
                if file.stem in names and file.suffix != ".zip":
                    packed.write(file, file.name)
    assert load(tmp_path / "one.zip").counts.loaded == 3
    with pytest.raises(RefusedLoad, match=r"holds a.shp, b.shp; name one with --source-layer"):
        load(tmp_path / "two.zip")
    assert load(tmp_path / "two.zip", source_layer="b").decision == "unchanged"


LAMPS = """Долгота;Широта;Тып;стан;Год;вышыня_м;нататка
30,4258;54,5092;led;working;2020;8,5;"першы
радок"
"30,4300";"54,5100";LED;working;;10;
"""


def test_a_table_with_decimal_commas_and_cyrillic_columns(load: Loader, tmp_path: Path) -> None:
    file = tmp_path / "ліхтары.csv"
    file.write_bytes(LAMPS.encode("cp1251"))
    lamps = load.into("street_lights")
    mapping = Mapping.model_validate(
        {
            "fields": {
                "lamp_type": {"from": "Тып"},
                "state": {"from": "стан"},
                "installed_year": {"from": "Год"},
                "height_m": {"from": "вышыня_м"},
            }
        }
    )
    report = lamps(file, mapping=mapping)
    assert report.decision == "published", report
    assert report.encoding == "cp1251"
    assert report.crs.endswith("(EPSG:4326)")
    assert report.unmapped == ("нататка",)
    rows = lamps.rows()
    assert rows["height_m"].tolist() == [8.5, 10]
    assert rows["lamp_type"].tolist() == ["led", "led"]
    assert rows["installed_year"].tolist() == [2020, pd.NA]
    assert [p.coords[0] for p in rows.geometry] == [(30.4258, 54.5092), (30.43, 54.51)]


def test_a_spreadsheet_with_local_grid_coordinates_needs_the_crs(
    load: Loader, tmp_path: Path
) -> None:
    stops = load.into("service_points")
    places = gpd.GeoSeries(gpd.points_from_xy([30.42, 30.43], [54.50, 54.51]), crs=4326)
    grid = places.to_crs("EPSG:28406")
    frame = pd.DataFrame(
        {"service_class": ["school", "shop"], "name": ["СШ № 1", "Ўніверсам"],
         "X": grid.y, "Y": grid.x}
    )  # fmt: skip
    file = write(frame, tmp_path / "a.xlsx")
    with pytest.raises(RefusedLoad, match=r"does not say its CRS; .*EPSG:28406.*axes swapped"):
        stops(file)
    with pytest.raises(RefusedLoad, match="the axes are swapped"):
        stops(file, crs="EPSG:28406")
    # In geodesy X is the northing: the mapping says so.
    mapping = Mapping.model_validate({"coordinates": {"x": "Y", "y": "X"}})
    report = stops(file, crs="EPSG:28406", mapping=mapping)
    assert report.decision == "published", report
    assert report.accuracy_m == 4.5
    assert "15865" in str(report.operation)
    rows = stops.rows()
    assert rows["name"].tolist() == ["СШ № 1", "Ўніверсам"]
    # GDAL's own operation for this system is another one, some metres away.
    assert shapely.distance(rows.geometry.to_numpy(), places.to_numpy()).max() < 2e-4


def test_well_known_text_in_a_table(load: Loader, plots: Plots, tmp_path: Path) -> None:
    frame = plots(2)
    table_ = pd.DataFrame(frame.drop(columns="geometry")).assign(WKT=frame.geometry.to_wkt())
    table_.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(RefusedLoad, match="does not say its CRS"):
        load(tmp_path / "a.csv")
    assert load(tmp_path / "a.csv", crs="EPSG:4326").counts.loaded == 2
    assert same_shapes(load.rows(), frame)


def test_arcs_in_well_known_text_are_refused_by_name(
    load: Loader, plots: Plots, tmp_path: Path
) -> None:
    frame = plots(3)
    texts = list(frame.geometry.to_wkt())
    texts[1] = "CURVEPOLYGON(CIRCULARSTRING(30 54, 30.01 54.01, 30.02 54, 30.01 53.99, 30 54))"
    pd.DataFrame(frame.drop(columns="geometry")).assign(WKT=texts).to_csv(
        tmp_path / "a.csv", index=False
    )
    report = load(tmp_path / "a.csv", crs="EPSG:4326")
    assert codes(report) == {("geometry.null", "refused", "2")}
    assert report.counts.loaded == 2


def test_a_drawing_brings_what_fits_and_names_the_rest(load: Loader, tmp_path: Path) -> None:
    lines = load.into("red_lines")
    shapes = gpd.GeoSeries(
        [shapely.LineString([(30.42, 54.5), (30.43, 54.5)]), shapely.Point(30.42, 54.5)], crs=4326
    ).to_crs(32636)
    file = write(gpd.GeoDataFrame(geometry=shapes), tmp_path / "a.dxf")
    needed = {f.name: {"constant": f.codes[0].value} for f in lines.layer.fields if f.required}
    mapping = Mapping.model_validate({"fields": needed})
    with pytest.raises(RefusedLoad, match="EPSG:32636"):
        lines(file, mapping=mapping)
    report = lines(file, crs="EPSG:32636", mapping=mapping)
    assert report.decision == "published_with_warnings", report
    assert report.counts.loaded == 1
    assert codes(report) == {("geometry.type", "refused", "1")}
    assert "Layer" in report.unmapped


def test_of_the_columns_that_gdal_gives_a_kml_only_filled_ones_are_told(
    load: Loader, tmp_path: Path
) -> None:
    ring = "30.4,54.5 30.401,54.5 30.401,54.501 30.4,54.5"
    placemark = (
        "<Placemark><name>A</name>{said}<ExtendedData><Data name='owner'/>"
        "<Data name='purpose'><value>residential</value></Data></ExtendedData>"
        f"<Polygon><outerBoundaryIs><LinearRing><coordinates>{ring}</coordinates></LinearRing>"
        "</outerBoundaryIs></Polygon></Placemark>"
    )
    places = placemark.format(said="") + placemark.format(said="<visibility>1</visibility>")
    file = tmp_path / "a.kml"
    file.write_text(
        f"<kml xmlns='http://www.opengis.net/kml/2.2'><Document>{places}</Document></kml>"
    )
    assert load(file).unmapped == ("Name", "visibility", "owner")
