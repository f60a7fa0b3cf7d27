"""Edits over HTTP, in this process, against a real PostGIS."""

import json
import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import mapbox_vector_tile
import psycopg
import pytest
from starlette.testclient import TestClient

from geoportal.app import create_app
from geoportal.cli.keys import add_key, revoke_key
from geoportal.settings import Settings
from layers import store
from layers.area import save_area, seed_areas
from layers.errors import EditedLayer
from layers.model import Origin
from layers.registry import load_layers
from processing.demo import frames
from tests.fix_db import new_database

LAYERS = load_layers()
ORSHA, MINSK = (seed_areas()[name] for name in ("orsha", "minsk"))
ORIGIN = Origin(status="demonstration", source="test", checksum="1")
EDITED = ("street_lights", "green_areas", "service_points")
LIGHT = {"lamp_id": "L-1", "lamp_type": "led", "state": "working", "power_w": 40.5}
POINT = [30.42, 54.51]

Row = tuple[Any, ...]


def load(connection: psycopg.Connection[Row], layer_id: str, area: Any = ORSHA) -> store.Loaded:
    made = frames(area, layer_id, buildings=12)
    return store.replace(connection, LAYERS[layer_id], made, area=area, origin=ORIGIN)


@dataclass
class Desk:
    """A client with a key, and the database behind it."""

    client: TestClient
    url: str
    connection: psycopg.Connection[Row]
    key: str

    def send(self, method: str, path: str, body: Any = None, **headers: str | bytes) -> Any:
        kinds = {"PATCH": "application/merge-patch+json"}
        given: dict[str, str | bytes] = {"Authorization": f"Bearer {self.key}"}
        if body is not None:
            given["Content-Type"] = kinds.get(method, "application/geo+json")
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        given = {name: value for name, value in given.items() if value}
        return self.client.request(
            method, f"/ogc/collections/{path}", content=content, headers=given
        )

    def new(self, layer_id: str = "street_lights", body: Any = None) -> str:
        """Make a feature; return its path below /collections."""
        answer = self.send("POST", f"{layer_id}/items", body or feature())
        assert answer.status_code == 201, answer.text
        return str(answer.headers["location"]).partition("/ogc/collections/")[2]

    def etag(self, path: str) -> str:
        return str(self.client.get(f"/ogc/collections/{path}").headers["etag"])

    def get(self, path: str, **params: str) -> dict[str, Any]:
        answer = self.client.get(f"/ogc/collections/{path}", params=params)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def rows(self, query: str, *params: Any) -> list[Row]:
        return self.connection.execute(query, params).fetchall()  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def desk(server: str, template: str) -> Iterator[Desk]:
    with new_database(server, template) as url, psycopg.connect(url, autocommit=True) as connection:
        for area in (ORSHA, MINSK):
            save_area(connection, area)
            load(connection, "street_lights", area)
        for layer_id in EDITED[1:]:
            load(connection, layer_id)
        load(connection, "buildings")
        key = add_key(connection, "tester", "editor", (), LAYERS)
        settings = Settings(database_url=url, public_url="http://portal.example")
        with TestClient(create_app(settings), base_url="http://portal.example") as client:
            yield Desk(client, url, connection, key)


def feature(**changed: Any) -> dict[str, Any]:
    made = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": POINT},
        "properties": dict(LIGHT),
    }
    return made | changed


def square(x: float, y: float, size: float = 0.001) -> list[list[list[float]]]:
    return [[[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]]


def problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    return found


def pointers(answer: Any) -> set[str]:
    return {one["pointer"] for one in problem(answer, 422)["errors"]}


def test_a_new_feature_is_where_the_answer_says(desk: Desk) -> None:
    before = desk.get("street_lights/items")["numberMatched"]
    answer = desk.send("POST", "street_lights/items", feature())
    assert answer.status_code == 201
    assert answer.content == b""
    assert "content-type" not in answer.headers
    address = answer.headers["location"]
    assert address.startswith("http://portal.example/ogc/collections/street_lights/items/")
    got = desk.client.get(address)
    assert got.headers["etag"] == answer.headers["etag"]
    assert got.headers["etag"].startswith('"')
    found = got.json()
    assert found["geometry"] == {"type": "Point", "coordinates": POINT}
    properties = found["properties"]
    assert {k: properties[k] for k in LIGHT} == LIGHT
    assert properties["height_m"] is None
    assert (properties["area"], properties["status"]) == ("orsha", "demonstration")
    assert properties["soato"] == ORSHA.soato
    # At once, in the process that wrote.
    assert desk.get("street_lights/items")["numberMatched"] == before + 1


def test_ids_are_never_used_twice(desk: Desk) -> None:
    first = desk.new()
    assert desk.send("DELETE", first, If_Match=desk.etag(first)).status_code == 204
    second = desk.new(body=feature(id=5))
    assert int(second.rpartition("/")[2]) == int(first.rpartition("/")[2]) + 1


def test_the_nearest_area_takes_a_feature_unless_it_names_one(desk: Desk) -> None:
    minsk = feature(geometry={"type": "Point", "coordinates": [MINSK.lon, MINSK.lat]})
    path = desk.new(body=minsk)
    assert desk.get(path)["properties"]["area"] == "minsk"
    assert MINSK.feature_id(0) < int(path.rpartition("/")[2]) < MINSK.feature_id(10**8)
    minsk["properties"]["area"] = "orsha"
    assert pointers(desk.send("POST", "street_lights/items", minsk)) == {"/geometry"}
    minsk["properties"]["area"] = "gomel"
    assert pointers(desk.send("POST", "street_lights/items", minsk)) == {"/properties/area"}


def test_put_really_replaces(desk: Desk) -> None:
    path = desk.new(body=feature(properties=LIGHT | {"height_m": 8.5, "cabinet": "C1"}))
    old = desk.etag(path)
    new = feature(
        geometry={"type": "Point", "coordinates": [30.43, 54.52]},
        properties={"lamp_type": "sodium", "state": "fault"},
    )
    answer = desk.send("PUT", path, new, If_Match=old)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["etag"] == desk.etag(path) != old
    found = desk.get(path)
    assert found["geometry"]["coordinates"] == [30.43, 54.52]
    assert found["properties"] == {
        "lamp_id": None, "lamp_type": "sodium", "power_w": None, "height_m": None,
        "cabinet": None, "state": "fault", "installed_year": None, "source_id": None,
        "area": "orsha", "soato": ORSHA.soato, "status": "demonstration",
        "luminaire": None, "arm_m": None, "tilt_deg": None, "azimuth_deg": None,
        "maintenance_factor": None,
    }  # fmt: skip


def test_put_touches_no_feature_but_that_of_its_address(desk: Desk) -> None:
    path, other = desk.new(), desk.new()
    number = int(other.rpartition("/")[2])
    before = desk.rows("SELECT * FROM features.street_lights WHERE id = %s", number)
    etag = desk.etag(path)
    changed = feature(id=number, properties=LIGHT | {"state": "fault"})
    assert desk.send("PUT", path, changed, If_Match=etag).status_code == 204
    assert desk.get(path)["properties"]["state"] == "fault"
    assert desk.rows("SELECT * FROM features.street_lights WHERE id = %s", number) == before
    moved = feature(properties=LIGHT | {"area": "minsk"})
    answer = desk.send("PUT", path, moved, If_Match=desk.etag(path))
    assert pointers(answer) == {"/properties/area"}


def test_a_merge_patch_changes_what_it_names(desk: Desk) -> None:
    path = desk.new()
    patch = {"properties": {"state": "fault", "lamp_id": None}}
    answer = desk.send("PATCH", path, patch, If_Match=desk.etag(path))
    assert answer.status_code == 204, answer.text
    assert answer.headers["etag"] == desk.etag(path)
    found = desk.get(path)
    assert (found["properties"]["state"], found["properties"]["lamp_id"]) == ("fault", None)
    assert found["properties"]["power_w"] == LIGHT["power_w"]
    assert found["geometry"]["coordinates"] == POINT
    # Part 4 patches the document of the schema: properties beside the geometry.
    flat = {"lamp_id": "L-9", "geometry": {"type": "Point", "coordinates": [30.44, 54.53]}}
    assert desk.send("PATCH", path, flat, If_Match=desk.etag(path)).status_code == 204
    found = desk.get(path)
    assert found["properties"]["lamp_id"] == "L-9"
    assert found["properties"]["state"] == "fault"
    assert found["geometry"]["coordinates"] == [30.44, 54.53]
    for wrong in ({"id": 1}, {"no_such": 1}, {"state": None}, {"geometry": None}, [], "x"):
        assert desk.send("PATCH", path, wrong, If_Match=desk.etag(path)).status_code == 422, wrong


def test_a_bottomless_patch_is_refused(desk: Desk) -> None:
    path = desk.new()
    for name in ("geometry", "properties", "lamp_id"):
        body = (f'{{"{name}":' + '{"a":' * 900 + "1" + "}" * 901).encode()
        problem(desk.send("PATCH", path, body, If_Match=desk.etag(path)), 422)
        body = (f'{{"type":"Feature","{name}":' + "[" * 900 + "]" * 900 + "}").encode()
        problem(desk.send("PUT", path, body, If_Match=desk.etag(path)), 422)


def test_a_patch_leaves_the_geometry_as_it_was_to_the_last_digit(desk: Desk) -> None:
    number, before = desk.rows(
        "SELECT id, ST_AsBinary(geom) FROM features.street_lights WHERE area = 'orsha' LIMIT 1"
    )[0]
    path = f"street_lights/items/{number}"
    answer = desk.send(
        "PATCH", path, {"lamp_id": "new"}, If_Match=desk.etag(path),
        Content_Crs="http://www.opengis.net/def/crs/EPSG/0/32636",
    )  # fmt: skip
    assert answer.status_code == 204
    query = "SELECT ST_AsBinary(geom), lamp_id FROM features.street_lights WHERE id = %s"
    assert desk.rows(query, number) == [(before, "new")]


def test_a_deleted_feature_is_gone(desk: Desk) -> None:
    path = desk.new()
    etag = desk.etag(path)
    assert desk.send("DELETE", path, If_Match=etag).status_code == 204
    assert desk.client.get(f"/ogc/collections/{path}").status_code == 404
    for method, body in (("DELETE", None), ("PUT", feature()), ("PATCH", {"state": "fault"})):
        problem(desk.send(method, path, body, If_Match=etag), 404)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_change_must_name_the_state_that_it_is_meant_for(desk: Desk, method: str) -> None:
    path = desk.new()
    body = {"PUT": feature(), "PATCH": {"state": "fault"}}.get(method)
    before = desk.get(path)
    problem(desk.send(method, path, body), 428)
    for wrong in ('"0"', '"abc-def"', "nonsense", 'W/"1"', '"1", "2"'):
        problem(desk.send(method, path, body, If_Match=wrong), 412)
    assert desk.get(path) == before
    matching = f'"0", {desk.etag(path)}'
    assert desk.send(method, path, body, If_Match=matching).status_code == 204


def test_every_form_of_a_feature_has_its_own_tag_and_each_may_be_sent_back(desk: Desk) -> None:
    path = desk.new()
    crs = "http://www.opengis.net/def/crs/EPSG/0/4326"
    address = f"/ogc/collections/{path}"
    seen = [
        desk.client.get(address, params=params).headers["etag"]
        for params in ({}, {"f": "html"}, {"crs": crs}, {"lang": "be"}, {"f": "jsonfg"})
    ]
    assert len(set(seen)) == len(seen)
    for etag in (*seen, f"W/{seen[0]}"):
        answer = desk.send("PATCH", path, {"state": "working"}, If_Match=etag)
        assert answer.status_code == 204


def test_unchanged_features_answer_304_and_others_do_not_matter(desk: Desk) -> None:
    path, other = desk.new(), desk.new()
    etag = desk.etag(path)
    assert desk.send("DELETE", other, If_Match=desk.etag(other)).status_code == 204
    plain = {"If-None-Match": etag, "Accept-Encoding": "identity"}
    again = desk.client.get(f"/ogc/collections/{path}", headers=plain)
    assert (again.status_code, again.headers["etag"]) == (304, etag)
    desk.send("PATCH", path, {"state": "fault"}, If_Match=etag)
    again = desk.client.get(f"/ogc/collections/{path}", headers={"If-None-Match": etag})
    assert again.status_code == 200


def test_of_two_writers_with_one_etag_exactly_one_wins(desk: Desk) -> None:
    for _ in range(5):
        path = desk.new()
        etag = desk.etag(path)
        start = threading.Barrier(4)
        answers: list[int] = []

        def write(n: int, path: str = path, etag: str = etag, start: Any = start) -> None:
            start.wait()
            body = feature(properties=LIGHT | {"lamp_id": f"writer {n}"})
            answers.append(desk.send("PUT", path, body, If_Match=etag).status_code)  # noqa: B023

        threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == [204, 412, 412, 412]
        number = int(path.rpartition("/")[2])
        assert desk.rows("SELECT count(*) FROM layers.history WHERE id = %s", number) == [(2,)]


def test_new_features_made_at_once_have_ids_of_their_own(desk: Desk) -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(desk.new())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 6


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


def test_nothing_can_be_written_without_a_valid_key(desk: Desk) -> None:
    path = desk.new()
    etag = desk.etag(path)
    for headers in (
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer gp_wrong"},
        {"Authorization": f"Basic {desk.key}"},
        {"Authorization": f"Bearer {desk.key}x"},
        {"Authorization": "", "X_API_Key": "gp_wrong"},
        {"Authorization": "Bearer gp_ж".encode()},
    ):
        for method, target, body in (
            ("POST", "street_lights/items", feature()),
            ("PUT", path, feature()),
            ("PATCH", path, {"state": "fault"}),
            ("DELETE", path, None),
        ):
            answer = desk.send(method, target, body, If_Match=etag, **headers)
            problem(answer, 401)
            assert answer.headers["www-authenticate"].startswith("Bearer")
    assert desk.etag(path) == etag
    answer = desk.send("DELETE", path, If_Match=etag, Authorization="", X_API_Key=desk.key)
    assert answer.status_code == 204


def test_a_key_for_one_layer_opens_no_other_and_a_revoked_one_nothing(desk: Desk) -> None:
    key = add_key(desk.connection, "gardener", "editor", ("green_areas",), LAYERS)
    scoped = Desk(desk.client, desk.url, desk.connection, key)
    problem(scoped.send("POST", "street_lights/items", feature()), 403)
    body = feature(
        geometry={"type": "Polygon", "coordinates": square(30.4, 54.5)},
        properties={"kind": "lawn"},
    )
    scoped.new("green_areas", body)
    revoke_key(desk.connection, "gardener")
    problem(scoped.send("POST", "green_areas/items", body), 401)


def test_layers_that_are_not_editable_know_no_writing(desk: Desk) -> None:
    number = desk.get("buildings/items", limit="1")["features"][0]["id"]
    for method, path in (
        ("POST", "buildings/items"),
        ("PUT", f"buildings/items/{number}"),
        ("PATCH", f"buildings/items/{number}"),
        ("DELETE", f"buildings/items/{number}"),
    ):
        answer = desk.send(method, path, feature(), If_Match="*")
        problem(answer, 405)
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    problem(desk.send("POST", "no_such/items", feature()), 405)


def test_options_name_the_methods_of_each_layer(desk: Desk) -> None:
    answer = desk.send("OPTIONS", "street_lights/items")
    assert (answer.status_code, answer.headers["allow"]) == (200, "GET, HEAD, OPTIONS, POST")
    assert answer.headers["accept-post"] == "application/geo+json, application/json"
    answer = desk.send("OPTIONS", "street_lights/items/1")
    assert answer.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"
    assert answer.headers["accept-patch"] == "application/merge-patch+json"
    assert "PATCH" in answer.headers["access-control-allow-methods"]
    answer = desk.send("OPTIONS", "buildings/items")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert "accept-post" not in answer.headers


INJECTIONS = [
    "'; DROP TABLE features.street_lights; --",
    "' OR 1=1 --",
    '"; SELECT pg_sleep(5); --',
    "%(id)s %s %% {0} {table}",
    "$$ || chr(39) || $$",
    "\\'; \\",
    "<script>alert(1)</script> & Ўў",
]


@pytest.mark.parametrize("text", INJECTIONS)
def test_values_are_values_whatever_they_say(desk: Desk, text: str) -> None:
    strings = {"lamp_id": text, "cabinet": text, "source_id": text, "soato": text}
    path = desk.new(body=feature(properties=LIGHT | strings))
    found = desk.get(path)["properties"]
    assert {name: found[name] for name in strings} == strings
    answer = desk.send("PATCH", path, {"lamp_id": text + text}, If_Match=desk.etag(path))
    assert answer.status_code == 204
    assert desk.get(path)["properties"]["lamp_id"] == text + text
    for name in ("lamp_type", "state", "status", "area", "power_w", "installed_year"):
        body = feature(properties=LIGHT | {name: text})
        assert pointers(desk.send("POST", "street_lights/items", body)) == {f"/properties/{name}"}
    pointers(desk.send("POST", "street_lights/items", feature(properties=LIGHT | {text: 1})))
    if text.isascii():
        answer = desk.send("POST", "street_lights/items", feature(), Content_Crs=text)
        problem(answer, 400)


def tile(desk: Desk, x: float, y: float) -> dict[int, Any]:
    """The features of the z18 tile at a place, by id."""
    n = 2**18
    col = int((x + 180) / 360 * n)
    row = int((1 - math.asinh(math.tan(math.radians(y))) / math.pi) / 2 * n)
    answer = desk.client.get(
        f"/ogc/collections/street_lights/tiles/WebMercatorQuad/18/{row}/{col}?f=mvt"
    )
    if answer.status_code == 204:
        return {}
    assert answer.status_code == 200, answer.text
    decoded = mapbox_vector_tile.decode(answer.content)
    found = decoded["street_lights"]["features"] if decoded else []
    return {one["id"]: one["properties"] for one in found}


def test_the_tile_shows_each_change_at_once(desk: Desk) -> None:
    here, there = [30.4301, 54.5301], [30.4501, 54.5401]
    path = desk.new(body=feature(geometry={"type": "Point", "coordinates": here}))
    number = int(path.rpartition("/")[2])
    assert tile(desk, *here)[number]["state"] == "working"
    desk.send("PATCH", path, {"state": "fault"}, If_Match=desk.etag(path))
    assert tile(desk, *here)[number]["state"] == "fault"
    move = {"geometry": {"type": "Point", "coordinates": there}}
    desk.send("PATCH", path, move, If_Match=desk.etag(path))
    assert number not in tile(desk, *here)
    assert tile(desk, *there)[number]["state"] == "fault"
    desk.send("DELETE", path, If_Match=desk.etag(path))
    assert number not in tile(desk, *there)
    assert desk.rows("SELECT count(*) FROM tiles.street_lights WHERE id = %s", number) == [(0,)]


def test_history_has_one_line_per_change_with_what_was_there(desk: Desk) -> None:
    path = desk.new()
    number = int(path.rpartition("/")[2])
    states = [desk.get(path)]
    desk.send("PATCH", path, {"state": "fault"}, If_Match=desk.etag(path))
    states.append(desk.get(path))
    desk.send("PATCH", path, {"state": "fault"}, If_Match=desk.etag(path))  # changes nothing
    put = feature(geometry={"type": "Point", "coordinates": [30.5, 54.4]})
    request = desk.send("PUT", path, put, If_Match=desk.etag(path)).headers["x-request-id"]
    states.append(desk.get(path))
    desk.send("DELETE", path, If_Match=desk.etag(path))
    found = desk.rows(
        "SELECT operation, who, request::text, valid_from, valid_to, former, version"
        " FROM layers.history WHERE id = %s ORDER BY change",
        number,
    )
    assert [row[0] for row in found] == ["create", "update", "replace", "delete"]
    assert {row[1] for row in found} == {"tester"}
    assert found[2][2] == request
    assert found[0][3] is None
    assert found[0][5] is None
    for before, after in pairwise(found):
        assert before[4] == after[3] < after[4]
        assert before[6] < after[6]
    for row, state in zip(found[1:], states, strict=True):
        former = row[5]
        assert former["geom"]["coordinates"] == state["geometry"]["coordinates"]
        assert {k: former[k] for k in state["properties"]} == state["properties"]
        assert former["id"] == number


def test_features_are_told_as_they_were(desk: Desk) -> None:
    def moment() -> str:
        ((now,),) = desk.rows("SELECT clock_timestamp()")
        return str(now.isoformat())

    x, y = 30.4701, 54.4701
    start = moment()
    path = desk.new(body=feature(geometry={"type": "Point", "coordinates": [x, y]}))
    made = moment()
    created = desk.get(path)
    move = {"state": "fault", "geometry": {"type": "Point", "coordinates": [x + 0.02, y]}}
    desk.send("PATCH", path, move, If_Match=desk.etag(path))
    moved = moment()
    changed = desk.get(path)
    desk.send("DELETE", path, If_Match=desk.etag(path))
    assert desk.client.get(f"/ogc/collections/{path}?asof={start}").status_code == 400  # a bare +
    assert desk.client.get(f"/ogc/collections/{path}", params={"asof": start}).status_code == 404
    for at, seen in ((made, created), (moved, changed)):
        found = desk.get(path, asof=at)
        assert {k: found[k] for k in ("id", "geometry", "properties")} == {
            k: seen[k] for k in ("id", "geometry", "properties")
        }
    box = f"{x - 0.001},{y - 0.001},{x + 0.001},{y + 0.001}"
    for at, ids in ((start, []), (made, [created["id"]]), (moved, []), (moment(), [])):
        page = desk.get("street_lights/items", asof=at, bbox=box)
        assert [one["id"] for one in page["features"]] == ids
        assert page["numberMatched"] == len(ids)
    for at, state in ((made, "working"), (moved, "fault")):
        query = {
            "asof": at,
            "state": state,
            "bbox": f"{x - 0.001},{y - 0.001},{x + 0.03},{y + 0.001}",
        }
        assert len(desk.get("street_lights/items", **query)["features"]) == 1
    lines = desk.client.get(
        "/ogc/collections/street_lights/items", params={"asof": made, "f": "csv"}
    )
    assert lines.status_code == 200
    assert str(created["id"]) in lines.text
    links = desk.get(f"street_lights/items/{created['id']}", asof=made)["links"]
    itself = next(one["href"] for one in links if one["rel"] == "self")
    assert desk.client.get(itself).json()["properties"] == created["properties"]
    everything = desk.get("street_lights/items", asof=start, limit="1")["numberMatched"]
    assert desk.get("street_lights/items", asof=made, limit="1")["numberMatched"] == everything + 1
    # What one sees of the past is no ticket to change the present.
    other = desk.new()
    old = desk.client.get(f"/ogc/collections/{other}", params={"asof": moment()}).headers["etag"]
    problem(desk.send("PATCH", other, {"state": "fault"}, If_Match=old), 412)
    for path, wrong in (
        ("street_lights/items", "yesterday"),
        ("street_lights/items", "2001-01-01T00:00:00Z"),
        ("street_lights/items/1", "2001-01-01T00:00:00Z"),
        ("buildings/items", made),
    ):
        answer = desk.client.get(f"/ogc/collections/{path}", params={"asof": wrong})
        assert "asof" in problem(answer, 400)["detail"]


def test_version_extent_and_checksum_stay_true(desk: Desk) -> None:
    layer = LAYERS["service_points"]
    # As loaded before sums were kept: the first edit adds up all rows.
    desk.connection.execute("UPDATE layers.version SET sum_high = NULL, sum_low = NULL")
    before = desk.rows("SELECT version, row_count, checksum FROM layers.version"
                       " WHERE layer = 'service_points'")[0]  # fmt: skip
    body = feature(geometry={"type": "Point", "coordinates": [30.0, 54.2]},
                   properties={"service_class": "school", "capacity": 7})  # fmt: skip
    path = desk.new("service_points", body)
    desk.new("service_points", body)
    desk.send("DELETE", path, If_Match=desk.etag(path))
    some = desk.get("service_points/items", limit="1")["features"][0]["id"]
    some = f"service_points/items/{some}"
    desk.send("PATCH", some, {"name": "Школа"}, If_Match=desk.etag(some))
    after = desk.rows("SELECT version, row_count, checksum, west, south, edited_at"
                      " FROM layers.version WHERE layer = 'service_points'")[0]  # fmt: skip
    assert after[0] > before[0]
    ((count,),) = desk.rows("SELECT count(*) FROM features.service_points")
    assert after[1] == before[1] + 1 == count
    assert after[2] != before[2]
    assert (after[3], after[4]) == (30.0, 54.2)
    # The same rows as a load have the very same checksum, so nothing changes.
    frame = store.read(desk.connection, layer)
    again = store.replace(desk.connection, layer, [frame], area=ORSHA, origin=ORIGIN)
    assert (again.changed, again.checksum) == (False, after[2])
    twins = "SELECT id, service_class, ST_AsBinary(geom) FROM tiles.service_points ORDER BY id"
    edited = desk.rows(twins)
    # Without its last row the layer differs: a load would undo edits, and is refused.
    with pytest.raises(EditedLayer, match="discard-edits"):
        store.replace(desk.connection, layer, [frame.iloc[:-1]], area=ORSHA, origin=ORIGIN)
    with pytest.raises(EditedLayer):
        store.remove(desk.connection, layer, ORSHA)
    assert desk.rows(twins) == edited
    assert store.discard_edits(desk.connection, layer, ORSHA)
    assert not store.discard_edits(desk.connection, layer, ORSHA)
    store.replace(desk.connection, layer, [frame.iloc[:-1]], area=ORSHA, origin=ORIGIN)
    store.replace(desk.connection, layer, [frame], area=ORSHA, origin=ORIGIN)
    # The twins of edits are those that a load makes.
    assert desk.rows(twins) == edited


def test_roles_can_do_no_more_than_they_need(desk: Desk) -> None:
    def refused(role: str, statement: str) -> None:
        options = f"-c role={role}"
        with (
            psycopg.connect(desk.url, options=options, autocommit=True) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement)  # type: ignore[arg-type]

    for statement in (
        "DELETE FROM features.street_lights",
        "UPDATE layers.version SET version = 1",
        "INSERT INTO tiles.street_lights (id, area) VALUES (1, 'orsha')",
        "SELECT digest FROM access.api_key",
        "SELECT who FROM layers.history",
        "DELETE FROM layers.history",
    ):
        refused("geoportal_reader", statement)
    for statement in (
        "DELETE FROM layers.history",
        "UPDATE layers.history SET who = 'x'",
        "TRUNCATE layers.history",
        "SELECT * FROM access.api_key",
        "SELECT * FROM access.check_key('x')",
    ):
        refused("geoportal_writer", statement)
    refused("geoportal_jobs", "SELECT * FROM access.check_key('x')")


def test_the_writer_pool_opens_only_for_an_edit_that_may_be(desk: Desk) -> None:
    settings = Settings(database_url=desk.url, public_url="http://portal.example")
    app = create_app(settings)
    with TestClient(app, base_url="http://portal.example") as client:
        second = Desk(client, desk.url, desk.connection, desk.key)
        problem(second.send("POST", "street_lights/items", {}), 422)
        problem(second.send("POST", "street_lights/items", feature(), Authorization=""), 401)
        assert app.state.portal.writer._pool.closed
        second.new()
        assert not app.state.portal.writer._pool.closed


def test_a_load_that_holds_the_layer_makes_an_edit_come_back_later(desk: Desk) -> None:
    path = desk.new()
    etag = desk.etag(path)
    with psycopg.connect(desk.url) as load, load.transaction():
        load.execute("LOCK TABLE ONLY features.street_lights IN SHARE MODE")
        answer = desk.send("DELETE", path, If_Match=etag)
    assert problem(answer, 503)["title"] == "Busy"
    assert desk.send("DELETE", path, If_Match=etag).status_code == 204


def test_conformance_and_openapi_tell_of_edits(desk: Desk) -> None:
    declared = desk.client.get("/ogc/conformance").json()["conformsTo"]
    part = "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/"
    classes = ("create-replace-delete", "update", "optimistic-locking-etags", "features")
    assert {part + name for name in classes} <= set(declared)
    document = desk.client.get("/ogc/openapi").json()
    paths = document["paths"]
    assert set(paths["/collections/buildings/items"]) == {"get"}
    assert set(paths["/collections/buildings/items/{featureId}"]) == {"get"}
    post = paths["/collections/street_lights/items"]["post"]
    assert post["security"] == [{"bearer": []}, {"apiKey": []}]
    assert set(document["components"]["securitySchemes"]) == {"bearer", "apiKey"}
    schema = post["requestBody"]["content"]["application/geo+json"]["schema"]
    properties = schema["properties"]["properties"]
    assert properties["required"] == ["lamp_type", "state"]
    assert properties["properties"]["state"]["enum"] == ["working", "fault", "unknown"]
    item = paths["/collections/street_lights/items/{featureId}"]
    assert set(item) == {"get", "put", "patch", "delete"}
    assert set(item["patch"]["requestBody"]["content"]) == {"application/merge-patch+json"}
    assert "requestBody" not in item["delete"]
    assert {"204", "412", "428", "422"} <= set(item["put"]["responses"])
    names = {one.get("name") for one in item["put"]["parameters"]}
    assert {"Content-Crs", "If-Match"} <= names
