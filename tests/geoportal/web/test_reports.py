from collections.abc import Iterator

import psycopg
import pytest
from starlette.testclient import TestClient

from geoportal.app import create_app
from geoportal.settings import Settings
from layers.area import save_area, seed_areas
from tests.fix_db import new_database

PAGE = b"<!doctype html><title>report</title>"


@pytest.fixture(scope="module")
def portal(server: str, template: str) -> Iterator[TestClient]:
    with new_database(server, template) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            save_area(connection, seed_areas()["orsha"])
            for language in ("be", "ru", "en"):
                for form, content in (("html", PAGE), ("pdf", b"%PDF-1.7 " + language.encode())):
                    connection.execute(
                        "INSERT INTO runs.report"
                        " (area, pipeline, language, format, run_id, content)"
                        " VALUES ('orsha', 'smart-quarter-coverage', %s, %s,"
                        " '00000000-0000-4000-8000-000000000000', %s)",
                        (language, form, content),
                    )
        with TestClient(create_app(Settings(database_url=url))) as client:
            yield client


def test_report_comes_as_it_is_kept_in_the_language_asked_for(portal: TestClient) -> None:
    page = portal.get("/report/orsha", headers={"Accept-Language": "ru"})
    assert (page.status_code, page.content) == (200, PAGE)
    assert page.headers["content-language"] == "ru"
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    document = portal.get("/report/orsha.pdf?lang=en")
    assert (document.headers["content-type"], document.content) == (
        "application/pdf", b"%PDF-1.7 en",
    )  # fmt: skip
    again = portal.get(
        "/report/orsha.pdf?lang=en", headers={"If-None-Match": document.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("path", "status"),
    [("/report/minsk", 404), ("/report/nosuch.pdf", 404), ("/report/orsha?lang=fr", 400)],
)
def test_what_is_not_there_is_a_problem(portal: TestClient, path: str, status: int) -> None:
    answer = portal.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
