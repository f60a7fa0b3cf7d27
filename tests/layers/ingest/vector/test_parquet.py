"""Parquet files with coordinates in place of WKB."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from shapely import LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon, box

from layers.errors import RefusedLoad
from layers.ingest.vector import source as vector_source
from layers.ingest.vector.source import batches, open_source
from tests.fix_loads import Loader

HOLED = Polygon(box(30, 54, 31, 55).exterior, [box(30.2, 54.2, 30.4, 54.4).exterior])
SHAPES = [
    [Point(30, 54), Point(30.5, 54.5)],
    [LineString([(30, 54), (31, 55)]), LineString([(30, 54), (31, 54), (31, 55)])],
    [HOLED, box(32, 54, 33, 55)],
    [MultiPoint([(30, 54), (31, 55)]), MultiPoint([(30, 55)])],
    [MultiLineString([[(30, 54), (31, 55)], [(30, 55), (31, 54)]]), MultiLineString()],
    [MultiPolygon([HOLED, box(32, 54, 33, 55)]), MultiPolygon([box(30, 54, 31, 55)])],
]


def found(file: Path) -> tuple[list[str], np.ndarray]:
    source = open_source(file)
    assert source.crs is not None
    assert "4326" in source.crs or "CRS84" in source.crs
    parts = list(batches(source))
    assert all(list(part.columns) == ["name"] for part in parts)
    shapes = [shapely.from_wkb(part.wkb) for part in parts]
    return [n for part in parts for n in part.attributes["name"]], np.concatenate(shapes)


@pytest.mark.parametrize("shapes", SHAPES, ids=lambda shapes: shapes[0].geom_type)
@pytest.mark.parametrize("flat", [True, False])
def test_coordinates_are_read_as_shapes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shapes: list[shapely.Geometry], *, flat: bool
) -> None:
    monkeypatch.setattr(vector_source, "CHUNK", 2)  # a part begins within a file's own
    given = [None, *shapes, shapes[0]] if flat else [*shapes, shapes[1], None]
    frame = gpd.GeoDataFrame({"name": list("abcd")}, geometry=given, crs=4326)
    if flat:
        frame.to_parquet(tmp_path / "a.parquet", geometry_encoding="geoarrow")
    else:
        made = pa.table(frame.to_arrow(index=False, geometry_encoding="geoarrow"))
        pq.write_table(made, tmp_path / "a.parquet")
    names, read = found(tmp_path / "a.parquet")
    assert names == list("abcd")
    assert [s is None for s in read] == [s is None for s in given]
    assert shapely.equals_exact(read[read != None], frame.geometry.dropna()).all()  # noqa: E711


def test_a_ring_of_two_points_is_one_features_fault(load: Loader, tmp_path: Path) -> None:
    rings = [[(30.4, 54.5), (30.401, 54.5), (30.401, 54.501)], [(30.4, 54.5), (30.401, 54.5)]]
    made = pa.array([[[{"x": x, "y": y} for x, y in ring]] for ring in rings])
    named = {"ARROW:extension:name": "geoarrow.polygon"}
    schema = pa.schema([pa.field("shape", made.type, metadata=named), ("purpose", pa.string())])
    table = pa.table([made, ["residential", "residential"]], schema=schema)
    pq.write_table(table, tmp_path / "a.parquet")
    report = load(tmp_path / "a.parquet", crs="EPSG:4326")
    assert report.counts.loaded == 1
    assert [(one.code, one.feature) for one in report.findings] == [("geometry.malformed", "2")]


def test_another_encoding_is_refused_with_the_remedy(tmp_path: Path) -> None:
    box_type = pa.struct([(side, pa.float64()) for side in ("xmin", "ymin", "xmax", "ymax")])
    field = pa.field("shape", box_type, metadata={"ARROW:extension:name": "geoarrow.box"})
    made = pa.array([{"xmin": 30, "ymin": 54, "xmax": 31, "ymax": 55}], box_type)
    pq.write_table(pa.table([made], schema=pa.schema([field])), tmp_path / "a.parquet")
    with pytest.raises(RefusedLoad, match=r"a\.parquet holds .* as box, .*; write it as WKB"):
        open_source(tmp_path / "a.parquet")
