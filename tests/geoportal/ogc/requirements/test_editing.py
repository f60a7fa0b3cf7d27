"""OGC API - Features Part 4 (OGC 20-002r1): create, replace, update, delete, optimistic locking."""

from typing import Any

import pytest

from tests.geoportal.ogc.requirements.conftest import Answer, Service

requirement = pytest.mark.requirement
ITEMS = "/collections/street_lights/items"
GEOJSON, PATCH = "application/geo+json", "application/merge-patch+json"
POINT = {"type": "Point", "coordinates": [30.42, 54.51]}
UTM36 = "http://www.opengis.net/def/crs/EPSG/0/32636"


def light(**changed: Any) -> dict[str, Any]:
    properties = {"lamp_id": "L-1", "lamp_type": "led", "state": "working"}
    return {"type": "Feature", "geometry": POINT, "properties": properties} | changed


def create(desk: Service, body: Any = None, **headers: str) -> Answer:
    return desk.send("POST", ITEMS, body or light(), Content_Type=GEOJSON, **headers)


def new(desk: Service, body: Any = None) -> str:
    answer = create(desk, body)
    assert answer.status == 201, answer.body
    return answer.headers["location"]


def etag(desk: Service, place: str) -> str:
    return desk.get(place).headers["etag"]


@requirement(
    "/req/core/methods",
    "/req/create-replace-delete/options-op",
    "/req/create-replace-delete/options-response",
    "/req/update/methods",
    "/req/features/resources-endpoint",
    "/req/features/resource-endpoint",
)
def test_options_tell_the_methods(desk: Service) -> None:
    for path, wanted in ((ITEMS, {"GET", "POST"}), (new(desk), {"GET", "PUT", "PATCH", "DELETE"})):
        answer = desk.send("OPTIONS", path)
        assert answer.status == 200
        assert wanted <= {one.strip() for one in answer.headers["allow"].split(",")}


@requirement(
    "/req/create-replace-delete/post-op",
    "/req/create-replace-delete/post-body",
    "/req/create-replace-delete/post-content-type",
    "/req/create-replace-delete/post-response",
    "/req/create-replace-delete/post-response-rid",
    "/req/features/geojson-create-replace",
)
def test_create_gives_a_new_identifier_and_its_place(desk: Service) -> None:
    first, second = new(desk, light(id=1)), new(desk, light(id=1))
    assert first != second
    found = desk.get(first).json
    assert found["geometry"] == POINT
    assert found["properties"]["lamp_id"] == "L-1"
    assert first.endswith(f"{ITEMS}/{found['id']}")
    assert found["id"] != 1
    wrong = desk.send("POST", ITEMS, light(), Content_Type="text/plain")
    assert wrong.status == 415


@requirement(
    "/req/create-replace-delete/put-op",
    "/req/create-replace-delete/put-body",
    "/req/create-replace-delete/put-content-type",
    "/req/create-replace-delete/put-response",
    "/req/create-replace-delete/put-rid",
    "/req/optimistic-locking-etags/put-etag-response",
)
def test_replace_really_replaces(desk: Service) -> None:
    place = new(desk, light(properties=light()["properties"] | {"power_w": 40}))
    tag = etag(desk, place)
    body = light(id=999, properties={"lamp_type": "sodium", "state": "fault"})
    answer = desk.send("PUT", place, body, Content_Type=GEOJSON, If_Match=tag)
    assert answer.status in (200, 204)
    found = desk.get(place)
    assert answer.headers["etag"] == found.headers["etag"] != tag
    assert found.json["id"] == int(place.rpartition("/")[2])
    kept = {k: v for k, v in found.json["properties"].items() if v is not None}
    assert (kept["lamp_type"], kept["state"]) == ("sodium", "fault")
    assert not {"lamp_id", "power_w"} & set(kept)


@requirement("/req/create-replace-delete/put-rid-exception")
def test_replacing_nothing(desk: Service) -> None:
    place = new(desk)
    tag = etag(desk, place)
    assert desk.send("DELETE", place, If_Match=tag).status in (200, 204)
    locked = desk.send("PUT", place, light(), Content_Type=GEOJSON, If_Match=tag)
    assert locked.status in (404, 412)
    assert desk.get(place).status == 404


@requirement("/req/create-replace-delete/delete-op", "/req/create-replace-delete/delete-response")
def test_delete(desk: Service) -> None:
    place = new(desk)
    assert desk.send("DELETE", place, If_Match=etag(desk, place)).status in (200, 204)
    assert desk.get(place).status == 404
    assert int(place.rpartition("/")[2]) not in desk.ids(ITEMS)


@requirement(
    "/req/update/update-patch-op",
    "/req/update/update-patch-body",
    "/req/update/update-patch-response",
    "/req/update/rid",
    "/req/features/update-json-merge-patch",
    "/req/optimistic-locking-etags/patch-etag-response",
)
def test_merge_patch(desk: Service) -> None:
    place = new(desk, light(properties=light()["properties"] | {"power_w": 40}))
    moved = {"type": "Point", "coordinates": [30.43, 54.5]}
    patch = {"geometry": moved, "properties": {"state": "fault", "power_w": None}}
    answer = desk.send("PATCH", place, patch, Content_Type=PATCH, If_Match=etag(desk, place))
    assert answer.status in (200, 204)
    found = desk.get(place)
    assert answer.headers["etag"] == found.headers["etag"]
    assert found.json["geometry"] == moved
    properties = found.json["properties"]
    assert (properties["state"], properties["lamp_id"]) == ("fault", "L-1")
    assert properties.get("power_w") is None
    other = {"id": 999, "properties": {"state": "working"}}
    refused = desk.send("PATCH", place, other, Content_Type=PATCH, If_Match=etag(desk, place))
    assert refused.status == 422
    assert desk.get(place).json["properties"]["state"] == "fault"


@requirement(
    "/req/optimistic-locking-etags/get-etag-response",
    "/req/optimistic-locking-etags/ifmatch-put-op",
    "/req/optimistic-locking-etags/ifmatch-put-eval",
    "/req/optimistic-locking-etags/ifmatch-patch-op",
    "/req/optimistic-locking-etags/ifmatch-patch-eval",
)
@pytest.mark.parametrize(("method", "body", "kind"), [
    ("PUT", light(), GEOJSON), ("PATCH", {"properties": {"state": "fault"}}, PATCH),
])  # fmt: skip
def test_locks(desk: Service, method: str, body: Any, kind: str) -> None:
    place = new(desk)
    before = desk.get(place)
    assert before.headers["etag"].startswith('"')
    assert desk.send(method, place, body, Content_Type=kind).status == 428
    stale = desk.send(method, place, body, Content_Type=kind, If_Match='"0"')
    assert stale.status == 412
    assert desk.get(place).json["properties"] == before.json["properties"]
    fits = desk.send(method, place, body, Content_Type=kind, If_Match=before.headers["etag"])
    assert fits.status in (200, 204)


@requirement("/req/features/schema")
def test_what_does_not_fit_the_schema_is_refused_by_field(desk: Service) -> None:
    schema = desk.get("/collections/street_lights/schema").json
    assert schema["additionalProperties"] is False
    assert {"lamp_type", "state"} <= set(schema["required"])
    wrong = light(properties={"lamp_type": "candle", "power_w": -1, "nosuch": 1})
    answer = create(desk, wrong)
    assert (answer.status, answer.type) == (422, "application/problem+json")
    pointers = {one["pointer"] for one in answer.json["errors"]}
    fields = {one.rpartition("/")[2] for one in pointers}
    assert {"lamp_type", "power_w", "nosuch", "state"} <= fields


@requirement(
    "/req/features/content-crs-header", "/req/features/default-crs", "/req/features/crs-other-crs"
)
def test_coordinates_have_the_declared_system(desk: Service) -> None:
    known = new(desk)
    there = desk.get(known, {"crs": UTM36}).json["geometry"]
    answer = create(desk, light(geometry=there), Content_Crs=f"<{UTM36}>")
    assert answer.status == 201
    found = desk.get(answer.headers["location"]).json["geometry"]["coordinates"]
    assert found == pytest.approx(POINT["coordinates"], abs=2e-7)
    unknown = create(desk, Content_Crs="<http://www.opengis.net/def/crs/EPSG/0/2056>")
    assert 400 <= unknown.status < 500
