"""Edits over HTTP, in this process, against a real PostGIS."""

import threading
from typing import Any

import pytest

from tests.fix_editing import LIGHT, MINSK, ORSHA, POINT, Desk, feature, pointers, problem


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
