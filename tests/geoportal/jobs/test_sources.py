"""The schedule in a real worker: what is due is fetched and loaded, and readers are told."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from geoportal.jobs.sources import is_any_due
from geoportal.settings import Settings
from tests.fix_db import new_database
from tests.fix_jobs import start_worker, until
from tests.fix_origin import Origin, stations
from tests.geoportal.test_cli import geoportal

NOW = datetime(2026, 11, 28, 3, 30, tzinfo=UTC)


@pytest.fixture
def own(server: str, template: str) -> Iterator[str]:
    with new_database(server, template) as url:
        yield url


def test_a_worker_loads_what_is_due(own: str, origin: Origin, tmp_path: Path) -> None:
    file = origin.sources(tmp_path)
    with (
        start_worker(own, sources_file=file),
        psycopg.connect(own, autocommit=True) as connection,
    ):

        def loaded() -> list[tuple[object, ...]]:
            return connection.execute(
                "SELECT row_count, succeeded_at IS NOT NULL, fault FROM layers.version"
                " JOIN layers.source_run ON layer = ANY (layers)"
                " WHERE layer = 'weather_stations' AND succeeded_at IS NOT NULL"
            ).fetchall()

        assert until(loaded) == [(2, True, None)]
    assert len(origin.asked) == 1


def test_nothing_is_due_before_its_time(own: str, origin: Origin, tmp_path: Path) -> None:
    given = Settings(database_url=own, sources_file=origin.sources(tmp_path))
    assert asyncio.run(is_any_due(given, NOW))
    with psycopg.connect(own, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO layers.source_run (source, layers, started_at)"
            " VALUES ('weather-stations', '{weather_stations}', %s)",
            [NOW],
        )
    assert not asyncio.run(is_any_due(given, NOW + timedelta(hours=23)))
    assert asyncio.run(is_any_due(given, NOW + timedelta(hours=24)))
    (tmp_path / "sources.yml").write_text("sources: {}", "utf-8")
    assert not asyncio.run(is_any_due(given, NOW + timedelta(hours=24)))
    assert not asyncio.run(is_any_due(Settings(database_url=own), NOW))
    assert origin.asked == []


def test_the_command_line(own: str, origin: Origin, tmp_path: Path) -> None:
    file = origin.sources(tmp_path)
    origin.body = None

    def run(*arguments: str) -> tuple[int, str, str]:
        done = geoportal("sources", *arguments, database_url=own, sources_file=file)
        return done.returncode, done.stdout, done.stderr

    code, _, said = run("update", "weather-stations")
    assert (code, "weather-stations: failed" in said, "404" in said) == (1, True, True)
    code, shown, _ = run("list")
    assert code == 0
    head, row, fault = shown.splitlines()
    assert head.split("  ")[0] == "SOURCE"
    day = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}"
    assert row.split()[:3] == ["weather-stations", "P1D", "-"]
    assert row.split()[-2] == day
    assert fault.startswith("weather-stations: weather-stations/belarus_weather_stations.geojson")
    origin.body = stations("Minsk")
    assert run("update", "--due") == (0, "", "")  # tried a moment ago
    code, _, said = run("update")
    assert (code, said) == (0, "weather_stations: loaded, 1 rows\n")
    code, _, said = run("update", "no-such")
    assert (code, said.count("\n"), "sources list" in said) == (1, 1, True)
    code, _, said = run("update", "--accept-removals")
    assert (code, "is for one source: name it" in said) == (2, True)
    origin.body = stations("Minsk", "Orsha")
    assert run("update")[0] == 0
    origin.body = stations("Minsk")
    code, _, said = run("update")
    assert (code, "weather-stations: held (weather_stations: " in said) == (1, True)
    assert "1 features, 50% of what is there, would vanish" in run("list")[1]
    code, _, said = run("update", "weather-stations", "--accept-removals")
    assert (code, said) == (0, "weather_stations: loaded, 1 rows\n")
