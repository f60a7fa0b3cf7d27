"""Properties that hold lists: filters, parameters, schemas, edits, published tables."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from starlette.testclient import TestClient

from geoportal.app import create_app
from geoportal.cli.keys import add_key
from geoportal.cli.publish import described
from geoportal.settings import Settings
from layers import store
from layers.area import save_area, seed_areas
from layers.first_style import first_style
from layers.model import Origin
from layers.publish import publish
from layers.registry import load_layers
from layers.source_table import read_source
from processing.demo import frames
from tests.fix_db import new_database

LAYER = "service_points"
ITEMS = f"/ogc/collections/{LAYER}/items"
ROUTES = "/ogc/collections/routes/items"
ORIGIN = Origin(status="demonstration", source="test", checksum="1")
SAID = {
    "theme": "services", "title_be": None, "title_ru": None, "title_en": None,
    "status": "official", "licence": "CC-BY-4.0", "licence_title": None, "licence_url": None,
    "supplier": "Orsha", "attribution": None,
}  # fmt: skip
TABLE = """
CREATE TABLE routes (
    gid integer PRIMARY KEY, days varchar(9)[], lines smallint[], fares numeric(6, 2)[],
    grid text[], whole bigint[], kinds jsonb, geom geometry(Point, 4326)
);
INSERT INTO routes VALUES
    (1, '{mon,tue}', '{1,2}', '{0.95,1.5}', '{{a,b},{c,d}}', '{9223372036854775807}', '[]',
     ST_Point(30, 54, 4326)),
    (2, ARRAY['Чт, "пт"', NULL], '{}', NULL, '{a}', NULL, NULL, ST_Point(30, 54, 4326)),
    (3, '{tue,mon,mon}', '{2,1}', '{1.5}', '{}', '{1,2}', NULL, ST_Point(30, 54, 4326))
"""
Connection = psycopg.Connection[tuple[Any, ...]]
_KEY: dict[str, str] = {}


@pytest.fixture(scope="module")
def url(server: str, template: str) -> Iterator[str]:
    """A database with the demonstration's service points and a published table with arrays."""
    orsha = seed_areas()["orsha"]
    layer = load_layers()[LAYER]
    with new_database(server, template) as made:
        with psycopg.connect(made, autocommit=True) as connection:
            save_area(connection, orsha)
            rows = frames(orsha, LAYER, buildings=240)
            store.replace(connection, layer, rows, area=orsha, origin=ORIGIN)
            connection.execute(TABLE)
            source = read_source(connection, "routes")
            assert source.left_out == ("kinds",)
            published = described(source, "routes", **SAID)
            publish(connection, source, published, first_style(published))
            _KEY["key"] = add_key(connection, "tester", "editor", (), load_layers())
        yield made


@pytest.fixture(scope="module")
def portal(url: str) -> Iterator[TestClient]:
    settings = Settings(database_url=url, public_url="http://portal.example")
    with TestClient(create_app(settings), base_url="http://portal.example") as client:
        yield client


@pytest.fixture(scope="module")
def postgis(url: str) -> Iterator[Connection]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def get(client: TestClient, path: str, **params: str) -> Any:
    answer = client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(client: TestClient, path: str = ITEMS, **params: str) -> list[int]:
    page = get(client, path, limit="10000", **params)
    assert page.get("numberMatched") in (None, len(page["features"]))
    return [feature["id"] for feature in page["features"]]


@pytest.mark.parametrize(
    ("op", "items", "where"),
    [
        ("a_contains", ["ramp"], "accessibility @> '{ramp}'"),
        ("a_contains", ["ramp", "toilet"], "accessibility @> '{ramp,toilet}'"),
        ("a_containedBy", ["ramp", "hearing_loop"], "accessibility <@ '{ramp,hearing_loop}'"),
        ("a_equals", ["hearing_loop", "ramp"], "accessibility = '{ramp,hearing_loop}'"),
        ("a_equals", [], "accessibility = '{}'"),
        ("a_overlaps", ["toilet", "tactile_paving"], "accessibility && '{toilet,tactile_paving}'"),
    ],
)
def test_array_functions_in_text_and_json(
    portal: TestClient, postgis: Connection, op: str, items: list[str], where: str
) -> None:
    query = f"SELECT id FROM features.{LAYER} WHERE {where} ORDER BY id"
    wanted = [row[0] for row in postgis.execute(query.encode())]
    assert wanted
    listed = ", ".join(f"'{item}'" for item in items)
    assert ids(portal, filter=f"{op.upper()}(accessibility, ({listed}))") == wanted
    tree = {"op": op, "args": [{"property": "accessibility"}, items]}
    assert ids(portal, filter=json.dumps(tree), **{"filter-lang": "cql2-json"}) == wanted


def test_arrays_may_stand_on_either_side_and_be_null(
    portal: TestClient, postgis: Connection
) -> None:
    turned = ids(portal, filter="A_CONTAINEDBY(('ramp'), accessibility)")
    assert turned == ids(portal, filter="A_CONTAINS(accessibility, ('ramp'))")
    query = f"SELECT id FROM features.{LAYER} WHERE accessibility IS NULL ORDER BY id"
    unknown = [row[0] for row in postgis.execute(query.encode())]
    assert unknown
    assert ids(portal, filter="accessibility IS NULL") == unknown
    # Without a value a comparison is neither true nor false.
    every = ids(portal, filter="A_EQUALS(accessibility, accessibility)")
    assert not set(every) & set(unknown)


@pytest.mark.parametrize(
    ("filter_", "found"),
    [
        ("A_EQUALS(days, ('mon', 'tue'))", [1, 3]),  # as sets
        ("A_CONTAINS(days, ('Чт, \"пт\"'))", [2]),
        ("A_CONTAINS(lines, (2))", [1, 3]),
        ("A_OVERLAPS(lines, (2.0, 7.5))", [1, 3]),
        ("A_CONTAINEDBY(lines, (1, 2, 3))", [1, 2, 3]),
        ("A_CONTAINS(fares, (1.5))", [1, 3]),
        ("A_CONTAINS(whole, (9223372036854775807))", [1]),
        ("A_CONTAINS(whole, lines)", [2, 3]),
        ("A_CONTAINS(whole, (9223372036854775808))", []),
        ("NOT A_OVERLAPS(whole, (1, 99999999999999999999))", [1]),
    ],
)
def test_arrays_of_a_published_table(portal: TestClient, filter_: str, found: list[int]) -> None:
    if "whole, lines" in filter_:
        found = [3]  # the second has no value there
    assert ids(portal, ROUTES, filter=filter_) == found


def test_arrays_of_a_published_table_are_lists(portal: TestClient) -> None:
    features = get(portal, ROUTES)["features"]
    first, second, third = (one["properties"] for one in features)
    assert first["lines"] == [1, 2]
    assert first["fares"] == [0.95, 1.5]
    assert first["whole"] == [9223372036854775807]
    assert first["grid"] == ["a", "b", "c", "d"]  # a layer has plain lists
    assert second["days"] == ['Чт, "пт"', None]
    assert (second["lines"], second["fares"], third["grid"]) == ([], None, [])


@pytest.mark.parametrize(
    "filter_",
    [
        "accessibility = 'ramp'", "accessibility LIKE 'ramp'", "A_CONTAINS(accessibility, 'ramp')",
        "A_CONTAINS(accessibility, (1))", "A_CONTAINS(name, ('ramp'))", "accessibility IN ('ramp')",
        "accessibility > ('a')",
    ],
)  # fmt: skip
def test_filters_that_take_an_array_for_a_value_are_400(portal: TestClient, filter_: str) -> None:
    answer = portal.get(ITEMS, params={"filter": filter_})
    assert answer.status_code == 400, answer.text
    assert "character" in answer.json()["detail"]


def test_a_parameter_names_an_item(portal: TestClient) -> None:
    assert ids(portal, accessibility="ramp") == ids(
        portal, filter="A_CONTAINS(accessibility, ('ramp'))"
    )
    assert ids(portal, ROUTES, lines="2") == [1, 3]
    assert portal.get(ROUTES, params={"lines": "x"}).status_code == 400
    answer = portal.get(ITEMS, params={"sortby": "accessibility"})
    assert answer.status_code == 400
    assert "array" in answer.json()["detail"]


def test_a_text_is_found_in_lists_and_in_the_titles_of_their_codes(portal: TestClient) -> None:
    wanted = ids(portal, accessibility="ramp")
    assert wanted
    assert ids(portal, q="пандус") == ids(portal, q="Ramp") == wanted
    assert ids(portal, ROUTES, q="чт") == [2]


def test_schemas_say_array(portal: TestClient) -> None:
    base = f"/ogc/collections/{LAYER}"
    for name in ("schema", "queryables"):
        one = get(portal, f"{base}/{name}", f="json", lang="en")["properties"]["accessibility"]
        assert one["type"] == "array"
        assert one["items"]["type"] == "string"
        assert {"const": "ramp", "title": "ramp"} in one["items"]["oneOf"]
    assert "accessibility" not in get(portal, f"{base}/sortables", f="json")["properties"]
    lines = get(portal, "/ogc/collections/routes/schema", f="json")["properties"]["lines"]
    assert lines == lines | {"type": "array", "items": {"type": "integer"}}
    document = get(portal, "/ogc/openapi", f="json")
    parameters = document["paths"][f"/collections/{LAYER}/items"]["get"]["parameters"]
    (schema,) = (one["schema"] for one in parameters if one.get("name") == "accessibility")
    assert (schema["type"], schema["enum"][0]) == ("string", "step_free")


def test_pages_show_the_titles_of_the_items(portal: TestClient) -> None:
    page = portal.get(ITEMS, params={"f": "html", "lang": "ru", "accessibility": "hearing_loop"})
    assert "вход без ступеней, пандус" in page.text
    number = get(portal, ITEMS, accessibility="hearing_loop")["features"][0]["id"]
    item = portal.get(f"{ITEMS}/{number}", params={"f": "html", "lang": "en"})
    assert "hearing loop" in item.text
    schema = portal.get(f"/ogc/collections/{LAYER}/schema", params={"f": "html", "lang": "en"})
    assert "step-free entrance" in schema.text


def test_tiles_leave_arrays_out_and_are_filtered_by_them(
    portal: TestClient, postgis: Connection
) -> None:
    import mapbox_vector_tile

    row = postgis.execute(
        "SELECT floor((ST_X(c) + 20037508.34) / 4891.97)::int,"  # 2 * 20037508.34 / 2^13
        " floor((20037508.34 - ST_Y(c)) / 4891.97)::int FROM (SELECT ST_Transform(geom, 3857) AS c"
        f" FROM features.{LAYER} WHERE accessibility @> '{{toilet}}' ORDER BY id LIMIT 1) AS p"
    ).fetchone()
    assert row is not None
    path = f"/ogc/collections/{LAYER}/tiles/WebMercatorQuad/13/{row[1]}/{row[0]}"
    counts = []
    for params in ({}, {"filter": "A_CONTAINS(accessibility, ('toilet'))"}):
        answer = portal.get(path, params={"f": "mvt", **params})
        assert answer.status_code == 200
        features = mapbox_vector_tile.decode(answer.content)[LAYER]["features"]
        assert all("accessibility" not in one["properties"] for one in features)
        counts.append(sum(one["properties"].get("point_count", 1) for one in features))
    assert counts[0] > counts[1] > 0


def send(portal: TestClient, method: str, path: str, body: Any, **headers: str) -> Any:
    kind = "application/merge-patch+json" if method == "PATCH" else "application/geo+json"
    given = {"Authorization": f"Bearer {_KEY['key']}", "Content-Type": kind, **headers}
    return portal.request(method, path, content=json.dumps(body), headers=given)


def feature(accessibility: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [30.42, 54.51]},
        "properties": {"service_class": "shop", "accessibility": accessibility},
    }


def test_arrays_are_edited_and_remembered(portal: TestClient, postgis: Connection) -> None:
    answer = send(portal, "POST", ITEMS, feature(["ramp", "toilet"]))
    assert answer.status_code == 201, answer.text
    path = answer.headers["location"]
    assert get(portal, path)["properties"]["accessibility"] == ["ramp", "toilet"]
    ((moment,),) = postgis.execute("SELECT clock_timestamp()::text").fetchall()
    etag = portal.get(path).headers["etag"]
    patched = send(portal, "PATCH", path, {"accessibility": []}, **{"If-Match": etag})
    assert patched.status_code == 204, patched.text
    number = int(path.rpartition("/")[2])
    assert get(portal, path)["properties"]["accessibility"] == []
    assert number in ids(portal, filter="A_EQUALS(accessibility, ())")
    asof = str(moment).replace(" ", "T").replace("+00", "Z")
    assert number in ids(portal, asof=asof, filter="A_CONTAINS(accessibility, ('toilet'))")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("ramp", "not a list"),
        (["ramp", "lift"], "item 1: not one of"),
        ([None], "item 0: not a text"),
        ([["ramp"]], "item 0: not a text"),
        (["ramp"] * 101, "more than 100 items"),
    ],
)
def test_arrays_that_do_not_fit_are_422(portal: TestClient, given: Any, reason: str) -> None:
    answer = send(portal, "POST", ITEMS, feature(given))
    assert answer.status_code == 422
    assert "accessibility" in answer.text
    assert reason in answer.text
