"""Edits over HTTP: bodies in every system, and those that do not fit."""

import gzip
import json
from typing import Any

import pytest

from tests.fix_editing import (
    LIGHT,
    POINT,
    Desk,
    feature,
    pointers,
    problem,
    square,
)


@pytest.mark.parametrize(
    ("crs", "coordinates"),
    [
        (None, POINT),
        ("http://www.opengis.net/def/crs/EPSG/0/4326", POINT[::-1]),
        ("http://www.opengis.net/def/crs/EPSG/0/3857", None),
        ("http://www.opengis.net/def/crs/EPSG/0/32636", None),
        ("http://www.opengis.net/def/crs/EPSG/0/3035", None),
    ],
)
def test_bodies_come_in_every_crs(desk: Desk, crs: str | None, coordinates: Any) -> None:
    if coordinates is None:
        assert crs is not None
        ((x, y),) = desk.rows(
            "SELECT ST_X(g), ST_Y(g) FROM ST_Transform(ST_SetSRID(ST_MakePoint(%s, %s), 4326),"
            " %s::integer) AS g",
            *POINT,
            int(crs.rpartition("/")[2]),
        )
        coordinates = [y, x] if crs.endswith("/3035") else [x, y]
    body = feature(geometry={"type": "Point", "coordinates": coordinates})
    headers = {} if crs is None else {"Content_Crs": f"<{crs}>"}
    answer = desk.send("POST", "street_lights/items", body, **headers)
    assert answer.status_code == 201, answer.text
    found = desk.client.get(answer.headers["location"]).json()
    assert found["geometry"]["coordinates"] == pytest.approx(POINT, abs=1e-7)


def test_an_unknown_crs_is_refused(desk: Desk) -> None:
    for wrong in ("http://www.opengis.net/def/crs/EPSG/0/1", "EPSG:4326;x", "<>"):
        answer = desk.send("POST", "street_lights/items", feature(), Content_Crs=wrong)
        assert "Content-Crs" in problem(answer, 400)["detail"]


def test_a_compressed_body_is_refused_with_the_reason(desk: Desk) -> None:
    path = desk.new()
    body = gzip.compress(json.dumps(feature()).encode())
    for method, where in (("POST", "street_lights/items"), ("PUT", path), ("PATCH", path)):
        tag = desk.etag(path)
        answer = desk.send(method, where, body, Content_Encoding="gzip", If_Match=tag)
        assert "Content-Encoding" in problem(answer, 415)["detail"]
        assert answer.headers["accept-encoding"] == "identity"
    answer = desk.client.post("/ogc/search", content=body, headers={"Content-Encoding": "br"})
    problem(answer, 415)
    plain = desk.send("POST", "street_lights/items", feature(), Content_Encoding="identity")
    assert plain.status_code == 201
    gone = desk.send("DELETE", path, Content_Encoding="gzip", If_Match=desk.etag(path))
    assert gone.status_code == 204


WRONG_GEOMETRIES: list[tuple[str, Any, str]] = [
    ("street_lights", {"type": "Polygon", "coordinates": square(30.4, 54.5)}, "/geometry/type"),
    ("street_lights", {"type": "MultiPoint", "coordinates": [POINT]}, "/geometry/type"),
    ("street_lights", {"type": "Point"}, "/geometry/coordinates"),
    ("street_lights", {"type": "Point", "coordinates": []}, "/geometry/coordinates"),
    ("street_lights", {"type": "Point", "coordinates": [30.4]}, "/geometry/coordinates"),
    ("street_lights", {"type": "Point", "coordinates": ["30", "54"]}, "/geometry/coordinates"),
    ("street_lights", {"type": "Point", "coordinates": [30.4, None]}, "/geometry/coordinates"),
    ("street_lights", {"type": "Point", "coordinates": [181, 54]}, "/geometry/coordinates"),
    ("street_lights", {"type": "Point", "coordinates": [54.51, 30.42]}, "/geometry"),
    ("street_lights", {"type": "Point", "coordinates": [0, 0]}, "/geometry"),
    ("street_lights", None, "/geometry"),
    ("street_lights", [], "/geometry"),
    ("street_lights", "POINT(30 54)", "/geometry"),
    ("green_areas", {"type": "Polygon", "coordinates": []}, "/geometry/coordinates"),
    (
        "green_areas",
        {"type": "Polygon", "coordinates": [[[1, 2], [3, 4]]]},
        "/geometry/coordinates/0",
    ),
    (
        "green_areas",
        {"type": "Polygon", "coordinates": [[*square(30.4, 54.5)[0][:4], [30.5, 54.6]]]},
        "/geometry/coordinates/0",
    ),
    (
        "green_areas",
        {"type": "MultiPolygon", "coordinates": [square(30.4, 54.5), square(30.4, 54.5)]},
        "/geometry",
    ),
    (
        "green_areas",
        {
            "type": "Polygon",
            "coordinates": [
                [[30.4, 54.5], [30.41, 54.51], [30.41, 54.5], [30.4, 54.51], [30.4, 54.5]]
            ],
        },
        "/geometry",
    ),
]


@pytest.mark.parametrize(("layer_id", "geometry", "pointer"), WRONG_GEOMETRIES)
def test_a_geometry_that_does_not_fit_is_refused(
    desk: Desk, layer_id: str, geometry: Any, pointer: str
) -> None:
    properties = {"kind": "park"} if layer_id == "green_areas" else LIGHT | {"area": "orsha"}
    body = feature(geometry=geometry, properties=properties)
    assert pointers(desk.send("POST", f"{layer_id}/items", body)) == {pointer}


def test_single_polygons_are_taken_for_multi_ones_and_heights_are_dropped(desk: Desk) -> None:
    ring = [[*position, 180.5] for position in square(30.4, 54.5)[0]]
    body = feature(geometry={"type": "Polygon", "coordinates": [ring]}, properties={"kind": "park"})
    path = desk.new("green_areas", body)
    found = desk.get(path)["geometry"]
    assert found == {"type": "MultiPolygon", "coordinates": [square(30.4, 54.5)]}


@pytest.mark.parametrize(
    ("properties", "pointer"),
    [
        ({"state": None}, "/properties/state"),
        ({"state": "broken"}, "/properties/state"),
        ({"lamp_type": 7}, "/properties/lamp_type"),
        ({"lamp_id": 7}, "/properties/lamp_id"),
        ({"lamp_id": "a\0b"}, "/properties/lamp_id"),
        ({"lamp_id": "ж" * 1001}, "/properties/lamp_id"),
        ({"power_w": "40"}, "/properties/power_w"),
        ({"power_w": True}, "/properties/power_w"),
        ({"power_w": -1}, "/properties/power_w"),
        ({"power_w": 5001}, "/properties/power_w"),
        ({"installed_year": 2000.5}, "/properties/installed_year"),
        ({"installed_year": 2**70}, "/properties/installed_year"),
        ({"installed_year": 1899}, "/properties/installed_year"),
        ({"status": "checked"}, "/properties/status"),
        ({"owner": "me"}, "/properties/owner"),
        ({"geom": "x"}, "/properties/geom"),
        ({"a/b~c": 1}, "/properties/a~1b~0c"),
    ],
)
def test_values_that_do_not_fit_are_refused_by_name(
    desk: Desk, properties: dict[str, Any], pointer: str
) -> None:
    before = desk.rows("SELECT version, checksum FROM layers.version ORDER BY layer, area")
    body = feature(properties=LIGHT | properties)
    answer = desk.send("POST", "street_lights/items", body)
    assert pointers(answer) == {pointer}
    assert all(one["reason"] for one in answer.json()["errors"])
    assert desk.rows("SELECT version, checksum FROM layers.version ORDER BY layer, area") == before


def test_all_faults_are_told_at_once(desk: Desk) -> None:
    body = feature(geometry={"type": "Point"}, properties={"state": "x", "power_w": "y"})
    assert pointers(desk.send("POST", "street_lights/items", body)) == {
        "/geometry/coordinates", "/properties/state", "/properties/power_w",
        "/properties/lamp_type",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b'{"type": "Feature", "geometry": NaN}', 400),
        (b"[" * 100_000, 400),
        (b"[]", 422),
        (b"null", 422),
        (b'{"type": "FeatureCollection", "features": []}', 422),
        (b'{"type": "Feature", "geometry": null, "properties": [1]}', 422),
        (b'{"type": "Feature", "geometry": null, "properties": {}, "place": null}', 422),
        (b" " * 1_000_001, 413),
    ],
)
def test_bodies_that_are_no_feature_are_refused(desk: Desk, body: bytes, status: int) -> None:
    problem(desk.send("POST", "street_lights/items", body, Content_Type="application/json"), status)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_media_types_are_looked_at(desk: Desk, method: str) -> None:
    path = "street_lights/items" if method == "POST" else desk.new()
    etag = {} if method == "POST" else {"If_Match": desk.etag(path)}
    body = json.dumps({"state": "fault"} if method == "PATCH" else feature()).encode()
    problem(desk.send(method, path, body, Content_Type="", **etag), 400)
    good = "application/merge-patch+json" if method == "PATCH" else "application/geo+json"
    for wrong in ("text/plain", "application/xml", "application/json-patch+json", f"{good}x"):
        problem(desk.send(method, path, body, Content_Type=wrong, **etag), 415)
    problem(desk.send(method, path, body, Content_Type=f"{good}; charset=koi8-r", **etag), 415)
    answer = desk.send(method, path, body, Content_Type=f'{good}; charset="UTF-8"', **etag)
    assert answer.status_code in (201, 204)
