from typing import Any

import psycopg
import pytest
from starlette.testclient import TestClient

PARCELS = "/ogc/collections/test_parcels/items"
Connection = psycopg.Connection[tuple[Any, ...]]


def ids(client: TestClient, query: str) -> list[int]:
    answer = client.get(f"{PARCELS}?{query}")
    assert answer.status_code == 200, answer.text
    return [feature["id"] for feature in answer.json()["features"]]


def asked(oracle: Connection, where: str, *values: object) -> list[int]:
    query = f"SELECT id FROM features.test_parcels WHERE {where} ORDER BY id"
    return [row[0] for row in oracle.execute(query.encode(), values)]


def test_page_has_what_the_standard_asks(client: TestClient) -> None:
    answer = client.get(f"{PARCELS}?limit=3")
    assert answer.headers["content-type"] == "application/geo+json"
    assert answer.headers["content-crs"] == "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>"
    page = answer.json()
    assert page["type"] == "FeatureCollection"
    assert page["numberMatched"] == 20000
    assert page["numberReturned"] == len(page["features"]) == 3
    assert page["timeStamp"].endswith("Z")
    assert {link["rel"] for link in page["links"]} >= {"self", "alternate", "next", "collection"}


def test_feature_is_what_postgis_holds(client: TestClient, oracle: Connection) -> None:
    feature = client.get(f"{PARCELS}/7").json()
    row = oracle.execute(
        "SELECT ST_AsGeoJSON(geom, 7)::json, name, area_ha, built::text"
        " FROM features.test_parcels WHERE id = 7"
    ).fetchone()
    assert row is not None
    properties = feature["properties"]
    assert (feature["geometry"], *properties.values()) == row
    assert list(properties) == ["name", "area_ha", "built"]


def test_markup_and_cyrillic_come_back_as_they_are(client: TestClient) -> None:
    name = client.get(f"{PARCELS}/1").json()["properties"]["name"]
    assert name == '<script>alert(1)</script> "Зона <50 м" & Co'


@pytest.mark.parametrize(
    ("query", "where", "values"),
    [
        ("bbox=24.1,51.6,24.5,51.9", "ST_Intersects(geom, ST_MakeEnvelope(%s,%s,%s,%s,4326))",
         (24.1, 51.6, 24.5, 51.9)),
        ("bbox=24.1,51.6,0,24.5,51.9,100",
         "ST_Intersects(geom, ST_MakeEnvelope(%s,%s,%s,%s,4326))", (24.1, 51.6, 24.5, 51.9)),
        ("datetime=2000-01-10", "built = %s", ("2000-01-10",)),
        ("datetime=2000-01-10T12:00:00Z", "built = %s", ("2000-01-10",)),
        ("datetime=2000-01-10/2000-01-12", "built BETWEEN %s AND %s", ("2000-01-10", "2000-01-12")),
        ("datetime=../2000-01-03", "built <= %s", ("2000-01-03",)),
        ("datetime=2024-08-20/", "built >= %s", ("2024-08-20",)),
        ("area_ha=1.5", "area_ha = %s", (1.5,)),
        ("name=%D0%A3%D1%87%D0%B0%D1%81%D1%82%D0%BE%D0%BA+20", "name = %s", ("Участок 20",)),
        ("built=2000-02-01", "built = %s", ("2000-02-01",)),
    ],
)  # fmt: skip
def test_filter_gives_the_rows_of_postgis(
    client: TestClient, oracle: Connection, query: str, where: str, values: tuple[object, ...]
) -> None:
    wanted = asked(oracle, where, *values)
    assert wanted, "the case must hold something"
    assert ids(client, f"{query}&limit=10000") == wanted
    page = client.get(f"{PARCELS}?{query}&limit=1").json()
    assert page["numberMatched"] == len(wanted)


def test_box_over_the_antimeridian_has_both_sides(client: TestClient) -> None:
    assert ids(client, "bbox=170,51,-170,57&limit=5") == []
    assert len(ids(client, "bbox=31,51,-170,57&limit=10000")) == 100 * 25


@pytest.mark.parametrize("srid", [3857, 32634, 32635, 32636, 3035])
def test_box_in_a_projected_crs_is_exact(client: TestClient, oracle: Connection, srid: int) -> None:
    box = oracle.execute(
        "SELECT ST_XMin(b), ST_YMin(b), ST_XMax(b), ST_YMax(b) FROM"
        " ST_Transform(ST_MakeEnvelope(25, 52, 26, 53, 4326), %s) AS b", (srid,)
    ).fetchone()  # fmt: skip
    assert box is not None
    west, south, east, north = box
    # The oracle turns the features, we turn the box: both must choose the same rows.
    wanted = asked(
        oracle,
        "ST_Intersects(ST_Transform(geom, %s), ST_MakeEnvelope(%s,%s,%s,%s,%s))",
        srid, west, south, east, north, srid,
    )  # fmt: skip
    order = (south, west, north, east) if srid == 3035 else (west, south, east, north)
    uri = f"http://www.opengis.net/def/crs/EPSG/0/{srid}"
    query = f"bbox={','.join(map(repr, order))}&bbox-crs={uri}&limit=10000"
    assert len(wanted) > 100
    assert ids(client, query) == wanted


@pytest.mark.parametrize(
    ("crs", "expected"),
    [
        ("EPSG/0/4326", (51.5, 24.04)),
        ("EPSG/0/3857", (2676120.559, 6714452.342)),
        ("EPSG/0/32634", (711216.5, 5709858.0)),
    ],
)
def test_coordinates_in_another_crs(
    client: TestClient, oracle: Connection, crs: str, expected: tuple[float, float]
) -> None:
    uri = f"http://www.opengis.net/def/crs/{crs}"
    answer = client.get(f"{PARCELS}/1?crs={uri}")
    assert answer.headers["content-crs"] == f"<{uri}>"
    first = answer.json()["geometry"]["coordinates"][0][0]
    if crs.endswith("4326"):
        assert first == list(expected)
        return
    x, y = oracle.execute(
        "SELECT ST_X(p), ST_Y(p) FROM ST_Transform(ST_SetSRID(ST_MakePoint(24.04, 51.5), 4326), %s)"
        " AS p", (int(crs.rsplit("/", maxsplit=1)[-1]),)
    ).fetchone() or (0, 0)  # fmt: skip
    assert first == pytest.approx([x, y], abs=0.001)


def test_pages_follow_next_to_the_end_without_a_gap(client: TestClient, oracle: Connection) -> None:
    url: str | None = f"{PARCELS}?datetime=2000-01-01/2000-02-01&limit=17&sortby=-area_ha"
    seen: list[int] = []
    while url:
        page = client.get(url).json()
        seen += [feature["id"] for feature in page["features"]]
        url = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
    rows = oracle.execute(
        "SELECT id FROM features.test_parcels WHERE built BETWEEN '2000-01-01' AND '2000-02-01'"
        " ORDER BY area_ha DESC, id"
    )
    assert seen == [row[0] for row in rows]


def test_last_page_that_is_exactly_full_has_no_next(client: TestClient) -> None:
    page = client.get(f"{PARCELS}?limit=10&offset=19990").json()
    assert page["numberReturned"] == 10
    assert "next" not in {link["rel"] for link in page["links"]}


def test_offset_behind_the_end_is_an_empty_page(client: TestClient) -> None:
    page = client.get(f"{PARCELS}?offset=2000000000").json()
    assert page["features"] == []
    assert page["numberMatched"] == 20000


def test_what_would_cost_much_is_not_counted(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("layers.count.MOST_COST", 1.0)
    page = client.get(f"{PARCELS}?limit=10&filter=area_ha>100").json()
    assert "numberMatched" not in page
    assert "next" in {link["rel"] for link in page["links"]}
    assert "10" in client.get(f"{PARCELS}?limit=10&filter=area_ha>100&f=html").text
    # A page that holds its end needs no count, and all rows are known.
    assert client.get(f"{PARCELS}?limit=10&filter=area_ha<0.06").json()["numberMatched"] == 5
    assert client.get(f"{PARCELS}?limit=10").json()["numberMatched"] == 20000


def test_properties_and_geometry_can_be_left_out(client: TestClient) -> None:
    (feature,) = client.get(f"{PARCELS}?limit=1&properties=name&skipGeometry=true").json()[
        "features"
    ]
    assert feature["geometry"] is None
    assert list(feature["properties"]) == ["name"]


def test_limit_above_the_maximum_is_the_maximum(client: TestClient) -> None:
    assert client.get(f"{PARCELS}?limit=1000000000").json()["numberReturned"] == 10_000


def test_numbers_that_json_cannot_say_are_null_geometries(client: TestClient) -> None:
    features = client.get("/ogc/collections/test_broken/items?limit=20").json()["features"]
    kinds = {f["properties"]["name"]: f["geometry"] and f["geometry"]["type"] for f in features}
    assert kinds == {
        "self-intersecting": "Polygon", "null": None, "empty": "Polygon",
        "collection": "GeometryCollection", "infinite": None, "not a number": None,
        "arc": "LineString", "valid": "Polygon",
    }  # fmt: skip


def test_head_has_the_headers_and_no_body(client: TestClient) -> None:
    full, head = client.get(f"{PARCELS}/1"), client.head(f"{PARCELS}/1")
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == full.headers["content-length"]


def walk(client: TestClient, url: str, rel: str) -> list[list[int]]:
    """The ids of every page from `url` on, following one kind of link."""
    pages = []
    following: str | None = url
    while following:
        page = client.get(following).json()
        pages.append([feature["id"] for feature in page["features"]])
        following = next((x["href"] for x in page["links"] if x["rel"] == rel), None)
    return pages


@pytest.mark.parametrize(
    ("sortby", "order"),
    [
        ("", "id"),
        ("&sortby=name", "name, id"),
        ("&sortby=-code", "code DESC, id"),
        ("&sortby=code,-name", "code, name DESC, id"),
        ("&sortby=-seen,code", "seen DESC, code, id"),
        ("&sortby=weight", "weight, id"),
    ],
)
def test_cursors_walk_there_and_back_over_nulls_and_ties(
    client: TestClient, oracle: Connection, sortby: str, order: str
) -> None:
    rows = oracle.execute(f"SELECT id FROM features.test_ties ORDER BY {order}".encode())
    wanted = [row[0] for row in rows]
    first = f"/ogc/collections/test_ties/items?limit=7{sortby}"
    there = walk(client, first, "next")
    assert [i for page in there for i in page] == wanted
    last = first
    for _ in there[1:]:
        last = next(x["href"] for x in client.get(last).json()["links"] if x["rel"] == "next")
    back = walk(client, last, "prev")
    assert back == there[::-1]


def test_first_page_has_no_prev_and_last_no_next(client: TestClient) -> None:
    first = client.get("/ogc/collections/test_ties/items?limit=60").json()
    assert {x["rel"] for x in first["links"]} & {"prev", "next"} == set()


def test_rows_that_come_in_between_move_no_page(client: TestClient, oracle: Connection) -> None:
    page = client.get(f"{PARCELS}?limit=5&sortby=name&bbox=24,51,25,52").json()
    following = next(x["href"] for x in page["links"] if x["rel"] == "next")
    before = [f["id"] for f in client.get(following).json()["features"]]
    oracle.execute(
        "INSERT INTO features.test_parcels (id, area, geom, name)"
        " SELECT 900001, 'by', geom, '!' FROM features.test_parcels WHERE id = 1"
    )
    try:
        after = [f["id"] for f in client.get(following).json()["features"]]
    finally:
        oracle.execute("DELETE FROM features.test_parcels WHERE id = 900001")
    assert after == before


@pytest.mark.parametrize(
    "cursor", ["", "x", "W10", "%F0%9F%99%82", "WzEsWzFdXQ", "W2ZhbHNlLFsiYSJdXQ", "A" * 5000]
)
def test_cursor_of_another_query_is_refused(client: TestClient, cursor: str) -> None:
    answer = client.get(f"{PARCELS}?cursor={cursor}")
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_cursor_and_offset_together_are_refused(client: TestClient) -> None:
    page = client.get(f"{PARCELS}?limit=5").json()
    following = next(x["href"] for x in page["links"] if x["rel"] == "next")
    assert client.get(f"{following}&offset=5").status_code == 400
