"""Scenarios over HTTP: who may do what, what is refused, and what a process makes of one."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from starlette.testclient import TestClient

from geoportal.app import create_app
from geoportal.cli.keys import add_key
from geoportal.settings import Settings
from layers import scenario, store
from layers.area import save_area, seed_areas
from layers.model import Origin
from layers.registry import load_layers
from processing import demo, runner
from tests.fix_db import new_database
from tests.fix_jobs import await_worker, start_worker, until

LAYERS = load_layers()
ORSHA, MINSK = (seed_areas()[name] for name in ("orsha", "minsk"))
LOADED = ("buildings", "streets", "service_points", "green_areas", "census_units")
METERED = ("utility_meters", "meter_readings")
PLACE = [30.4195, 54.5145]
KINDERGARTEN = {
    "layer": "service_points", "operation": "add",
    "feature": {
        "geometry": {"type": "Point", "coordinates": PLACE},
        "properties": {"service_class": "kindergarten", "name": "Новы", "address": None},
    },
}  # fmt: skip


@dataclass
class Planner:
    """A client of the API, the database behind it and the keys of three planners."""

    client: TestClient
    url: str
    connection: psycopg.Connection[Any]
    keys: dict[str, str]

    def send(
        self, method: str, path: str, body: Any = None, who: str = "anna", **headers: str
    ) -> Any:
        kind = {"PATCH": "application/merge-patch+json"}.get(method, "application/json")
        given = {"X-API-Key": self.keys[who]} if who else {}
        given |= {} if body is None else {"Content-Type": kind}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = None if body is None else json.dumps(body).encode()
        return self.client.request(method, f"/ogc{path}", content=content, headers=given)

    def etag(self, name: str, who: str = "anna") -> str:
        return str(self.send("GET", f"/scenarios/{name}", who=who).headers["etag"])

    def names(self, who: str) -> list[str]:
        return [one["name"] for one in self.send("GET", "/scenarios", who=who).json()["scenarios"]]


@pytest.fixture(scope="module")
def planner(server: str, template: str) -> Iterator[Planner]:
    with new_database(server, template) as url, psycopg.connect(url, autocommit=True) as connection:
        for area in (ORSHA, MINSK):
            save_area(connection, area)
        for layer in (*LOADED, *METERED):
            made = demo.frames(ORSHA, layer, buildings=150)
            origin = Origin(status="demonstration", source="test", checksum="1")
            store.replace(connection, LAYERS[layer], made, area=ORSHA, origin=origin)
        keys = {name: add_key(connection, name, "editor", (), LAYERS) for name in ("anna", "boris")}
        keys["lamps"] = add_key(connection, "lamps", "editor", ("street_lights",), LAYERS)
        settings = Settings(database_url=url, public_url="http://portal.example")
        with TestClient(create_app(settings), base_url="http://portal.example") as client:
            yield Planner(client, url, connection, keys)


@pytest.fixture(scope="module")
def worker(planner: Planner) -> Iterator[None]:
    with start_worker(planner.url, processes=""):
        await_worker(planner.url)
        yield


def document(name: str = "kindergarten", *changes: Any, **members: Any) -> dict[str, Any]:
    made = {"name": name, "area": "orsha", "title": "Дзіцячы сад"}
    return made | {"changes": list(changes) or [KINDERGARTEN]} | members


def pointers(answer: Any) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    return {one["pointer"]: one["reason"] for one in answer.json()["errors"]}


def test_a_scenario_is_made_read_replaced_shared_and_deleted(planner: Planner) -> None:
    rows = planner.connection.execute("SELECT * FROM layers.version").fetchall()
    made = planner.send("POST", "/scenarios", document())
    assert made.status_code == 201, made.text
    assert made.headers["location"] == "http://portal.example/ogc/scenarios/kindergarten"
    found = planner.send("GET", "/scenarios/kindergarten")
    assert found.headers["etag"] == made.headers["etag"]
    assert found.headers["cache-control"] == "private, no-cache"
    said = found.json()
    assert (said["own"], said["shared"], said["layers"]) == (True, False, ["service_points"])
    assert said["changes"] == [KINDERGARTEN], "also what is null"
    # What was read may come back as it is.
    etag = made.headers["etag"]
    said["title"] = "Другі сад"
    replaced = planner.send("PUT", "/scenarios/kindergarten", said, If_Match=etag)
    assert replaced.status_code == 204, replaced.text
    assert planner.send("PUT", "/scenarios/kindergarten", said, If_Match=etag).status_code == 412
    etag = replaced.headers["etag"]
    patch = {"shared": True}
    shared = planner.send("PATCH", "/scenarios/kindergarten", patch, If_Match=etag)
    assert shared.status_code == 204, shared.text
    seen = planner.send("GET", "/scenarios/kindergarten", who="").json()
    assert (seen["own"], seen["title"], seen["changes"]) == (False, "Другі сад", [KINDERGARTEN])
    assert "anna" not in json.dumps(seen)
    assert planner.names("") == planner.names("boris") == ["kindergarten"]
    assert planner.send("DELETE", "/scenarios/kindergarten").status_code == 428
    etag = shared.headers["etag"]
    gone = planner.send("DELETE", "/scenarios/kindergarten", If_Match=etag)
    assert (gone.status_code, planner.names("anna")) == (204, [])
    assert planner.connection.execute("SELECT * FROM layers.version").fetchall() == rows


def test_a_private_scenario_does_not_exist_for_others(planner: Planner) -> None:
    assert planner.send("POST", "/scenarios", document("secret")).status_code == 201
    etag = planner.etag("secret")
    for who in ("boris", ""):
        assert planner.names(who) == []
        for method, body in (("GET", None), ("PUT", document("secret")), ("DELETE", None)):
            answer = planner.send(method, "/scenarios/secret", body, who=who, If_Match=etag)
            assert answer.status_code == 404, (who, method)
        body = {"inputs": {"area": "orsha", "scenario": "secret"}}
        run = planner.send("POST", "/processes/service-coverage/execution", body, who=who)
        assert run.status_code == 404, run.text
    assert planner.send("POST", "/scenarios", document("secret"), who="boris").status_code == 409
    planner.send("PATCH", "/scenarios/secret", {"shared": True}, If_Match=etag)
    etag = planner.etag("secret", "boris")
    for method, body in (("PUT", document("secret")), ("DELETE", None)):
        answer = planner.send(method, "/scenarios/secret", body, who="boris", If_Match=etag)
        assert answer.status_code == 403, answer.text
    planner.send("DELETE", "/scenarios/secret", If_Match=etag)


def test_a_key_makes_scenarios_of_the_layers_that_it_may_edit(planner: Planner) -> None:
    assert planner.send("POST", "/scenarios", document(), who="").status_code == 401
    refused = planner.send("POST", "/scenarios", document(), who="lamps")
    assert (refused.status_code, "service_points" in refused.text) == (403, True)


def test_every_fault_is_named_with_change_field_and_reason(planner: Planner) -> None:
    def change(layer: str = "service_points", **feature: Any) -> dict[str, Any]:
        return {"layer": layer, "operation": "add", "feature": KINDERGARTEN["feature"] | feature}

    bow = [[[30.41, 54.5], [30.42, 54.51], [30.42, 54.5], [30.41, 54.51], [30.41, 54.5]]]
    answer = planner.send("POST", "/scenarios", document(
        "bad",
        change(properties={"service_class": "castle", "nosuch": 1}),
        change(geometry={"type": "LineString", "coordinates": [PLACE, PLACE]}),
        change("nosuch"),
    ))  # fmt: skip
    assert set(pointers(answer)) == {
        "/changes/0/feature/properties/service_class", "/changes/0/feature/properties/nosuch",
        "/changes/1/feature/geometry/type", "/changes/2/layer",
    }  # fmt: skip
    answer = planner.send("POST", "/scenarios", document(
        "bad",
        change(geometry={"type": "Point", "coordinates": [54.5, 30.4]}),
        change(
            "green_areas",
            geometry={"type": "Polygon", "coordinates": bow}, properties={"kind": "park"},
        ),
    ))  # fmt: skip
    said = pointers(answer)
    assert "longitude comes first" in said["/changes/0/feature/geometry"]
    assert "Self-intersection" in said["/changes/1/feature/geometry"]
    secret = {"layer": "meter_readings", "operation": "remove", "id": ORSHA.feature_id(1)}
    abroad = {"layer": "service_points", "operation": "remove", "id": MINSK.feature_id(1)}
    said = pointers(planner.send("POST", "/scenarios", document("bad", secret, abroad)))
    assert "restricted" in said["/changes/0/layer"]
    assert "area orsha" in said["/changes/1/id"]
    assert set(pointers(planner.send("POST", "/scenarios", document("bad", area="x")))) == {"/area"}
    for wrong in ({"title": "a\0b"}, {"title": ""}, {"name": "Ы"}, {"nosuch": 1}, {"shared": 1}):
        said = pointers(planner.send("POST", "/scenarios", document("bad") | wrong))
        assert set(said) == {f"/{name}" for name in wrong}
    assert pointers(planner.send("POST", "/scenarios", []))


def test_coordinates_may_be_sent_in_another_system(planner: Planner) -> None:
    utm = "http://www.opengis.net/def/crs/EPSG/0/32636"
    ((x, y),) = planner.connection.execute(
        "SELECT ST_X(g), ST_Y(g) FROM (SELECT ST_Transform(ST_SetSRID(ST_MakePoint(%s, %s), 4326),"
        " 32636) AS g) AS s", PLACE,
    ).fetchall()  # fmt: skip
    moved = {"geometry": {"type": "Point", "coordinates": [x, y]}}
    change = KINDERGARTEN | {"feature": KINDERGARTEN["feature"] | moved}
    given = document("utm", change)
    made = planner.send("POST", "/scenarios", given, Content_Crs=f"<{utm}>")
    assert made.status_code == 201, made.text
    kept = planner.send("GET", "/scenarios/utm").json()["changes"][0]["feature"]["geometry"]
    assert kept["coordinates"] == pytest.approx(PLACE, abs=1e-9)
    planner.send("DELETE", "/scenarios/utm", If_Match=made.headers["etag"])
    given["changes"][0]["feature"]["geometry"]["coordinates"] = [1e9, 1e300]
    assert pointers(planner.send("POST", "/scenarios", given, Content_Crs=f"<{utm}>"))


@pytest.mark.parametrize("language", ["be", "ru", "en"])
def test_pages_show_what_is_shared(planner: Planner, language: str) -> None:
    made = planner.send("POST", "/scenarios", document("page", shared=True))
    page = planner.send("GET", f"/scenarios?f=html&lang={language}", who="").text
    assert 'href="/ogc/scenarios/page' in page
    page = planner.send("GET", f"/scenarios/page?f=html&lang={language}", who="").text
    assert "Дзіцячы сад" in page
    assert "scenarios." not in page.replace("scenarios.js", "")
    planner.send("DELETE", "/scenarios/page", If_Match=made.headers["etag"])


@pytest.mark.parametrize(
    ("given", "status", "word"),
    [
        (5, 400, "Input scenario"),
        ({"changes": []}, 400, "Input scenario"),
        ({"changes": [KINDERGARTEN], "area": "minsk"}, 400, "of area minsk"),
        ("nosuch", 404, "nosuch"),
        ({"changes": [KINDERGARTEN | {"layer": "nosuch"}]}, 422, "/changes/0/layer"),
    ],
)
def test_an_execution_refuses_what_is_no_scenario_of_its_area(
    planner: Planner, given: Any, status: int, word: str
) -> None:
    body = {"inputs": {"area": "orsha", "scenario": given}}
    answer = planner.send("POST", "/processes/accessibility-coverage/execution", body, who="")
    assert (answer.status_code, word in answer.text) == (status, True), answer.text


def test_what_a_scenario_gives_is_not_published(planner: Planner) -> None:
    inputs = {"area": "orsha", "scenario": {"changes": [KINDERGARTEN]}, "publish": True}
    path = "/processes/accessibility-coverage/execution"
    answer = planner.send("POST", path, {"inputs": inputs})
    assert (answer.status_code, "never published" in answer.text) == (400, True)


@pytest.mark.usefixtures("worker")
def test_a_kindergarten_more_by_job_and_at_once_equals_the_computation_here(
    planner: Planner,
) -> None:
    name, params = "service-coverage", {"service_classes": "kindergarten"}
    today = runner.run(planner.connection, name, "orsha", params, publish=False)
    rows = today.frames["service_coverage"]
    home = rows[rows["coverage"] == "not_covered"].geometry.iloc[0].representative_point()
    place = {"geometry": {"type": "Point", "coordinates": [home.x, home.y]}}
    change = KINDERGARTEN | {"feature": KINDERGARTEN["feature"] | place}
    made = planner.send("POST", "/scenarios", document("kindergarten", change))
    inputs = {"area": "orsha", "service_classes": ["kindergarten"], "scenario": "kindergarten"}
    path = f"/processes/{name}/execution"
    begun = planner.send("POST", path, {"inputs": inputs}, Prefer="respond-async")
    assert begun.status_code == 201, begun.text
    job = begun.json()["jobID"]
    # The job has what the scenario was: what becomes of it does not matter any more.
    planner.send("DELETE", "/scenarios/kindergarten", If_Match=made.headers["etag"])

    def over() -> Any:
        found = planner.send("GET", f"/jobs/{job}").json()
        return found if found["status"] in ("successful", "failed") else None

    assert until(over)["status"] == "successful", over()
    assert planner.send("GET", f"/jobs/{job}", who="boris").status_code == 404
    answer = planner.send("GET", f"/jobs/{job}/results").json()
    wanted = runner.compare(
        planner.connection, name, params, scenario.read(document("kindergarten", change))
    )
    plain = json.loads(json.dumps(wanted.document(), default=str))
    summary = answer["summary"]["value"]
    assert summary == plain["summary"]
    assert answer["service_coverage"]["value"] == plain["service_coverage"]
    (figures,) = summary["classes"]
    people = figures["residents_covered"]
    assert people["after"] - people["before"] == people["difference"] > 0
    rows = [row["properties"] for row in answer["service_coverage"]["value"]["features"]]
    newly = [
        row["building_id"] for row in rows
        if (row["coverage_before"], row["coverage_after"]) == ("not_covered", "covered")
    ]  # fmt: skip
    assert len(newly) == figures["buildings_covered"]["difference"]
    asked = "SELECT sum(residents) FROM features.buildings WHERE id = ANY(%s)"
    assert planner.connection.execute(asked, (newly,)).fetchall() == [(people["difference"],)]
    inputs["scenario"] = {"changes": [change]}
    now = planner.send("POST", path, {"inputs": inputs, "outputs": {"summary": {}}}, who="").json()
    assert now["classes"] == summary["classes"]


@pytest.mark.usefixtures("worker")
def test_no_difference_tells_of_a_household(planner: Planner) -> None:
    house = planner.connection.execute(
        "SELECT min(id) FROM features.buildings WHERE dwellings = 1"
    ).fetchall()[0][0]
    change = {"layer": "buildings", "operation": "remove", "id": house}
    body = {"inputs": {"area": "orsha", "scenario": {"changes": [change]}}}
    answer = planner.send("POST", "/processes/metering-coverage/execution", body, who="")
    assert answer.status_code == 200, answer.text
    said = answer.json()
    for each in said["summary"]["value"]["resources"].values():
        assert each["consumption"]["after"] is None
        assert each["consumption"]["difference"] is None
    for row in said["metering_coverage"]["value"]["features"]:
        assert row["properties"].get("consumption_after") is None


@pytest.mark.usefixtures("worker")
def test_the_requests_of_the_how_to_page_are_answered(planner: Planner) -> None:
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "what-if.md").read_text("utf-8")
    calls = re.findall(r"-X (\w+) http://127.0.0.1:8000/ogc(\S+).*?-d '(.*?)'\n", page, re.S)
    assert [method for method, _, _ in calls] == ["POST", "POST", "PATCH", "POST"]
    for method, path, body in calls:
        name = "new-kindergarten"
        seen = {"If_Match": planner.etag(name)} if method == "PATCH" else {}
        answer = planner.send(method, path, json.loads(body), **seen)
        assert answer.status_code in (200, 201, 204), answer.text
    said = answer.json()["summary"]["value"]
    assert {"before", "after", "difference"} == set(said["score_15min"]["mean_of_residents"])
    planner.send("DELETE", f"/scenarios/{name}", If_Match=planner.etag(name))
