"""Edits over HTTP: who may write where."""

from geoportal.cli.keys import add_key, revoke_key
from tests.fix_editing import LAYERS, Desk, feature, problem, square


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
    assert "Range" in answer.headers["access-control-allow-headers"]
    answer = desk.send("OPTIONS", "buildings/items")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert "accept-post" not in answer.headers
