"""Features Part 2 over HTTP: every system in answers and in boxes, and where they are told of."""

from typing import Any

import psycopg
import pyproj
import pytest
from starlette.testclient import TestClient

from geoportal.errors import BadParameter
from geoportal.ogc.crs import SUPPORTED, parse_crs
from layers.crs import SYSTEMS, System

PARCELS = "/ogc/collections/test_parcels/items"
Connection = psycopg.Connection[tuple[Any, ...]]

every_system = pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.code)


def test_what_the_task_and_the_domain_ask_for_is_offered() -> None:
    codes = {system.code for system in SYSTEMS}
    wanted = "4326 3857 32634 32635 32636 3035 28404 28405 28406 20004 20005 20006 4284 4200"
    assert codes >= {"OGC:CRS84", *(f"EPSG:{code}" for code in wanted.split())}
    # GSK-2011, easily mistaken for SK-95, and two deprecated ones.
    assert not codes & {f"EPSG:{c}" for c in (20904, 20905, 20906, 28465, 28466)}


def test_every_collection_lists_what_fits_its_place(client: TestClient) -> None:
    everywhere = {"OGC:CRS84", *(f"EPSG:{code}" for code in (4326, 3857, 32635, 3035, 4284, 4200))}
    for document in client.get("/ogc/collections").json()["collections"]:
        assert set(document["crs"]) <= set(SUPPORTED)
        assert document["crs"][0] == document["storageCrs"] == parse_crs("crs", None).uri
        assert {s.crs.uri for s in SYSTEMS if s.code in everywhere} <= set(document["crs"])
    # All of this collection lies in zone 4, with its edge.
    ties = client.get("/ogc/collections/test_ties").json()
    for code in ("EPSG:28404", "EPSG:20004"):
        assert parse_crs("crs", f"[{code}]").uri in ties["crs"]


@every_system
def test_coordinates_come_in_the_axes_of_the_system(client: TestClient, system: System) -> None:
    answer = client.get(f"{PARCELS}/1", params={"crs": system.crs.uri})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-crs"] == f"<{system.crs.uri}>"
    first = answer.json()["geometry"]["coordinates"][0][0]
    east, north = pyproj.Transformer.from_pipeline(system.pipeline).transform(24.04, 51.5)
    wanted = (north, east) if pyproj.CRS(system.code).axis_info[0].direction == "north" else (
        east, north,
    )  # fmt: skip
    assert first == pytest.approx(wanted, abs=1e-3 if system.crs.metric else 1e-7)


def test_sk42_has_the_northing_first(client: TestClient) -> None:
    uri = "http://www.opengis.net/def/crs/EPSG/0/28404"
    x, y = client.get(f"{PARCELS}/1?crs={uri}").json()["geometry"]["coordinates"][0][0]
    assert 5_700_000 < x < 5_720_000
    assert 4_700_000 < y < 4_720_000


@every_system
def test_box_chooses_what_meets_it_in_its_own_system(
    client: TestClient, oracle: Connection, system: System
) -> None:
    """A box 300 km wide, whose edges bend by kilometres in longitude and latitude."""
    srid = system.crs.srid
    row = oracle.execute(
        "SELECT ST_XMin(b), ST_YMin(b), ST_XMax(b), ST_YMax(b) FROM"
        " ST_Transform(ST_MakeEnvelope(24.5, 52, 29, 54, 4326), %s::integer) AS b", (srid,)
    ).fetchone()  # fmt: skip
    assert row is not None
    west, south, east, north = row
    wanted = [
        found[0]
        for found in oracle.execute(
            "SELECT id FROM features.test_parcels WHERE ST_Intersects("
            "ST_Transform(geom, %s::integer), ST_MakeEnvelope(%s, %s, %s, %s, %s::integer))"
            " ORDER BY id",
            (srid, *row, srid),
        )
    ]
    order = (south, west, north, east) if system.crs.flip else (west, south, east, north)
    answer = client.get(
        PARCELS,
        params={
            "bbox": ",".join(map(repr, order)), "bbox-crs": system.crs.uri, "limit": "10000",
        },
    )  # fmt: skip
    assert len(wanted) > 1000
    assert [feature["id"] for feature in answer.json()["features"]] == wanted
    assert answer.json()["numberMatched"] == len(wanted)


def test_edge_of_a_box_is_exact_between_its_corners(client: TestClient, oracle: Connection) -> None:
    """A box 350 km wide with its upper edge 1 cm below, then above a parcel, far from corners."""
    uri = "http://www.opengis.net/def/crs/EPSG/0/28405"
    (low,) = oracle.execute(
        "SELECT ST_YMin(ST_Transform(geom, 928405)) FROM features.test_parcels WHERE id = 10061"
    ).fetchone() or (0,)
    for step, inside in ((-0.01, False), (0.01, True)):
        box = f"{low - 1000},5300000,{low + step},5650000"
        answer = client.get(PARCELS, params={"bbox": box, "bbox-crs": uri, "limit": "10000"})
        found = {feature["id"] for feature in answer.json()["features"]}
        assert found
        assert (10061 in found) is inside


@pytest.mark.parametrize("code", ["EPSG:28405", "EPSG:32635", "EPSG:3035", "EPSG:3857"])
def test_box_over_odd_geometries_is_answered(client: TestClient, code: str) -> None:
    system = next(s for s in SYSTEMS if s.code == code)
    corners = [
        pyproj.Transformer.from_pipeline(system.pipeline).transform(x, y)
        for x, y in ((26, 52), (29, 55))
    ]
    box = ",".join(str(v) for corner in corners for v in corner[:: -1 if system.crs.flip else 1])
    answer = client.get(
        "/ogc/collections/test_broken/items", params={"bbox": box, "bbox-crs": system.crs.uri}
    )
    assert answer.status_code == 200, answer.text
    assert {f["id"] for f in answer.json()["features"]} == {1, 4, 7, 8}


@every_system
def test_absurd_boxes_are_no_server_error(client: TestClient, system: System) -> None:
    for box in ("-1e300,-1e300,1e300,1e300", "-1e9,-1e9,1e9,1e9", "1e7,1e7,2e7,2e7", "0,0,0,0"):
        answer = client.get(PARCELS, params={"bbox": box, "bbox-crs": system.crs.uri})
        assert answer.status_code in (200, 400), answer.text


def test_box_wider_than_the_world_is_the_world(client: TestClient, oracle: Connection) -> None:
    uri = "http://www.opengis.net/def/crs/EPSG/0/3857"
    for layer in ("test_parcels", "test_ties"):
        answer = client.get(
            f"/ogc/collections/{layer}/items",
            params={"bbox": "-3e7,-3e7,3e7,3e7", "bbox-crs": uri, "limit": "10000"},
        )
        query = f"SELECT id FROM features.{layer} ORDER BY id LIMIT 10000"
        wanted = [row[0] for row in oracle.execute(query.encode())]
        assert [feature["id"] for feature in answer.json()["features"]] == wanted


def test_all_are_told_with_operation_and_accuracy(client: TestClient) -> None:
    document = client.get("/ogc/crs?lang=en").json()
    told = {one["code"]: one for one in document["systems"]}
    assert list(told) == [system.code for system in SYSTEMS]
    sk42 = told["EPSG:28406"]
    assert sk42["operation"] == {
        "id": "http://www.opengis.net/def/coordinateOperation/EPSG/0/15865",
        "code": "EPSG:15865",
        "name": "Pulkovo 1942 to WGS 84 (16)",
        "accuracy": 4.5,
    }
    assert [axis["direction"] for axis in sk42["axes"]] == ["north", "east"]
    assert sk42["warning"] is None
    assert "Russia" in told["EPSG:20006"]["warning"]
    assert told["EPSG:32636"]["operation"] is None
    page = client.get("/ogc/crs?f=html&lang=be").text
    assert "Pulkovo 1942 to WGS 84 (16)" in page
    assert "EPSG називає" not in page
    assert "толькі Расію" in page


@pytest.mark.parametrize("path", ["/ogc", "/ogc/collections/test_parcels"])
def test_the_document_is_linked(client: TestClient, path: str) -> None:
    links = client.get(path).json()["links"]
    assert "http://portal.example/ogc/crs" in {
        x["href"] for x in links if x["rel"] == "describedby"
    }


def test_a_safe_curie_is_an_address_too() -> None:
    assert parse_crs("crs", "[EPSG:28406]") is parse_crs(
        "crs", "http://www.opengis.net/def/crs/EPSG/0/28406"
    )
    assert parse_crs("crs", "[OGC:CRS84]") is parse_crs("crs", None)


@pytest.mark.parametrize("value", ["", "EPSG:4326", "[EPSG:20904]", "[EPSG:9284]", "x" * 5000])
def test_what_is_not_offered_is_a_bad_parameter(client: TestClient, value: str) -> None:
    with pytest.raises(BadParameter, match="is not offered"):
        parse_crs("crs", value)
    assert client.get(PARCELS, params={"crs": value}).status_code == 400
    assert client.get(PARCELS, params={"bbox-crs": value}).status_code == 400
