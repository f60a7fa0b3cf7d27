import json
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pyproj
import pytest
import shapely
from starlette.testclient import TestClient

from geoportal.ogc.formats.shapefile import short_names
from tests.fix_editing import problem
from tests.fix_exports import COLUMNS, Connection, Record, asked, assert_same

ITEMS = "/ogc/collections/{}/items"
METRES = "http://www.opengis.net/def/crs/EPSG/0/32636"
LISTS = ("tags", "lines", "levels")
LAYERS = ("probe", "shapes", "points")


def download(client: TestClient, folder: Path, layer: str, query: str) -> Path:
    """The file of an export, kept under the name that the server gives it."""
    answer = client.get(f"{ITEMS.format(layer)}?{query}")
    assert answer.status_code == 200, answer.text
    name = answer.headers["content-disposition"].split('"')[1]
    assert int(answer.headers["content-length"]) == len(answer.content)
    path = folder / name
    path.write_bytes(answer.content)
    return path


def read_by_gdal(path: Path | str, layer: str | None = None) -> tuple[list[Record], dict[str, Any]]:
    """The rows of a file as GDAL gives them, by id, and what it says about the layer."""
    about = pyogrio.read_info(path, layer=layer)
    frame = pyogrio.read_dataframe(path, layer=layer, datetime_as_string=True)
    rows = [
        {key: None if pd.isna(given) else plain(key, given) for key, given in row.items()}
        for row in frame.to_dict("records")
    ]
    return sorted(rows, key=lambda row: row["id"]), about


def plain(name: str, given: Any) -> Any:
    """A value as Python has it; FlatGeobuf has moments only, so a date comes as its midnight."""
    if name == "built":
        return date.fromisoformat(str(given).replace("/", "-")[:10])
    if name in LISTS:
        return json.loads(given)
    if name == "seen":
        return datetime.fromisoformat(given.replace("/", "-"))
    return bool(given) if name == "lit" else given


def to_milliseconds(rows: list[Record]) -> list[Record]:
    """The rows with moments as GeoPackage keeps them."""
    for row in rows:
        if row["seen"]:
            row["seen"] = row["seen"].replace(microsecond=row["seen"].microsecond // 1000 * 1000)
    return rows


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("format_", ["gpkg", "fgb"])
@pytest.mark.parametrize("srid", [4326, 32636])
def test_gdal_reads_every_feature(
    exports_client: TestClient,
    postgis: Connection,
    tmp_path: Path,
    layer: str,
    format_: str,
    srid: int,
) -> None:
    crs = f"&crs={METRES}" if srid == 32636 else ""
    path = download(exports_client, tmp_path, layer, f"f={format_}{crs}")
    rows, about = read_by_gdal(path)
    assert pyproj.CRS(about["crs"]).to_epsg() == srid
    assert_same(rows, to_milliseconds(asked(postgis, layer, srid=srid)))


def test_geopackage_says_what_it_is(exports_client: TestClient, tmp_path: Path) -> None:
    path = download(exports_client, tmp_path, "probe", "f=gpkg&lang=be")
    assert path.suffix == ".gpkg"
    about = pyogrio.read_info(path)
    assert about["layer_name"] == "probe"
    assert about["geometry_type"] == "MultiPolygon"
    assert about["layer_metadata"]["attribution"] == "test"
    assert about["layer_metadata"]["status"] == "demonstration"
    assert about["layer_metadata"]["title"] == "Будынкі"


@pytest.mark.parametrize("layer", LAYERS)
def test_flatgeobuf_has_an_index_where_it_can(
    exports_client: TestClient, tmp_path: Path, layer: str
) -> None:
    path = download(exports_client, tmp_path, layer, "f=fgb")
    capable = pyogrio.read_info(path)["capabilities"]["fast_spatial_filter"]
    # `shapes` has features without a geometry, which such an index cannot hold.
    assert capable == (layer != "shapes")


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("srid", [4326, 32636])
def test_geoparquet_has_every_feature(
    exports_client: TestClient, postgis: Connection, tmp_path: Path, layer: str, srid: int
) -> None:
    crs = f"&crs={METRES}" if srid == 32636 else ""
    path = download(exports_client, tmp_path, layer, f"f=parquet{crs}")
    table = pq.read_table(path)
    wanted = asked(postgis, layer, srid=srid)
    rows = table.to_pylist()
    for row in rows:
        shape = row["geometry"] = row["geometry"] and shapely.from_wkb(row["geometry"])
        box = row["bbox"] and tuple(row["bbox"].values())
        assert box == (shape.bounds if shape and not shape.is_empty else None)
    assert_same(rows, wanted)
    assert [f.name for f in table.schema] == [*COLUMNS, "geometry", "bbox"]


def test_geoparquet_tells_of_its_geometries(
    exports_client: TestClient, postgis: Connection, tmp_path: Path
) -> None:
    path = download(exports_client, tmp_path, "shapes", "f=parquet")
    geo = json.loads(pq.read_metadata(path).metadata[b"geo"])
    assert (geo["version"], geo["primary_column"]) == ("1.1.0", "geometry")
    column = geo["columns"]["geometry"]
    shapes = [r["geometry"] for r in asked(postgis, "shapes") if r["geometry"]]
    assert column["encoding"] == "WKB"
    assert column["geometry_types"] == sorted({s.geom_type for s in shapes})
    assert column["bbox"] == list(shapely.total_bounds(shapes))
    assert column["crs"]["id"] == {"authority": "OGC", "code": "CRS84"}
    assert column["covering"]["bbox"] == {e: ["bbox", e] for e in ("xmin", "ymin", "xmax", "ymax")}
    geo = json.loads(
        pq.read_metadata(
            download(exports_client, tmp_path, "points", f"f=parquet&crs={METRES}")
        ).metadata[b"geo"]
    )
    assert geo["columns"]["geometry"]["crs"]["id"] == {"authority": "EPSG", "code": 32636}


def test_geopandas_reads_a_part_by_its_boxes(exports_client: TestClient, tmp_path: Path) -> None:
    import geopandas

    path = download(exports_client, tmp_path, "probe", "f=parquet")
    frame = geopandas.read_parquet(path, bbox=(30.05, 54, 30.055, 54.1))
    assert list(frame["id"]) == [5]
    assert frame.crs.to_string() == "OGC:CRS84"


def parts(path: Path) -> dict[str, list[Record]]:
    """Kind of geometry -> the rows of its Shapefile, under the names of the layer."""
    found = {}
    with zipfile.ZipFile(path) as archive:
        listed = archive.read("fields.csv").decode().splitlines()[1:]
        names = {line.split(",")[0]: line.split(",")[1] for line in listed}
        for name in archive.namelist():
            if name.endswith(".cpg"):
                assert archive.read(name) == b"UTF-8"
            if name.endswith(".shp"):
                rows, _ = read_by_gdal(f"/vsizip/{path}/{name}")
                found[name.removesuffix(".shp")] = [
                    {names.get(key, key): value for key, value in row.items()} for row in rows
                ]
    return found


def as_shapefile_has_them(rows: list[Record]) -> list[Record]:
    for row in rows:
        row["name"] = row["name"] or None  # an empty text and none are the same there
        if row["name"]:
            cut = row["name"].encode()[:254].decode(errors="ignore")
            row["name"] = cut.strip(" ")
    return rows


@pytest.mark.parametrize("srid", [4326, 32636])
def test_shapefile_has_every_feature(
    exports_client: TestClient, postgis: Connection, tmp_path: Path, srid: int
) -> None:
    crs = f"&crs={METRES}" if srid == 32636 else ""
    path = download(exports_client, tmp_path, "probe", f"f=shp{crs}&lang=en")
    assert path.suffix == ".zip"
    ((name, rows),) = parts(path).items()
    assert name == "probe"
    wanted = as_shapefile_has_them(asked(postgis, srid=srid))
    for got, want in zip(rows, wanted, strict=True):
        height = want["height_m"]
        assert got["height_m"] == (height and pytest.approx(height, rel=1e-14))
    some = tuple(c for c in COLUMNS if c != "height_m")
    assert_same(rows, wanted, only=some, tolerance=1e-9)
    with zipfile.ZipFile(path) as archive:
        listed = archive.read("fields.csv").decode()
        assert "name,name,string,,Probe,280,yes" in listed
        assert "attribution: test" in archive.read("about.txt").decode()


def test_shapefile_keeps_kinds_of_geometry_apart(
    exports_client: TestClient, tmp_path: Path
) -> None:
    found = parts(download(exports_client, tmp_path, "shapes", "f=shp"))
    ids = {name: [row["id"] for row in rows] for name, rows in found.items()}
    assert ids == {
        "shapes-point": [1, 6, 8],  # 6 and 8 have nothing to draw
        "shapes-multipoint": [2, 7],
        "shapes-line": [3, 7],  # 7 is a point and a line
        "shapes-polygon": [4, 5],
    }


def test_short_names_are_unique() -> None:
    names = [
        "id",
        "temperature_c",
        "temperature_k",
        "Temperature",
        *(f"temperature{i}" for i in range(12)),
    ]
    found = short_names(names)
    assert len({short.lower() for short in found.values()}) == len(names)
    assert all(len(short) <= 10 for short in found.values())
    assert found["id"] == "id"
    assert found["temperature_c"] == "temperatur"


def test_shapefile_that_would_be_too_large_is_refused() -> None:
    from geoportal.ogc.formats import shapefile
    from geoportal.ogc.formats.order import ExportRefused

    measured = shapefile.Measured(
        rows=3_000_000, parts={"polygon": (3_000_000, 400_000_000)}, longest={"name": 10}
    )

    class Order:
        layer = type("L", (), {"published_fields": ()})()
        page = type("P", (), {"fields": ()})()

    with pytest.raises(ExportRefused, match=r"6\.6 GB.*gpkg"):
        shapefile._check_sizes(Order(), measured)  # type: ignore[arg-type]


@pytest.mark.parametrize("format_", ["gpkg", "fgb", "parquet", "shp"])
def test_nothing_found_is_an_empty_file(
    exports_client: TestClient, tmp_path: Path, format_: str
) -> None:
    answer = exports_client.get(f"{ITEMS.format('probe')}?f={format_}&floors=99")
    assert answer.headers["ogc-numberreturned"] == "0"
    path = download(exports_client, tmp_path, "probe", f"f={format_}&floors=99")
    if format_ == "parquet":
        table = pq.read_table(path)
        assert (table.num_rows, table.schema.names[:3]) == (0, ["id", "kind", "name"])
        geo = json.loads(pq.read_metadata(path).metadata[b"geo"])
        assert "bbox" not in geo["columns"]["geometry"]
        return
    where = f"/vsizip/{path}/probe.shp" if format_ == "shp" else path
    rows, about = read_by_gdal(where)
    assert rows == []
    assert list(about["fields"])[:3] == ["id", "kind", "name"]


@pytest.mark.parametrize("format_", ["gpkg", "fgb", "parquet", "shp"])
def test_geometries_cannot_be_left_out(exports_client: TestClient, format_: str) -> None:
    answer = exports_client.get(f"{ITEMS.format('probe')}?f={format_}&skipGeometry=true")
    assert answer.status_code == 400
    assert "skipGeometry" in answer.json()["detail"]


def test_a_part_of_a_file_can_be_asked_for(exports_client: TestClient) -> None:
    url = f"{ITEMS.format('points')}?f=parquet"
    whole = exports_client.get(url).content
    part = exports_client.get(url, headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"PAR1")
    assert part.headers["content-range"] == f"bytes 0-3/{len(whole)}"
    # The file is made anew each time, so an old part is never continued.
    given = {"Range": "bytes=4-", "If-Range": part.headers["etag"]}
    assert exports_client.get(url, headers=given).status_code == 200
    # What is no range of bytes is passed over.
    for none in ("pages=1-2", "bytes=5-2", "bytes=0-3,5-2", "bytes=" + "9" * 5000 + "-"):
        assert exports_client.get(url, headers={"Range": none}).content == whole
    # One range that the file has is enough (RFC 9110, section 14.1.2).
    part = exports_client.get(url, headers={"Range": f"bytes=0-3, {len(whole)}-"})
    assert (part.status_code, part.content) == (206, b"PAR1")
    for beyond in (f"bytes={len(whole)}-", "bytes=-0"):
        answer = exports_client.get(url, headers={"Range": beyond})
        assert answer.headers["content-range"] == f"bytes */{len(whole)}"
        assert str(len(whole)) in problem(answer, 416)["detail"]
