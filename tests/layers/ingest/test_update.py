"""A source with a schedule: fetched anew and loaded; whatever goes wrong keeps the old rows."""

import json
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from layers import store
from layers.currency import SELECT_CURRENCIES, Currency
from layers.errors import BadLayerFile, StoreFailure
from layers.ingest import source_run
from layers.ingest.source_run import SourceRun
from layers.ingest.sources import Places, read_sources
from layers.ingest.update import Asked, Update, update
from layers.ingest.vector.reports import reports
from layers.load_reports import in_words
from layers.model import LANGUAGES
from layers.registry import load_layers
from tests.fix_origin import STATIONS, Origin, stations

Connection = psycopg.Connection[tuple[object, ...]]
LAYERS = load_layers()
ID = "weather-stations"
FIRST = datetime(2026, 11, 28, 3, 30, tzinfo=UTC)
SECOND = FIRST + timedelta(days=1)


@dataclass
class Case:
    """One source over a database of its own."""

    connection: Connection
    origin: Origin
    folder: Path
    mirror: Path | None = None

    def update(self, now: datetime, *, accept_removals: bool = False) -> Update:
        sources = read_sources(self.origin.sources(self.folder))
        places = Places(self.mirror, self.folder / "cache")
        return update(self.connection, LAYERS, sources, ID, places, Asked(now, accept_removals))

    def names(self) -> list[str]:
        return sorted(store.read(self.connection, LAYERS["weather_stations"])["name"])

    def currency(self) -> Currency:
        (row,) = self.connection.execute(SELECT_CURRENCIES).fetchall()
        return Currency.from_row(row)

    def run(self) -> SourceRun:
        return source_run.runs(self.connection)[ID]


@pytest.fixture
def case(connection: Connection, origin: Origin, tmp_path: Path) -> Case:
    return Case(connection, origin, tmp_path)


def test_what_changed_is_loaded_and_what_did_not_is_not_sent(case: Case) -> None:
    done = case.update(FIRST)
    assert (done.fault, [str(o) for o in done.outcomes]) == (
        "",
        ["weather_stations: loaded, 2 rows"],
    )
    assert case.names() == ["Minsk", "Orsha"]
    again = case.update(SECOND)
    assert [o.state for o in again.outcomes] == ["unchanged"]
    assert case.run().succeeded_at == SECOND
    case.origin.body = stations("Minsk", "Orsha", "Brest")
    assert case.update(SECOND + timedelta(days=1)).outcomes[0].row_count == 3
    assert case.names() == ["Brest", "Minsk", "Orsha"]
    assert case.origin.asked == [200, 304, 200]
    (case.folder / "cache" / STATIONS).unlink()  # as on another machine
    assert [o.state for o in case.update(SECOND).outcomes] == ["unchanged"]
    assert case.origin.asked[3:] == [200]
    assert [f for f in (case.folder / "cache").iterdir() if f.name.startswith(".")] == []


def refused(origin: Origin) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        origin.url = f"http://127.0.0.1:{probe.getsockname()[1]}/"


def gone(origin: Origin) -> None:
    origin.body = None


def cut(origin: Origin) -> None:
    origin.body, origin.cut_bytes = stations("Minsk", "Brest"), 40


def other_columns(origin: Origin) -> None:
    origin.body = stations("Minsk", "Brest").replace(b"elevation_m", b"height")


def a_page(origin: Origin) -> None:
    origin.body = b"<html>We moved</html>"


def nothing_in_it(origin: Origin) -> None:
    origin.body = stations()


def a_list(origin: Origin) -> None:
    origin.body = json.dumps(["Minsk"]).encode()


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (refused, "Connection refused; the rows loaded before stay"),
        (gone, "it answered 404 Not Found; the rows"),
        (cut, r"it broke off after \d+ of \d+ bytes; the rows"),
        (other_columns, "not the content expected"),
        (a_page, "not the content expected"),
        (nothing_in_it, "weather_stations"),
        (a_list, "weather_stations"),
    ],
)
def test_a_failure_keeps_the_rows_and_is_told_in_words(
    case: Case, harm: Callable[[Origin], None], words: str
) -> None:
    url, body = case.origin.url, case.origin.body
    case.update(FIRST)
    before = case.connection.execute("SELECT * FROM layers.version").fetchall()
    harm(case.origin)
    done = case.update(SECOND)
    run = case.run()
    assert (run.succeeded_at, run.failed_at, run.fault) == (FIRST, SECOND, done.fault)
    assert re.search(words, done.fault), done.fault
    assert str(case.folder) not in done.fault  # told to people, who know the file by its name
    assert case.connection.execute("SELECT * FROM layers.version").fetchall() == before
    assert case.names() == ["Minsk", "Orsha"]
    assert (case.folder / "cache" / STATIONS).read_bytes() == body
    case.origin.url, case.origin.body, case.origin.cut_bytes = url, body, 0
    later = SECOND + timedelta(days=1)
    assert case.update(later).fault == ""
    assert (case.run().succeeded_at, case.run().fault) == (later, done.fault)


def test_a_file_that_lost_too_much_is_held_and_the_rows_stay(case: Case) -> None:
    ten = [f"Place {number}" for number in range(10)]
    case.origin.body = stations(*ten)
    case.update(FIRST)
    before = case.connection.execute("SELECT * FROM layers.version").fetchall()
    case.origin.body = stations(*ten[:7])  # whole JSON, but a third of it is gone
    for now in (SECOND, SECOND + timedelta(days=1)):
        done = case.update(now)
        assert (done.state, [o.state for o in done.outcomes]) == ("held", ["held"])
        assert "3 features, 30% of what is there, would vanish, more than 20%" in done.fault
        run = case.run()
        assert (run.succeeded_at, run.failed_at, run.fault) == (FIRST, now, done.fault)
    assert case.currency().held
    assert case.connection.execute("SELECT * FROM layers.version").fetchall() == before
    assert case.names() == ten
    held, first = reports(case.connection, "weather_stations")  # the second time is not told again
    assert (held["decision"], first["decision"]) == ("held", "published")
    case.origin.body = stations(*ten[:9])
    assert case.update(SECOND + timedelta(days=2)).state == "loaded"
    assert not case.currency().held
    case.origin.body = stations(*ten[:3])
    assert case.update(SECOND + timedelta(days=3)).state == "held"
    assert case.update(SECOND + timedelta(days=4), accept_removals=True).state == "loaded"
    assert case.names() == ten[:3]


def test_a_file_that_cannot_be_read_is_a_failure_and_not_held(case: Case) -> None:
    case.update(FIRST)
    a_page(case.origin)
    assert case.update(SECOND).state == "failed"
    assert (case.currency().held, case.currency().failed_at) == (False, SECOND)
    refused, _ = reports(case.connection, "weather_stations")
    assert refused["decision"] == "refused"
    for language in LANGUAGES:  # everybody may read it: it names no folder
        said = in_words(refused, language)["reason"]
        assert ID in said
        assert "/" not in said


def test_seed_rows_give_way_to_any_source(case: Case) -> None:
    """Nothing of the origin vanishes where the rows were not its own."""
    case.origin.body = stations(*"abcdefghij")
    case.update(FIRST)
    case.connection.execute("UPDATE layers.version SET source = 'seed tables of the project'")
    case.origin.body = stations("a")
    assert case.update(SECOND).state == "loaded"


def test_the_mirror_of_the_operator_stands_for_the_origin(case: Case) -> None:
    case.mirror = case.folder / "mirror"
    file = case.mirror / STATIONS
    file.parent.mkdir(parents=True)
    file.write_bytes(stations("Gomel"))
    assert case.update(FIRST).fault == ""
    file.write_bytes(stations("Gomel", "Mozyr"))
    assert case.update(SECOND).fault == ""
    assert case.names() == ["Gomel", "Mozyr"]
    assert case.origin.asked == []


def test_one_at_a_time_over_all_connections(case: Case, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as other:
        with (
            source_run.alone(case.connection),
            pytest.raises(StoreFailure, match="updated already"),
            source_run.alone(other),
        ):
            pass
        with source_run.alone(other):
            pass


def test_a_run_that_was_killed_is_seen(case: Case) -> None:
    source_run.begin(case.connection, ID, ["weather_stations"], FIRST)
    assert case.run().broken_off
    case.update(SECOND)
    assert not case.run().broken_off
    source_run.forget_others(case.connection, [ID])
    assert case.run().succeeded_at == SECOND


def test_a_source_without_a_schedule_any_more_is_forgotten(case: Case) -> None:
    source_run.begin(case.connection, ID, ["weather_stations"], FIRST)
    source_run.forget_others(case.connection, ["populated-places"])
    assert source_run.runs(case.connection) == {}


FILE = {"path": STATIONS, "content": "", "url": "http://127.0.0.1/", "sha256": None}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"update": None}, "has no checksum"),
        ({"files": [FILE | {"url": None}]}, "has no checksum"),
        ({"files": [FILE | {"sha256": "0" * 64}]}, "nothing can change"),
        ({"update": "every day"}, "is no schedule"),
        ({"files": [FILE | {"sha256": ""}]}, "pattern"),
        ({"files": [{k: v for k, v in FILE.items() if k != "sha256"}]}, "required"),
    ],
)
def test_only_a_source_with_a_schedule_may_go_without_checksums(
    origin: Origin, tmp_path: Path, changed: dict[str, object], words: str
) -> None:
    with pytest.raises(BadLayerFile, match=words):
        read_sources(origin.sources(tmp_path, **changed))
