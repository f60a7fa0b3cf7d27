from collections.abc import Iterator

import psycopg
import pytest
from psycopg.types.json import Jsonb
from starlette.testclient import TestClient

from geoportal.app import create_app
from geoportal.settings import Settings
from tests.fix_db import new_database

ID = "dabea376-1925-5c83-b4c4-49f55b719968"


@pytest.fixture(scope="module")
def portal(server: str, template: str) -> Iterator[TestClient]:
    with new_database(server, template) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "INSERT INTO runs.run (id, pipeline, version, area, parameters, inputs, outputs,"
                " libraries, crs, quality, result_checksum, started_at, finished_at) VALUES"
                " (%s, 'land-coverage', '1.0.1', 'orsha', %s, %s, %s, %s, 'EPSG:32636', %s, 'abc',"
                " now(), now())",
                (
                    ID, Jsonb({"storeys_unknown": 1}), Jsonb({"buildings": {"version": 7}}),
                    Jsonb({"land_coverage": {"checksum": "d"}}), Jsonb({}), Jsonb({}),
                ),
            )  # fmt: skip
        with TestClient(create_app(Settings(database_url=url))) as client:
            yield client


def test_a_run_tells_what_it_read_and_gave(portal: TestClient) -> None:
    run = portal.get(f"/runs/{ID}").json()
    assert (run["id"], run["pipeline"], run["crs"]) == (ID, "land-coverage", "EPSG:32636")
    assert run["inputs"] == {"buildings": {"version": 7}}
    hrefs = [link["href"] for link in run["links"]]
    assert hrefs[0].endswith("/ogc/processes/land-coverage")
    assert hrefs[1].endswith("/ogc/collections/land_coverage")
    page = portal.get(f"/runs/{ID}", headers={"Accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert "storeys_unknown" in page.text
    assert portal.get(f"/runs/{ID}?f=xml").status_code == 400


@pytest.mark.parametrize("run", ["nothing", "00000000-0000-4000-8000-000000000000"])
def test_a_run_that_is_not_kept_is_a_problem(portal: TestClient, run: str) -> None:
    answer = portal.get(f"/runs/{run}")
    assert answer.status_code == 404
    assert run in answer.json()["detail"]
