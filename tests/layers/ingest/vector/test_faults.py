"""Every fault of a feature is counted and named by the feature's id, repaired or refused."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from pyogrio.raw import open_arrow, write_arrow
from shapely import LineString, MultiPolygon, Point, Polygon, box

from layers.errors import RefusedLoad
from layers.ingest.vector.load_report import LoadReport
from layers.ingest.vector.mapping import Mapping, Rules
from tests.fix_loads import KEYED, Loader, write

Plots = Callable[..., gpd.GeoDataFrame]

X, Y, D = 30.40, 54.50, 0.001
GOOD = box(X, Y, X + D, Y + D)
BOW_TIE = Polygon([(X, Y), (X + D, Y + D), (X + D, Y), (X, Y + D)])
# A spike of no width crosses itself at one corner, and takes a thousandth of the area.
NICK = Polygon(
    [(X, Y), (X + D, Y), (X + D, Y + D), (X + 0.1 * D, Y + D), (X - 0.02 * D, Y + 0.98 * D),
     (X - 0.02 * D, Y + 1.02 * D), (X, Y + D)]
)  # fmt: skip


def parcels(shapes: list[shapely.Geometry | None], **columns: object) -> gpd.GeoDataFrame:
    data = {
        "purpose": ["residential"] * len(shapes),
        "address": [str(i) for i in range(len(shapes))],
    }
    return gpd.GeoDataFrame(data | columns, geometry=gpd.GeoSeries(shapes, crs=4326))


def named(report: LoadReport) -> list[tuple[str, str, str]]:
    return [(f.code, f.action, f.feature) for f in report.findings]


@pytest.mark.parametrize(
    ("shape", "code", "action"),
    [
        (None, "geometry.null", "refused"),
        (Polygon(), "geometry.empty", "refused"),
        (Point(X, Y), "geometry.type", "refused"),
        (LineString([(X, Y), (X + D, Y)]), "geometry.type", "refused"),
        (box(35, Y, 35 + D, Y + D), "geometry.outside_area", "refused"),
        (BOW_TIE, "geometry.invalid", "refused"),
        (NICK, "geometry.invalid", "repaired"),
        (shapely.GeometryCollection([GOOD, Point(X, Y)]), "geometry.type", "refused"),
    ],
    ids=["null", "empty", "point", "line", "outside", "bow tie", "nick", "collection"],
)
def test_a_fault_is_named_by_the_features_id(
    load: Loader, tmp_path: Path, shape: shapely.Geometry | None, code: str, action: str
) -> None:
    other = box(X + 2 * D, Y, X + 3 * D, Y + D)
    file = write(parcels([GOOD, shape, other]), tmp_path / "a.gpkg", geometry_type="Unknown")
    report = load(file)
    assert named(report) == [(code, action, "2")], report
    assert report.counts.loaded == 2 + (action == "repaired")
    assert load.rows().is_valid.all()


def test_a_repair_tells_the_area_before_and_after_and_where(load: Loader, tmp_path: Path) -> None:
    report = load(write(parcels([NICK]), tmp_path / "a.gpkg"))
    (found,) = report.findings
    assert found.detail.startswith("Self-intersection")
    before, after = (float(w) for w in found.detail.split() if w.replace(".", "").isdigit())
    metric = gpd.GeoSeries(load.rows().geometry, crs=4326).to_crs(32636)
    assert after == pytest.approx(metric.area.iloc[0], rel=2e-3)
    assert before == pytest.approx(after, rel=0.05)
    assert found.lon == pytest.approx(X, abs=D)
    assert found.lat == pytest.approx(Y + D, abs=D)
    strict = Mapping(rules=Rules(area_change_share=0))
    assert load(tmp_path / "a.gpkg", mapping=strict).decision == "refused"


def test_numbers_that_are_none_are_refused(load: Loader, tmp_path: Path) -> None:
    shapes = gpd.GeoSeries([Point(X, Y), Point(math.inf, Y)], crs=4326)
    frame = gpd.GeoDataFrame({"service_class": ["school"] * 2}, geometry=shapes)
    report = load.into("service_points")(write(frame, tmp_path / "a.gpkg"))
    assert named(report) == [("geometry.not_finite", "refused", "2")]


def test_heights_and_measures_are_dropped_and_counted(load: Loader, tmp_path: Path) -> None:
    file = write(parcels([shapely.force_3d(GOOD, 170.0)]), tmp_path / "a.gpkg")
    report = load(file)
    assert report.decision == "published"
    assert report.totals == {"geometry.z noted": 1}
    assert not load.rows().has_z.any()


def test_a_collection_of_polygons_is_taken_as_one(load: Loader, tmp_path: Path) -> None:
    other = box(X + 2 * D, Y, X + 3 * D, Y + D)
    frame = parcels([shapely.GeometryCollection([GOOD, MultiPolygon([other])])])
    report = load(write(frame, tmp_path / "a.gpkg", geometry_type="Unknown"))
    assert report.totals == {"geometry.collection noted": 1}
    assert load.rows().geometry.iloc[0].equals(MultiPolygon([GOOD, other]))


def test_a_multipoint_of_one_point_is_that_point(load: Loader, tmp_path: Path) -> None:
    shapes = [shapely.MultiPoint([(X, Y)]), shapely.MultiPoint([(X, Y), (X, Y + D)])]
    frame = gpd.GeoDataFrame(
        {"service_class": ["school"] * 2}, geometry=gpd.GeoSeries(shapes, crs=4326)
    )
    points = load.into("service_points")
    report = points(write(frame, tmp_path / "a.gpkg"))
    assert named(report) == [("geometry.type", "refused", "2")]
    assert points.rows().geometry.iloc[0].equals(Point(X, Y))


def test_closed_lines_of_a_drawing_may_be_taken_for_polygons(load: Loader, tmp_path: Path) -> None:
    other = shapely.transform(GOOD, lambda p: p + np.array([2 * D, 0]))
    open_line = LineString([(X, Y), (X + D, Y), (X + D, Y + D)])
    shapes = [GOOD.exterior, other.exterior, open_line]
    frame = parcels([LineString(shape.coords) for shape in shapes])
    file = write(frame, tmp_path / "a.gpkg")
    assert load(file).decision == "refused"
    report = load(file, mapping=Mapping(rules=Rules(closed_line="polygon")))
    assert named(report) == [("geometry.type", "refused", "3")]
    assert report.totals["geometry.closed_line noted"] == 2
    assert load.rows().geometry.tolist() == [MultiPolygon([GOOD]), MultiPolygon([other])]


def test_a_table_may_keep_rows_without_a_place(load: Loader, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("service_class,lon,lat\nschool,30.42,54.5\nschool,,\nschool,30.42,x\n")
    points = load.into("service_points")
    report = points(file)
    assert named(report) == [("geometry.null", "refused", "2"), ("geometry.null", "refused", "3")]
    keeping = points(file, mapping=Mapping(rules=Rules(null_geometry="keep")))
    # The layer's table wants a geometry: that is said, and nothing is changed.
    assert keeping.decision == "refused"
    assert "1 row: no geometry" in keeping.reason


def test_arcs_are_drawn_by_lines(load: Loader, tmp_path: Path) -> None:
    ring = f"{X} {Y},{X + D} {Y + D},{X + 2 * D} {Y},{X + D} {Y - D},{X} {Y}"
    text = f'purpose,WKT\nresidential,"CURVEPOLYGON(CIRCULARSTRING({ring}))"\n'
    (tmp_path / "a.csv").write_text(text)
    # A GeoPackage holds arcs; GDAL makes one of the table.
    with open_arrow(tmp_path / "a.csv", use_pyarrow=True) as (meta, reader):
        names = [meta["geometry_name"] or "wkb_geometry"]
        found = reader.read_all()
    write_arrow(
        found, tmp_path / "a.gpkg", driver="GPKG", geometry_name=names[0],
        geometry_type="Unknown", crs="EPSG:4326",
    )  # fmt: skip
    assert pyogrio.read_info(tmp_path / "a.gpkg")["features"] == 1
    report = load(tmp_path / "a.gpkg")
    assert [(f.code, f.action) for f in report.findings] == [("geometry.curve", "noted")]
    area = load.rows().geometry.iloc[0].area
    assert area == pytest.approx(math.pi * D**2, rel=2e-3)
    refusing = Mapping(rules=Rules(curve="refuse"))
    assert load(tmp_path / "a.gpkg", mapping=refusing).decision == "refused"


def test_duplicates_are_named(load: Loader, plots: Plots, tmp_path: Path) -> None:
    frame = plots(3)
    frame = pd.concat([frame, frame.iloc[[0]], frame.iloc[[1]].assign(address="іншы")])
    clone = frame.iloc[[2]].assign(cadastral_number="00009")
    file = write(pd.concat([frame, clone]), tmp_path / "a.gpkg")
    report = load(file, mapping=Mapping(key=("cadastral_number",), rules=Rules(refused_share=0.9)))
    assert set(named(report)) == {
        ("duplicate.feature", "refused", "4"),  # equals the first
        ("duplicate.key", "refused", "2"),  # which of the two is right?
        ("duplicate.key", "refused", "5"),
        ("duplicate.alike", "noted", "3"),
        ("duplicate.alike", "noted", "6"),
    }
    assert load.rows()["cadastral_number"].tolist() == ["00001", "00003", "00009"]
    assert report.counts.refused == 3


def test_equal_features_without_a_key(load: Loader, plots: Plots, tmp_path: Path) -> None:
    frame = plots(2)
    file = write(pd.concat([frame, frame.iloc[[0]]]), tmp_path / "a.gpkg")
    assert named(load(file)) == [("duplicate.feature", "refused", "3")]
    kept = load(file, mapping=Mapping(rules=Rules(same_feature="keep")))
    assert kept.counts.added == 1
    assert len(load.rows()) == 3
    assert load(file, mapping=Mapping(rules=Rules(same_feature="keep"))).decision == "unchanged"


def test_values_that_do_not_fit_are_named_with_their_field(
    load: Loader, plots: Plots, tmp_path: Path
) -> None:
    frame = plots(6, area_m2=["1 234,5", "12.5", "шмат", None, "-1", "2"])
    frame.loc[3, "purpose"] = "замак"
    frame.loc[5, "purpose"] = None
    file = write(frame, tmp_path / "a.gpkg")
    report = load(file, mapping=KEYED)
    said = {f.feature: (f.code, f.field, f.value, f.detail) for f in report.findings}
    assert said == {
        "3": ("value.unreadable", "area_m2", "шмат", "area_m2: 'шмат' is not a number"),
        "4": (
            "value.unknown_code", "purpose", "замак",
            "purpose: 'замак' is none of the codes of purpose",
        ),
        "5": ("value.unreadable", "area_m2", "-1", "area_m2: '-1' is below 0"),
        "6": ("value.missing", "purpose", None, "no value in purpose"),
    }  # fmt: skip
    assert report.decision == "refused"  # four of six are too many
    assert "4 of its 6 features are refused" in report.reason
    rules = Rules(bad_value="blank")
    blank = load(file, mapping=Mapping(key=("cadastral_number",), rules=rules))
    assert blank.counts.loaded == 4
    assert load.rows()["area_m2"].tolist()[:2] == [1234.5, 12.5]
    assert load.rows()["area_m2"].isna().tolist() == [False, False, True, True]


def test_a_huge_text_is_refused(load: Loader, plots: Plots, tmp_path: Path) -> None:
    file = write(plots(2, address=["a" * 31, "b"]), tmp_path / "a.gpkg")
    report = load(file, mapping=Mapping(rules=Rules(longest_text=30)))
    (found,) = report.findings
    assert found.detail.endswith("has 31 characters, more than 30")
    assert report.counts.loaded == 1


def test_outside_the_crs_is_noted_or_refused_by_the_rule(
    load: Loader, plots: Plots, tmp_path: Path
) -> None:
    # Zone 35 ends at 30 degrees east; Orsha lies beyond, in zone 36.
    file = write(plots(2, crs="EPSG:32635"), tmp_path / "a.gpkg")
    report = load(file)
    assert [f.code for f in report.findings] == ["geometry.outside_crs"] * 2
    assert report.decision == "published"
    strict = Mapping(rules=Rules(outside_crs="refuse"))
    assert load(file, mapping=strict).decision == "refused"


def test_swapped_axes_are_refused_with_that_explanation(
    load: Loader, plots: Plots, tmp_path: Path
) -> None:
    frame = plots(2)
    frame.geometry = shapely.transform(frame.geometry.to_numpy(), lambda p: p[:, ::-1])
    with pytest.raises(RefusedLoad, match="the axes are swapped"):
        load(write(frame, tmp_path / "a.gpkg"))
    assert load.version() is None
    assert load.staged() == []


@pytest.mark.filterwarnings("ignore:Non closed ring detected")
def test_an_open_ring_is_closed(load: Loader, tmp_path: Path) -> None:
    ring = [[X, Y], [X + D, Y], [X + D, Y + D], [X, Y + D]]
    file = write(parcels([box(X - D, Y, X, Y + D)]), tmp_path / "a.geojson")
    document = json.loads(file.read_text())
    first = document["features"][0]
    other = {"type": "Polygon", "coordinates": [ring]}
    document["features"] = [first | {"geometry": other}, first]
    file.write_text(json.dumps(document))
    report = load(file)
    assert named(report) == [("geometry.open_ring", "repaired", "0")]
    assert (report.findings[0].lon, report.findings[0].lat) == (X, Y)
    assert GOOD.equals(load.rows().geometry.iloc[0])


def test_a_refusal_names_a_feature_of_the_fault_that_is_most_frequent(
    load: Loader, tmp_path: Path
) -> None:
    file = write(parcels([None, Point(X, Y), Point(X, Y)]), tmp_path / "a.geojson")
    (by_null, by_type, _) = load(file).findings
    said = load(file).reason
    assert f"(2): feature {by_type.feature}: {by_type.detail}" in said
    assert by_null.detail not in said
