import json
import xml.etree.ElementTree as ET
from datetime import date, datetime
from typing import Any

import pytest
import shapely
from starlette.testclient import TestClient

from geoportal.ogc.crs import SUPPORTED
from tests.fix_exports import COLUMNS, Connection, Record, asked, assert_same, same_shape

ITEMS = "/ogc/collections/{}/items"
KML = "{http://www.opengis.net/kml/2.2}"
METRES = "http://www.opengis.net/def/crs/EPSG/0/32636"
LAT_LON = "http://www.opengis.net/def/crs/EPSG/0/4326"
DIGIT = 8e-8  # degrees: half of the last digit of each coordinate, and a little


def get(client: TestClient, layer: str, query: str) -> Any:
    answer = client.get(f"{ITEMS.format(layer)}?{query}")
    assert answer.status_code == 200, answer.text
    return answer


def from_geojson(feature: dict[str, Any], member: str = "geometry") -> Record:
    record = {"id": feature["id"]} | feature["properties"]
    shape = feature[member]
    built, seen = record.get("built"), record.get("seen")
    return record | {
        "built": built and date.fromisoformat(built),
        "seen": seen and datetime.fromisoformat(seen),
        "geometry": shape and shapely.from_geojson(json.dumps(shape)),
    }


def records_of_sequence(text: str) -> list[Record]:
    """RFC 8142: every record begins with a record separator and ends with a line feed."""
    first, *records = text.split("\x1e")
    assert first == ""
    assert all(one.endswith("\n") for one in records)
    return [from_geojson(json.loads(one)) for one in records]


def through_copy(connection: Connection, text: bytes, columns: str) -> list[tuple[Any, ...]]:
    """A CSV as PostgreSQL itself reads it."""
    with connection.transaction(force_rollback=True):
        connection.execute(f"CREATE TEMP TABLE back ({columns})".encode())
        with connection.cursor().copy("COPY back FROM STDIN (FORMAT csv, HEADER match)") as copy:
            copy.write(text)
        return connection.execute("SELECT * FROM back").fetchall()


TYPES = (
    "id bigint, kind text, name text, floors bigint, height_m float8, lit boolean, built date,"
    " seen timestamptz, tags jsonb, lines jsonb, levels jsonb, area text, soato text, status text"
)


def test_csv_is_read_back_by_postgresql(exports_client: TestClient, postgis: Connection) -> None:
    answer = get(exports_client, "probe", "f=csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert not answer.content.startswith(b"\xef\xbb\xbf")
    rows = through_copy(postgis, answer.content, f"{TYPES}, geometry text")
    found = [
        dict(zip(COLUMNS, row, strict=False)) | {"geometry": shapely.from_wkt(row[-1])}
        for row in rows
    ]
    wanted = asked(postgis)
    for row in wanted:
        # What a spreadsheet would calculate has an apostrophe, everything else is as it was.
        if row["name"] and row["name"][0] in "=+-@\t\r":
            row["name"] = "'" + row["name"]
    assert sum((row["name"] or "").startswith("'") for row in wanted) == 5
    assert_same(found, wanted, tolerance=DIGIT)


def test_no_cell_of_a_csv_is_a_formula(exports_client: TestClient) -> None:
    import csv
    import io

    rows = list(csv.reader(io.StringIO(get(exports_client, "probe", "f=csv").text, newline="")))
    texts = [cell for row in rows for i, cell in enumerate(row) if i != 4]
    assert len(rows) == 16
    assert not [cell for cell in texts if cell[:1] in tuple("=+-@\t\r")]


def test_csv_of_points_has_their_coordinates(
    exports_client: TestClient, postgis: Connection
) -> None:
    answer = get(exports_client, "points", "f=csv")
    rows = through_copy(postgis, answer.content, f"{TYPES}, lon float8, lat float8")
    wanted = [(r["geometry"].x, r["geometry"].y) for r in asked(postgis, "points")]
    assert [row[-2:] for row in rows] == [pytest.approx(pair, abs=DIGIT) for pair in wanted]
    answer = get(exports_client, "points", f"f=csv&crs={METRES}")
    rows = through_copy(postgis, answer.content, f"{TYPES}, easting float8, northing float8")
    wanted = [(r["geometry"].x, r["geometry"].y) for r in asked(postgis, "points", srid=32636)]
    assert [row[-2:] for row in rows] == [pytest.approx(pair, abs=0.0008) for pair in wanted]


@pytest.mark.parametrize("layer", ["probe", "shapes", "points"])
def test_sequence_has_every_feature(
    exports_client: TestClient, postgis: Connection, layer: str
) -> None:
    answer = get(exports_client, layer, "f=geojsonseq")
    assert answer.headers["content-type"] == "application/geo+json-seq"
    assert_same(records_of_sequence(answer.text), asked(postgis, layer), tolerance=DIGIT)


def test_sequence_has_the_axes_of_its_crs(exports_client: TestClient, postgis: Connection) -> None:
    answer = get(exports_client, "points", f"f=geojsonseq&crs={LAT_LON}")
    assert answer.headers["content-crs"] == f"<{LAT_LON}>"
    found = [(r["geometry"].y, r["geometry"].x) for r in records_of_sequence(answer.text)]
    wanted = [(r["geometry"].x, r["geometry"].y) for r in asked(postgis, "points")]
    assert found == [pytest.approx(pair, abs=DIGIT) for pair in wanted]


def test_jsonfg_of_a_collection(exports_client: TestClient, postgis: Connection) -> None:
    answer = get(exports_client, "probe", "f=jsonfg")
    assert answer.headers["content-type"] == "application/vnd.ogc.fg+json"
    document = answer.json()
    conf = "http://www.opengis.net/spec/json-fg-1/1.0/conf/"
    assert document["conformsTo"] == [conf + "core", conf + "types-schemas"]
    assert (document["featureType"], document["geometryDimension"]) == ("probe", 2)
    assert document["featureSchema"] == "http://portal.example/ogc/collections/probe/schema"
    # /req/core/place-geometries: what GeoJSON can say is not said in `place`.
    assert "coordRefSys" not in document
    assert all(f["place"] is None for f in document["features"])
    # /req/core/metadata C, same-crs: only the root object has them.
    assert not any({"conformsTo", "coordRefSys"} & set(f) for f in document["features"])
    assert document["numberReturned"] == len(document["features"]) == 15
    found = [from_geojson(f) for f in document["features"]]
    assert_same(found, asked(postgis), tolerance=DIGIT)


def test_jsonfg_time_is_of_the_roles(exports_client: TestClient) -> None:
    instants = get(exports_client, "probe", "f=jsonfg").json()["features"]
    # /req/core/utc: 12:00 in the zone of Minsk is 9:00 UTC.
    assert instants[0]["time"] == {"timestamp": "2026-10-02T09:00:00.25Z"}
    assert instants[6]["time"] is None
    spans = [f["time"] for f in get(exports_client, "points", "f=jsonfg").json()["features"]]
    # /req/core/interval: both ends are moments, because one is.
    assert spans[0] == {"interval": ["2026-01-02T00:00:00Z", "2026-02-01T01:00:00Z"]}
    assert spans[1] == {"interval": ["..", "2026-02-01T02:00:00Z"]}
    assert spans[2] == {"interval": ["2026-01-04T00:00:00Z", ".."]}
    assert spans[5] is None


@pytest.mark.parametrize("crs", [METRES, LAT_LON])
def test_jsonfg_in_another_crs_is_in_place(
    exports_client: TestClient, postgis: Connection, crs: str
) -> None:
    document = get(exports_client, "probe", f"f=jsonfg&crs={crs}").json()
    assert document["coordRefSys"] == crs
    assert all(f["geometry"] is None for f in document["features"])
    wanted = asked(postgis, srid=SUPPORTED[crs].srid)
    for feature, row in zip(document["features"], wanted, strict=True):
        shape = shapely.from_geojson(json.dumps(feature["place"]))
        if SUPPORTED[crs].flip:
            shape = shapely.transform(shape, lambda xy: xy[:, ::-1])
        tolerance = 0.0008 if crs == METRES else DIGIT
        assert same_shape(shape, row["geometry"], tolerance)


@pytest.mark.parametrize("crs", ["", f"&crs={METRES}"])
def test_jsonfg_of_one_feature(exports_client: TestClient, crs: str) -> None:
    answer = exports_client.get(f"{ITEMS.format('points')}/3?f=jsonfg{crs}")
    assert answer.headers["content-type"] == "application/vnd.ogc.fg+json"
    feature = answer.json()
    assert feature["featureType"] == "points"
    assert feature["conformsTo"][0].endswith("json-fg-1/1.0/conf/core")
    assert feature["time"] == {"interval": ["2026-01-04T00:00:00Z", ".."]}
    assert (feature["place"] is None) == (crs == "")
    assert (feature["geometry"] is None) == (crs != "")
    assert exports_client.get(f"{ITEMS.format('points')}/99?f=jsonfg").status_code == 404


def shape_of_kml(element: ET.Element) -> Any:
    """The first geometry below a KML element."""
    makers: dict[str, Any] = {"Point": shapely.Point, "LineString": shapely.LineString}
    found = []
    for one in element:
        kind = one.tag.removeprefix(KML)
        if kind == "MultiGeometry":
            found.append(_together([shape_of_kml(_around(member)) for member in one]))
        elif kind == "Polygon":
            rings = [_pairs(ring.text) for ring in one.iter(f"{KML}coordinates")]
            found.append(shapely.Polygon(rings[0], rings[1:]))
        elif kind in makers:
            pairs = _pairs(one.findtext(f"{KML}coordinates"))
            found.append(makers[kind](pairs[0] if kind == "Point" else pairs))
    return found[0] if found else None


def _around(element: ET.Element) -> ET.Element:
    outer = ET.Element("around")
    outer.append(element)
    return outer


def _pairs(text: str | None) -> list[tuple[float, ...]]:
    return [tuple(map(float, pair.split(","))) for pair in (text or "").split()]


def _together(members: list[Any]) -> Any:
    kinds = {m.geom_type for m in members}
    multi = {
        "Point": shapely.MultiPoint, "LineString": shapely.MultiLineString,
        "Polygon": shapely.MultiPolygon,
    }  # fmt: skip
    return multi[kinds.pop()](members) if len(kinds) == 1 else shapely.GeometryCollection(members)


def test_kml_has_every_feature(exports_client: TestClient, postgis: Connection) -> None:
    answer = get(exports_client, "probe", "f=kml&lang=ru")
    assert answer.headers["content-type"] == "application/vnd.google-earth.kml+xml"
    root = ET.fromstring(answer.text)
    assert root.findtext(f"{KML}Document/{KML}name") == "Здания"
    marks = root.findall(f".//{KML}Placemark")
    wanted = asked(postgis)
    assert len(marks) == len(wanted)
    for mark, row in zip(marks, wanted, strict=True):
        data = {d.get("name"): d.text or "" for d in mark.iter(f"{KML}SimpleData")}
        # XML has no way to write a bell.
        name = row["name"] and row["name"].replace("\x07", "")
        assert data["id"] == str(row["id"])
        assert data.get("name") == name
        assert mark.findtext(f"{KML}name") == (name or str(row["id"]))
        assert data.get("floors") == (None if row["floors"] is None else str(row["floors"]))
        assert data.get("built") == (row["built"] and row["built"].isoformat())
        when = mark.findtext(f"{KML}TimeStamp/{KML}when")
        assert (when and datetime.fromisoformat(when)) == row["seen"]
        assert same_shape(shape_of_kml(mark), row["geometry"], DIGIT)


def test_kml_has_every_kind_of_geometry(exports_client: TestClient, postgis: Connection) -> None:
    marks = ET.fromstring(get(exports_client, "shapes", "f=kml").text).iter(f"{KML}Placemark")
    for mark, row in zip(marks, asked(postgis, "shapes"), strict=True):
        assert same_shape(shape_of_kml(mark), row["geometry"], DIGIT), row


def test_kml_has_one_crs(exports_client: TestClient) -> None:
    answer = exports_client.get(f"{ITEMS.format('probe')}?f=kml&crs={METRES}")
    assert answer.status_code == 400
    assert "WGS 84" in answer.json()["detail"]


def test_a_column_that_a_caller_named_is_no_sql(exports_client: TestClient) -> None:
    answer = exports_client.get(f"{ITEMS.format('probe')}?f=csv&properties=name,owner%22--")
    assert answer.status_code == 400


def test_fields_and_geometry_can_be_left_out(exports_client: TestClient) -> None:
    answer = get(exports_client, "probe", "f=csv&properties=kind&skipGeometry=true&limit=2")
    assert answer.text == "id,kind\r\n1,shop\r\n2,house\r\n"
    features = get(exports_client, "probe", "f=jsonfg&skipGeometry=true&properties=kind").json()
    assert features["features"][0]["geometry"] is None
    assert features["features"][0]["properties"] == {"kind": "shop"}


def test_transport_of_an_odd_text_is_exact(exports_client: TestClient, postgis: Connection) -> None:
    row = postgis.execute("SELECT name FROM features.probe WHERE id = 6").fetchone()
    assert row == ("a,b;c\r\nd",)
    text = get(exports_client, "probe", "f=csv&properties=name&skipGeometry=true").content
    assert b'6,"a,b;c\r\nd"\r\n' in text
