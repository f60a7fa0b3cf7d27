"""What a collection says of its schedule: as of when it is, and that the last try failed."""

from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from starlette.testclient import TestClient

from geoportal.app import create_app
from geoportal.settings import Settings
from tests.fix_api import LAYERS, new_api_database
from tests.fix_jobs import until

URL = "/ogc/collections/test_parcels"
# 22:30 in UTC is the next day in Minsk.
SUCCEEDED = datetime(2026, 11, 26, 22, 30, tzinfo=UTC)
FAILED = datetime(2026, 11, 28, 3, 30, tzinfo=UTC)


@pytest.fixture
def own(server: str, template: str) -> Iterator[str]:
    with new_api_database(server, template) as url:
        yield url


def test_a_collection_says_as_of_when_it_is(own: str) -> None:
    given = Settings(database_url=own, layers_dir=LAYERS, public_url="http://portal.example")
    with (
        psycopg.connect(own, autocommit=True) as connection,
        TestClient(create_app(given), base_url="http://portal.example") as client,
    ):
        plain = client.get(URL)
        assert "currency" not in plain.json()
        connection.execute(
            "INSERT INTO layers.source_run (source, layers, started_at, succeeded_at)"
            " VALUES ('parcels', '{test_parcels}', %s, %s)",
            (SUCCEEDED, SUCCEEDED),
        )
        found = until(lambda: client.get(URL + "?lang=en").json().get("currency"), 10.0)
        assert found == {
            "asOf": "2026-11-26T22:30:00+00:00", "failedAt": None, "held": False,
            "text": "as of 2026-11-27",
        }  # fmt: skip
        schemas = client.get("/ogc/openapi").json()["components"]["schemas"]
        assert set(schemas["currency"]["properties"]) == set(found)
        assert schemas["collection"]["properties"]["currency"] == {
            "$ref": "#/components/schemas/currency"
        }
        assert client.get(URL).headers["etag"] != plain.headers["etag"]
        connection.execute(
            "UPDATE layers.source_run SET failed_at = %s, fault = 'secret'", (FAILED,)
        )
        until(lambda: client.get(URL).json()["currency"]["failedAt"], 10.0)
        for language, words in {
            "be": "па стане на 2026-11-27; апошняя спроба абнаўлення 2026-11-28 не ўдалася",
            "ru": "по состоянию на 2026-11-27; последняя попытка обновления 2026-11-28 не удалась",
            "en": "as of 2026-11-27; the last try of 2026-11-28 to update it failed",
        }.items():
            answer = client.get(f"{URL}?lang={language}")
            assert answer.json()["currency"]["text"] == words
            page = client.get(f"{URL}?lang={language}&f=html").text
            assert words in page
            assert "secret" not in answer.text + page
        connection.execute("UPDATE layers.source_run SET held = true")
        until(lambda: client.get(URL).json()["currency"]["held"], 10.0)
        for language, words in {
            "be": "новыя даныя ад 2026-11-28 чакаюць праверкі: зніклі б занадта многія аб’екты",
            "ru": "новые данные от 2026-11-28 ждут проверки: исчезло бы слишком много объектов",
            "en": "newer data of 2026-11-28 are held for review: too many features would vanish",
        }.items():
            page = client.get(f"{URL}?lang={language}&f=html").text
            assert f"2026-11-27; {words}" in page
        listed = client.get("/ogc/collections?lang=en").json()["collections"]
        assert [one["currency"]["failedAt"] for one in listed if one["id"] == "test_parcels"] == [
            "2026-11-28T03:30:00+00:00"
        ]
