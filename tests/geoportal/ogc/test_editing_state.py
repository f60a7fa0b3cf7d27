"""Edits over HTTP: what is there afterwards, in tiles, history, versions and roles."""

import math
from itertools import pairwise
from typing import Any

import mapbox_vector_tile
import psycopg
import pytest
from starlette.testclient import TestClient

from geoportal.app import create_app
from geoportal.settings import Settings
from layers import store
from layers.errors import EditedLayer
from tests.fix_editing import LAYERS, LIGHT, ORIGIN, ORSHA, Desk, feature, pointers, problem

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
    for form in ("json", "jsonfg"):
        query = {"asof": start, "f": form}
        problem(desk.client.get(f"/ogc/collections/{path}", params=query), 404)
    for at, seen in ((made, created), (moved, changed)):
        for form in ("json", "jsonfg"):
            found = desk.get(path, asof=at, f=form)
            assert {k: found[k] for k in ("id", "geometry", "properties")} == {
                k: seen[k] for k in ("id", "geometry", "properties")
            }
            assert ("place" in found) is (form == "jsonfg")
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
